/** Ways on from a state: to a good end, to a bad one, and what the end of a run comes to. */
import type { Graph } from '../../explore/graph.js';
import type { ScheduleStep } from '../../explore/shortest.js';
import { Status } from '../../machine/thread.js';
import { type StuckKind, threadName } from '../finding.js';
import { classify } from '../stuck.js';
import { type WaitEdge, waitsIn } from '../waits.js';
import type { Outlooks } from './outlook.js';
import type { Moment } from './walk.js';

/**
 * The shortest way from `state` to a good end or to a bad one; where two are as long, the thread that moved last goes on.
 * A bad one is where somebody waits for ever, and from there where nobody goes on.
 * @returns undefined where no such end was found
 */
export function wayTo(outlooks: Outlooks, state: number, good: boolean, last: number): ScheduleStep[] | undefined {
	const { graph } = outlooks;
	const isOver = (s: number): boolean => s < graph.expanded && graph.edges(s).from === graph.edges(s).to;
	const isBad = outlooks.isBadState(state) ? isOver : (s: number): boolean => outlooks.isBadState(s);
	const isEnd = (s: number): boolean => (good ? isGoodEnd(outlooks, s) : isBad(s));
	if (isEnd(state)) return [];
	const parent = new Map<number, { from: number; thread: number; choice: number }>([
		[state, { from: -1, thread: last, choice: 0 }],
	]);
	const back = (to: number): ScheduleStep[] => {
		const steps: ScheduleStep[] = [];
		for (let at = parent.get(to); at !== undefined && at.from >= 0; at = parent.get(at.from))
			steps.unshift({ state: at.from, thread: at.thread, choice: at.choice });
		return steps;
	};
	const queue = [state];
	for (const s of queue) {
		if (s >= graph.expanded) continue;
		const { from, to } = graph.edges(s);
		const edges = Array.from({ length: to - from }, (_, n) => from + n);
		const mover = parent.get(s)?.thread;
		edges.sort((a, b) => Number(graph.edgeThread(b) === mover) - Number(graph.edgeThread(a) === mover) || a - b);
		for (const e of edges) {
			const step = { state: s, thread: graph.edgeThread(e), choice: graph.edgeChoice(e) };
			if (!outlooks.timeouts && graph.timeouts.has(e)) continue;
			const bad = outlooks.isBadStep(s, step.thread, step.choice);
			if (bad && !good) return [...back(s), step];
			const target = graph.target(e);
			if (bad || target < 0 || parent.has(target)) continue;
			const outlook = outlooks.of(target);
			if (good ? outlook === 'badly' : outlook === 'well') continue;
			parent.set(target, { from: s, thread: step.thread, choice: step.choice });
			if (isEnd(target)) return back(target);
			queue.push(target);
		}
	}
	return undefined;
}

/** Every thread has ended: daemons are between two rounds, workers have nothing to do, and nothing is wrong. */
export function isGoodEnd(outlooks: Outlooks, state: number): boolean {
	const { graph } = outlooks;
	if (!outlooks.isGoodEnd(state) || outlooks.isBadState(state)) return false;
	return graph.system.threads.every((info, t) => info.kind !== 'thread' || graph.status(state, t) === Status.ended);
}

/** Why nobody goes on, or not everybody. */
export interface StuckEnd {
	readonly kind: StuckKind;
	readonly cycle: readonly WaitEdge[];
	readonly edges: readonly WaitEdge[];
}

/** The threads that wait for ever in a state, once it is plain why; undefined where none does. */
export function stuckEnd(outlooks: Outlooks, state: number): StuckEnd | undefined {
	if (state < 0 || state >= outlooks.graph.expanded) return undefined;
	const { prospects, graph } = outlooks;
	const mask = prospects.alive(state) & ~prospects.canMove(state);
	if (mask === 0) return undefined;
	const edges = waitsIn(graph, state, mask);
	const reason = classify(graph, state, edges);
	return reason && { ...reason, edges };
}

/** The last words of a run that no finding closes. */
export function endWords(outlooks: Outlooks, { state }: Moment): string {
	const { graph } = outlooks;
	if (state < 0) return 'the run ends here';
	if (isGoodEnd(outlooks, state)) {
		const quiet = graph.system.threads.flatMap(({ name, kind }, t) =>
			kind === 'daemon' && graph.status(state, t) === Status.idle ? [name] : [],
		);
		return `every thread has ended${quiet.length === 0 ? '' : `; ${quiet.join(', ')} may begin again`}`;
	}
	if (state >= graph.expanded) return 'the search went no further';
	const movers = moversOf(graph, state).map((t) => threadName(graph, t));
	if (movers.length === 0) return 'nobody can go on';
	return `${movers.join(', ')} can go on`;
}

function moversOf(graph: Graph, state: number): number[] {
	const { from, to } = graph.edges(state);
	return [...new Set(Array.from({ length: to - from }, (_, n) => graph.edgeThread(from + n)))];
}
