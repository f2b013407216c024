/**
 * The cells that threads share: globals, address-taken locals and objects from the heap.
 * One scalar is one cell of 32 bits. An address is a number that designates one cell:
 *
 *   0 … 4095                 the NULL page: NULL, `T __user *` page numbers, small offsets from NULL
 *   -4095 … -1               ERR_PTR
 *   GLOBAL_BASE + n          cell n of the globals
 *   FUNCTION | n             function n
 *   DYNAMIC | slot << 10 | n cell n of the object in `slot`: a local of a frame, or a heap object (HEAP bit set)
 */

import type { Footprint } from './footprint.js';

export const GLOBAL_BASE = 4096;
export const FUNCTION = 1 << 29;
export const DYNAMIC = 1 << 30;
const SLOT_SHIFT = 10;
const OFFSET_MASK = (1 << SLOT_SHIFT) - 1;
/** Of a slot: a heap object's. */
export const HEAP = 1 << 19;
/** Words before an object's cells in a packed vector: slot, layout, flags, references, size. */
export const OBJECT_HEADER = 5;
/** Which of them says how many registers point to the object. */
export const REFERENCES = 3;
/** Largest object, in cells. */
export const MAX_CELLS = OFFSET_MASK + 1;
/** Deepest call stack, and most memory locals of one function: the slot number has 7 and 5 bits for them. */
export const MAX_DEPTH = 127;
export const MAX_MEMORY_LOCALS = 31;
/** How many objects of one local other threads may still point to: 2 bits between them. */
const GENERATIONS = 4;
const GENERATION = 1 << 5;
/** What a cell holds before anything was written to it. Rare enough that no program computes it. */
export const UNINITIALISED = 0x8badf00d | 0;

export const isDynamic = (address: number): boolean => address >= DYNAMIC;
export const isHeap = (address: number): boolean => address >= DYNAMIC && (slotOf(address) & HEAP) !== 0;
export const isFunction = (address: number): boolean => address >= FUNCTION && address < DYNAMIC;
export const slotOf = (address: number): number => (address >> SLOT_SHIFT) & ((1 << 20) - 1);
export const offsetOf = (address: number): number => address & OFFSET_MASK;
export const addressOf = (slot: number, offset: number): number => DYNAMIC | (slot << SLOT_SHIFT) | offset;
/** The slot of memory local `local` of the frame at `depth` of thread `thread`: the same in every interleaving. */
export const stackSlot = (thread: number, depth: number, local: number): number =>
	(thread << 14) | (depth << 7) | local;
/** The thread whose local a slot is; meaningless for heap slots. */
export const threadOfSlot = (slot: number): number => slot >> 14;
const depthOfSlot = (slot: number): number => (slot >> 7) & 127;

/** Is it the slot of a local of the frame at `depth`? */
export const isSlotOf = (slot: number, thread: number, depth: number): boolean =>
	!(slot & HEAP) && threadOfSlot(slot) === thread && depthOfSlot(slot) === depth;

/** What is left of a pointer to a local that has died: no object ever lies there. */
export const DANGLING = addressOf(stackSlot(31, MAX_DEPTH, MAX_MEMORY_LOCALS), OFFSET_MASK);

/** A local in memory or a heap object. */
export interface DynamicObject {
	readonly slot: number;
	/** Index into the system's layouts; names its type. */
	readonly layout: number;
	/** Some other thread can reach it. */
	published: boolean;
	/** kfree was called; the slot stays taken while anything still points to it. */
	freed: boolean;
	/** How many registers point to it: of all threads to a heap object, of other threads to a local. */
	references: number;
	readonly cells: Int32Array;
	/** Where its cells begin in the vector that the memory was unpacked from; -1 for what is not in it. */
	readonly at: number;
}

const FLAG_PUBLISHED = 1;
const FLAG_FREED = 2;

const flagsOf = ({ published, freed }: DynamicObject): number =>
	(published ? FLAG_PUBLISHED : 0) | (freed ? FLAG_FREED : 0);

/** Does a packed object's word of flags say that it is freed? */
export const isFreed = (flags: number): boolean => (flags & FLAG_FREED) !== 0;

const NONE = new Int32Array(0);

/**
 * How a step has changed the vector: `values` in `cells`; where objects came or went, `from` says where each word comes
 * from (-1: `values` has it). Then `counted` has words and what is added to each: how many registers point to a heap object.
 */
export interface Delta {
	readonly from: Int32Array | undefined;
	readonly cells: Int32Array;
	readonly values: Int32Array;
	readonly counted: Int32Array;
	/** Cells of the old vector that no longer hold what they did. */
	readonly overwritten: Int32Array;
	/** What nothing leads to any more has to be looked for. */
	readonly releases: boolean;
}

/** A step that changes nothing. */
export const UNCHANGED: Delta = {
	from: undefined,
	cells: NONE,
	values: NONE,
	counted: NONE,
	overwritten: NONE,
	releases: false,
};

/** The objects of a packed vector, and where their cells lie in it. */
export function* objectsIn(
	vector: Int32Array,
	globalCells: number,
): Generator<{
	readonly slot: number;
	readonly layout: number;
	readonly at: number;
	readonly size: number;
	readonly freed: boolean;
}> {
	for (let i = globalCells; i < vector.length; i += OBJECT_HEADER + (vector[i + 4] as number))
		yield {
			slot: vector[i] as number,
			layout: vector[i + 1] as number,
			at: i + OBJECT_HEADER,
			size: vector[i + 4] as number,
			freed: isFreed(vector[i + 2] as number),
		};
}

/** A cell of an object in a vector made by `Memory.pack`; undefined where the object, or the cell, is not there. */
export function cellIn(vector: Int32Array, globalCells: number, slot: number, offset: number): number | undefined {
	for (let i = globalCells; i < vector.length; i += OBJECT_HEADER + (vector[i + 4] as number))
		if (vector[i] === slot) return offset < (vector[i + 4] as number) ? vector[i + OBJECT_HEADER + offset] : undefined;
	return undefined;
}

/** The shared part of a state, unpacked for one step. */
export class Memory {
	/** Objects have come or gone since `unpack`: the vector has to be laid out anew. */
	private reshaped = false;
	/** Is told what is read and written, for footprint.ts. */
	footprint: Footprint | undefined;

	private constructor(
		/** A copy of the vector, which `globals` and the objects' cells are parts of. */
		private readonly vector: Int32Array,
		readonly globals: Int32Array,
		/** What threads share, sorted by slot, so that equal memories are equal vectors. */
		readonly objects: DynamicObject[],
		/** Locals of the running thread that nobody else can reach: kept with the thread. Sorted by slot. */
		readonly own: DynamicObject[],
	) {}

	/** Unpacks a vector made by `pack`; the vector itself stays as it is. */
	static unpack(packed: Int32Array, cells: number, own: DynamicObject[] = []): Memory {
		const vector = packed.slice();
		const objects: DynamicObject[] = [];
		for (let i = cells; i < vector.length; ) {
			const size = vector[i + 4] as number;
			const flags = vector[i + 2] as number;
			objects.push({
				slot: vector[i] as number,
				layout: vector[i + 1] as number,
				published: (flags & FLAG_PUBLISHED) !== 0,
				freed: (flags & FLAG_FREED) !== 0,
				references: vector[i + REFERENCES] as number,
				cells: vector.subarray(i + OBJECT_HEADER, i + OBJECT_HEADER + size),
				at: i + OBJECT_HEADER,
			});
			i += OBJECT_HEADER + size;
		}
		return new Memory(vector, vector.length === cells ? vector : vector.subarray(0, cells), objects, own);
	}

	/** What nothing leads to any more may have to go: an object has been removed or freed. */
	private releases = false;

	/** The vector that stands for this memory. Ends the memory's use: what is written later may show in the vector. */
	pack(): Int32Array {
		this.collect();
		if (this.reshaped) return this.layOut();
		for (const object of this.objects) {
			this.vector[object.at - 3] = flagsOf(object);
			this.vector[object.at - 2] = object.references;
		}
		return this.vector;
	}

	/** The vector as it would be now, with what nothing leads to. */
	snapshot(): Int32Array {
		return this.layOut();
	}

	private layOut(): Int32Array {
		let length = this.globals.length;
		for (const object of this.objects) length += OBJECT_HEADER + object.cells.length;
		const vector = new Int32Array(length);
		vector.set(this.globals);
		let i = this.globals.length;
		for (const object of this.objects) {
			vector[i] = object.slot;
			vector[i + 1] = object.layout;
			vector[i + 2] = flagsOf(object);
			vector[i + REFERENCES] = object.references;
			vector[i + 4] = object.cells.length;
			vector.set(object.cells, i + OBJECT_HEADER);
			i += OBJECT_HEADER + object.cells.length;
		}
		return vector;
	}

	find(slot: number): DynamicObject | undefined {
		for (const object of this.own) if (object.slot === slot) return object;
		for (const object of this.objects) if (object.slot === slot) return object;
		return undefined;
	}

	/** The slot in which a local is, or is to be: not one whose object is gone and still pointed to. -1: there is none. */
	slotOfLocal(slot: number): number {
		let free = -1;
		for (let n = 0; n < GENERATIONS; n++) {
			const object = this.find(slot + n * GENERATION);
			if (object === undefined) {
				if (free < 0) free = slot + n * GENERATION;
			} else if (!object.freed) return object.slot;
		}
		return free;
	}

	/** Adds an object, replacing the one in its slot. */
	add(slot: number, layout: number, cells: number, zero: boolean): DynamicObject {
		const object: DynamicObject = {
			slot,
			layout,
			published: false,
			freed: false,
			references: 0,
			cells: new Int32Array(cells),
			at: -1,
		};
		if (!zero) object.cells.fill(UNINITIALISED);
		this.remove(slot);
		if (slot & HEAP) this.share(object);
		else insert(this.own, object);
		return object;
	}

	/** The lowest heap slot that nothing uses or still points to. */
	freeHeapSlot(): number {
		let slot = HEAP;
		for (const object of this.objects) {
			if (object.slot < slot) continue;
			if (object.slot > slot) break;
			slot++;
		}
		return slot;
	}

	private share(object: DynamicObject): void {
		insert(this.objects, object);
		this.reshaped = true;
	}

	/** kfree: its cells hold nothing any more. */
	free(object: DynamicObject): void {
		object.freed = true;
		object.cells.fill(UNINITIALISED);
		this.releases = true;
		if (object.at >= 0) object.cells.forEach((_, n) => void this.footprint?.writes.push(object.at + n));
	}

	/** What this step has changed of the vector that was unpacked. To be asked before `pack`. */
	changes(written: readonly number[]): Delta {
		const overwritten = Int32Array.from(new Set(written));
		let { releases } = this;
		// what was made in this step may be garbage at its end
		for (const { slot, at, references } of this.objects)
			releases ||= at < 0 ? (slot & HEAP) !== 0 : references < (this.vector[at - 2] as number);
		if (this.reshaped) return { overwritten, releases, ...this.laidOut(new Set(written)) };
		const cells = [...overwritten];
		const values = cells.map((cell) => this.vector[cell] as number);
		const counted: number[] = [];
		for (const object of this.objects) {
			cells.push(object.at - 3);
			values.push(flagsOf(object));
			if ((object.slot & HEAP) !== 0) this.count(object, object.at - 2, counted);
			else {
				cells.push(object.at - 2);
				values.push(object.references);
			}
		}
		return {
			overwritten,
			releases,
			from: undefined,
			cells: Int32Array.from(cells),
			values: Int32Array.from(values),
			counted: Int32Array.from(counted),
		};
	}

	/** Notes by how much the references to a heap object have changed, for the `word` that has them now. */
	private count({ at, references }: DynamicObject, word: number, counted: number[]): void {
		const by = references - (this.vector[at - 2] as number);
		if (by !== 0) counted.push(word, by);
	}

	/** Where each word of the new vector comes from in the old one, or what it is. */
	private laidOut(written: ReadonlySet<number>): Pick<Delta, 'from' | 'cells' | 'values' | 'counted'> {
		const values = this.layOut();
		const from = new Int32Array(values.length).fill(-1);
		const counted: number[] = [];
		for (let n = 0; n < this.globals.length; n++) if (!written.has(n)) from[n] = n;
		let i = this.globals.length;
		for (const object of this.objects) {
			const { at, cells, slot } = object;
			if (at >= 0 && (slot & HEAP) !== 0) {
				from[i + REFERENCES] = at - 2;
				this.count(object, i + REFERENCES, counted);
			}
			i += OBJECT_HEADER;
			for (let n = 0; n < cells.length; n++, i++) if (at >= 0 && !written.has(at + n)) from[i] = at + n;
		}
		return { from, cells: NONE, values, counted: Int32Array.from(counted) };
	}

	private remove(slot: number): void {
		for (const list of [this.own, this.objects]) {
			const at = list.findIndex((o) => o.slot === slot);
			if (at < 0) continue;
			list.splice(at, 1);
			if (list === this.objects) this.reshaped = this.releases = true;
		}
	}

	/**
	 * Ends the life of the memory locals of a frame. Pointers to them that are left in memory or in the `registers`
	 * dangle from here on, whatever later takes the slot; `changed` hears of those in shared memory, `died` of what others
	 * may still look at.
	 */
	dropFrame(
		thread: number,
		depth: number,
		registers: readonly Int32Array[],
		changed: (object: DynamicObject | undefined, offset: number) => void,
		died: (object: DynamicObject) => void,
	): void {
		const inFrame = (slot: number): boolean => isSlotOf(slot, thread, depth);
		let dropped = false;
		for (const list of [this.own, this.objects])
			for (let i = list.length - 1; i >= 0; i--) {
				const object = list[i] as DynamicObject;
				if (!inFrame(object.slot) || object.freed) continue;
				dropped = true;
				if (object.published) died(object);
				// another thread still has a pointer to it: what comes next in its place is not to be taken for it
				if (object.references > 0) {
					this.free(object);
					continue;
				}
				list.splice(i, 1);
				if (list === this.objects) this.reshaped = this.releases = true;
			}
		if (!dropped) return;
		this.footprint?.dropped.push({ thread, depth });
		const cut = (cells: Int32Array, tell?: (offset: number) => void): void => {
			for (let i = 0; i < cells.length; i++) {
				if (!isDynamic(cells[i] as number) || !inFrame(slotOf(cells[i] as number))) continue;
				cells[i] = DANGLING;
				if (tell === undefined) continue;
				tell(i);
				// where such pointers are is more than the step has read
				if (this.footprint !== undefined) this.footprint.opaque = true;
			}
		};
		cut(this.globals, (offset) => changed(undefined, offset));
		for (const object of this.objects) cut(object.cells, (offset) => changed(object, offset));
		for (const object of this.own) cut(object.cells);
		for (const cells of registers) cut(cells);
	}

	/** Marks the object at `address` and all that its cells lead to as visible to other threads. */
	publish(address: number): void {
		if (!isDynamic(address)) return;
		const object = this.find(slotOf(address));
		if (object === undefined || object.published) return;
		object.published = true;
		if (object.at >= 0) object.cells.forEach((_, n) => void this.footprint?.read(object.at + n));
		const at = this.own.indexOf(object);
		if (at >= 0) {
			this.own.splice(at, 1);
			this.share(object);
		}
		for (const cell of object.cells) this.publish(cell);
	}

	/**
	 * Drops heap objects that nothing leads to any more. A freed object stays while anything points to it,
	 * so that a use after free is never mistaken for a use of whatever comes next.
	 */
	private collect(): void {
		for (let i = this.objects.length - 1; i >= 0; i--) {
			const { slot, freed, references } = this.objects[i] as DynamicObject;
			if (slot & HEAP || !freed || references > 0) continue;
			this.objects.splice(i, 1);
			this.reshaped = true;
		}
		if (!this.objects.some((o) => o.slot & HEAP)) return;
		const reached = new Set<DynamicObject>();
		const visit = (address: number): void => {
			if (!isHeap(address)) return;
			const object = this.find(slotOf(address));
			if (object === undefined || reached.has(object)) return;
			reached.add(object);
			if (!object.freed) for (const cell of object.cells) visit(cell);
		};
		for (const cell of this.globals) visit(cell);
		for (const object of this.objects) {
			if (!(object.slot & HEAP)) for (const cell of object.cells) visit(cell);
			else if (object.references > 0) visit(addressOf(object.slot, 0));
		}
		for (let i = this.objects.length - 1; i >= 0; i--) {
			const object = this.objects[i] as DynamicObject;
			if (object.slot & HEAP && !reached.has(object)) {
				this.objects.splice(i, 1);
				this.reshaped = true;
			}
		}
	}
}

/** Puts an object where its slot belongs. */
function insert(list: DynamicObject[], object: DynamicObject): void {
	let at = 0;
	while (at < list.length && (list[at] as DynamicObject).slot < object.slot) at++;
	list.splice(at, 0, object);
}
