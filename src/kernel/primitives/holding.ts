import { HeldMode, type KernelContext } from '../context.js';

/** As many locks as lockdep follows one task with: MAX_LOCK_DEPTH, kernel/locking/lockdep.c. */
const MAX_LOCK_DEPTH = 48;

export const take = (c: KernelContext, resource: number, mode: HeldMode): void => {
	if (c.task.held.length >= MAX_LOCK_DEPTH)
		c.fatal(
			'bounded',
			`the thread takes %r and holds ${MAX_LOCK_DEPTH} locks already, more than lockdep would follow: does a loop take one and not release it?`,
			resource,
		);
	c.task.held.push({ resource, mode });
};

/** Removes the task's newest hold on `resource` in this mode; false when there is none. */
export const drop = (c: KernelContext, resource: number, mode: HeldMode): boolean => {
	const { held } = c.task;
	for (let n = held.length - 1; n >= 0; n--)
		if (held[n]?.resource === resource && held[n]?.mode === mode) {
			held.splice(n, 1);
			return true;
		}
	return false;
};

export const notHeld = (c: KernelContext, call: string, lock: number): void =>
	c.fatal(
		'bad-unlock',
		c.load(lock) === 0
			? `${call} of %r, which nobody holds`
			: `${call} of %r, which ${c.task.held.some((h) => h.resource === lock) ? 'it holds in another mode' : 'another thread holds'}`,
		lock,
	);

/**
 * Task.atomic counts sections in which a task is atomic. With PREEMPT_RT those that it can be preempted in all the same
 * (spinlock_t, rwlock_t, RCU readers, _bh) count one; raw spinlocks and preempt_disable() count so much, since no
 * spinlock_t may be taken there (Documentation/locking/locktypes.rst).
 */
export const PREEMPT_OFF = 0x40;

/** rcu_read_lock() counts so much: rcu_dereference() asks for it, whatever else makes the task atomic. */
export const RCU_READ = 0x800;

export const enterPreemptOff = (c: KernelContext): void => {
	c.task.atomic += c.preemptRt ? PREEMPT_OFF : 1;
};

export const leavePreemptOff = (c: KernelContext): void => {
	c.task.atomic -= c.preemptRt ? PREEMPT_OFF : 1;
};

/** What taking a spinlock or an rwlock_t does to its task: it is atomic from then on. PREEMPT_RT makes them sleep (semantics.md 3.1). */
export function enterAtomic(c: KernelContext, call: string): void {
	if (c.preemptRt) {
		const raw = c.task.held.find((h) => h.mode === HeldMode.spin);
		if (raw !== undefined) c.warn('sleep-in-atomic', `${call} sleeps with PREEMPT_RT, while %r is held`, raw.resource);
		else if (c.task.atomic % RCU_READ >= PREEMPT_OFF)
			c.warn('sleep-in-atomic', `${call} sleeps with PREEMPT_RT, while preemption is off`);
		else if (c.task.irqsOff > 0) c.warn('sleep-in-atomic', `${call} sleeps with PREEMPT_RT, while interrupts are off`);
		else if (c.task.nonBlock > 0)
			c.warn('sleep-in-nonblock', `${call} sleeps with PREEMPT_RT, in a non-blockable invalidation`);
	}
	c.task.atomic++;
}
