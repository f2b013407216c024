/** The values of a state by name: sequence numbers, the sketch's globals, the locals of every call in progress. */
import type { Type } from '../../language/types.js';
import {
	type DynamicObject,
	GLOBAL_BASE,
	isFunction,
	isHeap,
	offsetOf,
	slotOf,
	stackSlot,
	UNINITIALISED,
} from '../../machine/memory.js';
import type { System } from '../../machine/system.js';
import type { ThreadState } from '../../machine/thread.js';
import type { Variable } from './picture.js';
import { PTE } from './space.js';
import type { Moment } from './walk.js';

/** Shown elsewhere, or by nobody: tables of the model itself. */
const HIDDEN_GLOBALS = new Set(['__frames', '__tasks', '__device', 'jobs', 'range_locked', 'mm', 'current']);
/** Fields of the simulated kernel's structs that are shown elsewhere. */
const HIDDEN_FIELDS = new Set(['pgd', 'vmas', 'invalidating', 'told', 'swap', 'mmu_notifier_mm', 'notifiers']);
/** What has no value to look at: who holds it is in the list of locks. */
const OPAQUE =
	/^(mutex|spinlock|raw_spinlock|rwlock|rw_semaphore|percpu_rw_semaphore|ww_mutex|dma_resv|list_head|hlist_head|hlist_node|lock_class_key|device|page|folio|rcu_head)$/;
/** One number in a coat. */
const NUMBER = /^(atomic|atomic_long|refcount|kref)$/;
/** Elements of an array, and fields behind pointers, that are told. */
const MOST_ELEMENTS = 16;
const DEEPEST = 4;

type Path = Pick<Variable, 'path' | 'name' | 'lane' | 'kernel'> & { readonly local: boolean };

/** Where a value is read. */
interface Cells {
	at(offset: number): number;
}

/** Reads the variables of a moment. */
export class Variables {
	private moment!: Moment;
	private objects: readonly DynamicObject[] = [];

	constructor(
		private readonly system: System,
		private readonly task: (thread: number, moment: Moment) => ThreadState,
	) {}

	/** @param statuses what each thread is doing, in a word */
	view(moment: Moment, statuses: readonly string[]): Variable[] {
		this.moment = moment;
		this.objects = this.system.objectsIn(moment.shared);
		return [
			...this.globals(),
			...this.system.threads.flatMap(({ name }, lane) => [
				{ path: `${name}:`, name: 'state', value: statuses[lane] ?? '', lane, kind: 'thread' as const, kernel: false },
				...this.locals(lane, name),
			]),
		];
	}

	private globals(): Variable[] {
		const found: Variable[] = [];
		for (const { name, address, type, kernel } of this.system.globals) {
			if (HIDDEN_GLOBALS.has(name) && kernel) continue;
			const shared = this.moment.shared;
			const cells: Cells = { at: (offset) => shared[address - GLOBAL_BASE + offset] as number };
			const shown = kernel && name === 'init_mm' ? 'mm' : name;
			const path = { path: shown, name: shown, lane: null, kernel, local: false };
			const variable = this.value(type, 0, cells, path, 0, new Set());
			if (variable === undefined) continue;
			// the kernel's own tables are worth a look once something is in them
			if (kernel && !hasNews(variable)) continue;
			found.push(variable);
		}
		return found;
	}

	private locals(lane: number, thread: string): Variable[] {
		const { moment, system } = this;
		const task = this.task(lane, moment);
		const found: Variable[] = [];
		const taken = new Set<string>();
		const pathOf = (fn: string, name: string, depth: number): string => {
			const short = `${thread}.${name}`;
			const path = taken.has(short) ? `${thread}.${fn}.${name}` : short;
			const unique = taken.has(path) ? `${thread}.${fn}/${depth}.${name}` : path;
			taken.add(unique);
			return unique;
		};
		task.frames.forEach(({ code, pc, registers }, depth) => {
			const live = code.live[pc];
			code.registerNames.forEach((name, register) => {
				const node = code.registerNodes[register];
				if (name === undefined || name === '' || node === undefined) return;
				if (node.$type !== 'Parameter' && node.$type !== 'Variable') return;
				const type = system.program.semantics.declaredType(
					node as Parameters<typeof system.program.semantics.declaredType>[0],
				);
				const path = { path: pathOf(code.name, name, depth), name, lane, kernel: code.kernel, local: true };
				const dead = live !== undefined && !live[register];
				if (code.kernel && (dead || type.kind === 'pointer')) return;
				// what nobody reads again has no value that is kept
				const variable = dead
					? leaf(path, '–', 'local')
					: this.value(type, 0, { at: () => registers[register] as number }, path, 0, new Set());
				if (variable !== undefined) found.push(variable);
			});
			code.memoryLocals.forEach(({ name: full, layout }, n) => {
				const slot = stackSlot(lane, depth + 1, n);
				const object = task.own.find((o) => o.slot === slot) ?? this.objects.find((o) => o.slot === slot);
				if (object === undefined) return;
				const name = full.replace(/^.*:/, '');
				const path = { path: pathOf(code.name, name, depth), name, lane, kernel: code.kernel, local: true };
				const type = system.layouts.typeOf(layout);
				if (type === undefined) return;
				const variable = this.value(type, 0, { at: (o) => object.cells[o] as number }, path, 0, new Set());
				if (variable !== undefined && (!code.kernel || hasNews(variable))) found.push(variable);
			});
		});
		return found;
	}

	/** The value of a type at an offset; undefined where there is nothing to look at. */
	private value(
		type: Type,
		offset: number,
		cells: Cells,
		path: Path,
		depth: number,
		seen: ReadonlySet<number>,
	): Variable | undefined {
		const kind = /seq(uence)?(_?(nr|no|num|count))?\]?$/i.test(path.name)
			? 'sequence'
			: path.local
				? 'local'
				: 'global';
		switch (type.kind) {
			case 'int':
				return leaf(path, this.number(type.name, type.min >= 0 && type.name !== 'bool', cells.at(offset)), kind);
			case 'pointer':
				return this.pointer(type.to, cells.at(offset), path, depth, seen);
			case 'array': {
				const size = this.system.layouts.cells(type.of);
				const length = size === 0 ? 0 : Math.floor(this.system.layouts.cells(type) / size);
				const children: Variable[] = [];
				for (let n = 0; n < Math.min(length, MOST_ELEMENTS); n++) {
					const child = { ...path, path: `${path.path}[${n}]`, name: `[${n}]` };
					const value = this.value(type.of, offset + n * size, cells, child, depth + 1, seen);
					if (value !== undefined) children.push(value);
				}
				return children.length === 0 ? undefined : { ...leaf(path, `${length} elements`, kind), children };
			}
			case 'struct': {
				if (OPAQUE.test(type.name)) return undefined;
				if (NUMBER.test(type.name)) return leaf(path, String(cells.at(offset)), kind);
				if (type.name === 'wait_queue_head')
					return leaf(path, this.sleepers(cells.at(offset) | cells.at(offset + 1)), kind);
				if (type.name === 'completion') return leaf(path, cells.at(offset) > 0 ? 'done' : 'not done', kind);
				if (depth >= DEEPEST) return undefined;
				const children = type.fields.flatMap((field) => {
					if (path.kernel && HIDDEN_FIELDS.has(field.name)) return [];
					const at = offset + (this.system.layouts.offset(type, field.name) ?? 0);
					const child = { ...path, path: `${path.path}.${field.name}`, name: field.name };
					const value = this.value(field.type, at, cells, child, depth + 1, seen);
					return value === undefined ? [] : [value];
				});
				if (type.name === 'mmu_notifier_range') {
					const at = (name: string): number => cells.at(offset + (this.system.layouts.offset(type, name) ?? 0));
					return leaf(path, `[${at('start')}, ${at('end')})`, kind);
				}
				return children.length === 0 ? undefined : { ...leaf(path, '', kind), children };
			}
			default:
				return undefined;
		}
	}

	/** What a pointer leads to; a heap object is opened. */
	private pointer(
		to: Type,
		address: number,
		path: Path,
		depth: number,
		seen: ReadonlySet<number>,
	): Variable | undefined {
		const kind = path.local ? 'local' : 'global';
		// tables of functions and links of lists say nothing of a state
		if (to.kind === 'function' || (to.kind === 'struct' && /_ops$|^list_head$/.test(to.name))) return undefined;
		if (address === 0) return leaf(path, 'NULL', kind);
		if (address === UNINITIALISED) return leaf(path, 'not set', kind);
		if (isFunction(address)) return leaf(path, this.name(address), kind);
		if (address < GLOBAL_BASE) return leaf(path, address < 0 ? `ERR_PTR(${address})` : String(address), kind);
		if (isHeap(address)) {
			const object = this.objects.find((o) => o.slot === slotOf(address));
			if (object?.freed) return leaf(path, 'freed memory', kind);
			if (object !== undefined && !seen.has(object.slot) && depth < DEEPEST && offsetOf(address) === 0) {
				const inner = this.value(
					to,
					0,
					{ at: (o) => object.cells[o] ?? UNINITIALISED },
					path,
					depth + 1,
					new Set([...seen, object.slot]),
				);
				if (inner?.children !== undefined) return { ...inner, value: this.name(address) };
			}
		}
		// a lock at the head of a struct has the struct's address
		const whole = this.system.globals.find((g) => g.address === address && g.type === to);
		if (whole !== undefined) return leaf(path, whole.name === 'init_mm' ? 'mm' : `&${whole.name}`, kind);
		const name = this.name(address);
		const page = /^__frames\[(\d+)\]$/.exec(name);
		return leaf(path, page ? `p${page[1]}` : `${isHeap(address) ? '' : '&'}${name}`, kind);
	}

	private name(address: number): string {
		return this.system.nameOf(address, this.moment.shared, (t) => this.moment.locals[t] as Int32Array);
	}

	private number(type: string, unsigned: boolean, value: number): string {
		if (value === UNINITIALISED) return 'not set';
		if (type === 'bool') return value === 0 ? 'false' : 'true';
		if (type === 'pte_t')
			return (value & PTE.present) === 0
				? value === 0
					? 'none'
					: String(value)
				: `p${value >> PTE.shift} ${value & PTE.write ? 'rw' : 'ro'}`;
		return String(unsigned ? value >>> 0 : value);
	}

	private sleepers(mask: number): string {
		const names = this.system.threads.flatMap(({ name }, t) => (mask & (1 << t) ? [name] : []));
		return names.length === 0 ? 'nobody sleeps here' : `${names.join(', ')} sleep${names.length === 1 ? 's' : ''} here`;
	}
}

const leaf = ({ path, name, lane, kernel }: Path, value: string, kind: Variable['kind']): Variable => ({
	path,
	name,
	value,
	lane,
	kind,
	kernel,
});

/** Some number in it is not nought. */
function hasNews({ value, children }: Variable): boolean {
	if (children !== undefined) return children.some(hasNews);
	return !/^(0|false|NULL|none|not set|not done|nobody sleeps here|)$/.test(value);
}
