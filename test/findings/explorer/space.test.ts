/** The explorer reads the simulated kernel's tables: what it takes for granted of them is what the library says. */
import { expect, test } from 'vitest';
import { Explorer, explore } from '../../../src/findings/explorer/explorer.js';
import { PTE, TLB_BITS } from '../../../src/findings/explorer/space.js';
import { kernelLibraries } from '../../../src/kernel/library.js';

const text = (name: string): string => kernelLibraries.read(`mmn-kernel:/kernel/${name}.mmn`) ?? '';
const constant = (file: string, name: string): number =>
	Number(new RegExp(`^#define ${name} (\\d+)$`, 'm').exec(text(file))?.[1]);

test('entries of page tables are read as the kernel library writes them', () => {
	expect(PTE).toEqual({
		present: constant('mm', 'PTE_PRESENT'),
		write: constant('mm', 'PTE_WRITE'),
		migration: constant('mm', 'PTE_MIGRATION'),
		swap: constant('mm', 'PTE_SWAP'),
		exclusive: constant('mm', 'PTE_EXCLUSIVE'),
		cont: constant('device', 'DEV_PTE_CONT'),
		shift: constant('mm', 'PTE_PFN_SHIFT'),
	});
	expect(text('device')).toContain(`#define TLB_WORDS (NR_FRAMES / ${TLB_BITS} + 1)`);
});

test('the fields that are read by name are there', () => {
	for (const field of ['refcount', 'user', 'pins'])
		expect(text('pages')).toMatch(new RegExp(`struct page \\{[^}]*\\b${field};`));
	for (const field of ['pgd', 'invalidating'])
		expect(text('mm')).toMatch(new RegExp(`struct mm_struct \\{[^}]*\\b${field}\\[`));
	for (const field of ['walks_cpu;', 'pte\\[', 'tlb\\[', 'tlb_write\\['])
		expect(text('device')).toMatch(new RegExp(`struct device \\{[^}]*\\b${field}`));
	for (const field of ['used;', 'running;', 'pages\\['])
		expect(text('jobs')).toMatch(new RegExp(`struct __dev_job \\{[^}]*\\b${field}`));
});

const TWO = `#include <mn/list>
struct mm_struct child;
struct device gpu;

scenario s {
	pages 2;
	setup { with_mm(&child) { dev_map(&gpu, 0, 1); } }
	thread A { with_mm(&child) { munmap(0, 1); } }
	thread B { munmap(1, 2); }
}
`;

test('another address space has a page table of its own, and a device goes by that of its own address space', async () => {
	const uri = 'file:///w/two.mmn';
	const exploration = await explore(uri, { read: async (asked) => (asked === uri ? TWO : undefined) });
	expect(exploration.result.problems.filter((p) => p.severity === 'error')).toEqual([]);
	const { picture } = (Explorer.of(exploration, 's') as Explorer).found(null);
	const [first, last] = [picture.states[0], picture.states.at(-1)];
	const mapped = (slots: readonly { readonly page: string | null }[] = []) => slots.map(({ page }) => page !== null);
	expect(first?.others.map(({ name, cpu }) => [name, mapped(cpu)])).toEqual([['child', [true, true]]]);
	expect(mapped(first?.cpu)).toEqual([true, true]);
	const remarks = picture.steps.map(({ lane, remark }) => [picture.lanes[lane]?.name, remark]);
	expect(remarks).toContainEqual(['A', expect.stringContaining('child: unmaps page 0')]);
	expect([mapped(last?.cpu), ...(last?.others ?? []).map(({ cpu }) => mapped(cpu))]).toEqual([
		[true, true],
		[false, true],
	]);
	// at the same address the other space still has its page
	const stale = picture.states.flatMap((s) => s?.devices.flatMap(({ pte }) => pte.flatMap((p) => p.stale ?? [])) ?? []);
	expect(new Set(stale)).toEqual(new Set([expect.stringMatching(/^the CPU has nothing there since step \d+$/)]));
});
