/** Runs in which one line is executed before another. */
import type { Graph } from '../../explore/graph.js';
import type { ScheduleStep } from '../../explore/shortest.js';
import { spanOf } from '../../language/text.js';
import type { Span } from '../result.js';
import { shownNode } from '../run.js';

/** Which of two lines a step executes, and which it executes first. */
const NONE = 0;
const FIRST = 1;
const SECOND = 2;
/** `first`, and in the same step `second`. */
const BOTH = 3;

/**
 * The shortest run that executes `first`, and `second` for the first time only later. `none`: there is none;
 * `unknown`: none among those that were searched.
 */
export function firstOrder(graph: Graph, first: Span, second: Span): ScheduleStep[] | 'none' | 'unknown' {
	const executes = linesOfSteps(graph, first, second);
	// states twice: before and after `first`
	const parent = new Map<number, { from: number; step: ScheduleStep }>();
	const start = 0;
	const seen = new Set([start]);
	const queue = [start];
	const back = (node: number, last: ScheduleStep): ScheduleStep[] => {
		const steps = [last];
		for (let at = parent.get(node); at !== undefined; at = parent.get(at.from)) steps.unshift(at.step);
		return steps;
	};
	for (const node of queue) {
		const done = node % 2;
		const state = (node - done) / 2;
		if (state >= graph.expanded) continue;
		const { from, to } = graph.edges(state);
		for (let e = from; e < to; e++) {
			const step = { state, thread: graph.edgeThread(e), choice: graph.edgeChoice(e) };
			const lines = executes(step);
			if (done === 1 && (lines === SECOND || lines === BOTH)) return back(node, step);
			if (done === 0 && lines === BOTH) return back(node, step);
			if (done === 0 && lines === SECOND) continue;
			const target = graph.target(e);
			if (target < 0) continue;
			const next = 2 * target + (done === 1 || lines === FIRST ? 1 : 0);
			if (seen.has(next)) continue;
			seen.add(next);
			parent.set(next, { from: node, step });
			queue.push(next);
		}
	}
	return graph.expanded < graph.count ? 'unknown' : 'none';
}

/** Remembers for every step what it executes: it depends on the thread's part of the state and on shared memory only. */
function linesOfSteps(graph: Graph, first: Span, second: Span): (step: ScheduleStep) => number {
	const { system } = graph;
	const memo = new Map<string, number>();
	const is = (span: Span, wanted: Span): boolean =>
		span.uri === wanted.uri && span.line <= wanted.endLine && span.line >= wanted.line;
	return ({ state, thread, choice }) => {
		const key = `${thread} ${graph.localIndex(state, thread)} ${graph.sharedIndex(state)} ${choice}`;
		const known = memo.get(key);
		if (known !== undefined) return known;
		let found = NONE;
		system.replay(thread, graph.local(state, thread), graph.sharedOf(state), choice, {
			instruction({ node }) {
				const span = spanOf(shownNode(node));
				if (is(span, first) && found === NONE) found = FIRST;
				else if (is(span, second) && found !== BOTH) found = found === FIRST ? BOTH : SECOND;
			},
		});
		memo.set(key, found);
		return found;
	};
}
