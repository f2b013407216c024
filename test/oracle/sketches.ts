/** Random small sketches: whatever kernel code does with locks, waits, memory and jumps, without any sense. */

import fc from 'fast-check';

const DECLARATIONS = `struct box {
	int n;
	struct box *next;
};

static DEFINE_MUTEX(m0);
static DEFINE_MUTEX(m1);
static DEFINE_SPINLOCK(s0);
static DECLARE_RWSEM(r0);
static DECLARE_WAIT_QUEUE_HEAD(q0);
static atomic_t c0;
static int x, y;
static struct box *g;
static int *lp;
`;

/** A driver on the invalidation path; the body of its callback is random. */
const driver = (body: string): string => `
static void on_start(struct mmu_notifier *mn, struct mm_struct *mm, const struct mmu_notifier_range *range)
{
	int v = 0;
	struct box *p = NULL;
${indent(body, 1)}
}

static const struct mmu_notifier_ops ops = { .invalidate_range_start = on_start };
static struct mmu_notifier mn = { .ops = &ops };
`;

export const indent = (text: string, by: number): string =>
	text
		.split('\n')
		.filter((line) => line.trim() !== '')
		.map((line) => '\t'.repeat(by) + line)
		.join('\n');

export const block = (body: string): string => `{\n${indent(body, 1)}\n}`;

const value = fc.integer({ min: 0, max: 2 });
const global = fc.constantFrom('x', 'y');
const mutex = fc.constantFrom('m0', 'm1');
const LOCKS = [
	'mutex_lock(&m0);|mutex_unlock(&m0);',
	'mutex_lock(&m1);|mutex_unlock(&m1);',
	'spin_lock(&s0);|spin_unlock(&s0);',
	'down_read(&r0);|up_read(&r0);',
	'down_write(&r0);|up_write(&r0);',
];

/** Statements that hold no others. */
const simple: fc.Arbitrary<string> = fc.oneof(
	{ weight: 4, arbitrary: fc.tuple(global, value).map(([a, n]) => `${a} = ${n};`) },
	{ weight: 3, arbitrary: fc.tuple(global).map(([a]) => `v = ${a};`) },
	{ weight: 2, arbitrary: global.map((a) => `${a} = v;`) },
	{ weight: 1, arbitrary: global.map((a) => `${a} = ${a} == 2 ? 0 : ${a} + 1;`) },
	{ weight: 1, arbitrary: global.map((a) => `${a} = any(0, 1);`) },
	{ weight: 1, arbitrary: fc.constant('v = any(1, 2);') },
	{ weight: 1, arbitrary: fc.tuple(global, value).map(([a, n]) => `assert(${a} != ${n});`) },
	{ weight: 1, arbitrary: fc.tuple(global, value).map(([a, n]) => `WARN_ON(${a} == ${n});`) },
	{ weight: 1, arbitrary: fc.constant('assert(x != 2 || y != 1);') },
	{
		weight: 1,
		arbitrary: fc.constantFrom(
			'atomic_inc(&c0);',
			'v = atomic_dec_return(&c0);',
			'x = atomic_read(&c0);',
			'if (atomic_dec_and_test(&c0))\n\ty = 2;',
			'v = cmpxchg(&x, 0, 1);',
			'v = xchg(&y, 2);',
		),
	},
	{ weight: 2, arbitrary: fc.tuple(global, value).map(([a, n]) => `wait_event(q0, ${a} == ${n});`) },
	{ weight: 2, arbitrary: fc.constant('wake_up(&q0);') },
	{ weight: 1, arbitrary: fc.tuple(global, value).map(([a, n]) => `wait_until(${a} != ${n});`) },
	{ weight: 1, arbitrary: fc.tuple(global, value).map(([a, n]) => `while (READ_ONCE(${a}) == ${n})\n\tcpu_relax();`) },
	{ weight: 1, arbitrary: fc.constantFrom(...LOCKS).map((l) => l.split('|')[0] as string) },
	{ weight: 1, arbitrary: fc.constantFrom(...LOCKS).map((l) => l.split('|')[1] as string) },
	{
		weight: 1,
		arbitrary: fc.constantFrom(
			'p = kzalloc(sizeof(*p), GFP_ATOMIC);',
			'if (p)\n\tg = p;',
			'kfree(g);',
			'kfree(p);',
			'p = g;',
			'g = NULL;',
			'if (g)\n\tg->n = 1;',
			'if (p)\n\tv = p->n;',
			'if (p)\n\tp->n++;',
			'if (p && g)\n\tp->next = g;',
			'if (p)\n\tp = p->next;',
		),
	},
	{
		weight: 1,
		arbitrary: fc.constantFrom(
			'{\n\tint w = 1;\n\n\tlp = &w;\n\tw = 2;\n\tassert(w == 2);\n\tlp = NULL;\n}',
			'if (lp)\n\t*lp = 1;',
			'{\n\tint *o = lp;\n\n\tif (o)\n\t\tx = *o;\n}',
		),
	},
	{
		weight: 1,
		arbitrary: fc.constantFrom(
			'local_irq_disable();',
			'local_irq_enable();',
			'preempt_disable();',
			'preempt_enable();',
			'might_sleep();',
		),
	},
	{ weight: 1, arbitrary: fc.constant('return;') },
);

/** `LABEL` becomes a label of its own, so that a function may have several retry loops. */
const compound = (inner: fc.Arbitrary<string>): fc.Arbitrary<string> => {
	const body = fc.array(inner, { minLength: 1, maxLength: 2 }).map((list) => list.join('\n'));
	return fc.oneof(
		{ weight: 3, arbitrary: simple },
		{ weight: 3, arbitrary: fc.tuple(fc.constantFrom(...LOCKS), body).map(([l, b]) => l.replace('|', `\n${b}\n`)) },
		{
			weight: 2,
			arbitrary: fc
				.tuple(mutex, body, body)
				.map(([m, a, b]) => `if (mutex_trylock(&${m})) {\n${indent(a, 1)}\n\tmutex_unlock(&${m});\n} else ${block(b)}`),
		},
		{
			weight: 1,
			arbitrary: fc.tuple(body).map(([b]) => `if (down_read_trylock(&r0)) {\n${indent(b, 1)}\n\tup_read(&r0);\n}`),
		},
		{
			weight: 1,
			arbitrary: fc
				.tuple(body)
				.map(([b]) => `if (!mutex_lock_interruptible(&m0)) {\n${indent(b, 1)}\n\tmutex_unlock(&m0);\n}`),
		},
		{
			weight: 2,
			arbitrary: fc
				.tuple(global, value, body, body)
				.map(([a, n, t, e]) => `if (${a} == ${n}) ${block(t)} else ${block(e)}`),
		},
		{ weight: 1, arbitrary: fc.tuple(body).map(([b]) => `if (any_bool()) ${block(b)}`) },
		{ weight: 1, arbitrary: fc.tuple(value, body).map(([n, b]) => `while (v < ${n}) {\n${indent(b, 1)}\n\tv++;\n}`) },
		{ weight: 1, arbitrary: fc.tuple(body).map(([b]) => `atomic ${block(b)}`) },
		{
			weight: 2,
			arbitrary: fc.tuple(fc.constantFrom(...LOCKS), global, value, fc.boolean(), body).map(([l, a, n, unlocks, b]) => {
				const [lock, unlock] = l.split('|') as [string, string];
				return `LABEL:\n${lock}\nif (${a} == ${n}) {\n${unlocks ? `\t${unlock}\n` : ''}\tgoto LABEL;\n}\n${b}\n${unlock}`;
			}),
		},
	);
};

const statement = compound(compound(simple));

/** Gives each retry loop its label. Labels of nested loops come in pairs, so each `LABEL:` takes the next `goto`. */
export function labelled(body: string): string {
	const open: number[] = [];
	let next = 0;
	// the goto of an inner loop comes before that of the loop around it, unless that one stands in the test before it
	return body
		.split('\n')
		.map((line) => {
			if (line.trim() === 'LABEL:') {
				open.push(next);
				return line.replace('LABEL', `again${next++}`);
			}
			return line.includes('goto LABEL') ? line.replace('LABEL', `again${open.pop() ?? 0}`) : line;
		})
		.join('\n');
}

const body = fc.array(statement, { minLength: 1, maxLength: 3 }).map((list) => labelled(list.join('\n')));
const thread = (kind: string, name: string): fc.Arbitrary<string> =>
	body.map((b) => `${kind} ${name} {\n\tint v = 0;\n\tstruct box *p = NULL;\n${indent(b, 1)}\n}`);

/** Statements of the kernel that invalidate, or wait for who does. */
const OF_THE_MM = [
	'munmap(0, 1);',
	'madvise_dontneed(0, 1);',
	'mmu_notifier_range_wait_valid(mm, 0, 1);',
	'dev_map(0, 1);',
	'dev_unmap(0, 1);',
	'mmap_read_lock(mm);\nmmap_read_unlock(mm);',
	'mmap_write_lock(mm);\nmmap_write_unlock(mm);',
];

/** A sketch with one scenario. */
export const sketch: fc.Arbitrary<string> = fc
	.record({
		threads: fc.oneof(
			{ weight: 4, arbitrary: fc.tuple(thread('thread', 'A'), thread('thread', 'B')) },
			{ weight: 2, arbitrary: fc.tuple(thread('thread', 'A'), thread('thread', 'B'), thread('thread', 'C')) },
			{ weight: 1, arbitrary: fc.tuple(thread('thread', 'A'), thread('daemon', 'D')) },
			{ weight: 1, arbitrary: fc.tuple(thread('thread', 'A'), thread('thread', 'B'), thread('interrupt I on A', '')) },
		),
		callback: fc.option(fc.tuple(body, fc.array(fc.constantFrom(...OF_THE_MM), { minLength: 1, maxLength: 2 })), {
			freq: 4,
		}),
		last: fc.option(fc.constantFrom('assert(x != 1);', 'assert(!g);', 'assert(atomic_read(&c0) == 0);'), { freq: 2 }),
		errors: fc.boolean(),
	})
	.map(({ threads, callback, last, errors }) => {
		const blocks = threads.map((t, n) =>
			callback && n === 1 && t.startsWith('thread') ? t.replace(/\}$/, `${indent(callback[1].join('\n'), 1)}\n}`) : t,
		);
		if (callback) blocks[0] = (blocks[0] as string).replace(/\}$/, '\tmunmap(0, 1);\n}');
		const items = [
			callback ? 'pages 1;' : '',
			errors ? '' : 'config no_errors;',
			callback ? 'setup { mmu_notifier_register(&mn, mm); }' : '',
			...blocks,
			last === null ? '' : `finally { ${last} }`,
		];
		return `${callback ? '#include <mn/active-ranges>\n\n' : ''}${DECLARATIONS}${callback ? driver(callback[0]) : ''}\nscenario s {\n${items
			.filter((i) => i !== '')
			.map((i) => indent(i, 1))
			.join('\n')}\n}\n`;
	});
