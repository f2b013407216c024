import type { System } from '../machine/system.js';
import type { Graph } from './graph.js';
import type { LivenessGraph } from './liveness.js';
import { drain, ROUNDS, type Turns } from './turns.js';

/**
 * A graph of runs as liveness sees it. Daemons and interrupts may stop for ever between two rounds. Lanes of the kernel
 * (workers, grace periods, fences) have no end either, but what they are given to do, they do: they are owed their turn
 * whenever they can take a step.
 */
export function* stepGraphOf(graph: Graph): Turns<LivenessGraph> {
	const { system } = graph;
	const rows = graph.rowsOfEdges();
	const { count, first, mover } = rows;
	const ending = maskOf(system, 'thread');
	const daemons = daemonsOf(system);
	const unfinished = yield* graph.runningOf();
	const owed = new Int32Array(count);
	for (let s = 0; s < count; s++) {
		if (s % ROUNDS === ROUNDS - 1) yield;
		let can = 0;
		for (let e = first[s] as number; e < (first[s + 1] as number); e++) can |= 1 << (mover[e] as number);
		owed[s] = can & ((unfinished[s] as number) | ~daemons);
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

const maskOf = ({ threads }: System, ...kinds: string[]): number =>
	threads.reduce((mask, { kind }, t) => (kinds.includes(kind) ? mask | (1 << t) : mask), 0);

/** Threads of the environment that may stop for ever between two rounds, as bits. */
export const daemonsOf = (system: System): number => maskOf(system, 'daemon', 'interrupt');

/** As `stepGraphOf`, in one go. */
export const stepGraph = (graph: Graph): LivenessGraph => drain(stepGraphOf(graph));
