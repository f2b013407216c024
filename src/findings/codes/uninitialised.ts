import { type AstNode, AstUtils } from 'langium';
import { isNameRef, isVariable } from '../../language/generated/ast.js';
import { spanOf } from '../../language/text.js';
import { type ReportKind, reportMessage } from '../finding.js';
import type { Related } from '../result.js';
import { plainly } from './reports.js';

/** A value is used that was never set: copying it is no use, deciding, computing or passing it on to the kernel is. */
export const uninitialised: ReportKind = {
	code: 'uninitialised',
	severity: 'error',
	explain(evidence, report, thread) {
		const said = reportMessage(evidence, report);
		return plainly(evidence, report, thread, said, declaredIn(report.node, said));
	},
};

/** The declaration of the local that the message names. */
function declaredIn(node: AstNode, message: string): Related[] {
	for (const part of [node, ...AstUtils.streamAllContents(node)]) {
		if (!isNameRef(part) || !message.includes(`'${part.target.$refText}`)) continue;
		const variable = part.target.ref;
		if (isVariable(variable) && variable.init === undefined)
			return [{ span: spanOf(variable), message: `${variable.name} is declared here without a value` }];
	}
	return [];
}
