import type { Held, Primitive } from '../kernel/context.js';
import { HeldMode } from '../kernel/context.js';
import { deathKey, StepContext, writtenKey } from './context.js';
import type { Instruction } from './ir.js';
import { type DynamicObject, isDynamic, offsetOf, slotOf, threadOfSlot } from './memory.js';
import { Movers } from './movers.js';
import { Status } from './thread.js';

/** The operation under way cannot be part of the step: it has to end before it. */
export class Retreat {}

/** Operations in one step, and ways that it can go. */
const MOST_OPERATIONS = 32;
const MOST_WAYS = 16;

/** A moment of a thread inside a step: none of its own in the graph. */
export interface Moment {
	readonly thread: number;
	readonly local: Int32Array;
	readonly shared: Int32Array;
}

/** Decides how many operations a step has: see movers.ts. Without movers it is one. */
export abstract class Merging extends StepContext {
	/** Operations of the step that are done. */
	protected operations = 0;
	/** The step ends after so many. */
	private most = MOST_OPERATIONS;
	/** What is done touches nothing that is shared; is right movers; is more than that. */
	private phase: 'local' | 'right' | 'left' = 'local';
	/** What the operation under way has done. */
	private touches = false;
	private takes = false;
	private releases = false;
	private moreThanThat = false;
	/** The cell of the lock that a primitive takes or releases, and nothing else; 0: none. */
	private lockCell = 0;
	private ofLock = false;
	/** Not atomic blocks: what follows is an operation of its own. */
	protected abstract readonly inAtomic: boolean;

	protected get movers(): Movers | undefined {
		return this.recording ? this.image.movers : undefined;
	}

	/** A step begins, of at most so many operations. */
	protected beginStep(most = this.image.merges ? MOST_OPERATIONS : 1): void {
		this.operations = 0;
		this.most = most;
		this.phase = 'local';
		this.lockCell = 0;
		this.beginOperation();
	}

	private beginOperation(): void {
		this.touches = false;
		this.takes = false;
		this.releases = false;
		this.moreThanThat = false;
	}

	/** The operation under way is over. */
	protected endOperation(): void {
		const { movers } = this;
		if (movers === undefined) return;
		for (const { resource, mode } of this.task.held)
			if (mode === HeldMode.mutex || mode === HeldMode.spin) movers.keep(this.keyOf(resource));
		const other = this.moreThanThat || (this.takes && this.releases);
		if (other || this.takes) {
			if (this.phase === 'left') throw new Retreat();
			this.phase = other ? 'left' : 'right';
		} else if (this.releases) this.phase = 'left';
		else if (this.touches && this.phase === 'local') this.phase = 'right';
		this.operations++;
		this.beginOperation();
	}

	/** May the step go on with another operation, which begins with `next`? */
	protected goesOn(next: Instruction): boolean {
		const { movers, thread } = this;
		if (movers === undefined) return false;
		this.endOperation();
		if (this.operations >= this.most || thread.status === Status.idle || this.expired !== undefined) return false;
		if (this.domains.reduce((a, b) => a * b, 1) >= MOST_WAYS) return false;
		switch (next.op) {
			case 'load':
			case 'store': {
				const address = this.value(next.address);
				const object = isDynamic(address) ? this.memory.find(slotOf(address)) : undefined;
				if (isDynamic(address) && object === undefined) return false;
				const write = next.op === 'store';
				const key = object === undefined ? address : writtenKey(object.layout, offsetOf(address));
				if (!thread.frame.code.kernel && movers.mayRace(key, this.locks(object, false))) return false;
				if (this.phase === 'left' && !movers.isProtected(key, write, this.locks(object, write))) return false;
				break;
			}
			case 'primitive':
				if ((this.image.primitives[next.primitive] as Primitive).waits === true && this.phase !== 'local') return false;
				break;
			case 'wait-until':
				if (this.phase !== 'local') return false;
				break;
			case 'atomic-begin':
				if (movers.races && this.mayRaceInAtomic()) return false;
				break;
			default:
				break;
		}
		this.pass();
		return true;
	}

	/** xchg() and its like, and list operations that the sketch calls. */
	private mayRaceInAtomic(): boolean {
		const { code, pc } = this.thread.frame;
		if (code.kernel) return code.name.startsWith('list_');
		const first = code.code[pc + 1];
		return first?.op === 'load' || first?.op === 'store';
	}

	private pass(): void {
		const { thread } = this;
		if (thread.held.length === 0 && thread.frames.every((f) => f.heldAtEntry < 0)) return;
		const local = thread.pack(this.memory.own);
		const key = `${thread.number} ${local.join()}`;
		if (!this.moments.has(key)) this.moments.set(key, { thread: thread.number, local, shared: this.memory.snapshot() });
	}

	/** Moments inside steps at which the thread holds something or is in a callback: each local vector once. */
	readonly moments = new Map<string, Moment>();

	/** The operation may have to wait. */
	protected mayWait(): void {
		if (this.movers === undefined) return;
		if (this.operations > 0 && this.phase !== 'local') throw new Retreat();
		this.moreThanThat = true;
	}

	/** It does have to: then it does so as the first of a step. */
	protected override waits(): void {
		if (this.movers !== undefined && this.operations > 0) throw new Retreat();
	}

	protected beginPrimitive(primitive: Primitive, args: readonly number[]): void {
		const { movers } = this;
		if (movers === undefined) return;
		this.ofLock = primitive.ofLock === true;
		const [lock = 0] = args;
		const key = primitive.lock === undefined ? 0 : this.keyOf(lock);
		const plain = key !== 0 && movers.isPlain(key);
		this.lockCell = plain ? lock : 0;
		if (primitive.waits !== true) return;
		const before = this.moreThanThat;
		if (!(primitive.lock === 'takes' && this.inAtomic && key !== 0 && movers.isBrief(key))) this.mayWait();
		// to take a lock is no more than that
		if (plain) this.moreThanThat = before;
	}

	/** It has not blocked. */
	protected endPrimitive(primitive: Primitive): void {
		if (this.lockCell !== 0) {
			if (primitive.lock === 'takes') this.takes = true;
			else this.releases = true;
		}
		this.lockCell = 0;
		this.ofLock = false;
	}

	/** Notes an access to memory that other threads may see. */
	protected override touched(address: number, object: DynamicObject | undefined, write: boolean): void {
		const { movers } = this;
		if (movers === undefined || object?.published === false || address === this.lockCell) return;
		const key = object === undefined ? address : writtenKey(object.layout, offsetOf(address));
		if (!this.thread.frame.code.kernel || this.thread.frame.code.name.startsWith('list_')) this.use(key, write);
		if (!write && !this.image.written.has(key) && !this.mayDie(object)) return;
		this.noteAccess(key, object, write);
	}

	private mayDie(object: DynamicObject | undefined): boolean {
		return (
			object !== undefined &&
			threadOfSlot(object.slot) !== this.thread.number &&
			this.image.written.has(deathKey(object.layout))
		);
	}

	private use(key: number, write: boolean): void {
		const { frame, number } = this.thread;
		const i = frame.code.code[frame.pc];
		if (frame.code.kernel) this.movers?.use(key, true, false, number);
		else if (this.inAtomic) this.movers?.use(key, true, true, number);
		else this.movers?.use(key, write, (i?.op === 'load' || i?.op === 'store') && i.marked === true, number);
	}

	/** An object ends its life: a write to all of its cells. */
	protected override ends(object: DynamicObject): void {
		if (this.movers === undefined) return;
		this.moreThanThat = true;
		for (let n = 0; n < object.cells.length; n++) this.noteAccess(writtenKey(object.layout, n), object, true);
	}

	/** Something is done that other threads may see, and that is no access to memory. */
	protected override shows(): void {
		this.moreThanThat = true;
	}

	/** A pointer to what is gone is made to dangle. */
	protected cuts(key: number): void {
		if (this.movers === undefined) return;
		this.moreThanThat = true;
		this.movers.access(key, true, [], false);
	}

	private noteAccess(key: number, object: DynamicObject | undefined, write: boolean): void {
		if (this.movers?.access(key, write, this.locks(object, write), this.ofLock) === true) this.touches = true;
		else this.moreThanThat = true;
	}

	/** What keeps others off cells of an object, or of global memory, by name. */
	private locks(object: DynamicObject | undefined, write: boolean): number[] {
		const movers = this.movers as Movers;
		const own = movers.own(this.thread.number);
		const names = own === undefined ? [] : [own];
		for (const held of this.thread.held) {
			if (held.mode === HeldMode.token || (write && held.mode === HeldMode.read)) continue;
			const name = this.nameOf(held, object);
			const key = name === 0 ? 0 : this.keyOf(held.resource);
			if (key !== 0 && movers.protects(name, key, sizeOf(held))) names.push(name);
		}
		return names;
	}

	/** Of the locks in objects only those in the same one count: which object an address means differs from run to run. */
	private nameOf({ resource }: Held, object: DynamicObject | undefined): number {
		if (!isDynamic(resource)) return resource;
		return object !== undefined && slotOf(resource) === object.slot ? Movers.inside(offsetOf(resource)) : 0;
	}

	/** As WrittenCells has it; 0 where there is nothing. */
	private keyOf(address: number): number {
		if (!isDynamic(address)) return address;
		const object = this.memory.find(slotOf(address));
		return object === undefined ? 0 : writtenKey(object.layout, offsetOf(address));
	}
}

/** Cells of a lock: who reads, who writes, and who waits, where there are readers. */
const sizeOf = ({ mode }: Held): number => (mode === HeldMode.read || mode === HeldMode.write ? 3 : 1);
