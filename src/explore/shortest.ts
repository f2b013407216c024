import type { Graph } from './graph.js';

/** One step of a schedule: which thread takes which of its moves. */
export interface ScheduleStep {
	readonly state: number;
	readonly thread: number;
	readonly choice: number;
}

/** Finds shortest runs. Built once for a graph; each question costs the part of the graph that leads to its target. */
export class ShortestRuns {
	private readonly first: Int32Array;
	private readonly edgeOf: Int32Array;
	private readonly from: Int32Array;

	constructor(private readonly graph: Graph) {
		// edges that lie on some shortest path: from one depth to the next
		const { expanded, count } = graph;
		const first = new Int32Array(count + 1);
		let total = 0;
		this.forEachForward((_, __, target) => {
			first[target + 1] = (first[target + 1] as number) + 1;
			total++;
		}, expanded);
		for (let s = 0; s < count; s++) first[s + 1] = (first[s + 1] as number) + (first[s] as number);
		this.first = first;
		this.edgeOf = new Int32Array(total);
		this.from = new Int32Array(total);
		const at = first.slice();
		this.forEachForward((state, edge, target) => {
			const n = at[target] as number;
			at[target] = n + 1;
			this.edgeOf[n] = edge;
			this.from[n] = state;
		}, expanded);
	}

	private forEachForward(visit: (state: number, edge: number, target: number) => void, expanded: number): void {
		const { graph } = this;
		for (let s = 0; s < expanded; s++) {
			const { from, to } = graph.edges(s);
			const depth = (graph.depths[s] as number) + 1;
			for (let e = from; e < to; e++) {
				const t = graph.target(e);
				if (t >= 0 && graph.depths[t] === depth) visit(s, e, t);
			}
		}
	}

	/**
	 * A shortest run to `target`: among those, one with the fewest context switches (counting the one to `next`, the
	 * thread that moves afterwards, when given); among those, the one in which lower threads go first.
	 */
	to(target: number, next = -1): ScheduleStep[] {
		const { graph } = this;
		const threads = graph.threads;
		// cone[d]: states at depth d on some shortest path to the target
		const depth = graph.depths[target] as number;
		const cone: number[][] = Array.from({ length: depth + 1 }, () => []);
		(cone[depth] as number[]).push(target);
		const inCone = new Set([target]);
		for (let d = depth; d > 0; d--)
			for (const s of cone[d] as number[])
				for (let i = this.first[s] as number; i < (this.first[s + 1] as number); i++) {
					const p = this.from[i] as number;
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
