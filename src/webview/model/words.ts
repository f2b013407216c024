/** The page's sentences. */

import { count } from '../../findings/explorer/fold.js';
import type { Alternative, Outlook, Picture } from '../../findings/explorer/picture.js';

export const OUTLOOK: Readonly<Record<Outlook, string>> = {
	well: 'every way from there ends well',
	either: 'some ways from there end badly',
	badly: 'every way from there ends badly',
	unknown: 'not explored to the end',
};

export function laneName(picture: Picture, lane: number): string {
	return picture.lanes[lane]?.name ?? '?';
}

export function noReturnWords(picture: Picture): string {
	const code = picture.finding?.code ?? '';
	return /deadlock/.test(code) ? 'every way deadlocks' : 'every way ends badly';
}

/** A position on the slider, for a screen reader: `step 5 of 7, A: mutex_lock(&fault_lock), takes fault_lock`. */
export function positionWords(picture: Picture, cursor: number): string {
	const step = picture.steps[cursor - 1];
	if (!step) return `start of ${count(picture.steps.length, 'step')}`;
	const parts = [`step ${cursor} of ${picture.steps.length}, ${laneName(picture, step.lane)}: ${step.text}`];
	if (step.remark) parts.push(step.remark);
	if (step.cause) parts.push('the cause');
	if (picture.noReturn === cursor) parts.push(`from here ${noReturnWords(picture)}`);
	return parts.join(', ');
}

/** What the live region says after a move: the position, and at the end how the run ends. */
export function announcement(picture: Picture, cursor: number): string {
	const words = `${positionWords(picture, cursor)}.`;
	if (cursor < picture.steps.length) return words;
	return `${words} ${picture.finding?.closing ?? picture.ending}`;
}

export function wayWords(picture: Picture, way: Alternative): string {
	return `take another way: ${laneName(picture, way.lane)} goes, ${way.text}; ${OUTLOOK[way.outlook]}`;
}
