import type { Graph } from '../explore/graph.js';
import { ROUNDS, type Turns } from '../explore/turns.js';
import type { Held } from '../kernel/context.js';
import { TASK } from '../kernel/primitives/tasks.js';
import { primitives } from '../kernel/primitives.js';
import { sourceOf } from '../language/text.js';
import type { Moment } from '../machine/merging.js';
import type { System } from '../machine/system.js';
import { Status, type ThreadState } from '../machine/thread.js';
import { isToken } from './run.js';

/*
 * Lock classes and the order in which they are taken, in the manner of lockdep (kernel/locking/lockdep.c; semantics.md 3.7):
 * one class for each lock variable, and for each lock field of a struct, however many there are of it; two pseudo-locks
 * where the kernel has them.
 */

/** Held around start and end callbacks; waiting in mmu_interval_read_begin() and mmu_interval_notifier_remove() is for them (23b68395c7c7, 810e24e009cf). */
export const START_MAP = 'mmu_notifier_invalidate_range_start';
/** Taken by every allocation that may reclaim directly, and from there callbacks are called (66204f1d2d1b, f920e413ff9c). */
export const FS_RECLAIM = 'fs_reclaim';

const GFP_DIRECT_RECLAIM = 1024;
const PF_MEMALLOC = 2048;

/** `to` is taken by a thread that has `from`; where it was seen first. */
export interface ClassEdge {
	readonly from: string;
	readonly to: string;
	/** Undefined for the edge that is there from the kernel's boot. */
	readonly seen: { readonly state: number; readonly thread: number; readonly held: number } | undefined;
	/** It is not taken there, but might_lock() says that it may be. */
	readonly may?: boolean;
}

/** What a thread is about to take in a state: a class, and the address where there is a lock. */
interface Wanted {
	readonly name: string;
	readonly resource: number;
	readonly may?: boolean;
	/** A second lock of the same class is meant. */
	readonly nested?: boolean;
}

/** A moment of a thread. Where it is inside a step, `state` is none in which it is. */
export interface Seen extends Moment {
	readonly state: number;
}

/** Each local vector of each thread, in the first state in which it is; in the order of states. */
export function* lockMoments(graph: Graph): Turns<Seen[]> {
	const seen = (yield* firstSeen(graph)).map(({ state, thread }) => ({
		state,
		thread,
		local: graph.local(state, thread),
		shared: graph.sharedOf(state),
	}));
	return graph.merged ? [...seen, ...[...graph.system.moments].map((moment) => ({ ...moment, state: 0 }))] : seen;
}

function* firstSeen(graph: Graph): Turns<{ readonly state: number; readonly thread: number }[]> {
	const found: { state: number; thread: number }[] = [];
	for (let thread = 0; thread < graph.threads; thread++) {
		const done: boolean[] = [];
		const index = graph.reader(thread);
		for (let state = 0; state < graph.expanded; state++) {
			if (state % ROUNDS === ROUNDS - 1) yield;
			const local = index(state);
			if (done[local] === true) continue;
			done[local] = true;
			found.push({ state, thread });
		}
	}
	return found.sort((a, b) => a.state - b.state || a.thread - b.thread);
}

/** The edges of all steps of a graph, each once, in its shallowest state. */
export function* classEdges(graph: Graph): Turns<ClassEdge[]> {
	const { system } = graph;
	const edges = new Map<string, ClassEdge>([['boot', { from: FS_RECLAIM, to: START_MAP, seen: undefined }]]);
	for (const { state, thread, local, shared } of yield* lockMoments(graph)) {
		if (local[0] === Status.ended) continue;
		const task = system.task(thread, local);
		const add = (from: string | undefined, to: string, held: number, may = false): void => {
			const edge = `${from} ${to}`;
			if (from !== undefined && !edges.has(edge))
				edges.set(edge, { from, to, seen: { state, thread, held }, ...(may && { may }) });
		};
		const classOf = (h: Held): string | undefined =>
			isToken(h) ? heldClass(system, h.resource, shared) : lockClass(system, h.resource, shared);
		const callbacks = task.frames.filter((_, n) => isCallback(task, n));
		for (const { heldAtEntry } of callbacks)
			for (const held of task.held.slice(0, heldAtEntry)) add(classOf(held), START_MAP, held.resource);
		const wanted = wantedBy(system, task, thread, shared);
		if (wanted === undefined) continue;
		const { name, resource, may } = wanted;
		if (callbacks.length > 0 && name !== START_MAP) add(START_MAP, name, 0, may);
		for (const held of task.held) {
			const from = classOf(held);
			// who takes what it has already is found to wait for itself; who only might is not
			const again = (held.resource !== resource || may === true) && !nested(task) && wanted.nested !== true;
			if (from !== name || again) add(from, name, held.resource, may);
		}
	}
	return [...edges.values()];
}

/** Is the `n`-th frame a start or end callback that a notifier library has called? The map is not held around others. */
const isCallback = ({ frames }: ThreadState, n: number): boolean => {
	const caller = frames[n - 1]?.code;
	if ((frames[n]?.heldAtEntry ?? -1) < 0 || caller === undefined) return false;
	return /:\/mn\//.test(sourceOf(caller.node).uri) && /inv/.test(caller.name) && !/arch_|release/.test(caller.name);
};

/** A second lock of the same class is meant: it says so, or the class has a rule of its own for that. */
const nested = ({ frames }: ThreadState): boolean =>
	frames.some((f) => f.code.kernel && /_nested$|^(__)?ww_|^dma_resv_/.test(f.code.name));

/** What the next step of a thread takes, for good or for a moment. A trylock waits for nothing. */
function wantedBy(system: System, task: ThreadState, thread: number, shared: Int32Array): Wanted | undefined {
	if (task.frames.length === 0) return undefined;
	const { code, pc, registers } = task.frame;
	const next = code.code[pc];
	// they wait for callbacks; in their first step they take and drop the map
	if (next?.op === 'atomic-begin' && code.kernel && WAITS_FOR_CALLBACKS.test(code.name))
		return { name: START_MAP, resource: 0 };
	if (next?.op === 'atomic-begin' && code.kernel && WAITS_FOR.test(code.name)) {
		const resource = registers[0] ?? 0;
		const pseudo = pseudoClass(system, resource, shared);
		return pseudo === undefined ? undefined : { name: pseudo, resource };
	}
	// gup_fast_fallback() says might_lock_read(&current->mm->mmap_lock), whatever it finds; not the same class once more
	if (next?.op === 'atomic-begin' && code.kernel && code.name === 'follow_page' && fallsBack(task))
		return { name: 'mmap_lock', resource: registers[0] ?? 0 };
	if (next?.op !== 'primitive') return undefined;
	const { name } = primitives[next.primitive] as (typeof primitives)[number];
	const args = next.args.map((a) => (a >= 0 ? (registers[a] as number) : (code.constants[-1 - a] as number)));
	if (name === '__allocate') {
		const flags = system.cell(system.symbol('__tasks') + thread * TASK.cells + TASK.flags, shared) ?? 0;
		const reclaims = ((args[3] ?? 0) & GFP_DIRECT_RECLAIM) !== 0 && (flags & PF_MEMALLOC) === 0;
		return reclaims ? { name: FS_RECLAIM, resource: 0 } : undefined;
	}
	const may = name === '__might_lock';
	if (!may && !TAKES.test(name)) return undefined;
	const resource = args[0] ?? 0;
	const lock = lockClass(system, resource, shared);
	return lock === undefined ? undefined : { name: lock, resource, ...(may && { may, nested: args[1] === 1 }) };
}

/** Does get_user_pages_fast(), and not its _only(), look for a page? */
function fallsBack({ frames }: ThreadState): boolean {
	const caller = frames.at(-2);
	return caller?.code.name === 'gup_fast' && frames.at(-3)?.code.name.endsWith('_only') === false;
}

const TAKES =
	/^(mutex_lock|mutex_lock_interruptible|mutex_lock_killable|(raw_)?spin_lock(_irq|_bh)?|__(raw_)?spin_lock_irqsave|down_read|down_read_killable|down_read_interruptible|__down_write_fast|read_lock|write_lock|__(read|write)_lock\w*)$/;

/** mm/mmu_notifier.c: lock_map_acquire(&__mmu_notifier_invalidate_range_start_map). */
const WAITS_FOR_CALLBACKS = /^mmu_interval_(read_begin|notifier_remove)$/;

/** Wait until an item does not run, or until no reader is left: as if they took what a worker, or a reader, holds. */
const WAITS_FOR = /^(flush_work|cancel_work_sync|disable_work_sync|synchronize_srcu|delete_sync|hrtimer_cancel)$/;
/** Held while an item or a timer runs (kernel/workqueue.c, process_one_work; kernel/time/timer.c, call_timer_fn), and by readers of an SRCU domain (f0f44752f5f6). */
const HELD_BY_RUNNING: Readonly<Record<string, string>> = {
	work_struct: 'work item',
	srcu_struct: 'readers of',
	timer_list: 'timer',
	hrtimer: 'timer',
};

/** The class of what a token stands for: `work item struct drv.work`, `readers of srcu`; undefined where lockdep has none. */
export function pseudoClass(system: System, address: number, shared: Int32Array): string | undefined {
	const found = classAt(system, address, shared, new Set(Object.keys(HELD_BY_RUNNING)));
	const prefix = found?.struct === undefined ? undefined : HELD_BY_RUNNING[found.struct];
	return prefix === undefined ? undefined : `${prefix} ${found?.name}`;
}

/** The same for a token that is held: who waits for a grace period, or runs a callback after one, is no reader. */
const heldClass = (system: System, address: number, shared: Int32Array): string | undefined =>
	/[.](gp|callbacks)$/.test(system.nameOf(address, shared)) ? undefined : pseudoClass(system, address, shared);

const LOCKS = new Set([
	'mutex',
	'spinlock',
	'raw_spinlock',
	'rwlock',
	'rw_semaphore',
	'percpu_rw_semaphore',
	'ww_mutex',
	'dma_resv',
]);

/** The class of the lock at an address: `fault_lock`, `struct drv.lock`, `mmap_lock`; undefined where lockdep has none (folios). */
export const lockClass = (system: System, address: number, shared: Int32Array): string | undefined =>
	classAt(system, address, shared, LOCKS)?.name;

/** The name of what lies at an address down to the first struct of `kinds`, and which of them that is. */
function classAt(
	system: System,
	address: number,
	shared: Int32Array,
	kinds: ReadonlySet<string>,
): { readonly name: string; readonly struct: string | undefined } | undefined {
	const object = system.declaredAt(address, shared);
	if (object === undefined) return undefined;
	let { name, type, offset } = object;
	while (type !== undefined) {
		if (type.kind === 'array') {
			const { of } = type;
			offset %= system.layouts.cells(of);
			type = of;
			continue;
		}
		if (type.kind !== 'struct') break;
		if (kinds.has(type.name)) return { name, struct: type.name };
		if (type.name === 'page' || type.name === 'folio') return undefined;
		const struct = type;
		const at = (field: (typeof struct.fields)[number]): number => system.layouts.offset(struct, field.name) as number;
		const field = struct.fields.findLast((f) => at(f) <= offset);
		if (field === undefined) break;
		name = field.name === 'mmap_lock' ? 'mmap_lock' : `struct ${struct.name}.${field.name}`;
		offset -= at(field);
		type = field.type;
	}
	return { name, struct: undefined };
}

/** Is a class the sketch's own? */
export function isUsers(system: System, name: string): boolean {
	const plain = name.replace(/^(work item|readers of|timer) /, '');
	const struct = /^struct (\w+)\./.exec(plain)?.[1];
	if (struct !== undefined) {
		const definition = system.program.structs.get(struct);
		return definition !== undefined && !sourceOf(definition).kernel;
	}
	return system.globals.some((g) => !g.kernel && g.name === plain);
}
