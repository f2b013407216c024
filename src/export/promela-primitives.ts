/*
 * The primitives of the simulated kernel in C, for exported models. Written from the kernel's rules as a second
 * implementation of src/kernel/primitives: what is not in this table cannot be exported, and is named.
 */

/** One primitive of a model. `body` sees its arguments as a, b, c, d and returns the call's value. */
export interface CPrimitive {
	/** Others can see it: it is a step. */
	readonly visible: boolean;
	readonly sleeps: boolean;
	readonly body: string;
}

const table = new Map<string, CPrimitive>();

function define(names: string | readonly string[], body: string, how: { hidden?: true; sleeps?: true } = {}): void {
	for (const name of typeof names === 'string' ? [names] : names)
		table.set(name, { visible: how.hidden === undefined, sleeps: how.sleeps !== undefined, body });
}

const MUTEX = 'if (load(a)) return block(); store(a, 1); take(a, MUTEX); return 0;';
const SIGNAL = 'if (may_fail() && pick(0, 1)) return -4; ';
define('mutex_lock', MUTEX, { sleeps: true });
define(['mutex_lock_interruptible', 'mutex_lock_killable'], SIGNAL + MUTEX, { sleeps: true });
define('mutex_trylock', 'if (load(a)) return 0; store(a, 1); take(a, MUTEX); return 1;');
define('mutex_unlock', 'if (!drop(a, MUTEX)) fatal("bad-unlock: mutex_unlock"); store(a, 0); return 0;');
define('mutex_is_locked', 'return load(a) != 0;');

for (const kind of ['spin', 'raw_spin']) {
	for (const [suffix, irqs] of [
		['', 0],
		['_irq', 1],
		['_bh', 0],
		['_irqsave', 1],
	] as const) {
		const name = suffix === '_irqsave' ? `__${kind}_lock_irqsave` : `${kind}_lock${suffix}`;
		const off = irqs ? ' me->irqs_off++;' : '';
		const on = irqs ? ' if (me->irqs_off > 0) me->irqs_off--;' : '';
		define(name, `if (load(a)) return block(); store(a, 1); take(a, SPIN); me->atomic++;${off} return 0;`);
		define(
			`${kind}_unlock${suffix.replace('save', 'restore')}`,
			`if (!drop(a, SPIN)) fatal("bad-unlock: ${kind}_unlock"); store(a, 0); me->atomic--;${on} return 0;`,
		);
	}
	define(`${kind}_trylock`, 'if (load(a)) return 0; store(a, 1); take(a, SPIN); me->atomic++; return 1;');
}

// a rw_semaphore is { readers, writer, queued writers }: a writer in the queue keeps new readers out
const READ = 'if (load(a + 1) || load(a + 2)) return block(); store(a, load(a) + 1); take(a, READ); return 0;';
define('down_read', READ, { sleeps: true });
define(['down_read_killable', 'down_read_interruptible'], SIGNAL + READ, { sleeps: true });
define('down_read_trylock', READ.replace('return block();', 'return 0;').replace('READ); return 0', 'READ); return 1'));
define('down_read_non_owner', READ.replace(' take(a, READ);', ''), { sleeps: true });
define('up_read', 'if (!drop(a, READ)) fatal("bad-unlock: up_read"); store(a, load(a) - 1); return 0;');
define('up_read_non_owner', 'if (!load(a)) fatal("bad-unlock: up_read_non_owner"); store(a, load(a) - 1); return 0;');
define(
	'__down_write_fast',
	'if (load(a + 1) || load(a)) { store(a + 2, load(a + 2) + 1); return 0; } store(a + 1, 1); take(a, WRITE); return 1;',
	{ sleeps: true },
);
define(
	'__down_write_queued',
	'if (load(a + 1) || load(a)) return block(); store(a + 2, load(a + 2) - 1); store(a + 1, 1); take(a, WRITE); return 0;',
);
define(
	'down_write_trylock',
	'if (load(a + 1) || load(a) || load(a + 2)) return 0; store(a + 1, 1); take(a, WRITE); return 1;',
);
define('up_write', 'if (!drop(a, WRITE)) fatal("bad-unlock: up_write"); store(a + 1, 0); return 0;');
define(
	'downgrade_write',
	'if (!drop(a, WRITE)) fatal("bad-unlock: downgrade_write"); store(a + 1, 0); store(a, load(a) + 1); take(a, READ); return 0;',
);
define('rwsem_is_locked', 'return load(a + 1) || load(a);');

define('__hold', 'take(a, TOKEN); return 0;', { hidden: true });
define('__unhold', 'drop(a, TOKEN); return 0;', { hidden: true });
define(
	'__unhold_range',
	`int n = 0;
		while (n < me->nheld && !(me->held[2 * n] == a && (me->held[2 * n + 1] & MODES) == TOKEN)) n++;
		for (n++; n < me->nheld; n++)
			if (me->held[2 * n + 1] & IN_CALLBACK && (me->held[2 * n + 1] & MODES) != TOKEN)
				warn("lock-leak: the invalidation is over and a lock is still held");
		drop(a, TOKEN);
		return 0;`,
	{ hidden: true },
);
define('__waits_for', 'return 0;', { hidden: true });
define('__might_sleep', 'return 0;', { hidden: true, sleeps: true });
define(
	'__assert_held',
	`int n, held = 0, only_read = 1;
		for (n = 0; n < me->nheld; n++)
			if (me->held[2 * n] == a) { held = 1; if ((me->held[2 * n + 1] & MODES) != READ) only_read = 0; }
		if (b == 2 ? held : !held) warn("assertion: a lock is held, or is not, against what is asserted");
		else if (b == 1 && only_read) warn("assertion: a lock is held for read only");
		return 0;`,
	{ hidden: true },
);
define(['preempt_disable', 'rcu_read_lock'], 'me->atomic++; return 0;', { hidden: true });
define(
	['preempt_enable', 'rcu_read_unlock'],
	'if (!me->atomic) fatal("bad-unlock: leaves an atomic section that it is not in"); me->atomic--; return 0;',
	{ hidden: true },
);
define(['pagefault_disable', 'pagefault_enable'], 'return 0;', { hidden: true });
define('non_block_start', 'me->nonblock++; return 0;', { hidden: true });
define('non_block_end', 'me->nonblock--; return 0;', { hidden: true });
// a handler can come before them and behind them
define('local_irq_disable', 'me->irqs_off++; return 0;');
define('local_irq_enable', 'if (me->irqs_off > 0) me->irqs_off--; return 0;');
define('in_atomic', 'return me->atomic > 0;', { hidden: true });

define('__current', 'return current_task();', { hidden: true });
define('__use_mm', 'int old = load(current_task() + TASK_MM); store(current_task() + TASK_MM, a); return old;', {
	hidden: true,
});
define('prepare_to_wait', 'store(a, load(a) | 1 << self); store(current_task() + TASK_STATE, c); return 0;');
define(
	'finish_wait',
	'store(current_task() + TASK_STATE, 0); if (load(a) & 1 << self) store(a, load(a) & ~(1 << self)); return 0;',
);
define('add_wait_queue', 'store(a, load(a) | 1 << self); return 0;');
define('remove_wait_queue', 'store(a, load(a) & ~(1 << self)); return 0;');
define('set_current_state', 'store(current_task() + TASK_STATE, a); return 0;');
define(['schedule', '__schedule_on'], 'if (load(current_task() + TASK_STATE)) return block(); return 0;', {
	sleeps: true,
});
define('__signal_pending', 'return may_fail() ? pick(0, 1) : 0;');
define(['wake_up', 'wake_up_all', 'wake_up_interruptible', 'wake_up_interruptible_all'], `int waiters = load(a), n;
		for (n = 0; n < THREADS; n++) if (waiters & 1 << n) store(TASKS + n * TASK_CELLS + TASK_STATE, 0);
		store(a, 0);
		return waiters != 0;`);
define('wake_up_process', 'int was = load(a + TASK_STATE); store(a + TASK_STATE, 0); return was != 0;');
define('waitqueue_active', 'return load(a) != 0;');

for (const prefix of ['atomic', 'atomic_long']) {
	const set = (name: string, at: 'a' | 'b', value: string, result: string): void =>
		define(`${prefix}_${name}`, `int old = load(${at}); store(${at}, ${value}); return ${result};`);
	define(`${prefix}_read`, 'return load(a);');
	set('set', 'a', 'b', '0');
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
	set('dec_and_test', 'a', 'old - 1', 'old == 1');
	set('inc_and_test', 'a', 'old + 1', 'old == -1');
	set('sub_and_test', 'b', 'old - a', 'old == a');
	set('inc_not_zero', 'a', 'old ? old + 1 : 0', 'old != 0');
	set('xchg', 'a', 'b', 'old');
}

define('__allocate', 'if (may_fail() && pick(0, 1)) return 0; return allocate(a, b, c);');
define('kfree', 'release(a); return 0;');
define('__stale_mapping', 'fatal("stale-mapping"); return 0;', { hidden: true });
define('__contract', 'warn("contract: a rule of the notifier API is broken"); return 0;', { hidden: true });
define('__no_page_frames', 'fatal("bounded: the model has no page frames left"); return 0;', { hidden: true });
define('__may_fail', 'return may_fail();', { hidden: true });

/** The primitive of this name; undefined where exported models have none. */
export const cPrimitive = (name: string): CPrimitive | undefined => table.get(name);
