/** What readers try before they find it: each leaves its lesson open, for the reason given. */
import type { COURSE } from '../../src/lessons/lesson.js';

export interface Attempt {
	readonly name: string;
	/** From the sketch that the lesson begins with: replace the first of each, in order. */
	readonly edits: readonly (readonly [from: string, to: string])[];
	/** Among the conditions that are not met, with their reasons. */
	readonly why: RegExp;
}

const CALLBACK = `range)
{
`;
const CHECK = `	mutex_lock(&fault_lock);
	if (!mmu_notifier_range_inactive(mm, start, end))
		goto again;
`;
const ALLOCATION = 'commands = kzalloc(sizeof(*commands), GFP_KERNEL);';

export const ATTEMPTS: Readonly<Record<(typeof COURSE)[number], readonly Attempt[]>> = {
	'01-an-invalidation': [
		{
			name: 'the page table is cleared, the TLB is not',
			edits: [[CALLBACK, 'range)\n{\n\tdev_clear(range->start, range->end);\n']],
			why: /munmap_alone: stale-tlb/,
		},
		{
			name: 'one page too few',
			edits: [[CALLBACK, 'range)\n{\n\tdev_unmap(range->start, range->end - 1);\n']],
			why: /munmap_alone: stale-mapping/,
		},
		{
			name: 'everything is taken away',
			edits: [[CALLBACK, 'range)\n{\n\tdev_unmap(0, NR_PAGES);\n']],
			why: /only_the_range, a scenario of the judge's own: assertion/,
		},
		{
			name: 'in the end callback',
			edits: [
				[CALLBACK, 'range)\n{\n\tdev_unmap(range->start, range->end);\n'],
				['static int', 'static void'],
				['\treturn 0;\n', ''],
				['.invalidate_range_start = ', '.invalidate_range_end = '],
			],
			why: /munmap_alone: stale-mapping/,
		},
		{
			name: 'nothing is mapped in the first place',
			edits: [[' dev_map(0, 4);', '']],
			why: /`munmap_alone` is the lesson's/,
		},
	],
	'02-the-documented-sequence': [
		{
			name: 'ranges that do not overlap',
			edits: [['/* thread B { … } */', 'thread B { munmap(2, 4); }']],
			why: /every interleaving is fine/,
		},
		{
			name: 'a second fault',
			edits: [['/* thread B { … } */', 'thread B { device_fault(0, 2); }']],
			why: /no deadlock|every interleaving is fine/,
		},
		{
			name: 'a deadlock of its own',
			edits: [
				['/* thread B { … } */', 'thread B { munmap(1, 3); }'],
				['\tdev_unmap(range', '\tmutex_lock(&fault_lock);\n\tdev_unmap(range'],
			],
			why: /invalidate_range_start was changed/,
		},
	],
	'03-drop-the-lock': [
		{
			name: 'the check before the lock',
			edits: [
				[CHECK, '\tif (!mmu_notifier_range_inactive(mm, start, end))\n\t\tgoto again;\n\tmutex_lock(&fault_lock);\n'],
			],
			why: /stale-mapping/,
		},
		{
			name: 'the error is returned with the lock held',
			edits: [['\t\tgoto again;', '\t\treturn -EAGAIN;']],
			why: /deadlock/,
		},
		{ name: 'no check at all', edits: [[CHECK, '\tmutex_lock(&fault_lock);\n']], why: /stale-mapping/ },
		{
			name: 'no lock in the callback',
			edits: [
				[
					'\tmutex_lock(&fault_lock);\n\tdev_unmap(range->start, range->end);\n\tmutex_unlock(&fault_lock);',
					'\tdev_unmap(range->start, range->end);',
				],
			],
			why: /invalidate_range_start was changed/,
		},
		{
			name: 'nothing is mapped any more',
			edits: [['\tdev_map(start, end);\n', '']],
			why: /fault_maps, a scenario of the judge's own: assertion/,
		},
	],
	'04-starvation': [
		{
			name: 'a polite loop',
			edits: [['\t\tgoto again;', '\t\tcpu_relax();\n\t\tgoto again;']],
			why: /fault_against_endless_munmap: (starvation|livelock)/,
		},
		{
			name: 'a bound around the wait',
			edits: [
				['again:\n', '\tint tries = 0;\n\nagain:\n'],
				['\t\tgoto again;', '\t\tif (++tries == 3)\n\t\t\treturn -EAGAIN;\n\t\tgoto again;'],
			],
			why: /fault_against_endless_munmap: starvation/,
		},
		{
			name: 'the lock is kept, so that nobody comes in between',
			edits: [['\t\tmutex_unlock(&fault_lock);\n\t\tgoto again;', '\t\tgoto again;']],
			why: /deadlock/,
		},
		{
			name: 'it gives up at once, and maps nothing',
			edits: [['\tmmu_notifier_range_wait_active(mm, start, end);\n', '\tif (start < end)\n\t\treturn -EAGAIN;\n']],
			why: /fault_maps, a scenario of the judge's own: assertion/,
		},
	],
	'05-the-count': [
		{
			name: 'fewer ranges than before',
			edits: [['READ_ONCE(mmn->nranges) != nranges', 'READ_ONCE(mmn->nranges) < nranges']],
			why: /unrelated_munmaps: (starvation|deadlock|livelock|lost-wakeup)/,
		},
		{
			name: 'no range at all',
			edits: [['READ_ONCE(mmn->nranges) != nranges', '!READ_ONCE(mmn->nranges)']],
			why: /unrelated_munmaps: starvation/,
		},
		{
			name: 'spinning',
			edits: [['wait_event(mmn->wait_queue, READ_ONCE(mmn->nranges) != nranges);', 'cpu_relax();']],
			why: /does not call wait_event/,
		},
	],
	'06-range-lock': [
		{
			name: 'only the order of read_fault',
			edits: [
				[
					'\tmmu_notifier_range_lock(mm, start, end);\n\tmmap_read_lock(mm);		/* for the area and its permissions */\n',
					'\tmmap_read_lock(mm);\n\tmmu_notifier_range_lock(mm, start, end);\n',
				],
			],
			why: /write_fault_breaks_cow: self-deadlock[\s\S]*two_copies: deadlock/,
		},
		{
			name: 'the page is faulted in first, and never looked at again',
			edits: [
				[
					'\tmmu_notifier_range_lock(mm, addr, addr + 1);\n\tret = handle_mm_fault(mm, addr, FAULT_FLAG_WRITE);\n',
					'\tret = handle_mm_fault(mm, addr, FAULT_FLAG_WRITE);\n\tmmu_notifier_range_lock(mm, addr, addr + 1);\n',
				],
				['dev_map(addr, addr + 1);', 'dev_map_page(addr, pte_page(cpu_pte(addr)), 0);'],
			],
			why: /two_copies: deadlock/,
		},
		{
			name: 'the ranges one after the other, each unlocked before the next',
			edits: [
				['\tmmu_notifier_range_lock(mm, dst, dst + 1);\n\tdev_map(src, src + 1);', '\tdev_map(src, src + 1);'],
				[
					'\tdev_map(dst, dst + 1);\n\tmmu_notifier_range_unlock(mm, dst, dst + 1);\n',
					'\tmmu_notifier_range_unlock(mm, src, src + 1);\n\tmmu_notifier_range_lock(mm, dst, dst + 1);\n\tdev_map(dst, dst + 1);\n',
				],
				[
					'\tmmu_notifier_range_unlock(mm, src, src + 1);\n\treturn 0;',
					'\tmmu_notifier_range_unlock(mm, dst, dst + 1);\n\treturn 0;',
				],
			],
			why: /write_fault_breaks_cow: self-deadlock[\s\S]*fault_races_mmap_fixed: deadlock/,
		},
	],
	'07-sequence-and-retry': [
		{
			name: 'only the count',
			edits: [['return vm->invalidate_seq != seq;', 'return vm->invalidate_in_progress != 0;']],
			why: /fault_races_munmap: stale-mapping/,
		},
		{
			name: 'both, but before the lock',
			edits: [
				['return vm->invalidate_seq != seq;', 'return vm->invalidate_in_progress || vm->invalidate_seq != seq;'],
				[
					'\tspin_lock(&vm->mmu_lock);\n\tif (mmu_invalidate_retry(vm, seq)) {\n\t\tspin_unlock(&vm->mmu_lock);\n\t\tgoto retry;\n\t}\n',
					'\tif (mmu_invalidate_retry(vm, seq))\n\t\tgoto retry;\n\tspin_lock(&vm->mmu_lock);\n',
				],
			],
			why: /stale-mapping/,
		},
		{
			name: 'the sequence moves on at the start as well',
			edits: [['vm->invalidate_in_progress++;', 'vm->invalidate_in_progress++;\n\tvm->invalidate_seq++;']],
			why: /invalidate_range_start was changed/,
		},
	],
	'08-interval-notifiers': [
		{
			name: 'only the sequence is set',
			edits: [['\tdev_unmap(range', '\tmmu_interval_set_seq(sub, cur_seq);\n\tdev_unmap(range']],
			why: /fault_races_munmap: stale-mapping/,
		},
		{
			name: 'the sequence is set without the lock',
			edits: [
				[
					'\tif (mmu_notifier_range_blockable(range))',
					'\tmmu_interval_set_seq(sub, cur_seq);\n\tif (mmu_notifier_range_blockable(range))',
				],
			],
			why: /fault_races_munmap: (stale-mapping|contract|data-race)/,
		},
		{
			name: 'a retry with the old sequence',
			edits: [
				['\tdev_unmap(range', '\tmmu_interval_set_seq(sub, cur_seq);\n\tdev_unmap(range'],
				['again:\n\tseq = mmu_interval_read_begin(&sub);', '\tseq = mmu_interval_read_begin(&sub);\nagain:'],
				[
					'\tif (mmu_interval_read_retry(&sub, seq))\n\t\tgoto again;\n\n\tmutex_lock(&lock);\n',
					'\tmutex_lock(&lock);\n\tif (mmu_interval_read_retry(&sub, seq)) {\n\t\tmutex_unlock(&lock);\n\t\tgoto again;\n\t}\n',
				],
			],
			why: /livelock/,
		},
		{
			name: 'everything under the lock',
			edits: [
				['\tdev_unmap(range', '\tmmu_interval_set_seq(sub, cur_seq);\n\tdev_unmap(range'],
				['again:\n\tseq', 'again:\n\tmutex_lock(&lock);\n\tseq'],
				['\t\tgoto again;\n\n\tmutex_lock(&lock);\n', '\t{\n\t\tmutex_unlock(&lock);\n\t\tgoto again;\n\t}\n'],
			],
			why: /fault_races_two, a scenario of the judge's own: deadlock/,
		},
	],
	'09-your-own-allocation': [
		{ name: 'GFP_NOFS', edits: [['GFP_KERNEL', 'GFP_NOFS']], why: /fault_alone: self-deadlock/ },
		{ name: 'GFP_NOIO', edits: [['GFP_KERNEL', 'GFP_NOIO']], why: /fault_alone: self-deadlock/ },
		{
			name: 'no allocation',
			edits: [
				[ALLOCATION, 'static struct tlb_commands only;\n\n\tcommands = &only;'],
				['\tkfree(commands);\n', ''],
			],
			why: /device_fault does not call kzalloc/,
		},
	],
	'10-non-blockable': [
		{
			name: 'everybody is refused',
			edits: [['\tmutex_lock(&lock);\n\tdev_unmap', '\tif (!mutex_trylock(&lock))\n\t\treturn -EAGAIN;\n\tdev_unmap']],
			why: /munmap_meets_a_holder, a scenario of the judge's own: contract/,
		},
		{
			name: 'the reaper is always refused',
			edits: [
				[
					'\tmutex_lock(&lock);\n\tdev_unmap',
					'\tif (!mmu_notifier_range_blockable(range))\n\t\treturn -EAGAIN;\n\tmutex_lock(&lock);\n\tdev_unmap',
				],
			],
			why: /reaper_is_served, a scenario of the judge's own: assertion/,
		},
		{
			name: 'the reaper is told that all is done',
			edits: [
				[
					'\tmutex_lock(&lock);\n\tdev_unmap',
					'\tif (!mmu_notifier_range_blockable(range))\n\t\treturn 0;\n\tmutex_lock(&lock);\n\tdev_unmap',
				],
			],
			why: /reaper_alone: stale-mapping/,
		},
		{
			name: 'spinning instead of sleeping',
			edits: [['\tmutex_lock(&lock);\n\tdev_unmap', '\twhile (!mutex_trylock(&lock))\n\t\tcpu_relax();\n\tdev_unmap']],
			why: /the_holder_waits_for_memory, a scenario of the judge's own: (livelock|deadlock)/,
		},
	],
	'11-the-end-of-an-mm': [
		{
			name: 'only the flag',
			edits: [
				['\tdev_unmap(0, NR_PAGES);', '\tctx->dying = true;\n\tdev_unmap(0, NR_PAGES);'],
				['\tdev_map(addr, addr + 1);', '\tif (!ctx->dying)\n\t\tdev_map(addr, addr + 1);'],
			],
			why: /close_races_munmap: use-after-free/,
		},
		{
			name: 'nobody frees',
			edits: [
				['\tkfree(ctx);\n\tfreed = true;\n', ''],
				['\tdev_unmap(0, NR_PAGES);', '\tctx->dying = true;\n\tdev_unmap(0, NR_PAGES);'],
				['\tdev_map(addr, addr + 1);', '\tif (!ctx->dying)\n\t\tdev_map(addr, addr + 1);'],
			],
			why: /context_is_freed, a scenario of the judge's own: assertion/,
		},
		{
			name: 'the flag is read without the lock',
			edits: [
				['\tkfree(ctx);\n\tfreed = true;\n', ''],
				[
					'free_notifier(struct mmu_notifier *mn)\n{\n',
					'free_notifier(struct mmu_notifier *mn)\n{\n\tkfree(container_of(mn, struct context, mn));\n\tfreed = true;\n',
				],
				['\tdev_unmap(0, NR_PAGES);', '\tctx->dying = true;\n\tdev_unmap(0, NR_PAGES);'],
				[
					'\tmutex_lock(&ctx->lock);\n\tdev_map(addr',
					'\tif (ctx->dying)\n\t\treturn -EFAULT;\n\tmutex_lock(&ctx->lock);\n\tdev_map(addr',
				],
			],
			why: /fault_races_exit: (stale-mapping|data-race)/,
		},
	],
	'12-tlb-order': [
		{
			name: 'flush, then clear',
			edits: [['\tdev_clear(range', '\tdev_flush(range->start, range->end);\n\tdev_clear(range']],
			why: /munmap_frees: stale-tlb/,
		},
		{
			name: 'the other way round, half and half',
			edits: [
				['\tdev_clear(range', '\tdev_FLUSH(range'],
				['\tdev_flush(range', '\tdev_clear(range'],
				['dev_FLUSH', 'dev_flush'],
			],
			why: /munmap_frees: stale-/,
		},
		{
			name: 'dev_unmap',
			edits: [['\tdev_clear(range', '\tdev_unmap(range']],
			why: /invalidate_range_start calls dev_unmap/,
		},
	],
	'13-fences': [
		{ name: 'GFP_NOFS', edits: [['GFP_KERNEL', 'GFP_NOFS']], why: /job_alone: (deadlock|self-deadlock)/ },
		{
			name: 'the callback does not wait',
			edits: [['\tif (fence)\n\t\tdma_fence_wait(fence, false);\n', '']],
			why: /invalidate_range_start was changed/,
		},
		{ name: 'the fence is a secret', edits: [['\tpublish();\n', '']], why: /job_thread does not call publish/ },
	],
	'14-find-it-alone': [
		{
			name: 'a hunt that finds nothing',
			edits: [
				[
					'scenario munmap_alone',
					'scenario hunt {\n\tpages 4;\n\tsetup { driver_init(); }\n\tthread U { munmap(0, 4); }\n\tthread W { add_region(&second); }\n}\n\nscenario munmap_alone',
				],
			],
			why: /but no lock-leak|every interleaving is fine/,
		},
		{
			name: 'mended without a hunt',
			edits: [
				[
					'\tif (ret)\n\t\treturn ret;\n\tup_read(&regions_sem);\n\treturn 0;',
					'\tup_read(&regions_sem);\n\treturn ret;',
				],
			],
			why: /there is no scenario hunt/,
		},
		{
			name: 'found, and mended by never refusing',
			edits: [
				['\t\tif (!blockable)\n\t\t\treturn -EAGAIN;\n', '\t\tif (!blockable)\n\t\t\tcontinue;\n'],
				[
					'scenario munmap_alone',
					'scenario hunt {\n\tpages 4;\n\tsetup { driver_init(); }\n\tthread O { oom_reap(0, 4); }\n}\n\nscenario munmap_alone',
				],
			],
			why: /hunt: stale-mapping/,
		},
	],
};

/** Other ways that are right as well: each reaches the goal. */
export const OTHER_WAYS: Readonly<Partial<Record<(typeof COURSE)[number], readonly Omit<Attempt, 'why'>[]>>> = {
	'01-an-invalidation': [
		{
			name: 'clear, then flush',
			edits: [
				[CALLBACK, 'range)\n{\n\tdev_clear(range->start, range->end);\n\tdev_flush(range->start, range->end);\n'],
			],
		},
	],
	'02-the-documented-sequence': [
		{ name: 'reclaim', edits: [['/* thread B { … } */', 'thread R { reclaim(0, 1); }']] },
		{ name: 'a write after fork', edits: [['/* thread B { … } */', 'thread B { fork(0, 1); }']] },
	],
	'03-drop-the-lock': [
		{
			name: '-EAGAIN to the caller',
			edits: [
				[CHECK, CHECK.replace('\t\tgoto again;', '\t{\n\t\tmutex_unlock(&fault_lock);\n\t\treturn -EAGAIN;\n\t}')],
			],
		},
	],
	'05-the-count': [
		{
			name: 'the loop kept, the condition mended',
			edits: [['READ_ONCE(mmn->nranges) != nranges', 'mmu_notifier_range_inactive(mm, start, end)']],
		},
	],
	'09-your-own-allocation': [
		{ name: 'GFP_NOWAIT', edits: [['GFP_KERNEL', 'GFP_NOWAIT']] },
		{ name: 'GFP_ATOMIC', edits: [['GFP_KERNEL', 'GFP_ATOMIC']] },
	],
	'13-fences': [{ name: 'GFP_NOWAIT', edits: [['GFP_KERNEL', 'GFP_NOWAIT']] }],
};
