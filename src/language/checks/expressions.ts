/** Types of operators: what they may be applied to. */

import type * as ast from '../generated/ast.js';
import { sourceText } from '../text.js';
import { unwrap } from '../tree.js';
import { decay, type PointerType, sameType, type Type, typeToString } from '../types.js';
import { POINTER_ARITHMETIC, TIME_ORDER } from '../unsupported.js';
import { checkAssign, checkCondition, isNullConstant } from './assign.js';
import type { CheckContext } from './context.js';

/** Checks one operator; its operands are checked on their own. */
export function checkExpression(e: ast.Expression, context: CheckContext): void {
	switch (e.$type) {
		case 'Assignment':
			checkAssignment(e, context);
			break;
		case 'BinaryExpr':
			checkBinary(e, context);
			break;
		case 'Unary':
			checkUnary(e, context);
			break;
		case 'Postfix':
			checkStep(e, e.operand, context);
			break;
		case 'Conditional':
			checkConditional(e, context);
			break;
		case 'Index':
			checkIndex(e, context);
			break;
		case 'Cast':
			checkCast(e, context);
			break;
		case 'NumberLiteral':
			checkNumber(e, context);
			break;
		default:
	}
}

function typeOf(e: ast.Expression, context: CheckContext): Type {
	return decay(context.semantics.typeOf(e));
}

/** Reports what cannot be written; true when it can. */
export function checkWritable(target: ast.Expression, context: CheckContext, what: string): boolean {
	const { report, semantics } = context;
	const type = semantics.typeOf(target);
	if (type.kind === 'error') return false;
	const text = sourceText(target);
	if (!semantics.isLvalue(target)) {
		report.error('type', target, `'${text}' cannot be ${what}: only a variable, a field, an element or '*pointer' can`);
		return false;
	}
	if (semantics.isConst(target)) {
		report.error('type', target, `'${text}' is const and cannot be ${what}: write to an object declared without const`);
		return false;
	}
	return true;
}

function checkAssignment(e: ast.Assignment, context: CheckContext): void {
	if (!checkWritable(e.target, context, 'assigned to')) return;
	const target = context.semantics.typeOf(e.target);
	if (e.operator === '=') {
		checkAssign(e.value, target, context);
		return;
	}
	if (target.kind === 'pointer' && (e.operator === '+=' || e.operator === '-=')) {
		checkWalk(e, target, context);
		requireInt(e.value, e.operator, context);
		return;
	}
	requireInt(e.target, e.operator, context);
	requireInt(e.value, e.operator, context);
}

function requireInt(operand: ast.Expression, operator: string, context: CheckContext): void {
	const type = typeOf(operand, context);
	if (type.kind === 'int' || type.kind === 'error') return;
	const is = type.kind === 'void' ? 'has no value' : `is '${typeToString(type)}'`;
	context.report.error('type', operand, `'${operator}' needs integers, but '${sourceText(operand)}' ${is}`);
}

const COMPARISONS = new Set(['<', '>', '<=', '>=']);

function checkBinary(e: ast.BinaryExpr, context: CheckContext): void {
	if (e.operator === '&&' || e.operator === '||') {
		checkCondition(e.left, context);
		checkCondition(e.right, context);
		return;
	}
	const left = typeOf(e.left, context);
	const right = typeOf(e.right, context);
	if (left.kind === 'pointer' || right.kind === 'pointer') {
		if (e.operator === '==' || e.operator === '!=') {
			checkEquality(e, left, right, context);
			return;
		}
		if (left.kind === 'error' || right.kind === 'error') return;
		if (e.operator === '+' || e.operator === '-') {
			checkOffset(e, left, right, context);
			return;
		}
		if (COMPARISONS.has(e.operator)) {
			checkEquality(e, left, right, context);
			return;
		}
	}
	if (COMPARISONS.has(e.operator) && (readsClock(e.left) || readsClock(e.right))) {
		context.report.error('unsupported', e, TIME_ORDER);
		return;
	}
	requireInt(e.left, e.operator, context);
	requireInt(e.right, e.operator, context);
	if ((e.operator === '/' || e.operator === '%') && context.semantics.constant(e.right) === 0) {
		context.report.error('type', e, `division by zero: '${sourceText(e.right)}' is 0`);
	}
}

/** `p + n`, `n + p`, `p - n`, `p - q`. */
function checkOffset(e: ast.BinaryExpr, left: Type, right: Type, context: CheckContext): void {
	if (left.kind === 'pointer' && right.kind === 'pointer') {
		if (e.operator === '-') checkEquality(e, left, right, context);
		else requireInt(e.right, e.operator, context);
		return;
	}
	const [pointer, number] = left.kind === 'pointer' ? [left, e.right] : [right, e.left];
	if (e.operator === '-' && left.kind !== 'pointer') requireInt(e.right, e.operator, context);
	else if (pointer.kind === 'pointer') checkWalk(e, pointer, context);
	requireInt(number, e.operator, context);
}

/** A pointer goes on by elements: it has to lead to something that has a size. */
function checkWalk(e: ast.Expression, type: PointerType, context: CheckContext): void {
	const { to } = type;
	if (type.user || type.iomem || to.kind === 'error') return;
	if (to.kind === 'void' || to.kind === 'function' || (to.kind === 'struct' && !to.def))
		context.report.error('unsupported', e, POINTER_ARITHMETIC);
}

/** `jiffies`, `ktime_get()`: what only means something to who compares it as the kernel does. */
function readsClock(e: ast.Expression): boolean {
	const inner = unwrap(e);
	if (inner.$type === 'BinaryExpr') return readsClock(inner.left) || readsClock(inner.right);
	const text = sourceText(inner);
	return /^(jiffies|jiffies_64|get_jiffies_64\(\)|(ktime_get|local_clock|sched_clock)\w*\(\))$/.test(text);
}

function checkEquality(e: ast.BinaryExpr, left: Type, right: Type, context: CheckContext): void {
	if (left.kind === 'error' || right.kind === 'error') return;
	if (left.kind === 'pointer' && right.kind === 'pointer') {
		if (left.to.kind === 'void' || right.to.kind === 'void' || sameType(left.to, right.to)) return;
		context.report.error(
			'type',
			e,
			`'${typeToString(left)}' and '${typeToString(right)}' are never equal: compare pointers of one type`,
		);
		return;
	}
	const [pointer, other, expression] = left.kind === 'pointer' ? [left, right, e.right] : [right, left, e.left];
	if (isNullConstant(expression, context)) return;
	context.report.error(
		'type',
		e,
		`'${typeToString(pointer)}' is compared with '${typeToString(other)}': compare it with NULL or another pointer`,
	);
}

function checkUnary(e: ast.Unary, context: CheckContext): void {
	const { report, semantics } = context;
	switch (e.operator) {
		case '++':
		case '--':
			checkStep(e, e.operand, context);
			break;
		case '!':
			checkCondition(e.operand, context);
			break;
		case '*': {
			const type = typeOf(e.operand, context);
			if (type.kind === 'error') break;
			const text = sourceText(e.operand);
			if (type.kind !== 'pointer')
				report.error('type', e, `'${text}' is '${typeToString(type)}', not a pointer: '*' reads through pointers`);
			else if (type.to.kind === 'void')
				report.error('type', e, `'${text}' is 'void *': give it a type before reading through it`);
			else if (type.user)
				report.error('type', e, `'${text}' is an address in user space: use cpu_load() and cpu_store()`);
			break;
		}
		case '&': {
			const type = semantics.typeOf(e.operand);
			if (type.kind === 'error' || type.kind === 'function' || semantics.isLvalue(e.operand)) break;
			report.error('type', e, `'${sourceText(e.operand)}' has no address: '&' needs a variable, a field or an element`);
			break;
		}
		default:
			requireInt(e.operand, e.operator, context);
	}
}

function checkStep(e: ast.Unary | ast.Postfix, operand: ast.Expression, context: CheckContext): void {
	if (!checkWritable(operand, context, 'counted')) return;
	const type = typeOf(operand, context);
	if (type.kind === 'pointer') checkWalk(e, type, context);
	else requireInt(operand, e.operator, context);
}

function checkConditional(e: ast.Conditional, context: CheckContext): void {
	checkCondition(e.condition, context);
	const then = e.then ?? e.condition;
	const a = typeOf(then, context);
	const b = typeOf(e.otherwise, context);
	if (a.kind === 'error' || b.kind === 'error' || (a.kind === b.kind && a.kind !== 'pointer' && a.kind !== 'struct'))
		return;
	if (a.kind === 'pointer' && (isNullConstant(e.otherwise, context) || isVoid(b))) return;
	if (b.kind === 'pointer' && (isNullConstant(then, context) || isVoid(a))) return;
	if (a.kind === b.kind && sameType(a, b)) return;
	context.report.error(
		'type',
		e,
		`the two results of '?:' are '${typeToString(a)}' and '${typeToString(b)}': make them one type`,
	);
}

function isVoid(type: Type): boolean {
	return type.kind === 'pointer' && type.to.kind === 'void';
}

function checkIndex(e: ast.Index, context: CheckContext): void {
	const { report, semantics } = context;
	const array = semantics.typeOf(e.array);
	if (array.kind === 'error') return;
	requireInt(e.index, '[ ]', context);
	const index = semantics.constant(e.index);
	if (array.kind === 'array') {
		if (index !== undefined && array.length !== undefined && (index < 0 || index >= array.length)) {
			report.error(
				'type',
				e.index,
				`'${sourceText(e.array)}' has elements 0 to ${array.length - 1}: there is no element ${index}`,
			);
		}
		return;
	}
	if (array.kind !== 'pointer') {
		report.error(
			'type',
			e,
			`'${sourceText(e.array)}' is '${typeToString(array)}', not an array: '[ ]' takes an element of an array`,
		);
	} else if (array.to.kind === 'void') {
		report.error('type', e, `'${sourceText(e.array)}' is 'void *': give it a type before reading through it`);
	}
}

const POINTER_FROM_INT =
	'an integer cannot become a pointer here, only a T __user * (a page number): point to an object of the sketch with &';
const INT_FROM_POINTER =
	'a pointer has no number in the model: compare pointers with ==, or keep the number in a field of its own';
const OTHER_POINTER =
	'an object cannot be read as another type in the model: keep a pointer of its own type, or use container_of()';

function checkCast(e: ast.Cast, context: CheckContext): void {
	const { report, semantics } = context;
	const to = semantics.typeOfTypeName(e.type);
	if (!e.operand || to.kind === 'error' || to.kind === 'void') return;
	const from = typeOf(e.operand, context);
	if (from.kind === 'error') return;
	if (to.kind === 'struct' || to.kind === 'array' || to.kind === 'function') {
		report.error('type', e, `a cast cannot make '${typeToString(to)}': cast to an integer or a pointer`);
	} else if (from.kind === 'void' || from.kind === 'struct') {
		const is = from.kind === 'void' ? 'has no value' : `is '${typeToString(from)}'`;
		report.error('type', e.operand, `'${sourceText(e.operand)}' ${is} and cannot be cast`);
	} else if (to.kind === 'pointer' && from.kind === 'int') {
		if (!to.user && !isNullConstant(e.operand, context)) report.error('unsupported', e, POINTER_FROM_INT);
	} else if (to.kind === 'int' && from.kind === 'pointer') {
		if (!from.user && to.name !== 'bool') report.error('unsupported', e, INT_FROM_POINTER);
	} else if (to.kind === 'pointer' && from.kind === 'pointer') {
		// a user's address is a number of a page, whatever lies there
		const ofUser = to.user && from.user;
		const fits = ofUser || to.to.kind === 'void' || from.to.kind === 'void' || sameType(to.to, from.to);
		if (!fits || to.user !== from.user) report.error('unsupported', e, OTHER_POINTER);
	}
}

function checkNumber(e: ast.NumberLiteral, context: CheckContext): void {
	const value = context.semantics.constant(e);
	if (value !== undefined && value <= 2 ** 32 - 1) return;
	const shift = unwrap(e);
	context.report.error('type', shift, `${e.text} is too large: integers of the model have 32 bits`);
}
