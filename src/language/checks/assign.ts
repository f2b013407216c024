/** C's rules for `=`, arguments, initialisers and `return`: what may go where. */

import { isEmptyInitializer } from '../builtins.js';
import type { Expression } from '../generated/ast.js';
import type { Severity } from '../problem.js';
import { sourceText } from '../text.js';
import { unwrap } from '../tree.js';
import { decay, type PointerType, sameType, type Type, typeToString } from '../types.js';
import type { CheckContext } from './context.js';

/** Why a value does not fit, as the end of a sentence that starts with what it is for. */
export interface Misfit {
	readonly severity: Severity;
	readonly why: string;
}

/** True for `0` and `NULL`: the integer constants that are pointers too. */
export function isNullConstant(expression: Expression, context: CheckContext): boolean {
	const inner = unwrap(expression);
	if (inner.$type === 'Cast') {
		const type = context.semantics.typeOfTypeName(inner.type);
		return (
			type.kind === 'pointer' && type.to.kind === 'void' && !!inner.operand && isNullConstant(inner.operand, context)
		);
	}
	if (inner.$type === 'NameRef' && inner.target.ref?.$type === 'Define') {
		const { value } = inner.target.ref;
		return value !== undefined && isNullConstant(value, context);
	}
	return context.semantics.typeOf(inner).kind === 'int' && context.semantics.constant(inner) === 0;
}

/** Why `value` cannot become a `to`; undefined when it can. */
export function misfit(value: Expression, to: Type, context: CheckContext): Misfit | undefined {
	const inner = unwrap(value);
	if (inner.$type === 'Conditional' && to.kind === 'pointer') {
		const first = inner.then && misfit(inner.then, to, context);
		return first ?? misfit(inner.otherwise, to, context);
	}
	if (to.kind === 'struct' && isEmptyInitializer(inner)) return undefined;
	const from = decay(context.semantics.typeOf(value));
	if (from.kind === 'error' || to.kind === 'error') return undefined;
	if (inner.$type === 'TypeArgument') return fail(`'${sourceText(inner)}' is a type, not a value`);
	// What cannot be read through a 'void *' is reported where it is read.
	if (from.kind === 'void' && inner.$type === 'Unary') return undefined;
	if (from.kind === 'void') return fail(`'${sourceText(inner)}' has no value: what it calls returns void`);
	const are = `'${sourceText(inner)}' is '${typeToString(from)}', not '${typeToString(to)}'`;
	switch (to.kind) {
		case 'int':
			if (from.kind === 'int' || (from.kind === 'pointer' && to.name === 'bool')) return undefined;
			if (from.kind === 'pointer' && from.to.kind === 'int') return fail(`${are}: read what it points to with '*'`);
			return fail(are);
		case 'pointer':
			if (from.kind === 'pointer') return pointerMisfit(from, to, are);
			if (isNullConstant(value, context)) return undefined;
			if (from.kind === 'struct' && sameType(from, to.to)) return fail(`${are}: take its address with '&'`);
			return fail(are);
		case 'struct':
			if (from.kind === 'pointer' && sameType(from.to, to)) return fail(`${are}: read what it points to with '*'`);
			return sameType(from, to) ? undefined : fail(are);
		case 'array':
			return fail(`an array cannot be assigned as a whole: copy its elements`);
		default:
			return fail(are);
	}
}

function pointerMisfit(from: PointerType, to: PointerType, are: string): Misfit | undefined {
	const anything = from.to.kind === 'void' || to.to.kind === 'void';
	if (from.user !== to.user) {
		const which = from.user ? 'an address in user space' : 'an object of the kernel';
		return fail(`${are}: it is ${which}, and __user pointers and others do not mix`);
	}
	if (!anything && !sameType(from.to, to.to)) return fail(are);
	if (from.const && !to.const) {
		return { severity: 'warning', why: `${are}: this drops 'const', add it to the declaration that takes the value` };
	}
	return undefined;
}

function fail(why: string): Misfit {
	return { severity: 'error', why };
}

/** Reports a value that does not fit; `what` begins the sentence, if the misfit needs one. */
export function checkAssign(value: Expression, to: Type, context: CheckContext, what?: string): void {
	const found = misfit(value, to, context);
	if (!found) return;
	const message = what ? `${what}: ${found.why}` : found.why;
	if (found.severity === 'error') context.report.error('type', value, message);
	else context.report.warning('type', value, message);
}

/** Reports a condition that is neither integer nor pointer. */
export function checkCondition(condition: Expression | undefined, context: CheckContext): void {
	if (!condition) return;
	const type = decay(context.semantics.typeOf(condition));
	if (type.kind === 'int' || type.kind === 'pointer' || type.kind === 'error') return;
	const text = sourceText(condition);
	const why = type.kind === 'void' ? 'has no value: what it calls returns void' : `is '${typeToString(type)}'`;
	context.report.error('type', condition, `a condition must be an integer or a pointer, but '${text}' ${why}`);
}
