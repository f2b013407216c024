import { type Field, packFields } from './fields.js';
import { Arena, type Region } from './loop/arena.js';
import * as C from './loop/control.js';
import type { Machine } from './loop/machine.js';
import { type Moves, Pairs } from './pairs.js';

/** Edges of a graph in compressed rows: those of `state` are `first[state]` to `first[state + 1]`. */
export interface EdgeRows {
	readonly count: number;
	readonly first: Int32Array;
	/** Where each edge leads; -1 where the run ends. */
	readonly target: Int32Array;
	/** Who moves. */
	readonly mover: Uint8Array;
}

const log2 = (n: number): number => 31 - Math.clz32(n);

/** A table slot holds no more. */
export const MOST_STATES = 2 ** C.INDEX_BITS - 2 ** 17;
/** Bytes of scratch for a batch; behind it there is room for one more state. */
const BATCH_BYTES = 65_536;
/** A memo this large may be a plain array whatever is in it; a larger one has to be used this much, bytes a pair. */
const SMALL_MEMO = 2 ** 18;
const DENSE_MEMO = 256;
const LARGE_MEMO = 2 ** 28;

/**
 * The tables of a search, in a machine's memory: packed states, edges in compressed rows, and the memo of what each
 * thread can do. Indices are numbers that somebody else gives out; nothing here knows what they stand for.
 */
export class Store {
	readonly arena: Arena;
	/** By thread, then shared. */
	private fields: readonly Field[] = [];
	words = 1;
	/** Indices that there is room for: by thread, then shared. Powers of two. */
	private readonly limits: number[];
	private readonly columns: number[] = [];
	/** What is in the memo. */
	readonly pairs = new Pairs();
	/** What `describe` told, by part. */
	private readonly flags: number[][];
	private readonly values: number[][];
	/** The loop may go on; otherwise `settle` has to be called first. */
	settled = true;
	/** Some label says more than who moves. */
	timed = false;
	private deltaBytes = 8;
	private mostMoves = 16;

	/** @param expected how many states to make room for */
	constructor(
		readonly machine: Machine,
		readonly threads: number,
		expected = 0,
	) {
		this.arena = new Arena(machine);
		this.limits = [...Array.from({ length: threads }, () => 16), 64];
		this.flags = this.limits.map(() => []);
		this.values = this.limits.map(() => []);
		this.arena.set(C.THREADS, threads);
		this.limit(MOST_STATES);
		this.pack();
		this.layOut();
		const states = 2 ** Math.ceil(Math.log2(Math.max(1024, expected + (expected >> 6))));
		if (!this.makeRoom(states, 4 * states)) this.makeRoom(1024, 4096);
	}

	get count(): number {
		return this.arena.get(C.COUNT);
	}
	get expanded(): number {
		return this.arena.get(C.EXPANDED);
	}
	get edges(): number {
		return this.arena.get(C.EDGES);
	}

	/** Bytes that states take: packed, in the table, and where their edges begin; and bytes that edges take. */
	get parts(): { readonly states: number; readonly edges: number } {
		const table = 8 * 2 ** Math.ceil(Math.log2(Math.max(1024, this.count)));
		return { states: (8 * this.words + 4) * this.count + table, edges: 5 * this.edges };
	}

	/** Bytes in use: the same for the same search, however much room was made in advance. */
	get bytes(): number {
		const { states, edges } = this.parts;
		return states + edges + this.arena.room(C.MEMO) + this.deltaBytes;
	}

	/** Index `part` of a state: of a thread's local vector, or, where it is the number of threads, of the shared one. */
	index(state: number, part: number): number {
		return this.part((this.arena.get(C.ROWS) >>> 2) + state * 2 * this.words, part);
	}

	private part(at: number, part: number): number {
		const { half, shift, bits } = this.fields[part] as Field;
		return ((this.arena.u32[at + half] as number) >>> shift) & (2 ** bits - 1);
	}

	/** As `index` for one part; valid until the store grows. */
	reader(part: number): (state: number) => number {
		const { half, shift, bits } = this.fields[part] as Field;
		const { u32 } = this.arena;
		const at = (this.arena.get(C.ROWS) >>> 2) + half;
		const size = 2 * this.words;
		const mask = 2 ** bits - 1;
		return (state) => ((u32[at + state * size] as number) >>> shift) & mask;
	}

	/** Index `part` of the packed state at a byte address. */
	indexAt(address: number, part: number): number {
		return this.part(address >>> 2, part);
	}

	/** Changes index `part` of the packed state at a byte address. There has to be room for it. */
	setIndexAt(address: number, part: number, index: number): void {
		const { half, shift, bits } = this.fields[part] as Field;
		const { u32 } = this.arena;
		const at = (address >>> 2) + half;
		u32[at] = ((u32[at] as number) & ~((2 ** bits - 1) << shift)) | (index << shift);
	}

	/** How many numbers of index `part` were described. */
	size(part: number): number {
		return this.flags[part]?.length ?? 0;
	}

	firstEdge(state: number): number {
		// states that were not expanded have no edges
		return state > this.expanded
			? this.edges
			: (this.arena.u32[(this.arena.get(C.EDGE_START) >>> 2) + state] as number);
	}

	/** The state that an edge leads from. */
	sourceOf(edge: number): number {
		let low = 0;
		let high = this.expanded;
		while (high - low > 1) {
			const middle = (low + high) >>> 1;
			if (this.firstEdge(middle) <= edge) low = middle;
			else high = middle;
		}
		return low;
	}

	/** Where an edge leads; -1 where the run ends. */
	target(edge: number): number {
		return (this.arena.u32[(this.arena.get(C.TARGETS) >>> 2) + edge] as number) | 0;
	}

	label(edge: number): number {
		return this.arena.u8[this.arena.get(C.LABELS) + edge] as number;
	}

	/** The edges whose label says that they are timeouts. */
	*timeouts(): Generator<number> {
		for (let e = 0; e < this.edges; e++) if (this.label(e) & C.LABEL_TIMEOUT) yield e;
	}

	/** All edges, where they lie: valid until the store grows. */
	rows(): EdgeRows {
		const { arena, count, expanded, edges } = this;
		const { buffer } = this.machine;
		arena.u32.fill(edges, (arena.get(C.EDGE_START) >>> 2) + expanded + 1, (arena.get(C.EDGE_START) >>> 2) + count + 1);
		const labels = new Uint8Array(buffer, arena.get(C.LABELS), edges);
		return {
			count,
			first: new Int32Array(buffer, arena.get(C.EDGE_START), count + 1),
			target: new Int32Array(buffer, arena.get(C.TARGETS), edges),
			mover: this.timed ? labels.map((label) => label & C.LABEL_THREAD) : labels,
		};
	}

	/** No state is to be expanded. */
	skip(): void {
		this.arena.set(C.EXPANDED, this.count);
		this.arena.u32.fill(0, this.arena.get(C.EDGE_START) >>> 2, (this.arena.get(C.EDGE_START) >>> 2) + this.count + 1);
	}

	/** The loop stops when there are so many states. */
	limit(most: number): void {
		this.arena.set(C.MOST, Math.min(most, MOST_STATES));
	}

	/** Adds the first state. */
	begin(indices: readonly number[]): void {
		const at = this.arena.get(C.ROWS);
		this.arena.u32.fill(0, at >>> 2, (at >>> 2) + 2 * this.words);
		indices.forEach((index, part) => {
			this.setIndexAt(at, part, index);
		});
		this.arena.set(C.COUNT, 1);
		this.arena.u32[this.arena.get(C.EDGE_START) >>> 2] = 0;
		this.arena.clear(C.TABLE);
		this.machine.rehash();
	}

	/**
	 * Tells what the loop has to know of index `part`'s next number: flags of a local vector, and the sequence values in
	 * it as bits.
	 */
	describe(part: number, flags: number, values: number): void {
		const index = (this.flags[part] as number[]).push(flags) - 1;
		(this.values[part] as number[]).push(values);
		if (index < (this.limits[part] as number)) this.write(part, index);
		else this.settled = false;
	}

	private write(part: number, index: number): void {
		const values = this.values[part]?.[index] as number;
		const { arena } = this;
		if (part === this.threads) arena.u32[(arena.get(C.SHARED_VALUES) >>> 2) + index] = values;
		else {
			const column = (this.columns[part] as number) + index;
			arena.u8[arena.get(C.FLAGS) + column] = this.flags[part]?.[index] as number;
			arena.u32[(arena.get(C.VALUES) >>> 2) + column] = values;
		}
	}

	/** Makes room for all that was told. False when there is no more memory. */
	settle(): boolean {
		let wider = false;
		const sizes = this.flags.map((f) => f.length);
		sizes.forEach((size, part) => {
			while ((this.limits[part] as number) < size) {
				this.limits[part] = 2 * (this.limits[part] as number);
				wider = true;
			}
		});
		// one that is nearly full grows along: each time costs a look at all states
		if (wider)
			sizes.forEach((size, part) => {
				if (4 * size > 3 * (this.limits[part] as number)) this.limits[part] = 2 * (this.limits[part] as number);
			});
		const narrow = this.limits.some((limit, part) => log2(limit) > (this.fields[part] as Field).bits);
		if (narrow && !this.repack()) return false;
		this.settled = this.layOut();
		return this.settled;
	}

	private pack(): void {
		const { fields, words } = packFields(this.limits.map(log2));
		this.fields = fields;
		this.words = words;
		const { arena } = this;
		arena.set(C.WORDS, words);
		fields.forEach((field, part) => {
			const shift = field.shift + (field.half % 2) * 32;
			const word = (field.half >> 1) * 8;
			const at = C.FIELDS + part * C.FIELD_SIZE;
			if (part === this.threads) {
				arena.set(C.SHARED_SHIFT, shift);
				arena.set(C.SHARED_MASK, 2 ** field.bits - 1);
				arena.set(C.SHARED_WORD, word);
			} else {
				arena.set(at + C.FIELD_SHIFT, shift);
				arena.set(at + C.FIELD_MASK, 2 ** field.bits - 1);
				arena.set(at + C.FIELD_WORD, word);
			}
		});
	}

	/** Lays all states out anew, with wider fields. */
	private repack(): boolean {
		const old = this.fields;
		const oldWords = this.words;
		const { words } = packFields(this.limits.map(log2));
		const states = this.arena.get(C.ROOM);
		if (words > oldWords && !this.reserve(new Map([[C.ROWS, states * words * 8]]))) return false;
		this.pack();
		const { u32 } = this.arena;
		const base = this.arena.get(C.ROWS) >>> 2;
		const parts = this.fields.length;
		const row = new Uint32Array(2 * words);
		// rows only get wider: from the last one on, none is overwritten before it is read
		for (let s = this.count - 1; s >= 0; s--) {
			const from = base + s * 2 * oldWords;
			row.fill(0);
			for (let part = 0; part < parts; part++) {
				const was = old[part] as Field;
				const is = this.fields[part] as Field;
				const index = ((u32[from + was.half] as number) >>> was.shift) & (2 ** was.bits - 1);
				row[is.half] = (row[is.half] as number) | (index << is.shift);
			}
			u32.set(row, base + s * 2 * words);
		}
		this.arena.clear(C.TABLE);
		this.machine.rehash();
		return true;
	}

	/** Lays the memo out anew, for as many indices as there is room for now. */
	private layOut(): boolean {
		const { arena, threads, limits } = this;
		let stride = 0;
		for (let t = 0; t < threads; t++) {
			this.columns[t] = stride;
			arena.set(C.FIELDS + t * C.FIELD_SIZE + C.FIELD_COLUMN, stride);
			stride += limits[t] as number;
		}
		const shared = limits[threads] as number;
		const dense = 4 * stride * shared;
		const plain = dense <= Math.max(SMALL_MEMO, Math.min(LARGE_MEMO, DENSE_MEMO * this.pairs.count));
		let slots = 0;
		if (!plain) for (slots = 1024; slots < 4 * this.pairs.count; ) slots *= 2;
		const ok = this.reserve(
			new Map<Region, number>([
				[C.SCRATCH, BATCH_BYTES + threads * this.mostMoves * (8 * this.words + 8)],
				[C.FLAGS, stride],
				[C.VALUES, 4 * stride],
				[C.SHARED_VALUES, 4 * shared],
				[C.MEMO, plain ? dense : 16 * slots],
				[C.DELTAS, Math.max(4096, 2 * this.deltaBytes)],
			]),
		);
		if (!ok) return false;
		arena.set(C.SCRATCH_FULL, arena.get(C.SCRATCH) + BATCH_BYTES);
		arena.set(C.STRIDE, stride);
		arena.set(C.MEMO_MASK, plain ? 0 : slots - 1);
		this.flags.forEach((flags, part) => {
			for (let index = 0; index < flags.length; index++) this.write(part, index);
		});
		arena.clear(C.MEMO);
		this.machine.forget();
		this.deltaBytes = 8;
		for (let n = 0; n < this.pairs.count; n++) if (!this.note(n)) return this.layOut();
		return true;
	}

	/** Writes a pair into the memo. False when there is no room: `widen` makes some. */
	private note(entry: number): boolean {
		const cell = this.encode(entry);
		if (cell === 0) return false;
		const { pairs } = this;
		const column = (this.columns[pairs.thread(entry)] as number) + pairs.local(entry);
		this.machine.remember(pairs.shared(entry), column, cell);
		return true;
	}

	/** The successors of a pair as differences, behind a head; the memo cell, or 0 when there is no room. */
	private encode(entry: number): number {
		const { arena, words, pairs } = this;
		const { targets } = pairs;
		const local = pairs.local(entry);
		const shared = pairs.shared(entry);
		const first = pairs.first(entry);
		const end = pairs.first(entry + 1);
		const count = (end - first) / 2;
		if (this.deltaBytes + 8 + 16 * count > arena.room(C.DELTAS)) {
			this.deltaBytes += 8 + 16 * count;
			return 0;
		}
		const mine = this.fields[pairs.thread(entry)] as Field;
		const common = this.fields[this.threads] as Field;
		const { u32 } = arena;
		const offset = this.deltaBytes;
		let at = (arena.get(C.DELTAS) + offset) >>> 2;
		u32[at++] = entry;
		u32[at++] = count;
		const two = words > 1;
		for (let n = first; n < end; n += 2) {
			const fatal = (targets[n] as number) < 0;
			// by hand: fill() is a call, and this is done for every pair
			const none = fatal ? 0xffffffff : 0;
			u32[at] = u32[at + 1] = none;
			if (two) u32[at + 2] = u32[at + 3] = none;
			if (!fatal) {
				const mineAt = at + (mine.half & 1);
				const commonAt = at + (two ? 2 : 0) + (common.half & 1);
				u32[mineAt] = (u32[mineAt] as number) ^ ((local ^ (targets[n] as number)) << mine.shift);
				u32[commonAt] = (u32[commonAt] as number) ^ ((shared ^ (targets[n + 1] as number)) << common.shift);
			}
			at += two ? 4 : 2;
		}
		this.deltaBytes = 4 * at - arena.get(C.DELTAS);
		return (
			((offset >>> 3) << C.CELL_SHIFT) |
			(pairs.isTimeout(entry) ? C.CELL_TIMEOUT : 0) |
			(pairs.isRunning(entry) ? C.CELL_RUNNING : 0) |
			Math.min(count, C.CELL_COUNT)
		);
	}

	/** Adds a pair to the memo: its number. `settled` says whether the loop may go on. */
	learn(thread: number, local: number, shared: number, running: boolean, moves: Moves): number {
		const entry = this.pairs.add(thread, local, shared, running, moves);
		if (moves.timeout) this.timed = true;
		if (moves.targets.length / 2 > this.mostMoves) {
			this.mostMoves = moves.targets.length;
			this.settled = false;
		}
		const mask = this.arena.get(C.MEMO_MASK);
		if (mask > 0 && 2 * this.pairs.count > mask) this.settled = false;
		if (this.settled) this.settled = this.note(entry);
		return entry;
	}

	/** The number of a pair in the memo; -1 when it is not there. */
	recall(thread: number, local: number, shared: number): number {
		const { u32 } = this.arena;
		const cell = this.cell(thread, local, shared);
		return cell === 0 ? -1 : (u32[(this.arena.get(C.DELTAS) >>> 2) + 2 * (cell >>> C.CELL_SHIFT)] as number);
	}

	/** The memo cell of a pair; 0 when there is none. */
	cell(thread: number, local: number, shared: number): number {
		if (local >= (this.limits[thread] as number) || shared >= (this.limits[this.threads] as number)) return 0;
		return this.machine.recall(shared, (this.columns[thread] as number) + local);
	}

	/** Room for another batch, and for twice as much as there was. False when there is no more memory. */
	grow(): boolean {
		const { arena } = this;
		const batch = arena.room(C.SCRATCH) / 16;
		let states = arena.get(C.ROOM);
		while (this.count + batch > states) states *= 2;
		let edges = arena.get(C.EDGE_ROOM);
		while (this.edges + batch > edges) edges = Math.ceil(1.5 * edges);
		return this.makeRoom(states, edges);
	}

	private makeRoom(states: number, edges: number): boolean {
		const { arena } = this;
		const more = states > arena.get(C.ROOM);
		const ok = this.reserve(
			new Map<Region, number>([
				[C.TABLE, 8 * states],
				[C.ROWS, 8 * this.words * states],
				[C.EDGE_START, 4 * (states + 1)],
				[C.LABELS, edges],
				[C.TARGETS, 4 * edges],
			]),
		);
		if (!ok) return false;
		arena.set(C.ROOM, states);
		arena.set(C.EDGE_ROOM, edges);
		if (!more) return true;
		arena.set(C.TABLE_MASK, 2 * states - 1);
		arena.clear(C.TABLE);
		this.machine.rehash();
		return true;
	}

	private reserve(needs: ReadonlyMap<Region, number>): boolean {
		const { arena } = this;
		const used = (region: Region): number => {
			switch (region) {
				case C.SCRATCH:
					return 0;
				case C.ROWS:
					return 8 * this.words * this.count;
				case C.EDGE_START:
					return 4 * (this.expanded + 1);
				case C.LABELS:
					return this.edges;
				case C.TARGETS:
					return 4 * this.edges;
				default:
					return arena.room(region);
			}
		};
		return arena.reserve(needs, used);
	}
}
