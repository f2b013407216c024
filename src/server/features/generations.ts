/** The generations of the notifier API as drivers use them: the parts of a sketch that is right, to begin from. */

export interface Generation {
	/** As in its include: `mn/list`. */
	readonly library: string;
	readonly title: string;
	/** The table of operations, by its tag. */
	readonly ops: string;
	readonly state: string;
	/** The names of it that callbacks use; the types of those for which a lock of the sketch's does as well. */
	readonly shared: Readonly<Record<string, string>>;
	/** Bodies of callbacks, by operation. */
	readonly callbacks: Readonly<Record<string, string>>;
	/** The operations that a driver begins with. */
	readonly first: readonly string[];
	readonly object: string;
	readonly fault: string;
	readonly setup: string;
	/** Its callback has a branch for who must not sleep. */
	readonly refuses?: true;
}

const LOCK = 'static DEFINE_MUTEX(fault_lock);';
const MUTEX = { fault_lock: 'struct mutex' };
const LOCKED_UNMAP = 'mutex_lock(&fault_lock);\n\tdev_unmap(range->start, range->end);\n\tmutex_unlock(&fault_lock);';
const NOTIFIER = 'static struct mmu_notifier mn = { .ops = &ops };';
const REGISTER = 'mmu_notifier_register(&mn, mm);';

export const GENERATIONS: readonly Generation[] = [
	{
		library: 'mn/interval',
		title: 'interval notifier (Linux 5.5 and later)',
		ops: 'mmu_interval_notifier_ops',
		state: `${LOCK}\nstatic struct mmu_interval_notifier interval_sub;`,
		shared: MUTEX,
		callbacks: {
			invalidate: `if (mmu_notifier_range_blockable(range))
		mutex_lock(&fault_lock);
	else if (!mutex_trylock(&fault_lock))
		return false;
	mmu_interval_set_seq(interval_sub, cur_seq);
	dev_unmap(range->start, range->end);
	mutex_unlock(&fault_lock);
	return true;`,
		},
		first: ['invalidate'],
		object: '',
		fault: `static int device_fault(unsigned long addr)
{
	unsigned long seq;
	pte_t pte;

again:
	seq = mmu_interval_read_begin(&interval_sub);
	pte = cpu_pte(addr);
	mutex_lock(&fault_lock);
	if (mmu_interval_read_retry(&interval_sub, seq)) {
		mutex_unlock(&fault_lock);
		goto again;
	}
	if (pte_present(pte))
		dev_map_page(addr, pte_page(pte), 0);
	mutex_unlock(&fault_lock);
	return 0;
}`,
		setup: 'mmu_interval_notifier_insert(&interval_sub, mm, 0, 2, &ops);',
		refuses: true,
	},
	{
		library: 'mn/list',
		title: 'list notifier with a count and a sequence (as KVM)',
		ops: 'mmu_notifier_ops',
		state: 'static DEFINE_SPINLOCK(mmu_lock);\nstatic unsigned long invalidate_seq;\nstatic int in_progress;',
		shared: { mmu_lock: 'spinlock_t', invalidate_seq: '', in_progress: '' },
		callbacks: {
			invalidate_range_start: `spin_lock(&mmu_lock);
	in_progress++;
	dev_unmap(range->start, range->end);
	spin_unlock(&mmu_lock);
	return 0;`,
			invalidate_range_end: `spin_lock(&mmu_lock);
	invalidate_seq++;
	in_progress--;
	spin_unlock(&mmu_lock);`,
		},
		first: ['invalidate_range_start', 'invalidate_range_end'],
		object: NOTIFIER,
		fault: `static int device_fault(unsigned long addr)
{
	unsigned long seq;
	pte_t pte;

again:
	seq = READ_ONCE(invalidate_seq);
	pte = cpu_pte(addr);
	if (!pte_present(pte))
		return -EFAULT;
	spin_lock(&mmu_lock);
	if (in_progress || invalidate_seq != seq) {
		spin_unlock(&mmu_lock);
		goto again;
	}
	dev_map_page(addr, pte_page(pte), 0);
	spin_unlock(&mmu_lock);
	return 0;
}`,
		setup: REGISTER,
	},
	{
		library: 'mn/active-ranges',
		title: 'active ranges (2015 series)',
		ops: 'mmu_notifier_ops',
		state: LOCK,
		shared: MUTEX,
		callbacks: { invalidate_range_start: LOCKED_UNMAP },
		first: ['invalidate_range_start'],
		object: NOTIFIER,
		fault: `static int device_fault(unsigned long addr)
{
again:
	mmu_notifier_range_wait_active(mm, addr, addr + 1);
	mutex_lock(&fault_lock);
	if (!mmu_notifier_range_inactive(mm, addr, addr + 1)) {
		mutex_unlock(&fault_lock);
		goto again;
	}
	dev_map(addr, addr + 1);
	mutex_unlock(&fault_lock);
	return 0;
}`,
		setup: REGISTER,
	},
	{
		library: 'mn/range-lock',
		title: 'range lock (proposed in the review of 2015)',
		ops: 'mmu_notifier_ops',
		state: '',
		shared: {},
		callbacks: { invalidate_range_start: 'dev_unmap(range->start, range->end);' },
		first: ['invalidate_range_start'],
		object: NOTIFIER,
		fault: `static int device_fault(unsigned long addr)
{
	mmu_notifier_range_lock(mm, addr, addr + 1);
	dev_map(addr, addr + 1);
	mmu_notifier_range_unlock(mm, addr, addr + 1);
	return 0;
}`,
		setup: REGISTER,
	},
];

/** The generation that a program includes; undefined where it includes none of these. */
export function generationOf(uris: Iterable<string>): Generation | undefined {
	const included = new Set([...uris].map((uri) => /^mmn-kernel:\/*(.*?)\.mmn$/.exec(uri)?.[1] ?? ''));
	return GENERATIONS.find(({ library }) => included.has(library));
}
