/** The explorer reads the simulated kernel's tables: what it takes for granted of them is what the library says. */
import { expect, test } from 'vitest';
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
