/** The default environment is many searches: each finding is shown in the one that found it. */
import { expect, test } from 'vitest';
import { DEFAULT_ENVIRONMENT } from '../../../src/findings/environment/environment.js';
import { Explorer, explore } from '../../../src/findings/explorer/explorer.js';

const URI = 'file:///parts.mmn';
/** The fault fails alone, for want of memory, and deadlocks with a callback whose invalidator holds mmap_lock. */
const SKETCH = `
#include <mn/interval>

static DEFINE_MUTEX(lock);
static struct mmu_interval_notifier sub;
struct request {
	unsigned long addr;
};

static bool invalidate(struct mmu_interval_notifier *mni, const struct mmu_notifier_range *range, unsigned long seq)
{
	if (!mmu_notifier_range_blockable(range))
		return false;
	mutex_lock(&lock);
	mmu_interval_set_seq(mni, seq);
	dev_unmap(range->start, range->end);
	mutex_unlock(&lock);
	return true;
}

static const struct mmu_interval_notifier_ops ops = { .invalidate = invalidate };

static int device_fault(unsigned long addr)
{
	struct request *request;

	mutex_lock(&lock);
	mmap_read_lock(mm);
	mmap_read_unlock(mm);
	mutex_unlock(&lock);
	request = kmalloc(sizeof(*request), GFP_KERNEL);
	request->addr = addr;
	kfree(request);
	return 0;
}
`;

test('the run of each finding has the threads that it needs', { timeout: 60_000 }, async () => {
	const exploration = await explore(
		URI,
		{ read: async (uri) => (uri === URI ? SKETCH : undefined) },
		{ maxStates: 40_000 },
	);
	const explorer = Explorer.of(exploration, DEFAULT_ENVIRONMENT);
	const { findings = [] } = explorer?.scenario ?? {};
	expect(findings.map((f) => f.code)).toEqual(expect.arrayContaining(['null-deref', 'deadlock']));
	// else there is nothing to mix up
	expect(new Set(findings.map((_, n) => explorer?.found(n).part)).size).toBeGreaterThan(1);
	for (const [n, { threads }] of findings.entries()) {
		const lanes = explorer?.found(n).picture.lanes.map((lane) => lane.name);
		expect(lanes).toEqual(expect.arrayContaining([...threads]));
	}
});
