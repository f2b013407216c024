import type { Graph } from '../explore/graph.js';
import {
	type Prospects,
	prospectsOf,
	reachedWithoutTimeouts,
	withoutDaemons,
	withoutTimeouts,
} from '../explore/prospects.js';
import { daemonsOf } from '../explore/step-graph.js';
import { ROUNDS, type Turns } from '../explore/turns.js';
import { deadlock } from './codes/deadlock.js';
import { lostWakeup } from './codes/lost-wakeup.js';
import { selfDeadlock } from './codes/self-deadlock.js';
import type { StuckKind } from './finding.js';
import { cycleIn, goesOnWhenWoken, looksAgain, onlyItselfWakes, type WaitEdge, waitsIn } from './waits.js';

/** Threads that wait for ever, in the shallowest state in which it is plain why. */
export interface Stuck {
	readonly kind: StuckKind;
	readonly state: number;
	readonly cycle: readonly WaitEdge[];
	/** All edges of the state's stuck threads: for the rows that close the run. */
	readonly edges: readonly WaitEdge[];
	/** Under which the threads are stuck. */
	readonly prospects: Prospects;
	/** Only a timer or a signal ends one of the waits. */
	readonly delayed: boolean;
}

/** Which steps of others are left out when it is asked who is stuck; all count when undefined. */
interface Without {
	readonly prospects: Prospects;
	/** Edges that count, as 1. */
	readonly usable?: Uint8Array;
	/** The states that count, as 1: no timer and no signal is needed to get there. */
	readonly only?: Uint8Array;
}

/** Findings whose run ends where threads wait for ever. */
export const isStuckCode = (code: string): boolean => [deadlock, selfDeadlock, lostWakeup].some((k) => k.code === code);

/**
 * All kinds of being stuck in a graph, each once, in its shallowest state. States are looked at breadth first;
 * one in which a thread is stuck but the reason is not closed yet (who holds what it wants still runs, and will
 * get stuck too) is passed over for a later one.
 */
export function* findStuck(graph: Graph, prospects: Prospects): Turns<Stuck[]> {
	const seen = new Set<string>();
	// a daemon that wakes somebody again and again, who can only sleep on, makes it look like a loop
	const daemons = daemonsOf(graph.system) !== 0;
	const all = daemons
		? { prospects: yield* prospectsOf(graph, true, false), usable: yield* withoutDaemons(graph) }
		: { prospects };
	const found = yield* stuckUnder(graph, all, seen);
	if (graph.timeouts.size === 0) return found;
	// a timeout turns a deadlock into a delay: one that never fires shows it
	const usable = withoutTimeouts(graph);
	const delayed = {
		prospects: yield* prospectsOf(graph, false, !daemons),
		usable: daemons ? yield* withoutDaemons(graph, usable) : usable,
		only: reachedWithoutTimeouts(graph),
	};
	found.push(...(yield* stuckUnder(graph, delayed, seen)));
	return found;
}

/** `seen`: what was found already. */
function* stuckUnder(graph: Graph, without: Without, seen: Set<string>): Turns<Stuck[]> {
	const { prospects, usable, only } = without;
	const found: Stuck[] = [];
	const delayed = only !== undefined;
	let closed = false;
	let open: { state: number; edges: readonly WaitEdge[] } | undefined;
	const key = (edges: readonly WaitEdge[], state: number): string =>
		edges
			.map((e) =>
				// where somebody stands who gets no CPU says nothing
				e.wait.kind === 'cpu'
					? `${e.thread}`
					: `${e.thread}@${graph.system
							.position(e.thread, graph.local(state, e.thread))
							.frames.map((f) => `${f.code.index}:${f.node.$cstNode?.offset}`)
							.join('/')}`,
			)
			.sort()
			.join(' ');
	for (let state = 0; state < graph.expanded; state++) {
		if (state % ROUNDS === ROUNDS - 1) yield;
		const stuck = prospects.alive(state) & ~prospects.canMove(state);
		if (stuck === 0 || only?.[state] === 0) continue;
		const local = `${graph.sharedIndex(state)} ${stuck} ${graph.system.threads.map((_, t) => (stuck & (1 << t) ? graph.localIndex(state, t) : '-')).join(' ')}`;
		if (seen.has(local)) {
			closed = true;
			continue;
		}
		const edges = waitsIn(graph, state, stuck);
		const reason = classify(graph, state, edges, usable);
		if (reason === undefined) {
			if (!heldUp(prospects, state, stuck, edges)) open ??= { state, edges };
			continue;
		}
		seen.add(local);
		closed = true;
		const signature = `${reason.kind.code} ${key(reason.cycle, state)}`;
		if (seen.has(signature)) continue;
		seen.add(signature);
		found.push({ ...reason, state, edges, prospects, delayed });
	}
	if (open !== undefined && !closed) {
		const { state, edges } = open;
		const first = edges.find((e) => e.holders.length === 0) ?? (edges[0] as WaitEdge);
		found.push({ kind: deadlock, state, cycle: [first], edges, prospects, delayed });
	}
	return found;
}

/** Who holds what is wanted runs on, and never lets go: it gets stuck later, or that is the livelock of endless.ts. */
const heldUp = (prospects: Prospects, state: number, mask: number, edges: readonly WaitEdge[]): boolean =>
	edges.some((edge) => edge.holders.some((h) => !(mask & (1 << h)) && !(prospects.canEnd(state) & (1 << h))));

/** Why the stuck threads of a state are stuck; undefined when the reason is not closed yet. `usable`: the edges that count. */
export function classify(
	graph: Graph,
	state: number,
	edges: readonly WaitEdge[],
	usable?: Uint8Array,
): Pick<Stuck, 'kind' | 'cycle'> | undefined {
	const { system } = graph;
	for (const edge of edges) {
		if (edge.wait.kind !== 'wakeup') continue;
		const local = graph.local(state, edge.thread);
		if (looksAgain(system, edge.thread, local) && goesOnWhenWoken(system, edge.thread, local, graph.sharedOf(state)))
			return { kind: lostWakeup, cycle: [edge] };
	}
	// guesses count when nobody is left who could prove them wrong
	const sure =
		cycleIn(edges.filter((e) => e.wait.kind !== 'wakeup' && !e.guessed)) ??
		(everybodyElseIsDone(graph, state, edges, usable) ? cycleIn(edges) : undefined);
	if (sure !== undefined && sure.length === 2) {
		// a handler that waits for the thread it runs on waits for itself: there is one CPU for both
		const handler = sure.find(
			(e) => system.threads[e.thread]?.kind === 'interrupt' && e.holders.includes(system.threads[e.thread]?.on ?? -1),
		);
		if (handler !== undefined) return { kind: selfDeadlock, cycle: [handler] };
	}
	if (sure !== undefined) return { kind: sure.length === 1 ? selfDeadlock : deadlock, cycle: sure };
	// what it waits for has ended, or never comes; the order of the threads must not decide what that is called
	const alone = edges.filter((e) => e.holders.length === 0);
	const sleeper = alone.find(
		(e) => e.wait.kind === 'wakeup' && !looksAgain(system, e.thread, graph.local(state, e.thread)),
	);
	if (sleeper !== undefined) return { kind: lostWakeup, cycle: [sleeper] };
	const [first] = alone;
	if (first === undefined || !everybodyElseIsDone(graph, state, edges, usable)) return undefined;
	const upToItself = first.wait.kind === 'token' && !first.isRange && onlyItselfWakes(graph, state, first.thread);
	return { kind: upToItself ? selfDeadlock : deadlock, cycle: [first] };
}

/** Nobody who could still act is left: the others have ended or are stuck themselves. */
function everybodyElseIsDone(graph: Graph, state: number, edges: readonly WaitEdge[], usable?: Uint8Array): boolean {
	const { from, to } = graph.edges(state);
	for (let edge = from; edge < to; edge++) if (usable === undefined || usable[edge] === 1) return false;
	return edges.length > 0;
}
