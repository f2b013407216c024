import { spanOf } from '../../language/text.js';
import type { ReportKind } from '../finding.js';
import { plainly } from './reports.js';

/** A number that does not fit: at the operation that gives it, which may stand in the second line of a statement. */
export const overflow: ReportKind = {
	code: 'overflow',
	severity: 'error',
	explain: (evidence, report, thread) => {
		const explained = plainly(evidence, report, thread);
		const inKernel = report.stack.at(-1)?.code.kernel === true;
		const at = spanOf(report.node);
		return inKernel || at.line === explained.span.line ? explained : { ...explained, span: at };
	},
};
