/** The words that `config` and `environment` know. */

/** What each `config` word takes behind it. */
export const CONFIG_WORDS: Readonly<Record<string, 'nothing' | 'number'>> = {
	preempt_rt: 'nothing',
	cpus: 'number',
	vma_lock: 'nothing',
	no_errors: 'nothing',
	unfair_rwsem: 'nothing',
};

/** The adversaries of the menu; `none` stands alone. */
export const ENVIRONMENT_WORDS: readonly string[] = [
	'none',
	'munmap',
	'mmap_fixed',
	'mremap',
	'mprotect',
	'fork',
	'madvise_dontneed',
	'cpu_write',
	'reclaim',
	'migrate_page',
	'truncate',
	'ksm_merge',
	'collapse',
	'clear_refs',
	'oom_reap',
	'exit_mmap',
];

/** The number of pages of an address space. */
export const PAGES = { least: 1, most: 64, standard: 4 } as const;

/** Files of the simulated kernel whose functions invalidate a range of pages: what other parts of a process do at any time. */
export const INVALIDATORS = /\/kernel\/(invalidators|rmap)\.mmn$/;
