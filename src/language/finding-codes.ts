/** The codes of findings, for `expect`. Stable: they are shown, linked to and stored. */

export const FINDING_CODES = [
	'deadlock',
	'self-deadlock',
	'lost-wakeup',
	'livelock',
	'starvation',
	'stale-mapping',
	'stale-tlb',
	'permission',
	'sleep-in-atomic',
	'sleep-in-nonblock',
	'lock-leak',
	'bad-unlock',
	'unbalanced',
	'contract',
	'use-after-free',
	'null-deref',
	'out-of-bounds',
	'overflow',
	'uninitialised',
	'assertion',
	'lock-order',
	'data-race',
	'unreachable',
	'bounded',
] as const;

export type FindingCode = (typeof FINDING_CODES)[number];

export const isFindingCode = (word: string): word is FindingCode => (FINDING_CODES as readonly string[]).includes(word);
