import type { Primitive } from '../context.js';

/** Rules of the notifier API that no lock or memory check stands for, by the number that lib/mn/*.mmn use; each with its source. */
const RULES: Readonly<Record<number, string>> = {
	1: 'the start callback of %r refuses a blockable invalidation: the kernel warns and goes on without it (mn_hlist_invalidate_range_start)',
	2: 'the start callback of %r fails with something else than -EAGAIN (mn_hlist_invalidate_range_start)',
	3: 'the start callback of %r fails, and the notifier has an end callback, which is called all the same: a notifier whose start can fail must not have one (c2655835fd8c)',
	4: '%r has both arch_invalidate_secondary_tlbs and start or end callbacks: it cannot be registered (1af5a8109904)',
	5: 'the callback of %r returns false for a blockable invalidation: the kernel warns and goes on without it (mn_itree_invalidate)',
	6: 'the callback of %r has returned true without mmu_interval_set_seq(): readers that began before cannot tell that they collided (99cb252f5e68)',
	7: '%r hands out a finish record that is still in use: records of concurrent invalidations have to be different objects (7aba71dbc416)',
	8: '%r has both invalidate and invalidate_start, or only one of invalidate_start and invalidate_finish (7aba71dbc416)',
};

export const contract: readonly Primitive[] = [
	{
		name: '__contract',
		visible: false,
		run(c, [rule = 0, object = 0]) {
			c.warn('contract', RULES[rule] ?? 'a rule of the API is broken', object);
			return 0;
		},
	},
];
