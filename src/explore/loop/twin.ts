import * as C from './control.js';
import { type Machine, NOBODY } from './machine.js';

const INDEX_MASK = 2 ** C.INDEX_BITS - 1;
const TAG_MASK = ~INDEX_MASK;
/** A plain array of memory is not asked to be larger than this. */
const MOST_BYTES = 2 ** 32 - 65_536;

/**
 * assembly/search.ts in TypeScript, state by state: where there is no WebAssembly, and as a second opinion in tests.
 * The tables have another hash, which nobody sees.
 */
export function twinMachine(): Machine {
	let buffer = new ArrayBuffer(131_072);
	let u32 = new Uint32Array(buffer);
	let u8 = new Uint8Array(buffer);
	/** Memo cells by shared index and column, where the memo is a hash table. */
	const hashed = new Map<number, number>();

	const control = (index: number): number => u32[index] as number;
	const word = (address: number): number => u32[address >>> 2] as number;
	const field = (thread: number): number => C.FIELDS + thread * C.FIELD_SIZE;
	/** The part of a packed state that a field describes; each lies in one 32-bit half. */
	const part = (row: number, at: number, shift: number, mask: number): number =>
		shift < 32 ? (word(row + at) >>> shift) & mask : (word(row + at + 4) >>> (shift - 32)) & mask;
	const columnOf = (row: number, f: number): number =>
		part(row, control(f + C.FIELD_WORD), control(f + C.FIELD_SHIFT), control(f + C.FIELD_MASK)) +
		control(f + C.FIELD_COLUMN);
	const sharedOf = (row: number): number =>
		part(row, control(C.SHARED_WORD), control(C.SHARED_SHIFT), control(C.SHARED_MASK));

	/** Have others that are not preempted all CPUs? A handler is on the CPU of its thread. */
	const crowded = (row: number, f: number): boolean => {
		const cpuOf = (g: number): number => {
			const on = control(g + C.FIELD_ON);
			return on === 0 ? (g - C.FIELDS) / C.FIELD_SIZE : on - 1;
		};
		let busy = 0;
		let free = control(C.CPUS);
		for (let t = 0; t < control(C.THREADS); t++) {
			const g = field(t);
			if (!((u8[control(C.FLAGS) + columnOf(row, g)] as number) & C.FLAG_STAYS)) continue;
			if (cpuOf(g) === cpuOf(f)) return false;
			if (busy & (1 << cpuOf(g))) continue;
			busy |= 1 << cpuOf(g);
			free--;
		}
		return free <= 0;
	};

	const gated = (row: number, f: number, column: number): boolean => {
		if (control(C.CPUS) !== 0 && crowded(row, f)) return true;
		const flags = control(C.FLAGS);
		const on = control(f + C.FIELD_ON);
		if (on !== 0)
			return (
				((u8[flags + column] as number) & C.FLAG_IDLE) !== 0 &&
				((u8[flags + columnOf(row, field(on - 1))] as number) & C.FLAG_IRQS_OFF) !== 0
			);
		for (let t = 0, rest = control(f + C.FIELD_HANDLERS); rest !== 0; rest >>>= 1, t++)
			if (rest & 1 && (u8[flags + columnOf(row, field(t))] as number) & C.FLAG_RUNNING) return true;
		return false;
	};

	const numbered = (row: number, near: number): boolean => {
		let bits = word(control(C.SHARED_VALUES) + 4 * sharedOf(row));
		for (let t = 0; t < control(C.THREADS); t++) bits |= word(control(C.VALUES) + 4 * columnOf(row, field(t)));
		if (bits & 1) return false;
		let last = 0;
		for (let value = 1; value < 32; value++) {
			if (!(bits & (1 << value))) continue;
			if (value - last > (last === 0 ? 2 : near)) return false;
			last = value;
		}
		return true;
	};

	/** Moves the part of a thread to its place among those of the threads before it, and behind it, which are in order. */
	const sort = (row: number, thread: number, behind: boolean): void => {
		let f = field(thread);
		const partOf = (g: number): number => columnOf(row, g) - control(g + C.FIELD_COLUMN);
		const value = partOf(f);
		const pass = (next: number, stays: (other: number) => boolean): void => {
			for (let u = control(f + next); u !== 0; u = control(f + next)) {
				const g = field(u - 1);
				const other = partOf(g);
				if (stays(other)) return;
				change(row, f, other ^ value);
				change(row, g, other ^ value);
				f = g;
			}
		};
		pass(C.FIELD_BEFORE, (other) => other <= value);
		if (behind) pass(C.FIELD_BEHIND, (other) => other >= value);
	};
	const change = (row: number, f: number, difference: number): void => {
		const shift = control(f + C.FIELD_SHIFT);
		const at = (row + control(f + C.FIELD_WORD)) / 4 + (shift >= 32 ? 1 : 0);
		u32[at] = (u32[at] as number) ^ (difference << (shift & 31));
	};

	const hash = (row: number, halves: number): number => {
		let h = 0x9e3779b9;
		for (let i = 0; i < halves; i++) {
			h = Math.imul(h ^ word(row + 4 * i), 0x85ebca6b);
			h ^= h >>> 13;
		}
		return h ^ (h >>> 16);
	};

	const machine: Machine = {
		host: NOBODY,
		get buffer() {
			return buffer;
		},
		grow(bytes) {
			if (bytes <= buffer.byteLength) return true;
			if (bytes > MOST_BYTES) return false;
			try {
				const larger = new ArrayBuffer(Math.min(MOST_BYTES, Math.max(bytes, 1.5 * buffer.byteLength) & ~7));
				new Uint8Array(larger).set(u8);
				buffer = larger;
			} catch {
				return false;
			}
			u32 = new Uint32Array(buffer);
			u8 = new Uint8Array(buffer);
			return true;
		},
		rehash() {
			const size = 8 * control(C.WORDS);
			for (let s = 0; s < control(C.COUNT); s++) {
				const h = hash(control(C.ROWS) + s * size, size / 4);
				let slot = h & control(C.TABLE_MASK);
				while (word(control(C.TABLE) + 4 * slot) !== 0) slot = (slot + 1) & control(C.TABLE_MASK);
				u32[(control(C.TABLE) >>> 2) + slot] = (s + 1) | (h & TAG_MASK);
			}
		},
		remember(shared, column, cell) {
			const key = shared * control(C.STRIDE) + column;
			if (control(C.MEMO_MASK) !== 0) hashed.set(key, cell);
			else u32[(control(C.MEMO) >>> 2) + key] = cell;
		},
		forget() {
			hashed.clear();
		},
		recall(shared, column) {
			const key = shared * control(C.STRIDE) + column;
			return control(C.MEMO_MASK) !== 0 ? (hashed.get(key) ?? 0) : (u32[(control(C.MEMO) >>> 2) + key] as number);
		},
		run(chunk) {
			const stop = control(C.EXPANDED) + chunk;
			while (control(C.EXPANDED) < control(C.COUNT)) {
				if (control(C.EXPANDED) >= stop || control(C.COUNT) >= control(C.MOST)) return C.MORE;
				// limits are looked at as often as there
				const batch = Math.min(control(C.EXPANDED) + C.BATCH, control(C.COUNT));
				while (control(C.EXPANDED) < batch) {
					const end = successors(control(C.EXPANDED));
					if (end < 0) return -end;
					const result = insert(end);
					if (result !== C.DONE) return result;
				}
			}
			return C.DONE;
		},
	};

	/** Writes the successors of a state into scratch; their end, or minus what `run` returns. */
	const successors = (state: number): number => {
		const size = 8 * control(C.WORDS);
		const row = control(C.ROWS) + state * size;
		const shared = sharedOf(row);
		const near = control(C.NEAR);
		let out = control(C.SCRATCH);
		let running = 0;
		for (let t = 0; t < control(C.THREADS); t++) {
			const f = field(t);
			const column = columnOf(row, f);
			if (control(C.GATED) !== 0 && gated(row, f, column)) continue;
			let cell = machine.recall(shared, column);
			if (cell === 0) {
				cell = machine.host.miss(t, column - control(f + C.FIELD_COLUMN), shared, state);
				if (cell === C.ABORT) return -C.ABORTED;
			}
			running |= cell & C.CELL_RUNNING;
			let n = cell & C.CELL_COUNT;
			if (n === 0) continue;
			let d = control(C.DELTAS) + 8 * (cell >>> C.CELL_SHIFT);
			if (n === C.CELL_COUNT) n = word(d + 4);
			d += 8;
			for (; n > 0; n--) {
				const low = word(d);
				const high = word(d + 4);
				const fatal = low === 0xffffffff && high === 0xffffffff;
				u32.copyWithin(out >>> 2, row >>> 2, (row + size) >>> 2);
				if (!fatal) {
					xor(out + control(f + C.FIELD_WORD), low, high);
					if (size > 8) xor(out + control(C.SHARED_WORD), word(d + 8), word(d + 12));
					if (near !== 0 && !numbered(out, near) && machine.host.renumber(out) === 0) return -C.ABORTED;
				}
				if (control(C.SYMMETRIC) !== 0 && !fatal) {
					if (near === 0) sort(out, t, true);
					else for (let u = 1; u < control(C.THREADS); u++) sort(out, u, false);
				}
				d += size > 8 ? 16 : 8;
				u32[(out + size) >>> 2] = t | (cell & C.CELL_TIMEOUT ? C.LABEL_TIMEOUT : 0) | (fatal ? C.LABEL_FATAL : 0);
				out += size + 8;
			}
		}
		if (control(C.FINALLY) !== 0 && running === 0) machine.host.ended(state, shared);
		return out;
	};

	const xor = (address: number, low: number, high: number): void => {
		u32[address >>> 2] = word(address) ^ low;
		u32[(address >>> 2) + 1] = word(address + 4) ^ high;
	};

	/** Finds or adds what scratch holds. */
	const insert = (end: number): number => {
		const size = 8 * control(C.WORDS);
		const start = control(C.SCRATCH);
		const found = (end - start) / (size + 8);
		if (control(C.COUNT) + found > control(C.ROOM) || control(C.EDGES) + found > control(C.EDGE_ROOM)) return C.FULL;
		let edge = control(C.EDGES);
		for (let p = start; p < end; p += size + 8, edge++) {
			const label = word(p + size);
			u8[control(C.LABELS) + edge] = label & 0xff;
			u32[(control(C.TARGETS) >>> 2) + edge] = label & C.LABEL_FATAL ? 0xffffffff : lookUp(p, size);
		}
		u32[C.EDGES] = edge;
		const expanded = control(C.EXPANDED) + 1;
		u32[C.EXPANDED] = expanded;
		u32[(control(C.EDGE_START) >>> 2) + expanded] = edge;
		return C.DONE;
	};

	const lookUp = (p: number, size: number): number => {
		const rows = control(C.ROWS);
		const h = hash(p, size / 4);
		for (let slot = h & control(C.TABLE_MASK); ; slot = (slot + 1) & control(C.TABLE_MASK)) {
			const at = (control(C.TABLE) >>> 2) + slot;
			const seen = u32[at] as number;
			if (seen === 0) {
				const state = control(C.COUNT);
				u32[at] = (state + 1) | (h & TAG_MASK);
				u32.copyWithin((rows + state * size) >>> 2, p >>> 2, (p + size) >>> 2);
				u32[C.COUNT] = state + 1;
				return state;
			}
			if (((seen ^ h) & TAG_MASK) !== 0) continue;
			const state = (seen & INDEX_MASK) - 1;
			let i = 0;
			while (i < size && word(rows + state * size + i) === word(p + i)) i += 4;
			if (i === size) return state;
		}
	};

	return machine;
}
