import { kernelRelated, type ReportKind, reportMessage, threadName } from '../finding.js';
import { culpritOf } from '../mapping.js';

/** The device may write what the CPU's page table has made read-only: a page shared by COW is never device-writable. */
export const permission: ReportKind = {
	code: 'permission',
	severity: 'error',
	explain(evidence, report, thread) {
		const message = reportMessage(evidence, report);
		// the callback that ignored the event; where the mapping came later, the mapping
		const { span, because, related, threads } = culpritOf(evidence, report, thread);
		return {
			message: because === '' ? message : `${message}: ${because}`,
			span,
			related: [...related, ...kernelRelated(report, `${threadName(evidence.graph, thread)}: ${message}`)],
			closing: `${message[0]?.toUpperCase()}${message.slice(1)}.`,
			threads,
		};
	},
};
