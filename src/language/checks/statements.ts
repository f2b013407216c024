/** Statements: jumps that have somewhere to go, cases, conditions, returns. */

import type * as ast from '../generated/ast.js';
import { sourceText, spanOf } from '../text.js';
import { type Node, walk } from '../tree.js';
import { typeToString } from '../types.js';
import { checkAssign, checkCondition } from './assign.js';
import type { CheckContext } from './context.js';
import { checkGuard } from './guards.js';

/** Checks one statement; what is inside it is checked on its own. */
export function checkStatement(s: Node, context: CheckContext): void {
	const { report, semantics } = context;
	if (
		s.$type === 'IfStatement' ||
		s.$type === 'WhileStatement' ||
		s.$type === 'DoStatement' ||
		s.$type === 'ForStatement'
	) {
		checkCondition(s.condition, context);
	} else if (s.$type === 'SwitchStatement') {
		checkSwitch(s, context);
	} else if (s.$type === 'BreakStatement') {
		if (!enclosing(s, (n) => isLoop(n) || n.$type === 'SwitchStatement')) {
			report.error(
				'syntax',
				s,
				"'break' stands outside of a loop or switch: use 'return' or 'goto' to leave from here",
			);
		}
	} else if (s.$type === 'ContinueStatement') {
		if (!enclosing(s, isLoop))
			report.error('syntax', s, "'continue' stands outside of a loop: use 'goto' to go elsewhere");
	} else if (s.$type === 'CaseLabel' || s.$type === 'DefaultLabel') {
		if (!enclosing(s, (n) => n.$type === 'SwitchStatement')) {
			const word = s.$type === 'CaseLabel' ? 'case' : 'default';
			report.error('syntax', s, `'${word}' stands outside of a switch: put it into the switch it belongs to`);
		}
	} else if (s.$type === 'ReturnStatement') {
		checkReturn(s, context);
	} else if (s.$type === 'ScopedGuard' || s.$type === 'Guard') {
		checkGuard(s, context);
	} else if (s.$type === 'WithMmStatement') {
		const type = semantics.typeOf(s.mm);
		if (type.kind === 'error') return;
		if (type.kind !== 'pointer' || type.to.kind !== 'struct' || type.to.name !== 'mm_struct') {
			report.error(
				'type',
				s.mm,
				`with_mm needs a 'struct mm_struct *', but '${sourceText(s.mm)}' is '${typeToString(type)}'`,
			);
		}
	}
}

function isLoop(node: Node): boolean {
	return (
		node.$type === 'WhileStatement' ||
		node.$type === 'DoStatement' ||
		node.$type === 'ForStatement' ||
		node.$type === 'EachStatement'
	);
}

/** The statement around `node` that `wanted` accepts, in the same function. */
function enclosing(node: Node, wanted: (node: Node) => boolean): Node | undefined {
	let at = node.$container as Node | undefined;
	while (at && at.$type !== 'FunctionDecl' && at.$type !== 'Scenario') {
		if (wanted(at)) return at;
		at = at.$container as Node | undefined;
	}
	return undefined;
}

function checkSwitch(s: ast.SwitchStatement, context: CheckContext): void {
	const { report, semantics } = context;
	const type = semantics.typeOf(s.value);
	if (type.kind !== 'int' && type.kind !== 'error') {
		report.error('type', s.value, `switch needs an integer, but '${sourceText(s.value)}' is '${typeToString(type)}'`);
	}
	const seen = new Map<number, ast.CaseLabel>();
	let other: ast.DefaultLabel | undefined;
	const visit = (node: Node) => {
		if (node.$type === 'CaseLabel' && enclosing(node, (n) => n.$type === 'SwitchStatement') === s) {
			const value = semantics.constant(node.value);
			if (value === undefined) {
				if (semantics.typeOf(node.value).kind !== 'error') {
					report.error(
						'type',
						node.value,
						`'${sourceText(node.value)}' is not a constant: 'case' needs one, use if for other values`,
					);
				}
				return;
			}
			const before = seen.get(value);
			if (before) {
				report.error(
					'duplicate',
					node,
					`'case ${sourceText(node.value)}' stands here twice, first in line ${spanOf(before).line}: remove one`,
				);
			} else seen.set(value, node);
		} else if (node.$type === 'DefaultLabel' && enclosing(node, (n) => n.$type === 'SwitchStatement') === s) {
			if (other)
				report.error(
					'duplicate',
					node,
					`this switch has a 'default' already, in line ${spanOf(other).line}: remove one`,
				);
			other ??= node;
		}
	};
	walk(s.body, visit);
}

function checkReturn(s: ast.ReturnStatement, context: CheckContext): void {
	const { report, semantics } = context;
	const owner = enclosingFunction(s);
	if (!owner) {
		if (s.value)
			report.error('type', s.value, 'a block of a scenario returns nothing: call the function as a statement');
		return;
	}
	const type = semantics.declaredType(owner);
	const returns = type.kind === 'function' ? type.returns : type;
	if (returns.kind === 'void') {
		if (s.value && semantics.typeOf(s.value).kind !== 'void') {
			report.error(
				'type',
				s.value,
				`'${owner.name}' is declared void and cannot return a value: give it a type, or return nothing`,
			);
		}
	} else if (!s.value) {
		report.warning(
			'type',
			s,
			`'return' without a value, but '${owner.name}' returns '${typeToString(returns)}': give it one`,
		);
	} else {
		checkAssign(s.value, returns, context, `'${owner.name}' returns '${typeToString(returns)}'`);
	}
}

function enclosingFunction(node: Node): ast.FunctionDecl | undefined {
	let at: Node | undefined = node;
	while (at && at.$type !== 'FunctionDecl') at = at.$container as Node | undefined;
	return at;
}

/** Labels that stand twice, and an end that is reached without a value. */
export function checkFunctionBody(node: ast.FunctionDecl | ast.Block, context: CheckContext): void {
	const { report, semantics } = context;
	const body = node.$type === 'Block' ? node : node.body;
	if (!body) return;
	const labels = new Map<string, ast.LabelStatement>();
	walk(body, (inner) => {
		if (inner.$type !== 'LabelStatement' || !inner.name) return;
		const before = labels.get(inner.name);
		if (before) {
			report.error(
				'duplicate',
				inner,
				`label '${inner.name}' stands in line ${spanOf(before).line} already: rename one of them`,
				'name',
			);
		} else labels.set(inner.name, inner);
	});
	if (node.$type !== 'FunctionDecl') return;
	const type = semantics.declaredType(node);
	if (type.kind !== 'function' || type.returns.kind === 'void' || type.returns.kind === 'error') return;
	if (completes(body, semantics.constant.bind(semantics))) {
		report.warning(
			'type',
			node,
			`'${node.name}' can end without returning its '${typeToString(type.returns)}': add a 'return' at the end`,
			'name',
		);
	}
}

type Constant = (e: ast.Expression) => number | undefined;

/** True when the statement after this one can be reached. Errs towards false where a label might be jumped to. */
function completes(s: ast.Statement, constant: Constant): boolean {
	switch (s.$type) {
		case 'Block': {
			let reached = true;
			for (const inner of s.statements) {
				if (inner.$type === 'LabelStatement' || inner.$type === 'CaseLabel' || inner.$type === 'DefaultLabel')
					reached = true;
				if (reached) reached = completes(inner, constant);
			}
			return reached;
		}
		case 'ReturnStatement':
		case 'GotoStatement':
		case 'BreakStatement':
		case 'ContinueStatement':
			return false;
		case 'IfStatement':
			return !s.otherwise || completes(s.then, constant) || completes(s.otherwise, constant);
		case 'WhileStatement':
			return !endless(s.condition, constant) || hasBreak(s.body);
		case 'DoStatement':
			return (
				hasBreak(s.body) || (!endless(s.condition, constant) && (completes(s.body, constant) || hasContinue(s.body)))
			);
		case 'ForStatement':
			return (s.condition !== undefined && !endless(s.condition, constant)) || hasBreak(s.body);
		case 'SwitchStatement':
			return (
				hasBreak(s.body) || !s.body.statements.some((x) => x.$type === 'DefaultLabel') || completes(s.body, constant)
			);
		case 'AtomicStatement':
		case 'WithMmStatement':
		case 'ScopedGuard':
			return completes(s.body, constant);
		case 'ExpressionStatement':
			return !/^BUG\(\s*\)$/.test(sourceText(s.expression));
		default:
			return true;
	}
}

function endless(condition: ast.Expression, constant: Constant): boolean {
	const value = constant(condition);
	return value !== undefined && value !== 0;
}

/** A `break` that leaves this statement's own loop or switch. */
function hasBreak(s: Node): boolean {
	if (s.$type === 'BreakStatement') return true;
	if (isLoop(s) || s.$type === 'SwitchStatement') return false;
	return nested(s).some(hasBreak);
}

function hasContinue(s: Node): boolean {
	if (s.$type === 'ContinueStatement') return true;
	return !isLoop(s) && nested(s).some(hasContinue);
}

function nested(s: Node): Node[] {
	if (s.$type === 'Block') return s.statements;
	if (s.$type === 'IfStatement') return s.otherwise ? [s.then, s.otherwise] : [s.then];
	if (
		s.$type === 'SwitchStatement' ||
		s.$type === 'AtomicStatement' ||
		s.$type === 'WithMmStatement' ||
		s.$type === 'ScopedGuard'
	)
		return [s.body];
	return [];
}
