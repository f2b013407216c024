import type { AstNode } from 'langium';
import { BLOCKED, type Held, type KernelContext, type Primitive, type Task, type Wait } from '../kernel/context.js';
import { isCall, isNameRef } from '../language/generated/ast.js';
import { sourceOf } from '../language/text.js';
import { binary, unary } from './arithmetic.js';
import type { FunctionCode, Instruction, Operand } from './ir.js';
import {
	addressOf,
	DANGLING,
	DYNAMIC,
	type DynamicObject,
	FUNCTION,
	GLOBAL_BASE,
	isDynamic,
	isFunction,
	isHeap,
	isSlotOf,
	MAX_CELLS,
	Memory,
	offsetOf,
	slotOf,
	stackSlot,
	UNINITIALISED,
} from './memory.js';
import { originOf } from './origin.js';
import { Status, ThreadState } from './thread.js';

/** A defect seen while taking a step. */
export interface Report {
	readonly code: string;
	/** `%r` stands for the name of `resource`. */
	readonly message: string;
	readonly resource: number;
	readonly node: AstNode;
	/** Functions on the stack, outermost first, with the place of each call. */
	readonly stack: readonly { readonly code: FunctionCode; readonly node: AstNode }[];
	readonly fatal: boolean;
}

/** One way in which a thread's step can go. */
export interface Move {
	readonly local: Int32Array;
	readonly shared: Int32Array;
	readonly reports: readonly Report[];
	/** The run ends here: what would follow has no meaning. */
	readonly fatal: boolean;
	/** A timer or a signal ends a wait: it may come, but nobody may rely on it (explore/prospects.ts). */
	readonly timeout: boolean;
}

/** `wait`: what the thread waits for when no move is left, or none but timeouts. */
export interface StepResult {
	readonly moves: readonly Move[];
	readonly wait: Wait | undefined;
}

/** What a replay wants to hear while a step is taken. */
export interface Trace {
	instruction?(instruction: Instruction, code: FunctionCode, depth: number, first: boolean): void;
	call?(code: FunctionCode, node: AstNode, depth: number, args: readonly number[]): void;
	returned?(code: FunctionCode, value: number | undefined, depth: number): void;
	primitive?(name: string, args: readonly number[], value: number, node: AstNode, depth: number): void;
	/** The thread takes a lock or token; it may lose it again within the same step. */
	takes?(held: Held): void;
}

/** The parts of a system that steps need; see system.ts for how they come about. */
export interface Image {
	readonly functions: readonly FunctionCode[];
	readonly primitives: readonly Primitive[];
	readonly globalCells: number;
	/** Is the function an end point of the kernel: called by it, written by the driver? */
	readonly isCallback: (code: FunctionCode) => boolean;
	readonly taskCount: number;
	/** Daemons start anew at their end. */
	readonly isDaemon: (thread: number) => boolean;
	readonly isInterrupt: (thread: number) => boolean;
	readonly entry: (thread: number) => FunctionCode;
	/** Index of the first of the kernel's own lanes of this name; -1 where there is none. */
	readonly lane: (name: string) => number;
	/** `config preempt_rt` */
	readonly preemptRt: boolean;
	/** Addresses of the prelude's globals that primitives use. */
	readonly symbols: ReadonlyMap<string, number>;
	/** `config no_errors`: calls that can fail do not. */
	readonly noErrors: boolean;
	/** Cells that some thread writes while others run; reads of all others cost no step. */
	readonly written: WrittenCells;
	/** Every access to memory is a step, whether or not somebody else can see it. */
	readonly everyAccess: boolean;
}

/** Which cells are written after setup: by global address, or by (layout, offset) for cells of objects. */
export class WrittenCells {
	private readonly cells = new Set<number>();
	/** True once a cell was added since `settle`. */
	grew = false;

	has(key: number): boolean {
		return this.cells.has(key);
	}
	add(key: number): void {
		if (this.cells.has(key)) return;
		this.cells.add(key);
		this.grew = true;
	}
	settle(): void {
		this.grew = false;
	}
}

/** Ends a step early: a fatal report was made, or the step cannot be taken. */
class StepEnds {
	constructor(readonly wait: Wait | undefined) {}
}

/** After this many instructions without a visible one the thread is parked, so that a loop on locals cannot hang the checker. */
const MAX_INVISIBLE = 2_000;
/** After this many in one atomic step it is given up. */
const MAX_ATOMIC = 100_000;
const MAX_CALL_DEPTH = 48;
/** Ways in which one step may go: they are all walked. */
const MAX_CHOICES = 4096;

/** Runs one thread for one step. One instance serves one system; it keeps no state between steps. */
export class Interpreter implements KernelContext {
	private thread!: ThreadState;
	private memory!: Memory;
	private reports: Report[] = [];
	private picks: number[] = [];
	private domains: number[] = [];
	private cursor = 0;
	/** The last step ended in a loop that no other thread can see. */
	spins = false;
	/** `cursor` before the operation that may block. */
	private cursorBefore = 0;
	private atomicDepth = 0;
	private waitOverride: number | undefined;
	private expired: Wait | undefined;
	/** Setup runs alone: nothing it writes counts as written while others run. */
	private recording = true;
	private trace: Trace | undefined;

	constructor(private readonly image: Image) {}

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

	/** Runs a fresh thread up to its first visible operation (`alone` false), or to its end without stopping (`alone` true). */
	start(thread: ThreadState, shared: Int32Array, alone: boolean): { move: Move; wait: Wait | undefined } {
		this.begin(thread, shared);
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
		return { move: this.finish(), wait };
	}

	/** The block that the thread runs: what is reported at its end stands there. */
	private outermost!: AstNode;

	private begin(thread: ThreadState, shared: Int32Array): void {
		this.thread = thread;
		this.outermost = (thread.frames[0]?.code ?? this.image.entry(thread.index)).node;
		this.memory = Memory.unpack(shared, this.image.globalCells, thread.own);
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
					return { move: { local: entered, shared, reports: [], fatal: false, timeout: false }, wait: undefined };
				}
				// that a sleep can be cut short does not make it end: only choices made before it are tried further
				this.domains.length = this.cursorBefore;
				return { move: undefined, wait: this.named(end.wait) };
			}
		}
		if (this.memory.objects.length > 0) this.countReferences(1);
		return { move: this.finish(), wait: this.expired };
	}

	/** A wait, with what __waits_for() says about it. */
	private named(wait: Wait): Wait {
		return this.waitOverride === undefined ? wait : { ...wait, kind: 'token', resource: this.waitOverride };
	}

	private finish(): Move {
		const fatal = this.reports.some((r) => r.fatal);
		return {
			local: this.thread.pack(this.memory.own),
			shared: this.memory.pack(),
			reports: this.reports,
			fatal,
			timeout: this.expired !== undefined,
		};
	}

	/** Registers and own locals that point into the heap keep freed objects from being forgotten. */
	private countReferences(sign: number): void {
		for (const { cells } of this.memory.own)
			for (const cell of cells) {
				const object = isHeap(cell) ? this.memory.find(slotOf(cell)) : undefined;
				if (object !== undefined) object.references += sign;
			}
		for (const frame of this.thread.frames) {
			const live = frame.code.live[frame.pc];
			for (let r = 0; r < frame.registers.length; r++) {
				const value = frame.registers[r] as number;
				if (!isHeap(value) || (live !== undefined && !live[r])) continue;
				const object = this.memory.find(slotOf(value));
				if (object !== undefined) object.references += sign;
			}
		}
	}

	/** Runs instructions until the next visible one (`first`: the current one is to be executed whatever it is). */
	private run(first: boolean): void {
		let mayStop = !first;
		for (let n = 0; ; n++) {
			if (this.thread.frames.length === 0) {
				if (!this.atEnd()) return;
				mayStop = true;
				continue;
			}
			const { frame } = this.thread;
			const instruction = frame.code.code[frame.pc] as Instruction;
			if (mayStop && this.atomicDepth === 0) {
				if (this.isVisible(instruction)) return;
				this.spins = n > MAX_INVISIBLE;
				if (this.spins) return;
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
		if (!this.image.isDaemon(thread.index) || !this.recording) {
			thread.status = Status.ended;
			return false;
		}
		thread.status = Status.idle;
		thread.push(this.image.entry(thread.index), -1);
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
			case 'primitive':
				return (this.image.primitives[instruction.primitive] as Primitive).visible;
			case 'pick':
			case 'atomic-begin':
			case 'wait-until':
				return true;
			default:
				return false;
		}
	}

	private isSharedRead(address: number): boolean {
		if (!isDynamic(address)) return this.image.written.has(address);
		const object = this.memory.find(slotOf(address));
		// a bad address is reported when the instruction runs
		return (
			object?.published === true &&
			(object.freed || this.image.written.has(writtenKey(object.layout, offsetOf(address))))
		);
	}

	private value(operand: Operand): number {
		const { frame } = this.thread;
		return operand >= 0 ? (frame.registers[operand] as number) : (frame.code.constants[-1 - operand] as number);
	}

	/** The value of an operand that the instruction does more with than to copy it: it must have been set. */
	private used(operand: Operand): number {
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
		);
	}

	private set(register: number, value: number): void {
		if (register >= 0) this.thread.frame.registers[register] = value;
	}

	private execute(i: Instruction): void {
		const { frame } = this.thread;
		frame.code.reached[frame.pc] = true;
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
				const from = this.value(i.from);
				if (from === UNINITIALISED) {
					this.set(i.to, from);
					break;
				}
				const value = i.fromUnsigned ? from >>> 0 : from;
				if (i.kind.max === 1 && i.kind.min === 0) this.set(i.to, value === 0 ? 0 : 1);
				else if (value >= i.kind.min && value <= i.kind.max) this.set(i.to, value | 0);
				else if (i.kind.max > 0xffff) this.set(i.to, value | 0);
				else {
					if (i.implicit)
						this.fatal('overflow', `${value} does not fit ${i.kind.name} (${i.kind.min} … ${i.kind.max})`);
					const span = i.kind.max - i.kind.min + 1;
					this.set(i.to, ((((value - i.kind.min) % span) + span) % span) + i.kind.min);
				}
				break;
			}
			case 'load':
				this.set(i.to, this.read(this.used(i.address)));
				break;
			case 'store':
				this.store(this.used(i.address), this.value(i.value));
				break;
			case 'local': {
				const slot = stackSlot(this.thread.index, this.thread.frames.length, i.slot);
				if (this.memory.find(slot) === undefined) this.freshLocal(frame.code, i.slot, false);
				this.set(i.to, addressOf(slot, 0));
				break;
			}
			case 'fresh':
				this.freshLocal(frame.code, i.slot, i.zero);
				break;
			case 'field': {
				const base = this.used(i.base);
				this.set(i.to, base + i.offset);
				break;
			}
			case 'index': {
				const index = this.used(i.index);
				const base = this.used(i.base);
				if (i.length >= 0 && (index < 0 || index >= i.length))
					this.fatal('out-of-bounds', `index ${index} is outside [0, ${i.length})`);
				if (i.length < 0) this.checkExtent(base, index, i.stride);
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

	private freshLocal(code: FunctionCode, local: number, zero: boolean): void {
		const { cells, layout } = code.memoryLocals[local] as FunctionCode['memoryLocals'][number];
		this.memory.add(stackSlot(this.thread.index, this.thread.frames.length, local), layout, cells, zero);
	}

	private call(callee: FunctionCode, i: Instruction & { op: 'call' | 'indirect' }): void {
		const caller = this.thread.frame;
		if (this.thread.frames.length >= MAX_CALL_DEPTH)
			this.fatal(
				'bounded',
				`calls are nested ${MAX_CALL_DEPTH} deep: the kernel calls the driver, which calls the kernel, and so on`,
			);
		const args = i.args.map((a) => this.value(a));
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
		this.memory.dropFrame(this.thread.index, depth, registers, (object, offset) => {
			if (!this.recording) return;
			if (object === undefined) this.image.written.add(GLOBAL_BASE + offset);
			else if (object.published) this.image.written.add(writtenKey(object.layout, offset));
		});
		const dies = value !== undefined && isDynamic(value) && isSlotOf(slotOf(value), this.thread.index, depth);
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
		if (primitive.sleeps) this.mightSleep(this.sleeper(primitive.name, i.node));
		const holds = this.thread.held.length;
		const value = primitive.run(this, args);
		if (this.thread.held.length > holds && this.thread.frames.some((f) => f.heldAtEntry >= 0))
			for (const held of this.thread.held.slice(holds)) held.inCallback = true;
		if (value === BLOCKED) throw new StepEnds(this.blockedOn);
		this.trace?.primitive?.(primitive.name, args, value, i.node, this.thread.frames.length);
		for (const held of this.thread.held.slice(holds)) this.trace?.takes?.({ ...held });
		this.set(i.to, value);
		this.thread.frame.pc++;
	}

	/** What a message calls an operation that may sleep: for the kernel's helpers, what was called to get into them. */
	private sleeper(primitive: string, node: AstNode): string {
		if (!primitive.startsWith('__')) return primitive;
		const { frames } = this.thread;
		for (let n = frames.length - 1; n >= 0; n--) {
			const { code } = frames[n] as ThreadState['frames'][number];
			if (code.kernel && !code.name.startsWith('__')) return code.name;
			if (code.kernel) continue;
			const inner = frames[n] as ThreadState['frames'][number];
			const at = n === frames.length - 1 ? node : (code.code[inner.pc - 1] as Instruction).node;
			return isCall(at) && isNameRef(at.callee) ? at.callee.target.$refText : primitive;
		}
		return primitive;
	}

	/** The kernel's might_sleep(): complains, and goes on. */
	mightSleep(what: string): void {
		if (this.thread.atomic > 0 || this.thread.irqsOff > 0) {
			const lock = this.thread.held.find((h) => h.mode === 2);
			this.warn(
				'sleep-in-atomic',
				lock ? `${what} may sleep, while spinlock %r is held` : `${what} may sleep in atomic context`,
				lock?.resource,
			);
		} else if (this.thread.nonBlock > 0)
			this.warn('sleep-in-nonblock', `${what} may sleep in a non-blockable invalidation`);
	}

	// ---- KernelContext ----

	/** What a primitive reads it also uses. */
	load(address: number): number {
		const value = this.read(address);
		if (value === UNINITIALISED) this.fatal('uninitialised', '%r is used before it was set', address);
		return value;
	}

	private read(address: number): number {
		return this.cell(address, 'read')[this.at(address)] as number;
	}

	store(address: number, value: number): void {
		const cells = this.cell(address, 'written');
		cells[this.at(address)] = value;
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

	private at(address: number): number {
		return isDynamic(address) ? offsetOf(address) : address - GLOBAL_BASE;
	}

	/** The array that holds the cell at `address`; a bad address ends the run. */
	private cell(address: number, what: 'read' | 'written'): Int32Array {
		if (address >= GLOBAL_BASE && address < GLOBAL_BASE + this.memory.globals.length) return this.memory.globals;
		if (isDynamic(address)) {
			const object = this.memory.find(slotOf(address));
			if (object === undefined || object.freed)
				return this.fatal(
					'use-after-free',
					`memory is ${what} after ${isHeap(address) ? 'kfree' : 'its function has returned'}`,
				);
			if (offsetOf(address) >= object.cells.length)
				return this.fatal('out-of-bounds', `a cell behind the end of the object is ${what}`);
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

	private checkExtent(base: number, index: number, stride: number): void {
		if (!isDynamic(base)) {
			if (index !== 0 && base < GLOBAL_BASE) this.fatal('null-deref', 'index into NULL');
			return;
		}
		const object = this.memory.find(slotOf(base));
		if (object === undefined || object.freed) this.fatal('use-after-free', 'memory is used after its life has ended');
		const at = offsetOf(base) + index * stride;
		if (at < 0 || at >= (object as DynamicObject).cells.length)
			this.fatal(
				'out-of-bounds',
				`index ${index} is outside an object of ${Math.floor((object as DynamicObject).cells.length / stride)} elements`,
			);
	}

	lane(name: string): number {
		return this.image.lane(name);
	}

	get inInterrupt(): boolean {
		return this.image.isInterrupt(this.thread.index);
	}

	get preemptRt(): boolean {
		return this.image.preemptRt;
	}

	symbol(name: string): number {
		return this.image.symbols.get(name) ?? 0;
	}

	mayFail(): boolean {
		return this.recording && !this.image.noErrors;
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
		return low + (this.picks[at] as number);
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

	private blockedOn: Wait = { kind: 'condition', resource: 0 };

	block(wait: Wait): typeof BLOCKED {
		this.blockedOn = wait;
		return BLOCKED;
	}

	expire(wait: Wait): void {
		this.expired = this.named(wait);
	}

	waitsFor(resource: number): void {
		this.waitOverride = resource === 0 ? undefined : resource;
	}

	allocate(layout: number, cells: number, zero: boolean): number {
		if (cells > MAX_CELLS) this.fatal('bounded', `an object of ${cells} cells: the model holds at most ${MAX_CELLS}`);
		return addressOf(this.memory.add(this.memory.freeHeapSlot(), layout, cells, zero).slot, 0);
	}

	free(address: number): void {
		if (address === 0) return;
		const object = isHeap(address) ? this.memory.find(slotOf(address)) : undefined;
		if (object === undefined) this.fatal('use-after-free', 'kfree of something that did not come from kmalloc');
		else if (object.freed) this.fatal('use-after-free', 'double free');
		else if (offsetOf(address) !== 0) this.fatal('use-after-free', 'kfree of the middle of an object');
		else {
			object.freed = true;
			object.cells.fill(UNINITIALISED);
			// for other threads every cell changes: reading one is a step, before the end of its life and after
			if (object.published && this.recording)
				for (let n = 0; n < object.cells.length; n++) this.image.written.add(writtenKey(object.layout, n));
		}
	}

	publish(address: number): void {
		this.memory.publish(address);
	}
}

/** Key of a cell of objects in WrittenCells: apart from every global address. */
const writtenKey = (layout: number, offset: number): number => DYNAMIC + layout * MAX_CELLS + offset;
