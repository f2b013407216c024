import type { Semantics } from '../language/semantics.js';
import type { StructType, Type } from '../language/types.js';

/** How values of a type lie in cells: one scalar is one cell, whatever its width in C. */
export class Layouts {
	private readonly structs = new Map<StructType, { offsets: Map<string, number>; cells: number }>();
	private readonly names: string[] = [];
	private readonly types: (Type | undefined)[] = [];
	private readonly byType = new Map<string, number>();

	constructor(
		readonly semantics: Semantics,
		/** Size of the address space: NR_PAGES in array sizes. */
		private readonly pages: number,
	) {}

	cells(type: Type): number {
		switch (type.kind) {
			case 'array':
				return (this.semantics.arrayLength(type, this.pages) ?? 0) * this.cells(type.of);
			case 'struct':
				return this.struct(type).cells;
			default:
				return 1;
		}
	}

	/** Offset of a field in cells; undefined when the struct has no such field. */
	offset(type: StructType, field: string): number | undefined {
		return this.struct(type).offsets.get(field);
	}

	private struct(type: StructType): { offsets: Map<string, number>; cells: number } {
		let layout = this.structs.get(type);
		if (layout === undefined) {
			layout = { offsets: new Map(), cells: 0 };
			this.structs.set(type, layout);
			for (const field of type.fields) {
				layout.offsets.set(field.name, layout.cells);
				layout.cells += this.cells(field.type);
			}
			// an empty struct still has an address of its own
			layout.cells = Math.max(1, layout.cells);
		}
		return layout;
	}

	/** The number under which objects of this type are known; equal for equal names and sizes. */
	index(name: string, type: Type | undefined, cells: number): number {
		const key = `${name}/${cells}`;
		let index = this.byType.get(key);
		if (index === undefined) {
			index = this.names.length;
			this.byType.set(key, index);
			this.names.push(name);
			this.types.push(type);
		}
		return index;
	}

	/** Names and sizes of all layouts, by number. */
	all(): readonly string[] {
		return [...this.byType.keys()];
	}

	typeOf(index: number): Type | undefined {
		return this.types[index];
	}

	nameOf(index: number): string {
		return this.names[index] ?? '?';
	}
}

/** What is known by its own name, not by that of its first cell. */
const WHOLE = new Set([
	'device',
	'mm_struct',
	'mutex',
	'spinlock',
	'raw_spinlock',
	'rwlock',
	'rw_semaphore',
	'percpu_rw_semaphore',
	'ww_mutex',
	'dma_resv',
	'seqcount',
	'seqlock',
	'wait_queue_head',
	'completion',
	'rcuwait',
	'atomic',
	'atomic_long',
	'refcount',
	'kref',
	'list_head',
	'srcu_struct',
	'work_struct',
	'delayed_work',
	'timer_list',
	'hrtimer',
	'tasklet_struct',
	'percpu_ref',
	'irqaction',
	'semaphore',
	'workqueue_struct',
	'dma_fence',
	'task_struct',
	'page',
	'mmu_notifier',
	'mmu_interval_notifier',
	'mmu_notifier_range',
]);

/** The path to cell `offset` of a value of `type`: `.list.next`, `[2].start`; `deep`: down to the scalar, else down to a lock or its like. */
export function pathTo(layouts: Layouts, type: Type | undefined, offset: number, deep: boolean): string {
	if (type === undefined) return offset === 0 ? '' : `[${offset}]`;
	if (type.kind === 'array') {
		const size = layouts.cells(type.of);
		return `[${Math.floor(offset / size)}]${pathTo(layouts, type.of, offset % size, deep)}`;
	}
	if (type.kind === 'struct' && type.fields.length > 0) {
		if (offset === 0 && !deep && WHOLE.has(type.name)) return '';
		let best = type.fields[0] as StructType['fields'][number];
		for (const field of type.fields) if ((layouts.offset(type, field.name) as number) <= offset) best = field;
		return `.${best.name}${pathTo(layouts, best.type, offset - (layouts.offset(type, best.name) as number), deep)}`;
	}
	return '';
}

/** Where structs of this name lie in a value of `type`: their offsets in cells, in order. */
export function structsIn(layouts: Layouts, type: Type, name: string): number[] {
	if (type.kind === 'array') {
		const inner = structsIn(layouts, type.of, name);
		const size = layouts.cells(type.of);
		const length = inner.length === 0 ? 0 : Math.floor(layouts.cells(type) / size);
		return Array.from({ length }, (_, n) => inner.map((offset) => n * size + offset)).flat();
	}
	if (type.kind !== 'struct') return [];
	if (type.name === name) return [0];
	return type.fields.flatMap((f) =>
		structsIn(layouts, f.type, name).map((offset) => (layouts.offset(type, f.name) ?? 0) + offset),
	);
}
