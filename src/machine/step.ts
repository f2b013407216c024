import type { AstNode } from 'langium';
import type { Held, Primitive, Wait } from '../kernel/context.js';
import type { FunctionCode, Instruction } from './ir.js';
import type { Movers } from './movers.js';
import type { Trail } from './trail.js';

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

/** Gives vectors their numbers: local ones of one thread, and shared ones. */
export interface Names {
	local(vector: Int32Array): number;
	shared(vector: Int32Array): number;
	/** As `shared`, of a vector that will be used again. */
	changing(vector: Int32Array): number;
}

/** A step in numbers. */
export interface NamedStep {
	/** Local and shared vector of each successor, one after the other; local -1 where the run ends. */
	readonly targets: readonly number[];
	/** Moves are timeouts: all of them, or none. */
	readonly timeout: boolean;
	readonly wait: Wait | undefined;
	/** By successor; undefined where there is none. */
	readonly reports: readonly (readonly Report[])[] | undefined;
	readonly trail: Trail | undefined;
}

/** What a replay wants to hear while a step is taken. */
export interface Trace {
	instruction?(instruction: Instruction, code: FunctionCode, depth: number, first: boolean): void;
	call?(code: FunctionCode, node: AstNode, depth: number, args: readonly number[]): void;
	returned?(code: FunctionCode, value: number | undefined, depth: number): void;
	primitive?(name: string, args: readonly number[], value: number, node: AstNode, depth: number): void;
	/** The adversary has picked a value at an `any()`, of the sketch's or of the simulated kernel's. */
	picked?(value: number, node: AstNode, code: FunctionCode): void;
	/** The thread takes a lock or token; it may lose it again within the same step. */
	takes?(held: Held): void;
}

/** The parts of a system that steps need; see system.ts for how they come about. */
export interface Image {
	readonly functions: readonly FunctionCode[];
	readonly primitives: readonly Primitive[];
	readonly globalCells: number;
	/** The global that an address lies in, or right behind; undefined where there is none. */
	readonly globalAt: (address: number) => { readonly address: number; readonly cells: number } | undefined;
	/** Addresses right behind arrays, where nothing is. */
	readonly guards: ReadonlySet<number>;
	/** Is the function an end point of the kernel: called by it, written by the driver? */
	readonly isCallback: (code: FunctionCode) => boolean;
	readonly taskCount: number;
	/** Daemons start anew at their end. */
	readonly isDaemon: (thread: number) => boolean;
	/** A task of the process: no work item, kernel thread or interrupt. */
	readonly isOfProcess: (thread: number) => boolean;
	readonly isInterrupt: (thread: number) => boolean;
	readonly entry: (thread: number) => FunctionCode;
	/** Index of the first of the kernel's own lanes of this name; -1 where there is none. */
	readonly lane: (name: string) => number;
	/** `config cpus N` */
	readonly limitsCpus: boolean;
	/** `config unfair_rwsem` */
	readonly unfairRwsem: boolean;
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
	/** What is known of who can tell what; hears of all accesses. */
	movers: Movers | undefined;
	/** Steps have as many operations as `movers` allow; else one each. */
	merges: boolean;
}

/** Which cells are written after setup: by global address, or by (layout, offset) for cells of objects. */
export class WrittenCells {
	private cells = new Set<number>();
	private readonly met = new Set<number>();
	/** Met since `settle`: they do not count yet, so that until then all steps are taken by the same cells. */
	private fresh: number[] = [];
	/** Hears of what the step that is taken writes, and of what it takes for constant. */
	trail: Trail | undefined;

	/** Those that are known, or expected. */
	get all(): ReadonlySet<number> {
		return this.cells;
	}
	has(key: number): boolean {
		if (this.cells.has(key)) return true;
		this.trail?.takeForConstant(key);
		return false;
	}
	/** Is all that a step has taken for constant so still? */
	fits({ constant }: Trail): boolean {
		return constant.every((key) => !this.cells.has(key));
	}
	add(key: number): void {
		this.trail?.write(key);
		if (this.met.has(key)) return;
		this.met.add(key);
		if (!this.cells.has(key)) this.fresh.push(key);
	}
	/** A cell was met since `settle` that was not known. */
	get grew(): boolean {
		return this.fresh.length > 0;
	}
	settle(): void {
		for (const key of this.fresh) this.cells.add(key);
		this.fresh = [];
	}
	/** Takes these cells for written ones before any step has written them. */
	expect(keys: ReadonlySet<number>): void {
		for (const key of keys) this.cells.add(key);
	}
	/** No cell is taken for written that none has written. */
	get exact(): boolean {
		return this.met.size === this.cells.size;
	}
	/** Forgets what was only expected. */
	dropExpected(): void {
		this.cells = new Set(this.met);
	}
}
