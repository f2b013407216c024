import type { Held, HeldMode, Task } from '../kernel/context.js';
import type { FunctionCode } from './ir.js';
import { type DynamicObject, UNINITIALISED } from './memory.js';

/** One call in progress. */
export interface Frame {
	readonly code: FunctionCode;
	pc: number;
	readonly registers: Int32Array;
	/** Number of held locks when the kernel called this driver callback; -1 for other frames. */
	heldAtEntry: number;
}

const IN_CALLBACK = 8;

export const Status = {
	running: 0,
	ended: 1,
	/** A daemon between two rounds: it may stop here for ever. */
	idle: 2,
	/** Not yet to be run: `finally` before every thread has ended. */
	waiting: 3,
} as const;

/** The part of a state that belongs to one thread: its calls in progress and what the kernel keeps about a task. */
export class ThreadState implements Task {
	status: number = Status.running;
	atomic = 0;
	nonBlock = 0;
	irqsOff = 0;
	signalling = 0;
	state = 0;
	readonly held: Held[] = [];
	readonly frames: Frame[] = [];

	/** Somebody has asked which thread this is: another one with the same code might do something else. */
	identified = false;

	constructor(readonly number: number) {}

	/** For whom it matters which thread this is; `number` where it does not. */
	get index(): number {
		this.identified = true;
		return this.number;
	}

	get frame(): Frame {
		return this.frames[this.frames.length - 1] as Frame;
	}

	push(code: FunctionCode, heldAtEntry: number): Frame {
		const frame: Frame = { code, pc: 0, registers: new Int32Array(code.registers), heldAtEntry };
		for (const register of code.unset) frame.registers[register] = UNINITIALISED;
		this.frames.push(frame);
		return frame;
	}

	/** Locals in memory that no other thread can reach, when the state was unpacked. */
	readonly own: DynamicObject[] = [];

	/** Packs into a vector, with the `own` memory locals; registers that are dead at their pc are zero, so that they make no difference. */
	pack(own: readonly DynamicObject[] = []): Int32Array {
		let length = 8 + 2 * this.held.length;
		for (const frame of this.frames) length += 3 + frame.code.registers;
		for (const object of own) length += 3 + object.cells.length;
		const vector = new Int32Array(length);
		vector.set([
			this.status,
			this.atomic,
			this.nonBlock,
			this.irqsOff,
			this.signalling,
			this.state,
			this.held.length,
			this.frames.length,
		]);
		let i = 8;
		for (const { resource, mode, inCallback } of this.held) {
			vector[i++] = resource;
			vector[i++] = mode | (inCallback ? IN_CALLBACK : 0);
		}
		for (const frame of this.frames) {
			vector[i++] = frame.code.index;
			vector[i++] = frame.pc;
			vector[i++] = frame.heldAtEntry;
			const live = frame.code.live[frame.pc];
			for (let r = 0; r < frame.code.registers; r++)
				vector[i++] = live === undefined || live[r] ? (frame.registers[r] as number) : 0;
		}
		for (const object of own) {
			vector[i++] = object.slot;
			vector[i++] = object.layout;
			vector[i++] = object.cells.length;
			vector.set(object.cells, i);
			i += object.cells.length;
		}
		return vector;
	}

	static unpack(index: number, vector: Int32Array, functions: readonly FunctionCode[]): ThreadState {
		const thread = new ThreadState(index);
		const copy = vector.slice();
		thread.status = vector[0] as number;
		thread.atomic = vector[1] as number;
		thread.nonBlock = vector[2] as number;
		thread.irqsOff = vector[3] as number;
		thread.signalling = vector[4] as number;
		thread.state = vector[5] as number;
		let i = 8;
		for (let n = vector[6] as number; n > 0; n--) {
			const mode = vector[i + 1] as number;
			thread.held.push({
				resource: vector[i] as number,
				mode: (mode & ~IN_CALLBACK) as HeldMode,
				inCallback: (mode & IN_CALLBACK) !== 0,
			});
			i += 2;
		}
		for (let n = vector[7] as number; n > 0; n--) {
			const code = functions[vector[i] as number] as FunctionCode;
			const registers = copy.subarray(i + 3, i + 3 + code.registers);
			thread.frames.push({ code, pc: vector[i + 1] as number, heldAtEntry: vector[i + 2] as number, registers });
			i += 3 + code.registers;
		}
		while (i < copy.length) {
			const size = copy[i + 2] as number;
			thread.own.push({
				slot: copy[i] as number,
				layout: copy[i + 1] as number,
				published: false,
				freed: false,
				references: 0,
				cells: copy.subarray(i + 3, i + 3 + size),
				at: -1,
			});
			i += 3 + size;
		}
		return thread;
	}
}

/** Where the memory locals that are a thread's own lie in its vector: the index of their first cell, by layout. */
export function* ownObjectsIn(
	vector: Int32Array,
	functions: readonly FunctionCode[],
): Generator<{ readonly layout: number; readonly at: number }> {
	let i = 8 + 2 * (vector[6] as number);
	for (let n = vector[7] as number; n > 0; n--) i += 3 + (functions[vector[i] as number] as FunctionCode).registers;
	for (; i < vector.length; i += 3 + (vector[i + 2] as number)) yield { layout: vector[i + 1] as number, at: i + 3 };
}

/** Where the registers of each frame lie in a packed vector, outermost frame first. */
export function* registersIn(
	vector: Int32Array,
	functions: readonly FunctionCode[],
): Generator<{ readonly code: FunctionCode; readonly pc: number; readonly at: number }> {
	let i = 8 + 2 * (vector[6] as number);
	for (let n = vector[7] as number; n > 0; n--) {
		const code = functions[vector[i] as number] as FunctionCode;
		yield { code, pc: vector[i + 1] as number, at: i + 3 };
		i += 3 + code.registers;
	}
}
