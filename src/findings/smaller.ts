import { sameCode } from '../explore/symmetry.js';
import type { System } from '../machine/system.js';
import type { Finding } from './result.js';

/**
 * Findings that stay true whoever else runs: a run of some of a scenario's threads is one of all of them, in which the
 * others have not been given a turn. Not what somebody else might yet make good: a wake-up, an end, a turn.
 */
export const LASTING: ReadonlySet<string> = new Set([
	'deadlock',
	'self-deadlock',
	'stale-mapping',
	'stale-tlb',
	'permission',
	'sleep-in-atomic',
	'sleep-in-nonblock',
	'lock-leak',
	'bad-unlock',
	'contract',
	'assertion',
	'null-deref',
	'out-of-bounds',
	'overflow',
	'use-after-free',
	'uninitialised',
]);

/**
 * Names of the threads of a scenario's smallest instance: of those that are alike the first. Undefined where all differ, and
 * where `finally` speaks of all of them.
 */
export function smallestInstance(system: System): ReadonlySet<string> | undefined {
	const alike = system.hasFinally ? undefined : sameCode(system);
	return alike && new Set(system.threads.filter((_, t) => alike[t] === t).map(({ name }) => name));
}

/** Of the findings of an instance, those that hold for every larger one. */
export const lasting = (findings: readonly Finding[]): readonly Finding[] =>
	findings.filter(({ code, severity, guessed }) => severity === 'error' && LASTING.has(code) && guessed !== true);
