import type { Graph } from './graph.js';

const CLOSED = 0x7fffffff;

/** A graph in compressed rows: the edges of `state` are `first[state]` to `first[state + 1]`. */
export interface Rows {
	/** Number of states. */
	readonly count: number;
	readonly first: Int32Array;
	/** Where each edge leads; -1 where the run ends. */
	readonly target: Int32Array;
}

/** Tarjan's algorithm, iterative (SIAM J. Comput. 1972). Its buffers are kept, so that parts can be asked for cheaply. */
export class Components {
	/** 0: not seen; CLOSED: its component is complete. */
	private readonly order: Int32Array;
	private readonly low: Int32Array;
	private readonly next: Int32Array;
	private readonly stack: Int32Array;
	private readonly path: Int32Array;

	constructor(private readonly graph: Rows) {
		const { count } = graph;
		this.order = new Int32Array(count);
		this.low = new Int32Array(count);
		this.next = new Int32Array(count);
		this.stack = new Int32Array(count);
		this.path = new Int32Array(count);
	}

	/**
	 * The components of `states` (all when undefined) along `usable` edges (all when undefined; they must not lead out of
	 * `states`), each after those it leads to: `members[from]` to `members[to]`, valid during the call.
	 */
	run(
		states: Int32Array | undefined,
		usable: Uint8Array | undefined,
		found: (members: Int32Array, from: number, to: number) => void,
	): void {
		const { order, low, next, stack, path } = this;
		const { first, target } = this.graph;
		const roots = states === undefined ? this.graph.count : states.length;
		if (states === undefined) order.fill(0);
		else for (const s of states) order[s] = 0;
		let orders = 0;
		let held = 0;
		for (let r = 0; r < roots; r++) {
			const root = states === undefined ? r : (states[r] as number);
			if (order[root] !== 0) continue;
			let depth = 1;
			path[0] = root;
			while (depth > 0) {
				const s = path[depth - 1] as number;
				if (order[s] === 0) {
					order[s] = low[s] = ++orders;
					stack[held++] = s;
					next[s] = first[s] as number;
				}
				const end = first[s + 1] as number;
				let e = next[s] as number;
				let lowest = low[s] as number;
				let child = -1;
				for (; e < end; e++) {
					const t = target[e] as number;
					if (t < 0 || (usable !== undefined && usable[e] === 0)) continue;
					const seen = order[t] as number;
					if (seen === 0) {
						child = t;
						break;
					}
					if (seen < lowest) lowest = seen;
				}
				low[s] = lowest;
				next[s] = e + 1;
				if (child >= 0) {
					path[depth++] = child;
					continue;
				}
				depth--;
				if (lowest === order[s]) {
					let from = held;
					do order[stack[--from] as number] = CLOSED;
					while (stack[from] !== s);
					found(stack, from, held);
					held = from;
				}
				if (depth > 0) {
					const parent = path[depth - 1] as number;
					if (lowest < (low[parent] as number)) low[parent] = lowest;
				}
			}
		}
	}
}

/** Strongly connected components: every edge leads to the same or a smaller number (reverse topological order). */
export interface Numbered {
	/** By state. */
	readonly component: Int32Array;
	/** All states, sorted by component. */
	readonly order: Int32Array;
	/** How many components there are. */
	readonly count: number;
}

/** The components of a graph of runs, along `usable` edges. States that were not expanded have no edges. */
export function components(graph: Graph, usable?: Uint8Array): Numbered {
	const rows = graph.rowsOfEdges();
	const component = new Int32Array(rows.count);
	const order = new Int32Array(rows.count);
	let count = 0;
	let n = 0;
	new Components(rows).run(undefined, usable, (members, from, to) => {
		for (let i = from; i < to; i++) {
			const s = members[i] as number;
			component[s] = count;
			order[n++] = s;
		}
		count++;
	});
	return { component, order, count };
}
