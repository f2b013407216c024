import { HeldMode, type KernelContext, type Primitive } from '../context.js';

/*
 * Locks. Who holds a lock is kept with the holder (task.held), so that states which differ only in
 * the holder's number stay alike; the lock itself knows only that it is held.
 * Rules: Documentation/locking/*, semantics.md 3.2.
 */

const take = (c: KernelContext, resource: number, mode: HeldMode): void => {
	c.task.held.push({ resource, mode });
};

/** Removes the task's newest hold on `resource` in this mode; false when there is none. */
const drop = (c: KernelContext, resource: number, mode: HeldMode): boolean => {
	const { held } = c.task;
	for (let n = held.length - 1; n >= 0; n--)
		if (held[n]?.resource === resource && held[n]?.mode === mode) {
			held.splice(n, 1);
			return true;
		}
	return false;
};

const notHeld = (c: KernelContext, call: string, lock: number): void =>
	c.fatal(
		'bad-unlock',
		c.load(lock) === 0 ? `${call} of %r, which nobody holds` : `${call} of %r, which another thread holds`,
		lock,
	);

// ---- mutex: sleeps, is not recursive, only its owner unlocks it ----

const mutexLock = (name: string, mayFail: boolean): Primitive => ({
	name,
	visible: true,
	sleeps: true,
	run(c, [lock = 0]) {
		if (mayFail && c.mayFail() && c.pick(0, 1) === 1) return -4;
		if (c.load(lock) !== 0) return c.block({ kind: 'lock', resource: lock });
		c.store(lock, 1);
		take(c, lock, HeldMode.mutex);
		return 0;
	},
});

const mutex: Primitive[] = [
	mutexLock('mutex_lock', false),
	mutexLock('mutex_lock_interruptible', true),
	mutexLock('mutex_lock_killable', true),
	{
		name: 'mutex_trylock',
		visible: true,
		run(c, [lock = 0]) {
			if (c.load(lock) !== 0) return 0;
			c.store(lock, 1);
			take(c, lock, HeldMode.mutex);
			return 1;
		},
	},
	{
		name: 'mutex_unlock',
		visible: true,
		run(c, [lock = 0]) {
			if (!drop(c, lock, HeldMode.mutex)) notHeld(c, 'mutex_unlock', lock);
			c.store(lock, 0);
			return 0;
		},
	},
	{ name: 'mutex_is_locked', visible: true, run: (c, [lock = 0]) => (c.load(lock) !== 0 ? 1 : 0) },
];

// ---- spinlocks: never sleep (without PREEMPT_RT); the holder is in atomic context ----

const spinLock = (name: string, irqs: boolean): Primitive => ({
	name,
	visible: true,
	run(c, [lock = 0]) {
		if (c.load(lock) !== 0) return c.block({ kind: 'lock', resource: lock });
		c.store(lock, 1);
		take(c, lock, HeldMode.spin);
		c.task.atomic++;
		if (irqs) c.task.irqsOff++;
		return 0;
	},
});

const spinUnlock = (name: string, irqs: boolean): Primitive => ({
	name,
	visible: true,
	run(c, [lock = 0]) {
		if (!drop(c, lock, HeldMode.spin)) notHeld(c, name, lock);
		c.store(lock, 0);
		c.task.atomic--;
		if (irqs && c.task.irqsOff > 0) c.task.irqsOff--;
		return 0;
	},
});

const spin: Primitive[] = ['spin', 'raw_spin'].flatMap((kind) => [
	spinLock(`${kind}_lock`, false),
	spinLock(`${kind}_lock_irq`, true),
	spinLock(`${kind}_lock_bh`, false),
	spinLock(`__${kind}_lock_irqsave`, true),
	spinUnlock(`${kind}_unlock`, false),
	spinUnlock(`${kind}_unlock_irq`, true),
	spinUnlock(`${kind}_unlock_bh`, false),
	spinUnlock(`${kind}_unlock_irqrestore`, true),
	{
		name: `${kind}_trylock`,
		visible: true,
		run(c: KernelContext, [lock = 0]: readonly number[]) {
			if (c.load(lock) !== 0) return 0;
			c.store(lock, 1);
			take(c, lock, HeldMode.spin);
			c.task.atomic++;
			return 1;
		},
	},
]);

// ---- rw_semaphore: { readers, writer, queued writers }; a queued writer stops new readers ----

const READERS = 0;
const WRITER = 1;
const QUEUED = 2;

const readable = (c: KernelContext, sem: number): boolean => c.load(sem + WRITER) === 0 && c.load(sem + QUEUED) === 0;
const writable = (c: KernelContext, sem: number): boolean => c.load(sem + WRITER) === 0 && c.load(sem + READERS) === 0;

const downRead = (name: string, mayFail: boolean): Primitive => ({
	name,
	visible: true,
	sleeps: true,
	run(c, [sem = 0]) {
		if (mayFail && c.mayFail() && c.pick(0, 1) === 1) return -4;
		if (!readable(c, sem)) return c.block({ kind: 'lock', resource: sem, behindQueue: c.load(sem + WRITER) === 0 });
		c.store(sem + READERS, c.load(sem + READERS) + 1);
		take(c, sem, HeldMode.read);
		return 0;
	},
});

const takeWrite = (c: KernelContext, sem: number): void => {
	c.store(sem + WRITER, 1);
	take(c, sem, HeldMode.write);
};

const rwsem: Primitive[] = [
	downRead('down_read', false),
	downRead('down_read_killable', true),
	downRead('down_read_interruptible', true),
	{
		name: 'down_read_trylock',
		visible: true,
		run(c, [sem = 0]) {
			if (!readable(c, sem)) return 0;
			c.store(sem + READERS, c.load(sem + READERS) + 1);
			take(c, sem, HeldMode.read);
			return 1;
		},
	},
	{
		name: 'up_read',
		visible: true,
		run(c, [sem = 0]) {
			if (!drop(c, sem, HeldMode.read)) notHeld(c, 'up_read', sem);
			c.store(sem + READERS, c.load(sem + READERS) - 1);
			return 0;
		},
	},
	{
		name: 'down_read_non_owner',
		visible: true,
		sleeps: true,
		run(c, [sem = 0]) {
			if (!readable(c, sem)) return c.block({ kind: 'lock', resource: sem, behindQueue: c.load(sem + WRITER) === 0 });
			c.store(sem + READERS, c.load(sem + READERS) + 1);
			return 0;
		},
	},
	{
		name: 'up_read_non_owner',
		visible: true,
		run(c, [sem = 0]) {
			const readers = c.load(sem + READERS);
			if (readers === 0) c.fatal('bad-unlock', 'up_read_non_owner of %r, which nobody holds', sem);
			c.store(sem + READERS, readers - 1);
			return 0;
		},
	},
	{
		name: '__down_write_fast',
		visible: true,
		sleeps: true,
		run(c, [sem = 0]) {
			if (writable(c, sem)) {
				takeWrite(c, sem);
				return 1;
			}
			c.store(sem + QUEUED, c.load(sem + QUEUED) + 1);
			return 0;
		},
	},
	{
		name: '__down_write_queued',
		visible: true,
		run(c, [sem = 0]) {
			if (!writable(c, sem)) return c.block({ kind: 'lock', resource: sem, queued: true });
			c.store(sem + QUEUED, c.load(sem + QUEUED) - 1);
			takeWrite(c, sem);
			return 0;
		},
	},
	{
		name: 'down_write_trylock',
		visible: true,
		run(c, [sem = 0]) {
			if (!writable(c, sem) || c.load(sem + QUEUED) !== 0) return 0;
			takeWrite(c, sem);
			return 1;
		},
	},
	{
		name: 'up_write',
		visible: true,
		run(c, [sem = 0]) {
			if (!drop(c, sem, HeldMode.write)) notHeld(c, 'up_write', sem);
			c.store(sem + WRITER, 0);
			return 0;
		},
	},
	{
		name: 'downgrade_write',
		visible: true,
		run(c, [sem = 0]) {
			if (!drop(c, sem, HeldMode.write)) notHeld(c, 'downgrade_write', sem);
			c.store(sem + WRITER, 0);
			c.store(sem + READERS, c.load(sem + READERS) + 1);
			take(c, sem, HeldMode.read);
			return 0;
		},
	},
	{ name: 'rwsem_is_locked', visible: true, run: (c, [sem = 0]) => (writable(c, sem) ? 0 : 1) },
];

// ---- tokens: what somebody waits for without a lock to name it ----

const tokens: Primitive[] = [
	{
		name: '__hold',
		visible: false,
		run(c, [object = 0]) {
			take(c, object, HeldMode.token);
			return 0;
		},
	},
	{
		name: '__unhold',
		visible: false,
		run(c, [object = 0]) {
			// what a callback took since then, nobody is going to give back
			const since = c.task.held.findIndex((h) => h.resource === object && h.mode === HeldMode.token);
			for (const held of c.task.held.slice(since + 1)) {
				if (since >= 0 && held.inCallback && held.mode !== HeldMode.token) c.warn('lock-leak', 'the invalidation is over and %r is still held', held.resource);
			}
			drop(c, object, HeldMode.token);
			return 0;
		},
	},
	{
		name: '__waits_for',
		visible: false,
		run(c, [object = 0]) {
			c.waitsFor(object);
			return 0;
		},
	},
];

// ---- context ----

const context: Primitive[] = [
	{ name: '__might_sleep', visible: false, sleeps: true, run: () => 0 },
	{
		name: '__assert_held',
		visible: false,
		run(c, [lock = 0, how = 0]) {
			const held = c.task.held.filter((h) => h.resource === lock);
			if (how === 2 ? held.length > 0 : held.length === 0)
				c.warn('warn-on', how === 2 ? '%r is held here' : '%r is not held here', lock);
			else if (how === 1 && held.every((h) => h.mode === HeldMode.read))
				c.warn('warn-on', '%r is held for read only', lock);
			return 0;
		},
	},
	...(['preempt_disable', 'rcu_read_lock', 'pagefault_disable'] as const).map((name) => ({
		name,
		visible: false,
		run(c: KernelContext) {
			if (name !== 'pagefault_disable') c.task.atomic++;
			return 0;
		},
	})),
	...(['preempt_enable', 'rcu_read_unlock', 'pagefault_enable'] as const).map((name) => ({
		name,
		visible: false,
		run(c: KernelContext) {
			if (name === 'pagefault_enable') return 0;
			if (c.task.atomic === 0) c.fatal('bad-unlock', `${name}() without its counterpart`);
			c.task.atomic--;
			return 0;
		},
	})),
	{
		name: 'non_block_start',
		visible: false,
		run(c) {
			c.task.nonBlock++;
			return 0;
		},
	},
	{
		name: 'non_block_end',
		visible: false,
		run(c) {
			c.task.nonBlock--;
			return 0;
		},
	},
	{
		name: 'local_irq_disable',
		visible: true,
		run(c) {
			c.task.irqsOff++;
			return 0;
		},
	},
	{
		name: 'local_irq_enable',
		visible: true,
		run(c) {
			if (c.task.irqsOff > 0) c.task.irqsOff--;
			return 0;
		},
	},
	{ name: 'in_atomic', visible: false, run: (c) => (c.task.atomic > 0 ? 1 : 0) },
];

export const locks: readonly Primitive[] = [...mutex, ...spin, ...rwsem, ...tokens, ...context];
