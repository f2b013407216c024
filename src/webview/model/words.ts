/** The page's sentences. */

import { count } from '../../findings/explorer/fold.js';
import type { Alternative, Outlook, Picture } from '../../findings/explorer/picture.js';
import { isNews, type StepRow, waysOf } from './rows.js';
import { numbersOf, taken } from './taken.js';

export const OUTLOOK: Readonly<Record<Outlook, string>> = {
	well: 'every way from there ends well',
	either: 'some ways from there end badly',
	badly: 'every way from there ends badly',
	unknown: 'not explored to the end',
};

/** A sketch without scenarios has one of ours, whose name nobody has written. */
export const scenarioWords = (name: string): string => (name === 'default_environment' ? 'default environment' : name);

export function laneName(picture: Picture, lane: number): string {
	return picture.lanes[lane]?.name ?? '?';
}

export function noReturnWords(picture: Picture): string {
	const code = picture.finding?.code ?? '';
	return /deadlock/.test(code) ? 'every way deadlocks' : 'every way ends badly';
}

/** `steps 3 to 4 of 13`; `after 13 of 13 steps` where it waits. */
function placeWords(picture: Picture, first: number, last: number): string {
	const all = taken(picture);
	const numbers = numbersOf(picture, first, last, ' to ');
	if (numbers === '') return `after ${taken(picture, first)} of ${count(all, 'step')}`;
	return `${numbers.includes(' ') ? 'steps' : 'step'} ${numbers} of ${all}`;
}

/** A position on the slider, for a screen reader: `step 5 of 7, A: mutex_lock(&fault_lock), takes fault_lock`. */
export function positionWords(picture: Picture, cursor: number): string {
	const step = picture.steps[cursor - 1];
	if (!step) return `start of ${count(taken(picture), 'step')}`;
	const parts = [`${placeWords(picture, cursor - 1, cursor - 1)}, ${laneName(picture, step.lane)}: ${step.text}`];
	if (step.remark) parts.push(step.remark);
	if (step.cause) parts.push('the cause');
	if (picture.noReturn === cursor) parts.push(`from here ${noReturnWords(picture)}`);
	return parts.join(', ');
}

/** The row that is read to its end, as it is drawn: `steps 3 to 4 of 13, B: munmap(1, 3), takes mmap_lock for writing`. */
function rowWords(picture: Picture, row: StepRow): string {
	const { first, last, lane, head, callback, remarks, cause } = row;
	const others = [...waysOf(picture, row)].filter(([, ways]) => ways.some((way) => isNews(picture, row, way)));
	const parts = [
		`${placeWords(picture, first, last)}, ${laneName(picture, lane)}: ${head}`,
		...(callback === null ? [] : [`in the callback ${callback}`]),
		...remarks.map(({ text }) => text),
		...(cause ? ['the cause'] : []),
		...(picture.noReturn === last + 1 ? [`from here ${noReturnWords(picture)}`] : []),
		...others.map(([other]) => `${laneName(picture, other)} could have gone instead`),
	];
	return parts.join(', ');
}

/** What the live region says after a move: the row or the position, and at the end how the run ends. */
export function announcement(picture: Picture, cursor: number, row?: StepRow): string {
	const whole = row !== undefined && row.last + 1 === cursor;
	const words = `${whole ? rowWords(picture, row) : positionWords(picture, cursor)}.`;
	if (cursor < picture.steps.length) return words;
	return `${words} ${picture.finding?.closing ?? picture.ending}`;
}

/** `returns NULL` of `kmalloc(8, GFP_KERNEL) (returns NULL)`, below that statement. */
export const pickOf = (way: string, statement: string): string =>
	way.startsWith(`${statement} (`) ? way.slice(statement.length + 2).replace(/\)($|:)/, '$1') : way;

export function wayWords(picture: Picture, way: Alternative): string {
	return `take another way: ${laneName(picture, way.lane)} goes, ${way.text}; ${OUTLOOK[way.outlook]}`;
}
