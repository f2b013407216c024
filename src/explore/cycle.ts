import { type FairComponent, type StepGraph, stepEnd } from './fair.js';

/** A run that repeats for ever: edges that lead from `start` back to it. */
export interface Cycle {
	readonly start: number;
	readonly edges: readonly number[];
	/** Threads that step in it. */
	readonly moved: number;
}

/** States that are tried as the start of a cycle, shallowest first. */
const STARTS = 16;
/** In a component above this many states only one start is tried. */
const LARGE = 20_000;

/** The STARTS shallowest of some states, in order. */
function shallowest(states: Int32Array, depths: ArrayLike<number>): number[] {
	const found: number[] = [];
	const before = (a: number, b: number): boolean =>
		depths[a] === depths[b] ? a < b : (depths[a] as number) < (depths[b] as number);
	for (let n = 0; n < states.length; n++) {
		const s = states[n] as number;
		if (found.length === STARTS && !before(s, found[STARTS - 1] as number)) continue;
		let at = found.length;
		while (at > 0 && before(s, found[at - 1] as number)) at--;
		found.splice(at, 0, s);
		if (found.length > STARTS) found.pop();
	}
	return found;
}

/** Finds short cycles in fair components of one graph. Its buffers are kept from one to the next. */
export class ShortCycles {
	private readonly inside: Uint8Array;
	/** The edge by which a search came to a state; -1 elsewhere. */
	private readonly via: Int32Array;
	private readonly from: Int32Array;
	private readonly queue: Int32Array;

	constructor(
		private readonly graph: StepGraph,
		private readonly depths: ArrayLike<number>,
	) {
		this.inside = new Uint8Array(graph.count);
		this.via = new Int32Array(graph.count).fill(-1);
		this.from = new Int32Array(graph.count);
		this.queue = new Int32Array(graph.count);
	}

	/**
	 * A fair cycle in which the threads of `wanted` step, with steps of `allowed` only: the one for which the way there
	 * and the way round are shortest together, among those that start in the shallowest states.
	 */
	find({ states, moved }: FairComponent, allowed: number, wanted: number): Cycle {
		for (const s of states) this.inside[s] = 1;
		const depth = (s: number): number => this.depths[s] as number;
		const starts = shallowest(states, this.depths);
		let best: Cycle | undefined;
		const tries = states.length > LARGE ? 1 : STARTS;
		for (let n = 0; n < tries && n < starts.length; n++) {
			const start = starts[n] as number;
			if (best !== undefined && depth(start) >= depth(best.start) + best.edges.length) break;
			const cycle = this.around(start, allowed, wanted & moved || moved & -moved);
			if (best === undefined || depth(start) + cycle.edges.length < depth(best.start) + best.edges.length) best = cycle;
		}
		for (const s of states) this.inside[s] = 0;
		return best as Cycle;
	}

	/** Goes to the nearest step of a thread that is still wanted, until there are none, and back to the start. */
	private around(start: number, allowed: number, wanted: number): Cycle {
		const { owed, target, mover } = this.graph;
		for (let required = wanted; ; ) {
			const edges: number[] = [];
			let moved = 0;
			let seen = owed[start] as number;
			let at = start;
			const take = (path: readonly number[]): void => {
				for (const e of path) {
					moved |= 1 << (mover[e] as number);
					at = target[e] as number;
					seen |= owed[at] as number;
				}
				edges.push(...path);
			};
			while ((required & ~moved) !== 0) {
				const missing = required & ~moved;
				const last = edges[edges.length - 1];
				take(this.hop(at, allowed, last, (e) => (missing & (1 << (mover[e] as number))) !== 0));
			}
			if (at !== start) take(this.hop(at, allowed, edges[edges.length - 1], (e) => target[e] === start));
			const offenders = seen & ~moved;
			if (offenders === 0) return { start, edges, moved };
			required |= offenders;
		}
	}

	/** A shortest path whose last edge is a goal; among equals, one that stays with a thread as long as it can. */
	private hop(start: number, allowed: number, last: number | undefined, goal: (edge: number) => boolean): number[] {
		const { graph, via, from, queue } = this;
		const { first, target, mover } = graph;
		let size = 1;
		queue[0] = start;
		let goalEdge = -1;
		let goalFrom = start;
		for (let head = 0; head < size && goalEdge < 0; head++) {
			const s = queue[head] as number;
			const came = s === start && via[s] === -1 ? last : (via[s] as number);
			const thread = came === undefined ? -1 : (mover[came] as number);
			const end = first[s + 1] as number;
			// the thread that moved last goes first
			for (let pass = 0; pass < 2 && goalEdge < 0; pass++)
				for (let e = first[s] as number; e < end && goalEdge < 0; ) {
					const next = stepEnd(graph, e, end);
					const who = mover[e] as number;
					if ((who === thread) === (pass === 0) && this.stays(e, next, allowed))
						for (let i = e; i < next; i++) {
							const t = target[i] as number;
							if (goal(i)) {
								goalEdge = i;
								goalFrom = s;
								break;
							}
							if (t === start || via[t] !== -1) continue;
							via[t] = i;
							from[t] = s;
							queue[size++] = t;
						}
					e = next;
				}
		}
		const path = [goalEdge];
		for (let s = goalFrom; s !== start; s = from[s] as number) path.push(via[s] as number);
		for (let n = 0; n < size; n++) via[queue[n] as number] = -1;
		return path.reverse();
	}

	private stays(from: number, to: number, allowed: number): boolean {
		const { target, mover } = this.graph;
		if ((allowed & (1 << (mover[from] as number))) === 0) return false;
		for (let e = from; e < to; e++) {
			const t = target[e] as number;
			if (t < 0 || this.inside[t] === 0) return false;
		}
		return true;
	}
}
