import { HeldMode, type KernelContext, type Primitive } from '../context.js';
import { brokenRule } from './contract.js';
import { drop, enterAtomic, notHeld, take } from './holding.js';

/*
 * Locks with readers and one writer: { readers, writer, queued writers }. A queued writer stops new readers.
 * rw_semaphore sleeps (kernel/locking/rwsem.c); rwlock_t spins (kernel/locking/qrwlock.c).
 */

const READERS = 0;
const WRITER = 1;
const QUEUED = 2;

const readable = (c: KernelContext, lock: number): boolean =>
	c.load(lock + WRITER) === 0 && (c.unfairRwsem || c.load(lock + QUEUED) === 0);
const writable = (c: KernelContext, lock: number): boolean =>
	c.load(lock + WRITER) === 0 && c.load(lock + READERS) === 0;

const count = (c: KernelContext, cell: number, by: 1 | -1): void => c.store(cell, c.load(cell) + by);

function takeRead(c: KernelContext, lock: number): void {
	count(c, lock + READERS, 1);
	take(c, lock, HeldMode.read);
}

function takeWrite(c: KernelContext, lock: number): void {
	c.store(lock + WRITER, 1);
	take(c, lock, HeldMode.write);
}

function releaseRead(c: KernelContext, call: string, lock: number): void {
	if (!drop(c, lock, HeldMode.read)) notHeld(c, call, lock);
	count(c, lock + READERS, -1);
}

function releaseWrite(c: KernelContext, call: string, lock: number): void {
	if (!drop(c, lock, HeldMode.write)) notHeld(c, call, lock);
	c.store(lock + WRITER, 0);
}

type Step = (c: KernelContext, lock: number, more: number) => number | typeof import('../context.js').BLOCKED;
const visible = (name: string, step: Step, { sleeps = false, waits = false, preemption = false } = {}): Primitive => ({
	name,
	visible: true,
	sleeps,
	waits,
	preemption,
	ofLock: true,
	run: (c, [lock = 0, more = 0]) => step(c, lock, more),
});

// ---- rw_semaphore ----

/** The fields of struct mm_struct, in cells; a test compares them with lib/kernel/mm.mmn. */
export const MM = { mmap_lock: 0, mm_users: 4, mm_count: 5 } as const;

const isMm = (c: KernelContext, address: number): boolean => {
	for (let n = 0; c.symbol(`mm_struct ${n}`) !== 0; n++) if (c.symbol(`mm_struct ${n}`) === address) return true;
	return false;
};

/** mmap_lock, whatever the call is by which it is taken: its mm has to be there, and no fence may wait for it. */
function mmapLock(c: KernelContext, sem: number, waits: boolean): void {
	if (c.task.signalling === 0 && c.ofTheProcess) return;
	if (!isMm(c, sem - MM.mmap_lock)) return;
	if (waits && c.task.signalling > 0) c.warn('contract', brokenRule(11), sem);
	if (!c.ofTheProcess && c.load(sem + MM.mm_count) <= 0) c.fatal('use-after-free', MM_IS_GONE);
}

/** A worker outlives the process whose address space it looks into. */
export const MM_IS_GONE =
	'an mm_struct is used after the last mmdrop(): mmgrab() keeps it, and nothing here has called that for who is no task of the process';

/** `signal`: one that comes while it waits ends it with -EINTR; `owned`: the task holds it from then on. */
const downRead = (name: string, signal: boolean, owned = true): Primitive =>
	visible(
		name,
		(c, sem) => {
			mmapLock(c, sem, true);
			if (!readable(c, sem)) {
				const wait = { kind: 'lock', resource: sem, behindQueue: c.load(sem + WRITER) === 0 } as const;
				if (!signal || !c.maySignal()) return c.block(wait);
				c.expire(wait);
				return -4;
			}
			if (owned) takeRead(c, sem);
			else count(c, sem + READERS, 1);
			return 0;
		},
		{ sleeps: true, waits: true },
	);

const rwsem: Primitive[] = [
	downRead('down_read', false),
	downRead('down_read_killable', true),
	downRead('down_read_interruptible', true),
	downRead('down_read_non_owner', false, false),
	visible('down_read_trylock', (c, sem) => {
		mmapLock(c, sem, false);
		if (!readable(c, sem)) return 0;
		takeRead(c, sem);
		return 1;
	}),
	visible('__up_read', (c, sem) => {
		releaseRead(c, 'up_read', sem);
		return c.load(sem + READERS) === 0 && c.load(sem + QUEUED) !== 0 ? 1 : 0;
	}),
	visible('up_read_non_owner', (c, sem) => {
		if (c.load(sem + READERS) === 0) c.fatal('bad-unlock', 'up_read_non_owner of %r, which nobody holds', sem);
		count(c, sem + READERS, -1);
		return 0;
	}),
	visible(
		'__down_write_fast',
		(c, sem) => {
			mmapLock(c, sem, true);
			if (writable(c, sem)) {
				takeWrite(c, sem);
				return 1;
			}
			count(c, sem + QUEUED, 1);
			return 0;
		},
		{ sleeps: true },
	),
	// `killable`: a signal takes it off the queue again
	visible(
		'__down_write_queued',
		(c, sem, killable) => {
			if (!writable(c, sem)) {
				const wait = { kind: 'lock', resource: sem, queued: true } as const;
				if (killable === 0 || !c.maySignal()) return c.block(wait);
				c.expire(wait);
				count(c, sem + QUEUED, -1);
				return -4;
			}
			count(c, sem + QUEUED, -1);
			takeWrite(c, sem);
			return 0;
		},
		{ waits: true },
	),
	visible('down_write_trylock', (c, sem) => {
		mmapLock(c, sem, false);
		if (!writable(c, sem) || c.load(sem + QUEUED) !== 0) return 0;
		takeWrite(c, sem);
		return 1;
	}),
	visible('__up_write', (c, sem) => {
		releaseWrite(c, 'up_write', sem);
		return 0;
	}),
	visible('downgrade_write', (c, sem) => {
		releaseWrite(c, 'downgrade_write', sem);
		takeRead(c, sem);
		return 0;
	}),
	visible('rwsem_is_locked', (c, sem) => (writable(c, sem) ? 0 : 1)),
	visible('rwsem_is_contended', (c, sem) => (c.load(sem + QUEUED) === 0 ? 0 : 1)),
];

// ---- rwlock_t ----

const irqsOff = (c: KernelContext): void => {
	if (!c.preemptRt) c.task.irqsOff = 1;
};
const irqsTo = (c: KernelContext, flags: number): void => {
	if (!c.preemptRt) c.task.irqsOff = flags === 0 ? 0 : 1;
};

/** A reader queues behind a waiting writer, but not in an interrupt: there it may be the second time (queued_read_lock_slowpath). */
const readLock = (name: string, irqs: boolean): Primitive =>
	visible(
		name,
		(c, lock) => {
			const free = c.inInterrupt ? c.load(lock + WRITER) === 0 : readable(c, lock);
			if (!free) return c.block({ kind: 'lock', resource: lock, behindQueue: c.load(lock + WRITER) === 0 });
			enterAtomic(c, name);
			if (irqs) irqsOff(c);
			takeRead(c, lock);
			return 0;
		},
		{ waits: true, preemption: true },
	);

const unlock = (name: string, release: typeof releaseRead, irqs: 'same' | 'on' | 'restore'): Primitive =>
	visible(
		name,
		(c, lock, flags) => {
			release(c, name, lock);
			c.task.atomic--;
			if (irqs !== 'same') irqsTo(c, irqs === 'on' ? 0 : flags);
			return 0;
		},
		{ preemption: true },
	);

const rwlock: Primitive[] = [
	readLock('read_lock', false),
	readLock('read_lock_irq', true),
	readLock('read_lock_bh', false),
	visible(
		'read_trylock',
		(c, lock) => {
			if (!readable(c, lock)) return 0;
			c.task.atomic++;
			takeRead(c, lock);
			return 1;
		},
		{ preemption: true },
	),
	// preemption, and interrupts where they are meant to be, are off while a writer spins in the queue
	visible(
		'__write_lock_fast',
		(c, lock, irqs) => {
			enterAtomic(c, 'write_lock');
			if (irqs !== 0) irqsOff(c);
			if (writable(c, lock)) {
				takeWrite(c, lock);
				return 1;
			}
			count(c, lock + QUEUED, 1);
			return 0;
		},
		{ preemption: true },
	),
	visible(
		'__write_lock_queued',
		(c, lock) => {
			if (!writable(c, lock)) return c.block({ kind: 'lock', resource: lock, queued: true });
			count(c, lock + QUEUED, -1);
			takeWrite(c, lock);
			return 0;
		},
		{ waits: true },
	),
	visible(
		'write_trylock',
		(c, lock) => {
			if (!writable(c, lock) || c.load(lock + QUEUED) !== 0) return 0;
			c.task.atomic++;
			takeWrite(c, lock);
			return 1;
		},
		{ preemption: true },
	),
	...(['read', 'write'] as const).flatMap((kind) => {
		const release = kind === 'read' ? releaseRead : releaseWrite;
		return [
			unlock(`${kind}_unlock`, release, 'same'),
			unlock(`${kind}_unlock_irq`, release, 'on'),
			unlock(`${kind}_unlock_bh`, release, 'same'),
			unlock(`${kind}_unlock_irqrestore`, release, 'restore'),
		];
	}),
];

export const readersAndWriters: readonly Primitive[] = [...rwsem, ...rwlock];
