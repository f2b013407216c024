import { isNameRef, type NameRef } from '../../language/generated/ast.js';
import { decay, ULONG } from '../../language/types.js';
import type { Operand } from '../ir.js';
import { address, condition, lvalue, memberOffset, offset, rvalue, storeTo } from './expressions.js';
import type { FunctionLowering } from './function.js';
import { Label } from './label.js';
import { arg, define, library, primitive, type Rule, typeOf } from './macro.js';

/* Macros of the simulated kernel that take a condition, set one of their arguments, or name a field. */

// ---- waiting ----

interface Sleep {
	/** TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE */
	readonly state: number;
	/** A signal may end it with -ERESTARTSYS. */
	readonly signal?: boolean;
	/** The third argument says what the sleeper waits for. */
	readonly holder?: boolean;
	readonly exclusive?: boolean;
	/** The third argument is a timeout: the result is 0 when it has come and the condition still is false. */
	readonly timeout?: boolean;
	/** The first argument is the address that is slept on, and not a queue. */
	readonly key?: boolean;
	/** The third argument is a spinlock, taken with interrupts off, that is dropped to sleep. */
	readonly lock?: boolean;
}

const ERESTARTSYS = 512;

/** wait_event(): test; then register, test, sleep, again and again, each a step of its own (include/linux/wait.h, ___wait_event). */
const waitEvent =
	(sleep: Sleep): Rule =>
	(f, e) => {
		const queue = sleep.key ? library(f, '__var_waitqueue', [rvalue(f, arg(e, 0))], e) : address(f, arg(e, 0));
		const third = sleep.timeout ? rvalue(f, arg(e, 2)) : sleep.lock ? address(f, arg(e, 2)) : f.constant(0);
		const result = f.register();
		const expired = f.register();
		const [again, first, done, finish, test, asleep] = [1, 2, 3, 4, 5, 6].map(() => new Label()) as [
			Label,
			Label,
			Label,
			Label,
			Label,
			Label,
		];
		const move = (to: number, value: number): void => void f.emit({ op: 'move', to, from: f.constant(value) }, e);
		move(result, sleep.timeout ? 1 : 0);
		move(expired, 0);
		// of wait_event_lock_irq(), only the sleep itself is without the lock
		if (!sleep.lock) primitive(f, '__might_sleep', [], e);
		condition(f, arg(e, 1), done, first);
		f.place(first);
		if (sleep.timeout) onlyLooks(f, e, third, result, done);
		f.place(again);
		primitive(
			f,
			sleep.exclusive ? 'prepare_to_wait_exclusive' : 'prepare_to_wait',
			[queue, f.constant(0), f.constant(sleep.state)],
			e,
		);
		condition(f, arg(e, 1), finish, test);
		f.place(test);
		if (sleep.timeout) leaveIf(f, e, expired, result, 0, finish);
		if (sleep.signal) leaveIf(f, e, primitive(f, '__signal_pending', [], e), result, -ERESTARTSYS, finish);
		f.jump(asleep, e);
		f.place(asleep);
		if (sleep.lock) primitive(f, 'spin_unlock_irq', [third], e);
		// in one step with the sleep, so that a blocked sleeper can be asked what it waits for now
		if (sleep.holder) {
			f.emit({ op: 'atomic-begin' }, e);
			primitive(f, '__waits_for', [rvalue(f, arg(e, 2))], e);
		}
		f.emit(
			{
				op: 'move',
				to: expired,
				from: sleep.timeout
					? primitive(f, '__schedule_timeout_on', [queue, third], e)
					: primitive(f, '__schedule_on', [queue], e),
			},
			e,
		);
		if (sleep.holder) f.emit({ op: 'atomic-end' }, e);
		if (sleep.lock) primitive(f, 'spin_lock_irq', [third], e);
		f.jump(again, e);
		f.place(finish);
		primitive(f, 'finish_wait', [queue, f.constant(0)], e);
		f.place(done);
		return result;
	};

/** Who has no time at all does not sleep (include/linux/wait.h, ___wait_cond_timeout). */
function onlyLooks(f: FunctionLowering, e: Parameters<Rule>[1], timeout: Operand, result: number, to: Label): void {
	const some = new Label();
	const none = new Label();
	f.branch(timeout, some, none, e);
	f.place(none);
	f.emit({ op: 'move', to: result, from: f.constant(0) }, e);
	f.jump(to, e);
	f.place(some);
}

function leaveIf(
	f: FunctionLowering,
	e: Parameters<Rule>[1],
	when: Operand,
	result: number,
	value: number,
	to: Label,
): void {
	const yes = new Label();
	const no = new Label();
	f.branch(when, yes, no, e);
	f.place(yes);
	f.emit({ op: 'move', to: result, from: f.constant(value) }, e);
	f.jump(to, e);
	f.place(no);
}

define('wait_event io_wait_event wait_event_idle', waitEvent({ state: 2 }));
define('wait_event_for', waitEvent({ state: 2, holder: true }));
define('wait_event_interruptible wait_event_freezable', waitEvent({ state: 1, signal: true }));
define('wait_event_killable', waitEvent({ state: 2, signal: true }));
define('wait_event_exclusive', waitEvent({ state: 2, exclusive: true }));
define('wait_event_interruptible_exclusive', waitEvent({ state: 1, signal: true, exclusive: true }));
define('wait_event_killable_exclusive', waitEvent({ state: 2, signal: true, exclusive: true }));
define('wait_event_timeout wait_event_idle_timeout', waitEvent({ state: 2, timeout: true }));
define(
	'wait_event_interruptible_timeout wait_event_freezable_timeout',
	waitEvent({ state: 1, signal: true, timeout: true }),
);
define('wait_event_killable_timeout', waitEvent({ state: 2, signal: true, timeout: true }));
define('wait_var_event', waitEvent({ state: 2, key: true }));
define('wait_var_event_killable', waitEvent({ state: 2, key: true, signal: true }));
define('wait_var_event_interruptible', waitEvent({ state: 1, key: true, signal: true }));
define('wait_var_event_timeout', waitEvent({ state: 2, key: true, timeout: true }));
define('wait_event_lock_irq', waitEvent({ state: 2, lock: true }));
define('wait_event_interruptible_lock_irq', waitEvent({ state: 1, signal: true, lock: true }));

// prepare_to_rcuwait(), test, sleep: its wait queue is all there is in a struct rcuwait
define('rcuwait_wait_event', (f, e) => rcuwait(f, e, f.module.constant(arg(e, 2)) ?? 2));

/** rcuwait_wait_event() takes the address of its queue. */
function rcuwait(f: FunctionLowering, e: Parameters<Rule>[1], state: number): Operand {
	const queue = rvalue(f, arg(e, 0));
	const result = f.register();
	const again = new Label();
	const test = new Label();
	const finish = new Label();
	f.emit({ op: 'move', to: result, from: f.constant(0) }, e);
	primitive(f, '__might_sleep', [], e);
	f.place(again);
	primitive(f, 'prepare_to_wait', [queue, f.constant(0), f.constant(state)], e);
	condition(f, arg(e, 1), finish, test);
	f.place(test);
	if (state !== 2) leaveIf(f, e, primitive(f, '__signal_pending', [], e), result, -ERESTARTSYS, finish);
	primitive(f, '__schedule_on', [queue], e);
	f.jump(again, e);
	f.place(finish);
	primitive(f, 'finish_wait', [queue, f.constant(0)], e);
	return result;
}

/** The step goes on when the condition holds, or when a timer (0) or a signal (1) ends the wait. The value says which. */
const waitUntil =
	(by: 0 | 1): Rule =>
	(f, e) => {
		f.emit({ op: 'atomic-begin' }, e);
		const value = rvalue(f, arg(e, 0));
		const no = new Label();
		const yes = new Label();
		f.branch(value, yes, no, e);
		f.place(no);
		primitive(f, '__expire', [f.constant(by)], e);
		f.place(yes);
		f.emit({ op: 'atomic-end' }, e);
		return value;
	};
define('wait_until_timeout', waitUntil(0));
define('wait_until_signal', waitUntil(1));

// ---- locks that keep the state of interrupts in a variable ----

const saving =
	(lock: string, save: string): Rule =>
	(f, e) => {
		const at = rvalue(f, arg(e, 0));
		const flags = primitive(f, save, [], e);
		storeTo(f, lvalue(f, arg(e, 1)), flags, ULONG, e);
		return f.module.primitive(lock) === undefined ? library(f, lock, [at], e) : primitive(f, lock, [at], e);
	};
// with PREEMPT_RT, only raw spinlocks turn interrupts off
define('spin_lock_irqsave spin_lock_irqsave_nested', saving('spin_lock', '__spin_irq_save'));
define('raw_spin_lock_irqsave', saving('raw_spin_lock', '__irqs_disable'));
define('read_lock_irqsave', saving('read_lock', '__spin_irq_save'));
define('write_lock_irqsave', saving('write_lock', '__spin_irq_save'));
define('write_seqlock_irqsave', saving('write_seqlock', '__spin_irq_save'));
define('read_seqlock_excl_irqsave', saving('read_seqlock_excl', '__spin_irq_save'));
define('local_irq_save', (f, e) => storeTo(f, lvalue(f, arg(e, 0)), library(f, '__local_irq_save', [], e), ULONG, e));

const trySaving =
	(lock: string, save: string, restore: string): Rule =>
	(f, e) => {
		const at = rvalue(f, arg(e, 0));
		const flags = primitive(f, save, [], e);
		storeTo(f, lvalue(f, arg(e, 1)), flags, ULONG, e);
		const taken = primitive(f, lock, [at], e);
		const yes = new Label();
		const no = new Label();
		f.branch(taken, yes, no, e);
		f.place(no);
		primitive(f, restore, [flags], e);
		f.place(yes);
		return taken;
	};
define('spin_trylock_irqsave', trySaving('spin_trylock', '__spin_irq_save', '__spin_irq_restore'));
define('raw_spin_trylock_irqsave', trySaving('raw_spin_trylock', '__irqs_disable', '__irqs_restore'));

// ---- RCU ----

define('kfree_rcu kvfree_rcu', (f, e) => {
	const type = decay(typeOf(f, arg(e, 0)));
	const object = rvalue(f, arg(e, 0));
	const head = offset(f, object, memberOffset(f, arg(e, 1), type.kind === 'pointer' ? type.to : type), e);
	return library(f, '__kfree_rcu', [head, object], e);
});

// a constant: what nobody uses costs no step
define('__uses', (f, e) => {
	const asked = e.arguments.filter((a): a is NameRef => isNameRef(a)).map((a) => a.target.$refText);
	return f.constant(asked.filter((name) => f.module.uses(name)).length > 0 ? 1 : 0);
});

// a constant: is this `config` item on?
define('__config', (f, e) => {
	const [word] = e.arguments;
	const on = word?.$type === 'StringLiteral' && f.module.config.has(word.parts.join('').replaceAll('"', ''));
	return f.constant(on ? 1 : 0);
});
