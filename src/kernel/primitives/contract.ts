import { HeldMode, type Primitive } from '../context.js';

/** A rule of the notifier API that no lock or memory check stands for. */
export interface Rule {
	/** What is wrong; `%r` is the notifier. */
	readonly broken: string;
	/** Commit, or function whose comment or warning says so. */
	readonly source: string;
	readonly fix: string;
	/** The callback's `return` is to blame, and not the call that noticed. */
	readonly callback: boolean;
	/** It is about the sequence, and of no consequence where nobody compares that. */
	readonly sequence?: boolean;
	/** Good form: what harm comes of it is a finding of its own. */
	readonly warning?: boolean;
}

/** By the number that lib/mn/*.mmn use. */
const RULES: Readonly<Record<number, Rule>> = {
	1: {
		broken: 'the start callback of %r refuses a blockable invalidation: the kernel warns and goes on without it',
		source: 'mn_hlist_invalidate_range_start',
		fix: 'return -EAGAIN only where mmu_notifier_range_blockable() says no',
		callback: true,
	},
	2: {
		broken: 'the start callback of %r fails with something else than -EAGAIN',
		source: 'mn_hlist_invalidate_range_start, 93065ac753e4',
		fix: 'return -EAGAIN, or 0',
		callback: true,
	},
	3: {
		broken:
			'the start callback of %r fails, and the notifier has an end callback, which is called all the same: a notifier whose start can fail must not have one',
		source: 'c2655835fd8c',
		fix: 'drop the end callback, or make a start that cannot fail',
		callback: true,
	},
	4: {
		broken: '%r has both arch_invalidate_secondary_tlbs and start or end callbacks: it cannot be registered',
		source: '1af5a8109904',
		fix: 'use two notifiers',
		callback: false,
	},
	5: {
		broken: 'the callback of %r returns false for a blockable invalidation: the kernel warns and goes on without it',
		source: 'mn_itree_invalidate',
		fix: 'return false only where mmu_notifier_range_blockable() says no',
		callback: true,
	},
	6: {
		broken:
			'the callback of %r has returned true without mmu_interval_set_seq(): readers that began before cannot tell that they collided',
		source: '99cb252f5e68',
		fix: 'call it first, under the lock of mmu_interval_read_retry(), whatever the event and whether or not something is mapped',
		callback: true,
		sequence: true,
	},
	7: {
		broken:
			'%r hands out a finish record that is still in use: records of concurrent invalidations have to be different objects',
		source: '7aba71dbc416',
		fix: 'mark the record as taken, and do it in one pass when it is',
		callback: true,
	},
	8: {
		broken: '%r has both invalidate and invalidate_start, or only one of invalidate_start and invalidate_finish',
		source: '7aba71dbc416',
		fix: 'set either invalidate, or the two passes',
		callback: false,
	},
	9: {
		broken:
			'%r is removed in a callback: removal waits until callbacks and invalidations that run, this one among them, are over',
		source: 'mmu_interval_notifier_remove, mmu_notifier_unregister',
		fix: 'leave it to a work item that the callback does not wait for, or to mmu_notifier_put()',
		callback: false,
	},
	10: {
		broken: '%r is registered in a callback: registration takes mmap_lock for write, which the invalidator may have',
		source: 'mmu_notifier_register, mmu_interval_notifier_insert',
		fix: 'register where the address space is opened, or in a work item',
		callback: false,
	},
	11: {
		broken:
			'%r is taken in a fence signalling section: its holders may wait for reservations and memory, and so for fences',
		source: 'dma_resv_lockdep',
		fix: 'take it before dma_fence_begin_signalling(), or only try to',
		callback: false,
	},
	12: {
		broken: '%r is taken in a fence signalling section: whoever holds a reservation may wait for fences',
		source: 'dma_resv_lockdep',
		fix: 'lock it before dma_fence_begin_signalling()',
		callback: false,
	},
	13: {
		broken: '%r is waited for in a fence signalling section: fences that wait for each other never signal',
		source: '__dma_fence_might_wait',
		fix: 'wait before dma_fence_begin_signalling(), or in a callback of the fence',
		callback: false,
	},
	14: {
		broken:
			'an allocation in a fence signalling section may reclaim, and reclaim calls notifiers, which may wait for the fence, whatever GFP_NOFS and GFP_NOIO say',
		source: 'dma_resv_lockdep',
		fix: 'allocate before dma_fence_begin_signalling(), or with GFP_NOWAIT',
		callback: false,
	},
	15: {
		broken: '%r has no reserved slot left for this fence: BUG_ON() in the kernel',
		source: 'dma_resv_add_fence',
		fix: 'call dma_resv_reserve_fences() first, under the same lock, and look at what it returns',
		callback: false,
	},
	16: {
		broken:
			'the page table of a process that has no user left (mm_users is 0) is looked into, by who is no task of that process: exit_mmap() is tearing it down, and the driver may have had its last callback',
		source: 'Documentation/mm/hmm.rst, mmget_not_zero()',
		fix: 'call mmget_not_zero() first and give up where it fails; mmput() when done',
		callback: false,
	},
	17: {
		broken:
			'put_page() of a page that pin_user_pages() has pinned: the pin stays for ever, so that the page can be neither migrated nor reclaimed',
		source: 'Documentation/core-api/pin_user_pages.rst',
		fix: 'give it back with unpin_user_page()',
		callback: false,
	},
	18: {
		broken: 'unpin_user_page() of a page that is not pinned, only referenced: its reference count goes wrong',
		source: 'Documentation/core-api/pin_user_pages.rst',
		fix: 'give back what get_user_pages() or get_page() gave with put_page()',
		callback: false,
	},
	19: {
		broken:
			'mmu_interval_set_seq() of %r is called with no lock of the callback held: it belongs under the lock under which mmu_interval_read_retry() is called',
		source: 'kernel-doc of mmu_interval_set_seq()',
		fix: 'take the lock first, set the sequence, unmap, and only then unlock',
		callback: false,
		sequence: true,
		warning: true,
	},
	20: {
		broken:
			'%r is registered, and is registered once more: its node is linked twice, so that who walks the notifiers never comes to the end, or misses some',
		source: 'mmu_interval_notifier_insert, mmu_notifier_register',
		fix: 'register it once, or take it off first',
		callback: false,
	},
	21: {
		broken:
			'%r is removed, and is not inserted, or is being removed already: its node is erased twice, and one mmgrab() is given up twice',
		source: 'mmu_interval_notifier_remove',
		fix: 'remove it once: let one of those who close it win, under a lock or by xchg()',
		callback: false,
	},
	22: {
		broken: '%r is changed by two threads at once: an idr has no lock of its own for what changes it',
		source: 'include/linux/idr.h, idr_alloc',
		fix: 'hold one lock around idr_alloc(), idr_remove() and idr_replace()',
		callback: false,
	},
	23: {
		broken: 'a vm_area_struct is used with neither mmap_lock nor its own lock held: whoever unmaps frees it meanwhile',
		source: 'Documentation/mm/process_addrs.rst',
		fix: 'copy what is needed while mmap_lock is held, or look the area up again',
		callback: false,
	},
	24: {
		broken:
			"current->mm is taken by who is no task of the process: it is NULL in a work item and in a kernel thread, and anybody's in an interrupt",
		source: 'Documentation/mm/active_mm.rst',
		fix: 'keep the mm that is meant, with mmgrab(), and mmget_not_zero() around the use; kthread_use_mm() for what wants current->mm',
		callback: false,
	},
	25: {
		broken:
			'the timer of %r may run out while its queue is drained: it is on no queue yet, so that nobody waits for it, and the kernel warns and loses it',
		source: '__queue_work',
		fix: 'cancel_delayed_work_sync() or flush_delayed_work() first',
		callback: false,
	},
	26: {
		broken:
			'%r is unregistered, and is not registered any more, or never was: it gives up an mmgrab() that it has not got',
		source: 'mmu_notifier_unregister',
		fix: 'unregister it once for each mmu_notifier_register() that has returned 0; where several may close it, let one win, under a lock or by xchg()',
		callback: false,
	},
	27: {
		broken:
			"mmput() of a use that was not taken: it is the process's own that is given up, so that its address space is torn down while its tasks run",
		source: 'Documentation/mm/active_mm.rst, mmput()',
		fix: 'mmput() once for each mmget() or mmget_not_zero() that has said yes',
		callback: false,
	},
	28: {
		broken: 'mmdrop() of a reference that was not taken: the mm_struct is freed while the process runs',
		source: 'Documentation/mm/active_mm.rst, mmdrop()',
		fix: 'mmdrop() once for each mmgrab(); what is registered with the mm has a reference of its own',
		callback: false,
	},
	29: {
		broken:
			'what may sleep is called between set_current_state() or prepare_to_wait() and the sleep, or in the condition of wait_event(): when it does sleep the task is TASK_RUNNING again, and does not wait for what it wanted to wait for',
		source: '__might_sleep()',
		fix: 'do it before, or let the condition look at what needs no such lock',
		callback: false,
		warning: true,
	},
	30: {
		broken: '%r is tried in an interrupt: a mutex belongs to a task, and an interrupt is none',
		source: 'kernel-doc of mutex_trylock()',
		fix: 'use a spinlock with its _irqsave form elsewhere, or leave it to a work item',
		callback: false,
	},
	31: {
		broken: 'kthread_stop() of a thread that has ended already: its task_struct is gone then',
		source: 'kernel-doc of kthread_create_on_node()',
		fix: 'let the thread run until kthread_should_stop() says so, or keep it with get_task_struct() and kthread_stop_put()',
		callback: false,
	},
	32: {
		broken: 'pages are asked for with mmap_lock held, by what takes it for itself where it does not find them at once',
		source: 'gup_fast_fallback()',
		fix: 'call get_user_pages() or pin_user_pages() where mmap_lock is held, or give it up first',
		callback: false,
	},
	33: {
		broken: '%r is still queued, or runs, when its module goes: its function is gone then',
		source: 'delete_module(), free_module()',
		fix: 'cancel_work_sync(), cancel_delayed_work_sync() or destroy_workqueue() in what module_exit() names, when nobody queues it any more',
		callback: false,
	},
	34: {
		broken: '%r is still armed, or its function runs, when its module goes: the function is gone then',
		source: 'delete_module(), free_module()',
		fix: 'timer_shutdown_sync() or timer_delete_sync() in what module_exit() names, when nobody arms it any more',
		callback: false,
	},
	35: {
		broken: '%r is still started, or its function runs, when its module goes: the function is gone then',
		source: 'delete_module(), free_module()',
		fix: 'hrtimer_cancel() in what module_exit() names, when nobody starts it any more',
		callback: false,
	},
	36: {
		broken:
			'a callback of call_rcu(), call_srcu() or mmu_notifier_put() is still to run when its module goes: the function is gone then',
		source: 'Documentation/RCU/rcubarrier.rst, kernel-doc of mmu_notifier_synchronize()',
		fix: 'rcu_barrier(), srcu_barrier() or mmu_notifier_synchronize() in what module_exit() names',
		callback: false,
	},
	37: {
		broken: 'a kernel thread still runs when its module goes: its function is gone then',
		source: 'delete_module(), free_module()',
		fix: 'kthread_stop() in what module_exit() names',
		callback: false,
	},
	38: {
		broken: '%r is handed to call_rcu() or call_srcu() while its callback is still to run: it would be linked twice',
		source: 'debug_rcu_head_queue()',
		fix: 'let only who takes the last reference, or unlinks the object, free it',
		callback: false,
	},
	39: {
		broken: '%r is still scheduled, or its function runs, when its module goes: the function is gone then',
		source: 'delete_module(), free_module()',
		fix: 'tasklet_kill() in what module_exit() names, when nobody schedules it any more',
		callback: false,
	},
	40: {
		broken: 'free_irq() of a handler that is not requested, or was freed already: nothing is waited for',
		source: '__free_irq()',
		fix: 'free it once, with the number and the dev_id that request_irq() was given',
		callback: false,
	},
	41: {
		broken: 'an interrupt handler is still requested when its module goes: its function is gone then',
		source: 'delete_module(), free_module()',
		fix: 'free_irq() in what module_exit() names, or in the remove that this calls',
		callback: false,
	},
	42: {
		broken:
			'percpu_ref_kill() of %r, which has been killed already: the reference that it began with is given up a second time',
		source: 'percpu_ref_kill_and_confirm()',
		fix: 'let one of those who close it win, under a lock or by xchg()',
		callback: false,
	},
	43: {
		broken: '%r is put more often than it was got: its count has gone below what is held',
		source: 'percpu_ref_switch_to_atomic_rcu()',
		fix: 'percpu_ref_put() once for each percpu_ref_get() or percpu_ref_tryget() that has said yes; percpu_ref_kill() gives up the first',
		callback: false,
	},
	44: {
		broken: '%r is still registered when its module goes: its callbacks are gone then',
		source: 'delete_module(), free_module()',
		fix: 'mmu_notifier_unregister(), mmu_notifier_put() or mmu_interval_notifier_remove() before that: in ->release of the file, ->remove of the driver, or what module_exit() names',
		callback: false,
	},
	// 44 and what lockdep asks for: READERS in rcu.ts
	45: {
		broken:
			'rcu_dereference() without rcu_read_lock(): a spinlock, or preemption off, makes a reader, but lockdep does not take it for one',
		source: '__rcu_dereference_check(), rcu_read_lock_held()',
		fix: 'take rcu_read_lock(), or say what keeps the object: rcu_dereference_protected(p, lockdep_is_held(…)) where a lock keeps updaters out, rcu_dereference_sched() or rcu_dereference_bh() where preemption or softirqs are off',
		callback: false,
		warning: true,
	},
	46: {
		broken: 'rcu_dereference_sched() or rcu_dereference_bh() where neither preemption nor softirqs are off',
		source: 'rcu_read_lock_sched_held(), rcu_read_lock_bh_held()',
		fix: 'rcu_dereference() is for readers by rcu_read_lock()',
		callback: false,
		warning: true,
	},
	47: {
		broken: 'list_for_each_entry_rcu() by who is no RCU reader: what it stands on may be freed',
		source: '__list_check_rcu()',
		fix: 'take rcu_read_lock(), or list_for_each_entry() under the lock that keeps updaters out; a reader by srcu_read_lock() says list_for_each_entry_srcu()',
		callback: false,
		warning: true,
	},
	48: {
		broken: 'srcu_dereference() without srcu_read_lock() of %r',
		source: 'srcu_read_lock_held()',
		fix: 'take srcu_read_lock() of the same domain, or say by srcu_dereference_check() which lock keeps updaters out',
		callback: false,
		warning: true,
	},
	49: {
		broken: 'the condition of rcu_dereference_protected() does not hold: it says that updaters are kept out',
		source: '__rcu_dereference_protected()',
		fix: 'take the lock that it names, or be a reader and call rcu_dereference()',
		callback: false,
		warning: true,
	},
};

const messageOf = ({ broken, source }: Rule): string => `${broken} (${source})`;

/** What a report of this rule says. */
export const brokenRule = (rule: number): string => messageOf(RULES[rule] as Rule);

/** The rule that a report's message states. */
export const ruleOf = (message: string): Rule | undefined =>
	Object.values(RULES).find((rule) => messageOf(rule) === message);

export const contract: readonly Primitive[] = [
	{
		name: '__contract',
		visible: false,
		run(c, [rule = 0, object = 0]) {
			const broken = RULES[rule];
			c.warn('contract', broken === undefined ? 'a rule of the API is broken' : messageOf(broken), object);
			return 0;
		},
	},
	{
		name: '__not_in_callback',
		visible: false,
		run(c, [rule = 0, object = 0]) {
			const broken = RULES[rule];
			if (broken !== undefined && c.inNotifierCallback) c.warn('contract', messageOf(broken), object);
			return 0;
		},
	},
	{ name: '__in_callback', visible: false, run: (c) => (c.inNotifierCallback ? 1 : 0) },
	{
		// a lock of the caller's, such as mmap_lock, is not the driver's
		name: '__locked_in_callback',
		visible: false,
		run(c, [rule = 0, object = 0]) {
			const broken = RULES[rule];
			const own = c.task.held.some((h) => h.inCallback === true && h.mode !== HeldMode.token);
			if (broken !== undefined && c.inNotifierCallback && !own) c.warn('contract', messageOf(broken), object);
			return 0;
		},
	},
	{
		// dma_fence_begin_signalling(): what lockdep primes at boot, so that no run has to get there
		name: '__not_signalling',
		visible: false,
		run(c, [rule = 0, object = 0]) {
			const broken = RULES[rule];
			if (broken !== undefined && c.task.signalling > 0) c.warn('contract', messageOf(broken), object);
			return 0;
		},
	},
];
