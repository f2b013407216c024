/** A run as a sequence diagram of Mermaid, which forges and many wikis draw. */
import { fold } from '../explorer/fold.js';
import type { Picture } from '../explorer/picture.js';
import { aloneLines } from './alone.js';
import { wrap } from './wrap.js';

/** Lanes that take no step and hold nobody up are left out, unless that are all: what goes wrong in `setup` has no steps. */
export function lanesInUse(picture: Picture): number[] {
	const used = new Set(picture.steps.map((s) => s.lane));
	for (const { from, to } of picture.waits) for (const lane of [from, to]) used.add(lane);
	for (const { lane } of picture.never) used.add(lane);
	return picture.lanes.flatMap((_, n) => (used.size === 0 || used.has(n) ? [n] : []));
}

/** The text of a `.mmd` file. */
export function mermaidForm(picture: Picture): string {
	const id = (lane: number): string => `L${lane}`;
	const lines = ['sequenceDiagram'];
	const write = (text: string, depth = 1): void => void lines.push(`${'    '.repeat(depth)}${text}`);
	const lanes = lanesInUse(picture);
	for (const lane of lanes) {
		const { name, title } = picture.lanes[lane] as Picture['lanes'][number];
		write(`participant ${id(lane)} as ${escaped(name)}${title === '' ? '' : `: ${escaped(title)}`}`);
	}
	let depth = 1;
	const [left, right] = [lanes[0] ?? 0, lanes[lanes.length - 1] ?? 0];
	const across = left === right ? id(left) : `${id(left)},${id(right)}`;
	const alone = (kind: 'setup' | 'finally'): void => {
		const words = aloneLines(picture, kind, 60).map(({ text }) => escaped(text));
		if (words.length > 0) write(`Note over ${across}: ${words.join('<br/>')}`);
	};
	alone('setup');
	for (const row of fold(picture)) {
		if (picture.cycleStart === row.from) write('loop for ever', depth++);
		if (picture.noReturn === row.from) write(`Note over ${across}: ${escaped(noReturnWords(picture))}`, depth);
		const enters = row.enters === null ? [] : [`in ${row.enters}:`];
		const words = [...enters, row.text, ...row.remarks].map(escaped).join('<br/>');
		const waited = row.blocked ? picture.waits.find((w) => w.from === row.lane && w.to !== w.from) : undefined;
		if (waited !== undefined) write(`${id(row.lane)}-x${id(waited.to)}: ${words}`, depth);
		// a note, where a message to itself would have its words under the life line
		else write(`Note over ${id(row.lane)}: ${words}`, depth);
	}
	if (picture.noReturn !== null && picture.noReturn >= picture.steps.length && picture.steps.length > 0)
		write(`Note over ${across}: ${escaped(noReturnWords(picture))}`, depth);
	if (depth > 1) write('end');
	alone('finally');
	for (const { lane, text } of picture.never) write(`Note over ${id(lane)}: ${escaped(text)}`);
	write(`Note over ${across}: ${wrap(picture.ending, 60).map(escaped).join('<br/>')}`);
	return `${lines.join('\n')}\n`;
}

/** What the line of no return says. */
export function noReturnWords({ finding }: Picture): string {
	const how = finding?.code === 'deadlock' || finding?.code === 'self-deadlock' ? 'deadlocks' : 'ends badly';
	return `from here every way ${how}`;
}

/** What Mermaid takes for its own is written as entities; so is what its HTML would eat. */
function escaped(text: string): string {
	return text.replace(/[#;<>&]/g, (c) => `#${c.charCodeAt(0)};`).replace(/\s+/g, ' ');
}
