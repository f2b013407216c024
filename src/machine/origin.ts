import { sourceText } from '../language/text.js';
import type { FunctionCode, Operand } from './ir.js';

/** What a value is called in the source, and the address that it was read from, where it was. */
export interface Origin {
	readonly text: string;
	readonly address: Operand | undefined;
	/** It is what a call returned. */
	readonly call: boolean;
}

/** Where the value of an operand comes from: a variable, or what the temporary in which it is was made by. */
export function originOf(code: FunctionCode, pc: number, operand: Operand): Origin | undefined {
	if (operand < 0) return undefined;
	const name = code.registerNames[operand];
	if (name !== undefined && name !== '') return { text: `'${name}'`, address: undefined, call: false };
	for (let at = pc - 1; at >= 0; at--) {
		const instruction = code.code[at];
		if (instruction === undefined || !('to' in instruction) || instruction.to !== operand) continue;
		if (instruction.op === 'move' || instruction.op === 'convert') return originOf(code, at, instruction.from);
		const address = instruction.op === 'load' ? instruction.address : undefined;
		const call = instruction.op === 'call' || instruction.op === 'indirect';
		return { text: `'${sourceText(instruction.node)}'`, address, call };
	}
	return undefined;
}
