import type { AstNode } from 'langium';
import type { Call, Expression } from '../../language/generated/ast.js';
import type { Type } from '../../language/types.js';
import type { Operand } from '../ir.js';
import type { FunctionLowering } from './function.js';
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
