import type { FunctionCode } from '../machine/ir.js';
import type { System } from '../machine/system.js';

/** Index of the outermost frame's function in a packed local vector (thread.ts). */
const entryAt = (vector: Int32Array): number => 8 + 2 * (vector[6] as number);

/** What code does, without where it stands. */
const meaning = ({ code, constants, registers, parameters, unset }: FunctionCode): string =>
	JSON.stringify([code, constants, registers, parameters, unset], (key, value) => (key === 'node' ? undefined : value));

/**
 * By thread, the first one that does the same: with the same code, started alike, and never asked which thread it is
 * (a thread that has its address taken, sleeps in a queue, or owns a range is asked). Undefined where all differ.
 *
 * Exchanging two such threads in a state exchanges them in every state that follows: a step is a function of code,
 * local vector and shared memory alone. So of the states that differ only in who is where, one is enough, as long as
 * `system.identified` stays false: a search that finds out otherwise is worth nothing.
 */
export function symmetryOf(system: System): readonly number[] | undefined {
	return grouped(system, (t) => (system.threads[t]?.entry.memoryLocals.length ?? 0) > 0 || system.identified(t));
}

/** By thread, the first one with the same code, started alike, whether or not it matters which is which. */
export const sameCode = (system: System): readonly number[] | undefined => grouped(system, () => false);

/** @param unlike threads that are like no other */
function grouped(system: System, unlike: (thread: number) => boolean): readonly number[] | undefined {
	const { threads } = system;
	const meanings = threads.map(({ entry }) => meaning(entry));
	const alone = (t: number): boolean =>
		threads[t]?.kind === 'interrupt' || threads[t]?.kind === 'kernel' || threads.some((u) => u.on === t) || unlike(t);
	const alike = (a: number, b: number): boolean => {
		if (threads[a]?.kind !== threads[b]?.kind || meanings[a] !== meanings[b]) return false;
		const left = system.initialLocals[a] as Int32Array;
		const right = system.initialLocals[b] as Int32Array;
		if (left.length !== right.length) return false;
		return left.every((value, n) => n === entryAt(left) || value === right[n]);
	};
	const first = threads.map((_, t) => {
		for (let u = 0; u < t; u++) if (!alone(t) && !alone(u) && alike(u, t)) return u;
		return t;
	});
	return first.some((u, t) => u !== t) ? first : undefined;
}
