import type { KernelContext, Primitive } from '../context.js';

/*
 * What the checks on devices report (lib/kernel/device.mmn makes them; semantics.md 2.11: P1 to P4), and what ends a run
 * because a page or a device is not what it is taken for.
 */

/** What is wrong with a device mapping; the numbers are those of lib/kernel/device.mmn. `%a` is the page. */
const STALE_MAPPING: Readonly<Record<number, string>> = {
	1: 'maps page %a, whose memory has been freed',
	2: 'maps page %a in the middle of its invalidation, after the driver was told to drop it: nothing will drop the new mapping',
	3: 'maps page %a with memory that the CPU page table no longer has there',
	4: 'still maps page %a when its memory is freed',
	5: 'still maps page %a with the old memory when the invalidation is over',
	6: 'still runs a job on page %a when its memory is freed: taking the page out of the page table does not stop a job, somebody has to wait for its fence',
	7: 'maps page %a, which somebody else has for himself (make_device_exclusive)',
};

const STALE_TLB: Readonly<Record<number, string>> = {
	1: "may still reach page %a through its TLB when the page's memory is freed: the TLB has not been flushed since the entry was cleared",
	3: 'may still reach the old memory of page %a through its TLB when the CPU has the new one there already: at one address it would see old data, at another new. A TLB that is filled from the page table of the CPU is flushed under the lock of that table (mmu_notifier_arch_invalidate_secondary_tlbs), and not at the ends of the invalidation',
	2: 'may still reach the old memory of page %a through its TLB when the invalidation is over: the TLB has not been flushed',
};

const PERMISSION: Readonly<Record<number, string>> = {
	1: 'is given a writable mapping of page %a, which the CPU may only read',
	2: 'may still write page %a when the invalidation is over that has made it read-only',
	3: 'may still write page %a through its TLB when the invalidation is over that has made it read-only: the TLB has not been flushed',
};

const MISUSE: Readonly<Record<number, string>> = {
	1: 'a device of the model has to be a global of the sketch, not an object from the heap or the stack: its mappings could not be checked there',
	2: "the device walks the CPU's page table (dev_bind_mm): it has no mappings of its own",
	3: 'the device maps pages of another address space already: use one struct device for each',
	4: 'more jobs are in flight than the model has room for (2)',
};

/** The third argument is the device: named in the message where the sketch has declared it. */
const report =
	(code: string, words: Readonly<Record<number, string>>, fatal: boolean) =>
	(c: KernelContext, [page = 0, how = 0, device = 0]: readonly number[]): number => {
		const own = device === c.symbol('__device');
		const message = `${own ? 'the device' : '%r'} ${(words[how] ?? 'reaches page %a wrongly').replace('%a', String(page))}`;
		if (fatal) c.fatal(code, message, own ? 0 : device);
		else c.warn(code, message, own ? 0 : device);
		return 0;
	};

/** The n-th global of a kind, as system.ts has numbered them; NULL behind the last. */
const nth =
	(kind: string) =>
	(c: KernelContext, [n = 0]: readonly number[]) =>
		c.symbol(`${kind} ${n}`);

export const device: readonly Primitive[] = [
	{ name: '__stale_mapping', visible: false, run: report('stale-mapping', STALE_MAPPING, true) },
	{ name: '__stale_tlb', visible: false, run: report('stale-tlb', STALE_TLB, true) },
	{ name: '__permission', visible: false, run: report('permission', PERMISSION, false) },
	{
		name: '__device_misuse',
		visible: false,
		run(c, [how = 0]) {
			c.fatal(how === 4 ? 'bounded' : 'assertion', MISUSE[how] ?? 'this is no device');
			return 0;
		},
	},
	{ name: '__nth_device', visible: false, run: nth('device') },
	{ name: '__nth_mm', visible: false, run: nth('mm_struct') },
	{
		name: '__is_device',
		visible: false,
		run(c, [address = 0]) {
			for (let n = 0; c.symbol(`device ${n}`) !== 0; n++) if (c.symbol(`device ${n}`) === address) return 1;
			return 0;
		},
	},
	{
		name: '__holds_more_than',
		visible: false,
		run: (c, [lock = 0]) => (c.task.held.some((h) => h.resource !== lock) ? 1 : 0),
	},
	{
		name: '__no_page_frames',
		visible: false,
		run(c) {
			c.fatal('bounded', 'the model has no page frames left');
			return 0;
		},
	},
	{
		name: '__page_is_free',
		visible: false,
		run(c, [pfn = 0]) {
			c.fatal('use-after-free', `page frame ${pfn} is used, or given back, by somebody who has no reference to it`);
			return 0;
		},
	},
];
