import type { Report } from '../../machine/step.js';
import {
	type Evidence,
	kernelRelated,
	lineOf,
	type ReportKind,
	reportMessage,
	reportPlaceSpan,
	threadName,
} from '../finding.js';
import { endedBefore, pageOf, toldSince, wayOut } from '../mapping.js';
import type { Span } from '../result.js';
import { type RunEvent, userSpan } from '../run.js';
import { MAP_AFTER_RELEASE } from './stale-mapping.js';

/** The device reaches a page that was freed or replaced through its TLB only: cleared, freed, and not flushed in between. */
export const staleTlb: ReportKind = {
	code: 'stale-tlb',
	severity: 'error',
	explain(evidence, report, thread) {
		const { graph, run } = evidence;
		const message = reportMessage(evidence, report);
		const page = pageOf(evidence, report);
		const cleared = clearingOf(evidence, report, page);
		const name = threadName(graph, thread);
		const bound = run.rows.findLast((r) => !r.blocked && r.stack.at(-1) === '__dev_bind_mm' && r.thread !== name);
		const ended = cleared === undefined && bound ? endedBefore(evidence, bound.thread, bound.step) : undefined;
		if (bound !== undefined && ended !== undefined) {
			const late = `${message}: ${bound.thread} has bound the device to the address space ${ended.words}`;
			return {
				message: late,
				cure: MAP_AFTER_RELEASE,
				span: bound.span,
				related: kernelRelated(report, `${name}: ${message}`, bound.span),
				closing: `${late[0]?.toUpperCase()}${late.slice(1)}.`,
				threads: [...new Set([bound.thread, ended.thread, name])],
			};
		}
		const clears = cleared === undefined ? name : threadName(graph, cleared.thread);
		const span = blame(evidence, report, thread, cleared, page);
		return {
			message: cleared === undefined ? message : `${message} (${lineOf(graph, userSpan(cleared))})`,
			cure: 'Clear the entry, flush the TLB, and only then let go of the page',
			span,
			related: [
				...(cleared === undefined
					? []
					: [{ span: userSpan(cleared), message: `${clears} clears the entry of page ${page} here` }]),
				...kernelRelated(report, `${name}: ${message}`, span),
			],
			closing: `${message[0]?.toUpperCase()}${message.slice(1)}.`,
			threads: [...new Set([clears, name])],
		};
	},
};

/** The call that cleared the entry; undefined for a device that walks the CPU's page table, or when setup did it. */
function clearingOf({ run }: Evidence, report: Report, page: number): RunEvent | undefined {
	return run.events.findLast(
		(e) =>
			e.kind === 'call' &&
			e.code.kernel &&
			e.code.name === 'clear_device' &&
			(e.args[1] as number) <= page &&
			page < (e.args[2] as number) &&
			(report.resource === 0 || e.args[0] === report.resource),
	);
}

/**
 * A driver that frees the page itself frees it too early. Where the kernel does, the flush is missing: behind the
 * clearing, or in the callback that is there to flush.
 */
function blame(evidence: Evidence, report: Report, thread: number, cleared: RunEvent | undefined, page: number): Span {
	const freer = report.stack.findLast((f) => !f.code.kernel);
	const inDriver = freer?.code.node.$type === 'FunctionDecl';
	if (inDriver) return reportPlaceSpan(report);
	if (cleared !== undefined) return userSpan(cleared);
	const told = toldSince(evidence, thread, undefined, page, report.resource);
	return told === undefined ? reportPlaceSpan(report) : wayOut(evidence, told);
}
