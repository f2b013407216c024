import type { Expression } from '../../language/generated/ast.js';
import { commonType, decay, INT, LONG, promote, type Type } from '../../language/types.js';
import { BEHIND, type BinaryOperator, type IntKind, type Operand } from '../ir.js';
import type { FunctionLowering } from './function.js';

/* Operators of two operands, with C's conversions. */

export const kindOf = (type: Type): IntKind | undefined =>
	type.kind === 'int' ? { min: type.min, max: type.max, name: type.name } : undefined;
export const isUnsigned = (type: Type): boolean => type.kind === 'pointer' || (type.kind === 'int' && !type.signed);

/** The value of `left operator right`, and its type. */
export function arithmetic(
	f: FunctionLowering,
	operator: BinaryOperator,
	left: Operand,
	leftType: Type,
	right: Operand,
	rightType: Type,
	node: Expression,
): { value: Operand; type: Type } {
	const a = decay(leftType);
	const b = decay(rightType);
	const walked = walk(f, operator, left, a, right, b, node);
	if (walked !== undefined) return walked;
	const shift = operator === '<<' || operator === '>>';
	const common: Type = a.kind === 'int' && b.kind === 'int' ? (shift ? promote(a) : commonType(a, b)) : INT;
	const comparison = ['==', '!=', '<', '>', '<=', '>='].includes(operator);
	const to = f.register();
	f.emit(
		{
			op: 'binary',
			to,
			operator,
			left,
			right,
			kind: comparison ? undefined : kindOf(common),
			unsigned: isUnsigned(a.kind === 'int' && b.kind === 'int' ? common : a),
		},
		node,
	);
	return { value: to, type: comparison ? INT : common };
}

/** Pointers count in elements of what they lead to; those to user space are page numbers. */
function walk(
	f: FunctionLowering,
	operator: BinaryOperator,
	left: Operand,
	a: Type,
	right: Operand,
	b: Type,
	node: Expression,
): { value: Operand; type: Type } | undefined {
	if (operator !== '+' && operator !== '-') return undefined;
	const pointer = a.kind === 'pointer' ? a : b;
	if (pointer.kind !== 'pointer' || pointer.user) return undefined;
	// a mapping is one object
	if (pointer.iomem && a.kind !== b.kind) return { value: a.kind === 'pointer' ? left : right, type: pointer };
	const stride = f.module.layouts.cells(pointer.to);
	const to = f.register();
	const plain = { kind: undefined, unsigned: false } as const;
	if (a.kind === 'pointer' && b.kind === 'pointer') {
		const apart = f.register();
		f.emit({ op: 'binary', to: apart, operator: '-', left, right, ...plain }, node);
		f.emit({ op: 'binary', to, operator: '/', left: apart, right: f.constant(stride), ...plain }, node);
		return { value: to, type: LONG };
	}
	let [base, index] = a.kind === 'pointer' ? [left, right] : [right, left];
	if (operator === '-') {
		const back = f.register();
		f.emit({ op: 'unary', to: back, operator: '-', operand: index, ...plain }, node);
		index = back;
	}
	f.emit({ op: 'index', to, base, index, stride, length: BEHIND }, node);
	return { value: to, type: pointer };
}
