import { entry } from './entries.js';

/** The device may write what the CPU's page table has made read-only: a page shared by COW is never device-writable. */
export const permission = entry('permission', (message, told) =>
	/through its TLB/.test(message)
		? 'Flush the TLB before the callback returns'
		: told
			? 'Take the mapping away, or the right to write, for events that only protect as well'
			: 'Map for writing only what pte_write(), or HMM_PFN_WRITE in the answer, says may be written',
);
