/** What the environment calls its threads: by what they do, as a kernel developer would. */

export const MMAP = 'mmap';
export const RECLAIM = 'kswapd';
export const WRITER = 'mmap_writer';
export const REAPER = 'oom_reaper';
export const FORK = 'clone';
export const NESTED = 'nested_zap';
export const EXIT = 'exit';
export const STREAM = 'stream';
/** Everything in turn, twice, and then the module goes; the same once. */
export const RMMOD = 'rmmod';
export const RMMOD_ONCE = 'rmmod_once';
export const PROBE = 'probe';
export const INSMOD = 'insmod';
export const UNBIND = 'unbind';
export const OPEN = 'open';
/** Who comes to an attribute. */
export const SYSFS = 'sysfs';

const OWN: readonly string[] = [
	MMAP,
	RECLAIM,
	WRITER,
	REAPER,
	FORK,
	NESTED,
	EXIT,
	STREAM,
	RMMOD,
	RMMOD_ONCE,
	PROBE,
	INSMOD,
	UNBIND,
	OPEN,
	SYSFS,
];
/** Names by which the simulated kernel knows its own threads. */
const KERNELS = /^(h?r?timer|tasklet|irq|srcu|rcu|gpu|kworker|earlier)/;
/** A column of a table is not wide. */
const MOST = 14;

/**
 * A name for the thread that calls a function: the last of its words that nobody else bears, `fault` of gpu_fault(); `fallback` where that
 * says nothing, or is taken.
 */
export function laneOf(name: string, fallback: string, taken: Set<string>): string {
	const words = name.split('_').filter((word) => word !== '');
	const last = words.at(-1) ?? '';
	const fits = (word: string): boolean =>
		/^[a-z][a-z0-9_]{2,}$/.test(word) &&
		word.length <= MOST &&
		!OWN.includes(word) &&
		!/_(again|other|last)$/.test(word) &&
		!KERNELS.test(word) &&
		!taken.has(word);
	const found = [last, words.slice(-2).join('_'), name].find(fits) ?? fallback;
	taken.add(found);
	return found;
}
