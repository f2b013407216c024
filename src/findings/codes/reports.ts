import type { Report } from '../../machine/step.js';
import {
	type Evidence,
	type Explanation,
	kernelRelated,
	type ReportKind,
	reportMessage,
	reportPlaceSpan,
	threadName,
} from '../finding.js';
import type { Related, Severity } from '../result.js';

/** What is wrong, in the words and at the place of the step that reported it. */
export function plainly(
	evidence: Evidence,
	report: Report,
	thread: number,
	said = reportMessage(evidence, report),
	related: readonly Related[] = [],
): Explanation {
	const name = threadName(evidence.graph, thread);
	return {
		message: `${name}: ${said}`,
		span: reportPlaceSpan(report),
		related: [...related, ...kernelRelated(report, said)],
		closing: `${name}: ${said}.`,
		threads: [name],
	};
}

/** A finding whose place and words are those of the step that reported it. */
export const plain = (code: string, severity: Severity = 'error', cure?: string): ReportKind => ({
	code,
	severity,
	explain: (evidence, report, thread) => ({ ...plainly(evidence, report, thread), cure }),
});
