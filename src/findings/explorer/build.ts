/** A picture of one run. */
import type { ScheduleStep } from '../../explore/shortest.js';
import { sourceOf } from '../../language/text.js';
import { acquisitionOf, blockedRows, type Evidence, reportMessage, threadName } from '../finding.js';
import type { Finding, RunStep, ScenarioResult } from '../result.js';
import { isToken, type ReplayedRun, replayRun, textOf, userSpan } from '../run.js';
import { isStuckCode } from '../stuck.js';
import type { WaitEdge } from '../waits.js';
import { finallyOf, setupOf } from './alone.js';
import { Locks } from './locks.js';
import type { Outlooks } from './outlook.js';
import type { Bar, Lane, Picture, State, Wait } from './picture.js';
import { AddressSpace, type FrameHistory } from './space.js';
import { type Blocked, type Row, Steps } from './steps.js';
import { Variables } from './variables.js';
import { type Moment, type Walk, walk } from './walk.js';
import { endWords, type StuckEnd, stuckEnd } from './ways.js';

/** States of a run up to this length are all in its picture; of a longer one those at its two ends. */
export const ALL_STATES = 400;
/** At each end of a longer run. */
export const SOME_STATES = 100;

/** What a picture is made of. */
export interface Subject {
	readonly uri: string;
	readonly scenario: ScenarioResult;
	readonly scenarios: readonly string[];
	readonly outlooks: Outlooks;
	/** Which of the scenario's findings the run shows; -1 for none. */
	readonly shown: number;
	readonly schedule: readonly { readonly thread: number; readonly choice: number }[];
	/** The found run that this one is a branch of. */
	readonly from?: readonly { readonly thread: number; readonly choice: number }[];
	/** Words that stand for the verdict and the ending where the run was asked for. */
	readonly verdict?: string;
	readonly ending?: string;
}

/** A picture, with what is needed to answer questions about it. */
export interface Drawn {
	readonly picture: Picture;
	readonly schedule: readonly ScheduleStep[];
	/** By index of a picture's state: how many steps have been taken before it. */
	readonly momentOf: readonly number[];
	/** The run in the shape of a finding, for the forms that show one; of a branch, with its own closing words. */
	readonly asFinding: Finding;
	/** The states `from` … `to`, both included. */
	states(from: number, to: number): State[];
}

export function draw(subject: Subject): Drawn {
	const { outlooks } = subject;
	const taken = walk(outlooks.graph, subject.schedule);
	return new Drawing(subject, taken).draw();
}

class Drawing {
	private readonly locks: Locks;
	private readonly space: AddressSpace;
	private readonly variables: Variables;
	private readonly run: ReplayedRun;
	private readonly histories: FrameHistory[] = [];
	private readonly evidence: Evidence;

	constructor(
		private readonly subject: Subject,
		private readonly walk: Walk,
	) {
		const { outlooks } = subject;
		const { graph } = outlooks;
		this.locks = new Locks(outlooks);
		this.space = new AddressSpace(graph.system);
		this.variables = new Variables(graph.system, (t, moment) => this.locks.task(t, moment));
		this.run = replayRun(graph, walk.schedule);
		this.evidence = { graph, prospects: outlooks.prospects, run: this.run };
		walk.moments.forEach((moment, n) => {
			const before = walk.moments[n - 1];
			const history = this.histories[n - 1];
			this.histories.push(
				before === undefined || history === undefined
					? this.space.first(moment.shared)
					: this.space.next(history, before.shared, moment.shared, n - 1),
			);
		});
	}

	draw(): Drawn {
		const { subject, walk } = this;
		const { outlooks, scenario } = subject;
		const { graph } = outlooks;
		const { program, home } = graph.system;
		const last = walk.moments[walk.moments.length - 1] as Moment;
		const finding = scenario.findings[subject.shown];
		const endless = finding?.cycleStart !== undefined && finding.cycleStart !== null;
		// of another finding's run it is no news who waits when it is over
		const waits = finding === undefined || finding.code === 'bounded' || isStuckCode(finding.code);
		const stuck = waits ? stuckEnd(outlooks, last.state) : undefined;
		const steps = new Steps(walk, this.locks, this.space, outlooks, this.run);
		const rows = steps.rows(this.blocked(stuck, finding), finding?.span);
		const momentOf = [...rows.map((r) => r.before), walk.transitions.length];
		const stateAt = (moment: number): number => momentOf.findIndex((m) => m >= moment);
		const noReturn = this.noReturn(finding, endless);
		const pictured = rows.map((r) => r.step);
		const picture: Picture = {
			version: 1,
			file: subject.uri,
			environment: program.uri === home ? null : { uri: program.uri, text: sourceOf(program.root).text },
			scenario: scenario.name,
			scenarios: subject.scenarios,
			finding: finding === undefined ? null : shownFinding(finding, scenario.expected),
			findings: scenario.findings.map(({ code, severity, message }) => ({ code, severity, message })),
			shown: subject.shown,
			verdict: subject.verdict ?? scenario.verdict,
			statesExplored: scenario.states,
			complete: scenario.complete,
			assumptions: scenario.assumptions,
			pages: graph.system.pages,
			lanes: this.lanes(),
			setup: setupOf(graph, (report) => reportMessage(this.evidence, report)),
			steps: pictured,
			finally: finallyOf(graph, last.state, (report) => reportMessage(this.evidence, report)),
			states: [],
			noReturn: noReturn === null ? null : stateAt(noReturn),
			cycleStart: endless && finding?.cycleStart ? stateAt(finding.cycleStart - 1) : null,
			waits: this.waits(stuck),
			bars: this.bars(momentOf),
			never: this.never(stuck, endless ? finding : undefined),
			branchAt: subject.from === undefined ? null : stateAt(common(walk.schedule, subject.from)),
			ending: this.ending(stuck, finding, last),
			next: steps.alternatives(last),
		};
		const view = new StateViews(this.locks, this.space, this.variables, walk, this.histories, momentOf, rows);
		const whole = momentOf.length <= ALL_STATES;
		const states = momentOf.map((_, n) =>
			whole || n < SOME_STATES || n >= momentOf.length - SOME_STATES ? view.at(n) : null,
		);
		return {
			picture: { ...picture, states },
			schedule: walk.schedule,
			momentOf,
			asFinding: finding ?? this.asFinding(stuck, picture),
			states: (from, to) => {
				const found: State[] = [];
				for (let n = Math.max(0, from); n <= Math.min(to, momentOf.length - 1); n++) found.push(view.at(n));
				return found;
			},
		};
	}

	private asFinding(stuck: StuckEnd | undefined, picture: Picture): Finding {
		const closing = `${picture.ending[0]?.toUpperCase() ?? ''}${picture.ending.slice(1)}`;
		return {
			code: stuck?.kind.code ?? 'run',
			severity: 'info',
			message: closing,
			span: this.subject.scenario.span,
			threads: [],
			related: [],
			assumption: null,
			run: [...this.run.rows, ...(stuck === undefined ? [] : blockedRows(this.evidence, stuck.edges))],
			noReturn: null,
			closing,
		};
	}

	private lanes(): Lane[] {
		const { graph } = this.subject.outlooks;
		return graph.system.threads.map(({ name, kind, node, entry }, t) => {
			const body = (node as { body?: { statements?: readonly (typeof node)[] } }).body;
			const statements = kind === 'kernel' ? undefined : body?.statements;
			const title = statements?.map((s) => textOf(s)).join('; ');
			const local = graph.local(0, t);
			const first = graph.system.task(t, local).frames[1]?.code.name;
			return {
				name,
				kind,
				// the kernel's threads have their names
				title: title ?? (kind === 'kernel' ? '' : (first ?? entry.name)),
			};
		});
	}

	/** The closing rows of threads that wait for ever, each where it has begun to. */
	private blocked(stuck: StuckEnd | undefined, finding: Finding | undefined): Blocked[] {
		if (stuck === undefined) return finding === undefined ? [] : this.meeting(finding);
		const inCycle = stuck.edges.filter((e) => stuck.cycle.some((c) => c.thread === e.thread));
		const edges = inCycle.length > 0 ? inCycle : stuck.edges;
		const rows = blockedRows(this.evidence, edges);
		return edges.flatMap((edge, n) => {
			const row = rows[n];
			if (row === undefined) return [];
			const { moments, transitions } = this.walk;
			let since = moments.length - 1;
			const moved = transitions.findLastIndex((t) => t.thread === edge.thread) + 1;
			while (since > moved && this.waitsAt(since - 1, edge.thread)) since--;
			return [{ thread: edge.thread, row: this.asOf(since, edge, row), since, waits: true }];
		});
	}

	/** A closing row where it has begun: what the run's end says of a work item may be still to come there. */
	private asOf(moment: number, edge: WaitEdge, row: RunStep): RunStep {
		const { graph } = this.subject.outlooks;
		const { locals } = this.walk.moments[moment] as Moment;
		const [holder] = edge.holders;
		if (!edge.runs || holder === undefined) return row;
		const { held } = graph.system.task(holder, locals[holder] as Int32Array);
		if (held.some((h) => h.resource === edge.wait.resource)) return row;
		return { ...row, remarks: [`blocked: ${edge.resource} is still to run in ${threadName(graph, holder)}`] };
	}

	/** The closing rows of a race: accesses that meet. */
	private meeting(finding: Finding): Blocked[] {
		const { threads } = this.subject.outlooks.graph.system;
		const since = this.walk.moments.length - 1;
		return finding.run.flatMap((row) => {
			const thread = threads.findIndex(({ name }) => name === row.thread);
			return row.blocked && thread >= 0 ? [{ thread, row, since, waits: false }] : [];
		});
	}

	private waitsAt(moment: number, thread: number): boolean {
		return this.locks.waits(this.walk.moments[moment] as Moment).some((e) => e.thread === thread);
	}

	/** Index of the first moment from which every way ends badly. */
	private noReturn(finding: Finding | undefined, endless: boolean): number | null {
		if (finding !== undefined && finding.noReturn !== null && !endless) return finding.noReturn;
		const { outlooks } = this.subject;
		const bad = this.walk.moments.findIndex(({ state }) => state < 0 || outlooks.of(state) === 'badly');
		return bad < 0 ? null : bad;
	}

	private waits(stuck: StuckEnd | undefined): Wait[] {
		if (stuck === undefined) return [];
		return stuck.cycle.flatMap((edge, n) => {
			const next = stuck.cycle[(n + 1) % stuck.cycle.length];
			const to =
				edge.holders.length === 0 ? undefined : (edge.holders.find((h) => h === next?.thread) ?? edge.holders[0]);
			if (to === undefined) return [];
			const taken = acquisitionOf(this.run, to, edge.wait.resource);
			const { graph } = this.subject.outlooks;
			const { finalState } = this.run;
			const held = graph.system.task(to, graph.local(finalState, to)).held;
			return [
				{
					from: edge.thread,
					to,
					what: edge.resource,
					// where the kernel's thread took it says nothing
					taken: taken === undefined || edge.runs ? null : userSpan(taken),
					waits: userSpan(graph.system.position(edge.thread, graph.local(finalState, edge.thread))),
					queued: edge.wait.behindQueue === true && held.every((h) => h.resource !== edge.wait.resource),
				},
			];
		});
	}

	private bars(momentOf: readonly number[]): Bar[] {
		// every moment has a state of its own: that before its step, or the last one
		const first: number[] = [];
		const last: number[] = [];
		momentOf.forEach((moment, state) => {
			first[moment] ??= state;
			last[moment] = state;
		});
		return this.locks
			.bars(this.walk.moments)
			.map((bar) => ({ ...bar, from: first[bar.from] ?? 0, to: last[bar.to] ?? momentOf.length - 1 }));
	}

	/** What is waited for in vain. */
	private never(stuck: StuckEnd | undefined, endless: Finding | undefined): Picture['never'] {
		const { graph } = this.subject.outlooks;
		if (endless !== undefined) {
			const lane = graph.system.threads.findIndex((t) => t.name === endless.threads[0]);
			return lane < 0 ? [] : [{ lane, text: 'never comes to its end' }];
		}
		if (stuck === undefined) return [];
		const last = this.walk.moments[this.walk.moments.length - 1] as Moment;
		return stuck.cycle.flatMap(({ thread }) => {
			const wanted = new Set(stuck.edges.map((e) => e.wait.resource));
			const held = this.locks.task(thread, last).held.filter((h) => wanted.has(h.resource));
			if (held.length === 0) return [{ lane: thread, text: 'never goes on' }];
			return held.map((h) => {
				const name = this.locks.nameOf(h.resource, last);
				const ends = this.locks.isRange(h, last) || this.locks.runs(h, last);
				if (isToken(h)) return { lane: thread, text: ends ? `never ends ${name}` : `never gives up ${name}` };
				return { lane: thread, text: `never unlocks ${name}` };
			});
		});
	}

	private ending(stuck: StuckEnd | undefined, finding: Finding | undefined, last: Moment): string {
		if (finding !== undefined && finding.code !== 'bounded') return finding.closing;
		if (this.subject.ending !== undefined) return this.subject.ending;
		if (stuck !== undefined) return stuck.kind.explain(this.evidence, stuck.cycle).closing;
		const reports = this.walk.transitions[this.walk.transitions.length - 1]?.reports ?? [];
		const fatal = last.state < 0 ? this.walkReport(reports.length - 1) : undefined;
		return fatal ?? endWords(this.subject.outlooks, last);
	}

	private walkReport(index: number): string | undefined {
		const report = this.walk.transitions[this.walk.transitions.length - 1]?.reports[index];
		if (report === undefined) return undefined;
		const thread = this.walk.transitions[this.walk.transitions.length - 1]?.thread ?? 0;
		return `${threadName(this.subject.outlooks.graph, thread)}: ${reportMessage(this.evidence, report)}`;
	}
}

/** States of a picture, made when they are asked for. */
class StateViews {
	constructor(
		private readonly locks: Locks,
		private readonly space: AddressSpace,
		private readonly variables: Variables,
		private readonly walk: Walk,
		private readonly histories: readonly FrameHistory[],
		private readonly momentOf: readonly number[],
		rows: readonly Row[],
	) {
		for (const { step, before } of rows)
			if (step.moves && !this.firstMoves.has(step.lane)) this.firstMoves.set(step.lane, before);
	}

	/** By thread: the moment before its first step. */
	private readonly firstMoves = new Map<number, number>();

	at(index: number): State {
		const at = this.momentOf[index] as number;
		const moment = this.walk.moments[at] as Moment;
		const { graph } = this.walk;
		const lanes = graph.system.threads.map((_, t) => {
			const first = this.firstMoves.get(t);
			return this.locks.lane(t, moment, first !== undefined && first < at);
		});
		return {
			lanes,
			locks: this.locks.view(moment),
			ranges: this.locks.ranges(moment),
			...this.space.view(moment.shared, this.histories[at] as FrameHistory),
			variables: this.variables.view(
				moment,
				lanes.map((l) => l.status),
			),
		};
	}
}

function shownFinding(finding: Finding, expected: readonly string[]): NonNullable<Picture['finding']> {
	const { code, severity, message, closing, assumption } = finding;
	const fairness = finding.fairness ?? [];
	return { code, severity, message, closing, assumption, fairness, expected: expected.includes(code) };
}

/** How many steps two runs have in common. */
function common(a: Subject['schedule'], b: Subject['schedule']): number {
	let n = 0;
	while (n < a.length && n < b.length && a[n]?.thread === b[n]?.thread && a[n]?.choice === b[n]?.choice) n++;
	return n;
}
