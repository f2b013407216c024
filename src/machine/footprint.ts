import type { Wait } from '../kernel/context.js';
import { type Delta, isDynamic, isHeap, isSlotOf, OBJECT_HEADER, slotOf } from './memory.js';
import type { Move, StepResult, WrittenCells } from './step.js';
import { Trail } from './trail.js';

/**
 * What a step looked at and touched in shared memory, by cell of the packed vector. Two states that agree in a thread's
 * local half, in which objects there are, and in every cell that was read let the thread do the same.
 */
export class Footprint {
	/** Cells in the order in which they were first read, over all ways the step can go. */
	readonly reads: number[] = [];
	/** Cells written by the way that is being walked. */
	writes: number[] = [];
	/** Frames with locals in memory that have returned on the way that is being walked. */
	dropped: Frame[] = [];
	/** Which code it is the work of. */
	readonly trail = new Trail();
	/** The step depends on more than that: it says nothing about other states. */
	opaque = false;
	private readonly seen = new Set<number>();

	read(cell: number): void {
		if (this.seen.has(cell)) return;
		this.seen.add(cell);
		this.reads.push(cell);
	}
}

/** One way to go, as a change of the shared vector. */
export interface Change extends Delta {
	readonly move: Move;
	/** Frames whose locals have died. */
	readonly dropped: readonly Frame[];
}

interface Frame {
	readonly thread: number;
	readonly depth: number;
}

interface Leaf {
	readonly changes: readonly Change[];
	readonly wait: Wait | undefined;
	readonly trail: Trail;
	version: number;
}

/** A cell to look at, and what follows for each value met so far. */
interface Branch {
	readonly cell: number;
	readonly next: Map<number, Node>;
	version: number;
}

type Node = Branch | Leaf;

/** Is a pointer to a local of a frame that has returned left? Such pointers have to be cut, which only the interpreter does. */
const leadsInto = ({ thread, depth }: Frame, vector: Int32Array): boolean =>
	vector.some((value) => isDynamic(value) && isSlotOf(slotOf(value), thread, depth));

/** Steps of all threads of a system by their footprints: most states differ only in what a step does not look at. */
export class Footprints {
	/** By thread, local vector and shape of shared memory. */
	private readonly roots: Map<Int32Array, Map<string, Node>>[] = [];
	private readonly shapes = new WeakMap<Int32Array, string>();
	/** Counts how often more cells came to be known as written: what is older has to be looked at again. */
	private version = 0;

	constructor(
		private readonly globalCells: number,
		private readonly written: WrittenCells,
		/** Drops heap objects that nothing leads to. */
		private readonly collect: (shared: Int32Array) => Int32Array,
	) {}

	clear(): void {
		this.roots.length = 0;
	}

	/** More cells may be known as written: steps that took one of them for constant have become shorter. */
	renew(): void {
		this.version++;
	}

	/**
	 * The step's result where it follows from an earlier one. Vectors are compared by identity: intern them. `keep` gives the
	 * vector that is equal to one that will be used again.
	 */
	find(
		thread: number,
		local: Int32Array,
		shared: Int32Array,
		keep: (vector: Int32Array) => Int32Array,
	): StepResult | undefined {
		let node = this.roots[thread]?.get(local)?.get(this.shape(shared));
		while (node !== undefined && 'next' in node) node = node.next.get(shared[node.cell] as number);
		if (node === undefined) return undefined;
		if (node.version !== this.version) {
			if (!this.written.fits(node.trail)) return undefined;
			node.version = this.version;
		}
		const moves: Move[] = [];
		for (const change of node.changes) {
			const vector = this.apply(change, shared);
			if (change.dropped.some((frame) => leadsInto(frame, vector))) return undefined;
			const { local, reports, fatal, timeout } = change.move;
			moves.push({ local, shared: vector === shared ? shared : keep(vector), reports, fatal, timeout });
		}
		return { moves, wait: node.wait, trail: node.trail };
	}

	private scratch = new Int32Array(0);

	/** The vector after a change, until the next one is applied: most are known already, and need none of their own. */
	private apply({ from, cells, values, overwritten, releases }: Change, shared: Int32Array): Int32Array {
		if (from === undefined && cells.length === 0) return shared;
		const base = from === undefined ? shared : values;
		if (this.scratch.length !== base.length) this.scratch = new Int32Array(base.length);
		const vector = this.scratch;
		vector.set(base);
		if (from === undefined) {
			for (let n = 0; n < cells.length; n++) vector[cells[n] as number] = values[n] as number;
		} else {
			for (let n = 0; n < from.length; n++)
				if ((from[n] as number) >= 0) vector[n] = shared[from[n] as number] as number;
		}
		return releases || overwritten.some((cell) => isHeap(shared[cell] as number)) ? this.collect(vector) : vector;
	}

	/** Remembers a step that was taken. */
	add(
		thread: number,
		local: Int32Array,
		shared: Int32Array,
		{ reads, trail }: Footprint,
		changes: readonly Change[],
		wait: Wait | undefined,
	): void {
		this.roots[thread] ??= new Map();
		const roots = this.roots[thread] as Map<Int32Array, Map<string, Node>>;
		let shapes = roots.get(local);
		if (shapes === undefined) {
			shapes = new Map();
			roots.set(local, shapes);
		}
		let put = (node: Node): void => void shapes.set(this.shape(shared), node);
		let node = shapes.get(this.shape(shared));
		const { version } = this;
		for (const cell of reads) {
			if (node === undefined || !('next' in node) || node.cell !== cell) {
				if (node?.version === version) throw new Error('a step depends on more than it has read');
				// nothing, or steps that are shorter now: all of those here, for they have read the same up to where they end
				node = { cell, next: new Map(), version };
				put(node);
			}
			node.version = version;
			const { next } = node;
			const value = shared[cell] as number;
			put = (n) => void next.set(value, n);
			node = next.get(value);
		}
		put({ changes, wait, trail, version });
	}

	/** Everything in a shared vector but the values of cells: which objects there are, and what is known of them. */
	private shape(shared: Int32Array): string {
		if (shared.length === this.globalCells) return '';
		let shape = this.shapes.get(shared);
		if (shape === undefined) {
			const header: number[] = [];
			for (let i = this.globalCells; i < shared.length; i += OBJECT_HEADER + (shared[i + 4] as number))
				for (let k = 0; k < OBJECT_HEADER; k++) header.push(shared[i + k] as number);
			shape = header.join();
			this.shapes.set(shared, shape);
		}
		return shape;
	}
}
