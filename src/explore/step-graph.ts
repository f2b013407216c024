import { Status } from '../machine/thread.js';
import type { Graph } from './graph.js';
import type { LivenessGraph } from './liveness.js';

/**
 * A graph of runs as liveness sees it. Daemons and interrupts may stop for ever between two rounds. Lanes of the kernel
 * (workers, grace periods, fences) have no end either, but what they are given to do, they do: they are owed their turn
 * whenever they can take a step.
 */
export function stepGraph(graph: Graph): LivenessGraph {
	const { threads, system } = graph;
	const rows = graph.rowsOfEdges();
	const { count, first, mover } = rows;
	const mask = (...kinds: string[]): number =>
		system.threads.reduce((m, info, t) => (kinds.includes(info.kind) ? m | (1 << t) : m), 0);
	const ending = mask('thread');
	const daemons = mask('daemon', 'interrupt');
	const unfinished = new Int32Array(count);
	const owed = new Int32Array(count);
	for (let s = 0; s < count; s++) {
		let running = 0;
		for (let t = 0; t < threads; t++) if (graph.status(s, t) === Status.running) running |= 1 << t;
		let can = 0;
		for (let e = first[s] as number; e < (first[s + 1] as number); e++) can |= 1 << (mover[e] as number);
		unfinished[s] = running;
		owed[s] = can & (running | ~daemons);
	}
	return {
		...rows,
		owed,
		unfinished,
		depths: graph.depths,
		ending,
		daemons,
		complete: graph.expanded === count,
	};
}
