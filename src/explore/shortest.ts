import type { Graph } from './graph.js';

/** One step of a schedule: which thread takes which of its moves. */
export interface ScheduleStep {
	readonly state: number;
	readonly thread: number;
	readonly choice: number;
}

/** Finds shortest runs. What is built for the first question serves all; each costs the part of the graph that leads to its target. */
export class ShortestRuns {
	private index: { readonly first: Int32Array; readonly from: Int32Array } | undefined;

	constructor(private readonly graph: Graph) {}

	/** The states before each on its shortest paths: those one step nearer to the start. */
	private get before(): { readonly first: Int32Array; readonly from: Int32Array } {
		if (this.index !== undefined) return this.index;
		const { depths } = this.graph;
		const { count, first: start, target } = this.graph.rowsOfEdges();
		const first = new Int32Array(count + 1);
		let total = 0;
		const visit = (found: (state: number, target: number) => void): void => {
			for (let s = 0; s < count; s++) {
				const depth = (depths[s] as number) + 1;
				for (let e = start[s] as number, end = start[s + 1] as number; e < end; e++) {
					const t = target[e] as number;
					if (t >= 0 && depths[t] === depth) found(s, t);
				}
			}
		};
		visit((_, t) => {
			first[t + 1] = (first[t + 1] as number) + 1;
			total++;
		});
		for (let s = 0; s < count; s++) first[s + 1] = (first[s + 1] as number) + (first[s] as number);
		const from = new Int32Array(total);
		const at = first.slice();
		visit((s, t) => {
			const n = at[t] as number;
			at[t] = n + 1;
			from[n] = s;
		});
		this.index = { first, from };
		return this.index;
	}

	/**
	 * A shortest run to `target`: among those, one with the fewest context switches (counting the one to `next`, the
	 * thread that moves afterwards, when given); among those, the one in which lower threads go first.
	 */
	to(target: number, next = -1): ScheduleStep[] {
		const { graph } = this;
		const { first, from } = this.before;
		const threads = graph.threads;
		// cone[d]: states at depth d on some shortest path to the target
		const depth = graph.depths[target] as number;
		const cone: number[][] = Array.from({ length: depth + 1 }, () => []);
		(cone[depth] as number[]).push(target);
		const inCone = new Set([target]);
		for (let d = depth; d > 0; d--)
			for (const s of cone[d] as number[])
				for (let i = first[s] as number; i < (first[s + 1] as number); i++) {
					const p = from[i] as number;
					if (inCone.has(p)) continue;
					inCone.add(p);
					(cone[d - 1] as number[]).push(p);
				}
		// switches[s][t]: fewest switches from s on when thread t moved last
		const switches = new Map<number, Int32Array>();
		const last = new Int32Array(threads + 1);
		if (next >= 0) for (let t = 0; t < threads; t++) last[t] = t === next ? 0 : 1;
		switches.set(target, last);
		const best = (s: number, previous: number): { cost: number; edge: number } => {
			let cost = 1e9;
			let edge = -1;
			const { from, to } = graph.edges(s);
			for (let e = from; e < to; e++) {
				const t = graph.target(e);
				const after = t >= 0 && graph.depths[t] === (graph.depths[s] as number) + 1 ? switches.get(t) : undefined;
				if (after === undefined) continue;
				const thread = graph.edgeThread(e);
				const c = (after[thread] as number) + (previous === thread || previous === threads ? 0 : 1);
				if (c < cost) {
					cost = c;
					edge = e;
				}
			}
			return { cost, edge };
		};
		for (let d = depth - 1; d >= 0; d--)
			for (const s of cone[d] as number[]) {
				const row = new Int32Array(threads + 1);
				for (let t = 0; t <= threads; t++) row[t] = best(s, t).cost;
				switches.set(s, row);
			}
		const run: ScheduleStep[] = [];
		let state = 0;
		let previous = threads;
		while (state !== target) {
			const { edge } = best(state, previous);
			const thread = graph.edgeThread(edge);
			run.push({ state, thread, choice: graph.edgeChoice(edge) });
			previous = thread;
			state = graph.target(edge);
		}
		return run;
	}
}
