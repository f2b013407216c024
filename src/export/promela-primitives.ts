/*
 * The primitives of the simulated kernel in C, for exported models. Written from the kernel's rules as a second
 * implementation of src/kernel/primitives: what is not in this table cannot be exported, and is named.
 */

/** One primitive of a model. `body` sees its arguments as a, b, c, d and returns the call's value. */
export interface CPrimitive {
	/** Others can see it: it is a step. */
	readonly visible: boolean;
	readonly sleeps: boolean;
	/** It sleeps whatever the task has said of its state. */
	readonly inAnyState: boolean;
	readonly body: string;
}

const table = new Map<string, CPrimitive>();

function define(
	names: string | readonly string[],
	body: string,
	how: { hidden?: true; sleeps?: true; inAnyState?: true } = {},
): void {
	for (const name of typeof names === 'string' ? [names] : names)
		table.set(name, {
			visible: how.hidden === undefined,
			sleeps: how.sleeps !== undefined,
			inAnyState: how.inAnyState !== undefined,
			body,
		});
}

/** Not to workers and kernel threads. */
const MAY_SIGNAL = '(may_fail() && of_the_process[self])';
const EXPIRES = `if (!${MAY_SIGNAL}) return block(); expire(); return -4;`;
const TAKE = 'store(a, 1); take(a, MUTEX); return 0;';
define('mutex_lock', `if (load(a)) return block(); ${TAKE}`, { sleeps: true });
define(['mutex_lock_interruptible', 'mutex_lock_killable'], `if (load(a)) { ${EXPIRES} } ${TAKE}`, { sleeps: true });
define(
	'mutex_trylock',
	'if (interrupts[self] >= 0 && !PREEMPT_RT) warn("contract: mutex_trylock in an interrupt"); if (load(a)) return 0; store(a, 1); take(a, MUTEX); return 1;',
);
define('__mutex_unlock', 'if (!drop(a, MUTEX)) fatal("bad-unlock: mutex_unlock"); store(a, 0); return 0;');
define('mutex_is_locked', 'return load(a) != 0;');

// with PREEMPT_RT a spinlock_t is a lock that sleeps, and leaves interrupts alone
for (const kind of ['spin', 'raw_spin']) {
	const mode = kind === 'spin' ? 'SPINLOCK' : 'SPIN';
	const unit = kind === 'spin' ? 1 : 'PREEMPT_OFF';
	const irqs = kind === 'spin' ? 'if (!PREEMPT_RT) ' : '';
	for (const [suffix, off, on] of [
		['', '', ''],
		['_bh', '', ''],
		['_irq', `${irqs}me->irqs_off = 1; `, `${irqs}me->irqs_off = 0; `],
		['_irqrestore', '', `${irqs}me->irqs_off = b != 0; `],
	]) {
		if (suffix !== '_irqrestore')
			define(
				`${kind}_lock${suffix}`,
				`if (load(a)) return block(); enter_atomic(${kind === 'spin' ? 1 : 0}); store(a, 1); take(a, ${mode}); ${off}return 0;`,
			);
		define(
			`${kind}_unlock${suffix}`,
			`if (!drop(a, ${mode})) fatal("bad-unlock: ${kind}_unlock"); store(a, 0); me->atomic -= ${unit}; ${on}return 0;`,
		);
	}
	define(`${kind}_trylock`, `if (load(a)) return 0; store(a, 1); take(a, ${mode}); me->atomic += ${unit}; return 1;`);
	define(`${kind}_is_locked`, 'return load(a);');
}

// a lock with readers is { readers, writer, queued writers }: a writer in the queue keeps new readers out
const UNREADABLE = 'load(a + 1) || load(a + 2)';
const UNWRITABLE = 'load(a + 1) || load(a)';
const ENTER_READ = 'store(a, load(a) + 1); take(a, READ);';
const ENTER_WRITE = 'store(a + 1, 1); take(a, WRITE);';
/** An mmap_lock: its mm has to be there for who is no task of the process, and no fence may wait for it. */
const MMAP_LOCK = 'if (!of_the_process[self] && is_mm(a) && load(a + 5) <= 0) fatal("use-after-free: an mm_struct");';
const MMAP_WAIT = `if (me->signalling && is_mm(a)) warn("contract: mmap_lock in a fence signalling section"); ${MMAP_LOCK}`;
const LEAVE_QUEUE = 'store(a + 2, load(a + 2) - 1);';
define('down_read', `${MMAP_WAIT} if (${UNREADABLE}) return block(); ${ENTER_READ} return 0;`, { sleeps: true });
define(
	['down_read_killable', 'down_read_interruptible'],
	`${MMAP_WAIT} if (${UNREADABLE}) { ${EXPIRES} } ${ENTER_READ} return 0;`,
	{
		sleeps: true,
	},
);
define('down_read_non_owner', `${MMAP_WAIT} if (${UNREADABLE}) return block(); store(a, load(a) + 1); return 0;`, {
	sleeps: true,
});
define('down_read_trylock', `${MMAP_LOCK} if (${UNREADABLE}) return 0; ${ENTER_READ} return 1;`);
define(
	'__up_read',
	'if (!drop(a, READ)) fatal("bad-unlock: up_read"); store(a, load(a) - 1); return !load(a) && load(a + 2);',
);
define('up_read_non_owner', 'if (!load(a)) fatal("bad-unlock: up_read_non_owner"); store(a, load(a) - 1); return 0;');
define(
	'__down_write_fast',
	`${MMAP_WAIT} if (${UNWRITABLE}) { store(a + 2, load(a + 2) + 1); return 0; } ${ENTER_WRITE} return 1;`,
	{ sleeps: true },
);
define(
	'__down_write_queued',
	`if (${UNWRITABLE}) { if (!b || !${MAY_SIGNAL}) return block(); expire(); ${LEAVE_QUEUE} return -4; } ${LEAVE_QUEUE} ${ENTER_WRITE} return 0;`,
);
define('down_write_trylock', `${MMAP_LOCK} if (${UNWRITABLE} || load(a + 2)) return 0; ${ENTER_WRITE} return 1;`);
define('__up_write', 'if (!drop(a, WRITE)) fatal("bad-unlock: up_write"); store(a + 1, 0); return 0;');
define(
	'downgrade_write',
	`if (!drop(a, WRITE)) fatal("bad-unlock: downgrade_write"); store(a + 1, 0); ${ENTER_READ} return 0;`,
);
define('rwsem_is_locked', `return ${UNWRITABLE};`);
define('rwsem_is_contended', 'return load(a + 2) != 0;');

const IRQS_OFF = 'if (!PREEMPT_RT) me->irqs_off = 1;';
for (const suffix of ['', '_irq', '_bh'])
	define(
		`read_lock${suffix}`,
		`if (load(a + 1) || (interrupts[self] < 0 && load(a + 2))) return block(); enter_atomic(1); ${suffix === '_irq' ? IRQS_OFF : ''} ${ENTER_READ} return 0;`,
	);
define('read_trylock', `if (${UNREADABLE}) return 0; me->atomic++; ${ENTER_READ} return 1;`);
define(
	'__write_lock_fast',
	`enter_atomic(1); if (b) { ${IRQS_OFF} } if (!(${UNWRITABLE})) { ${ENTER_WRITE} return 1; } store(a + 2, load(a + 2) + 1); return 0;`,
);
define('__write_lock_queued', `if (${UNWRITABLE}) return block(); ${LEAVE_QUEUE} ${ENTER_WRITE} return 0;`);
define('write_trylock', `if (${UNWRITABLE} || load(a + 2)) return 0; me->atomic++; ${ENTER_WRITE} return 1;`);
for (const [suffix, on] of [
	['', ''],
	['_bh', ''],
	['_irq', 'if (!PREEMPT_RT) me->irqs_off = 0; '],
	['_irqrestore', 'if (!PREEMPT_RT) me->irqs_off = b != 0; '],
]) {
	define(
		`read_unlock${suffix}`,
		`if (!drop(a, READ)) fatal("bad-unlock: read_unlock"); store(a, load(a) - 1); me->atomic--; ${on}return 0;`,
	);
	define(
		`write_unlock${suffix}`,
		`if (!drop(a, WRITE)) fatal("bad-unlock: write_unlock"); store(a + 1, 0); me->atomic--; ${on}return 0;`,
	);
}

define('__hold', 'take(a, TOKEN); return 0;', { hidden: true });
define('__unhold', 'drop(a, TOKEN); return 0;', { hidden: true });
const KEEPS = (when: string): string => `int n = 0;
		while (n < me->nheld && !(me->held[2 * n] == a && (me->held[2 * n + 1] & MODES) == TOKEN)) n++;
		for (n++; n < me->nheld; n++)
			if (me->held[2 * n + 1] & IN_CALLBACK && (me->held[2 * n + 1] & MODES) != TOKEN)
				warn("lock-leak: the ${when} is over and a lock is still held");`;
define('__unhold_range', `${KEEPS('invalidation')} drop(a, TOKEN); return 0;`, { hidden: true });
define('__lets_go', `${KEEPS('first pass')} return 0;`, { hidden: true });
define('__holds', 'int n; for (n = 0; n < me->nheld; n++) if (me->held[2 * n] == a) return 1; return 0;', {
	hidden: true,
});
define('__waits_for', 'return 0;', { hidden: true });
define('__might_lock', 'return 0;');
define('__might_sleep', 'return 0;', { hidden: true, sleeps: true });
define('__might_resched', 'return 0;', { hidden: true, sleeps: true, inAnyState: true });
define(
	'__assert_held',
	`int n, held = 0, only_read = 1;
		for (n = 0; n < me->nheld; n++)
			if (me->held[2 * n] == a) { held = 1; if ((me->held[2 * n + 1] & MODES) != READ) only_read = 0; }
		if (b == 2 ? held : !held) warn("assertion or contract: a lock is held, or is not, against what is asserted");
		else if (b == 1 && only_read) warn("assertion or contract: a lock is held for read only");
		return 0;`,
	{ hidden: true },
);
for (const [enter, leave, unit, more] of [
	['__preempt_disable', '__preempt_enable', 'PREEMPT_OFF', 'RCU_READ'],
	['__bh_disable', '__bh_enable', '1', '(PREEMPT_RT ? PREEMPT_OFF : RCU_READ)'],
	['__rcu_enter', '__rcu_exit', 'RCU_READ', '32768'],
] as const) {
	define(enter, `me->atomic += ${unit}; return 0;`, { hidden: true });
	define(
		leave,
		`if (me->atomic % ${more} < ${unit}) fatal("bad-unlock: leaves an atomic section that it is not in"); me->atomic -= ${unit}; return 0;`,
		{ hidden: true },
	);
}
const RCU_HELD = (kind: string, domain: string): string => `int n, held = 0;
		if (${kind} == 1) held = me->atomic >= RCU_READ || (PREEMPT_RT && me->atomic % PREEMPT_OFF > 0);
		else if (${kind} == 2) held = me->atomic % RCU_READ > 0 || me->irqs_off > 0;
		else if (${kind} == 3) held = me->atomic > 0 || me->irqs_off > 0;
		else for (n = 0; n < me->nheld; n++) if (${kind} == 4 && (me->held[2 * n] == ${domain} || me->held[2 * n] == ${domain} + 1)) held = 1;`;
define('__rcu_held', `${RCU_HELD('a', 'b')} return held;`, { hidden: true });
define(
	'__rcu_dereferences',
	`${RCU_HELD('a', 'c')} if (!b && !alone && !held) warn("contract: nothing says what keeps the object"); return 0;`,
	{ hidden: true },
);
// struct srcu_struct is { readers of two generations, which is current, a grace period is going on, callbacks }
define(
	'__rcu_reader',
	`int n, mine = -1, inside = !b && (me->atomic > 0 || me->irqs_off > 0);
		for (n = 0; n < me->nheld; n++) if (me->held[2 * n] == a || me->held[2 * n] == a + 1) mine = me->held[2 * n];
		if (inside == (mine >= 0)) return 0;
		if (inside) { mine = a + load(a + 2); store(mine, load(mine) + 1); take(mine, TOKEN); return 0; }
		store(mine, load(mine) - 1); drop(mine, TOKEN);
		if (!load(a) && !load(a + 1) && !load(a + 3) && load(a + 2)) store(a + 2, 0);
		return 0;`,
	{ hidden: true },
);
define('non_block_start', 'me->nonblock++; return 0;', { hidden: true });
define('non_block_end', 'me->nonblock--; return 0;', { hidden: true });
// a handler may come just before interrupts go off, and just after they come on
for (const [name, after] of [
	['__irqs_disable', '1'],
	['__irqs_enable', '0'],
	['__irqs_restore', 'a != 0'],
	['__spin_irq_save', 'PREEMPT_RT ? before : 1'],
	['__spin_irq_restore', 'PREEMPT_RT ? before : a != 0'],
] as const)
	define(name, `int before = me->irqs_off; me->irqs_off = ${after}; return before;`);
define('irqs_disabled', 'return me->irqs_off > 0;', { hidden: true });
define('dma_fence_begin_signalling', 'me->signalling++; return 1;', { hidden: true });
define('__dma_fence_end_signalling', 'me->signalling--; return 0;', { hidden: true });
define('__model_limit', 'fatal("bounded: the model has no room for more"); return 0;', { hidden: true });
define('in_atomic', 'return me->atomic > 0;', { hidden: true });

define('__current', 'return current_task();', { hidden: true });
define('__use_mm', 'int old = load(current_task() + TASK_MM); store(current_task() + TASK_MM, a); return old;', {
	hidden: true,
});
define('__current_number', 'return self;', { hidden: true });
define('__kernel_task', 'return TASKS + (KTHREADS + a) * TASK_CELLS;', { hidden: true });
define('__of_the_process', 'return of_the_process[self];', { hidden: true });
define('__mm_is_gone', 'fatal("use-after-free: an mm_struct"); return 0;', { hidden: true });
define('in_interrupt', 'return interrupts[self] >= 0;', { hidden: true });
// a wait queue is { tasks that a wake-up takes off, tasks that stay, those who wait exclusively: five bits each, first come first }
define(
	'prepare_to_wait',
	'if (!(load(a + 1) & 1 << self)) update(a, load(a) | 1 << self); me->state = c; set_state(self, c); return 0;',
);
define(
	'prepare_to_wait_exclusive',
	`int seats = load(a + 2), n = 0, there = 0;
		for (; n < 6 && seats >> 5 * n & 31; n++) if ((seats >> 5 * n & 31) == self + 1) there = 1;
		if (n == 6) fatal("bounded: more than 6 tasks wait exclusively on one queue");
		if (!there) store(a + 2, seats | (self + 1) << 5 * n);
		me->state = c; set_state(self, c);
		return 0;`,
);
const OFF_THE_QUEUE = `update(a, load(a) & ~(1 << self)); update(a + 1, load(a + 1) & ~(1 << self));
		{ int seats = load(a + 2), kept = 0, n, k = 0;
		for (n = 0; n < 6; n++) if ((seats >> 5 * n & 31) && (seats >> 5 * n & 31) != self + 1) kept |= (seats >> 5 * n & 31) << 5 * k++;
		update(a + 2, kept); }`;
define('finish_wait', `me->state = 0; set_state(self, 0); ${OFF_THE_QUEUE} return 0;`);
define('add_wait_queue', 'update(a + 1, load(a + 1) | 1 << self); return 0;');
define('remove_wait_queue', `${OFF_THE_QUEUE} return 0;`);
define('set_current_state', 'me->state = a; set_state(self, a); return 0;');
define(
	['schedule', '__schedule_on'],
	'if (load(current_task() + TASK_STATE)) return block(); me->state = 0; return 0;',
	{
		sleeps: true,
		inAnyState: true,
	},
);
define(
	'__schedule_timeout_on',
	'if (b == 0x7fffffff && load(current_task() + TASK_STATE)) return block(); me->state = 0; if (!load(current_task() + TASK_STATE)) return 0; expire(); set_state(self, 0); return 1;',
	{ sleeps: true, inAnyState: true },
);
define('__signal_pending', `return ${MAY_SIGNAL} ? pick(0, 1) : 0;`);
define('__expire', `if (a == 1 && !${MAY_SIGNAL}) return block(); expire(); return 0;`, { hidden: true });
define('wake_up', 'return wake(a, 3, 1);');
define('wake_up_all', 'return wake(a, 3, 0);');
define('wake_up_interruptible', 'return wake(a, 1, 1);');
define('wake_up_interruptible_all', 'return wake(a, 1, 0);');
define('__wake_up_task', 'int was = load(a + TASK_STATE); if (was) store(a + TASK_STATE, 0); return was != 0;');
define('waitqueue_active', 'return (load(a) | load(a + 1) | load(a + 2)) != 0;');

for (const prefix of ['atomic', 'atomic_long', 'atomic64']) {
	const set = (name: string, at: 'a' | 'b', value: string, result: string): void =>
		define(`${prefix}_${name}`, `int old = load(${at}); store(${at}, ${value}); return ${result};`);
	define(`${prefix}_read`, 'return load(a);');
	define(`${prefix}_set`, 'store(a, b); return 0;');
	set('inc', 'a', 'old + 1', '0');
	set('dec', 'a', 'old - 1', '0');
	set('add', 'b', 'old + a', '0');
	set('sub', 'b', 'old - a', '0');
	set('inc_return', 'a', 'old + 1', 'old + 1');
	set('dec_return', 'a', 'old - 1', 'old - 1');
	set('add_return', 'b', 'old + a', 'old + a');
	set('sub_return', 'b', 'old - a', 'old - a');
	set('fetch_add', 'b', 'old + a', 'old');
	set('fetch_inc', 'a', 'old + 1', 'old');
	set('fetch_dec', 'a', 'old - 1', 'old');
	set('fetch_sub', 'b', 'old - a', 'old');
	for (const [name, value] of [
		['or', 'old | a'],
		['and', 'old & a'],
		['andnot', 'old & ~a'],
	] as const) {
		set(name, 'b', value, '0');
		set(`fetch_${name}`, 'b', value, 'old');
	}
	set('add_negative', 'b', 'old + a', 'old + a < 0');
	set('dec_if_positive', 'a', 'old > 0 ? old - 1 : old', 'old - 1');
	define(`${prefix}_add_unless`, 'int old = load(a); if (old == c) return 0; store(a, old + b); return 1;');
	define(`${prefix}_cmpxchg`, 'int old = load(a); if (old == b) store(a, c); return old;');
	set('dec_and_test', 'a', 'old - 1', 'old == 1');
	set('inc_and_test', 'a', 'old + 1', 'old == -1');
	set('sub_and_test', 'b', 'old - a', 'old == a');
	set('inc_not_zero', 'a', 'old ? old + 1 : 0', 'old != 0');
	set('xchg', 'a', 'b', 'old');
}

define(
	'__allocate',
	'if ((d & 33792) != 33792 && may_fail() && pick(0, 1)) return 0; return allocate(a, b, c || d & 256);',
);
define('__unset', 'int n; if (is_heap(a)) for (n = b; n < d; n += c) store(a + n, UNSET); return 0;', { hidden: true });
define('kfree', 'release(a); return 0;');
define('__stale_mapping', 'fatal("stale-mapping"); return 0;', { hidden: true });
define('__contract', 'warn("contract: a rule of the notifier API is broken"); return 0;', { hidden: true });
define('__stale_tlb', 'fatal("stale-tlb"); return 0;', { hidden: true });
define('__permission', 'warn("permission"); return 0;', { hidden: true });
define('__device_misuse', 'fatal("assertion: this is no device of the model"); return 0;', { hidden: true });
define('__nth_device', 'return nth(devices, a);', { hidden: true });
define('__nth_mm', 'return nth(mms, a);', { hidden: true });
define('__is_device', 'int n; for (n = 0; devices[n]; n++) if (devices[n] == a) return 1; return 0;', { hidden: true });
define('__holds_more_than', 'int n; for (n = 0; n < me->nheld; n++) if (me->held[2 * n] != a) return 1; return 0;', {
	hidden: true,
});
define('__page_is_free', 'fatal("use-after-free: a page frame that is free"); return 0;', { hidden: true });
const inCallback = (then: string): string => `int f;
		for (f = 1; f < me->depth; f++)
			if (me->stack[frame[f] + 2] >= 0 && in_notifiers[me->stack[frame[f - 1]]]) ${then}
		return 0;`;
define('__not_in_callback', inCallback('warn("contract: called from a notifier callback");'), { hidden: true });
define('__in_callback', inCallback('return 1;'), { hidden: true });
define(
	'__locked_in_callback',
	`int n;
		for (n = 0; n < me->nheld; n++)
			if (me->held[2 * n + 1] & IN_CALLBACK && (me->held[2 * n + 1] & MODES) != TOKEN) return 0;
		warn("contract: the sequence is set without a lock");
		return 0;`,
	{ hidden: true },
);
define('__not_signalling', 'if (me->signalling) warn("contract: waits in a fence signalling section"); return 0;', {
	hidden: true,
});
define('__no_page_frames', 'fatal("bounded: the model has no page frames left"); return 0;', { hidden: true });
define('__memset', 'int n; for (n = 0; n < c; n++) store(a + n, b); return 0;');
define(
	'__memcpy',
	'int n, i, v; for (n = 0; n < c; n++) { v = a < b ? n : c - 1 - n; i = peek(b + v); store(a + v, i); } return 0;',
);
define('__look_at', 'peek(a); return 0;');
define('__may_fail', 'return may_fail();', { hidden: true });
define('__in_setup', 'return alone;', { hidden: true });
define('__allocator_locks', 'if (!me->nonblock) { enter_atomic(1); me->atomic--; } return 0;', { hidden: true });

/** The primitive of this name; undefined where exported models have none. */
export const cPrimitive = (name: string): CPrimitive | undefined => table.get(name);
