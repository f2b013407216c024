import type { AstNode } from 'langium';
import type { Type } from '../language/types.js';
import type { FunctionCode } from './ir.js';
import { type Layouts, pathTo } from './layout.js';
import type { Global, ModuleLowering } from './lower/module.js';
import {
	addressOf,
	cellIn,
	type DynamicObject,
	FUNCTION,
	GLOBAL_BASE,
	isDynamic,
	isFunction,
	isHeap,
	Memory,
	objectsIn,
	offsetOf,
	slotOf,
	threadOfSlot,
} from './memory.js';
import type { ThreadState } from './thread.js';

/** What lies where in the memory of a system: names, types and values of cells. */
export abstract class Addresses {
	protected abstract readonly module: ModuleLowering;
	abstract readonly threads: readonly unknown[];
	protected abstract readonly globalCells: number;
	abstract task(thread: number, local: Int32Array): ThreadState;

	get layouts(): Layouts {
		return this.module.layouts;
	}

	get globals(): readonly Global[] {
		return this.module.globals;
	}

	get functions(): readonly FunctionCode[] {
		return this.module.functions;
	}

	/** True for the address of a variable of the simulated kernel. */
	readonly ownsVariable = (a: number): boolean =>
		this.module.globals.some((g) => g.kernel && a >= g.address && a < g.address + g.cells);

	/** The name of what lies at an address, as a kernel developer would call it: `fault_lock`, `mmap_lock`, `[1, 3)`. */
	nameOf(address: number, shared: Int32Array, locals?: (thread: number) => Int32Array): string {
		if (address === 0) return 'NULL';
		if (isFunction(address)) return this.functions[address & ~FUNCTION]?.name ?? '?';
		if (!isDynamic(address)) {
			const global = this.module.globals.find((g) => address >= g.address && address < g.address + g.cells);
			if (global === undefined) return `page ${address}`;
			const path = pathTo(this.layouts, global.type, address - global.address, false);
			// the parts of an mm are known by their own names
			if (global.kernel && global.name === 'init_mm') return path.slice(1) || 'mmap_lock';
			const frame = /^\[(\d+)\]\.locked$/.exec(path);
			if (global.name === '__frames' && frame) return `the lock of page frame ${frame[1]}`;
			const kthread = /^\[(\d+)\]/.exec(path);
			if (global.kernel && global.name === 'kthreads' && kthread) return `kthread/${kthread[1]}`;
			if (global.kernel && global.name === 'irq_actions') return 'the interrupt handler';
			const locked = /^\[(\d+)\]$/.exec(path);
			if (global.name === 'range_locked' && locked) return `the range lock of page ${locked[1]}`;
			return `${global.name}${path}`;
		}
		const object = this.objectAt(address, shared, locals);
		if (object === undefined) return 'an object that is gone';
		return this.nameOfObject(object, offsetOf(address));
	}

	/** The object at an address: a shared one, or a thread's own where the threads' vectors are given. */
	private objectAt(
		address: number,
		shared: Int32Array,
		locals: ((thread: number) => Int32Array) | undefined,
	): DynamicObject | undefined {
		const slot = slotOf(address);
		const owner = isHeap(address) ? this.threads.length : threadOfSlot(slot);
		const own = locals === undefined || owner >= this.threads.length ? [] : this.task(owner, locals(owner)).own;
		return Memory.unpack(shared, this.globalCells, own).find(slot);
	}

	private nameOfObject(object: DynamicObject, offset: number): string {
		const type = this.layouts.typeOf(object.layout);
		if (type?.kind === 'struct' && type.name === 'mmu_notifier_range') {
			const start = this.layouts.offset(type, 'start') ?? 0;
			const end = this.layouts.offset(type, 'end') ?? 0;
			return `[${object.cells[start]}, ${object.cells[end]})`;
		}
		const name = this.layouts.nameOf(object.layout);
		if (isHeap(addressOf(object.slot, 0)) && type?.kind === 'struct') {
			// of several, or what lies behind it
			const size = this.layouts.cells(type);
			const of = object.cells.length % size === 0 ? Math.floor(offset / size) : 0;
			return `struct ${type.name}${of > 0 ? `[${of}]` : ''}${pathTo(this.layouts, type, offset - of * size, false)}`;
		}
		const path = pathTo(this.layouts, type, offset, false);
		if (isHeap(addressOf(object.slot, 0))) return `memory from ${name}${path}`;
		return `${name.replace(/^.*:/, '')}${path}`;
	}

	/** The global, local or heap object that an address lies in, and where in a value of its type. */
	declaredAt(
		address: number,
		shared: Int32Array,
	): { readonly name: string; readonly type: Type | undefined; readonly offset: number } | undefined {
		if (!isDynamic(address)) {
			const global = this.module.globals.find((g) => address >= g.address && address < g.address + g.cells);
			return global && { name: global.name, type: global.type, offset: address - global.address };
		}
		const object = this.objectAt(address, shared, undefined);
		if (object === undefined) return undefined;
		const type = this.layouts.typeOf(object.layout);
		const offset = type === undefined ? offsetOf(address) : offsetOf(address) % this.layouts.cells(type);
		return { name: this.layouts.nameOf(object.layout).replace(/^.*:/, ''), type, offset };
	}

	/** Does the address designate an active invalidation range? */
	isRange(address: number, shared: Int32Array, locals?: (thread: number) => Int32Array): boolean {
		if (!isDynamic(address)) return false;
		const object = this.objectAt(address, shared, locals);
		const type = object && this.layouts.typeOf(object.layout);
		return type?.kind === 'struct' && type.name === 'mmu_notifier_range';
	}

	/** Value of a cell; undefined when there is none at the address. */
	cell(address: number, shared: Int32Array): number | undefined {
		if (!isDynamic(address)) return address >= GLOBAL_BASE ? shared[address - GLOBAL_BASE] : undefined;
		return cellIn(shared, this.globalCells, slotOf(address), offsetOf(address));
	}

	/** The objects in shared memory. */
	objectsIn(shared: Int32Array): readonly DynamicObject[] {
		return Memory.unpack(shared, this.globalCells).objects;
	}

	/** Addresses of the cells that a declaration of a global, or of a field of globals and heap objects, stands for. */
	cellsOf(declaration: AstNode, shared: Int32Array): number[] {
		const found = [...this.inGlobals(declaration)];
		for (const { slot, layout, freed, size: length } of objectsIn(shared, this.globalCells)) {
			const type = this.layouts.typeOf(layout);
			if (freed || type === undefined) continue;
			const within = this.within(declaration, type);
			if (within.length === 0) continue;
			const size = this.layouts.cells(type);
			for (let n = 0; n < length; n += size) found.push(...within.map((at) => addressOf(slot, n + at)));
		}
		return found;
	}

	/** What `inGlobals` and `within` have found. */
	private readonly places = new Map<AstNode, { globals?: readonly number[]; within: Map<Type, readonly number[]> }>();

	private placesOf(declaration: AstNode) {
		const known = this.places.get(declaration) ?? { within: new Map<Type, readonly number[]>() };
		this.places.set(declaration, known);
		return known;
	}

	/** Addresses in the driver's globals that a declaration stands for. */
	private inGlobals(declaration: AstNode): readonly number[] {
		const known = this.placesOf(declaration);
		known.globals ??= this.globals.flatMap((global) => {
			if (global.node === declaration) return [global.address];
			return global.kernel ? [] : this.within(declaration, global.type).map((at) => global.address + at);
		});
		return known.globals;
	}

	/** Offsets of a field in a value of a type, in cells. */
	private within(declaration: AstNode, type: Type): readonly number[] {
		const { within } = this.placesOf(declaration);
		const known = within.get(type);
		if (known !== undefined) return known;
		const found: number[] = [];
		if (type.kind === 'array')
			for (let n = 0; n < this.layouts.cells(type); n += this.layouts.cells(type.of))
				found.push(...this.within(declaration, type.of).map((at) => n + at));
		if (type.kind === 'struct')
			for (const field of type.fields) {
				const at = this.layouts.offset(type, field.name) ?? 0;
				if (field.node === declaration) found.push(at);
				else if (field.type !== undefined) found.push(...this.within(declaration, field.type).map((more) => at + more));
			}
		within.set(type, found);
		return found;
	}
}
