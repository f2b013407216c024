/** Sketches to begin with, one for each way of using the API: `New Sketch`, and `notifier-lab new NAME --api ID`. */
import activeRanges from '../../media/templates/active-ranges.mmn';
import interval from '../../media/templates/interval.mmn';
import kvm from '../../media/templates/kvm.mmn';
import list from '../../media/templates/list.mmn';
import secondaryTlb from '../../media/templates/secondary-tlb.mmn';

export interface Template {
	readonly id: string;
	readonly label: string;
	/** What there is room for in a list to pick from: some 75 characters. */
	readonly detail: string;
	readonly text: string;
}

/** Today's first. */
export const TEMPLATES: readonly Template[] = [
	{
		id: 'interval',
		label: 'Interval notifier',
		detail: 'hmm_range_fault(), again when an invalidation came in between (amdgpu, mlx5)',
		text: interval,
	},
	{
		id: 'kvm',
		label: 'KVM style',
		detail: 'mmu_invalidate_in_progress and mmu_invalidate_seq, checked under mmu_lock',
		text: kvm,
	},
	{
		id: 'list',
		label: 'List notifier',
		detail: 'struct mmu_notifier with start and end; a fault waits for no active range',
		text: list,
	},
	{
		id: 'secondary-tlb',
		label: 'Secondary TLB',
		detail: "arch_invalidate_secondary_tlbs(): the device walks the CPU's page table (SVA)",
		text: secondaryTlb,
	},
	{
		id: 'active-ranges',
		label: 'Active ranges (2015)',
		detail: 'mmu_notifier_range_wait_active(), a patch set of 2015 that was never merged',
		text: activeRanges,
	},
];
