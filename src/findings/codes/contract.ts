import { ruleOf } from '../../kernel/primitives/contract.js';
import { spanOf } from '../../language/text.js';
import type { Report } from '../../machine/step.js';
import { countersOf } from '../counters.js';
import {
	type Evidence,
	kernelRelated,
	type ReportKind,
	reportMessage,
	reportPlaceSpan,
	threadName,
} from '../finding.js';
import { isRead } from '../readers.js';
import type { RunEvent } from '../run.js';

/** A rule of the notifier API is broken. The rules, with source and fix, are in kernel/primitives/contract.ts. */
export const contract: ReportKind = {
	code: 'contract',
	severity: 'error',
	explain(evidence, report, thread) {
		const name = threadName(evidence.graph, thread);
		const message = reportMessage(evidence, report);
		const rule = ruleOf(report.message);
		const exit = rule?.callback ? exitOf(evidence, report, thread) : undefined;
		const inside = exit === undefined ? '' : ` in ${exit.code.name}()`;
		const fix = rule === undefined ? '' : `; ${rule.fix}`;
		// nothing follows from a sequence that nobody compares: hfi1 and gntdev live with it
		const read = rule?.sequence !== true || isRead(evidence.graph.system, report.resource, evidence.run.finalShared);
		const unread = read === false;
		const harmless = unread
			? '. Nobody compares this sequence, so that nothing follows from it here'
			: read === 'unsketched' && /without mmu_interval_set_seq/.test(message)
				? '. That somebody reads is taken for granted, though it is not in this sketch: a driver that never calls mmu_interval_read_begin() may leave it out (include/linux/mmu_notifier.h)'
				: '';
		const before = message.replace(/ \([^()]*(?:\(\)[^()]*)*\)$/, '');
		return {
			...(rule?.warning && { severity: 'warning' as const }),
			...(unread && { severity: 'hint' as const }),
			message: `${name}${inside}: ${message}${fix}${harmless}`,
			// where a function falls off its end, its name stands for the way out
			span: exit === undefined ? reportPlaceSpan(report) : exitSpan(exit),
			related: kernelRelated(report, `the kernel notices here: ${before}`),
			closing: `${name}${inside}: ${before}${fix}.`,
			threads: [name],
		};
	},
};

/** The way out of the last callback that the thread was in for the notifier of the report. */
function exitOf({ graph, run }: Evidence, report: Report, thread: number): RunEvent | undefined {
	// the end callbacks that follow a refusal are not the ones to blame
	const { ends } = countersOf(graph.system.program);
	const called = run.events.findLast(
		(e) =>
			e.kind === 'call' &&
			e.thread === thread &&
			!e.code.kernel &&
			// called by the kernel: a helper of the driver's may get the same address
			e.frames.at(-1)?.code.kernel === true &&
			e.args[0] === report.resource &&
			!ends.has(e.code.node),
	);
	if (called === undefined) return undefined;
	return run.events.findLast(
		(e) => e.kind === 'return' && e.thread === thread && e.code === called.code && e.step >= called.step,
	);
}

const exitSpan = (exit: RunEvent) => {
	const span = spanOf(exit.node);
	return exit.node.$type === 'ReturnStatement'
		? span
		: { ...span, line: span.endLine, column: Math.max(1, span.endColumn - 1) };
};
