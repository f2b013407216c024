/** Gives equal vectors the same small number, in the order in which they are first seen. */
export class InternTable {
	private readonly vectors: Int32Array[] = [];
	private hashes = new Int32Array(128);
	private slots = new Int32Array(256).fill(-1);

	get size(): number {
		return this.vectors.length;
	}

	get(index: number): Int32Array {
		return this.vectors[index] as Int32Array;
	}

	/** The number of a vector, which has to stay as it is. */
	intern(vector: Int32Array): number {
		return this.find(vector, false);
	}

	/** The number of a vector that will be used again: it is copied where it is new. */
	internCopy(vector: Int32Array): number {
		return this.find(vector, true);
	}

	private find(vector: Int32Array, copied: boolean): number {
		const { slots, hashes, vectors } = this;
		const mask = slots.length - 1;
		const key = hash(vector);
		let slot = key & mask;
		for (;;) {
			const index = slots[slot] as number;
			if (index < 0) break;
			if (hashes[index] === key) {
				const known = vectors[index] as Int32Array;
				if (known === vector || equal(known, vector)) return index;
			}
			slot = (slot + 1) & mask;
		}
		const index = vectors.push(copied ? vector.slice() : vector) - 1;
		hashes[index] = key;
		slots[slot] = index;
		if (vectors.length === hashes.length) this.grow();
		return index;
	}

	private grow(): void {
		const size = this.slots.length * 2;
		const slots = new Int32Array(size).fill(-1);
		const hashes = new Int32Array(size >> 1);
		hashes.set(this.hashes);
		for (let index = 0; index < this.vectors.length; index++) {
			let slot = (hashes[index] as number) & (size - 1);
			while ((slots[slot] as number) >= 0) slot = (slot + 1) & (size - 1);
			slots[slot] = index;
		}
		this.slots = slots;
		this.hashes = hashes;
	}
}

/** Some of a table's vectors, numbered in the order in which they are asked for. */
export class Selection {
	/** Numbers in the table, by number here, and the other way round; -1 for those that nobody has asked for. */
	private readonly keys: number[] = [];
	private readonly indices: number[];
	/** Cells in all vectors together, for the memory limit. */
	cells = 0;

	constructor(readonly table: InternTable) {
		this.indices = Array.from({ length: table.size }, () => -1);
	}

	get size(): number {
		return this.keys.length;
	}

	get(index: number): Int32Array {
		return this.table.get(this.keys[index] as number);
	}

	/** The number in the table. */
	key(index: number): number {
		return this.keys[index] as number;
	}

	/** The number here. */
	index(key: number): number {
		while (this.indices.length <= key) this.indices.push(-1);
		let index = this.indices[key] as number;
		if (index < 0) {
			index = this.keys.push(key) - 1;
			this.indices[key] = index;
			this.cells += this.table.get(key).length;
		}
		return index;
	}
}

/** Four at a time, so that none has to wait for the one before. */
function hash(vector: Int32Array): number {
	let a = 0x811c9dc5;
	let b = 0x9e3779b9;
	let c = 0x85ebca6b;
	let d = 0xc2b2ae35;
	const { length } = vector;
	let i = 0;
	for (; i + 3 < length; i += 4) {
		a = Math.imul(a ^ (vector[i] as number), 0x01000193) ^ (a >>> 15);
		b = Math.imul(b ^ (vector[i + 1] as number), 0x01000193) ^ (b >>> 15);
		c = Math.imul(c ^ (vector[i + 2] as number), 0x01000193) ^ (c >>> 15);
		d = Math.imul(d ^ (vector[i + 3] as number), 0x01000193) ^ (d >>> 15);
	}
	for (; i < length; i++) a = Math.imul(a ^ (vector[i] as number), 0x01000193) ^ (a >>> 15);
	const h = Math.imul(a ^ Math.imul(b, 31), 0x01000193) ^ Math.imul(c ^ Math.imul(d, 37), 0x85ebca6b);
	return h ^ (h >>> 15);
}

function equal(a: Int32Array, b: Int32Array): boolean {
	if (a.length !== b.length) return false;
	for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
	return true;
}
