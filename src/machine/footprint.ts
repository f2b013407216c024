import type { Wait } from '../kernel/context.js';
import { isHeap, OBJECT_HEADER } from './memory.js';
import type { Move, StepResult } from './step.js';

/**
 * What a step looked at and touched in shared memory, by cell of the packed vector. Two states that agree in a thread's
 * local half, in which objects there are, and in every cell that was read let the thread do the same.
 */
export class Footprint {
	/** Cells in the order in which they were first read, over all ways the step can go. */
	readonly reads: number[] = [];
	/** Cells written by the way that is being walked. */
	writes: number[] = [];
	/** The step looked at more than cells: objects came, went or became visible. It says nothing about other states. */
	opaque = false;
	private readonly seen = new Set<number>();

	read(cell: number): void {
		if (this.seen.has(cell)) return;
		this.seen.add(cell);
		this.reads.push(cell);
	}
}

/** One way to go, as a change of the shared vector. */
export interface Change {
	readonly move: Move;
	readonly cells: Int32Array;
	readonly values: Int32Array;
	/** Registers have let go of heap objects: what nothing leads to any more has to be looked for. */
	readonly releases: boolean;
}

interface Leaf {
	readonly changes: readonly Change[];
	readonly wait: Wait | undefined;
}

/** A cell to look at, and what follows for each value met so far. */
interface Branch {
	readonly cell: number;
	readonly next: Map<number, Node>;
}

type Node = Branch | Leaf;

/** Steps of all threads of a system by their footprints: most states differ only in what a step does not look at. */
export class Footprints {
	/** By thread, local vector and shape of shared memory. */
	private readonly roots: Map<Int32Array, Map<string, Node>>[] = [];
	private readonly shapes = new WeakMap<Int32Array, string>();

	constructor(
		private readonly globalCells: number,
		/** Drops heap objects that nothing leads to. */
		private readonly collect: (shared: Int32Array) => Int32Array,
	) {}

	clear(): void {
		this.roots.length = 0;
	}

	/** The step's result where it follows from an earlier one. Vectors are compared by identity: intern them. */
	find(thread: number, local: Int32Array, shared: Int32Array): StepResult | undefined {
		let node = this.roots[thread]?.get(local)?.get(this.shape(shared));
		while (node !== undefined && 'next' in node) node = node.next.get(shared[node.cell] as number);
		if (node === undefined) return undefined;
		return { moves: node.changes.map((c) => this.apply(c, shared)), wait: node.wait };
	}

	private apply({ move, cells, values, releases }: Change, shared: Int32Array): Move {
		let vector = shared;
		let loses = releases;
		if (cells.length > 0) {
			vector = shared.slice();
			for (let n = 0; n < cells.length; n++) {
				const cell = cells[n] as number;
				loses ||= isHeap(vector[cell] as number);
				vector[cell] = values[n] as number;
			}
		}
		return { ...move, shared: loses ? this.collect(vector) : vector };
	}

	/** Remembers a step that was taken. */
	add(
		thread: number,
		local: Int32Array,
		shared: Int32Array,
		reads: readonly number[],
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
		for (const cell of reads) {
			if (node === undefined) {
				node = { cell, next: new Map() };
				put(node);
			}
			if (!('next' in node) || node.cell !== cell) throw new Error('a step depends on more than it has read');
			const { next } = node;
			const value = shared[cell] as number;
			put = (n) => void next.set(value, n);
			node = next.get(value);
		}
		put({ changes, wait });
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
