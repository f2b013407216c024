import type { AstNode } from 'langium';
import { kernelThreads } from '../kernel/library.js';
import { primitives } from '../kernel/primitives.js';
import {
	type Block,
	type ConfigItem,
	type InterruptItem,
	isConfigItem,
	isEnvironmentItem,
	isFinallyItem,
	isInterruptItem,
	isPagesItem,
	isSetupItem,
	isThreadItem,
	type Scenario,
	type ThreadItem,
} from '../language/generated/ast.js';
import type { Problem } from '../language/problem.js';
import type { Program } from '../language/program.js';
import { sourceOf, spanOf } from '../language/text.js';
import { Addresses } from './addresses.js';
import { Cpus } from './cpus.js';
import { Footprints } from './footprint.js';
import { holdsGarbage } from './garbage.js';
import { Interpreter } from './interpreter.js';
import type { FunctionCode } from './ir.js';
import { structsIn } from './layout.js';
import { CannotLower, ModuleLowering } from './lower/module.js';
import { ENDLESS } from './lower/saturating.js';
import { GLOBAL_BASE, isDynamic, Memory } from './memory.js';
import type { Moment } from './merging.js';
import { Movers } from './movers.js';
import { seedWritten } from './seed-written.js';
import { sequenceClasses } from './sequence-classes.js';
import { Sequences } from './sequences.js';
import {
	type Image,
	type Move,
	type NamedStep,
	type Names,
	type Report,
	type StepResult,
	type Trace,
	WrittenCells,
} from './step.js';
import { Status, ThreadState } from './thread.js';
import type { Trail } from './trail.js';

/** A thread of a scenario: a lane of its runs. */
export interface ThreadInfo {
	readonly name: string;
	/** `kernel`: a daemon of the simulated kernel, such as a worker. */
	readonly kind: 'thread' | 'daemon' | 'interrupt' | 'kernel';
	readonly node: AstNode;
	readonly entry: FunctionCode;
	/** Interrupts only: index of the thread on top of which it runs. */
	readonly on: number;
}

const DEFAULT_PAGES = 4;
/** More do not fit the bits of movers.ts. */
const MOST_THREADS = 30;

/** What steps of several operations depend on. */
export interface Merge {
	/** Threads that are not told apart (symmetry.ts). */
	readonly alike: readonly number[] | undefined;
	/** Data races are to be seen. */
	readonly races: boolean;
}
const PRELUDE_SYMBOLS = ['__tasks', '__device'];

/**
 * A scenario as a transition system. A state is a shared vector and one local vector for each thread
 * (memory.ts, thread.ts); `step` gives the moves of one thread and depends on nothing but its arguments.
 */
export class System extends Addresses {
	readonly threads: readonly ThreadInfo[];
	readonly problems: Problem[] = [];
	/** What was wrong in setup already. */
	readonly setupReports: Report[] = [];
	readonly pages: number;
	/** A thread that could go on may have to stand still: `gate` says so. */
	readonly gated: boolean;
	readonly cpus: Cpus;
	initialShared: Int32Array = new Int32Array(0);
	initialLocals: Int32Array[] = [];
	readonly written = new WrittenCells();
	/** Memory when setup is done, before any thread has run. */
	private afterSetup: Int32Array = new Int32Array(0);
	protected readonly module: ModuleLowering;
	readonly interpreter: Interpreter;
	/** Of single operations, and of steps of as many as others cannot tell from one. */
	private footprints!: { readonly single: Footprints; readonly merged: Footprints };
	readonly image: Image;
	private readonly finally: FunctionCode | undefined;

	constructor(
		readonly program: Program,
		readonly scenario: Scenario,
		/** Uri of the sketch that lines are counted in; another one than the program's in the default environment. */
		readonly home = program.uri,
		/** For comparison: every access to memory is a step, and no register is forgotten. */
		everyAccess = false,
		/** Only these of the scenario's threads; all when undefined. */
		only?: ReadonlySet<string>,
		/** Cells that are likely to be written by threads, known from a system that is much the same. */
		expected?: (system: System) => ReadonlySet<number> | undefined,
		/** For comparison: counters go on where nobody can tell any more how far they have come. */
		endless = false,
	) {
		super();
		const pagesItem = scenario.items.find(isPagesItem);
		this.pages = (pagesItem && program.semantics.constant(pagesItem.count)) ?? DEFAULT_PAGES;
		const config = new Set(scenario.items.filter(isConfigItem).flatMap((c: ConfigItem) => c.words.map((w) => w.name)));
		const module = new ModuleLowering(program, primitives, this.pages, endless ? config.add(ENDLESS) : config);
		this.module = module;
		const symbols = new Map<string, number>();
		for (const node of program.globals)
			if (PRELUDE_SYMBOLS.includes(node.name) && sourceOf(node).kernel)
				symbols.set(node.name, module.global(node).address);

		const code = (name: string, block: Block, node: AstNode): FunctionCode =>
			module.functions[module.block(name, block, node)] as FunctionCode;
		const items = scenario.items
			.filter((i): i is ThreadItem | InterruptItem => isThreadItem(i) || isInterruptItem(i))
			.filter((i) => only === undefined || only.has(i.name));
		const threads: ThreadInfo[] = items.map((node) => ({
			name: node.name,
			kind: isThreadItem(node) ? node.kind : 'interrupt',
			node,
			entry: code(node.name, node.body, node),
			// with PREEMPT_RT handlers run in threads of their own, whatever they come on top of (force_irqthreads())
			on:
				isThreadItem(node) || config.has('preempt_rt') || node.thread.ref === undefined
					? -1
					: items.indexOf(node.thread.ref),
		}));
		this.threads = threads;
		this.cpus = new Cpus(threads, scenario);
		this.gated = threads.some((t) => t.kind === 'interrupt') || this.cpus.limited;
		const setup = scenario.items.find(isSetupItem);
		const last = scenario.items.find(isFinallyItem);
		const setupCode = setup && code('setup', setup.body, setup);
		this.finally = last && code('finally', last.body, last);
		const boot = program.functions.get('__boot');
		const bootCode = boot && (module.functions[module.function(boot)] as FunctionCode);
		this.image = {
			functions: module.functions,
			primitives,
			globalCells: 0,
			globalAt: (address) => module.globalAt(address),
			guards: module.guards,
			symbols,
			noErrors: config.has('no_errors'),
			preemptRt: config.has('preempt_rt'),
			unfairRwsem: config.has('unfair_rwsem'),
			limitsCpus: config.has('cpus'),
			lane: (wanted) => threads.findIndex((t) => t.kind === 'kernel' && t.name.replace(/\/\d+$/, '') === wanted),
			get taskCount() {
				return threads.length;
			},
			isCallback: (c) => !c.kernel,
			isDaemon: (t) => this.threads[t]?.kind !== 'thread',
			isOfProcess: (t) => !/^(kernel|interrupt)$/.test(this.threads[t]?.kind ?? ''),
			isInterrupt: (t) => (this.threads[t]?.on ?? -1) >= 0,
			entry: (t) => (this.threads[t] ?? this.threads[0])?.entry as FunctionCode,
			written: this.written,
			everyAccess,
			movers: undefined,
			merges: false,
		};
		this.interpreter = new Interpreter(this.image);
		try {
			module.lowerAll();
			this.addEnvironment(threads);
			module.lowerAll();
			this.addKernelThreads(threads);
			this.initialShared = module.finish();
			this.numberStructs(symbols);
		} catch (e) {
			if (!(e instanceof CannotLower)) throw e;
			this.problems.push({ code: 'unsupported', severity: 'error', message: e.message, span: spanOf(e.node) });
		}
		this.problems.push(...module.problems);
		if (this.problems.length > 0) return;
		if (everyAccess) for (const code of module.functions) code.live = [];
		const globalCells = this.initialShared.length;
		(this.image as { globalCells: number }).globalCells = globalCells;
		const footprints = (fits: (trail: Trail) => boolean) =>
			new Footprints(globalCells, fits, (shared) =>
				holdsGarbage(shared, globalCells) ? Memory.unpack(shared, globalCells).pack() : shared,
			);
		this.footprints = {
			single: footprints((trail) => this.written.fits(trail)),
			merged: footprints((trail) => this.written.fits(trail) && this.movers?.fits(trail) === true),
		};
		for (const c of [bootCode, setupCode]) if (c !== undefined && !this.runAlone(c)) return;
		this.sequences = Sequences.of(module, sequenceClasses(module), this.image.globalCells);
		this.afterSetup = this.sequences?.rewriteAll([], this.initialShared)?.shared ?? this.initialShared;
		const cells = expected?.(this);
		if (cells !== undefined) this.written.expect(cells);
		else {
			this.restart();
			seedWritten(this.interpreter, this.initialLocals, this.initialShared);
		}
		this.restart();
	}

	/** Renumbers what grows without end; undefined where nothing does. */
	sequences: Sequences | undefined;

	/**
	 * The state that stands for the given one: sequence counters renumbered. Every state that a step leads to has to be
	 * put through this, since a step of one thread can change what the numbers in the others are worth.
	 */
	canonical(locals: readonly Int32Array[], shared: Int32Array): { locals: readonly Int32Array[]; shared: Int32Array } {
		return this.sequences?.rewriteAll(locals, shared) ?? { locals, shared };
	}

	/** The invalidators that `environment` names: each once, on the whole address space. */
	private addEnvironment(threads: ThreadInfo[]): void {
		for (const item of this.scenario.items.filter(isEnvironmentItem)) {
			for (const word of item.words) {
				const declaration = this.program.functions.get(word);
				if (word === 'none' || declaration?.body === undefined || threads.some((t) => t.name === word)) continue;
				const args = declaration.parameters.length === 0 ? [] : [0, this.pages];
				const entry = this.module.functions[this.module.adversary(declaration, args)] as FunctionCode;
				threads.push({ name: word, kind: 'thread', node: item, entry, on: -1 });
			}
		}
	}

	/** Devices and address spaces may be declared anywhere among the globals: primitives find them by number. */
	private numberStructs(symbols: Map<string, number>): void {
		for (const name of ['device', 'mm_struct']) {
			const places = this.module.globals.flatMap((g) =>
				structsIn(this.layouts, g.type, name).map((offset) => g.address + offset),
			);
			places.forEach((address, n) => void symbols.set(`${name} ${n}`, address));
		}
	}

	/** Lanes of the simulated kernel, for what the sketch uses of it. */
	private addKernelThreads(threads: ThreadInfo[]): void {
		for (const { name, entry, uses, count } of kernelThreads) {
			if (!uses.some((f) => this.module.isLowered(f))) continue;
			const declaration = this.program.functions.get(entry);
			if (declaration === undefined) continue;
			const code = this.module.functions[this.module.function(declaration)] as FunctionCode;
			const stop = name.startsWith('kthread') ? this.program.functions.get('__stop_kthreads') : undefined;
			if (stop !== undefined) this.module.function(stop);
			for (let n = 0; n < count; n++)
				threads.push({
					name: count === 1 ? name : `${name}/${n}`,
					kind: 'kernel',
					node: declaration,
					entry: code,
					on: -1,
				});
		}
	}

	get preemptRt(): boolean {
		return this.image.preemptRt;
	}

	protected get globalCells(): number {
		return this.image.globalCells;
	}

	/** Runs setup or the kernel's start with nobody else around. False when the scenario cannot start. */
	private runAlone(code: FunctionCode): boolean {
		const thread = new ThreadState(this.threads.length);
		thread.push(code, -1);
		const { move, wait } = this.interpreter.start(thread, this.initialShared, true);
		this.setupReports.push(...move.reports);
		if (wait !== undefined) {
			const frame = thread.frames.findLast((f) => !f.code.kernel);
			// who has called somebody stands behind that call
			const instruction = frame?.code.code[frame.pc - (frame === thread.frame ? 0 : 1)];
			const what =
				wait.resource === 0 ? 'what another thread would do' : this.nameOf(wait.resource, this.initialShared);
			this.problems.push({
				code: 'scenario',
				severity: 'error',
				message: `setup cannot finish: it waits here for ${what}, and nobody else runs yet, not even work items. Move this to a thread`,
				span: spanOf(instruction?.node ?? code.node),
			});
			return false;
		}
		this.initialShared = move.shared;
		return true;
	}

	/**
	 * Brings every thread to its first visible operation. What is visible depends on which cells are written while
	 * others run: when more of them become known, all start anew.
	 */
	restart(): void {
		this.footprints.single.renew();
		this.footprints.merged.renew();
		this.written.settle();
		this.image.movers?.settle();
		this.initialShared = this.afterSetup;
		this.initialLocals = this.threads.map((info, index) => {
			const fresh = (): ThreadState => {
				const thread = new ThreadState(index);
				if (info.kind !== 'thread') thread.status = Status.idle;
				if (info.kind === 'interrupt') {
					// in a thread of its own with _bh off only (irq_forced_thread_fn())
					thread.atomic = 1;
					if (info.on >= 0) thread.irqsOff = 1;
				}
				thread.push(info.entry, -1);
				return thread;
			};
			const { move } = this.interpreter.start(fresh(), this.initialShared, false);
			// what is wrong on the way is for the thread's first step to report
			if (move.reports.length > 0) return fresh().pack();
			this.initialShared = move.shared;
			return move.local;
		});
	}

	/** Some cells that were expected to be written are not: all is taken back, and begins anew. */
	dropExpected(): void {
		this.written.dropExpected();
		this.footprints.single.clear();
		this.clearMerged();
		this.restart();
	}

	/** More is known of what threads do than when steps were taken: `restart` has to be called, and all looked at again. */
	get grew(): boolean {
		return this.written.grew || this.overturned;
	}

	/** Steps that are taken from now on are other ones than before. */
	get overturned(): boolean {
		return this.merged && this.image.movers?.grew === true;
	}

	/** Steps may be more than one operation. Handlers and a limited number of CPUs look at every single one. */
	get mergeable(): boolean {
		return !this.gated && !this.image.everyAccess && this.threads.length <= MOST_THREADS;
	}

	/** From now on, steps are of one operation. With `watch` what `merge` has to know is found out on the way. */
	single(watch?: Merge): void {
		this.image.merges = false;
		this.image.movers = undefined;
		if (watch !== undefined && this.mergeable) this.moversFor(watch);
	}

	/** From now on, steps are of as many operations as others cannot tell from one (movers.ts), if the system is `mergeable`. */
	merge(how: Merge): void {
		this.single();
		if (!this.mergeable) return;
		const seen = this.moversFor(how);
		this.image.merges = true;
		this.footprints.merged.renew();
		if (!seen) {
			this.restart();
			seedWritten(this.interpreter, this.initialLocals, this.initialShared);
		}
		if (!seen || this.grew) this.restart();
	}

	private movers: Movers | undefined;

	/** False where they are new. */
	private moversFor({ alike, races }: Merge): boolean {
		const same = (t: number, u: number): boolean => t === u || (alike !== undefined && alike[t] === alike[u]);
		const bits = this.threads.map((_, t) => this.threads.reduce((all, _, u) => (same(t, u) ? all | (1 << u) : all), 0));
		const { movers } = this;
		const fits = movers?.races === races && movers.alike.every((who, t) => who === bits[t]);
		if (!fits) {
			this.movers = new Movers(bits, races);
			this.clearMerged();
		}
		this.image.movers = this.movers;
		return fits;
	}

	/** Forgets steps of several operations, and what was noted on their way. */
	private clearMerged(): void {
		this.footprints.merged.clear();
		this.interpreter.moments.clear();
	}

	/** Steps are of as many operations as others cannot tell from one. */
	get merged(): boolean {
		return this.image.merges;
	}

	/** Moments of threads inside such steps, as far as it is held by the thread or its callbacks: each local vector once. */
	get moments(): Iterable<Moment> {
		return this.interpreter.moments.values();
	}

	/** All moves of a thread; none and what it waits for when it cannot go on. */
	step(thread: number, local: Int32Array, shared: Int32Array): StepResult {
		return this.interpreter.step(thread, local, shared);
	}

	/** As `step`, but what was seen once is not run again; the vectors have to be interned ones, which `names` numbers. */
	remembered(thread: number, local: Int32Array, shared: Int32Array, names: Names): NamedStep {
		const known = this.merged ? this.footprints.merged : this.footprints.single;
		return this.interpreter.remember(known, thread, local, shared, names);
	}

	/** Did it matter in any step so far which thread it was? Not where all that counts is its code and what it has in its vector. */
	identified(thread: number): boolean {
		return this.interpreter.identified.has(thread);
	}

	/** It mattered in a step which thread it was. */
	identify(thread: number): void {
		this.interpreter.identified.add(thread);
	}

	/** Takes a move again, telling `trace` what happens. */
	replay(thread: number, local: Int32Array, shared: Int32Array, choice: number, trace: Trace): Move | undefined {
		return this.interpreter.replay(thread, local, shared, choice, trace);
	}

	get hasFinally(): boolean {
		return this.finally !== undefined;
	}

	/** What `finally` finds in a state in which every thread has ended. */
	runFinally(shared: Int32Array): readonly Report[] {
		if (this.finally === undefined) return [];
		const thread = new ThreadState(this.threads.length);
		thread.push(this.finally, -1);
		return this.interpreter.start(thread, shared, true).move.reports;
	}

	/** Shared memory when every kernel thread has been told to stop. */
	stopKthreads(shared: Int32Array): Int32Array {
		const stop = this.program.functions.get('__stop_kthreads');
		if (stop === undefined) return shared;
		const thread = new ThreadState(this.threads.length);
		thread.push(this.module.functions[this.module.function(stop)] as FunctionCode, -1);
		return this.interpreter.start(thread, shared, true).move.shared;
	}

	/** May the thread go on, as far as handlers and the number of CPUs are concerned? `locals` gives the threads' local vectors. */
	gate(thread: number, locals: (thread: number) => Int32Array): boolean {
		return this.cpus.gate(thread, locals);
	}

	/** Where a parked thread stands: the statement it will execute next, and the functions around it, outermost first. */
	position(
		thread: number,
		local: Int32Array,
	): { readonly node: AstNode; readonly frames: readonly { readonly code: FunctionCode; readonly node: AstNode }[] } {
		const state = ThreadState.unpack(thread, local, this.functions);
		const frames = state.frames.map((f, n) => {
			const pc = n === state.frames.length - 1 ? f.pc : f.pc - 1;
			const last = f.code.code[f.code.code.length - 1];
			return { code: f.code, node: (f.code.code[pc] ?? last)?.node ?? f.code.node };
		});
		return { node: frames[frames.length - 1]?.node ?? (this.threads[thread] as ThreadInfo).node, frames };
	}

	/** The instruction a parked thread will execute next. */
	next(thread: number, local: Int32Array): FunctionCode['code'][number] | undefined {
		const state = ThreadState.unpack(thread, local, this.functions);
		return state.frames.length === 0 ? undefined : state.frame.code.code[state.frame.pc];
	}

	task(thread: number, local: Int32Array): ThreadState {
		return ThreadState.unpack(thread, local, this.functions);
	}

	/** A shared vector with one cell changed: for questions of the kind "what if it were woken". */
	withCell(shared: Int32Array, address: number, value: number): Int32Array {
		const copy = shared.slice();
		if (!isDynamic(address)) copy[address - GLOBAL_BASE] = value;
		return copy;
	}

	/** Address of a prelude global that primitives use. */
	symbol(name: string): number {
		return this.image.symbols.get(name) ?? 0;
	}
}
