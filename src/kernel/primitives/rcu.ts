import { HeldMode, type KernelContext, type Primitive } from '../context.js';
import { brokenRule } from './contract.js';
import { drop, PREEMPT_OFF, RCU_READ, take } from './holding.js';

/** The fields of struct srcu_struct, in cells; a test compares them with lib/kernel/rcu.mmn. */
export const SRCU = { readers: 0, idx: 2, gp: 3 } as const;

/**
 * Whoever cannot be preempted or interrupted is an RCU reader (kernel/rcu/tree.c since the flavours were made one, v4.20, 45975c7d21a1; with
 * PREEMPT_RT spin_lock() takes rcu_read_lock(), kernel/locking/spinlock_rt.c). Comes after every operation that may have changed
 * that: the thread enters the current generation of `domain`, or leaves its own. `over`: an interrupt handler is at its end.
 */
const reader: Primitive = {
	name: '__rcu_reader',
	visible: false,
	run(c, [domain = 0, over = 0]) {
		const { task } = c;
		const inside = over === 0 && (task.atomic > 0 || task.irqsOff > 0);
		const mine = [0, 1].find((n) => task.held.some((h) => h.resource === domain + SRCU.readers + n));
		if (inside === (mine !== undefined)) return 0;
		if (mine === undefined) {
			const readers = domain + SRCU.readers + c.load(domain + SRCU.idx);
			c.store(readers, c.load(readers) + 1);
			take(c, readers, HeldMode.token);
			return 0;
		}
		const readers = domain + SRCU.readers + mine;
		const left = c.load(readers) - 1;
		c.store(readers, left);
		drop(c, readers, HeldMode.token);
		// which generation is current makes no difference once nobody is inside
		const other = c.load(domain + SRCU.readers + 1 - mine);
		if (left === 0 && other === 0 && c.load(domain + SRCU.gp) === 0 && c.load(domain + SRCU.idx) !== 0)
			c.store(domain + SRCU.idx, 0);
		return 0;
	},
};

/**
 * What lockdep takes for a reader (kernel/rcu/update.c): by rcu_read_lock() alone, with PREEMPT_RT by what takes it, too; by what turns softirqs or
 * preemption off; by any of these; of an SRCU domain; by nothing but a condition. Which of them a spinlock turns off is not told apart: either will do.
 */
export const READERS = { rcu: 1, atomic: 2, any: 3, srcu: 4, none: 5 } as const;

function isReader(c: KernelContext, kind: number, domain: number): boolean {
	const { atomic, irqsOff, held } = c.task;
	switch (kind) {
		case READERS.rcu:
			return atomic >= RCU_READ || (c.preemptRt && atomic % PREEMPT_OFF > 0);
		case READERS.atomic:
			return atomic % RCU_READ > 0 || irqsOff > 0;
		case READERS.any:
			return atomic > 0 || irqsOff > 0;
		case READERS.none:
			return false;
		default:
			return held.some(({ resource }) => resource === domain || resource === domain + 1);
	}
}

const held: Primitive = {
	name: '__rcu_held',
	visible: false,
	run: (c, [kind = 0, domain = 0]) => (isReader(c, kind, domain) ? 1 : 0),
};

/** A pointer is read for what it leads to. `excused`: the condition beside it holds. */
const dereference: Primitive = {
	name: '__rcu_dereferences',
	visible: false,
	run(c, [kind = 0, excused = 0, domain = 0]) {
		if (excused === 0 && !c.inSetup && !isReader(c, kind, domain)) c.warn('contract', brokenRule(44 + kind), domain);
		return 0;
	},
};

export const rcu: readonly Primitive[] = [reader, held, dereference];
