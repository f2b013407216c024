import { HeldMode, type Primitive } from '../context.js';
import { drop, take } from './holding.js';

/** The fields of struct srcu_struct, in cells; a test compares them with lib/kernel/rcu.mmn. */
export const SRCU = { readers: 0, idx: 2, gp: 3 } as const;

/**
 * Whoever cannot be preempted or interrupted is an RCU reader (kernel/rcu/tree.c since the flavours were made one, v4.20, 45975c7d21a1; with
 * PREEMPT_RT spin_lock() takes rcu_read_lock(), kernel/locking/spinlock_rt.c). Comes after every operation that may have changed
 * that: the thread enters the current generation of `domain`, or leaves its own. `over`: an interrupt handler is at its end.
 */
export const rcuReader: Primitive = {
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
