import type { Primitive, Wait } from '../kernel/context.js';
import { BLOCKED } from '../kernel/context.js';
import { binary, convert, unary } from './arithmetic.js';
import { deathKey, StepEnds, writtenKey } from './context.js';
import { type Change, Footprint, type Footprints, isTimeout, reportsOf } from './footprint.js';
import { BEHIND, type FunctionCode, type Instruction } from './ir.js';
import {
	addressOf,
	DANGLING,
	FUNCTION,
	GLOBAL_BASE,
	isDynamic,
	isFunction,
	isSlotOf,
	Memory,
	slotOf,
	stackSlot,
	UNCHANGED,
	UNINITIALISED,
} from './memory.js';
import { Merging, Retreat } from './merging.js';
import type { Move, NamedStep, Names, StepResult, Trace } from './step.js';
import { Status, ThreadState } from './thread.js';

/** After this many instructions without a visible one the thread is parked, so that a loop on locals cannot hang the checker. */
const MAX_INVISIBLE = 2_000;
/** After this many in one atomic step it is given up. */
const MAX_ATOMIC = 100_000;
const MAX_CALL_DEPTH = 48;

/** Runs one thread for one step. One instance serves one system; it keeps no state between steps. */
export class Interpreter extends Merging {
	/** The last step ended in a loop that no other thread can see. */
	spins = false;
	/** `cursor` before the operation that may block. */
	private cursorBefore = 0;
	private atomicDepth = 0;

	/** All moves of `thread` in the given state, and what it waits for when it is blocked. */
	step(thread: number, local: Int32Array, shared: Int32Array): StepResult {
		const moves: Move[] = [];
		let wait: Wait | undefined;
		this.picks = [];
		do {
			const outcome = this.take(thread, local, shared);
			if (outcome.move !== undefined) moves.push(outcome.move);
			wait ??= outcome.wait;
		} while (this.nextPicks());
		return { moves, wait: moves.every((m) => m.timeout) ? wait : undefined };
	}

	/** As `step`, from what `known` remembers if that is enough. Both vectors have to be interned ones, which `names` numbers. */
	remember(known: Footprints, thread: number, local: Int32Array, shared: Int32Array, names: Names): NamedStep {
		const found = known.find(thread, local, shared, names);
		if (found !== undefined) return found;
		const { moves, wait, seen } = this.observed(thread, local, shared);
		// what was found out on the way may have changed where such steps end: all begins anew
		const { movers, merges } = this.image;
		if (!seen.opaque && !(merges && movers?.grew)) known.add(thread, local, shared, seen, this.changes, wait);
		const targets: number[] = [];
		for (const move of moves)
			if (move.fatal) targets.push(-1, -1);
			else targets.push(names.local(move.local), names.shared(move.shared));
		return { targets, timeout: isTimeout(moves), reports: reportsOf(moves), wait, trail: seen.trail };
	}

	/** As `step`, and what it looked at. */
	observed(thread: number, local: Int32Array, shared: Int32Array): StepResult & { readonly seen: Footprint } {
		const seen = new Footprint();
		this.footprint = seen;
		this.image.written.trail = seen.trail;
		this.image.movers?.follow(seen.trail);
		this.changes = [];
		const result = this.step(thread, local, shared);
		this.footprint = undefined;
		this.image.written.trail = undefined;
		this.image.movers?.follow(undefined);
		seen.trail.close();
		return { ...result, seen };
	}

	/** Of the moves so far, for `remember`. */
	private changes: Change[] = [];

	/** The next combination of the adversary's choices, last choice first. False when there are no more. */
	private nextPicks(): boolean {
		this.picks.length = this.domains.length;
		let i = this.domains.length - 1;
		while (i >= 0 && (this.picks[i] as number) + 1 >= (this.domains[i] as number)) i--;
		if (i < 0) return false;
		this.picks[i] = (this.picks[i] as number) + 1;
		this.picks.length = i + 1;
		return true;
	}

	/** Takes the `choice`-th move of `step` again and tells `trace` what happens on the way. */
	replay(thread: number, local: Int32Array, shared: Int32Array, choice: number, trace: Trace): Move | undefined {
		this.picks = [];
		for (let n = 0; ; ) {
			const blocked = this.take(thread, local, shared).move === undefined;
			if (!blocked && n++ === choice) break;
			if (!this.nextPicks()) return undefined;
		}
		this.trace = trace;
		const outcome = this.take(thread, local, shared);
		this.trace = undefined;
		return outcome.move;
	}

	protected override get inAtomic(): boolean {
		return this.atomicDepth > 0;
	}

	/** Runs a fresh thread up to its first visible operation (`alone` false), or to its end without stopping (`alone` true). */
	start(thread: ThreadState, shared: Int32Array, alone: boolean): { move: Move; wait: Wait | undefined } {
		this.begin(thread, shared);
		this.beginStep(0);
		this.recording = !alone;
		if (alone) this.atomicDepth = 1;
		let wait: Wait | undefined;
		try {
			this.run(alone);
		} catch (end) {
			if (!(end instanceof StepEnds)) throw end;
			wait = end.wait;
		}
		this.recording = true;
		if (!alone && this.memory.objects.length > 0) this.countReferences(1);
		this.note(thread);
		return { move: this.finish(), wait };
	}

	/** Threads in whose steps it mattered which thread it was. */
	readonly identified = new Set<number>();

	private note({ identified, number }: ThreadState): void {
		if (!identified) return;
		this.identified.add(number);
		if (this.footprint !== undefined) this.footprint.trail.identified = true;
	}

	private begin(thread: ThreadState, shared: Int32Array): void {
		this.thread = thread;
		for (const { code } of thread.frames) this.footprint?.trail.enter(code);
		this.outermost = (thread.frames[0]?.code ?? this.image.entry(thread.number)).node;
		this.memory = Memory.unpack(shared, this.image.globalCells, thread.own);
		this.memory.footprint = this.footprint;
		if (this.footprint !== undefined) {
			this.footprint.writes = [];
			this.footprint.dropped = [];
		}
		this.reports = [];
		this.domains = [];
		this.cursor = 0;
		this.spins = false;
		this.atomicDepth = 0;
		this.waitOverride = undefined;
		this.expired = undefined;
	}

	private take(
		thread: number,
		local: Int32Array,
		shared: Int32Array,
	): { move: Move | undefined; wait: Wait | undefined } {
		this.beginStep();
		for (;;) {
			try {
				const outcome = this.walk(thread, local, shared);
				this.note(this.thread);
				return outcome;
			} catch (end) {
				if (!(end instanceof Retreat)) throw end;
				this.beginStep(this.operations);
			}
		}
	}

	private walk(
		thread: number,
		local: Int32Array,
		shared: Int32Array,
	): { move: Move | undefined; wait: Wait | undefined } {
		this.begin(ThreadState.unpack(thread, local, this.image.functions), shared);
		const counting = this.memory.objects.length > 0;
		if (counting) this.countReferences(-1);
		this.thread.status = Status.running;
		try {
			this.run(true);
		} catch (end) {
			if (!(end instanceof StepEnds)) throw end;
			if (end.wait !== undefined) {
				if (local[0] === Status.idle && this.image.isInterrupt(thread)) {
					// a handler that cannot get its lock has come all the same: it spins on top of its thread
					const entered = local.slice();
					entered[0] = Status.running;
					const move = { local: entered, shared, reports: [], fatal: false, timeout: false };
					if (this.footprint !== undefined) this.changes.push({ move, dropped: [], ...UNCHANGED });
					return { move, wait: undefined };
				}
				// that a sleep can be cut short does not make it end: only choices made before it are tried further
				this.domains.length = this.cursorBefore;
				return { move: undefined, wait: this.named(end.wait) };
			}
		}
		if (this.memory.objects.length > 0) this.countReferences(1);
		return { move: this.finish(), wait: this.expired };
	}

	private finish(): Move {
		const changed = this.footprint?.opaque === false ? this.memory.changes(this.footprint.writes) : undefined;
		const move: Move = {
			local: this.thread.pack(this.memory.own),
			shared: this.memory.pack(),
			reports: this.reports,
			fatal: this.reports.some((r) => r.fatal),
			timeout: this.expired !== undefined,
		};
		if (changed !== undefined) this.changes.push({ move, dropped: this.footprint?.dropped ?? [], ...changed });
		return move;
	}

	/** Runs instructions until the next visible one (`first`: the current one is to be executed whatever it is). */
	private run(first: boolean): void {
		let mayStop = !first;
		for (let n = 0; ; n++) {
			if (this.thread.frames.length === 0) {
				if (!this.atEnd()) {
					this.endOperation();
					return;
				}
				mayStop = true;
				continue;
			}
			const { frame } = this.thread;
			const instruction = frame.code.code[frame.pc] as Instruction;
			if (mayStop && this.atomicDepth === 0) {
				if (this.isVisible(instruction)) {
					if (!this.goesOn(instruction)) return;
					n = 0;
				}
				this.spins = n > MAX_INVISIBLE;
				if (this.spins) {
					this.endOperation();
					return;
				}
			}
			if (n > MAX_ATOMIC)
				this.fatal(
					'bounded',
					'an atomic step runs for more than a hundred thousand instructions: is there a loop without end in it?',
				);
			this.trace?.instruction?.(instruction, frame.code, this.thread.frames.length, !mayStop);
			mayStop = true;
			this.execute(instruction);
		}
	}

	/** The thread's outermost function has returned. True when it goes on (a daemon's next round). */
	private atEnd(): boolean {
		const { thread } = this;
		if (thread.held.length > 0 && thread.held.some((h) => h.mode !== 5)) {
			const held = thread.held.find((h) => h.mode !== 5);
			this.warn('lock-leak', 'the thread ends and still holds %r', held?.resource);
			thread.held.length = 0;
		}
		if (thread.irqsOff > 0 && !this.image.isInterrupt(thread.number)) {
			this.warn(
				'lock-leak',
				'the thread ends with interrupts off: a spin_lock_irq() or local_irq_disable() has no counterpart that turns them on again',
			);
			thread.irqsOff = 0;
		}
		if (!this.image.isDaemon(thread.number) || !this.recording) {
			thread.status = Status.ended;
			return false;
		}
		thread.status = Status.idle;
		const entry = this.image.entry(thread.number);
		this.footprint?.trail.enter(entry);
		thread.push(entry, -1);
		return true;
	}

	private isVisible(instruction: Instruction): boolean {
		switch (instruction.op) {
			case 'load':
				return this.image.everyAccess || this.isSharedRead(this.value(instruction.address));
			case 'store': {
				const address = this.value(instruction.address);
				return this.image.everyAccess || !isDynamic(address) || this.memory.find(slotOf(address))?.published === true;
			}
			case 'primitive': {
				const { visible, staysOnCpu } = this.image.primitives[instruction.primitive] as Primitive;
				return visible || (staysOnCpu === true && this.image.limitsCpus);
			}
			case 'pick':
			case 'atomic-begin':
			case 'wait-until':
				return true;
			default:
				return false;
		}
	}

	private execute(i: Instruction): void {
		const { frame } = this.thread;
		frame.code.reached[frame.pc] = true;
		this.footprint?.trail.run(frame.code, frame.pc);
		switch (i.op) {
			case 'move':
				this.set(i.to, this.value(i.from));
				break;
			case 'binary': {
				const result = binary(i.operator, this.used(i.left), this.used(i.right), i.kind, i.unsigned);
				if (typeof result === 'string')
					this.fatal(result === 'divide' ? 'assertion' : 'overflow', result === 'divide' ? 'division by zero' : result);
				this.set(i.to, result as number);
				break;
			}
			case 'unary': {
				const result = unary(i.operator, this.used(i.operand), i.kind, i.unsigned);
				if (typeof result === 'string') this.fatal('overflow', result);
				this.set(i.to, result as number);
				break;
			}
			case 'convert': {
				const result = convert(this.value(i.from), i.kind, i.implicit, i.fromUnsigned);
				if (typeof result === 'string') this.fatal('overflow', result);
				this.set(i.to, result as number);
				break;
			}
			case 'load':
				this.set(i.to, this.read(this.used(i.address)));
				break;
			case 'store':
				this.store(this.used(i.address), this.value(i.value));
				break;
			case 'local': {
				const slot = this.slotOfLocal(i.slot);
				if (this.memory.find(slot) === undefined) this.freshLocal(frame.code, i.slot, false);
				this.set(i.to, addressOf(slot, 0));
				break;
			}
			case 'fresh':
				this.freshLocal(frame.code, i.slot, i.zero);
				break;
			case 'field': {
				const base = this.used(i.base);
				// a member lies behind the struct's start, a container around the member
				if (i.whole !== undefined) this.checkWhole(base, Math.min(i.offset, 0), i.whole);
				this.set(i.to, base + i.offset);
				break;
			}
			case 'index': {
				const index = this.used(i.index);
				const base = this.used(i.base);
				if (i.length >= 0 && (index < 0 || index >= i.length))
					this.fatal('out-of-bounds', `index ${index} is outside [0, ${i.length})`);
				if (i.length < 0) this.checkExtent(base, index, i.stride, i.length === BEHIND ? 1 : 0);
				this.set(i.to, base + index * i.stride);
				break;
			}
			case 'jump':
				frame.pc = i.target;
				return;
			case 'branch':
				frame.pc = this.used(i.condition) !== 0 ? i.yes : i.no;
				return;
			case 'call':
				this.call(this.image.functions[i.callee] as FunctionCode, i);
				return;
			case 'indirect': {
				const target = this.used(i.callee);
				if (target === 0) this.fatal('null-deref', 'call through a NULL function pointer');
				if (!isFunction(target)) this.fatal('null-deref', 'call through something that is no function');
				this.call(this.image.functions[target & ~FUNCTION] as FunctionCode, i);
				return;
			}
			case 'primitive':
				this.primitive(i);
				return;
			case 'return':
				this.return(i.value === undefined ? undefined : this.value(i.value));
				return;
			case 'pick': {
				const low = this.used(i.low);
				const high = this.used(i.high);
				if (high < low) this.fatal('assertion', `any(${low}, ${high}) has nothing to pick from`);
				this.set(i.to, this.pick(low, high));
				break;
			}
			case 'atomic-begin':
				this.atomicDepth++;
				break;
			case 'atomic-end':
				this.atomicDepth--;
				break;
			case 'wait-until':
				this.cursorBefore = this.cursor;
				this.mayWait();
				if (this.used(i.condition) === 0) this.waits();
				if (this.used(i.condition) === 0) throw new StepEnds({ kind: 'condition', resource: 0 });
				break;
			case 'check':
				if (this.used(i.condition) === 0) {
					if (i.fatal) this.fatal('assertion', i.what);
					else this.warn('warn-on', i.what);
				}
				break;
			case 'mark':
				break;
		}
		frame.pc++;
	}

	private slotOfLocal(local: number): number {
		const slot = this.memory.slotOfLocal(stackSlot(this.thread.index, this.thread.frames.length, local));
		if (slot < 0)
			this.fatal(
				'bounded',
				'locals of functions that have returned are still pointed to by other threads: the model has no place for more of them',
			);
		return slot;
	}

	private freshLocal(code: FunctionCode, local: number, zero: boolean): void {
		const { cells, layout } = code.memoryLocals[local] as FunctionCode['memoryLocals'][number];
		this.memory.add(this.slotOfLocal(local), layout, cells, zero);
	}

	private call(callee: FunctionCode, i: Instruction & { op: 'call' | 'indirect' }): void {
		const caller = this.thread.frame;
		if (this.thread.frames.length >= MAX_CALL_DEPTH)
			this.fatal(
				'bounded',
				`calls are nested ${MAX_CALL_DEPTH} deep: the kernel calls the driver, which calls the kernel, and so on`,
			);
		const args = i.args.map((a) => this.value(a));
		this.footprint?.trail.enter(callee);
		this.trace?.call?.(callee, i.node, this.thread.frames.length, args);
		caller.pc++;
		this.set(i.to, 0);
		const frame = this.thread.push(callee, caller.code.kernel && !callee.kernel ? this.thread.held.length : -1);
		for (let n = 0; n < callee.parameters; n++) frame.registers[n] = args[n] ?? 0;
	}

	private return(value: number | undefined): void {
		const frame = this.thread.frames.pop() as ThreadState['frames'][number];
		const registers = this.thread.frames.map((f) => f.registers);
		const depth = this.thread.frames.length + 1;
		// others may look at these cells: that they dangle now is a write like any other
		this.memory.dropFrame(
			this.thread.number,
			depth,
			registers,
			(object, offset) => {
				if (!this.recording || object?.published === false) return;
				const key = object === undefined ? GLOBAL_BASE + offset : writtenKey(object.layout, offset);
				this.cuts(key);
				this.image.written.add(key);
			},
			(object) => {
				this.ends(object);
				if (this.recording) this.image.written.add(deathKey(object.layout));
			},
		);
		const dies = value !== undefined && isDynamic(value) && isSlotOf(slotOf(value), this.thread.number, depth);
		this.trace?.returned?.(frame.code, value, this.thread.frames.length);
		if (this.thread.frames.length === 0) return;
		const caller = this.thread.frame;
		const call = caller.code.code[caller.pc - 1] as Instruction & { op: 'call' | 'indirect' };
		// nobody looks at what a void function returns
		this.set(call.to, dies ? DANGLING : (value ?? UNINITIALISED));
	}

	private primitive(i: Instruction & { op: 'primitive' }): void {
		const primitive = this.image.primitives[i.primitive] as Primitive;
		this.cursorBefore = this.cursor;
		const args = i.args.map((a) => this.used(a));
		if (primitive.sleeps) this.mightSleep(this.sleeper(primitive.name, i.node), primitive.inAnyState);
		const holds = this.thread.held.length;
		const expired = this.expired;
		this.beginPrimitive(primitive, args);
		const value = primitive.run(this, args);
		if ((value === BLOCKED || this.expired !== expired) && primitive.waits !== true)
			throw new Error(`${primitive.name} does not say that it may wait`);
		if (this.thread.held.length > holds && this.thread.frames.some((f) => f.heldAtEntry >= 0))
			for (const held of this.thread.held.slice(holds)) held.inCallback = true;
		if (value === BLOCKED) throw new StepEnds(this.blockedOn);
		this.endPrimitive(primitive);
		this.trace?.primitive?.(primitive.name, args, value, i.node, this.thread.frames.length);
		for (const held of this.thread.held.slice(holds)) this.trace?.takes?.({ ...held });
		this.set(i.to, value);
		this.thread.frame.pc++;
	}
}
