/** Who holds what, who waits for whom, and in what context each thread is. */
import { type Held, HeldMode } from '../../kernel/context.js';
import { sourceText } from '../../language/text.js';
import type { StructType, Type } from '../../language/types.js';
import type { System } from '../../machine/system.js';
import { Status, type ThreadState } from '../../machine/thread.js';
import { waitWords } from '../finding.js';
import { isToken, spanOfPlace, userSpan } from '../run.js';
import { runsAt, type WaitEdge, waitsIn } from '../waits.js';
import type { Outlooks } from './outlook.js';
import type { Bar, LaneState, LockState, RangeState } from './picture.js';
import type { Moment } from './walk.js';

/** What a lock is called in the state beside the run, by the name of its struct. */
const KINDS: Readonly<Record<string, string>> = {
	mutex: 'mutex',
	spinlock: 'spinlock',
	raw_spinlock: 'raw spinlock',
	rwlock: 'rwlock',
	rw_semaphore: 'rwsem',
	percpu_rw_semaphore: 'percpu rwsem',
	ww_mutex: 'ww_mutex',
	dma_resv: 'reservation',
	seqlock: 'seqlock',
	page: 'folio lock',
	completion: 'completion',
	dma_fence: 'fence',
	work_struct: 'work item',
	delayed_work: 'work item',
	workqueue_struct: 'workqueue',
	srcu_struct: 'SRCU',
};
/** What is listed although nobody holds it. */
const LOCKS = new Set(['mutex', 'spinlock', 'raw_spinlock', 'rwlock', 'rw_semaphore', 'percpu_rw_semaphore']);

/** A range or interval that something is about, for as long as a token stands for it. */
interface Resource {
	readonly address: number;
	readonly name: string;
	readonly kind: string;
}

/** Reads locks, ranges and waits out of the moments of one walk. */
export class Locks {
	private readonly tasks = new WeakMap<Int32Array, ThreadState>();
	private readonly edges = new Map<number, readonly WaitEdge[]>();
	private readonly own: readonly Resource[];

	constructor(
		private readonly outlooks: Outlooks,
		private readonly system: System = outlooks.graph.system,
	) {
		this.own = this.ownLocks();
	}

	task(thread: number, moment: Moment): ThreadState {
		const local = moment.locals[thread] as Int32Array;
		let task = this.tasks.get(local);
		if (task === undefined) {
			task = this.system.task(thread, local);
			this.tasks.set(local, task);
		}
		return task;
	}

	/** Everybody who cannot go on, and for whom. */
	waits(moment: Moment): readonly WaitEdge[] {
		if (moment.state < 0) return [];
		let edges = this.edges.get(moment.state);
		if (edges === undefined) {
			edges = waitsIn(this.outlooks.graph, moment.state, -1);
			this.edges.set(moment.state, edges);
		}
		return edges;
	}

	/** The thread never goes on from here. */
	isStuck(moment: Moment, thread: number): boolean {
		if (moment.state < 0) return false;
		const { prospects } = this.outlooks;
		return (prospects.alive(moment.state) & ~prospects.canMove(moment.state) & (1 << thread)) !== 0;
	}

	/** The name of what is held or waited for. */
	nameOf(address: number, moment: Moment): string {
		return this.system.nameOf(address, moment.shared, (t) => moment.locals[t] as Int32Array);
	}

	isRange(held: Pick<Held, 'resource'>, moment: Moment): boolean {
		return this.system.isRange(held.resource, moment.shared, (t) => moment.locals[t] as Int32Array);
	}

	/** What is held is a work item or a timer that runs. */
	runs(held: Held, moment: Moment): boolean {
		return isToken(held) && runsAt(this.system, held.resource, moment.shared);
	}

	/** The sketch's own locks first, then what of the kernel's is held or wanted. */
	view(moment: Moment): LockState[] {
		const waits = this.waits(moment);
		const resources = new Map(this.own.map((r) => [r.address, r]));
		const add = (address: number): void => {
			if (address === 0 || resources.has(address)) return;
			resources.set(address, { address, name: this.nameOf(address, moment), kind: this.kindOf(address, moment) });
		};
		const holders = new Map<number, LockState['holders'][number][]>();
		this.system.threads.forEach((_, lane) => {
			for (const held of this.task(lane, moment).held) {
				add(held.resource);
				const mode = held.mode === HeldMode.read ? 'shared' : 'exclusive';
				const known = holders.get(held.resource);
				if (known) known.push({ lane, mode });
				else holders.set(held.resource, [{ lane, mode }]);
			}
		});
		for (const { wait } of waits) add(wait.resource);
		const seen = new Map<string, LockState>();
		for (const { address, name, kind } of resources.values()) {
			const waiters = waits
				.filter((e) => e.wait.resource === address)
				.map((e) => ({ lane: e.thread, forEver: this.isStuck(moment, e.thread) }));
			const held = holders.get(address) ?? [];
			const before = seen.get(name);
			// a wait queue that nobody sleeps on is no news; two objects of a name are told apart
			const unique =
				before === undefined ? name : `${name} (${[...seen.keys()].filter((n) => n.startsWith(name)).length + 1})`;
			seen.set(unique, { name: unique, kind, holders: held, waiters });
		}
		return [...seen.values()];
	}

	/** Active invalidations, range locks and readers' ranges. */
	ranges(moment: Moment): RangeState[] {
		const found: RangeState[] = [];
		this.system.threads.forEach((_, lane) => {
			const locked: number[] = [];
			for (const held of this.task(lane, moment).held) {
				if (!isToken(held)) continue;
				const name = this.nameOf(held.resource, moment);
				const range = /^\[(\d+), (\d+)\)$/.exec(name);
				const page = /^the range lock of page (\d+)$/.exec(name);
				if (range) found.push({ name, start: Number(range[1]), end: Number(range[2]), lane, kind: 'active' });
				else if (page) locked.push(Number(page[1]));
			}
			for (const [start, end] of runs(locked))
				found.push({ name: `[${start}, ${end})`, start, end, lane, kind: 'range lock' });
			const fault = faultRange(moment, lane, this.system.pages);
			if (fault !== undefined && this.task(lane, moment).status === Status.running)
				found.push({ name: `[${fault[0]}, ${fault[1]})`, start: fault[0], end: fault[1], lane, kind: 'fault' });
		});
		return found;
	}

	/** @param moved threads that have taken a step before this moment */
	lane(lane: number, moment: Moment, moved: boolean): LaneState {
		const task = this.task(lane, moment);
		const local = moment.locals[lane] as Int32Array;
		const ended = task.status === Status.ended;
		const edge = this.waits(moment).find((e) => e.thread === lane);
		const place = ended || task.frames.length === 0 ? undefined : this.system.position(lane, local);
		const asleep = edge !== undefined && edge.wait.kind === 'wakeup';
		return {
			status: ended
				? 'ended'
				: task.status === Status.idle
					? 'idle'
					: asleep
						? 'asleep'
						: edge !== undefined
							? 'waits'
							: moved
								? 'runs'
								: 'not started',
			span: place === undefined ? null : spanOfPlace(place),
			home: place === undefined || place.frames.every((f) => f.code.kernel) ? null : userSpan(place),
			atomic: task.atomic > 0,
			nonBlock: task.nonBlock > 0,
			context: this.context(lane, moment),
			waitsFor:
				edge === undefined || task.status === Status.idle
					? null
					: {
							what: this.heldUp(edge) ?? waitWords(edge),
							lanes: edge.guessed || asleep ? [] : edge.holders,
							forEver: this.isStuck(moment, lane),
						},
		};
	}

	/** It would go on by itself: `interrupted by QI`. */
	private heldUp({ thread, wait, holders }: WaitEdge): string | undefined {
		if (wait.kind !== 'cpu') return undefined;
		const above = holders.filter((t) => this.system.threads[t]?.on === thread);
		if (above.length === 0) return undefined;
		return `interrupted by ${above.map((t) => this.system.threads[t]?.name).join(', ')}`;
	}

	/** The callbacks of the driver that a thread is in, outermost first, and what else narrows what it may do. */
	context(lane: number, moment: Moment): string[] {
		const task = this.task(lane, moment);
		if (task.status === Status.ended || task.frames.length === 0) return [];
		const words = this.callbacks(lane, moment);
		if (task.frames.some((f) => f.code.kernel && f.code.name === '__alloc_enter')) words.push('reclaim');
		if (this.system.threads[lane]?.kind === 'interrupt') words.push('interrupt');
		else if (task.irqsOff > 0) words.push('interrupts off');
		if (task.signalling > 0) words.push('fence signalling');
		return words;
	}

	private callbacks(lane: number, moment: Moment): string[] {
		const { frames } = this.system.position(lane, moment.locals[lane] as Int32Array);
		return this.task(lane, moment).frames.flatMap((frame, n) => {
			if (frame.heldAtEntry < 0) return [];
			const caller = frames[n - 1];
			const operation = caller === undefined ? undefined : /->(\w+)\s*\(/.exec(sourceText(caller.node))?.[1];
			return [`->${operation ?? frame.code.name}`];
		});
	}

	/** What lasts along the lanes. */
	bars(moments: readonly Moment[]): Bar[] {
		const open = new Map<string, Mutable<Bar>>();
		const bars: Mutable<Bar>[] = [];
		const names = new Map<string, { name: string; at: number }>();
		moments.forEach((moment, at) => {
			const now = (key: string, bar: Omit<Bar, 'from' | 'to'>): void => {
				const known = open.get(key);
				if (known !== undefined && known.to === at - 1) {
					known.to = at;
					known.forEver ||= bar.forEver;
					if (bar.lanes.length > 0) known.lanes = bar.lanes;
				} else {
					const fresh = { ...bar, from: at, to: at };
					open.set(key, fresh);
					bars.push(fresh);
				}
			};
			const named = (address: number, lane: number): string => {
				// it has its name from memory, which stays while it is held
				const key = `${lane} ${address}`;
				const known = names.get(key);
				const name = known?.at === at - 1 ? known.name : this.nameOf(address, moment);
				names.set(key, { name, at });
				return name;
			};
			this.system.threads.forEach((_, lane) => {
				const locked: number[] = [];
				for (const held of this.task(lane, moment).held) {
					const name = named(held.resource, lane);
					const page = /^the range lock of page (\d+)$/.exec(name);
					if (page) {
						locked.push(Number(page[1]));
						continue;
					}
					const kind = isToken(held) && this.isRange(held, moment) ? 'range' : 'lock';
					const mode = held.mode === HeldMode.read ? 'shared' : 'exclusive';
					now(`${lane} h ${held.resource} ${mode}`, { lane, kind, name, mode, lanes: [], forEver: false });
				}
				for (const [start, end] of runs(locked))
					now(`${lane} r ${start} ${end}`, {
						lane,
						kind: 'range',
						name: `[${start}, ${end})`,
						mode: 'exclusive',
						lanes: [],
						forEver: false,
					});
				for (const name of this.callbacks(lane, moment))
					now(`${lane} c ${name}`, { lane, kind: 'callback', name, mode: 'exclusive', lanes: [], forEver: false });
			});
			for (const edge of this.waits(moment)) {
				if (this.task(edge.thread, moment).status === Status.idle) continue;
				now(`${edge.thread} w`, {
					lane: edge.thread,
					kind: 'wait',
					name: edge.resource === '' ? waitWords(edge) : edge.resource,
					mode: 'exclusive',
					lanes: edge.guessed || edge.wait.kind === 'wakeup' ? [] : edge.holders,
					forEver: this.isStuck(moment, edge.thread),
				});
			}
		});
		return bars;
	}

	kindOf(address: number, moment: Moment): string {
		if (this.isRange({ resource: address }, moment)) return 'range';
		const at = this.system.declaredAt(address, moment.shared);
		if (at?.name === 'range_locked') return 'range lock';
		const name = at === undefined ? undefined : lockStructAt(this.system, at.type, at.offset);
		if (name === 'wait_queue_head') return 'wait queue';
		return (name === undefined ? undefined : KINDS[name]) ?? 'token';
	}

	/** Locks among the sketch's own globals. */
	private ownLocks(): Resource[] {
		const { system } = this;
		const found: Resource[] = [];
		const visit = (type: Type, address: number, depth: number): void => {
			if (type.kind === 'array' && depth < 4) {
				const size = system.layouts.cells(type.of);
				for (let n = 0; n < Math.min(system.layouts.cells(type), 16 * size); n += size)
					visit(type.of, address + n, depth + 1);
			}
			if (type.kind !== 'struct') return;
			if (LOCKS.has(type.name))
				found.push({
					address,
					name: system.nameOf(address, system.initialShared),
					kind: KINDS[type.name] ?? type.name,
				});
			else if (depth < 4)
				for (const field of type.fields)
					visit(field.type, address + (system.layouts.offset(type, field.name) ?? 0), depth + 1);
		};
		for (const global of system.globals) if (!global.kernel) visit(global.type, global.address, 0);
		return found;
	}
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The innermost struct around a cell that stands for something to wait for. */
function lockStructAt(system: System, type: Type | undefined, offset: number): string | undefined {
	let found: string | undefined;
	let at: Type | undefined = type;
	let rest = offset;
	while (at !== undefined) {
		if (at.kind === 'array') {
			const size: number = system.layouts.cells(at.of);
			rest %= size;
			at = at.of;
			continue;
		}
		if (at.kind !== 'struct') break;
		const struct: StructType = at;
		if (struct.name in KINDS || struct.name === 'wait_queue_head') found = struct.name;
		const field = struct.fields.findLast((f) => (system.layouts.offset(struct, f.name) ?? 0) <= rest);
		rest -= field === undefined ? 0 : (system.layouts.offset(struct, field.name) ?? 0);
		at = field?.type;
	}
	return found;
}

/** What a thread's own code works on: the first call of the sketch's with a start and an end, or with an address. */
function faultRange(moment: Moment, lane: number, pages: number): [number, number] | undefined {
	for (const { code, args } of moment.calls[lane]?.slice(1) ?? []) {
		if (code.kernel) return undefined;
		const at = (name: RegExp): number =>
			code.registerNames.findIndex((n, r) => r < code.parameters && n !== undefined && name.test(n));
		const start = at(/^(start|addr|address|va|iova)$/);
		const end = at(/^end$/);
		if (start < 0) continue;
		const [from, to] = [args[start] as number, end < 0 ? (args[start] as number) + 1 : (args[end] as number)];
		return from >= 0 && from < to && to <= pages ? [from, to] : undefined;
	}
	return undefined;
}

/** Page numbers as half-open ranges. */
function runs(pages: readonly number[]): [number, number][] {
	const found: [number, number][] = [];
	for (const page of [...pages].sort((a, b) => a - b)) {
		const last = found[found.length - 1];
		if (last?.[1] === page) last[1] = page + 1;
		else found.push([page, page + 1]);
	}
	return found;
}
