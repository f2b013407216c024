import { Status } from '../machine/thread.js';
import { components } from './components.js';
import type { Graph } from './graph.js';

/**
 * What the future holds for each thread in each state, as bit masks by thread.
 * A state that was not expanded, and a run that ends at a fatal finding, count as "anything may follow":
 * nothing is called stuck because of what was not looked at.
 */
export interface Prospects {
	/** Strongly connected components, by state. */
	readonly component: Int32Array;
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

/**
 * One pass over the components in reverse topological order. `timeouts` false: as if no timer and no signal ever ended a
 * wait, which is what threads that wait for ever are looked for with (language.md, Meaning).
 */
export function prospects(graph: Graph, timeouts = true): Prospects {
	const { component, order, count: comps } = components(graph, timeouts ? undefined : withoutTimeouts(graph));
	const move = new Int32Array(comps);
	const end = new Int32Array(comps);
	const well = new Uint8Array(comps);
	const alive = (s: number): number => {
		let mask = 0;
		for (let t = 0; t < graph.threads; t++) if (graph.status(s, t) === Status.running) mask |= 1 << t;
		return mask;
	};
	// the components that a state leads to are complete when it comes
	for (const s of order) {
		const c = component[s] as number;
		const living = alive(s);
		let m = 0;
		let e = ~living;
		let w = living === 0;
		if (s >= graph.expanded) {
			m = ALL;
			e = ALL;
			w = true;
		} else {
			const { from, to } = graph.edges(s);
			for (let i = from; i < to; i++) {
				if (!timeouts && graph.timeouts.has(i)) continue;
				m |= 1 << graph.edgeThread(i);
				const t = graph.target(i);
				if (t < 0) {
					m = ALL;
					e = ALL;
					continue;
				}
				const d = component[t] as number;
				m |= move[d] as number;
				e |= end[d] as number;
				if (well[d]) w = true;
			}
		}
		move[c] = (move[c] as number) | m;
		end[c] = (end[c] as number) | e;
		if (w) well[c] = 1;
	}
	return {
		component,
		canMove: (s) => move[component[s] as number] as number,
		canEnd: (s) => end[component[s] as number] as number,
		alive,
		endsWell: (s) => well[component[s] as number] === 1,
	};
}

function withoutTimeouts(graph: Graph): Uint8Array {
	const usable = new Uint8Array(graph.transitions).fill(1);
	for (const edge of graph.timeouts) usable[edge] = 0;
	return usable;
}

/** The states to which some run leads in which no timer and no signal ends a wait. */
export function reachedWithoutTimeouts(graph: Graph): Uint8Array {
	const reached = new Uint8Array(graph.count);
	reached[0] = 1;
	const queue = [0];
	for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
		if (state >= graph.expanded) continue;
		const { from, to } = graph.edges(state);
		for (let edge = from; edge < to; edge++) {
			const target = graph.target(edge);
			if (target < 0 || reached[target] === 1 || graph.timeouts.has(edge)) continue;
			reached[target] = 1;
			queue.push(target);
		}
	}
	return reached;
}
