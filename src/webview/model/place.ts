/** Keeping one's place when the picture is made anew: by thread and statement, not by number. */

import type { Picture } from '../../findings/explorer/picture.js';
import type { Kept } from '../host.js';

type Place = NonNullable<Kept['place']>;

/** The statement before the cursor: the n-th of its text in its thread. */
export function placeOf(picture: Picture, cursor: number): Place | null {
	const step = picture.steps[cursor - 1];
	if (!step) return null;
	const lane = picture.lanes[step.lane]?.name ?? '';
	let nth = 0;
	for (let at = 0; at < cursor; at++) {
		const other = picture.steps[at];
		if (other?.lane === step.lane && other.text === step.text) nth++;
	}
	return { lane, text: step.text, nth, step: cursor };
}

/** The cursor for a place in a newer picture; the same number where the statement is gone. */
export function findPlace(picture: Picture, place: Place | null): number {
	if (!place) return 0;
	const lane = picture.lanes.findIndex(({ name }) => name === place.lane);
	let nth = 0;
	let last = 0;
	for (const [at, step] of picture.steps.entries()) {
		if (step.lane !== lane || step.text !== place.text) continue;
		last = at + 1;
		if (++nth === place.nth) return last;
	}
	return last > 0 ? last : Math.min(place.step, picture.steps.length);
}
