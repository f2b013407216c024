import { HeldMode, type KernelContext, type Primitive } from '../context.js';
import { brokenRule } from './contract.js';
import {
	drop,
	enterAtomic,
	enterPreemptOff,
	leavePreemptOff,
	notHeld,
	PREEMPT_OFF,
	RCU_READ,
	take,
} from './holding.js';
import { rcu } from './rcu.js';
import { readersAndWriters } from './rwlocks.js';

/*
 * Locks. Who holds a lock is kept with the holder (task.held), so that states which differ only in
 * the holder's number stay alike; the lock itself knows only that it is held.
 * Rules: Documentation/locking/*, semantics.md 3.2.
 */

// ---- mutex: sleeps, is not recursive, only its owner unlocks it ----

const mutexLock = (name: string, mayFail: boolean): Primitive => ({
	name,
	visible: true,
	sleeps: true,
	waits: true,
	ofLock: true,
	// one that a signal ends looks at who has the lock
	...(!mayFail && { lock: 'takes' }),
	run(c, [lock = 0]) {
		if (c.load(lock) !== 0) {
			const wait = { kind: 'lock', resource: lock } as const;
			// a signal is looked at by who has to wait only (kernel/locking/mutex.c, __mutex_lock_common)
			if (!mayFail || !c.maySignal()) return c.block(wait);
			c.expire(wait);
			return -4;
		}
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
		ofLock: true,
		run(c, [lock = 0]) {
			if (c.inInterrupt && !c.preemptRt) c.warn('contract', brokenRule(30), lock);
			if (c.load(lock) !== 0) return 0;
			c.store(lock, 1);
			take(c, lock, HeldMode.mutex);
			return 1;
		},
	},
	{
		name: '__mutex_unlock',
		visible: true,
		lock: 'releases',
		ofLock: true,
		run(c, [lock = 0]) {
			if (!drop(c, lock, HeldMode.mutex)) notHeld(c, 'mutex_unlock', lock);
			c.store(lock, 0);
			return 0;
		},
	},
	{ name: 'mutex_is_locked', visible: true, run: (c, [lock = 0]) => (c.load(lock) !== 0 ? 1 : 0) },
];

// ---- spinlocks: never sleep (without PREEMPT_RT); the holder is in atomic context ----

/** With PREEMPT_RT a spinlock_t is a lock that sleeps: held like one, and interrupts stay on. */
const spinMode = (c: KernelContext, raw: boolean): HeldMode => (c.preemptRt && !raw ? HeldMode.mutex : HeldMode.spin);

const spinLock = (name: string, irqs: boolean): Primitive => ({
	name,
	visible: true,
	waits: true,
	lock: 'takes',
	ofLock: true,
	preemption: true,
	run(c, [lock = 0]) {
		const raw = name.startsWith('raw_');
		if (c.load(lock) !== 0) return c.block({ kind: 'lock', resource: lock });
		if (raw) enterPreemptOff(c);
		else enterAtomic(c, name);
		c.store(lock, 1);
		take(c, lock, spinMode(c, raw));
		if (irqs && (raw || !c.preemptRt)) c.task.irqsOff = 1;
		return 0;
	},
});

/** What an unlock does to interrupts: nothing, turns them on whatever they were before, or sets them to what was saved. */
type Irqs = 'same' | 'on' | 'restore';

const spinUnlock = (name: string, irqs: Irqs): Primitive => ({
	name,
	visible: true,
	lock: 'releases',
	ofLock: true,
	preemption: true,
	run(c, [lock = 0, flags = 0]) {
		const raw = name.startsWith('raw_');
		if (!drop(c, lock, spinMode(c, raw))) notHeld(c, name, lock);
		c.store(lock, 0);
		if (raw) leavePreemptOff(c);
		else c.task.atomic--;
		if (irqs !== 'same' && (raw || !c.preemptRt)) c.task.irqsOff = irqs === 'on' || flags === 0 ? 0 : 1;
		return 0;
	},
});

const spin: Primitive[] = ['spin', 'raw_spin'].flatMap((kind) => [
	spinLock(`${kind}_lock`, false),
	spinLock(`${kind}_lock_irq`, true),
	spinLock(`${kind}_lock_bh`, false),
	spinUnlock(`${kind}_unlock`, 'same'),
	spinUnlock(`${kind}_unlock_irq`, 'on'),
	spinUnlock(`${kind}_unlock_bh`, 'same'),
	spinUnlock(`${kind}_unlock_irqrestore`, 'restore'),
	{
		name: `${kind}_trylock`,
		visible: true,
		ofLock: true,
		preemption: true,
		run(c: KernelContext, [lock = 0]: readonly number[]) {
			if (c.load(lock) !== 0) return 0;
			c.store(lock, 1);
			take(c, lock, spinMode(c, kind === 'raw_spin'));
			if (kind === 'raw_spin') enterPreemptOff(c);
			else c.task.atomic++;
			return 1;
		},
	},
	{ name: `${kind}_is_locked`, visible: true, run: (c: KernelContext, [lock = 0]: readonly number[]) => c.load(lock) },
]);

// ---- tokens: what somebody waits for without a lock to name it ----

/** Reports what callbacks took since the range began, and have not given back. */
function keeps(c: KernelContext, range: number, message: string): void {
	const since = c.task.held.findIndex((h) => h.resource === range && h.mode === HeldMode.token);
	if (since < 0) return;
	for (const held of c.task.held.slice(since + 1))
		if (held.inCallback && held.mode !== HeldMode.token) c.warn('lock-leak', message, held.resource);
}

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
			drop(c, object, HeldMode.token);
			return 0;
		},
	},
	{
		// the token of an active range; what a callback took since then, nobody is going to give back
		name: '__unhold_range',
		visible: false,
		run(c, [object = 0]) {
			keeps(c, object, 'the invalidation is over and %r is still held');
			drop(c, object, HeldMode.token);
			return 0;
		},
	},
	{
		// between the passes of an invalidation
		name: '__lets_go',
		visible: false,
		run(c, [object = 0]) {
			keeps(c, object, 'the first pass is over and %r is still held');
			return 0;
		},
	},
	{
		name: '__holds',
		visible: false,
		run: (c, [object = 0]) => (c.task.held.some((h) => h.resource === object) ? 1 : 0),
	},
	// a step of its own, so that there is a moment in which it is about to be taken: findings/lock-classes.ts
	{ name: '__might_lock', visible: true, run: () => 0 },
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

/** Sets whether interrupts are off; returns whether they were. They do not nest: what enables them enables them. */
const interrupts = (name: string, after: (c: KernelContext, flags: number) => number): Primitive => ({
	name,
	// a handler may come just before interrupts go off, and just after they come on
	visible: true,
	preemption: true,
	run(c, [flags = 0]) {
		const before = c.task.irqsOff;
		c.task.irqsOff = after(c, flags);
		return before;
	},
});

/** What the model runs out of; the numbers are used by lib/kernel. */
const LIMITS: Readonly<Record<number, string>> = {
	1: 'more work items run at once than the model has workers',
	2: 'more kernel threads are made than the model has lanes for them',
	3: 'more tasks wait for one ww_mutex than the model has room for',
	8: 'more interrupt handlers are requested at once than the model has room for',
	7: 'a number of an idr or ida is larger than the model has room for',
	6: 'an index of an xarray is larger than the model has room for (the number of pages, and 4)',
	5: 'more addresses are slept on (wait_var_event, wait_on_bit) than the model has queues',
	4: 'more fences are in one reservation than the model has room for',
	9: 'nothing is left with the device (dev_set_drvdata() and its like) when all that comes first has run, so that what is called on that cannot be called',
};

const CALLED = { preempt_enable: 'preempt_enable', bh_enable: 'local_bh_enable', rcu_exit: 'rcu_read_unlock' } as const;

const unitOf = (c: KernelContext, enter: string): number =>
	enter === 'rcu_enter' ? RCU_READ : enter === 'preempt_disable' && c.preemptRt ? PREEMPT_OFF : 1;

const context: Primitive[] = [
	{ name: '__might_sleep', visible: false, sleeps: true, run: () => 0 },
	{ name: '__might_resched', visible: false, sleeps: true, inAnyState: true, run: () => 0 },
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
	...(
		[
			['preempt_disable', 'preempt_enable'],
			['bh_disable', 'bh_enable'],
			['rcu_enter', 'rcu_exit'],
		] as const
	).flatMap(([enter, leave]): Primitive[] => [
		{
			name: `__${enter}`,
			visible: false,
			staysOnCpu: true,
			preemption: true,
			run(c) {
				c.task.atomic += unitOf(c, enter);
				return 0;
			},
		},
		{
			name: `__${leave}`,
			visible: false,
			preemption: true,
			run(c) {
				const unit = unitOf(c, enter);
				// those of the next larger unit are no sections of this kind
				const more = unit === RCU_READ ? Infinity : unit === PREEMPT_OFF || !c.preemptRt ? RCU_READ : PREEMPT_OFF;
				if (c.task.atomic % more < unit) c.fatal('bad-unlock', `${CALLED[leave]}() without its counterpart`);
				c.task.atomic -= unit;
				return 0;
			},
		},
	]),
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
	interrupts('__irqs_disable', () => 1),
	interrupts('__irqs_enable', () => 0),
	interrupts('__irqs_restore', (_, flags) => (flags === 0 ? 0 : 1)),
	interrupts('__spin_irq_save', (c) => (c.preemptRt ? c.task.irqsOff : 1)),
	interrupts('__spin_irq_restore', (c, flags) => (c.preemptRt ? c.task.irqsOff : flags === 0 ? 0 : 1)),
	{ name: 'irqs_disabled', visible: false, run: (c) => (c.task.irqsOff > 0 ? 1 : 0) },
	...(['dma_fence_begin_signalling', '__dma_fence_end_signalling'] as const).map((name, n) => ({
		name,
		visible: false,
		run(c: KernelContext) {
			c.task.signalling += n === 0 ? 1 : -1;
			return n === 0 ? 1 : 0;
		},
	})),
	{
		name: '__model_limit',
		visible: false,
		run(c, [which = 0]) {
			c.fatal('bounded', LIMITS[which] ?? 'the model has no room for more');
			return 0;
		},
	},
	{ name: 'in_atomic', visible: false, run: (c) => (c.task.atomic > 0 ? 1 : 0) },
];

export const locks: readonly Primitive[] = [...mutex, ...spin, ...readersAndWriters, ...tokens, ...context, ...rcu];
