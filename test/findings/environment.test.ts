import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CheckOptions, checkSketch } from '../../src/findings/check.js';
import type { ScenarioResult } from '../../src/findings/result.js';
import { nothingThere } from '../../src/findings/vacuous.js';

const corpus = path.join(import.meta.dirname, '../corpus');

/** A corpus sketch without its scenarios: what a driver author has before writing one. */
function driver(file: string): string {
	return readFileSync(path.join(corpus, file), 'utf8').replace(/^scenario \w+ \{[\s\S]*?^\}$/gm, '');
}

const inEnvironment = (text: string, limits: Pick<CheckOptions, 'maxStates' | 'onEarly'> = {}) =>
	checkSketch(
		'file:///drivers/driver.mmn',
		{ read: async (uri) => (uri.endsWith('/driver.mmn') ? text : undefined) },
		{ maxSeconds: 1000, ...limits },
	);

describe('a sketch without scenarios', () => {
	test.each([
		['seed/s01-goto-again-holding-lock.mmn', ['deadlock', 'self-deadlock']],
		['seed/s06-callback-without-the-lock.mmn', ['stale-mapping']],
		['interval/s27-read-begin-under-lock.mmn', ['deadlock']],
		['interval/s35-hmm-range-fault-under-lock.mmn', ['deadlock', 'self-deadlock']],
		['kvm/s24-rwsem-start-to-end.mmn', ['deadlock', 'sleep-in-nonblock']],
		['kvm/s26-bool-for-a-counter.mmn', ['sleep-in-nonblock', 'stale-mapping']],
		['locks/s62-mmap-lock-read-twice.mmn', ['deadlock']],
		// a warning as the kernel's: reclaim waits for a queue without a rescuer
		['workqueue/s66-other-driver-flushes.mmn', ['assertion', 'deadlock']],
		// its worker maps without keeping the process alive, and no ->release tells it of the end
		['workqueue/s67-cancel-work-sync-in-callback.mmn', ['contract', 'deadlock', 'stale-mapping']],
		['seed/s02-eagain-drop-lock.mmn', []],
	])('%s: the callbacks alone show %j', { timeout: 60_000 }, async (file, codes) => {
		const text = driver(file);
		const { problems, scenarios } = await inEnvironment(text);
		expect(problems.filter((p) => p.severity === 'error')).toEqual([]);
		const [result] = scenarios;
		expect(result).toMatchObject({
			name: 'default_environment',
			complete: codes.length === 0,
			verdict: codes.length === 0 ? 'ok' : 'fail',
		});
		expect([...new Set(result?.findings.filter((f) => f.severity !== 'info').map((f) => f.code))].sort()).toEqual(
			[...codes].sort(),
		);
		for (const finding of result?.findings.filter((f) => f.severity !== 'info') ?? []) {
			// told at the user's own lines, with the adversaries that were needed
			expect(finding.span.uri).toBe('file:///drivers/driver.mmn');
			if (finding.threads.length > 1) expect(finding.message).toMatch(/\(\w+: /);
		}
	});

	test('shows its first error while the search for others goes on', async () => {
		const early: ScenarioResult[] = [];
		const { scenarios } = await inEnvironment(driver('interval/s27-read-begin-under-lock.mmn'), {
			onEarly: (result) => early.push(result),
		});
		const [last] = scenarios;
		const [first] = early;
		expect(first).toMatchObject({ name: 'default_environment', verdict: 'fail', complete: false });
		expect(first?.states).toBeLessThan((last?.states ?? 0) / 10);
		// as it will be told in the end
		expect(first?.findings.map((f) => f.message)).toEqual([last?.findings.find((f) => f.code === 'deadlock')?.message]);
		// right ones have nothing to tell early
		const none: ScenarioResult[] = [];
		await inEnvironment(driver('seed/s02-eagain-drop-lock.mmn'), { onEarly: (result) => none.push(result) });
		expect(none).toEqual([]);
	});

	test('hears of the wait that counts, as of the kernel and not of the driver (S07)', async () => {
		const { scenarios } = await inEnvironment(driver('seed/s02-eagain-drop-lock.mmn'));
		const [finding] = scenarios[0]?.findings ?? [];
		expect(finding).toMatchObject({
			code: 'starvation',
			severity: 'info',
			span: { uri: expect.stringMatching(/^mmn-kernel:/) },
		});
		expect(finding?.message).toContain("This is the kernel's comparison, not the driver's mistake");
		expect(scenarios[0]?.verdict).toBe('ok');
	});

	test.each([
		'untitled:Untitled-1',
		'file:///w/my%20driver.mmn',
		'file:///c%3A/w/a.mmn',
		'vscode-vfs://github/o/r/a.mmn?ref=a/b',
	])('is checked wherever it lies: %s', async (uri) => {
		const text = 'static DEFINE_MUTEX(l);\n\nstatic int device_fault(void)\n{\n\tmutex_lock(&l);\n\treturn 0;\n}\n';
		const read = async (wanted: string) => (wanted === uri ? text : undefined);
		const { problems, scenarios } = await checkSketch(uri, { read }, { maxStates: 3000 });
		expect(problems).toEqual([]);
		const found = scenarios.flatMap(({ findings }) => findings.map(({ code, span }) => [code, span.uri, span.line]));
		expect(found).toContainEqual(['lock-leak', uri, 6]);
	});

	test('runs what nobody calls, also where it only writes', async () => {
		const { scenarios } = await inEnvironment(`static bool ready;
static int *buffer;
static void event(void) { ready = true; }
static int dev_fault(unsigned long addr) { return READ_ONCE(ready) ? *buffer : 0; }
`);
		expect(scenarios[0]?.findings.map((f) => f.code)).toContain('null-deref');
	});

	test('without a notifier or a mapping is not silently ok', async () => {
		const callbacks = `#include <mn/list>
static int start(struct mmu_notifier *mn, const struct mmu_notifier_range *range) { return 0; }
static const struct mmu_notifier_ops ops = { .invalidate_range_start = start };
`;
		const nothing = await inEnvironment(callbacks);
		expect(nothing.scenarios).toEqual([]);
		expect(nothing.hints?.[0]?.message).toContain('nothing was run');
		const registered = await inEnvironment(`${callbacks}static struct mmu_notifier mn = { .ops = &ops };\n`);
		expect(registered.scenarios[0]?.vacuous?.join()).toContain('the device has mapped nothing');
		expect(registered.scenarios[0]?.assumptions.join()).toContain('nothing here looks like a fault handler');
		const bounded = await inEnvironment(`${callbacks}static struct mmu_notifier mn = { .ops = &ops };\n`, {
			maxStates: 50,
		});
		expect(bounded.scenarios[0]?.verdict).toBe('bounded');
		expect(bounded.scenarios[0] && nothingThere(bounded.scenarios[0])).toEqual([
			'so far the device has mapped nothing, so that nothing could become stale',
		]);
	});

	test.each([
		['->probe of a driver', 'static int get(void) { return -ENODEV; }', 'return get();', 'return 0;'],
		['->open of a file', '', 'return 0;', 'return -EBUSY;'],
		['dev_init()', '', 'return 0;', 'return 0;', 'return -EINVAL;'],
	])('says of %s that it never succeeds', async (what, stub, probe, open, init = 'return 0;') => {
		const text = `#include <linux/pci.h>
#include <linux/miscdevice.h>
${stub}
static int dev_open(struct inode *inode, struct file *file) { ${open} }
static const struct file_operations fops = { .open = dev_open };
static struct miscdevice misc = { .fops = &fops };
static int probe(struct pci_dev *pdev, const struct pci_device_id *id) { if (misc_register(&misc)) return -EBUSY; ${probe} }
static void remove(struct pci_dev *pdev) { misc_deregister(&misc); }
static struct pci_driver driver = { .probe = probe, .remove = remove };
static int dev_init(void) { if (pci_register_driver(&driver)) return -ENOMEM; ${init} }
module_init(dev_init);
static void dev_exit(void) { pci_unregister_driver(&driver); }
module_exit(dev_exit);
`;
		const { problems, scenarios } = await inEnvironment(text);
		expect(problems.filter((p) => p.severity === 'error')).toEqual([]);
		expect(scenarios[0]?.vacuous?.filter((w) => w.includes('never succeeded'))).toContain(
			`${what} has never succeeded, so that nothing behind it was run`,
		);
		const right = text.replaceAll(/return -E(BUSY|INVAL|NODEV);/g, 'return 0;');
		expect((await inEnvironment(right)).scenarios[0]?.vacuous).toBeUndefined();
	});

	test('says of a branch behind a number that no value led there', async () => {
		const text = (condition: string) => `#include <linux/miscdevice.h>
static DEFINE_SPINLOCK(lock);
static int n;
static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	spin_lock(&lock);
	if (${condition})
		n = 0;
	spin_unlock(&lock);
	return 0;
}
static const struct file_operations fops = { .unlocked_ioctl = dev_ioctl };
static struct miscdevice misc = { .fops = &fops };
module_misc_device(misc);
`;
		const said = async (condition: string) => (await inEnvironment(text(condition))).scenarios[0]?.vacuous;
		expect(await said('cmd * 3 == 15')).toEqual(['no value that was tried for cmd leads to line 8']);
		expect(await said('(cmd & 0xf0) == 0x20')).toBeUndefined();
	});

	test('has a range inside of another in every generation of the API: what is held from start to end is taken twice', async () => {
		const { scenarios } = await inEnvironment(`#include <mn/notifier-2008>
static DEFINE_MUTEX(lock);
static void start(struct mmu_notifier *mn, struct mm_struct *mm, unsigned long start, unsigned long end)
{
	mutex_lock(&lock);
}
static void end(struct mmu_notifier *mn, struct mm_struct *mm, unsigned long start, unsigned long end)
{
	mutex_unlock(&lock);
}
static const struct mmu_notifier_ops ops = { .invalidate_range_start = start, .invalidate_range_end = end };
static struct mmu_notifier mn = { .ops = &ops };
`);
		const [finding] = scenarios[0]?.findings ?? [];
		expect(finding).toMatchObject({ code: 'self-deadlock', span: { line: 5 } });
		expect(finding?.message).toContain('nested_zap: a thread with one range inside of another');
	});

	test('says what limit was hit, and once where it is the same in every part', { timeout: 60_000 }, async () => {
		const { scenarios } = await inEnvironment(`#include <mn/list>
static int start(struct mmu_notifier *mn, const struct mmu_notifier_range *range) { return 0; }
static const struct mmu_notifier_ops ops = { .invalidate_range_start = start };
static struct mmu_notifier mn = { .ops = &ops };
static int thread_fn(void *data) { return 0; }
static void run_fault(unsigned long addr)
{
	kthread_run(thread_fn, NULL, "a");
	kthread_run(thread_fn, NULL, "b");
	kthread_run(thread_fn, NULL, "c");
}
`);
		const [finding] = scenarios[0]?.findings ?? [];
		expect(finding).toMatchObject({ code: 'bounded' });
		expect(finding?.message).toMatch(
			/fault: more kernel threads are made than the model has lanes for them \(in run_fault\(\) alone, and in \d+ more\)/,
		);
		expect(finding?.message.match(/fault: more kernel threads/g)).toHaveLength(1);
		expect(finding?.message).not.toContain('took more than');
	});

	test('says how much of the work is done where the states were spent', async () => {
		const text = driver('interval/s28-read-begin-retry.mmn');
		const { scenarios } = await inEnvironment(text, { maxStates: 3000 });
		const [result] = scenarios;
		expect(result).toMatchObject({ verdict: 'bounded', complete: false });
		const [bound, ...more] = result?.bounds ?? [];
		expect(more).toEqual([]);
		const told =
			/^(\d+) of (\d+) combinations of functions and adversaries were searched to the end; the 3000 states \(--max-states, notifierLab\.check\.maxStates\) were spent (in|before) .+ with .+$/.exec(
				bound ?? '',
			);
		const [done, all] = [Number(told?.[1]), Number(told?.[2])];
		expect(done).toBeGreaterThan(0);
		expect(all).toBeGreaterThan(done);
	});

	test('is looked at to the end with warnings, too: all adversaries at once are not left out', {
		timeout: 60_000,
	}, async () => {
		const { scenarios } = await inEnvironment(`#include <mn/interval>
struct ctx { struct mmu_interval_notifier sub; struct work_struct work; int n; };
static struct ctx ctx;
static bool invalidate(struct mmu_interval_notifier *mni, const struct mmu_notifier_range *range, unsigned long cur_seq)
{
	mmu_interval_set_seq(mni, cur_seq);
	schedule_work(&ctx.work);
	return true;
}
static const struct mmu_interval_notifier_ops ops = { .invalidate = invalidate };
static void work(struct work_struct *w) { WRITE_ONCE(ctx.n, 1); }
static int ctx_init(void)
{
	INIT_WORK(&ctx.work, work);
	return mmu_interval_notifier_insert(&ctx.sub, current->mm, 0, 1, &ops);
}
`);
		const [result] = scenarios;
		expect(result).toMatchObject({ verdict: 'warn', complete: true });
		expect(result?.unfinished).toBeUndefined();
		expect(result?.assumptions.join()).not.toContain('not to the end');
	});

	test('shows what no adversary brings about: a check for a collision that never fires', async () => {
		const text = driver('interval/s28-read-begin-retry.mmn');
		expect((await inEnvironment(text)).hints?.filter((h) => h.code === 'unreachable') ?? []).toEqual([]);
	});

	test('is judged by the smallest environment that breaks it', async () => {
		const { scenarios } = await inEnvironment(driver('seed/s01-goto-again-holding-lock.mmn'));
		expect(scenarios[0]?.findings[0]?.threads).toHaveLength(2);
		expect(scenarios[0]?.assumptions.join()).toContain('all of them at once');
	});

	test('and without a fault handler has nothing to run', async () => {
		const { problems, scenarios } = await inEnvironment('static int helper(int a) { return a; }\n');
		expect(problems).toEqual([]);
		expect(scenarios).toEqual([]);
	});

	test('does not call on NULL what wants an object that nobody can be called to make (hfi1)', async () => {
		const { scenarios } = await inEnvironment(`
#include <linux/workqueue.h>
struct handler { struct workqueue_struct *wq; int uses; };
static DEFINE_SPINLOCK(lock);
static int total;
int handler_open(struct workqueue_struct *wq, struct handler **out)
{
	struct handler *h = kzalloc(sizeof(*h), GFP_KERNEL);

	if (!h)
		return -ENOMEM;
	h->wq = wq;
	*out = h;
	return 0;
}
int handler_insert(struct handler *h)
{
	spin_lock(&lock);
	h->uses++;
	spin_unlock(&lock);
	return 0;
}
int count_fault(void)
{
	spin_lock(&lock);
	total++;
	spin_unlock(&lock);
	return 0;
}
`);
		expect(scenarios[0]?.findings).toEqual([]);
		expect(scenarios[0]?.assumptions).toContain(
			"handler_insert() was not run: its object comes from handler_open() (line 6), and there is nothing to pass for its parameter 'struct workqueue_struct *wq'; call both in a scenario",
		);
	});

	test('names what has to be included for what a handler takes', async () => {
		const { scenarios, hints } = await inEnvironment(`
long vq_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return put_user(0, (u32 __user *)arg);
}
`);
		expect(scenarios).toEqual([]);
		expect(hints?.map((h) => h.message)).toEqual([
			"nothing was run: there is no scenario, and vq_ioctl() cannot be called: there is nothing to pass for its parameter 'struct file *file', which nothing here defines: define it, or include what does (<fs> has struct file)",
		]);
	});

	test('registers the list notifier of an object that is made up, where handlers insert interval notifiers only (nouveau)', async () => {
		const { scenarios } = await inEnvironment(`
#include <linux/mmu_notifier.h>
struct svmm { struct mmu_notifier notifier; struct mutex mutex; };
struct svm_notifier { struct mmu_interval_notifier notifier; };
static bool invalidate(struct mmu_interval_notifier *mni, const struct mmu_notifier_range *range, unsigned long seq)
{
	if (!mmu_notifier_range_blockable(range))
		return false;
	mmu_interval_set_seq(mni, seq);
	return true;
}
static const struct mmu_interval_notifier_ops mni_ops = { .invalidate = invalidate };
static int start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct svmm *svmm = container_of(mn, struct svmm, notifier);

	if (!mmu_notifier_range_blockable(range))
		return -EAGAIN;
	mutex_lock(&svmm->mutex);
	BUG_ON(range->start == 0);
	mutex_unlock(&svmm->mutex);
	return 0;
}
static const struct mmu_notifier_ops ops = { .invalidate_range_start = start };
static int range_fault(struct svmm *svmm, struct svm_notifier *n)
{
	int ret = mmu_interval_notifier_insert(&n->notifier, svmm->notifier.mm, 0, 1, &mni_ops);

	if (!ret)
		mmu_interval_notifier_remove(&n->notifier);
	return ret;
}
`);
		const codes = scenarios[0]?.findings.map((f) => f.code);
		// it is called, and the handler has an mm to insert into
		expect(codes).toContain('assertion');
		expect(codes).not.toContain('null-deref');
	});

	test("with a driver's own registration is set up by it", async () => {
		const { scenarios } = await inEnvironment(`
#include <mn/active-ranges>
struct gpu { struct mmu_notifier mn; int ready; };
static struct gpu gpu;
static void start(struct mmu_notifier *mn, struct mm_struct *mm, const struct mmu_notifier_range *range)
{
	struct gpu *g = container_of(mn, struct gpu, mn);

	BUG_ON(!g->ready);
	dev_unmap(range->start, range->end);
}
static const struct mmu_notifier_ops ops = { .invalidate_range_start = start };
static int gpu_probe(struct gpu *g)
{
	g->mn.ops = &ops;
	g->ready = 1;
	return mmu_notifier_register(&g->mn, mm);
}
static int gpu_fault(struct gpu *g, unsigned long addr) { return g->ready; }
`);
		expect(scenarios[0]).toMatchObject({ verdict: 'ok', complete: true });
	});

	/** KVM's way, right but for what may happen to the address space between lookup and mapping. */
	const kvm = (lookup: string, pages: string): string => `
#include <mn/list>
static struct { struct mmu_notifier mn; spinlock_t mmu_lock; unsigned long seq; long in_progress; ${pages} } kvm;
static int start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	spin_lock(&kvm.mmu_lock);
	kvm.in_progress++;
	dev_unmap(range->start, range->end);
	spin_unlock(&kvm.mmu_lock);
	return 0;
}
static void end(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	spin_lock(&kvm.mmu_lock);
	kvm.seq++;
	kvm.in_progress--;
	spin_unlock(&kvm.mmu_lock);
}
static void release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	spin_lock(&kvm.mmu_lock);
	dev_unmap(0, NR_PAGES);
	spin_unlock(&kvm.mmu_lock);
}
static const struct mmu_notifier_ops ops = {
	.invalidate_range_start = start, .invalidate_range_end = end, .release = release,
};
static int kvm_fault(void)
{
	unsigned long seq = READ_ONCE(kvm.seq);
	struct page *page;

	if (${lookup} != 1)
		return -EFAULT;
	spin_lock(&kvm.mmu_lock);
	if (!kvm.in_progress && kvm.seq == seq)
		dev_map_page(0, page, DEV_WRITE);
	spin_unlock(&kvm.mmu_lock);
	put_page(page);
	return 0;
}
`;

	test('does not end the process under a handler that one of its tasks runs', async () => {
		const ofTask = await inEnvironment(
			kvm('get_user_pages_unlocked(0, 1, &page, FOLL_WRITE)', 'struct page *pages[1];'),
		);
		expect(ofTask.problems).toEqual([]);
		expect(ofTask.scenarios[0]?.findings.filter((f) => f.severity === 'error')).toEqual([]);
		// a device's own handler has nothing that keeps the address space
		const ofDevice = await inEnvironment(
			kvm('get_user_pages_remote(mm, 0, 1, FOLL_WRITE, &page, NULL)', 'struct page *pages[1];'),
		);
		expect(ofDevice.scenarios[0]?.findings.map((f) => f.code)).toContain('stale-mapping');
		expect(ofDevice.scenarios[0]?.findings.map((f) => f.message).join()).toContain('exit: the end of the process');
	}, 120_000);

	test('reclaims the page that the handler maps, also where the sketch has room for one', async () => {
		const { scenarios } = await inEnvironment(`
#include <mn/list>
static struct { struct mmu_notifier mn; struct page *pages[1]; } d;
static int start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	if (range->start == 0 && range->event == MMU_NOTIFY_CLEAR && mmu_notifier_range_blockable(range))
		assert(range->end != 1);
	dev_unmap(range->start, range->end);
	return 0;
}
static const struct mmu_notifier_ops ops = { .invalidate_range_start = start };
static int d_fault(unsigned long addr)
{
	return cpu_load(addr) + !d.pages[0];
}
`);
		expect(scenarios[0]?.findings.map((f) => f.code)).toContain('assertion');
	});
});
