import type { LivenessGraph } from '../../../src/explore/liveness.js';

/** Threads that step in a set of states which a run need not leave. */
export interface NaiveTrap {
	/** Bit mask of states. */
	readonly states: number;
	readonly moved: number;
}

/**
 * All sets of states in which a fair run can stay, by trying every set: each thread's step counts if none of its
 * alternatives leaves the set; these steps have to connect every state with every other; and a thread that is owed its
 * turn in some state of the set has to have such a step. For graphs of a handful of states.
 */
export function traps(graph: LivenessGraph, allowed: number): NaiveTrap[] {
	const found: NaiveTrap[] = [];
	for (let set = 1; set < 1 << graph.count; set++) {
		const steps = insideSteps(graph, set, allowed);
		if (steps.length === 0 || !connected(set, steps)) continue;
		const moved = steps.reduce((m, s) => m | (1 << s.thread), 0);
		let owed = 0;
		for (let s = 0; s < graph.count; s++) if (set & (1 << s)) owed |= graph.owed[s] as number;
		if ((owed & ~moved) === 0) found.push({ states: set, moved });
	}
	return found;
}

interface InsideStep {
	readonly from: number;
	readonly thread: number;
	readonly to: readonly number[];
}

function insideSteps({ count, first, target, mover }: LivenessGraph, set: number, allowed: number): InsideStep[] {
	const steps: InsideStep[] = [];
	for (let s = 0; s < count; s++) {
		if (!(set & (1 << s))) continue;
		for (let thread = 0; thread < 8; thread++) {
			if (!(allowed & (1 << thread))) continue;
			const to: number[] = [];
			for (let e = first[s] as number; e < (first[s + 1] as number); e++)
				if (mover[e] === thread) to.push(target[e] as number);
			if (to.length > 0 && to.every((t) => t >= 0 && (set & (1 << t)) !== 0)) steps.push({ from: s, thread, to });
		}
	}
	return steps;
}

function connected(set: number, steps: readonly InsideStep[]): boolean {
	for (let s = 0; 1 << s <= set; s++) {
		if (!(set & (1 << s))) continue;
		let seen = 1 << s;
		for (let before = 0; before !== seen; ) {
			before = seen;
			for (const { from, to } of steps) if (seen & (1 << from)) for (const t of to) seen |= 1 << t;
		}
		if (seen !== set) return false;
	}
	return true;
}

/** The smallest number of steps of `thread` alone after which every way it can go has come to a safe state. */
export function naiveGap(
	graph: LivenessGraph,
	thread: number,
	from: readonly number[],
	safe: (state: number) => boolean,
): number | null {
	const arrives = (s: number, steps: number): boolean => {
		if (s < 0 || safe(s)) return true;
		if (steps === 0) return false;
		const to: number[] = [];
		for (let e = graph.first[s] as number; e < (graph.first[s + 1] as number); e++)
			if (graph.mover[e] === thread) to.push(graph.target[e] as number);
		return to.length > 0 && to.every((t) => arrives(t, steps - 1));
	};
	for (let n = 0; n <= graph.count; n++) if (from.every((s) => arrives(s, n))) return n;
	return null;
}
