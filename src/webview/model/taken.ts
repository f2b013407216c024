/** How steps are counted: as everywhere else, who waits in vain takes none, and a jump belongs to the step before it. */
import type { Picture } from '../../findings/explorer/picture.js';

const counts = new WeakMap<Picture, Int32Array>();

/** How many of the first `rows` entries of a picture's run are steps that were taken. */
export function taken(picture: Picture, rows = picture.steps.length): number {
	let known = counts.get(picture);
	if (known === undefined) {
		known = new Int32Array(picture.steps.length + 1);
		for (const [at, { moves }] of picture.steps.entries()) known[at + 1] = (known[at] as number) + (moves ? 1 : 0);
		counts.set(picture, known);
	}
	return known[rows] ?? 0;
}

/** `3`, `3–5`: which of the steps taken an entry, or several, are; empty where none is. */
export function numbersOf(picture: Picture, first: number, last: number, dash = '–'): string {
	const before = taken(picture, first) + 1;
	const after = taken(picture, last + 1);
	return after < before ? '' : before === after ? String(after) : `${before}${dash}${after}`;
}
