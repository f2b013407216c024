import type { AstNode } from 'langium';
import { BLOCKED, type KernelContext, type Task, type Wait } from '../kernel/context.js';
import { brokenRule } from '../kernel/primitives/contract.js';
import { isCall, isNameRef } from '../language/generated/ast.js';
import { sourceOf } from '../language/text.js';
import type { Footprint } from './footprint.js';
import type { Instruction, Operand } from './ir.js';
import {
	addressOf,
	DYNAMIC,
	type DynamicObject,
	GLOBAL_BASE,
	isDynamic,
	isHeap,
	MAX_CELLS,
	type Memory,
	offsetOf,
	slotOf,
	threadOfSlot,
	UNINITIALISED,
} from './memory.js';
import { originOf } from './origin.js';
import type { Image, Report, Trace } from './step.js';
import type { ThreadState } from './thread.js';

/** After what the object at `address` is no more. */
const lifeOf = (address: number): string => (isHeap(address) ? 'kfree' : 'its function has returned');

/** Ends a step early: a fatal report was made, or the step cannot be taken. */
export class StepEnds {
	constructor(readonly wait: Wait | undefined) {}
}

/** Ways in which one step may go: they are all walked. */
const MAX_CHOICES = 4096;

/** The thread that takes a step, and memory, as primitives of the simulated kernel and the interpreter see them. */
export abstract class StepContext implements KernelContext {
	protected thread!: ThreadState;
	protected memory!: Memory;
	protected reports: Report[] = [];
	/** What the adversary picks in this step, and out of how many; `cursor`: the next one. */
	protected picks: number[] = [];
	protected domains: number[] = [];
	protected cursor = 0;
	protected waitOverride: number | undefined;
	protected expired: Wait | undefined;
	/** Setup runs alone: nothing it writes counts as written while others run. */
	protected recording = true;
	/** Hears what the step reads and writes, where somebody wants to remember it. */
	protected footprint: Footprint | undefined;
	/** Hears what happens in a step that is taken again. */
	protected trace: Trace | undefined;
	/** The block that the thread runs: what is reported at its end stands there. */
	protected outermost!: AstNode;

	constructor(protected readonly image: Image) {}

	get task(): Task {
		return this.thread;
	}
	get inNotifierCallback(): boolean {
		const { frames } = this.thread;
		return frames.some((f, n) => f.heldAtEntry >= 0 && /:\/mn\//.test(sourceOf((frames[n - 1] ?? f).code.node).uri));
	}
	get tasks(): number {
		return this.image.taskCount;
	}

	protected value(operand: Operand): number {
		const { frame } = this.thread;
		return operand >= 0 ? (frame.registers[operand] as number) : (frame.code.constants[-1 - operand] as number);
	}

	/** The value of an operand that the instruction does more with than to copy it: it must have been set. */
	protected used(operand: Operand): number {
		const value = this.value(operand);
		if (value === UNINITIALISED) this.unset(operand);
		return value;
	}

	private unset(operand: Operand): never {
		const { frames } = this.thread;
		const { code, pc, registers } = this.thread.frame;
		let origin = originOf(code, pc, operand);
		const heap = origin?.address !== undefined && origin.address >= 0 && isHeap(registers[origin.address] as number);
		// the driver knows its own argument, not what the kernel calls it
		const user = code.kernel ? frames.findLast((f) => !f.code.kernel) : undefined;
		const call = user?.code.code[user.pc - 1];
		if (user !== undefined && call?.op === 'call') {
			const given = call.args.find((a) => a >= 0 && user.registers[a] === UNINITIALISED);
			if (given !== undefined) origin = originOf(user.code, user.pc - 1, given);
		}
		const why = origin?.call ? ' is used, but nothing was returned' : ' is used before it was set';
		return this.fatal(
			'uninitialised',
			`${origin?.text ?? 'a value'}${why}${heap ? ': kmalloc() leaves what was there before' : ''}`,
			heap ? (registers[origin?.address as number] as number) : 0,
		);
	}

	protected set(register: number, value: number): void {
		if (register >= 0) this.thread.frame.registers[register] = value;
	}

	/** What a message calls an operation that may sleep: for the kernel's helpers, what was called to get into them. */
	protected sleeper(primitive: string, node: AstNode): string {
		if (!primitive.startsWith('__')) return primitive;
		const { frames } = this.thread;
		for (let n = frames.length - 1; n >= 0; n--) {
			const { code } = frames[n] as ThreadState['frames'][number];
			if (code.kernel && !/^(__|might_)/.test(code.name)) return code.name;
			if (code.kernel) continue;
			const inner = frames[n] as ThreadState['frames'][number];
			const at = n === frames.length - 1 ? node : (code.code[inner.pc - 1] as Instruction).node;
			return isCall(at) && isNameRef(at.callee) ? at.callee.target.$refText : primitive;
		}
		return primitive;
	}

	/** The kernel's might_sleep(): complains, and goes on. */
	mightSleep(what: string, inAnyState = false): void {
		if (this.thread.atomic > 0 || this.thread.irqsOff > 0) {
			const lock = this.thread.held.find((h) => h.mode === 2);
			this.warn(
				'sleep-in-atomic',
				lock ? `${what} may sleep, while spinlock %r is held` : `${what} may sleep in atomic context`,
				lock?.resource,
			);
		} else if (this.thread.nonBlock > 0)
			this.warn('sleep-in-nonblock', `${what} may sleep in a non-blockable invalidation`);
		else if (this.thread.state !== 0 && !inAnyState) this.warn('contract', brokenRule(29));
	}

	// ---- memory ----

	/** What a primitive reads it also uses. */
	load(address: number): number {
		const value = this.read(address);
		if (value === UNINITIALISED) this.fatal('uninitialised', '%r is used before it was set', address);
		return value;
	}

	copy(address: number): number {
		return this.read(address);
	}

	protected read(address: number): number {
		const cells = this.cell(address, 'read');
		if (this.at >= 0) this.footprint?.read(this.at);
		this.touched(address, this.object, false);
		return cells[this.offset] as number;
	}

	store(address: number, value: number): void {
		const cells = this.cell(address, 'written');
		cells[this.offset] = value;
		if (this.at >= 0) this.footprint?.writes.push(this.at);
		this.touched(address, this.object, true);
		if (!isDynamic(address)) {
			if (this.recording) this.image.written.add(address);
			this.memory.publish(value);
			return;
		}
		const object = this.memory.find(slotOf(address)) as DynamicObject;
		if (!object.published) return;
		if (this.recording) this.image.written.add(writtenKey(object.layout, offsetOf(address)));
		this.memory.publish(value);
	}

	/** What `cell` has found: the index in its array, and in the vector of shared memory (-1 for what is the thread's own). */
	private offset = 0;
	private at = -1;
	private object: DynamicObject | undefined;

	/** Hears of every access. `object`: what the cell is part of; undefined for globals. */
	protected abstract touched(address: number, object: DynamicObject | undefined, write: boolean): void;
	/** Hears of objects whose life ends, and that others may know. */
	protected abstract ends(object: DynamicObject): void;
	/** Hears of what others can see without an access to memory. */
	protected abstract shows(): void;
	/** Hears that the operation cannot be done now. */
	protected abstract waits(): void;

	/** Would a load look at what another thread may write? */
	protected isSharedRead(address: number): boolean {
		if (!isDynamic(address)) return this.image.written.has(address);
		const object = this.memory.find(slotOf(address));
		// a bad address is reported when the instruction runs
		return (
			object?.published === true &&
			(object.freed ||
				this.image.written.has(writtenKey(object.layout, offsetOf(address))) ||
				(threadOfSlot(object.slot) !== this.thread.number && this.image.written.has(deathKey(object.layout))))
		);
	}

	/** Pointers into the heap, and to locals of other threads: the frames of this one take care of its own. */
	private isCounted(value: number): boolean {
		return isDynamic(value) && (isHeap(value) || threadOfSlot(slotOf(value)) !== this.thread.number);
	}

	/** Registers and own locals that point to them keep objects that are gone from being forgotten. */
	protected countReferences(sign: number): void {
		for (const { cells } of this.memory.own)
			for (const cell of cells) {
				const object = this.isCounted(cell) ? this.memory.find(slotOf(cell)) : undefined;
				if (object !== undefined) object.references += sign;
			}
		for (const frame of this.thread.frames) {
			const live = frame.code.live[frame.pc];
			for (let r = 0; r < frame.registers.length; r++) {
				const value = frame.registers[r] as number;
				if (!this.isCounted(value) || (live !== undefined && !live[r])) continue;
				const object = this.memory.find(slotOf(value));
				if (object !== undefined) object.references += sign;
			}
		}
	}

	/** The array that holds the cell at `address`; a bad address ends the run. */
	private cell(address: number, what: 'read' | 'written'): Int32Array {
		if (address >= GLOBAL_BASE && address < GLOBAL_BASE + this.memory.globals.length) {
			if (this.image.guards.has(address)) this.fatal('out-of-bounds', `a cell behind the end of an array is ${what}`);
			this.offset = this.at = address - GLOBAL_BASE;
			this.object = undefined;
			return this.memory.globals;
		}
		if (isDynamic(address)) {
			const object = this.memory.find(slotOf(address));
			if (object === undefined || object.freed)
				return this.fatal('use-after-free', `memory is ${what} after ${lifeOf(address)}`, address);
			if (offsetOf(address) >= object.cells.length)
				return this.fatal('out-of-bounds', `a cell behind the end of the object is ${what}`);
			this.offset = offsetOf(address);
			this.at = object.at < 0 ? -1 : object.at + this.offset;
			this.object = object;
			return object.cells;
		}
		if (address === UNINITIALISED)
			return this.fatal('uninitialised', `memory is ${what} through a pointer that was never set`);
		if (address < 0)
			return this.fatal('null-deref', `memory is ${what} through an error pointer (ERR_PTR(${address}))`);
		return this.fatal(
			'null-deref',
			address < GLOBAL_BASE
				? `memory is ${what} through NULL`
				: `memory is ${what} through something that is no pointer`,
		);
	}

	/** `behind` 1: the pointer may lead right behind the object, as long as nobody reads there. */
	protected checkExtent(base: number, index: number, stride: number, behind: number): void {
		let start = 0;
		let size: number;
		if (isDynamic(base)) {
			const object = this.memory.find(slotOf(base));
			if (object === undefined || object.freed)
				this.fatal('use-after-free', `memory is used after ${lifeOf(base)}`, base);
			start = addressOf(slotOf(base), 0);
			size = (object as DynamicObject).cells.length;
		} else {
			const global = this.image.globalAt(base);
			if (global === undefined) {
				if (index !== 0 && base < GLOBAL_BASE) this.fatal('null-deref', 'index into NULL');
				return;
			}
			start = global.address;
			size = global.cells;
		}
		const at = base - start + index * stride;
		if (at < 0 || at >= size + behind)
			this.fatal('out-of-bounds', `index ${index} is outside an object of ${Math.floor(size / stride)} elements`);
	}

	/** A pointer that is taken for one to a struct, or to a part of one: the struct has to be there, as a whole. */
	protected checkWhole(base: number, offset: number, { cells, name }: { cells: number; name: string }): void {
		let start: number;
		let size: number;
		if (isDynamic(base)) {
			const object = this.memory.find(slotOf(base));
			if (object === undefined || object.freed) return;
			start = addressOf(slotOf(base), 0);
			size = object.cells.length;
		} else {
			const global = this.image.globalAt(base);
			if (global === undefined) return;
			start = global.address;
			size = global.cells;
		}
		const at = base - start + offset;
		if (at >= 0 && at + cells <= size) return;
		const why = offset < 0 || base > start ? 'is no part of a' : 'is no';
		this.fatal('out-of-bounds', `%r ${why} struct ${name}: there is no such object around it`, base);
	}

	lane(name: string): number {
		return this.image.lane(name);
	}

	get ofTheProcess(): boolean {
		return this.image.isOfProcess(this.thread.number);
	}

	get inInterrupt(): boolean {
		return this.image.isInterrupt(this.thread.number);
	}

	get unfairRwsem(): boolean {
		return this.image.unfairRwsem;
	}

	get preemptRt(): boolean {
		return this.image.preemptRt;
	}

	symbol(name: string): number {
		return this.image.symbols.get(name) ?? 0;
	}

	get inSetup(): boolean {
		return !this.recording;
	}

	mayFail(): boolean {
		return this.recording && !this.image.noErrors;
	}

	maySignal(): boolean {
		return this.mayFail() && this.ofTheProcess;
	}

	pick(low: number, high: number): number {
		const at = this.cursor++;
		if (at >= this.domains.length) {
			this.domains.push(high - low + 1);
			if (this.domains.reduce((a, b) => a * b) > MAX_CHOICES) {
				this.domains.pop();
				this.cursor--;
				this.fatal(
					'bounded',
					`any(${low}, ${high}) gives one step more than ${MAX_CHOICES} ways to go: nothing behind it was looked at`,
				);
			}
		}
		if (at >= this.picks.length) this.picks.push(0);
		const value = low + (this.picks[at] as number);
		const { code, pc } = this.thread.frame;
		const instruction = code.code[pc] as Instruction;
		if (instruction.op === 'pick') this.trace?.picked?.(value, instruction.node, code);
		return value;
	}

	warn(code: string, message: string, resource = 0): void {
		this.report(code, message, resource, false);
	}

	fatal(code: string, message: string, resource = 0): never {
		this.report(code, message, resource, true);
		throw new StepEnds(undefined);
	}

	private report(code: string, message: string, resource: number, fatal: boolean): void {
		const { frames } = this.thread;
		const stack = frames.map((f, n) => {
			const pc = n === frames.length - 1 ? f.pc : f.pc - 1;
			return { code: f.code, node: (f.code.code[pc] ?? (f.code.code[f.code.code.length - 1] as Instruction)).node };
		});
		const node = stack[stack.length - 1]?.node ?? this.outermost;
		this.reports.push({ code, message, resource, node, stack, fatal });
	}

	protected blockedOn: Wait = { kind: 'condition', resource: 0 };

	block(wait: Wait): typeof BLOCKED {
		this.waits();
		this.blockedOn = wait;
		return BLOCKED;
	}

	expire(wait: Wait): void {
		this.waits();
		this.expired = this.named(wait);
	}

	waitsFor(resource: number): void {
		this.waitOverride = resource === 0 ? undefined : resource;
	}

	allocate(layout: number, cells: number, zero: boolean): number {
		if (cells > MAX_CELLS) this.fatal('bounded', `an object of ${cells} cells: the model holds at most ${MAX_CELLS}`);
		// which place is free is for all to see
		this.shows();
		return addressOf(this.memory.add(this.memory.freeHeapSlot(), layout, cells, zero).slot, 0);
	}

	forget(address: number): void {
		if (isHeap(address)) this.store(address, UNINITIALISED);
	}

	free(address: number): void {
		if (address === 0) return;
		const object = isHeap(address) ? this.memory.find(slotOf(address)) : undefined;
		if (object === undefined) this.fatal('use-after-free', 'kfree of something that did not come from kmalloc');
		else if (object.freed) this.fatal('use-after-free', 'double free');
		else if (offsetOf(address) !== 0) this.fatal('use-after-free', 'kfree of the middle of an object');
		else {
			this.memory.free(object);
			this.shows();
			if (object.published) this.ends(object);
			// for other threads every cell changes: reading one is a step, before the end of its life and after
			if (object.published && this.recording)
				for (let n = 0; n < object.cells.length; n++) this.image.written.add(writtenKey(object.layout, n));
		}
	}

	publish(address: number): void {
		this.memory.publish(address);
	}

	/** A wait, with what __waits_for() says about it. */
	protected named(wait: Wait): Wait {
		return this.waitOverride === undefined ? wait : { ...wait, kind: 'token', resource: this.waitOverride };
	}
}

/** Key in WrittenCells of locals that end their life while others may look at them. */
export const deathKey = (layout: number): number => -1 - layout;

/** Key of a cell of objects in WrittenCells: apart from every global address. */
export const writtenKey = (layout: number, offset: number): number => DYNAMIC + layout * MAX_CELLS + offset;
