import type { KernelContext, Primitive } from '../context.js';
import { MM_IS_GONE } from './rwlocks.js';

/*
 * Tasks, sleeping and waking (kernel/sched/wait.c, include/linux/wait.h; semantics.md 3.3).
 * `struct task_struct __tasks[]` of lib/kernel/tasks.mmn has one for each thread; a wait queue is a set of tasks.
 */

/** The fields of struct task_struct, in cells; a test compares them with lib/kernel/tasks.mmn. */
export const TASK = { mm: 0, flags: 1, state: 2, reclaimed: 3, cells: 4 } as const;

/**
 * The fields of struct wait_queue_head. `waiters` and `staying` have a bit for each task: a wake-up takes the former off
 * the queue (autoremove_wake_function), the latter stay (default_wake_function). `exclusive` is a queue: five bits for
 * each task, the first in the lowest.
 */
const QUEUE = { waiters: 0, staying: 1, exclusive: 2 } as const;
const SEAT_BITS = 5;
const SEAT_MASK = (1 << SEAT_BITS) - 1;
const SEATS = 6;

const TASK_RUNNING = 0;
const TASK_INTERRUPTIBLE = 1;
const TASK_NORMAL = 3;

const task = (c: KernelContext, index: number): number => c.symbol('__tasks') + index * TASK.cells;

function setState(c: KernelContext, index: number, state: number): void {
	const at = task(c, index) + TASK.state;
	if (c.load(at) !== state) c.store(at, state);
}

/** As above, by the task itself: it says whether it is about to sleep. */
function setOwnState(c: KernelContext, state: number): void {
	c.task.state = state;
	setState(c, c.task.index, state);
}

/** Wakes a task that sleeps in one of the states of `mode`, as try_to_wake_up does. */
function tryToWake(c: KernelContext, index: number, mode: number): boolean {
	if ((c.load(task(c, index) + TASK.state) & mode) === 0) return false;
	setState(c, index, TASK_RUNNING);
	return true;
}

function update(c: KernelContext, cell: number, value: number): void {
	if (c.load(cell) !== value) c.store(cell, value);
}

const seatsOf = (packed: number): number[] => {
	const seats: number[] = [];
	for (let rest = packed; rest !== 0; rest >>>= SEAT_BITS) seats.push((rest & SEAT_MASK) - 1);
	return seats;
};

const packSeats = (seats: readonly number[]): number =>
	seats.reduceRight((packed, seat) => (packed << SEAT_BITS) | (seat + 1), 0);

/** __wake_up_common(): everybody who does not wait exclusively, and `exclusive` of those who do (0: all), first come first served. */
function wakeUp(c: KernelContext, queue: number, mode: number, exclusive: number): number {
	let woken = 0;
	let waiters = c.load(queue + QUEUE.waiters);
	const staying = c.load(queue + QUEUE.staying);
	for (let n = 0; n < c.tasks; n++) {
		if (((waiters | staying) & (1 << n)) === 0 || !tryToWake(c, n, mode)) continue;
		waiters &= ~(1 << n);
		woken++;
	}
	update(c, queue + QUEUE.waiters, waiters);
	const seats = seatsOf(c.load(queue + QUEUE.exclusive));
	let left = exclusive === 0 ? seats.length : exclusive;
	const remaining = seats.filter((seat) => {
		if (left === 0 || !tryToWake(c, seat, mode)) return true;
		left--;
		woken++;
		return false;
	});
	update(c, queue + QUEUE.exclusive, packSeats(remaining));
	return woken;
}

const wake = (name: string, mode: number, exclusive: number): Primitive => ({
	name,
	visible: true,
	run: (c, [queue = 0]) => wakeUp(c, queue, mode, exclusive),
});

/** MAX_SCHEDULE_TIMEOUT of lib/kernel/tasks.mmn: no timer is set. */
const NO_TIMER = 0x7fffffff;

/** `expires`: a timer ends the sleep in the end; returns 1 when it has. */
const sleep = (name: string, expires: boolean): Primitive => ({
	name,
	visible: true,
	sleeps: true,
	inAnyState: true,
	waits: true,
	run(c, [queue = 0, timeout = 0]) {
		if (c.load(task(c, c.task.index) + TASK.state) === TASK_RUNNING) {
			c.task.state = TASK_RUNNING;
			return 0;
		}
		const wait = { kind: 'wakeup', resource: queue } as const;
		if (!expires || timeout === NO_TIMER) return c.block(wait);
		c.expire(wait);
		setOwnState(c, TASK_RUNNING);
		return 1;
	},
});

function leave(c: KernelContext, queue: number): void {
	const me = ~(1 << c.task.index);
	update(c, queue + QUEUE.waiters, c.load(queue + QUEUE.waiters) & me);
	update(c, queue + QUEUE.staying, c.load(queue + QUEUE.staying) & me);
	const seats = seatsOf(c.load(queue + QUEUE.exclusive));
	update(c, queue + QUEUE.exclusive, packSeats(seats.filter((seat) => seat !== c.task.index)));
}

export const tasks: readonly Primitive[] = [
	{ name: '__current', visible: false, run: (c) => task(c, c.task.index) },
	{ name: '__current_number', visible: false, run: (c) => c.task.index },
	{ name: '__kernel_task', visible: false, run: (c, [lane = 0]) => task(c, c.lane('kthread') + lane) },
	{ name: '__of_the_process', visible: false, run: (c) => (c.ofTheProcess ? 1 : 0) },
	{
		name: '__mm_is_gone',
		visible: false,
		run(c) {
			c.fatal('use-after-free', MM_IS_GONE);
			return 0;
		},
	},
	{ name: 'in_interrupt', visible: false, run: (c) => (c.inInterrupt ? 1 : 0) },
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
			const me = 1 << c.task.index;
			if ((c.load(queue + QUEUE.staying) & me) === 0)
				update(c, queue + QUEUE.waiters, c.load(queue + QUEUE.waiters) | me);
			setOwnState(c, state);
			return 0;
		},
	},
	{
		name: 'prepare_to_wait_exclusive',
		visible: true,
		run(c, [queue = 0, , state = 0]) {
			const seats = seatsOf(c.load(queue + QUEUE.exclusive));
			if (seats.length === SEATS)
				c.fatal('bounded', `more than ${SEATS} tasks wait exclusively on one queue: the model has no room for more`);
			if (!seats.includes(c.task.index)) c.store(queue + QUEUE.exclusive, packSeats([...seats, c.task.index]));
			setOwnState(c, state);
			return 0;
		},
	},
	{
		name: 'finish_wait',
		visible: true,
		run(c, [queue = 0]) {
			setOwnState(c, TASK_RUNNING);
			leave(c, queue);
			return 0;
		},
	},
	{
		name: 'add_wait_queue',
		visible: true,
		run(c, [queue = 0]) {
			update(c, queue + QUEUE.staying, c.load(queue + QUEUE.staying) | (1 << c.task.index));
			return 0;
		},
	},
	{
		name: 'remove_wait_queue',
		visible: true,
		run(c, [queue = 0]) {
			leave(c, queue);
			return 0;
		},
	},
	{
		name: 'set_current_state',
		visible: true,
		run(c, [state = 0]) {
			setOwnState(c, state);
			return 0;
		},
	},
	sleep('schedule', false),
	sleep('__schedule_on', false),
	sleep('__schedule_timeout_on', true),
	{ name: '__signal_pending', visible: true, run: (c) => (c.maySignal() ? c.pick(0, 1) : 0) },
	{
		// what a step waits for has not happened: only a timer (0) or a signal (1) lets it go on
		name: '__expire',
		visible: false,
		waits: true,
		run(c, [signal = 0]) {
			const wait = { kind: 'condition', resource: 0 } as const;
			if (signal === 1 && !c.maySignal()) return c.block(wait);
			c.expire(wait);
			return 0;
		},
	},
	wake('wake_up', TASK_NORMAL, 1),
	wake('wake_up_all', TASK_NORMAL, 0),
	wake('wake_up_interruptible', TASK_INTERRUPTIBLE, 1),
	wake('wake_up_interruptible_all', TASK_INTERRUPTIBLE, 0),
	{
		name: '__wake_up_task',
		visible: true,
		run(c, [which = 0]) {
			const was = c.load(which + TASK.state);
			if (was !== TASK_RUNNING) c.store(which + TASK.state, TASK_RUNNING);
			return was === TASK_RUNNING ? 0 : 1;
		},
	},
	{
		name: 'waitqueue_active',
		visible: true,
		run: (c, [queue = 0]) =>
			(c.load(queue + QUEUE.waiters) | c.load(queue + QUEUE.staying) | c.load(queue + QUEUE.exclusive)) === 0 ? 0 : 1,
	},
];
