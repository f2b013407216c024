import { kernelRelated, type ReportKind, reportMessage, threadName } from '../finding.js';
import { type Culprit, culpritOf } from '../mapping.js';

/** A finding about an entry of a device's page table: who has made it, or was told and has kept it, and not who noticed. */
export const entry = (
	code: string,
	cureOf: (message: string, told: boolean, removed: Culprit['removed']) => string | undefined,
): ReportKind => ({
	code,
	severity: 'error',
	explain(evidence, report, thread) {
		const { span, because, related, threads, told, removed } = culpritOf(evidence, report, thread);
		const said = reportMessage(evidence, report);
		const message = removed === 'uncovered' ? said.replace(/, after the driver was told to drop it.*$/, '') : said;
		return {
			message: because === '' ? message : `${message}: ${because}`,
			cure: cureOf(message, told, removed),
			span,
			related: [...related, ...kernelRelated(report, `${threadName(evidence.graph, thread)}: ${message}`, span)],
			closing: `${message[0]?.toUpperCase()}${message.slice(1)}.`,
			threads,
		};
	},
});
