/** Statements that read and then write, with another thread in between: how an update is lost. */
import type { AstNode } from 'langium';
import type { Operand } from '../machine/ir.js';
import type { System } from '../machine/system.js';
import type { ThreadState } from '../machine/thread.js';
import { shownNode } from './run.js';

/** A step of a run: who goes, from where, with which memory. */
interface Step {
	readonly thread: number;
	readonly local: Int32Array;
	readonly shared: Int32Array;
}

interface Load {
	readonly at: number;
	readonly statement: AstNode;
	readonly depth: number;
	readonly address: number;
}

/** `reads hits` and `writes hits` for the two steps of a `hits++` that another thread comes between, by index. */
export function splitUpdates(system: System, steps: readonly Step[]): ReadonlyMap<number, string> {
	const remarks = new Map<number, string>();
	const loads = new Map<number, Load[]>();
	steps.forEach(({ thread, local, shared }, at) => {
		const task = system.task(thread, local);
		const access = task.frames.length === 0 ? undefined : accessOf(task);
		if (access === undefined) return;
		const statement = shownNode(access.node);
		const depth = task.frames.length;
		const { address } = access;
		const mine = (loads.get(thread) ?? []).filter((l) => l.statement === statement && l.depth === depth);
		loads.set(thread, access.write ? mine : [...mine, { at, statement, depth, address }]);
		if (!access.write) return;
		const load = mine.findLast((l) => l.address === address);
		if (load === undefined || !steps.some((s, n) => n > load.at && n < at && s.thread !== thread)) return;
		const name = system.nameOf(address, shared);
		remarks.set(load.at, `reads ${name}`);
		remarks.set(at, `writes ${name}`);
	});
	return remarks;
}

/** The load or store that stands next in a function of the user's. */
function accessOf(task: ThreadState): { node: AstNode; address: number; write: boolean } | undefined {
	const { code, pc } = task.frame;
	const next = code.code[pc];
	if (code.kernel || (next?.op !== 'load' && next?.op !== 'store')) return undefined;
	return { node: next.node, address: operandOf(task, next.address), write: next.op === 'store' };
}

/** The value of an operand of the instruction that stands next. */
export function operandOf({ frame }: ThreadState, operand: Operand): number {
	const { code, registers } = frame;
	return operand >= 0 ? (registers[operand] as number) : (code.constants[-1 - operand] as number);
}
