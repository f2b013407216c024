/** The liveness analysis against an enumeration of all sets of states, on small random graphs. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FairSearch } from '../../../src/explore/fair.js';
import { quietGap } from '../../../src/explore/gap.js';
import { endlessRuns, type LivenessGraph } from '../../../src/explore/liveness.js';
import { drain } from '../../../src/explore/turns.js';
import { componentsOf, graphOf, type Step } from './build.js';
import { naiveGap, traps } from './naive.js';

const STATES = 7;
const THREADS = 3;
const RUNS = Number(process.env.LIVENESS_RUNS ?? 1500);

const steps = (states: number): fc.Arbitrary<Step[]> =>
	fc.uniqueArray(
		fc.record({
			from: fc.nat(states - 1),
			thread: fc.nat(THREADS - 1),
			// -1: the run ends
			to: fc.integer({ min: -1, max: states - 1 }),
		}),
		{ minLength: 1, maxLength: 3 * states, selector: (s) => `${s.from} ${s.thread} ${s.to}` },
	);

/** Thread 0 has come to its end from state `ended` on: it steps no more, and nothing leads back. */
const shapes = fc
	.record({ ended: fc.integer({ min: 3, max: STATES }), daemons: fc.constantFrom(0, 0b100, 0b110), idle: fc.nat(127) })
	.chain(({ ended, daemons, idle }) =>
		steps(STATES).map((list) =>
			graphOf({
				states: STATES,
				threads: THREADS,
				daemons,
				steps: list.filter((s) => s.from < ended || (s.thread !== 0 && (s.to < 0 || s.to >= ended))),
				unfinished: (s) => {
					const running = (idle & (1 << s)) !== 0 ? 0b111 & ~daemons : 0b111;
					return s >= ended ? running & ~1 : running;
				},
			}),
		),
	);

const maskOf = (states: Iterable<number>): number => [...states].reduce((m, s) => m | (1 << s), 0);

test('fair components are the largest sets that a fair run need not leave', () => {
	let components = 0;
	fc.assert(
		fc.property(shapes, fc.constantFrom(-1, 0b011, 0b101), (graph, allowed) => {
			const all = Int32Array.from({ length: graph.count }, (_, s) => s);
			const found = drain(new FairSearch(graph).find(all, allowed)).map((c) => maskOf(c.states));
			const sets = traps(graph, allowed).map((t) => t.states);
			const largest = sets.filter((a) => !sets.some((b) => b !== a && (a & b) === a));
			components += found.length;
			expect(found.toSorted()).toEqual(largest.toSorted());
		}),
		{ numRuns: RUNS },
	);
	expect(components).toBeGreaterThan(RUNS / 10);
});

test('who can be kept from the end is found, and with daemons only where it takes them', () => {
	const seen = { livelock: 0, starvation: 0, missed: 0 };
	fc.assert(
		fc.property(shapes, (graph) => {
			const found = endlessRuns(graph, componentsOf(graph), () => 0);
			const keeps = (victim: number, allowed: number): boolean =>
				traps(graph, allowed).some((t) => (t.moved & victim) !== 0 && unfinishedIn(graph, t.states, victim));
			for (let t = 0; t < THREADS; t++) {
				const one = 1 << t;
				if (!(graph.ending & one)) continue;
				const own = found.filter((f) => f.victims & one);
				expect(own.length).toBeLessThanOrEqual(1);
				const [run] = own;
				const livelock = keeps(one, ~graph.daemons);
				if (livelock) expect(run?.daemons).toBe(0);
				else if (starves(graph, one)) expect(run).toBeDefined();
				if (run === undefined || (run.cycle.moved & one) === 0) continue;
				expect(run.daemons === 0).toBe(livelock);
				expect(livelock || keeps(one, -1)).toBe(true);
				if (livelock) seen.livelock++;
				else {
					seen.starvation++;
					// with those stopped it ends
					expect(starves(graph, one, ~run.finite)).toBe(false);
					// unless it is left waiting for them
					if ((run.victims & -run.victims) !== one) continue;
					const open = maskOf([...Array(STATES).keys()].filter((s) => graph.unfinished[s] !== 0));
					const inside = traps(graph, -1).filter(
						({ states }) => states & (1 << run.cycle.start) && (states & ~open) === 0,
					);
					const from = [...Array(STATES).keys()].filter((s) => inside.some(({ states }) => states & (1 << s)));
					const left = waitsFor(graph, one, run.finite, new Set(from));
					expect(run.missed).toBe(left);
					if (left) seen.missed++;
				}
			}
		}),
		{ numRuns: RUNS },
	);
	expect(seen.livelock).toBeGreaterThan(RUNS / 20);
	expect(seen.starvation).toBeGreaterThan(RUNS / 100);
	expect(seen.missed).toBeGreaterThan(0);
});

test('cycles are fair, and come back to where they start', () => {
	fc.assert(
		fc.property(shapes, (graph) => {
			for (const { cycle, victims, daemons } of endlessRuns(graph, componentsOf(graph), () => 0)) {
				let at = cycle.start;
				let owed = 0;
				let moved = 0;
				let always = -1;
				for (const e of cycle.edges) {
					expect(e).toBeGreaterThanOrEqual(graph.first[at] as number);
					expect(e).toBeLessThan(graph.first[at + 1] as number);
					owed |= graph.owed[at] as number;
					moved |= 1 << (graph.mover[e] as number);
					always &= graph.unfinished[at] as number;
					at = graph.target[e] as number;
				}
				expect(at).toBe(cycle.start);
				expect(owed & ~moved).toBe(0);
				expect(moved).toBe(cycle.moved);
				expect(victims & ~always).toBe(0);
				expect(moved & graph.daemons & ~victims).toBe(daemons);
			}
		}),
		{ numRuns: RUNS },
	);
});

test('the quiet gap is the longest way that is needed', () => {
	let gaps = 0;
	fc.assert(
		fc.property(shapes, fc.nat(127), fc.nat(127), (graph, safe, start) => {
			const from = [...Array(STATES).keys()].filter((s) => start & (1 << s));
			const isSafe = (s: number): boolean => (safe & (1 << s)) !== 0;
			const gap = quietGap(graph, 0, from, isSafe);
			if (gap !== null && gap > 1) gaps++;
			expect(gap).toBe(naiveGap(graph, 0, from, isSafe));
		}),
		{ numRuns: RUNS },
	);
	expect(gaps).toBeGreaterThan(0);
});

function unfinishedIn(graph: LivenessGraph, states: number, victim: number): boolean {
	for (let s = 0; s < graph.count; s++)
		if (states & (1 << s) && ((graph.unfinished[s] as number) & victim) === 0) return false;
	return true;
}

/** In a largest trap with daemons, and there is no daemon in it that never gets out of its round. */
function starves(graph: LivenessGraph, victim: number, allowed = -1): boolean {
	const all = traps(graph, allowed);
	return all
		.filter((a) => !all.some((b) => b !== a && (a.states & b.states) === a.states))
		.some(({ states, moved }) => {
			const always = [0, 1, 2].reduce((m, t) => (unfinishedIn(graph, states, 1 << t) ? m | (1 << t) : m), 0);
			return (always & moved & victim) !== 0 && (always & moved & graph.daemons) === 0;
		});
}

/** With rounds of `stopped` no longer begun: is there a way to where only daemons could go on? */
function waitsFor(graph: LivenessGraph, victim: number, stopped: number, reached: Set<number>): boolean {
	const stepsOf = (s: number): { mover: number; begins: boolean; to: number }[] =>
		[...Array((graph.first[s + 1] as number) - (graph.first[s] as number)).keys()].map((n) => {
			const e = (graph.first[s] as number) + n;
			const mover = 1 << (graph.mover[e] as number);
			const begins = (mover & graph.daemons & ~(graph.unfinished[s] as number)) !== 0;
			return { mover, begins, to: graph.target[e] as number };
		});
	for (let before = -1; before !== reached.size; ) {
		before = reached.size;
		for (const s of [...reached])
			for (const { mover, begins, to } of stepsOf(s)) if (to >= 0 && !(begins && mover & stopped)) reached.add(to);
	}
	return [...reached].some(
		(s) => ((graph.unfinished[s] as number) & victim) !== 0 && stepsOf(s).every(({ begins }) => begins),
	);
}
