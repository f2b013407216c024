/** Which cycles count, on graphs small enough to be drawn. */
import { describe, expect, test } from 'vitest';
import { endlessRuns } from '../../../src/explore/liveness.js';
import { componentsOf, graphOf, type Shape } from './build.js';

const A = 0b001;
const B = 0b010;
const D = 0b100;

const find = (shape: Shape, ignore: (state: number, unfinished: number) => number = () => 0) => {
	const graph = graphOf(shape);
	return endlessRuns(graph, componentsOf(graph), ignore).map(
		({ victims, daemons, finite, awaited, gap, escapes, cycle }) => ({
			victims,
			daemons,
			finite,
			awaited,
			gap,
			escapes,
			threads: cycle.edges.map((e) => graph.mover[e]),
		}),
	);
};

describe('a livelock', () => {
	test('is a thread that spins alone and can never get out', () => {
		const steps = [{ from: 0, thread: 0, to: 0 }];
		expect(find({ states: 1, steps, unfinished: () => A })).toEqual([
			{ victims: A, daemons: 0, finite: 0, awaited: 0, gap: null, escapes: false, threads: [0] },
		]);
	});

	test('is not a spinner that another thread ends, because that one gets its turn', () => {
		// 0: A spins, B can set the flag; 1: A sees it
		const steps = [
			{ from: 0, thread: 0, to: 0 },
			{ from: 0, thread: 1, to: 1 },
			{ from: 1, thread: 0, to: 2 },
		];
		expect(find({ states: 3, steps, unfinished: (s) => (s === 0 ? A | B : s === 1 ? A : 0) })).toEqual([]);
	});

	test('is not a poller under a lock that another one waits for: the lock is handed over', () => {
		// A takes (0 to 1) and releases (1 to 0) a lock; B can take it in 0 only
		const steps = [
			{ from: 0, thread: 0, to: 1 },
			{ from: 1, thread: 0, to: 0 },
			{ from: 0, thread: 1, to: 2 },
		];
		expect(find({ states: 3, steps, unfinished: (s) => (s === 2 ? 0 : A | B) })).toEqual([]);
	});

	test('is two threads that undo each other, though a lucky schedule would end it', () => {
		// 0 to 1 by A, 1 to 0 by B; A could go on alone from 1 to 2
		const steps = [
			{ from: 0, thread: 0, to: 1 },
			{ from: 1, thread: 1, to: 0 },
			{ from: 1, thread: 0, to: 2 },
		];
		expect(find({ states: 3, steps, unfinished: (s) => (s === 2 ? 0 : A | B) })).toEqual([
			{ victims: A | B, daemons: 0, finite: 0, awaited: 0, gap: 2, escapes: true, threads: [0, 1] },
		]);
	});

	test('is not a loop that lasts because a call fails each time', () => {
		const steps = [
			{ from: 0, thread: 0, to: 0 },
			{ from: 0, thread: 0, to: 1 },
		];
		expect(find({ states: 2, steps, unfinished: (s) => (s === 0 ? A : 0) })).toEqual([]);
	});

	test('is a loop that goes on whatever is picked', () => {
		const steps = [
			{ from: 0, thread: 0, to: 0 },
			{ from: 0, thread: 0, to: 1 },
			{ from: 1, thread: 0, to: 0 },
		];
		expect(find({ states: 2, steps, unfinished: () => A })).toHaveLength(1);
	});

	test('names the one that goes round, not the one that waits for it', () => {
		// A spins and holds what B wants
		expect(find({ states: 1, steps: [{ from: 0, thread: 0, to: 0 }], unfinished: () => A | B })).toMatchObject([
			{ victims: A },
		]);
	});

	test('is a thread that waits for a daemon, which may stop: it says so', () => {
		// A spins in 0 until D comes once
		const steps = [
			{ from: 0, thread: 0, to: 0 },
			{ from: 0, thread: 2, to: 1 },
			{ from: 1, thread: 0, to: 2 },
		];
		const unfinished = (s: number) => (s === 2 ? 0 : A);
		expect(find({ states: 3, steps, unfinished, daemons: D })).toMatchObject([
			{ victims: A, daemons: 0, awaited: D, escapes: true },
		]);
	});

	test('is nothing where the reason is a deadlock that is told already', () => {
		const shape = { states: 1, steps: [{ from: 0, thread: 0, to: 0 }], unfinished: () => A | B };
		expect(find(shape, () => -1)).toEqual([]);
	});
});

describe('a starvation', () => {
	// D begins (0 to 1) and ends (1 to 0) a round; A looks and fails in 1, gets through in 0
	const steps = [
		{ from: 0, thread: 2, to: 1 },
		{ from: 1, thread: 2, to: 0 },
		{ from: 1, thread: 0, to: 1 },
		{ from: 0, thread: 0, to: 2 },
		{ from: 2, thread: 0, to: 3 },
	];
	const unfinished = (s: number) => (s === 3 ? 0 : A) | (s === 1 ? D : 0);

	test('takes a daemon that goes on, and ends in the gap between two of its rounds', () => {
		expect(find({ states: 4, steps, unfinished, daemons: D })).toEqual([
			{ victims: A, daemons: D, finite: D, awaited: 0, gap: 1, escapes: true, threads: [2, 0, 2] },
		]);
	});

	test('is a livelock where the daemon never gets out of its round', () => {
		const spins = [...steps, { from: 1, thread: 2, to: 1 }].filter((s) => !(s.from === 1 && s.to === 0));
		expect(find({ states: 4, steps: spins, unfinished, daemons: D })).toMatchObject([{ victims: D, daemons: 0 }]);
	});

	test('is nothing for a daemon that may stop', () => {
		expect(find({ states: 1, steps: [{ from: 0, thread: 2, to: 0 }], unfinished: () => 0, daemons: D })).toEqual([]);
	});
});
