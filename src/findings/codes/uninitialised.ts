import { type AstNode, AstUtils } from 'langium';
import { isNameRef, isVariable } from '../../language/generated/ast.js';
import { spanOf } from '../../language/text.js';
import { kernelRelated, type ReportKind, reportMessage, reportPlaceSpan, threadName } from '../finding.js';
import type { Related } from '../result.js';

/** A value is used that was never set: copying it is no use, deciding, computing or passing it on to the kernel is. */
export const uninitialised: ReportKind = {
	code: 'uninitialised',
	severity: 'error',
	explain(evidence, report, thread) {
		const name = threadName(evidence.graph, thread);
		const message = reportMessage(evidence, report);
		return {
			message: `${name}: ${message}`,
			span: reportPlaceSpan(report),
			related: [...declaredIn(report.node, message), ...kernelRelated(report, message)],
			closing: `${name}: ${message}.`,
			threads: [name],
		};
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
