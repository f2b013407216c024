/**
 * What guard(), scoped_guard() and __free() do at the end of their block (include/linux/cleanup.h and the DEFINE_GUARD,
 * DEFINE_LOCK_GUARD and DEFINE_FREE lines of each header).
 */

/** A kind of guard: what is called with its arguments, and what is called with them at the end. */
export interface GuardKind {
	readonly lock: string;
	readonly unlock: string;
	/** It takes what it locks; rcu and its like take nothing. */
	readonly takes: 0 | 1;
	/** What locking returns goes to the unlock: `last` behind its argument, `only` in its place. */
	readonly state?: 'last' | 'only';
}

const plain = (lock: string, unlock: string): GuardKind => ({ lock, unlock, takes: 1 });
const alone = (lock: string, unlock: string): GuardKind => ({ lock, unlock, takes: 0 });

const KINDS: Readonly<Record<string, GuardKind>> = {
	mutex: plain('mutex_lock', 'mutex_unlock'),
	spinlock: plain('spin_lock', 'spin_unlock'),
	spinlock_irq: plain('spin_lock_irq', 'spin_unlock_irq'),
	spinlock_bh: plain('spin_lock_bh', 'spin_unlock_bh'),
	spinlock_irqsave: { lock: '__spin_lock_irqsave', unlock: 'spin_unlock_irqrestore', takes: 1, state: 'last' },
	raw_spinlock: plain('raw_spin_lock', 'raw_spin_unlock'),
	raw_spinlock_irq: plain('raw_spin_lock_irq', 'raw_spin_unlock_irq'),
	raw_spinlock_irqsave: {
		lock: '__raw_spin_lock_irqsave',
		unlock: 'raw_spin_unlock_irqrestore',
		takes: 1,
		state: 'last',
	},
	read_lock: plain('read_lock', 'read_unlock'),
	read_lock_irq: plain('read_lock_irq', 'read_unlock_irq'),
	write_lock: plain('write_lock', 'write_unlock'),
	write_lock_irq: plain('write_lock_irq', 'write_unlock_irq'),
	rwsem_read: plain('down_read', 'up_read'),
	rwsem_write: plain('down_write', 'up_write'),
	percpu_read: plain('percpu_down_read', 'percpu_up_read'),
	percpu_write: plain('percpu_down_write', 'percpu_up_write'),
	mmap_read_lock: plain('mmap_read_lock', 'mmap_read_unlock'),
	mmap_write_lock: plain('mmap_write_lock', 'mmap_write_unlock'),
	srcu: { lock: 'srcu_read_lock', unlock: 'srcu_read_unlock', takes: 1, state: 'last' },
	rcu: alone('rcu_read_lock', 'rcu_read_unlock'),
	preempt: alone('preempt_disable', 'preempt_enable'),
	migrate: alone('migrate_disable', 'migrate_enable'),
	irq: alone('local_irq_disable', 'local_irq_enable'),
	irqsave: { lock: '__local_irq_save', unlock: 'local_irq_restore', takes: 0, state: 'only' },
	memalloc_noreclaim: {
		lock: 'memalloc_noreclaim_save',
		unlock: 'memalloc_noreclaim_restore',
		takes: 0,
		state: 'only',
	},
	memalloc_nofs: { lock: 'memalloc_nofs_save', unlock: 'memalloc_nofs_restore', takes: 0, state: 'only' },
};

/** The kind of guard of this name. */
export function guardKind(name: string): GuardKind | undefined {
	return Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
}

/** The kinds of guards there are. */
export const guardKinds: readonly string[] = Object.keys(KINDS);

/** What `__free(NAME)` may name: a function that is called with the variable, unless that is NULL or an error. */
export const freeFunctions: readonly string[] = [
	'kfree',
	'kvfree',
	'mmput',
	'mmdrop',
	'folio_put',
	'put_page',
	'dma_fence_put',
];
