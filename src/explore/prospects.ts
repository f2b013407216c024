import { componentsOf } from './components.js';
import type { Graph } from './graph.js';
import { daemonsOf } from './step-graph.js';
import { drain, ROUNDS, type Turns } from './turns.js';

/**
 * What the future holds for each thread in each state, as bit masks by thread.
 * A state that was not expanded, and a run that ends at a fatal finding, count as "anything may follow":
 * nothing is called stuck because of what was not looked at.
 */
export interface Prospects {
	/** Some continuation lets the thread move. */
	canMove(state: number): number;
	/** Some continuation lets the thread come to its end. */
	canEnd(state: number): number;
	/** Threads that have not ended and have to: not daemons between two rounds. */
	alive(state: number): number;
	/** Some continuation brings every thread to its end. */
	endsWell(state: number): boolean;
}

const ALL = ~0;
/** Times that all edges are walked before the long way round is taken, which is one walk through the components. */
const SWEEPS = 6;

/** As `prospectsOf`, in one go. */
export const prospects = (graph: Graph, timeouts = true): Prospects => drain(prospectsOf(graph, timeouts));

/**
 * `timeouts` false: as if no timer and no signal ever ended a wait, which is what threads that wait for ever are looked
 * for with (language.md, Meaning). `daemons` false: only threads that may come to their end can move by what a daemon or an
 * interrupt begins: who is woken by one again and again, and sleeps on each time, waits for ever as well.
 */
export function* prospectsOf(graph: Graph, timeouts = true, daemons = true): Turns<Prospects> {
	const running = yield* graph.runningOf();
	const ending = timeouts ? undefined : withoutTimeouts(graph);
	const usable = daemons ? ending : yield* withoutDaemons(graph, ending);
	const { first, mover } = graph.rowsOfEdges();
	const move = new Int32Array(graph.count);
	for (let s = 0; s < graph.expanded; s++) {
		if (s % ROUNDS === ROUNDS - 1) yield;
		let m = 0;
		for (let e = first[s] as number, end = first[s + 1] as number; e < end; e++)
			if (usable === undefined || usable[e] === 1) m |= 1 << (mover[e] as number);
		move[s] = m;
	}
	// they go on when they are stopped
	for (const [s, mask] of graph.resting) move[s] = (move[s] as number) | mask;
	yield* spread(graph, move, usable);
	/** Asked for only where something is wrong. */
	const later = (own: (running: number) => number, whereItEnds: number): ((state: number) => number) => {
		let masks: Int32Array | undefined;
		return (state) => {
			if (masks === undefined) {
				masks = running.map(own);
				drain(spread(graph, masks, ending, whereItEnds));
			}
			return masks[state] as number;
		};
	};
	const end = later((mask) => ~mask, ALL);
	const well = later((mask) => (mask === 0 ? ALL : 0), 0);
	return {
		canMove: daemons ? (s) => move[s] as number : (s) => (move[s] as number) | end(s),
		canEnd: end,
		alive: (s) => running[s] as number,
		endsWell: (s) => well(s) !== 0,
	};
}

/**
 * Spreads bits against the `usable` edges, to all states from which they can be reached.
 * What was not looked at has all of them; a run that ends at a fatal finding has `whereItEnds`.
 */
export function* spread(graph: Graph, masks: Int32Array, usable?: Uint8Array, whereItEnds = ALL): Turns<void> {
	const { count, first, target } = graph.rowsOfEdges();
	masks.fill(ALL, graph.expanded, count);
	let done = 0;
	const take = (s: number): boolean => {
		const before = masks[s] as number;
		if (before === ALL) return false;
		let mask = before;
		for (let e = first[s] as number, end = first[s + 1] as number; e < end; e++) {
			if (usable !== undefined && usable[e] === 0) continue;
			const t = target[e] as number;
			mask |= t < 0 ? whereItEnds : (masks[t] as number);
		}
		masks[s] = mask;
		return mask !== before;
	};
	// most edges lead to states of higher numbers, so that one walk backwards does nearly all of it
	for (let sweep = 0; sweep < SWEEPS; sweep++) {
		let changed = false;
		for (let n = graph.expanded - 1; n >= 0; n--) {
			if (++done % ROUNDS === 0) yield;
			// every second walk is for edges that lead back
			if (take(sweep % 2 === 0 ? n : graph.expanded - 1 - n)) changed = true;
		}
		if (!changed) return;
	}
	// all that lies in a component has the same future, and the components that it leads to come before it
	const { component, order } = yield* componentsOf(graph.rowsOfEdges(), usable);
	for (let from = 0; from < order.length; ) {
		const c = component[order[from] as number];
		let to = from;
		let mask = 0;
		for (; to < order.length && component[order[to] as number] === c; to++) {
			take(order[to] as number);
			mask |= masks[order[to] as number] as number;
		}
		for (; from < to; from++) masks[order[from] as number] = mask;
		if (done++ % ROUNDS === 0) yield;
	}
}

/** Edges that no timer and no signal is needed for, as 1. */
export function withoutTimeouts(graph: Graph): Uint8Array {
	const usable = new Uint8Array(graph.transitions).fill(1);
	for (const edge of graph.timeouts) usable[edge] = 0;
	return usable;
}

/** Edges that no daemon and no interrupt begins a round with, as 1; of those in `usable`. */
export function* withoutDaemons(graph: Graph, usable?: Uint8Array): Turns<Uint8Array> {
	const running = yield* graph.runningOf();
	const { first, mover } = graph.rowsOfEdges();
	const left = usable?.slice() ?? new Uint8Array(graph.transitions).fill(1);
	const daemons = daemonsOf(graph.system);
	for (let s = 0; s < graph.expanded; s++) {
		if (s % ROUNDS === ROUNDS - 1) yield;
		const idle = daemons & ~(running[s] as number);
		for (let e = first[s] as number, end = first[s + 1] as number; e < end; e++)
			if (idle & (1 << (mover[e] as number))) left[e] = 0;
	}
	return left;
}

/** The states to which some run leads in which no timer and no signal ends a wait. */
export function reachedWithoutTimeouts(graph: Graph): Uint8Array {
	const { first, target } = graph.rowsOfEdges();
	const reached = new Uint8Array(graph.count);
	reached[0] = 1;
	const queue = [0];
	for (let state = queue.pop(); state !== undefined; state = queue.pop())
		for (let edge = first[state] as number; edge < (first[state + 1] as number); edge++) {
			const to = target[edge] as number;
			if (to < 0 || reached[to] === 1 || graph.timeouts.has(edge)) continue;
			reached[to] = 1;
			queue.push(to);
		}
	return reached;
}
