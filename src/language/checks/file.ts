/** The checks that need one file and what it sees, in one walk over its tree. */

import type { Call, File, NameRef } from '../generated/ast.js';
import type { FileScope } from '../names.js';
import type { Report } from '../report.js';
import { Semantics } from '../semantics.js';
import { fileOf, sourceOf, spanOf } from '../text.js';
import { walk } from '../tree.js';
import { checkSupported } from '../unsupported.js';
import { checkCall, checkEach } from './calls.js';
import type { CheckContext } from './context.js';
import { checkDeclaration } from './declarations.js';
import { checkExpression } from './expressions.js';
import { checkScenario, checkScenarioNames } from './scenario.js';
import { checkFunctionBody, checkStatement } from './statements.js';

/** Checks one linked file; returns its calls, for the checks of the whole program. */
export function checkFile(root: File, scope: FileScope, report: Report): Call[] {
	const calls: Call[] = [];
	const context: CheckContext = { semantics: new Semantics(), report, scope, kernel: sourceOf(root).kernel };
	checkScenarioNames(root, context);
	walk(root, (node) => {
		checkSupported(node, context);
		switch (node.$type) {
			case 'Call':
				calls.push(node);
				checkCall(node, context);
				break;
			case 'EachStatement':
				checkEach(node, context);
				break;
			case 'NameRef':
				checkOrder(node, root, context);
				break;
			case 'Assignment':
			case 'BinaryExpr':
			case 'Unary':
			case 'Postfix':
			case 'Conditional':
			case 'Index':
			case 'NumberLiteral':
				checkExpression(node, context);
				break;
			case 'Cast':
				checkExpression(node, context);
				checkDeclaration(node, context);
				break;
			case 'FunctionDecl':
				checkDeclaration(node, context);
				checkFunctionBody(node, context);
				break;
			case 'Scenario':
				checkScenario(node, context);
				break;
			default:
				checkDeclaration(node, context);
				checkStatement(node, context);
		}
	});
	return calls;
}

/** A variable or constant is declared above its first use, as in C. Functions may stand in any order. */
function checkOrder(node: NameRef, root: File, context: CheckContext): void {
	const target = node.target.ref;
	if (context.kernel || !target || target.$type === 'FunctionDecl' || target.$type === 'Field') return;
	const at = node.$cstNode?.offset ?? 0;
	const declared = target.$cstNode?.offset ?? 0;
	if (declared <= at || fileOf(target) !== root) return;
	context.report.error(
		'name',
		node,
		`'${target.name}' is declared further down, in line ${spanOf(target).line}: move its declaration above this line`,
	);
}
