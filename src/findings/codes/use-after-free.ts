import { slotOf } from '../../machine/memory.js';
import {
	inLine,
	kernelRelated,
	lineOf,
	type ReportKind,
	reportMessage,
	reportPlaceSpan,
	threadName,
} from '../finding.js';
import { type RunEvent, userFunction, userSpan } from '../run.js';
import { pointerIn } from './pointers.js';
import { plainly } from './reports.js';

/**
 * Memory is used after kfree(), or a local after its function has returned. Where the kernel, or a callback that the
 * kernel has called, comes too late, the kfree() is to blame: it came while the notifier was still registered.
 */
export const useAfterFree: ReportKind = {
	code: 'use-after-free',
	severity: 'error',
	explain(evidence, report, thread) {
		const { graph, run } = evidence;
		const name = threadName(graph, thread);
		const said = reportMessage(evidence, report);
		const freed: RunEvent | undefined =
			report.resource === 0
				? undefined
				: run.events.findLast((e) => e.kind === 'free' && slotOf(e.args[0] ?? 0) === slotOf(report.resource));
		if (freed === undefined || !/after kfree/.test(said)) return plainly(evidence, report, thread, said);
		const place = { node: report.node, frames: report.stack };
		const user = userFunction(place);
		const at = report.stack.findLastIndex((f) => !f.code.kernel);
		const callback = at > 0 && report.stack[at - 1]?.code.kernel === true;
		const late = user === undefined || callback;
		const by = threadName(graph, freed.thread);
		const what = pointerIn(report) ?? 'memory';
		const uses = `${name} uses ${what}${user === undefined ? ` in ${report.stack.at(-1)?.code.name ?? 'the kernel'}()` : ''}${inLine(graph, reportPlaceSpan(report))} after ${by === name ? 'it' : by} has freed it (${lineOf(graph, userSpan(freed))})`;
		return {
			message: uses,
			cure: late
				? 'The notifier is still registered then, or its callbacks still run: mmu_notifier_unregister() or mmu_interval_notifier_remove() come before kfree()'
				: undefined,
			span: late ? userSpan(freed) : reportPlaceSpan(report),
			related: [
				late
					? { span: reportPlaceSpan(report), message: `${name} uses it here` }
					: { span: userSpan(freed), message: `${by} frees it here` },
				...kernelRelated(report, said),
			],
			closing: `${uses}.`,
			threads: [...new Set([name, by])],
		};
	},
};
