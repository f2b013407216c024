/** What a device may answer: which values of a register a sketch tells apart. Nothing says what the hardware really has there. */

import type { AstNode } from 'langium';
import type * as ast from './generated/ast.js';
import type { Semantics } from './semantics.js';
import { Told } from './told-apart.js';

const forms = (names: string): string =>
	names
		.split(' ')
		.map((name) => `${name} ${name}_relaxed __raw_${name}`)
		.join(' ');

/** Functions that read a register of up to 32 bits, and of 64. */
export const READ_REGISTER = `${forms('readb readw readl')} ioread8 ioread16 ioread32 ioread16be ioread32be`;
export const READ_LONG_REGISTER = `${forms('readq')} ioread64`;

const known = new WeakMap<AstNode, readonly number[]>();

/** The values that the call of one may give: what its file compares them with, each bit it asks for, and one value more. */
export function valuesRead(call: ast.Call, semantics: Semantics): readonly number[] {
	let values = known.get(call);
	if (values === undefined) {
		values = new Told(call, semantics).from(call).values;
		known.set(call, values);
	}
	return values;
}

/** The same of a call that code was made for. */
export const knownValues = (node: AstNode): readonly number[] | undefined => known.get(node);
