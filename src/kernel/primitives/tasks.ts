import type { KernelContext, Primitive } from '../context.js';

/*
 * Tasks, sleeping and waking (kernel/sched/wait.c, include/linux/wait.h; semantics.md 3.3).
 * `struct task_struct __tasks[]` of lib/kernel/tasks.mmn has one for each thread; a wait queue is a set of tasks.
 */

/** The fields of struct task_struct, in cells; a test compares them with lib/kernel/tasks.mmn. */
export const TASK = { mm: 0, flags: 1, state: 2, reclaimed: 3, cells: 4 } as const;

const TASK_RUNNING = 0;

const task = (c: KernelContext, index: number): number => c.symbol('__tasks') + index * TASK.cells;
const setState = (c: KernelContext, index: number, state: number): void => c.store(task(c, index) + TASK.state, state);

/** Wakes every task in the set of a queue and takes it off, as autoremove_wake_function does. */
const wakeAll = (c: KernelContext, queue: number): number => {
	const waiters = c.load(queue);
	for (let n = 0; n < c.tasks; n++) if (waiters & (1 << n)) setState(c, n, TASK_RUNNING);
	c.store(queue, 0);
	return waiters === 0 ? 0 : 1;
};

const wake = (name: string): Primitive => ({ name, visible: true, run: (c, [queue = 0]) => wakeAll(c, queue) });

const sleep = (name: string): Primitive => ({
	name,
	visible: true,
	sleeps: true,
	run(c, [queue = 0]) {
		if (c.load(task(c, c.task.index) + TASK.state) !== TASK_RUNNING)
			return c.block({ kind: 'wakeup', resource: queue });
		return 0;
	},
});

export const tasks: readonly Primitive[] = [
	{ name: '__current', visible: false, run: (c) => task(c, c.task.index) },
	{
		name: '__use_mm',
		visible: false,
		run(c, [mm = 0]) {
			const at = task(c, c.task.index) + TASK.mm;
			const old = c.load(at);
			c.store(at, mm);
			return old;
		},
	},
	{
		name: 'prepare_to_wait',
		visible: true,
		run(c, [queue = 0, , state = 0]) {
			c.store(queue, c.load(queue) | (1 << c.task.index));
			setState(c, c.task.index, state);
			return 0;
		},
	},
	{
		name: 'finish_wait',
		visible: true,
		run(c, [queue = 0]) {
			setState(c, c.task.index, TASK_RUNNING);
			const waiters = c.load(queue);
			if (waiters & (1 << c.task.index)) c.store(queue, waiters & ~(1 << c.task.index));
			return 0;
		},
	},
	{
		name: 'add_wait_queue',
		visible: true,
		run(c, [queue = 0]) {
			c.store(queue, c.load(queue) | (1 << c.task.index));
			return 0;
		},
	},
	{
		name: 'remove_wait_queue',
		visible: true,
		run(c, [queue = 0]) {
			c.store(queue, c.load(queue) & ~(1 << c.task.index));
			return 0;
		},
	},
	{
		name: 'set_current_state',
		visible: true,
		run(c, [state = 0]) {
			setState(c, c.task.index, state);
			return 0;
		},
	},
	sleep('schedule'),
	sleep('__schedule_on'),
	{ name: '__signal_pending', visible: true, run: (c) => (c.mayFail() ? c.pick(0, 1) : 0) },
	wake('wake_up'),
	wake('wake_up_all'),
	wake('wake_up_interruptible'),
	wake('wake_up_interruptible_all'),
	{
		name: 'wake_up_process',
		visible: true,
		run(c, [which = 0]) {
			const was = c.load(which + TASK.state);
			c.store(which + TASK.state, TASK_RUNNING);
			return was === TASK_RUNNING ? 0 : 1;
		},
	},
	{ name: 'waitqueue_active', visible: true, run: (c, [queue = 0]) => (c.load(queue) === 0 ? 0 : 1) },
];
