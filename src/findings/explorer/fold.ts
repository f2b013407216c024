/** A run as few rows: the steps of a call into the kernel are one, as long as nobody else comes in between. */
import type { Picture, Step } from './picture.js';

/** Steps that are told as one. */
export interface Folded {
	readonly lane: number;
	/** Indices in the picture's steps, the last one behind. */
	readonly from: number;
	readonly to: number;
	/** `mutex_lock(&fault_lock)`, `munmap(1, 3)`; in a callback with an arrow, `->invalidate_range_start`. */
	readonly text: string;
	/** What it comes to, one after the other. */
	readonly remarks: readonly string[];
	readonly blocked: boolean;
	readonly cause: boolean;
	/** The callback of the driver that it stands in and that the row before did not. */
	readonly enters: string | null;
}

/** The rows of a picture, folded. */
export function fold(picture: Picture): Folded[] {
	const rows: Folded[] = [];
	picture.steps.forEach((step, at) => {
		const last = rows[rows.length - 1];
		const joins =
			last !== undefined &&
			last.lane === step.lane &&
			picture.cycleStart !== at &&
			picture.noReturn !== at &&
			step.call !== null &&
			picture.steps[last.to - 1]?.call === step.call;
		if (joins) {
			rows[rows.length - 1] = {
				...last,
				to: at + 1,
				remarks: [...last.remarks, ...remarksOf(step).filter((r) => !last.remarks.includes(r))],
				blocked: last.blocked || step.blocked,
				cause: last.cause || step.cause,
			};
			return;
		}
		const inside = callbackOf(step);
		const before = rows.findLast((r) => r.lane === step.lane);
		const known = before === undefined ? null : callbackOf(picture.steps[before.to - 1] as Step);
		rows.push({
			lane: step.lane,
			from: at,
			to: at + 1,
			text: step.callText ?? step.text,
			remarks: remarksOf(step),
			blocked: step.blocked,
			cause: step.cause,
			enters: inside !== known ? inside : null,
		});
	});
	return rows;
}

export function count(number: number, one: string, many = `${one}s`): string {
	// toLocaleString() loads a whole library of numbers first, before the page's first paint
	const grouped = String(number).replace(/\B(?=(\d{3})+$)/g, ',');
	return `${grouped} ${number === 1 ? one : many}`;
}

/** How long a run is: `7 steps`, `12 steps, then 13 for ever`. Rows that say who waits in the end are no steps. */
export function lengthOf({ steps, cycleStart }: Picture): string {
	const moves = (rows: Picture['steps']): number => rows.filter((step) => step.moves).length;
	if (cycleStart === null) return count(moves(steps), 'step');
	return `${count(moves(steps.slice(0, cycleStart)), 'step')}, then ${moves(steps.slice(cycleStart))} for ever`;
}

/**
 * Lanes whose waits are what is wrong: those of the wait-for cycle, or the sleeper whom nobody wakes. Who waits behind
 * them, or beside something else that is wrong, only waits.
 */
export const lanesInVain = ({ never, cycleStart }: Pick<Picture, 'never' | 'cycleStart'>): ReadonlySet<number> =>
	new Set(cycleStart === null ? never.map(({ lane }) => lane) : []);

/** What a step comes to, one after the other. */
export const remarksOf = ({ remark }: Step): string[] => (remark === '' ? [] : remark.split('; '));

/** Index of the innermost frame of a function of the driver's that the kernel has called; -1 outside of all. */
export function callbackFrame({ stack }: Step): number {
	return stack.findLastIndex((frame, n) => !frame.kernel && stack[n - 1]?.kernel === true);
}

/** The innermost function of the driver's that the kernel has called: `->invalidate_range_start`; null outside of all. */
export function callbackOf(step: Step): string | null {
	const frame = step.stack[callbackFrame(step)];
	if (frame === undefined) return null;
	return `->${/->(\w+)\s*\(/.exec(frame.call)?.[1] ?? frame.name}`;
}
