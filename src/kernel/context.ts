/**
 * What a primitive of the simulated kernel sees of the machine that runs it.
 * Primitives are the few things that cannot be written in the sketch language (src/kernel/primitives);
 * everything else of the simulated kernel is in src/kernel/lib, in the sketch language.
 */

/** How a lock or token is held. A token is anything that its holder alone gives up: an active range, a running work item. */
export const HeldMode = { mutex: 1, spin: 2, read: 3, write: 4, token: 5 } as const;
export type HeldMode = (typeof HeldMode)[keyof typeof HeldMode];

/** A lock or token that a thread holds: the address of the object, and how. */
export interface Held {
	readonly resource: number;
	readonly mode: HeldMode;
	/** Taken inside a callback of the driver, so that the callback, or its counterpart at the range's end, has to give it back. */
	inCallback?: boolean;
}

/** The parts of a task that the kernel's rules look at. Counters nest as in the kernel. */
export interface Task {
	/** Index of the thread; also what `current` designates. */
	readonly index: number;
	/** Depth of spinlocks, preempt_disable, RCU read sections: above zero nothing may sleep. */
	atomic: number;
	/** Depth of non_block_start: above zero nothing may sleep, spinlock held or not. */
	nonBlock: number;
	/** Depth of local_irq_disable and its like. */
	irqsOff: number;
	/** Depth of dma_fence_begin_signalling: what a fence waits for must not wait for memory, reservations or mmap_lock. */
	signalling: number;
	/** What set_current_state() or prepare_to_wait() said, until the sleep is over; others who wake the task do not change it. */
	state: number;
	/** In the order in which they were taken. */
	readonly held: Held[];
}

/** What a blocked thread waits for, for the wait-for graph. */
export interface Wait {
	/** `lock`: somebody holds `resource`. `wakeup`: somebody has to wake the queue at `resource`. `condition`: some state has to change. `cpu`: a handler on top of the thread, or who cannot be preempted, has to let it run. */
	readonly kind: 'lock' | 'token' | 'wakeup' | 'condition' | 'cpu';
	/** Address of the lock, token or wait queue; 0 where there is none. */
	readonly resource: number;
	/** Nobody has what is wanted, but somebody stands before this thread in the queue (a writer before new readers). */
	readonly behindQueue?: boolean;
	/** This thread stands in that queue. */
	readonly queued?: boolean;
}

/** Returned by a primitive that cannot go on now: nothing of the step has happened. */
export const BLOCKED: unique symbol = Symbol('blocked');

/** The machine as a primitive sees it, for the length of one step. */
export interface KernelContext {
	readonly task: Task;
	/** Number of tasks in the scenario. */
	readonly tasks: number;
	/** Reads a cell. A bad address ends the run with a memory finding. */
	load(address: number): number;
	/** Reads a cell that is only copied: it may be one that was never set. */
	copy(address: number): number;
	/** Writes a cell. A bad address ends the run with a memory finding. */
	store(address: number, value: number): void;
	/** Address of a global of the prelude. */
	symbol(name: string): number;
	/** Index of the first of the kernel's own lanes of this name. */
	lane(name: string): number;
	/** The thread is in a callback that a notifier library has called, or in what that calls. */
	readonly inNotifierCallback: boolean;
	/** The thread is one of the process's own: no work item, kernel thread or interrupt. */
	readonly ofTheProcess: boolean;
	/** The thread is an interrupt handler. */
	readonly inInterrupt: boolean;
	/** `config unfair_rwsem`: a writer that waits does not stop new readers. */
	readonly unfairRwsem: boolean;
	/** `config preempt_rt`: spinlock_t sleeps. */
	readonly preemptRt: boolean;
	/** Complains where nothing may sleep, and goes on. */
	mightSleep(what: string, inAnyState?: boolean): void;
	/** Calls that can fail do so when the adversary wants it: not in setup, and not with `config no_errors`. */
	mayFail(): boolean;
	/** A signal may come: to a task of the process. Kernel threads, and workers with them, ignore all of them (kthreadd()). */
	maySignal(): boolean;
	/** The scenario's setup runs: nothing fails, and no allocation reclaims what it maps. */
	readonly inSetup: boolean;
	/** The adversary picks one of lo..hi, inclusive. */
	pick(lo: number, hi: number): number;
	/** Reports a broken rule and goes on, as the kernel's warnings do. `resource` is an address that the message may name with `%r`. */
	warn(code: string, message: string, resource?: number): void;
	/** Reports and ends the run here. */
	fatal(code: string, message: string, resource?: number): void;
	/** The step cannot be taken now; `wait` says what for. */
	block(wait: Wait): typeof BLOCKED;
	/**
	 * What the step waits for has not happened, but a timer or a signal ends the wait: it may come at any time, and
	 * nobody may rely on it. Where it counts whether threads get on, the thread is blocked (Move.timeout).
	 */
	expire(wait: Wait): void;
	/** Says what the next blocking operation of this step waits for; overrides what that operation would say. */
	waitsFor(resource: number): void;
	/** Allocates `cells` cells and returns their address; `fill` is their first value. */
	allocate(type: number, cells: number, zero: boolean): number;
	/** A cell of an object from the heap is as if it had never been set. */
	forget(address: number): void;
	/** Ends the life of the object at `address`. */
	free(address: number): void;
	/** Every later access to what `address` leads to is visible to other threads. */
	publish(address: number): void;
}

/** A primitive: what one call does in one step. */
export interface Primitive {
	/** Its name in the prelude. */
	readonly name: string;
	/** False for what no other thread can see: it costs no step. */
	readonly visible: boolean;
	/** It may sleep: illegal in atomic and non-blockable context (checked before `run`). */
	readonly sleeps?: boolean;
	/** The task may have said that it is about to sleep: this is that sleep, or does not mind. */
	readonly inAnyState?: boolean;
	/** It changes whether the thread can be preempted or interrupted: an RCU reader begins or ends there (machine/lower/readers.ts). */
	readonly preemption?: boolean;
	/** From here on the thread is not preempted: on few CPUs (`config cpus N`) that is a step of its own. */
	readonly staysOnCpu?: boolean;
	/** It may call `block` or `expire`. */
	readonly waits?: boolean;
	/** It does nothing but to take, or to give back, the lock of one cell at its first argument (machine/movers.ts). */
	readonly lock?: 'takes' | 'releases';
	/** Of all that writes to a lock, one of its operations. */
	readonly ofLock?: boolean;
	/** One step. Returns the call's value, or BLOCKED. */
	run(context: KernelContext, args: readonly number[]): number | typeof BLOCKED;
}
