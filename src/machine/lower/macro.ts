import type { AstNode } from 'langium';
import type { Call, Expression } from '../../language/generated/ast.js';
import type { Type } from '../../language/types.js';
import type { Operand } from '../ir.js';
import type { FunctionLowering } from './function.js';
import { Label } from './label.js';
import { CannotLower } from './module.js';
import { operation } from './readers.js';

/** The macros of C and of the kernel that no function of the simulated kernel can express. */
export type Rule = (f: FunctionLowering, e: Call) => Operand;

export const rules = new Map<string, Rule>();
export const define = (names: string, rule: Rule): void => {
	for (const name of names.split(' ')) rules.set(name, rule);
};

export const arg = (e: Call, n: number): Expression => {
	const argument = e.arguments[n];
	if (argument === undefined) throw new CannotLower(e, 'an argument is missing');
	return argument;
};

export const typeOf = (f: FunctionLowering, e: Expression): Type => f.module.semantics.typeOf(e);

/** Emits a primitive of the simulated kernel. */
export function primitive(f: FunctionLowering, name: string, args: readonly Operand[], node: AstNode): Operand {
	const index = f.module.primitive(name);
	if (index === undefined) throw new CannotLower(node, `'${name}' is not modelled`);
	return operation(f, index, args, node);
}

/** Calls a function of the simulated kernel. */
export function library(f: FunctionLowering, name: string, args: readonly Operand[], node: Call): Operand {
	const declaration = f.module.named(name);
	if (declaration === undefined) throw new CannotLower(node, `'${name}' is not modelled`);
	const to = f.register();
	f.call(declaration, to, args, node);
	return to;
}

/** Any of these values: the adversary's to pick. */
export function oneOf(f: FunctionLowering, [first = 0, ...others]: readonly number[], e: Call): Operand {
	return orOneOf(f, f.constant(first), others, e);
}

/** What there is, or any of these values: the adversary's to pick. */
export function orOneOf(f: FunctionLowering, first: Operand, others: readonly number[], e: Call): Operand {
	const to = f.register();
	f.emit({ op: 'move', to, from: first }, e);
	if (others.length === 0) return to;
	const picked = f.register();
	f.emit({ op: 'pick', to: picked, low: f.constant(0), high: f.constant(others.length) }, e);
	others.forEach((value, n) => {
		const [same, takes, on] = [f.register(), new Label(), new Label()];
		f.emit(
			{
				op: 'binary',
				to: same,
				operator: '==',
				left: picked,
				right: f.constant(n + 1),
				kind: undefined,
				unsigned: false,
			},
			e,
		);
		f.branch(same, takes, on, e);
		f.place(takes);
		f.emit({ op: 'move', to, from: f.constant(value) }, e);
		f.place(on);
	});
	return to;
}
