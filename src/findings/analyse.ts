import type { EdgeReport, Graph } from '../explore/graph.js';
import { type Prospects, prospectsOf } from '../explore/prospects.js';
import { type ScheduleStep, ShortestRuns } from '../explore/shortest.js';
import { drain, type Turns } from '../explore/turns.js';
import { explainRace, findRaces, type Race } from './codes/data-race.js';
import { reportKindOf } from './codes/index.js';
import { explainInterruptedLock, findInterruptedLocks } from './codes/interrupted-lock.js';
import { explainInterruption, findInterruptions, type Interruption } from './codes/interruption.js';
import { explainLockOrder, findLockOrder } from './codes/lock-order.js';
import { explainLeftUse, findLeftUse } from './codes/mm-users.js';
import { explainLeftReference, findLeftReferences } from './codes/page-references.js';
import { counterOf, countOverflow, explainUnbalanced, findUnbalanced, type Unbalanced } from './codes/unbalanced.js';
import { findEndless } from './endless.js';
import { blockedRows, type Evidence, type Explanation, type ReportKind, threadName, withCure } from './finding.js';
import type { Finding, RunStep } from './result.js';
import { replayRun, rowOf } from './run.js';
import { findStuck, type Stuck } from './stuck.js';
import { waitsIn } from './waits.js';

/** As `analyse`, in one go. */
export function findingsOf(graph: Graph): Finding[] {
	return drain(analyse(graph));
}

/**
 * Everything wrong in a graph: each defect once, with one shortest run, the earliest first. `wanted` false of a code:
 * its findings may be left out, where that is cheaper.
 */
export function* analyse(graph: Graph, wanted: (code: string) => boolean = () => true): Turns<Finding[]> {
	const prospects = yield* prospectsOf(graph);
	const shortest = new ShortestRuns(graph);
	const findings: { finding: Finding; steps: number }[] = [];
	const defects = new Set<string>();
	const add = ({ defect, ...finding }: Finding & { readonly defect?: string }): void => {
		const { span } = finding;
		if (defect !== undefined) {
			if (defects.has(defect)) return;
			defects.add(defect);
		}
		const same = findings.some(
			({ finding: f }) =>
				f.code === finding.code &&
				f.span.uri === span.uri &&
				f.span.line === span.line &&
				f.span.column === span.column,
		);
		if (!same) findings.push({ finding, steps: finding.run.filter((r) => !r.blocked).length });
	};
	const seen = new Set<string>();
	for (const edge of graph.reports) {
		const kind = kindOf(graph, edge);
		const key = `${edge.report.code} ${edge.report.message} ${edge.report.stack.map((f) => `${f.code.index}:${f.node.$cstNode?.offset}`).join('/')}`;
		if (kind === undefined || seen.has(key)) continue;
		seen.add(key);
		add(fromReport(graph, prospects, shortest, edge));
		yield;
	}
	// where setup has failed no thread ever starts, which does not make them stuck
	const starts = !graph.system.setupReports.some((r) => r.fatal);
	const stuck = starts ? yield* findStuck(graph, prospects) : [];
	for (const one of stuck) add(fromStuck(graph, shortest, one));
	// who never ends, whatever a daemon does, is told with what it waits for
	const told = (state: number, threads: number): boolean =>
		stuck.some((one) => (threads & one.prospects.canEnd(state)) === 0);
	yield;
	for (const unbalanced of yield* findUnbalanced(graph)) add(fromUnbalanced(graph, prospects, shortest, unbalanced));
	yield;
	for (const left of yield* findLeftReferences(graph))
		add(fromLeft(graph, prospects, shortest, left.state, (e) => explainLeftReference(e, left)));
	const use = yield* findLeftUse(graph);
	if (use) add(fromLeft(graph, prospects, shortest, use.state, (e) => explainLeftUse(e, use)));
	yield;
	for (const race of yield* findRaces(graph)) add(fromRace(graph, prospects, shortest, race));
	yield;
	const endless = starts && (wanted('livelock') || wanted('starvation'));
	for (const finding of endless ? yield* findEndless(graph, prospects, shortest, told) : []) add(finding);
	const interruptions = starts ? yield* findInterruptions(graph, shortest) : [];
	for (const one of interruptions) add(fromInterruption(graph, prospects, shortest, one));
	// a second opinion, and only where the first has found nothing to say about waiting
	if (starts && !findings.some(({ finding }) => /deadlock|livelock/.test(finding.code))) {
		for (const cycle of yield* findLockOrder(graph))
			add(fromLockOrder(graph, prospects, shortest, cycle.seen, (e) => explainLockOrder(e, cycle)));
		for (const lock of yield* findInterruptedLocks(graph))
			if (!interruptions.some(({ resource }) => resource === lock.resource))
				add(fromLockOrder(graph, prospects, shortest, lock.outside, (e) => explainInterruptedLock(e, lock)));
	}
	return findings.sort((a, b) => a.steps - b.steps).map((f) => f.finding);
}

const kindOf = (graph: Graph, { report }: EdgeReport): ReportKind | undefined =>
	counterOf(graph, report) === undefined ? reportKindOf(report) : countOverflow;

function fromUnbalanced(graph: Graph, prospects: Prospects, shortest: ShortestRuns, unbalanced: Unbalanced): Finding {
	const run = replayRun(graph, shortest.to(unbalanced.state));
	const evidence: Evidence = { graph, prospects, run };
	const explanation = withCure(explainUnbalanced(evidence, unbalanced));
	return {
		...explanation,
		code: 'unbalanced',
		severity: explanation.severity ?? 'error',
		assumption: null,
		run: run.rows,
		noReturn: null,
	};
}

/** What is left in a state in which all have ended. */
function fromLeft(
	graph: Graph,
	prospects: Prospects,
	shortest: ShortestRuns,
	state: number,
	explain: (evidence: Evidence) => Explanation,
): Finding {
	const run = replayRun(graph, shortest.to(state));
	return {
		...withCure(explain({ graph, prospects, run })),
		code: 'unbalanced',
		severity: 'warning',
		assumption: null,
		run: run.rows,
		noReturn: null,
	};
}

function fromRace(graph: Graph, prospects: Prospects, shortest: ShortestRuns, race: Race): Finding {
	const run = replayRun(graph, shortest.to(race.state));
	const { rows, ...explained } = withCure(explainRace({ graph, prospects, run }, race));
	return {
		...explained,
		code: 'data-race',
		severity: 'warning',
		assumption: null,
		run: [...run.rows, ...rows],
		noReturn: null,
	};
}

function fromLockOrder(
	graph: Graph,
	prospects: Prospects,
	shortest: ShortestRuns,
	{ state, thread }: { readonly state: number; readonly thread: number },
	explain: (evidence: Evidence) => Explanation & { readonly rows?: readonly RunStep[] },
): Finding {
	const run = replayRun(graph, shortest.to(state, thread));
	const { rows = [], ...explained } = withCure(explain({ graph, prospects, run }));
	return {
		...explained,
		code: 'lock-order',
		severity: 'warning',
		assumption: null,
		run: [...run.rows, ...rows],
		noReturn: null,
	};
}

function fromInterruption(graph: Graph, prospects: Prospects, shortest: ShortestRuns, shown: Interruption): Finding {
	const run = replayRun(graph, [...shortest.to(shown.from), ...shown.steps]);
	const evidence: Evidence = { graph, prospects, run };
	return {
		...withCure(explainInterruption(evidence, shown)),
		code: 'self-deadlock',
		severity: 'error',
		assumption: null,
		run: [...run.rows, ...blockedRows(evidence, waitsIn(graph, shown.state, 1 << shown.handler))],
		noReturn: null,
	};
}

function fromReport(
	graph: Graph,
	prospects: Prospects,
	shortest: ShortestRuns,
	edge: EdgeReport,
): Finding & { readonly defect?: string } {
	const kind = kindOf(graph, edge) as ReportKind;
	const alone = edge.thread < 0;
	const schedule: ScheduleStep[] = shortest.to(edge.state, edge.thread);
	if (!alone) schedule.push({ state: edge.state, thread: edge.thread, choice: edge.choice });
	const run = replayRun(graph, schedule);
	const evidence: Evidence = { graph, prospects, run };
	const explanation = withCure(kind.explain(evidence, edge.report, edge.thread));
	return {
		...explanation,
		code: kind.code === 'warn-on' ? 'assertion' : kind.code,
		severity: explanation.severity ?? kind.severity,
		assumption: null,
		run: alone
			? [
					...run.rows,
					rowOf(
						threadName(graph, edge.thread),
						{ node: edge.report.node, frames: edge.report.stack },
						run.schedule.length + 1,
						null,
					),
				]
			: run.rows,
		noReturn: null,
	};
}

function fromStuck(graph: Graph, shortest: ShortestRuns, stuck: Stuck): Finding {
	const run = replayRun(graph, shortest.to(stuck.state));
	const evidence: Evidence = { graph, prospects: stuck.prospects, run };
	const explanation = withCure(stuck.kind.explain(evidence, stuck.cycle));
	const guessed = stuck.cycle.some((e) => e.wait.kind === 'wakeup' || e.guessed || e.holders.length === 0);
	const inCycle = stuck.edges.filter((e) => stuck.cycle.some((c) => c.thread === e.thread));
	return {
		...explanation,
		code: stuck.kind.code,
		severity: stuck.kind.severity,
		assumption: stuck.delayed ? 'a timeout fires, or a signal comes' : null,
		run: [...run.rows, ...blockedRows(evidence, inCycle.length > 0 ? inCycle : stuck.edges)],
		noReturn: noReturn(evidence),
		...(guessed ? { guessed } : {}),
	};
}

/** The step after which no continuation ends well any more; 0 when none ever did. */
function noReturn({ prospects, run }: Evidence): number {
	const states = [...run.schedule.map((s) => s.state), run.finalState];
	const hopeless = states.findIndex((s) => !prospects.endsWell(s));
	return hopeless < 0 ? run.schedule.length : hopeless;
}
