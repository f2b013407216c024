import { type Graph, SETUP } from '../explore/graph.js';
import type { Endless } from '../explore/liveness.js';
import type { Prospects } from '../explore/prospects.js';
import type { Report } from '../machine/step.js';
import { Status } from '../machine/thread.js';
import type { Finding, Related, RunStep, Severity, Span } from './result.js';
import {
	type Acquisition,
	type Place,
	publicPlace,
	type ReplayedRun,
	rowOf,
	spanOfPlace,
	userFunction,
	userSpan,
} from './run.js';
import type { WaitEdge } from './waits.js';

/** What every finding code's file gets to work with. */
export interface Evidence {
	readonly graph: Graph;
	readonly prospects: Prospects;
	readonly run: ReplayedRun;
}

/** The parts of a finding that its code decides. */
export interface Explanation {
	readonly message: string;
	/** What to do about it: the sentence behind the message. */
	readonly cure?: string | undefined;
	readonly span: Span;
	readonly related: readonly Related[];
	readonly closing: string;
	readonly threads: readonly string[];
	/** What is wrong, where one mistake shows at several places: it is told once, at the first of them. */
	readonly defect?: string;
	/** Where it is another than that of the code. */
	readonly severity?: Severity;
}

/** An explanation with its cure as the message's last sentence. */
export function withCure<T extends Explanation>({ cure, ...explanation }: T): Omit<T, 'cure'> {
	return cure === undefined ? explanation : { ...explanation, message: `${explanation.message}. ${cure}` };
}

/** A finding code that a step reports: `explain` says whom it blames and in which words. */
export interface ReportKind {
	readonly code: string;
	readonly severity: Severity;
	explain(evidence: Evidence, report: Report, thread: number): Explanation & { readonly severity?: Severity };
}

/** A finding code for threads that wait for ever. */
export interface StuckKind {
	readonly code: string;
	readonly severity: Severity;
	/** `cycle` in the order "waits for"; a single edge where there is no cycle. */
	explain(evidence: Evidence, cycle: readonly WaitEdge[]): Explanation;
}

/** The parts of a liveness finding that its code decides. */
export interface LivenessExplanation extends Explanation {
	/** What would end it; null where nothing does. */
	readonly assumption: string | null;
	readonly fairness: NonNullable<Finding['fairness']>;
}

/** A finding code for threads that go on for ever. */
export interface LivenessKind {
	readonly code: string;
	readonly severity: Severity;
	/** @param cycle index in the run's schedule of the first step of the cycle */
	explain(evidence: Evidence, endless: Endless, cycle: number): LivenessExplanation;
}

/** The threads of a mask. */
export const threadsOf = (mask: number): number[] =>
	Array.from({ length: 32 }, (_, t) => t).filter((t) => (mask & (1 << t)) !== 0);

export const threadName = (graph: Graph, thread: number): string =>
	graph.system.threads[thread]?.name ?? (thread === SETUP ? 'setup' : 'finally');

const ENVIRONMENT = 'the default environment';

/** `line 25`, with the file where it is not the sketch itself; the default environment has no text to look at. */
export function lineOf(graph: Graph, span: Span): string {
	const { program, home } = graph.system;
	if (span.uri === home) return `line ${span.line}`;
	if (span.uri === program.uri) return ENVIRONMENT;
	const kernel = /^mmn-kernel:\/*(.*?)(?:\.mmn)?$/.exec(span.uri)?.[1];
	return kernel === undefined ? `${span.uri.replace(/^.*\//, '')}:${span.line}` : `<${kernel}>:${span.line}`;
}

/** ` (line 25)`. */
export function inLine(graph: Graph, span: Span): string {
	const line = lineOf(graph, span);
	return line === ENVIRONMENT ? '' : ` (${line})`;
}

/** ` since line 25`. */
export function sinceLine(graph: Graph, span: Span): string {
	const line = lineOf(graph, span);
	return line === ENVIRONMENT ? '' : ` since ${line}`;
}

/** Message of a report, with its resource by name. */
export function reportMessage({ graph, run }: Evidence, report: Report): string {
	return report.message.replace(
		'%r',
		report.resource === 0 ? 'it' : graph.system.nameOf(report.resource, run.finalShared),
	);
}

/** The last time before the end at which `thread` took `resource`. */
export function acquisitionOf(run: ReplayedRun, thread: number, resource: number): Acquisition | undefined {
	return run.acquisitions.findLast((a) => a.thread === thread && a.held.resource === resource);
}

/** How a blocked thread waits, in words: `waits for fault_lock`, `waits for [1, 3) to end`. */
export function waitWords(edge: WaitEdge): string {
	if (edge.isRange) return `waits for range ${edge.resource} to end`;
	if (/^kthread\/\d+$/.test(edge.resource)) return `waits for ${edge.resource} to end`;
	if (edge.readers?.callbacks) return `waits in ${edge.readers.call}() for the notifier callbacks that are running`;
	if (edge.readers !== undefined)
		return `waits in ${edge.readers.call}() for the readers of ${edge.readers.of} to leave`;
	switch (edge.wait.kind) {
		case 'wakeup':
			return edge.resource === '' ? 'sleeps until somebody wakes it' : `sleeps on ${edge.resource}`;
		case 'condition':
			return edge.resource === '' ? 'waits for a condition' : `waits for ${edge.resource}`;
		case 'cpu':
			return 'waits for the CPU';
		default:
			return `waits for ${edge.resource}`;
	}
}

/** Where a blocked thread stands. */
export function blockedPlace({ graph, run }: Evidence, thread: number) {
	return graph.system.position(thread, graph.local(run.finalState, thread));
}

/** The thread that took what `edge` waits for and has ended without giving it back, with where it did. */
export function leaverOf({ graph, run }: Evidence, edge: WaitEdge): Acquisition | undefined {
	if (edge.wait.kind !== 'lock' && edge.wait.kind !== 'token') return undefined;
	return run.acquisitions.findLast(
		(a) => a.held.resource === edge.wait.resource && graph.status(run.finalState, a.thread) === Status.ended,
	);
}

/**
 * A work item, or a job's fence, in the kernel's thread that runs it: the place where that took it says nothing. Not what it
 * takes in a function of the sketch.
 */
export function runsIt({ graph, run }: Evidence, edge: WaitEdge, holder: number): boolean {
	if (edge.runs) return true;
	if (graph.system.threads[holder]?.kind !== 'kernel' || edge.wait.kind !== 'token' || edge.guessed) return false;
	const taken = acquisitionOf(run, holder, edge.wait.resource);
	return taken === undefined || userFunction(taken) === undefined;
}

/** The closing rows of a run: each of the threads that waits for ever, and for whom. */
export function blockedRows(evidence: Evidence, edges: readonly WaitEdge[]): RunStep[] {
	const { graph, run } = evidence;
	return edges.map((edge) => {
		const row = rowOf(threadName(graph, edge.thread), blockedPlace(evidence, edge.thread), run.schedule.length, null);
		const holder = edge.holders.find((h) => h !== edge.thread) ?? edge.holders[0];
		let remark: string;
		const leaver = leaverOf(evidence, edge);
		if (holder === undefined && leaver !== undefined)
			remark = `blocked: ${edge.resource} was never released by ${threadName(graph, leaver.thread)}`;
		else if (holder === undefined || edge.wait.kind === 'wakeup')
			remark = edge.resource === '' ? 'blocked: nobody wakes it' : `blocked: sleeps on ${edge.resource}`;
		else if (edge.wait.kind === 'cpu') remark = `blocked: ${threadName(graph, holder)} has the CPU`;
		else if (edge.guessed) remark = `blocked: waits for ${edge.resource}`;
		else if (edge.readers !== undefined)
			remark = `blocked: ${edge.readers.callbacks ? 'a callback runs' : `a reader of ${edge.readers.of} is`} in ${threadName(graph, holder)}${holder === edge.thread ? ' itself' : ''}`;
		else if (edge.isRange) remark = `blocked: ${edge.resource} is active in ${threadName(graph, holder)}`;
		else if (runsIt(evidence, edge, holder))
			remark = `blocked: ${edge.resource} runs in ${threadName(graph, holder)}${holder === edge.thread ? ' itself' : ''}`;
		else if (edge.wait.behindQueue)
			remark = `blocked: ${edge.resource} is wanted for writing by ${threadName(graph, holder)}, which queues before it`;
		else
			remark = `blocked: ${edge.resource} is held by ${threadName(graph, holder)}${holder === edge.thread ? ' itself' : ''}`;
		return { ...row, blocked: true, remarks: [remark] };
	});
}

/** The statement of a report, blamed in the user's own file. */
export function reportPlaceSpan(report: Report): Span {
	return userSpan({ node: report.node, frames: report.stack });
}

/** Where something happened: the line of the sketch that led to it, then that of the simulated kernel, if it happened in there. */
export function placesOf(place: Place, message: string): Related[] {
	const user = { span: userSpan(place), message };
	const kernel = kernelPlace(place);
	if (kernel === undefined) return [user];
	// a thread of the kernel's own has no line of the sketch
	if (kernel.uri === user.span.uri) return [{ span: kernel, message }];
	return [user, { span: kernel, message: `${message}, in the kernel` }];
}

/**
 * Where the simulated kernel notices what the sketch has done: the line of the sketch, unless it is the one that is `blamed`,
 * and the kernel's.
 */
export function kernelRelated(report: Report, message: string, blamed = reportPlaceSpan(report)): Related[] {
	const place = { node: report.node, frames: report.stack };
	if (place.frames.at(-1)?.code.kernel !== true) return [];
	const user = userSpan(place);
	const kernel = kernelPlace(place);
	const list = kernel === undefined ? [] : [{ span: kernel, message }];
	const isBlamed = user.uri === blamed.uri && user.line === blamed.line;
	return isBlamed || user.uri === kernel?.uri ? list : [{ span: user, message }, ...list];
}

/** The statement of the simulated kernel's that something happened in, in words that kernel code has; not the helper that noticed it. */
function kernelPlace(place: Place): Span | undefined {
	const shown = publicPlace(place);
	return shown.frames.at(-1)?.code.kernel === true ? spanOfPlace(shown) : undefined;
}
