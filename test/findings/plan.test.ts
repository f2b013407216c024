/** In which order the default environment's combinations are searched, and what becomes of those that are large. */
import { expect, test } from 'vitest';
import type { Environment } from '../../src/findings/environment/environment.js';
import { MMAP, REAPER, RECLAIM, WRITER } from '../../src/findings/environment/lanes.js';
import { type Outcome, type Part, plan } from '../../src/findings/environment/plan.js';

const environment: Environment = {
	text: '',
	uri: '',
	handlers: [
		{ name: 'F', second: undefined, twin: 'F2', registers: false, ofFile: false, function: 'fault' },
		{ name: 'G', second: undefined, twin: 'G2', registers: false, ofFile: false, function: 'other' },
	],
	teardown: [],
	leaving: undefined,
	binding: undefined,
	earlier: undefined,
	opening: [],
	interrupts: [],
	adversaries: new Map([MMAP, RECLAIM, WRITER, REAPER].map((name) => [name, name])),
	sometimes: new Map(),
	has: { second: false, stream: false, other: false, exit: false, onePage: true },
	cores: [],
	invented: [],
	clones: new Map(),
	remarks: [],
};

/** All parts, where a combination has so many states, and nothing is wrong; `stuck`: a limit of the model's ends each. */
function searched(sizeOf: (part: Part) => number, stuck = false): (Part & Outcome)[] {
	const done: (Part & Outcome)[] = [];
	const parts = plan(environment);
	for (let next = parts.next(); !next.done; ) {
		const size = sizeOf(next.value);
		const states = Math.min(size, next.value.maxStates ?? Number.POSITIVE_INFINITY);
		const outcome = {
			complete: states === size && !stuck,
			more: states < size,
			clean: true,
			failed: false,
			states,
		};
		done.push({ ...next.value, ...outcome });
		next = parts.next(outcome);
	}
	return done;
}

const together = (parts: readonly (Part & Outcome)[], ...threads: string[]): (Part & Outcome)[] =>
	parts.filter((p) => p.threads.join() === threads.join());

test('each is searched once, where all are small', () => {
	const parts = searched(() => 1000);
	expect(new Set(parts.map((p) => p.threads.join())).size).toBe(parts.length);
	expect(parts.every((p) => p.complete)).toBe(true);
});

test('what is large waits until the others are done, and is ended by nothing but the limits of the whole', () => {
	const parts = searched((p) => (p.threads.includes('F') && p.threads.includes(RECLAIM) ? 3_000_000 : 1000));
	expect(together(parts, 'F', RECLAIM).map((p) => p.maxStates)).toEqual([200_000, 1_000_000, undefined]);
	const firstTurns = parts.findLastIndex((p) => p.states === 1000);
	expect(parts.findIndex((p) => p.maxStates === undefined)).toBeGreaterThan(firstTurns);
	for (const f of ['F', 'G']) expect(together(parts, f, MMAP, RECLAIM, WRITER, REAPER).at(-1)?.complete).toBe(true);
	expect(together(parts, 'F', RECLAIM).at(-1)?.complete).toBe(true);
});

test('what runs among more threads that were searched to the end is not searched again', () => {
	const parts = searched((p) => (p.threads.join() === `F,${RECLAIM}` ? 300_000 : 1000));
	expect(together(parts, 'F', RECLAIM)).toHaveLength(1);
});

test('what more states do not help is not searched again', () => {
	const parts = searched(() => 10, true);
	expect(new Set(parts.map((p) => p.threads.join())).size).toBe(parts.length);
});
