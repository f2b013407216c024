import type { LivenessGraph } from '../../../src/explore/liveness.js';

/** A step of a hand-built or random graph: alternatives of one step have the same `from` and `thread`. */
export interface Step {
	readonly from: number;
	readonly thread: number;
	readonly to: number;
}

export interface Shape {
	readonly states: number;
	readonly steps: readonly Step[];
	/** By state, threads that have not come to their end; everybody where it is left out. */
	readonly unfinished?: (state: number) => number;
	/** Bit mask. Their turn is owed to them only while they are unfinished. */
	readonly daemons?: number;
	readonly threads?: number;
}

/** The graph of a list of steps; state 0 is the first. */
export function graphOf({ states, steps, unfinished, daemons = 0, threads = 3 }: Shape): LivenessGraph {
	const sorted = steps.toSorted((a, b) => a.from - b.from || a.thread - b.thread);
	const first = new Int32Array(states + 1);
	for (const s of sorted) first[s.from + 1] = (first[s.from + 1] as number) + 1;
	for (let s = 0; s < states; s++) first[s + 1] = (first[s + 1] as number) + (first[s] as number);
	const all = (1 << threads) - 1;
	const open = Int32Array.from({ length: states }, (_, s) => unfinished?.(s) ?? all);
	const owed = new Int32Array(states);
	for (const { from, thread } of sorted)
		owed[from] = (owed[from] as number) | ((1 << thread) & ((open[from] as number) | ~daemons));
	return {
		count: states,
		first,
		target: Int32Array.from(sorted, (s) => s.to),
		mover: Uint8Array.from(sorted, (s) => s.thread),
		owed,
		unfinished: open,
		depths: depthsOf(states, sorted),
		ending: all & ~daemons,
		daemons,
		complete: true,
	};
}

/** Steps from state 0, by going through all edges until nothing changes; states out of reach are the deepest. */
function depthsOf(states: number, steps: readonly Step[]): number[] {
	const depths = Array.from({ length: states }, (_, s) => (s === 0 ? 0 : states));
	for (let changed = true; changed; ) {
		changed = false;
		for (const { from, to } of steps) {
			if (to < 0 || (depths[from] as number) + 1 >= (depths[to] as number)) continue;
			depths[to] = (depths[from] as number) + 1;
			changed = true;
		}
	}
	return depths;
}

/** One component for each set of states that reach each other, by Warshall's closure. */
export function componentsOf(graph: LivenessGraph): Int32Array {
	const n = graph.count;
	const reach = Array.from({ length: n }, (_, a) => Array.from({ length: n }, (_, b) => a === b));
	const row = (a: number): boolean[] => reach[a] as boolean[];
	for (let s = 0; s < n; s++)
		for (let e = graph.first[s] as number; e < (graph.first[s + 1] as number); e++) {
			const t = graph.target[e] as number;
			if (t >= 0) row(s)[t] = true;
		}
	for (let k = 0; k < n; k++)
		for (let a = 0; a < n; a++) if (row(a)[k]) for (let b = 0; b < n; b++) if (row(k)[b]) row(a)[b] = true;
	return Int32Array.from({ length: n }, (_, a) => {
		for (let b = 0; b < n; b++) if (row(a)[b] && row(b)[a]) return b;
		return a;
	});
}
