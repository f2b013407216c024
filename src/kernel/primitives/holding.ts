import { HeldMode, type KernelContext } from '../context.js';

export const take = (c: KernelContext, resource: number, mode: HeldMode): void => {
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

/** What taking a spinlock or an rwlock_t does to its task: it is atomic from then on. PREEMPT_RT makes them sleep (semantics.md 3.1). */
export function enterAtomic(c: KernelContext, call: string): void {
	if (c.preemptRt) {
		const raw = c.task.held.find((h) => h.mode === HeldMode.spin);
		if (raw !== undefined) c.warn('sleep-in-atomic', `${call} sleeps with PREEMPT_RT, while %r is held`, raw.resource);
		else if (c.inInterrupt)
			c.warn(
				'sleep-in-atomic',
				`${call} sleeps with PREEMPT_RT, in a hard interrupt (IRQF_NO_THREAD); any other handler runs in a thread there: write a thread for it`,
			);
		else if (c.task.irqsOff > 0) c.warn('sleep-in-atomic', `${call} sleeps with PREEMPT_RT, while interrupts are off`);
		else if (c.task.nonBlock > 0)
			c.warn('sleep-in-nonblock', `${call} sleeps with PREEMPT_RT, in a non-blockable invalidation`);
	}
	c.task.atomic++;
}
