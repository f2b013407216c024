import type { Wait } from '../kernel/context.js';
import type { Report } from '../machine/interpreter.js';
import { renumber, type Sequences } from '../machine/sequences.js';
import type { System } from '../machine/system.js';
import { Status } from '../machine/thread.js';
import { InternTable } from './intern.js';

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
interface Entry {
	/** (local, shared) pairs; local -1 where the run ends. */
	readonly targets: Int32Array;
	readonly reports: readonly (readonly Report[])[] | undefined;
	readonly wait: Wait | undefined;
	/** Its moves are timeouts, or signals: they may come, but nobody may rely on them. */
	readonly timeout: boolean;
}

/** Threads are bits of a mask in many places: there are at most 32. */
const THREAD_BITS = 5;
const NO_TARGETS = new Int32Array(0);
/** Shared indices have 26 bits in a memo key, local ones the rest of a safe integer. */
const SHARED_LIMIT = 2 ** 26;

/**
 * The states reached so far, breadth first, and the edges between them.
 * A state is a row of indices: one for each thread's local vector, and one for the shared vector.
 */
export class Graph {
	readonly threads: number;
	private readonly width: number;
	private readonly shared = new InternTable();
	private readonly locals: readonly InternTable[];
	private readonly memo: readonly Map<number, Entry>[];
	private rows: Int32Array;
	private table: Int32Array;
	count = 0;
	transitions = 0;
	/** States expanded so far: the queue is the rows themselves. */
	expanded = 0;
	/** Index of the first edge of each expanded state. */
	readonly edgeStart: number[] = [0];
	/** Target state, or -1 where the run ends. */
	private targets = new Int32Array(1024);
	/** choice << THREAD_BITS | thread */
	private labels = new Int32Array(1024);
	readonly parents: number[] = [];
	readonly depths: number[] = [];
	readonly reports: EdgeReport[] = [];

	constructor(readonly system: System) {
		this.threads = system.threads.length;
		this.width = this.threads + 1;
		this.locals = system.threads.map(() => new InternTable());
		this.memo = system.threads.map(() => new Map());
		this.rows = new Int32Array(this.width * 1024);
		this.table = new Int32Array(2048).fill(-1);
		const row = new Int32Array(this.width);
		system.initialLocals.forEach((local, t) => {
			row[t] = (this.locals[t] as InternTable).intern(local);
		});
		row[this.threads] = this.shared.intern(system.initialShared);
		this.scratch = row.slice();
		this.add(row, -1);
		for (const report of system.setupReports) this.reports.push({ state: 0, thread: SETUP, choice: 0, report });
		// nothing that follows a broken setup has a meaning
		if (system.setupReports.some((r) => r.fatal)) {
			this.expanded = 1;
			this.edgeStart.push(0);
		}
	}

	private readonly scratch: Int32Array;

	/** Rough size of what is held, bytes. */
	get bytes(): number {
		let cells = this.shared.cells;
		let memo = 0;
		for (const table of this.locals) cells += table.cells;
		for (const map of this.memo) memo += map.size;
		return (
			4 * cells + 160 * memo + 4 * this.rows.length + 4 * this.table.length + 8 * this.targets.length + 24 * this.count
		);
	}

	localIndex(state: number, thread: number): number {
		return this.rows[state * this.width + thread] as number;
	}

	local(state: number, thread: number): Int32Array {
		return (this.locals[thread] as InternTable).get(this.localIndex(state, thread));
	}

	sharedIndex(state: number): number {
		return this.rows[state * this.width + this.threads] as number;
	}

	sharedOf(state: number): Int32Array {
		return this.shared.get(this.sharedIndex(state));
	}

	status(state: number, thread: number): number {
		return this.local(state, thread)[0] as number;
	}

	edges(state: number): { readonly from: number; readonly to: number } {
		return { from: this.edgeStart[state] as number, to: this.edgeStart[state + 1] as number };
	}

	/** All edges at once, for passes over the whole graph: those of a state are sorted by the thread that moves. */
	rowsOfEdges(): {
		readonly count: number;
		readonly first: Int32Array;
		readonly target: Int32Array;
		readonly mover: Uint8Array;
	} {
		const first = new Int32Array(this.count + 1).fill(this.edgeCount);
		for (let s = 0; s <= this.expanded; s++) first[s] = this.edgeStart[s] as number;
		const mover = new Uint8Array(this.edgeCount);
		for (let e = 0; e < mover.length; e++) mover[e] = this.edgeThread(e);
		return { count: this.count, first, target: this.targets, mover };
	}

	target(edge: number): number {
		return this.targets[edge] as number;
	}

	edgeThread(edge: number): number {
		return (this.labels[edge] as number) & ((1 << THREAD_BITS) - 1);
	}

	edgeChoice(edge: number): number {
		return (this.labels[edge] as number) >> THREAD_BITS;
	}

	/** How many moves a thread has in a state. */
	moveCount(state: number, thread: number): number {
		return this.entry(thread, this.localIndex(state, thread), this.sharedIndex(state)).targets.length / 2;
	}

	/** Where a thread's `choice`-th move leads; -1 where the run ends. The state has to be an expanded one. */
	targetOf(state: number, thread: number, choice: number): number {
		const { from, to } = this.edges(state);
		for (let e = from; e < to; e++) if (this.labels[e] === ((choice << THREAD_BITS) | thread)) return this.target(e);
		return -1;
	}

	/** What a blocked thread waits for; undefined when it is not blocked. */
	wait(state: number, thread: number): Wait | undefined {
		if (this.status(state, thread) === Status.ended) return undefined;
		if (this.system.hasInterrupts && !this.system.gate(thread, (t) => this.local(state, t)))
			return { kind: 'condition', resource: 0 };
		return this.entry(thread, this.localIndex(state, thread), this.sharedIndex(state)).wait;
	}

	private entry(thread: number, local: number, shared: number): Entry {
		const memo = this.memo[thread] as Map<number, Entry>;
		const key = local * SHARED_LIMIT + shared;
		let entry = memo.get(key);
		if (entry !== undefined) return entry;
		const locals = this.locals[thread] as InternTable;
		const result = this.system.step(thread, locals.get(local), this.shared.get(shared));
		if (result.moves.length === 0)
			entry = { targets: NO_TARGETS, reports: undefined, wait: result.wait, timeout: false };
		else {
			const targets = new Int32Array(2 * result.moves.length);
			result.moves.forEach((move, n) => {
				targets[2 * n] = move.fatal ? -1 : locals.intern(move.local);
				targets[2 * n + 1] = move.fatal ? -1 : this.shared.intern(move.shared);
			});
			const reports = result.moves.some((m) => m.reports.length > 0) ? result.moves.map((m) => m.reports) : undefined;
			entry = { targets, reports, wait: result.wait, timeout: result.moves.every((m) => m.timeout) };
		}
		memo.set(key, entry);
		return entry;
	}

	/** Expands the next `n` states of the queue. False when there are none left. */
	expand(n: number): boolean {
		const end = Math.min(this.count, this.expanded + n);
		const { width, threads, scratch } = this;
		for (; this.expanded < end; this.expanded++) {
			const state = this.expanded;
			const base = state * width;
			if (this.system.hasFinally && this.allEnded(state)) this.runFinally(state);
			for (let t = 0; t < threads; t++) {
				const local = this.rows[base + t] as number;
				const vector = (this.locals[t] as InternTable).get(local);
				if (vector[0] === Status.ended) continue;
				if (this.system.hasInterrupts && !this.system.gate(t, (u) => this.local(state, u))) continue;
				const { targets, reports, timeout } = this.entry(t, local, this.rows[base + threads] as number);
				for (let choice = 0; 2 * choice < targets.length; choice++) {
					this.transitions++;
					const toLocal = targets[2 * choice] as number;
					let target = -1;
					if (toLocal >= 0) {
						for (let k = 0; k < width; k++) scratch[k] = this.rows[base + k] as number;
						scratch[t] = toLocal;
						scratch[threads] = targets[2 * choice + 1] as number;
						if (this.system.sequences !== undefined) this.renumberRow(scratch, this.system.sequences);
						target = this.add(scratch, state);
					}
					if (timeout) this.timeouts.add(this.edgeCount);
					this.addEdge(target, (choice << THREAD_BITS) | t);
					for (const report of reports?.[choice] ?? []) this.reports.push({ state, thread: t, choice, report });
				}
			}
			this.edgeStart.push(this.edgeCount);
		}
		return this.expanded < this.count;
	}

	private readonly sequenceValues: (readonly number[])[][] = [];

	/** Sequence values of a part of a row: a thread's local vector, or the shared one. */
	private valuesOf(part: number, index: number, sequences: Sequences): readonly number[] {
		this.sequenceValues[part] ??= [];
		const known = this.sequenceValues[part] as (readonly number[])[];
		let values = known[index];
		if (values === undefined) {
			values =
				part === this.threads
					? sequences.inShared(this.shared.get(index))
					: sequences.inLocal((this.locals[part] as InternTable).get(index));
			known[index] = values;
		}
		return values;
	}

	private readonly allValues: number[] = [];

	/** Puts the state that stands for it in place of a row. */
	private renumberRow(row: Int32Array, sequences: Sequences): void {
		const values = this.allValues;
		values.length = 0;
		for (let k = 0; k < this.width; k++)
			for (const value of this.valuesOf(k, row[k] as number, sequences)) values.push(value);
		const to = renumber(values);
		if (to === undefined) return;
		for (let k = 0; k < this.width; k++) {
			const index = row[k] as number;
			if (!this.valuesOf(k, index, sequences).some((v) => to.has(v))) continue;
			const table = k === this.threads ? this.shared : (this.locals[k] as InternTable);
			const vector = table.get(index);
			row[k] = table.intern(
				k === this.threads ? sequences.rewriteShared(vector, to) : sequences.rewriteLocal(vector, to),
			);
		}
	}

	/** Every thread has ended, and every daemon is between two rounds. */
	private allEnded(state: number): boolean {
		for (let t = 0; t < this.threads; t++) if (this.status(state, t) === Status.running) return false;
		return true;
	}

	private readonly finalReports = new Map<number, readonly Report[]>();

	/** What `finally` finds depends on shared memory only. */
	private runFinally(state: number): void {
		const shared = this.sharedIndex(state);
		if (this.finalReports.has(shared)) return;
		const reports = this.system.runFinally(this.shared.get(shared));
		this.finalReports.set(shared, reports);
		for (const report of reports) this.reports.push({ state, thread: FINALLY, choice: 0, report });
	}

	private edgeCount = 0;
	/** Edges by which a timer or a signal ends a wait. */
	readonly timeouts = new Set<number>();

	private addEdge(target: number, label: number): void {
		if (this.edgeCount === this.targets.length) {
			this.targets = doubled(this.targets);
			this.labels = doubled(this.labels);
		}
		this.targets[this.edgeCount] = target;
		this.labels[this.edgeCount++] = label;
	}

	private add(row: Int32Array, parent: number): number {
		const { width } = this;
		let mask = this.table.length - 1;
		let slot = hashRow(row) & mask;
		for (;;) {
			const state = this.table[slot] as number;
			if (state < 0) break;
			const base = state * width;
			let k = 0;
			while (k < width && this.rows[base + k] === row[k]) k++;
			if (k === width) return state;
			slot = (slot + 1) & mask;
		}
		const state = this.count++;
		if ((state + 1) * width > this.rows.length) this.rows = doubled(this.rows);
		this.rows.set(row, state * width);
		this.parents.push(parent);
		this.depths.push(parent < 0 ? 0 : (this.depths[parent] as number) + 1);
		this.table[slot] = state;
		if (this.count * 2 > this.table.length) {
			this.table = new Int32Array(this.table.length * 2).fill(-1);
			mask = this.table.length - 1;
			for (let s = 0; s < this.count; s++) {
				let at = hashRow(this.rows.subarray(s * width, s * width + width)) & mask;
				while ((this.table[at] as number) >= 0) at = (at + 1) & mask;
				this.table[at] = s;
			}
		}
		return state;
	}
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
	const larger = new Int32Array(array.length * 2);
	larger.set(array);
	return larger;
}

function hashRow(row: Int32Array): number {
	let h = 0x9e3779b9;
	for (let i = 0; i < row.length; i++) {
		h = Math.imul(h ^ (row[i] as number), 0x85ebca6b);
		h ^= h >>> 13;
	}
	return (h ^ (h >>> 16)) >>> 0;
}
