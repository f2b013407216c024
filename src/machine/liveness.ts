import type { FunctionCode, Instruction, Operand } from './ir.js';

/** Registers that an instruction reads. */
export function reads(i: Instruction): Operand[] {
	switch (i.op) {
		case 'move':
		case 'convert':
			return [i.from];
		case 'binary':
			return [i.left, i.right];
		case 'unary':
			return [i.operand];
		case 'load':
			return [i.address];
		case 'store':
			return [i.address, i.value];
		case 'field':
			return [i.base];
		case 'index':
			return [i.base, i.index];
		case 'branch':
		case 'wait-until':
		case 'check':
			return [i.condition];
		case 'call':
		case 'primitive':
			return [...i.args];
		case 'indirect':
			return [i.callee, ...i.args];
		case 'return':
			return i.value === undefined ? [] : [i.value];
		case 'pick':
			return [i.low, i.high];
		default:
			return [];
	}
}

/** The register that an instruction writes, or -1. */
export const writes = (i: Instruction): number => ('to' in i ? i.to : -1);

/** Where control may go next. */
export function successors(i: Instruction, pc: number): number[] {
	switch (i.op) {
		case 'jump':
			return [i.target];
		case 'branch':
			return [i.yes, i.no];
		case 'return':
			return [];
		default:
			return [pc + 1];
	}
}

/** Fills `code.live`: backward dataflow, to the fixed point. */
export function computeLiveness(code: FunctionCode): void {
	const n = code.code.length;
	const live = Array.from({ length: n + 1 }, () => new Uint8Array(code.registers));
	const predecessors: number[][] = Array.from({ length: n + 1 }, () => []);
	for (let pc = 0; pc < n; pc++)
		for (const s of successors(code.code[pc] as Instruction, pc)) predecessors[s]?.push(pc);
	const queue = Array.from({ length: n }, (_, pc) => pc);
	const queued = new Uint8Array(n + 1).fill(1);
	while (queue.length > 0) {
		const pc = queue.pop() as number;
		queued[pc] = 0;
		const i = code.code[pc] as Instruction;
		const next = new Uint8Array(code.registers);
		for (const s of successors(i, pc)) {
			const after = live[s] as Uint8Array;
			for (let r = 0; r < next.length; r++) next[r] = (next[r] as number) | (after[r] as number);
		}
		const w = writes(i);
		if (w >= 0) next[w] = 0;
		for (const r of reads(i)) if (r >= 0) next[r] = 1;
		const old = live[pc] as Uint8Array;
		if (old.every((v, r) => v === next[r])) continue;
		live[pc] = next;
		for (const p of predecessors[pc] as number[])
			if (!queued[p]) {
				queued[p] = 1;
				queue.push(p);
			}
	}
	code.live = live;
}
