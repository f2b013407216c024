import { kernelRelated, type ReportKind, reportMessage, threadName } from '../finding.js';
import { culpritOf } from '../mapping.js';

/** The device page table leads to a page that was freed or replaced, or is filled again in the middle of an invalidation. */
export const staleMapping: ReportKind = {
	code: 'stale-mapping',
	severity: 'error',
	explain(evidence, report, thread) {
		const message = reportMessage(evidence, report);
		// the symptom may be far away, in the free
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
