import { kernelRelated, type ReportKind, reportMessage, reportPlaceSpan, threadName } from '../finding.js';
import type { Severity } from '../result.js';

/** A finding whose place and words are those of the step that reported it. */
export const plain = (code: string, severity: Severity = 'error'): ReportKind => ({
	code,
	severity,
	explain(evidence, report, thread) {
		const name = threadName(evidence.graph, thread);
		const message = reportMessage(evidence, report);
		return {
			message: `${name}: ${message}`,
			span: reportPlaceSpan(report),
			related: kernelRelated(report, message),
			closing: `${name}: ${message}.`,
			threads: [name],
		};
	},
});
