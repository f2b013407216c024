import { entry } from './entries.js';

export const MAP_AFTER_RELEASE =
	'Keep the address space with mmget_not_zero() around it, or let ->release set a flag, under a lock, and look at that before';

/** The device page table leads to a page that was freed or replaced, or is filled again in the middle of an invalidation. */
export const staleMapping = entry('stale-mapping', (message, told, removed) => {
	if (/runs a job/.test(message)) return 'Wait for the fence of the job before the callback returns';
	if (told && /for himself/.test(message))
		return 'Pass over MMU_NOTIFY_EXCLUSIVE only where range->owner is your own; for all others unmap, and let readers begin again';
	if (removed === 'late') return 'Have it look, under the lock, whether the notifier is going, and not map then';
	if (removed === 'ended') return MAP_AFTER_RELEASE;
	if (removed === 'exit')
		return 'Give it a ->release that unmaps everything and lets nobody map from there on: without it nothing may reach a page through the device when the last thread exits (include/linux/mmu_notifier.h)';
	if (removed === 'uncovered')
		return 'Map only what a notifier covers that was registered before, or keep the page there with a pin';
	if (removed === 'unpinned')
		return 'Unmap first, and let go of the pin when the device reaches the page no more (Documentation/core-api/pin_user_pages.rst)';
	if (removed === 'left') return 'Unmap everything, and let nobody map again, before the notifier is taken off';
	if (removed === 'once')
		return 'It does compare the sequence, which the start callback alone counts up: who reads it in the middle of a range and maps behind the end of that sees no collision. Count it up in the end callback, too, before the count of active ranges falls, as KVM does (mmu_invalidate_seq, kvm_mmu_invalidate_end())';
	if (removed === 'checked')
		return 'It does look for a collision, and sees none: the sequence has to be read before the page is looked up, the callback has to change it under the lock, invalidations that have not ended yet count, too, and a lookup that has failed names no page';
	if (told) return 'Unmap all of the range before the callback returns, whatever its event';
	if (/in the middle of its invalidation|has been freed|for himself/.test(message))
		return 'Look for a collision under the lock that the callback takes, right before mapping, and begin again if there was one';
	if (/has mapped it/.test(message)) return 'Check and map under one lock, and take the same lock in the callback';
	return undefined;
});
