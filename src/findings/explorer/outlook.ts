/** How it can still end, from every state of a graph: what the explorer says of each other way. */
import { components } from '../../explore/components.js';
import { FairSearch } from '../../explore/fair.js';
import { FINALLY, type Graph, SETUP } from '../../explore/graph.js';
import { type Prospects, prospects as prospectsOf } from '../../explore/prospects.js';
import { stepGraph } from '../../explore/step-graph.js';
import { drain } from '../../explore/turns.js';
import type { Report } from '../../machine/step.js';
import { reportKindOf } from '../codes/index.js';
import { findUnbalanced } from '../codes/unbalanced.js';
import type { Outlook } from './picture.js';

/** What lies before a state, in bits. */
const WELL = 1;
const BADLY = 2;
const UNKNOWN = 4;

/** Findings about threads that go on for ever: only where there is one, cycles are looked for. */
const ENDLESS = /^(livelock|starvation)$/;

/** Whether a report makes a run a bad one. */
const isBad = (report: Report): boolean => {
	if (report.code === 'bounded') return false;
	return report.fatal || reportKindOf(report)?.severity === 'error';
};

/**
 * The ends that can be reached from every state of a graph, found once. A good end: every thread has ended, daemons stand
 * between two rounds, and nothing was reported. A bad one: a step reports an error, a thread can never move again, counts
 * do not come back to zero, or a fair cycle keeps a thread from its end.
 */
export class Outlooks {
	/** By state: a good end, a bad one, or one where the search stopped can be reached. */
	private readonly ahead: Uint8Array;
	/** Steps that report an error, by the thread's part of the state and shared memory: they report it in every state. */
	private readonly badSteps = new Set<string>();
	readonly prospects: Prospects;

	/**
	 * @param codes of the scenario's findings
	 * @param timeouts false: as if no timer ended a wait, as for a deadlock that is only a delay
	 */
	constructor(
		readonly graph: Graph,
		codes: readonly string[],
		readonly timeouts = true,
	) {
		this.prospects = prospectsOf(graph, timeouts);
		this.ahead = new Uint8Array(graph.count);
		this.markReports();
		this.markStates(codes);
		this.spread();
	}

	/** How the ways on from a state end; -1 is the end of a run by an error. */
	of(state: number): Outlook {
		if (state < 0) return 'badly';
		const ends = this.ahead[state] as number;
		if ((ends & WELL) !== 0) return (ends & BADLY) !== 0 ? 'either' : (ends & UNKNOWN) !== 0 ? 'unknown' : 'well';
		if ((ends & UNKNOWN) !== 0) return 'unknown';
		return (ends & BADLY) !== 0 ? 'badly' : 'unknown';
	}

	/** How a step, and what may follow it, ends. */
	ofStep(state: number, thread: number, choice: number): Outlook {
		if (this.isBadStep(state, thread, choice)) return 'badly';
		const target = this.graph.targetOf(state, thread, choice);
		return target < 0 ? 'unknown' : this.of(target);
	}

	/** The step itself reports an error. */
	isBadStep(state: number, thread: number, choice: number): boolean {
		return this.badSteps.size > 0 && this.badSteps.has(this.keyOf(state, thread, choice));
	}

	/** The run has come to its end here, and it is a good one. */
	isGoodEnd(state: number): boolean {
		return this.prospects.alive(state) === 0 && !this.badEnds.has(this.graph.sharedIndex(state));
	}

	/** It has gone wrong here: a thread is stuck, or something is left over. */
	isBadState(state: number): boolean {
		return this.badStates[state] === 1;
	}

	private badStates = new Uint8Array(0);
	private readonly badEnds = new Set<number>();

	private markReports(): void {
		for (const { state, thread, choice, report } of this.graph.reports) {
			if (!isBad(report)) continue;
			if (thread === FINALLY) this.badEnds.add(this.graph.sharedIndex(state));
			else if (thread !== SETUP) this.badSteps.add(this.keyOf(state, thread, choice));
		}
	}

	private keyOf(state: number, thread: number, choice: number): string {
		const { graph } = this;
		return `${thread} ${choice} ${graph.localIndex(state, thread)} ${graph.sharedIndex(state)}`;
	}

	private markStates(codes: readonly string[]): void {
		const { graph, prospects } = this;
		const bad = new Uint8Array(graph.count);
		const unbalanced = codes.includes('unbalanced') ? drain(findUnbalanced(graph)) : [];
		for (let s = 0; s < graph.count; s++) {
			const alive = prospects.alive(s);
			if ((alive & ~prospects.canMove(s)) !== 0) bad[s] = 1;
			for (const { address } of unbalanced) {
				const count = graph.system.cell(address, graph.sharedOf(s)) ?? 0;
				if (count < 0 || (alive === 0 && count !== 0)) bad[s] = 1;
			}
			if (alive === 0 && this.badEnds.has(graph.sharedIndex(s))) bad[s] = 1;
		}
		if (graph.reports.some((r) => r.thread === SETUP && isBad(r.report))) bad[0] = 1;
		if (codes.some((code) => ENDLESS.test(code))) markEndless(graph, bad);
		this.badStates = bad;
		for (let s = 0; s < graph.count; s++) {
			if (s >= graph.expanded) this.ahead[s] = UNKNOWN;
			else if (bad[s] === 1) this.ahead[s] = BADLY;
			else if (alive0(prospects, s)) this.ahead[s] = WELL;
		}
	}

	/** Against the edges, component by component: those that a state leads to are complete when it comes. */
	private spread(): void {
		const { graph, ahead } = this;
		const { component, order, count } = components(graph.rowsOfEdges());
		const of = new Uint8Array(count);
		for (const s of order) {
			let ends = ahead[s] as number;
			if (s < graph.expanded) {
				const { from, to } = graph.edges(s);
				for (let e = from; e < to; e++) {
					if (!this.timeouts && graph.timeouts.has(e)) continue;
					const target = graph.target(e);
					if (this.isBadStep(s, graph.edgeThread(e), graph.edgeChoice(e))) ends |= BADLY;
					else ends |= target < 0 ? UNKNOWN : (of[component[target] as number] as number);
				}
			}
			const c = component[s] as number;
			of[c] = (of[c] as number) | ends;
		}
		for (let s = 0; s < graph.count; s++) ahead[s] = of[component[s] as number] as number;
	}
}

const alive0 = (prospects: Prospects, state: number): boolean => prospects.alive(state) === 0;

/** States of fair cycles in which a thread never comes to its end, or to the end of its round. */
function markEndless(graph: Graph, bad: Uint8Array): void {
	const steps = stepGraph(graph);
	const search = new FairSearch(steps);
	const all = Int32Array.from({ length: graph.count }, (_, s) => s);
	const mark = (states: Int32Array, owner: number): void => {
		if (states.length === 0) return;
		for (const { states: cycle } of drain(search.find(states, -1))) {
			const always = cycle.reduce((mask, s) => mask & (steps.unfinished[s] as number), -1);
			if ((always & owner) !== 0) for (const s of cycle) bad[s] = 1;
		}
	};
	mark(
		all.filter((s) => ((steps.unfinished[s] as number) & steps.ending) !== 0),
		steps.ending,
	);
	for (let t = 0; t < graph.threads; t++) {
		const one = 1 << t;
		if ((one & steps.ending) !== 0) continue;
		mark(
			all.filter((s) => ((steps.unfinished[s] as number) & one) !== 0),
			one,
		);
	}
}
