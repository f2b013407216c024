/** The rules of the kernel's calls in one sentence each, with where they come from, for people who meet the call in an editor. */

export interface KernelRule {
	readonly rule: string;
	/** Commit, file or mail; `from memory` where it was not read again. */
	readonly source: string;
}

const INTERVAL =
	'mm/mmu_notifier.c, since v5.5, commit 99cb252f5e68 ("mm/mmu_notifier: add an interval tree notifier")';

const RULES: readonly (readonly [names: RegExp, rule: string, source: string])[] = [
	[
		/^mutex_(lock|trylock|unlock)/,
		'Not recursive; only its owner unlocks it. A trylock never waits, and is allowed in a non-blockable callback, but not in an interrupt.',
		'kernel/locking/mutex.c',
	],
	[
		/^(raw_)?spin_(lock|trylock|unlock)/,
		'The holder is in atomic context: nothing may sleep until it is unlocked. Taken from an interrupt, too: `_irqsave` everywhere else.',
		'Documentation/locking/locktypes.rst',
	],
	[
		/^(__raw_)?(read|write)[bwlq](_relaxed)?$|^io(read|write)\d+(be)?$|^mem(cpy_(from|to)|set_)io$/,
		'What is read is any value that the sketch tells apart, each time anew; what is written is not kept. The mapping has to be there: free_irq() and cancel_work_sync() come before iounmap().',
		'include/asm-generic/io.h',
	],
	[
		/^(pcim?_|devm_(platform_)?)?io(re|un)?map(_resource|_region|_regions|_wc|_np)?$|^pci_ioremap_bar$/,
		'It may fail: ioremap() and pci_iomap() with NULL, devm_ioremap_resource() and its like with an error pointer. Whatever uses the registers has to be gone before they are unmapped.',
		'arch/x86/mm/ioremap.c, lib/devres.c',
	],
	[
		/^(read|write)_(lock|trylock|unlock)/,
		'The holder is in atomic context. In a task, a reader queues behind a writer that waits; only in an interrupt it does not.',
		'kernel/locking/qrwlock.c',
	],
	[
		/^(down_(read|write)|up_(read|write)|downgrade_write|percpu_(down|up)_)/,
		'A writer that waits stops new readers, trylock included: taking it twice for read deadlocks as soon as a writer comes between.',
		'kernel/locking/rwsem.c',
	],
	[
		/^mmap_(read|write)_/,
		'An rwsem, outermost in the order of the mm. Invalidators may hold it for write, for read, or not at all (reclaim, migration): holding it does not keep them out.',
		'include/linux/mmap_lock.h',
	],
	[
		/^(read_seqbegin|read_seqretry|write_seqlock|read_seqcount|write_seqcount|raw_.*seqcount)/,
		'Writers are serialised and do not sleep; a reader goes round until it has seen no writer, and must not follow pointers that a writer frees.',
		'include/linux/seqlock.h',
	],
	[
		/^(wait_event|io_wait_event|rcuwait_wait_event|wait_var_event)/,
		'Puts the task on the queue and sets its state, then tests, then sleeps. The condition must not sleep.',
		'include/linux/wait.h',
	],
	[
		/^(wake_up|rcuwait_wake_up)/,
		'Change the condition first, then wake. Any context.',
		'kernel/sched/wait.c, try_to_wake_up()',
	],
	[
		/^(wait_for_completion|complete|reinit_completion|try_wait_for_completion)/,
		'complete() counts and wakes one; complete_all() latches. Reinitialising while somebody waits loses the signal.',
		'kernel/sched/completion.c',
	],
	[
		/^(queue_work|schedule_work|queue_delayed_work|mod_delayed_work)/,
		'Any context. No new instance while one is pending; it may run at once on another CPU.',
		'kernel/workqueue.c',
	],
	[
		/^(flush_|drain_workqueue|cancel_(delayed_)?work_sync)/,
		'Waits for a running instance: never hold what the work item takes, and never call it in a callback.',
		'kernel/workqueue.c, check_flush_dependency()',
	],
	[
		/^(rcu_read_lock|rcu_read_unlock|call_rcu|kfree_rcu|synchronize_rcu|rcu_dereference|rcu_assign)/,
		'A reader must not block. synchronize_rcu() waits for the readers of before, and must not be called inside one.',
		'Documentation/RCU/whatisRCU.rst',
	],
	[
		/srcu/,
		'Readers may sleep. synchronize_srcu() under a lock that a reader takes is a deadlock.',
		'include/linux/srcu.h; one domain for all mms since v3.7, commit 21a92735f660 ("mm: mmu_notifier: have mmu_notifiers use a global SRCU so they may safely schedule")',
	],
	[
		/^k[vmzc]?[a-z]*alloc|^kmemdup/,
		'With direct reclaim it may unmap pages in this very thread, with its locks held, and so call callbacks again, whatever GFP_NOFS and GFP_NOIO say. It may fail.',
		'mm/page_alloc.c; lockdep tells since v5.11, commit f920e413ff9c ("mm: track mmu notifiers in fs_reclaim_acquire/release")',
	],
	[/^kv?free$/, 'Any context. No pointer to it may be used after.', 'mm/slub.c'],
	[
		/^mmget_not_zero$|^mmget$|^mmgrab$|^mmdrop$/,
		'mm_count keeps the struct, mm_users keeps the address space.',
		'include/linux/sched/mm.h',
	],
	[
		/^mmput$/,
		'The last one tears the address space down here: it sleeps and calls release callbacks. From a callback or in atomic context use mmput_async().',
		'kernel/fork.c',
	],
	[
		/^(get|pin)_user_pages|^unpin_user_page|^copy_(from|to)_user$|^_*(get|put)_user$/,
		'May fault, take mmap_lock and invalidate: never under the lock that a callback takes. A pin blocks migration, but does not keep a mapping coherent.',
		'Documentation/core-api/pin_user_pages.rst',
	],
	[
		/^hmm_range_fault/,
		'Between mmu_interval_read_begin() and the check under the driver lock; -EBUSY means: begin anew. Gives no reference to the pages.',
		'Documentation/mm/hmm.rst',
	],
	[
		/^migrate_vma_/,
		'Invalidates the range with the pgmap owner, so that a driver can skip its own migration.',
		'mm/migrate_device.c',
	],
	[
		/^mmu_interval_read_begin$/,
		'Sleeps while an invalidation of the range is active; a new snapshot for each round, and never under the driver lock.',
		INTERVAL,
	],
	[
		/^mmu_interval_(check_retry|read_retry)$/,
		'read_retry() decides only under the lock that the callback takes; check_retry() is a shortcut and proves nothing.',
		INTERVAL,
	],
	[
		/^mmu_interval_set_seq$/,
		'In every callback, under the lock that guards the mapping, before the unmapping, whatever the event.',
		'include/linux/mmu_notifier.h',
	],
	[
		/^_*mmu_interval_notifier_remove$/,
		'Waits for the invalidations that are active: never in a callback, nor under the lock that a callback takes.',
		INTERVAL,
	],
	[
		/^_*mmu_interval_notifier_insert/,
		'The first subscription of an mm takes mmap_lock for write; the callback may come before this returns.',
		INTERVAL,
	],
	[
		/^_*mmu_notifier_unregister$|^mmu_notifier_put$/,
		'unregister() waits for running callbacks: never in a callback. put() does not, and frees after a grace period.',
		'mm/mmu_notifier.c, since v5.4, commit 2c7933f53f6b ("mm/mmu_notifiers: add a get/put scheme for the registration")',
	],
	[
		/^_*mmu_notifier_(register|get)/,
		'Takes mmap_lock for write (the _locked form wants it held); callbacks may come before it returns.',
		'mm/mmu_notifier.c',
	],
	[
		/^mmu_notifier_range_(wait_valid|wait_active)$/,
		'Where an active range overlaps it sleeps until the number of active ranges is another one, and looks again. Never with the lock that a start callback takes: the range ends only after the callback has returned.',
		'"[PATCH 02/15] mmu_notifier: keep track of active invalidation ranges v4", 2015, and its review of 31 Aug 2015',
	],
	[
		/^mmu_notifier_range_(is_valid|inactive)/,
		'Decides only under the lock that the start callback takes, and before the mapping is made.',
		'"[PATCH 02/15] mmu_notifier: keep track of active invalidation ranges v4", 2015',
	],
	[
		/^mmu_notifier_range_(lock|unlock)$/,
		'The core takes the same range lock around every invalidation: what invalidates must not be called while it is held.',
		'review of 31 Aug 2015',
	],
	[
		/^mmu_notifier_range_blockable$/,
		'False: the caller must not sleep (OOM reaper). Use trylock, or refuse with -EAGAIN.',
		'since v4.19, commit 93065ac753e4 ("mm, oom: distinguish blockable mode for mmu notifiers")',
	],
	[
		/^dma_fence_(signal|begin_signalling|end_signalling)/,
		'What a fence waits for must not wait for memory, reservations or mmap_lock.',
		'Documentation/driver-api/dma-buf.rst',
	],
	[
		/^dma_fence_wait|^dma_resv_wait/,
		'Allowed in callbacks and shrinkers: so the signalling path may allocate with GFP_ATOMIC only.',
		'Documentation/driver-api/dma-buf.rst',
	],
	[
		/^(ww_mutex|dma_resv)_/,
		'Under an acquire context -EDEADLK means: drop all, take the contended one slowly, try again. Without one it is a plain mutex.',
		'include/linux/ww_mutex.h, dma-resv.c',
	],
	[
		/^(down|down_interruptible|down_killable|down_timeout|down_trylock|up|sema_init)$/,
		'Counts, and belongs to nobody: anybody may up(), from any context. down_trylock() returns 0 when it has it.',
		'kernel/locking/semaphore.c',
	],
	[
		/^hrtimer_(setup|init|start|cancel|try_to_cancel)/,
		'The function runs in hard interrupt context; with _SOFT, or on PREEMPT_RT without _HARD, in softirq context. hrtimer_cancel() waits for it: hold nothing that it takes.',
		'kernel/time/hrtimer.c',
	],
	[
		/^(timer_setup|mod_timer|add_timer|timer_delete|timer_delete_sync|timer_shutdown_sync|del_timer|del_timer_sync)$/,
		'The function runs in softirq context. The _sync forms wait for it: hold nothing that it takes. One that arms itself again is stopped by timer_shutdown_sync().',
		'kernel/time/timer.c',
	],
	[
		/^tasklet_/,
		'The function runs in softirq context, never beside itself. tasklet_kill() and tasklet_disable() wait for it: hold nothing that it takes, and let nobody schedule it any more.',
		'kernel/softirq.c',
	],
	[
		/^(request_irq|request_threaded_irq)$/,
		'The handler may come before this returns: what it looks at has to be ready. It must not sleep; its thread may.',
		'kernel/irq/manage.c',
	],
	[
		/^(free_irq|disable_irq|synchronize_irq|synchronize_hardirq|disable_hardirq)$/,
		'Waits for the handler, and but for the _hardirq forms for its thread: never in them, and hold nothing that they take.',
		'kernel/irq/manage.c',
	],
	[
		/^percpu_ref_/,
		'Nobody looks for zero before percpu_ref_kill(), which gives up the reference that it began with, once. release() must not sleep.',
		'lib/percpu-refcount.c',
	],
	[
		/^kthread_(stop|park)$/,
		'Waits until the thread leaves its loop: hold nothing that the thread needs.',
		'kernel/kthread.c',
	],
	[
		/^(folio|page)_lock$|^lock_page$|^folio_trylock$/,
		'Reclaim and migration hold it when they call callbacks: never wait for it there.',
		'mm/filemap.c, mm/rmap.c',
	],
	[
		/^refcount_|^kref_/,
		'Saturates and warns; an increment from zero is a bug: look up with _not_zero.',
		'lib/refcount.c',
	],
	[
		/^_*dev_(map|map_page)$/,
		'Fills an entry of the device. It must be gone before the page is freed, and must not come back after the driver was told to drop it.',
		'the property that is checked: manual, stale-mapping',
	],
	[
		/^_*dev_(unmap|clear|flush)$/,
		'unmap drops entry and TLB; clear leaves what the TLB may hold until flush.',
		'the property that is checked: manual, stale-tlb',
	],
];

/** The rule of a kernel call; undefined where there is none to tell. */
export function kernelRule(name: string): KernelRule | undefined {
	const found = RULES.find(([names]) => names.test(name));
	return found && { rule: found[1], source: found[2] };
}
