/** What a verdict takes for granted, in words. */
import { expect, test } from 'vitest';
import { checkText } from './examples.js';

const of = async (threads: string): Promise<readonly string[] | undefined> => {
	const { scenarios } = await checkText(`#include <mn/list>\nscenario s {\n\tpages 1;\n${threads}\n}\n`, 'sketch');
	return scenarios[0]?.assumptions;
};

test('who else runs does not keep a process alive that exits: its threads would', async () => {
	const alone = await of('\tthread X { exit_mmap(); }');
	const beside = await of('\tthread X { exit_mmap(); }\n\tthread F { dev_read(0); }');
	expect(alone).toEqual(['memory is sequentially consistent']);
	expect(beside).toEqual([expect.stringContaining('exit_mmap() does not wait'), ...(alone ?? [])]);
	expect(await of('\tthread I { munmap(0, 1); }\n\tthread F { dev_read(0); }')).toEqual(alone);
});

const scenario = 'scenario s {\n\tpages 1;\n\tthread I { munmap(0, 1); }\n}\n';

test('what is taken down in the end meets no work that is still queued', async () => {
	const text = (last: string, more = 'schedule_work(&w);') => `#include <mn/list>
static struct work_struct w;
static int *p;
static void fn(struct work_struct *work) { WRITE_ONCE(*p, 1); }
scenario s {
	pages 1;
	setup { INIT_WORK(&w, fn); p = kzalloc(sizeof(int), GFP_KERNEL | __GFP_NOFAIL); }
	thread A { ${more} }
	finally { ${last} }
}
`;
	const told = async (...args: [string, string?]) => {
		const { scenarios, problems } = await checkText(text(...args));
		expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
		return scenarios[0]?.assumptions.filter((a) => a.startsWith('finally runs when queued work'));
	};
	expect(await told('kfree(p);')).toHaveLength(1);
	// who only looks takes nothing down, and where nothing runs on its own nothing can be met
	expect(await told('assert(READ_ONCE(*p) == 1);')).toEqual([]);
	expect(await told('kfree(p);', 'WRITE_ONCE(*p, 2);')).toEqual([]);
});

test('a header of the kernel is taken for today’s API', async () => {
	const { scenarios } = await checkText(`#include <linux/hmm.h>\n${scenario}`);
	expect(scenarios[0]?.assumptions).toContain("<linux/hmm.h> is today's API, as in <mn/interval>");
	const older = await checkText(`#include <linux/mmu_notifier.h>\n#include <mn/notifier-2008>\n${scenario}`);
	expect(older.scenarios[0]?.assumptions).toEqual(['memory is sequentially consistent']);
});

test('a callback with an older signature names the generation that has it', async () => {
	const text = (more: string) => `#include <linux/mmu_notifier.h>
static void start(struct mmu_notifier *mn, struct mm_struct *mm, unsigned long start, unsigned long end${more}) { }
static const struct mmu_notifier_ops ops = { .invalidate_range_start = start };
${scenario}`;
	const told = async (more: string) => (await checkText(text(more))).problems.map((p) => p.message);
	expect(await told('')).toEqual([
		expect.stringMatching(
			/ has the wrong signature .*; in <mn\/notifier-2008> it is what stands here: include that instead$/,
		),
	]);
	expect(await told(', int x')).toEqual([expect.stringMatching(/ has the wrong signature [^;]*$/)]);
	const { problems } = await checkText(`#include <mn/notifier-2008>\n${text('')}`);
	expect(problems).toEqual([]);
});

test('a driver of a bus that leaves address spaces alone is not run against their invalidations', async () => {
	const text = (body: string) => `#include <linux/pci.h>
static int probe(struct pci_dev *pdev, const struct pci_device_id *id) { return 0; }
static void remove(struct pci_dev *pdev) { ${body} }
static struct pci_driver driver = { .probe = probe, .remove = remove };
module_pci_driver(driver);
`;
	const told = async (body: string) => (await checkText(text(body))).scenarios[0]?.assumptions.join();
	expect(await told('pci_disable_device(pdev);')).toMatch(/with no invalidation beside/);
	expect(await told('mmap_read_lock(current->mm); mmap_read_unlock(current->mm);')).toMatch(/against mmap/);
});

test('a driver that some function registers, which nothing calls, is bound first and alone, and that is said', async () => {
	const text = `#include <bus>
static int ready;
static int one_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	if (pci_enable_device(pdev))
		return -ENODEV;
	ready = 1;
	return 0;
}
static void one_remove(struct pci_dev *pdev) { ready = 0; }
static struct pci_driver driver = { .name = "one", .probe = one_probe, .remove = one_remove };
static int begin(void) { return pci_register_driver(&driver); }
`;
	const told = async (more: string) =>
		(await checkText(text + more)).scenarios[0]?.assumptions.filter((a) =>
			a.startsWith('one_probe() runs first and alone'),
		);
	expect(await told('')).toHaveLength(1);
	expect(await told('module_init(begin);\n')).toEqual([]);
});
