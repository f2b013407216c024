/** Random small sketches of what drivers are made of: objects with references, RCU, work, timers, interrupts, sequences, ranges. */

import fc from 'fast-check';
import { block, indent, labelled } from './sketches.js';

const DECLARATIONS = `struct obj {
	spinlock_t lock;
	struct mutex mutex;
	refcount_t ref;
	int n;
	struct list_head link;
	struct rcu_head rcu;
	struct work_struct work;
	struct completion done;
};

static DEFINE_MUTEX(m0);
static DEFINE_SPINLOCK(s0);
static DEFINE_SPINLOCK(s1);
static DEFINE_RWLOCK(w0);
static DEFINE_SEQLOCK(q0);
static DEFINE_SEMAPHORE(c0, 1);
static DECLARE_COMPLETION(d0);
static DECLARE_WAIT_QUEUE_HEAD(h0);
DEFINE_STATIC_PERCPU_RWSEM(p0);
DEFINE_STATIC_SRCU(srcu0);
static struct work_struct k0;
static struct timer_list t0;
static struct tasklet_struct b0;
static LIST_HEAD(l0);
static struct obj *g;
static int x, y;
static struct mmu_interval_notifier mni;
static struct dma_fence *job;
`;

/** Ways to hold something around other statements that may sleep. */
const ASLEEP = [
	'mutex_lock(&m0);|mutex_unlock(&m0);',
	'percpu_down_read(&p0);|percpu_up_read(&p0);',
	'percpu_down_write(&p0);|percpu_up_write(&p0);',
	'down(&c0);|up(&c0);',
	'idx = srcu_read_lock(&srcu0);|srcu_read_unlock(&srcu0, idx);',
	'if (p)\n\tmutex_lock(&p->mutex);|if (p)\n\tmutex_unlock(&p->mutex);',
	'do {\n\tseq = read_seqbegin(&q0);|} while (read_seqretry(&q0, seq));',
];

/** And that may not. */
const ATOMIC = [
	'spin_lock(&s0);|spin_unlock(&s0);',
	'spin_lock_irqsave(&s0, flags);|spin_unlock_irqrestore(&s0, flags);',
	'spin_lock_irq(&s1);|spin_unlock_irq(&s1);',
	'spin_lock_bh(&s1);|spin_unlock_bh(&s1);',
	'read_lock(&w0);|read_unlock(&w0);',
	'write_lock(&w0);|write_unlock(&w0);',
	'write_seqlock(&q0);|write_sequnlock(&q0);',
	'rcu_read_lock();|rcu_read_unlock();',
	'local_irq_save(flags);|local_irq_restore(flags);',
	'local_bh_disable();|local_bh_enable();',
	'if (p)\n\tspin_lock(&p->lock);|if (p)\n\tspin_unlock(&p->lock);',
];

const MEMORY = [
	'p = make();',
	'p = g;',
	'p = rcu_dereference(g);',
	'p = rcu_dereference_protected(g, 1);',
	'rcu_assign_pointer(g, p);',
	'g = NULL;',
	'if (p)\n\tkfree(p);',
	'if (p)\n\tkfree_rcu(p, rcu);',
	'if (p)\n\trefcount_inc(&p->ref);',
	'if (p && !refcount_inc_not_zero(&p->ref))\n\tp = NULL;',
	'if (p && refcount_dec_and_test(&p->ref))\n\tkfree(p);',
	'if (p)\n\tv = p->n;',
	'if (p)\n\tp->n = 1;',
	'if (p)\n\tWRITE_ONCE(p->n, 2);',
	'if (p)\n\tlist_add(&p->link, &l0);',
	'if (p)\n\tlist_del_init(&p->link);',
	'if (!list_empty(&l0))\n\tp = list_first_entry(&l0, struct obj, link);',
	'p = NULL;',
	'if (p)\n\tschedule_work(&p->work);',
	'if (p)\n\tcomplete(&p->done);',
];

/** What begins something, or wakes. */
const WAKES = [
	'complete(&d0);',
	'complete_all(&d0);',
	'schedule_work(&k0);',
	'mod_timer(&t0, jiffies + 1);',
	'timer_delete(&t0);',
	'tasklet_schedule(&b0);',
	'wake_up(&h0);',
	'if (spin_trylock(&s0))\n\tspin_unlock(&s0);',
	'if (p)\n\tcomplete(&p->done);',
];

const WAITS = [
	'wait_for_completion(&d0);',
	'v = wait_for_completion_timeout(&d0, 1);',
	'v = wait_for_completion_killable(&d0);',
	'reinit_completion(&d0);',
	'flush_work(&k0);',
	'cancel_work_sync(&k0);',
	'timer_delete_sync(&t0);',
	'tasklet_kill(&b0);',
	'synchronize_rcu();',
	'synchronize_srcu(&srcu0);',
	'v = wait_event_interruptible(h0, x == 1);',
	'v = wait_event_timeout(h0, y == 1, 1);',
	'wait_event(h0, y == 1);',
	'if (down_trylock(&c0) == 0)\n\tup(&c0);',
	'cond_resched();',
	'msleep(1);',
	'if (p)\n\tcancel_work_sync(&p->work);',
	'if (p)\n\twait_for_completion(&p->done);',
];

const VALUES = [
	'x = 1;',
	'y = v;',
	'v = x;',
	'x++;',
	'WRITE_ONCE(y, 1);',
	'v = READ_ONCE(y);',
	'WARN_ON(x == 2);',
	'assert(x != 2 || y != 1);',
	'v = any(0, 1);',
	'lockdep_assert_held(&m0);',
];

/** What the device and the mm are asked for; these need a mm of one page. */
const RANGES = [
	'useq = mmu_interval_read_begin(&mni);',
	'if (!mmu_interval_read_retry(&mni, useq))\n\tdev_map(0, 1);',
	'dev_map(0, 1);',
	'dev_unmap(0, 1);',
	'munmap(0, 1);',
	'madvise_dontneed(0, 1);',
	'reclaim(0, 1);',
	'mmap_read_lock(mm);\nmmap_read_unlock(mm);',
	'mmap_write_lock(mm);\nmmap_write_unlock(mm);',
	'cpu_write(0, 1);',
	'oom_reap(0, 1);',
	'fork(0, 1);',
	'mprotect(0, 1);',
	'range.notifier_seq = mmu_interval_read_begin(&mni);\nmmap_read_lock(mm);\nv = hmm_range_fault(&range);\nmmap_read_unlock(mm);',
	'if (!v && (pfn & HMM_PFN_VALID) && !mmu_interval_read_retry(&mni, range.notifier_seq))\n\tdev_map_page(0, hmm_pfn_to_page(pfn), 0);',
	'job = dev_submit(0, 1);',
	'if (job)\n\tv = dma_fence_wait(job, false);',
];

const some = (statements: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...statements);

const simple = (ranges: boolean, sleeps: boolean): fc.Arbitrary<string> =>
	fc.oneof(
		{ weight: 3, arbitrary: some(VALUES) },
		{ weight: 4, arbitrary: some(MEMORY) },
		{ weight: 2, arbitrary: some(WAKES) },
		{ weight: sleeps ? 2 : 0, arbitrary: some(WAITS) },
		{ weight: ranges && sleeps ? 3 : 0, arbitrary: some(RANGES) },
	);

/** Statements, with others in them to a depth. Now and then one that sleeps stands where it must not. */
function compound(ranges: boolean, sleeps: boolean, depth: number): fc.Arbitrary<string> {
	const single = simple(ranges, sleeps);
	if (depth === 0) return single;
	const bodyOf = (asleep: boolean): fc.Arbitrary<string> =>
		fc.array(compound(ranges, asleep, depth - 1), { minLength: 1, maxLength: 3 }).map((list) => list.join('\n'));
	const body = bodyOf(sleeps);
	const held = (around: readonly string[], inner: fc.Arbitrary<string>): fc.Arbitrary<string> =>
		fc.tuple(some(around), inner).map(([pair, b]) => {
			const [begin, end] = pair.split('|') as [string, string];
			return `${begin}\n${begin.startsWith('do {') ? indent(b, 1) : b}\n${end}`;
		});
	return fc.oneof(
		{ weight: 6, arbitrary: single },
		{ weight: sleeps ? 5 : 0, arbitrary: held(ASLEEP, body) },
		{ weight: 5, arbitrary: held(ATOMIC, bodyOf(false)) },
		{ weight: sleeps ? 0 : 1, arbitrary: some(['mutex_lock(&m0);\nx = 2;\nmutex_unlock(&m0);', 'msleep(1);']) },
		{ weight: 1, arbitrary: body.map((b) => `if (any_bool()) ${block(b)}`) },
		{ weight: 1, arbitrary: fc.tuple(body, body).map(([t, e]) => `if (x == 1) ${block(t)} else ${block(e)}`) },
		{
			weight: sleeps ? 1 : 0,
			arbitrary: body.map((b) => `if (mutex_trylock(&m0)) {\n${indent(b, 1)}\n\tmutex_unlock(&m0);\n}`),
		},
		{
			weight: 1,
			arbitrary: body.map((b) => `list_for_each_entry(i, &l0, link) {\n\tp = i;\n${indent(b, 1)}\n}`),
		},
	);
}

const bodyOf = (ranges: boolean, sleeps = true): fc.Arbitrary<string> =>
	fc.array(compound(ranges, sleeps, 2), { minLength: 1, maxLength: 3 }).map((list) => labelled(list.join('\n')));

const LOCALS = `	int v = 0, idx = 0;
	unsigned int seq = 0;
	unsigned long flags = 0, useq = 0;
	struct obj *p = NULL, *i;
`;

/** And of who knows the ranges. */
const OF_RANGES = `	unsigned long pfn = 0;
	struct hmm_range range = { .notifier = &mni, .start = 0, .end = 1, .hmm_pfns = &pfn, .default_flags = HMM_PFN_REQ_FAULT };
`;

/** Functions that others run: of the work item, the timer, the tasklet and the range. */
const functions = ([work, timer, tasklet, invalidate]: readonly string[]): string => `
static void work(struct work_struct *w)
{
${LOCALS}
${indent(work as string, 1)}
}

static struct obj *make(void)
{
	struct obj *o = kzalloc(sizeof(*o), GFP_ATOMIC);

	if (!o)
		return NULL;
	spin_lock_init(&o->lock);
	mutex_init(&o->mutex);
	refcount_set(&o->ref, 1);
	INIT_LIST_HEAD(&o->link);
	INIT_WORK(&o->work, work);
	init_completion(&o->done);
	return o;
}

static void timer(struct timer_list *t)
{
${LOCALS}
${indent(timer as string, 1)}
}

static void tasklet(struct tasklet_struct *t)
{
${LOCALS}
${indent(tasklet as string, 1)}
}

static void locked(struct mmu_interval_notifier *n, unsigned long cur)
{
${LOCALS}
	mmu_interval_set_seq(n, cur);
${indent(invalidate as string, 1)}
}

static bool invalidate(struct mmu_interval_notifier *n, const struct mmu_notifier_range *range, unsigned long cur)
{
	locked(n, cur);
	return true;
}

static const struct mmu_interval_notifier_ops ops = { .invalidate = invalidate };
`;

/** One time of so many. */
const now = <T>(what: fc.Arbitrary<T>, many: number): fc.Arbitrary<T | null> =>
	fc.tuple(fc.nat(many - 1), what).map(([n, one]) => (n === many - 1 ? one : null));

/** A sketch with one scenario. */
export const primitiveSketch: fc.Arbitrary<string> = fc
	.boolean()
	.chain((ranges) => {
		const body = bodyOf(ranges);
		const atomic = bodyOf(false, false);
		return fc.record({
			ranges: fc.constant(ranges),
			threads: fc.array(body, { minLength: 2, maxLength: 3 }),
			handlers: fc.tuple(bodyOf(false), atomic, atomic, bodyOf(false)),
			daemon: now(body, 4),
			interrupt: now(atomic, 4),
			full: fc.boolean(),
			errors: fc.boolean(),
			cpus: now(fc.constant(1), 6),
		});
	})
	.map(({ ranges, threads, handlers, daemon, interrupt, full, errors, cpus }) => {
		const names = ['A', 'B', 'C'];
		const locals = ranges ? LOCALS + OF_RANGES : LOCALS;
		const setup = [
			'INIT_WORK(&k0, work);',
			'timer_setup(&t0, timer, 0);',
			'tasklet_setup(&b0, tasklet);',
			...(full ? ['g = make();'] : []),
			...(ranges ? ['mmu_interval_notifier_insert(&mni, mm, 0, 1, &ops);'] : []),
		];
		const items = [
			...(ranges ? ['pages 1;'] : []),
			...(errors ? [] : ['config no_errors;']),
			...(cpus === null ? [] : ['config cpus 1;']),
			`setup ${block(setup.join('\n'))}`,
			...threads.map((t, n) => `thread ${names[n]} {\n${locals}\n${indent(t, 1)}\n}`),
			...(daemon === null ? [] : [`daemon D {\n${locals}\n${indent(daemon, 1)}\n}`]),
			...(interrupt === null ? [] : [`interrupt I on A {\n${LOCALS}\n${indent(interrupt, 1)}\n}`]),
		];
		const include = ranges ? '#include <mn/interval>\n\n' : '';
		const notifier = ranges ? DECLARATIONS : DECLARATIONS.replace(/.*mni;\n.*job;\n/, '');
		const code = ranges ? functions(handlers) : functions(handlers).replace(/static void locked[\s\S]*/, '');
		return `${include}${notifier}${code}\nscenario s {\n${items.map((i) => indent(i, 1)).join('\n')}\n}\n`;
	});
