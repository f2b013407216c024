/**
 * Objects of the kernel that memory of zeros is not enough for: lockdep has no class for such a lock, the lists of such a queue lead to
 * NULL. The cells of `fields` are left unset by kzalloc(), so that who uses one that nobody has initialised is told.
 */
export interface Initialiser {
	readonly fields: readonly string[];
	/** What has to be called. */
	readonly by: string;
	/** Where the kernel notices. */
	readonly source: string;
}

const lock = (by: string, ...fields: string[]): Initialiser => ({ fields, by, source: 'register_lock_class()' });

/** By the name of the struct. Those without fields of their own have a part that is in the table, too. */
export const INITIALISERS: ReadonlyMap<string, Initialiser> = new Map(
	Object.entries({
		mutex: lock('mutex_init', 'locked'),
		spinlock: lock('spin_lock_init', 'locked'),
		raw_spinlock: lock('raw_spin_lock_init', 'locked'),
		rw_semaphore: lock('init_rwsem', 'readers'),
		percpu_rw_semaphore: lock('percpu_init_rwsem'),
		rwlock: lock('rwlock_init', 'readers'),
		seqcount: lock('seqcount_init', 'sequence'),
		seqlock: lock('seqlock_init'),
		ww_mutex: lock('ww_mutex_init'),
		dma_resv: lock('dma_resv_init'),
		xarray: lock('xa_init'),
		idr: lock('idr_init'),
		semaphore: { fields: ['count'], by: 'sema_init', source: 'kernel/locking/semaphore.c, __up()' },
		srcu_struct: { fields: ['idx', 'gp', 'callbacks'], by: 'init_srcu_struct', source: 'kernel/rcu/srcutree.c' },
		wait_queue_head: {
			fields: ['waiters', 'staying', 'exclusive'],
			by: 'init_waitqueue_head',
			source: '__wake_up_common()',
		},
		completion: { fields: ['done'], by: 'init_completion', source: 'swake_up_locked()' },
		work_struct: { fields: ['pending'], by: 'INIT_WORK', source: '__flush_work(), 4d43d395fed1' },
		delayed_work: { fields: [], by: 'INIT_DELAYED_WORK', source: '__flush_work(), 4d43d395fed1' },
		timer_list: { fields: ['pending'], by: 'timer_setup', source: 'debug_assert_init()' },
		hrtimer: { fields: ['queued'], by: 'hrtimer_setup', source: 'lock_hrtimer_base()' },
		tasklet_struct: { fields: ['scheduled'], by: 'tasklet_setup', source: 'tasklet_action_common()' },
		percpu_ref: { fields: ['data'], by: 'percpu_ref_init', source: 'lib/percpu-refcount.c' },
		dma_fence: { fields: ['signaled'], by: 'dma_fence_init', source: 'dma_fence_signal_locked()' },
	}),
);
