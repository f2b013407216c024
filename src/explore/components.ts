import { drain, ROUNDS, type Turns } from './turns.js';

const CLOSED = 0x7fffffff;

/** A graph in compressed rows: the edges of `state` are `first[state]` to `first[state + 1]`. */
export interface Rows {
	/** Number of states. */
	readonly count: number;
	readonly first: Int32Array;
	/** Where each edge leads; -1 where the run ends. */
	readonly target: Int32Array;
}

/** Numbers of a state that lie together, so that a look at one brings the others along. */
const ORDER = 0;
const LOW = 1;
const NEXT = 2;
const END = 3;

/** Tarjan's algorithm, iterative (SIAM J. Comput. 1972). Its buffers are kept, so that parts can be asked for cheaply. */
export class Components {
	/** Four numbers for each state. ORDER 0: not seen; CLOSED: its component is complete. */
	private readonly nodes: Int32Array;
	private readonly stack: Int32Array;
	private readonly path: Int32Array;

	/** @param gone states that are in no component: edges that lead to them lead nowhere */
	constructor(
		private readonly graph: Rows,
		private readonly gone?: Uint8Array,
	) {
		const { count } = graph;
		this.nodes = new Int32Array(4 * count);
		this.stack = new Int32Array(count);
		this.path = new Int32Array(count);
	}

	/**
	 * The components of `states` (all when undefined) along `usable` edges (all when undefined; they must not lead out of
	 * `states`), each after those it leads to: `members[from]` to `members[to]`, valid during the call.
	 */
	*run(
		states: Int32Array | undefined,
		usable: Uint8Array | undefined,
		found: (members: Int32Array, from: number, to: number) => void,
	): Turns<void> {
		const { nodes, stack, path, gone } = this;
		const { first, target } = this.graph;
		const roots = states === undefined ? this.graph.count : states.length;
		for (let r = 0; r < roots; r++) nodes[4 * (states === undefined ? r : (states[r] as number)) + ORDER] = 0;
		let orders = 0;
		let held = 0;
		let rounds = 0;
		for (let r = 0; r < roots; r++) {
			const root = states === undefined ? r : (states[r] as number);
			if (nodes[4 * root + ORDER] !== 0) continue;
			let depth = 1;
			path[0] = root;
			while (depth > 0) {
				if (++rounds % ROUNDS === 0) yield;
				const s = path[depth - 1] as number;
				const at = 4 * s;
				if (nodes[at + ORDER] === 0) {
					nodes[at + ORDER] = nodes[at + LOW] = ++orders;
					nodes[at + NEXT] = first[s] as number;
					nodes[at + END] = first[s + 1] as number;
					stack[held++] = s;
				}
				const end = nodes[at + END] as number;
				let e = nodes[at + NEXT] as number;
				let lowest = nodes[at + LOW] as number;
				let child = -1;
				for (; e < end; e++) {
					const t = target[e] as number;
					if (t < 0 || (usable !== undefined && usable[e] === 0) || (gone !== undefined && gone[t] === 1)) continue;
					const seen = nodes[4 * t + ORDER] as number;
					if (seen === 0) {
						child = t;
						break;
					}
					if (seen < lowest) lowest = seen;
				}
				nodes[at + LOW] = lowest;
				nodes[at + NEXT] = e + 1;
				if (child >= 0) {
					path[depth++] = child;
					continue;
				}
				depth--;
				if (lowest === nodes[at + ORDER]) {
					let from = held;
					do nodes[4 * (stack[--from] as number) + ORDER] = CLOSED;
					while (stack[from] !== s);
					found(stack, from, held);
					held = from;
				}
				if (depth > 0) {
					const parent = 4 * (path[depth - 1] as number) + LOW;
					if (lowest < (nodes[parent] as number)) nodes[parent] = lowest;
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

/** May some state be on a cycle? Where it takes much to say that none is, true is said without more ado. */
export function* mayCycle(rows: Rows): Turns<boolean> {
	return (yield* goingOn(rows, new Uint8Array(rows.count), range(rows.count))).length > 0;
}

/**
 * Those of `states` from which steps along `usable` edges may go on for ever: those that only lead to what is taken away
 * already are taken away, and `gone`. States are numbered as they are found, so that most edges lead to higher numbers: from
 * the last state to the first it takes a few rounds, over memory in its order, where components take a walk across it.
 * Given up where the rounds take little away.
 */
export function* goingOn(
	{ first, target }: Rows,
	gone: Uint8Array,
	states: Int32Array,
	usable?: Uint8Array,
): Turns<Int32Array> {
	let open = states;
	for (let rounds = 0; ; ) {
		const before = open.length;
		// filled from its end: the states stay sorted
		let from = before;
		const left = open === states ? new Int32Array(before) : open;
		for (let n = before - 1; n >= 0; n--) {
			if (++rounds % ROUNDS === 0) yield;
			const s = open[n] as number;
			const end = first[s + 1] as number;
			let e = first[s] as number;
			for (; e < end; e++) {
				const t = target[e] as number;
				if (t >= 0 && (usable === undefined || usable[e] === 1) && gone[t] === 0) break;
			}
			if (e === end) gone[s] = 1;
			else left[--from] = s;
		}
		open = left.subarray(from);
		if (8 * open.length >= 7 * before) return open;
	}
}

function range(count: number): Int32Array {
	const all = new Int32Array(count);
	for (let n = 0; n < count; n++) all[n] = n;
	return all;
}

/** As `componentsOf`, in one go. */
export const components = (rows: Rows, usable?: Uint8Array): Numbered => drain(componentsOf(rows, usable));

/** The components of a whole graph, along `usable` edges. States that were not expanded have no edges. */
export function* componentsOf(rows: Rows, usable?: Uint8Array): Turns<Numbered> {
	const component = new Int32Array(rows.count);
	const order = new Int32Array(rows.count);
	let count = 0;
	let n = 0;
	yield* new Components(rows).run(undefined, usable, (members, from, to) => {
		for (let i = from; i < to; i++) {
			const s = members[i] as number;
			component[s] = count;
			order[n++] = s;
		}
		count++;
	});
	return { component, order, count };
}
