import type { Wait } from '../kernel/context.js';
import { type Delta, HEAP, isDynamic, isHeap, isSlotOf, OBJECT_HEADER, REFERENCES, slotOf } from './memory.js';
import type { Move, NamedStep, Names } from './step.js';
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
	/** Who gave the local vector its number, and which. */
	by?: Names;
	local?: number;
}

interface Frame {
	readonly thread: number;
	readonly depth: number;
}

interface Leaf {
	readonly cell: -1;
	readonly changes: readonly Change[];
	readonly timeout: boolean;
	readonly reports: NamedStep['reports'];
	readonly wait: Wait | undefined;
	readonly trail: Trail;
	version: number;
}

/** A cell to look at, and what follows for each value met so far: for the first one, and for the others. */
class Branch {
	value = 0;
	first: Node | undefined;
	private others: Map<number, Node> | undefined;

	constructor(
		readonly cell: number,
		public version: number,
	) {}

	get(value: number): Node | undefined {
		return value === this.value && this.first !== undefined ? this.first : this.others?.get(value);
	}

	set(value: number, node: Node): void {
		if (this.first === undefined || this.value === value) {
			this.value = value;
			this.first = node;
			return;
		}
		this.others ??= new Map();
		this.others.set(value, node);
	}
}

type Node = Branch | Leaf;

/** Is a pointer to a local of a frame that has returned left? Such pointers have to be cut, which only the interpreter does. */
const leadsInto = ({ thread, depth }: Frame, vector: Int32Array): boolean =>
	vector.some((value) => isDynamic(value) && isSlotOf(slotOf(value), thread, depth));

/** Did one of the cells lead to a heap object? */
function cutsHeap(cells: Int32Array, vector: Int32Array): boolean {
	for (let n = 0; n < cells.length; n++) if (isHeap(vector[cells[n] as number] as number)) return true;
	return false;
}

export const reportsOf = (moves: readonly Move[]): NamedStep['reports'] =>
	moves.some((m) => m.reports.length > 0) ? moves.map((m) => m.reports) : undefined;

export const isTimeout = (moves: readonly Move[]): boolean => moves.length > 0 && moves.every((m) => m.timeout);

/** Steps of all threads of a system by their footprints: most states differ only in what a step does not look at. */
export class Footprints {
	/** By thread, local vector and shape of shared memory. */
	private readonly roots: Map<Int32Array, Map<string, Node>>[] = [];
	private readonly shapes = new WeakMap<Int32Array, string>();
	/** Counts how often more came to be known: what is older has to be looked at again. */
	private version = 0;

	constructor(
		private readonly globalCells: number,
		/** Does a step hold in the light of what is known now? */
		private readonly fits: (trail: Trail) => boolean,
		/** Drops heap objects that nothing leads to. */
		private readonly collect: (shared: Int32Array) => Int32Array,
	) {}

	clear(): void {
		this.roots.length = 0;
	}

	/** More may be known: steps that took for constant what is written have become shorter, and those that took for protected what is not. */
	renew(): void {
		this.version++;
	}

	/** The step's result where it follows from an earlier one. Vectors are compared by identity: intern them. */
	find(thread: number, local: Int32Array, shared: Int32Array, names: Names): NamedStep | undefined {
		let node = this.roots[thread]?.get(local)?.get(this.shape(shared));
		while (node !== undefined && node.cell >= 0) node = (node as Branch).get(shared[node.cell] as number);
		if (node === undefined || node instanceof Branch) return undefined;
		if (node.version !== this.version) {
			if (!this.fits(node.trail)) return undefined;
			node.version = this.version;
		}
		const targets: number[] = [];
		for (const change of node.changes) {
			const vector = this.apply(change, shared);
			if (change.dropped.length > 0 && change.dropped.some((frame) => leadsInto(frame, vector))) return undefined;
			if (change.move.fatal) targets.push(-1, -1);
			else {
				if (change.by !== names) {
					change.by = names;
					change.local = names.local(change.move.local);
				}
				targets.push(change.local as number, names.changing(vector));
			}
		}
		const { timeout, reports, wait, trail } = node;
		return { targets, timeout, reports, wait, trail };
	}

	private scratch = new Int32Array(0);

	/** The vector after a change, until the next one is applied: most are known already, and need none of their own. */
	private apply({ from, cells, values, counted, overwritten, releases }: Change, shared: Int32Array): Int32Array {
		if (from === undefined && cells.length === 0 && counted.length === 0) return shared;
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
		for (let n = 0; n < counted.length; n += 2)
			vector[counted[n] as number] = (vector[counted[n] as number] as number) + (counted[n + 1] as number);
		return releases || cutsHeap(overwritten, shared) ? this.collect(vector) : vector;
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
			if (node === undefined || !(node instanceof Branch) || node.cell !== cell) {
				if (node?.version === version) throw new Error('a step depends on more than it has read');
				// nothing, or steps that are shorter now: all of those here, for they have read the same up to where they end
				node = new Branch(cell, version);
				put(node);
			}
			node.version = version;
			const branch: Branch = node;
			const value = shared[cell] as number;
			put = (n) => branch.set(value, n);
			node = branch.get(value);
		}
		const moves = changes.map((c) => c.move);
		put({ cell: -1, changes, timeout: isTimeout(moves), reports: reportsOf(moves), wait, trail, version });
	}

	/**
	 * Everything in a shared vector but the values of cells: which objects there are, and what is known of them. How many
	 * registers point to a heap object makes no difference to a step, only to what is left behind it.
	 */
	private shape(shared: Int32Array): string {
		if (shared.length === this.globalCells) return '';
		let shape = this.shapes.get(shared);
		if (shape === undefined) {
			const header: number[] = [];
			for (let i = this.globalCells; i < shared.length; i += OBJECT_HEADER + (shared[i + 4] as number))
				for (let k = 0; k < OBJECT_HEADER; k++)
					if (k !== REFERENCES || ((shared[i] as number) & HEAP) === 0) header.push(shared[i + k] as number);
			shape = header.join();
			this.shapes.set(shared, shape);
		}
		return shape;
	}
}
