import type { Wait } from '../kernel/context.js';
import { LONGEST_GAP } from '../machine/sequences.js';
import type { Report } from '../machine/step.js';
import type { System } from '../machine/system.js';
import { Status } from '../machine/thread.js';
import { type InternTable, Selection } from './intern.js';
import { Kthreads } from './kthreads.js';
import * as C from './loop/control.js';
import type { Host, Machine } from './loop/machine.js';
import { giveBack } from './loop/pool.js';
import { StepMemo } from './memo.js';
import type { Moves } from './pairs.js';
import { bitsOf, RenumberedParts } from './renumbered.js';
import { type EdgeRows, MOST_STATES, Store } from './store.js';
import { drain, ROUNDS, type Turns } from './turns.js';

/** Stand for a thread in reports of blocks that run alone. */
export const FINALLY = -1;
export const SETUP = -2;

/** A defect seen on an edge: `thread` takes its `choice`-th move in `state`. */
export interface EdgeReport {
	readonly state: number;
	/** FINALLY for what `finally` finds in the state, SETUP for what setup found. */
	readonly thread: number;
	readonly choice: number;
	readonly report: Report;
}

/** What a thread can do, by (local, shared): successors, or what it waits for. Worked out once and remembered. */
interface Entry extends Moves {
	readonly reports: readonly (readonly Report[])[] | undefined;
	readonly wait: Wait | undefined;
}

/** How many moves a thread has, and what it waits for where there is none. */
interface Asked {
	readonly moves: number;
	readonly wait: Wait | undefined;
}

/** Why `expand` came back. */
export type Expanded = 'all' | 'more' | 'no memory' | 'overturned' | 'no symmetry';

const NO_MOVES: Moves = { targets: [], timeout: false };

/**
 * The states reached so far, breadth first, and the edges between them. A state is a row of indices: one for each
 * thread's local vector, and one for the shared vector. The search itself is a machine's (loop/); this is what the
 * indices stand for, and what the edges mean.
 */
export class Graph implements Host {
	readonly threads: number;
	private readonly store: Store;
	private readonly tables: readonly InternTable[];
	private readonly shared: Selection;
	private readonly locals: readonly Selection[];
	/** By number of a pair in the store's memo: what it waits for, and what is wrong with its moves. */
	private readonly waits: (Wait | undefined)[] = [];
	private readonly wrong = new Map<number, Entry['reports']>();
	/** Pairs that only somebody who looks at the graph has asked for. */
	private readonly asked = new Map<string, Asked>();
	private readonly renumbered: RenumberedParts | undefined;
	readonly reports: EdgeReport[] = [];

	constructor(
		readonly system: System,
		private readonly machine: Machine,
		/**
		 * By thread, one that it is interchangeable with (symmetry.ts): of the states that differ only in who of them is
		 * where, the graph has one, and what it says of a thread is true of one of them.
		 */
		readonly alike: readonly number[] = system.threads.map((_, t) => t),
		/** How many states to make room for. */
		expected = 0,
		/** Steps that are known from earlier searches. */
		private readonly memo = new StepMemo(false),
	) {
		this.tables = memo.begin(system);
		this.threads = system.threads.length;
		this.merged = system.merged;
		const [shared, ...locals] = [...this.tables].reverse().map((table) => new Selection(table));
		this.shared = shared as Selection;
		locals.reverse();
		this.locals = alike.map((t) => locals[t] as Selection);
		this.renumbered =
			system.sequences &&
			new RenumberedParts(system.sequences, this.threads, {
				get: (part, index) => this.selection(part).get(index),
				intern: (part, vector) => (part === this.threads ? this.internShared(vector) : this.internLocal(part, vector)),
			});
		machine.host = this;
		const store = new Store(machine, this.threads, expected);
		this.store = store;
		store.arena.set(C.GATED, system.gated ? 1 : 0);
		store.arena.set(C.CPUS, system.cpus.limited ? system.cpus.count : 0);
		store.arena.set(C.FINALLY, system.hasFinally ? 1 : 0);
		store.arena.set(C.NEAR, system.sequences === undefined ? 0 : LONGEST_GAP);
		system.threads.forEach(({ kind, on }, t) => {
			if (kind !== 'interrupt') return;
			store.arena.set(C.FIELDS + t * C.FIELD_SIZE + C.FIELD_ON, on + 1);
			const handlers = C.FIELDS + on * C.FIELD_SIZE + C.FIELD_HANDLERS;
			if (on >= 0) store.arena.set(handlers, store.arena.get(handlers) | (1 << t));
		});
		this.symmetric = alike.some((first, t) => first !== t);
		store.arena.set(C.SYMMETRIC, this.symmetric ? 1 : 0);
		alike.forEach((first, t) => {
			const before = alike.lastIndexOf(first, t - 1);
			if (first === t || before < 0) return;
			store.arena.set(C.FIELDS + t * C.FIELD_SIZE + C.FIELD_BEFORE, before + 1);
			store.arena.set(C.FIELDS + before * C.FIELD_SIZE + C.FIELD_BEHIND, t + 1);
		});
		store.begin([
			...alike.map((t) => this.internLocal(t, system.initialLocals[t] as Int32Array)),
			this.internShared(system.initialShared),
		]);
		for (const report of system.setupReports) this.reports.push({ state: 0, thread: SETUP, choice: 0, report });
		// nothing that follows a broken setup has a meaning
		if (system.setupReports.some((r) => r.fatal)) store.skip();
	}

	/** An edge may be many operations of a thread: what was seen on the way is in `system.moments`. */
	readonly merged: boolean;

	/** States stand for all that differ only in which of the interchangeable threads is where. */
	readonly symmetric: boolean;

	get count(): number {
		return this.store.count;
	}

	get transitions(): number {
		return this.store.edges;
	}

	/** Steps that had to be worked out: the others were known. */
	get worked(): number {
		return this.memo.worked;
	}

	/** States expanded so far: the queue is the rows themselves. */
	get expanded(): number {
		return this.store.expanded;
	}

	/** Rough size of what is held, bytes. */
	get bytes(): number {
		let cells = this.shared.cells;
		for (const table of this.locals) cells += table.cells;
		return 4 * cells + 200 * this.waits.length + this.store.bytes;
	}

	/** Bytes of states and edges, without what is kept free for more. */
	get parts(): { readonly states: number; readonly edges: number } {
		return this.store.parts;
	}

	private selection(part: number): Selection {
		return part === this.threads ? this.shared : (this.locals[part] as Selection);
	}

	private internLocal(thread: number, vector: Int32Array): number {
		return this.knownLocal(thread, (this.locals[thread] as Selection).table.intern(vector));
	}

	private knownLocal(thread: number, key: number): number {
		const table = this.locals[thread] as Selection;
		const index = table.index(key);
		if (index < this.store.size(thread)) return index;
		const vector = table.get(index);
		const status = vector[0];
		const flags =
			(vector[3] !== 0 ? C.FLAG_IRQS_OFF : 0) |
			(status === Status.running ? C.FLAG_RUNNING : 0) |
			(status === Status.idle ? C.FLAG_IDLE : 0) |
			(this.system.cpus.stays(thread, vector) ? C.FLAG_STAYS : 0);
		const values = bitsOf(this.system.sequences?.inLocal(vector) ?? []);
		this.alike.forEach((first, t) => {
			if (first === this.alike[thread]) this.store.describe(t, flags, values);
		});
		return index;
	}

	private internShared(vector: Int32Array): number {
		return this.knownShared(this.shared.table.intern(vector));
	}

	private knownShared(key: number): number {
		const index = this.shared.index(key);
		if (index === this.store.size(this.threads))
			this.store.describe(this.threads, 0, bitsOf(this.system.sequences?.inShared(this.shared.get(index)) ?? []));
		return index;
	}

	localIndex(state: number, thread: number): number {
		return this.store.index(state, thread);
	}

	local(state: number, thread: number): Int32Array {
		return (this.locals[thread] as Selection).get(this.store.index(state, thread));
	}

	/** The local vectors of a thread that some state has, each once. */
	*localsOf(thread: number): Iterable<Int32Array> {
		const table = this.locals[thread] as Selection;
		for (let n = 0; n < table.size; n++) yield table.get(n);
	}

	/** The moves of threads, as indices of their local vectors before and after. */
	moves(): Iterable<{ readonly thread: number; readonly from: number; readonly to: number }> {
		return this.store.pairs.all();
	}

	sharedIndex(state: number): number {
		return this.store.index(state, this.threads);
	}

	sharedOf(state: number): Int32Array {
		return this.shared.get(this.sharedIndex(state));
	}

	status(state: number, thread: number): number {
		return this.local(state, thread)[0] as number;
	}

	private runningBits: Int32Array | undefined;

	/** As `runningOf`, in one go. */
	running(): Int32Array {
		return drain(this.runningOf());
	}

	/** Threads that have neither ended nor are between two rounds, nor at rest as kernel threads are, as bits, by state. */
	*runningOf(): Turns<Int32Array> {
		const { count } = this;
		if (this.runningBits?.length === count) return this.runningBits;
		const masks = new Int32Array(count);
		for (let t = 0; t < this.threads; t++) {
			const table = this.locals[t] as Selection;
			const is = Uint8Array.from({ length: table.size }, (_, n) => (table.get(n)[0] === Status.running ? 1 : 0));
			const index = this.store.reader(t);
			for (let s = 0; s < count; s++) {
				if (s % ROUNDS === ROUNDS - 1) yield;
				if (is[index(s)] === 1) masks[s] = (masks[s] as number) | (1 << t);
			}
		}
		yield* this.leaveOutResting(masks);
		this.runningBits = masks;
		return masks;
	}

	private readonly restingBits = new Map<number, number>();

	/** Kernel threads that are at rest, as bits, by state; known when `runningOf` is. */
	get resting(): ReadonlyMap<number, number> {
		return this.restingBits;
	}

	private *leaveOutResting(masks: Int32Array): Turns<void> {
		const kthreads = new Kthreads(this.system);
		if (kthreads.mask === 0) return;
		for (let s = 0; s < this.expanded; s++) {
			if (s % ROUNDS === ROUNDS - 1) yield;
			const running = masks[s] as number;
			if ((running & kthreads.mask) === 0 || (running & ~kthreads.lanes) !== 0) continue;
			const indices = Array.from({ length: this.threads + 1 }, (_, part) => this.store.index(s, part));
			const locals = this.locals.map((_, t) => this.local(s, t));
			const resting = kthreads.atRest(running, locals, this.sharedOf(s), indices.join());
			if (resting === 0) continue;
			this.restingBits.set(s, resting);
			masks[s] = running & ~resting;
			if (masks[s] === 0 && this.system.hasFinally) this.ended(s, this.sharedIndex(s));
		}
	}

	/** A quick way to ask for many states' index of a thread's local vector; of the shared one where `part` is the number of threads. */
	reader(part: number): (state: number) => number {
		return this.store.reader(part);
	}

	edges(state: number): { readonly from: number; readonly to: number } {
		return { from: this.store.firstEdge(state), to: this.store.firstEdge(state + 1) };
	}

	private whole: EdgeRows | undefined;

	/** All edges at once, for passes over the whole graph: those of a state are sorted by the thread that moves. */
	rowsOfEdges(): EdgeRows {
		this.whole ??= this.store.rows();
		return this.whole;
	}

	private depthsOf: Int32Array | undefined;

	/** Steps from the start, by state. */
	get depths(): Int32Array {
		if (this.depthsOf?.length !== this.count) this.depthsOf = depthsOf(this.rowsOfEdges());
		return this.depthsOf;
	}

	private timeoutsOf: ReadonlySet<number> | undefined;

	/** Edges by which a timer or a signal ends a wait. */
	get timeouts(): ReadonlySet<number> {
		this.timeoutsOf ??= new Set(this.store.timed ? this.store.timeouts() : []);
		return this.timeoutsOf;
	}

	target(edge: number): number {
		return this.store.target(edge);
	}

	edgeThread(edge: number): number {
		return this.store.label(edge) & C.LABEL_THREAD;
	}

	/** Which of its moves the thread takes along an edge: those of a thread in a state follow each other. */
	edgeChoice(edge: number): number {
		const thread = this.edgeThread(edge);
		const first = this.store.firstEdge(this.store.sourceOf(edge));
		let before = edge;
		while (before > first && this.edgeThread(before - 1) === thread) before--;
		return edge - before;
	}

	/** How many moves a thread has in a state. */
	moveCount(state: number, thread: number): number {
		return this.entry(thread, this.localIndex(state, thread), this.sharedIndex(state)).moves;
	}

	/** Where a thread's `choice`-th move leads; -1 where the run ends. The state has to be an expanded one. */
	targetOf(state: number, thread: number, choice: number): number {
		const { from, to } = this.edges(state);
		for (let e = from; e < to; e++)
			if (this.edgeThread(e) === thread) return e + choice < to ? this.target(e + choice) : -1;
		return -1;
	}

	/** What a blocked thread waits for; undefined when it is not blocked. */
	wait(state: number, thread: number): Wait | undefined {
		if (this.status(state, thread) === Status.ended) return undefined;
		if (this.system.gated && !this.system.gate(thread, (t) => this.local(state, t)))
			return { kind: 'cpu', resource: 0 };
		return this.entry(thread, this.localIndex(state, thread), this.sharedIndex(state)).wait;
	}

	/** The entry of a pair, also of one that no state has been expanded with. */
	private entry(thread: number, local: number, shared: number): Asked {
		const known = this.store.recall(thread, local, shared);
		if (known >= 0)
			return {
				moves: (this.store.pairs.first(known + 1) - this.store.pairs.first(known)) / 2,
				wait: this.waits[known],
			};
		const key = `${thread} ${local} ${shared}`;
		let entry = this.asked.get(key);
		if (entry === undefined) {
			const { targets, wait } = this.work(this.alike[thread] as number, local, shared, false);
			entry = { moves: targets.length / 2, wait };
			this.asked.set(key, entry);
		}
		return entry;
	}

	/** What a thread can do. `meets`: its successors get numbers of this graph. */
	private work(thread: number, local: number, shared: number, meets: boolean): Entry {
		const vectors = this.locals[thread] as Selection;
		if (vectors.get(local)[0] === Status.ended) return { ...NO_MOVES, reports: undefined, wait: undefined };
		const step = this.memo.step(this.system, this.tables, thread, vectors.key(local), this.shared.key(shared));
		const { targets, timeout, reports, wait } = step;
		if (!meets) return step;
		const met: number[] = [];
		for (let n = 0; n < targets.length; n += 2) {
			const to = targets[n] as number;
			if (to < 0) met.push(-1, -1);
			else met.push(this.knownLocal(thread, to), this.knownShared(targets[n + 1] as number));
		}
		return { targets: met, timeout, reports, wait };
	}

	/** A pair that the loop has not met: how it goes on, and what is wrong with that. */
	miss(thread: number, local: number, shared: number, state: number): number {
		const first = this.alike[thread] as number;
		const known = first === thread ? -1 : this.store.recall(first, local, shared);
		const entry =
			known >= 0
				? { ...this.store.pairs.moves(known), reports: this.wrong.get(known), wait: this.waits[known] }
				: this.work(first, local, shared, true);
		const running = (this.locals[thread] as Selection).get(local)[0] === Status.running;
		const number = this.store.learn(thread, local, shared, running, entry);
		this.waits[number] = entry.wait;
		if (entry.reports !== undefined) this.wrong.set(number, entry.reports);
		// later states in which the thread does the same have nothing new to tell
		entry.reports?.forEach((reports, choice) => {
			for (const report of reports) this.reports.push({ state, thread, choice, report });
		});
		if (this.system.overturned || this.broken || !this.store.settled) return C.ABORT;
		return this.store.cell(thread, local, shared);
	}

	/** Threads that were taken for interchangeable are not: the graph is worth nothing. */
	private get broken(): boolean {
		return this.symmetric && this.alike.some((first, t) => first !== t && this.system.identified(first));
	}

	/** Expands at least `n` of the states in the queue, or all; fewer when `most` states were found. */
	expand(n: number, most = Number.POSITIVE_INFINITY): Expanded {
		this.store.limit(most);
		this.whole = undefined;
		const stop = this.expanded + n;
		for (;;) {
			const result = this.machine.run(Math.max(1, stop - this.expanded));
			if (this.system.overturned) return 'overturned';
			if (this.broken) return 'no symmetry';
			if (!this.store.settled && !this.store.settle()) return 'no memory';
			if (result === C.FULL && !this.store.grow()) return 'no memory';
			if (result === C.DONE) return 'all';
			if (result === C.MORE) return this.count < MOST_STATES ? 'more' : 'no memory';
		}
	}

	private readonly indices: number[] = [];

	/** Puts the state that stands for it in place of a packed one. */
	renumber(row: number): number {
		const { indices, store } = this;
		const renumbered = this.renumbered as RenumberedParts;
		for (let part = 0; part <= this.threads; part++) indices[part] = store.indexAt(row, part);
		const by = renumbered.of(indices);
		if (by === undefined) return 1;
		for (let part = 0; part <= this.threads; part++) {
			const index = indices[part] as number;
			const next = renumbered.next(part, index, by);
			if (!store.settled) return 0;
			if (next !== index) store.setIndexAt(row, part, next);
		}
		return 1;
	}

	private readonly finalReports = new Set<number>();

	/** Runs `finally` where every thread has ended, and every daemon is between two rounds. What it finds depends on shared memory only. */
	ended(state: number, shared: number): void {
		if (this.finalReports.has(shared)) return;
		this.finalReports.add(shared);
		for (const report of this.system.runFinally(this.shared.get(shared)))
			this.reports.push({ state, thread: FINALLY, choice: 0, report });
	}

	/** Every thread has ended in the state, and `finally` was run. */
	ranFinally(state: number): boolean {
		return this.finalReports.has(this.sharedIndex(state));
	}

	/** Gives the machine back: nothing may be asked of the graph any more. */
	release(): void {
		if (this.machine.host !== this) return;
		this.memo.end(this.system);
		giveBack(this.machine);
		this.store.arena.leave();
	}
}

/** Breadth first, states are numbered in the order in which edges lead to them first. */
function depthsOf({ count, first, target }: EdgeRows): Int32Array {
	const depths = new Int32Array(count);
	let next = 1;
	for (let s = 0; s < count; s++)
		for (let e = first[s] as number; e < (first[s + 1] as number); e++)
			if (target[e] === next) depths[next++] = (depths[s] as number) + 1;
	return depths;
}
