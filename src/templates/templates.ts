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
		detail: 'Maps pages of a range, and retries when an invalidation came in between',
		text: interval,
	},
	{
		id: 'kvm',
		label: 'KVM style',
		detail: 'A count of invalidations and a sequence number, checked under a spinlock',
		text: kvm,
	},
	{
		id: 'list',
		label: 'List notifier',
		detail: 'Start and end callbacks; faults wait until no range is in progress',
		text: list,
	},
	{
		id: 'secondary-tlb',
		label: 'Secondary TLB',
		detail: "The device walks the CPU's page table (SVA), and its TLB is flushed",
		text: secondaryTlb,
	},
	{
		id: 'active-ranges',
		label: 'Active ranges (2015)',
		detail: 'The patch that was never merged: wait for ranges, check under the lock',
		text: activeRanges,
	},
];
