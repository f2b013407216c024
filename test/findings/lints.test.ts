import { describe, expect, test } from 'vitest';
import { checkText } from './examples.js';

const list = (body: string, ops = '.invalidate_range_start = start') => `#include <mn/interval>

static DEFINE_MUTEX(lock);
static struct work_struct work;

static void end(struct mmu_notifier *mn, const struct mmu_notifier_range *range) { }

static int start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
${body}
	return 0;
}

static const struct mmu_notifier_ops ops = { ${ops} };
static struct mmu_notifier mn = { .ops = &ops };

scenario quiet { pages 1; setup { mmu_notifier_register(&mn, mm); } thread A { } }
`;

const interval = (body: string) => `#include <mn/interval>

static bool invalidate(struct mmu_interval_notifier *sub, const struct mmu_notifier_range *range, unsigned long seq)
{
${body}
	return true;
}

static const struct mmu_interval_notifier_ops ops = { .invalidate = invalidate };
static struct mmu_interval_notifier sub;

scenario quiet { pages 1; setup { mmu_interval_notifier_insert(&sub, mm, 0, 1, &ops); } thread A { } }
`;

async function hints(text: string): Promise<string[]> {
	const { problems, hints: found } = await checkText(text);
	expect(problems.filter((p) => p.severity === 'error')).toEqual([]);
	return (found ?? [])
		.filter((h) => h.code !== 'unreachable')
		.map((h) => `${h.severity} ${h.code} ${h.span.line}: ${h.message}`);
}

const TRY = '\tif (!mutex_trylock(&lock))\n\t\treturn -EAGAIN;\n\tmutex_unlock(&lock);';
const ASK = '\tif (!mmu_notifier_range_blockable(range))\n\t\treturn -EAGAIN;';

describe('a start callback that refuses', () => {
	test('without asking whether it may block', async () => {
		expect(await hints(list(TRY))).toEqual([
			'hint contract 11: start() refuses without asking mmu_notifier_range_blockable(): the kernel goes on with a blockable invalidation all the same (a hint from the text, not from a run)',
		]);
	});
	test('after asking is fine', async () => {
		expect(await hints(list(ASK))).toEqual([]);
	});
	test('with an end callback beside it', async () => {
		expect(await hints(list(ASK, '.invalidate_range_start = start, .invalidate_range_end = end'))).toEqual([
			'hint contract 11: start() can fail, and there is an end callback, which is called all the same (c2655835fd8c) (a hint from the text, not from a run)',
		]);
	});
	test('is no hint where a run has shown it', async () => {
		const busy = '\tmutex_lock(&lock); mutex_unlock(&lock);';
		const text = list(TRY).replace('thread A { }', `thread A { munmap(0, 1); } thread B {${busy}} expect contract;`);
		expect(await hints(text)).toEqual([]);
	});
});

describe('an interval callback that accepts', () => {
	test('without mmu_interval_set_seq()', async () => {
		expect(await hints(interval('\tdev_unmap(range->start, range->end);'))).toEqual([
			'hint contract 6: invalidate() accepts ranges and never calls mmu_interval_set_seq() (a hint from the text, not from a run)',
		]);
	});
	test('before it', async () => {
		const filter =
			'\tif (range->event == MMU_NOTIFY_PROTECTION_VMA)\n\t\treturn true;\n\tmmu_interval_set_seq(sub, seq);';
		expect(await hints(interval(filter))).toEqual([
			'hint contract 6: invalidate() accepts a range before mmu_interval_set_seq(): whoever began to read cannot tell (a hint from the text, not from a run)',
		]);
	});
	test('what it has started itself, before it, is fine', async () => {
		const own =
			'\tif (range->event == MMU_NOTIFY_MIGRATE && range->owner == sub)\n\t\treturn true;\n\tmmu_interval_set_seq(sub, seq);';
		expect(await hints(interval(own))).toEqual([]);
	});
	test('behind it is fine', async () => {
		expect(await hints(interval('\tmmu_interval_set_seq(sub, seq);'))).toEqual([]);
	});
});

describe('what must not be called in a callback', () => {
	test.each([
		['cancel_work_sync(&work);', 'deadlock'],
		['mmu_notifier_unregister(mn, mm);', 'contract'],
		['mmap_read_lock(mm); mmap_read_unlock(mm);', 'self-deadlock'],
		['int *p = kmalloc(sizeof(*p), GFP_NOFS); kfree(p);', 'self-deadlock'],
	])('%s', async (call, code) => {
		const found = await hints(list(`\t${call}`));
		expect(found).toHaveLength(1);
		expect(found[0]).toMatch(new RegExp(`^hint ${code} 10: `));
	});
	test.each(['cancel_work(&work);', 'int *p = kmalloc(sizeof(*p), GFP_NOWAIT); kfree(p);', 'mmap_assert_locked(mm);'])(
		'%s is fine',
		async (call) => {
			expect(await hints(list(`\t${call}`))).toEqual([]);
		},
	);
});

const reader = (body: string) => `#include <mn/interval>

static DEFINE_MUTEX(lock);
static struct mmu_interval_notifier sub;

static void fault(unsigned long addr)
{
	unsigned long seq;
	pte_t pte;
${body}
	dev_map_page(addr, pte_page(pte), 0);
	mutex_unlock(&lock);
}

scenario quiet { thread A { } }
`;
const RETRY = '\tif (mmu_interval_read_retry(&sub, seq)) {\n\t\tmutex_unlock(&lock);\n\t\tgoto again;\n\t}';
const BEGIN = '\tseq = mmu_interval_read_begin(&sub);';
const PAGES = '\tpte = cpu_pte(addr);';
const LOCK = '\tmutex_lock(&lock);';

describe('collision and retry', () => {
	test('a new snapshot, pages, lock, check', async () => {
		expect(await hints(reader(['again:', BEGIN, PAGES, LOCK, RETRY].join('\n')))).toEqual([]);
	});
	test('without a new snapshot', async () => {
		expect(await hints(reader([BEGIN, 'again:', PAGES, LOCK, RETRY].join('\n')))).toEqual([
			'hint livelock 16: goes round again without a new mmu_interval_read_begin(): once it has collided, it always will (a hint from the text, not from a run)',
		]);
	});
	test('pages before the snapshot', async () => {
		expect(await hints(reader(['again:', PAGES, BEGIN, LOCK, RETRY].join('\n')))).toEqual([
			'hint stale-mapping 11: cpu_pte() comes before mmu_interval_read_begin(): an invalidation in between goes unnoticed (a hint from the text, not from a run)',
		]);
	});
	test('back with the lock', async () => {
		const body = ['again:', BEGIN, PAGES, LOCK, RETRY.replace('\t\tmutex_unlock(&lock);\n', '')].join('\n');
		expect(await hints(reader(body))).toEqual([
			'hint deadlock 15: goes back to take lock again and still holds it (a hint from the text, not from a run)',
		]);
	});
	test('a way out that unlocks does not unlock for the others', async () => {
		const out = '\tif (addr) {\n\t\tmutex_unlock(&lock);\n\t\treturn;\n\t}\n\tif (!pte)\n\t\tgoto again;';
		expect(await hints(reader(['again:', BEGIN, PAGES, LOCK, out].join('\n')))).toEqual([
			'hint deadlock 19: goes back to take lock again and still holds it (a hint from the text, not from a run)',
		]);
	});
});

const withCallback = (body: string) =>
	reader(body).replace(
		'static void fault',
		`static bool invalidate(struct mmu_interval_notifier *mni, const struct mmu_notifier_range *range, unsigned long cur)
{
	mutex_lock(&lock);
	mmu_interval_set_seq(mni, cur);
	mutex_unlock(&lock);
	return true;
}

static const struct mmu_interval_notifier_ops ops = { .invalidate = invalidate };

static void fault`,
	);

describe('the check', () => {
	test('under the lock that the callback takes', async () => {
		expect(await hints(withCallback(['again:', BEGIN, PAGES, LOCK, RETRY].join('\n')))).toEqual([]);
	});
	test('outside of it', async () => {
		const check = '\tif (mmu_interval_read_retry(&sub, seq))\n\t\tgoto again;';
		expect(await hints(withCallback(['again:', BEGIN, PAGES, check, LOCK].join('\n')))).toEqual([
			'hint stale-mapping 23: fault() checks without lock, which the callback takes: an invalidation may come right behind the check (a hint from the text, not from a run)',
		]);
	});
});
