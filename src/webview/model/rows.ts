/**
 * Rows of the lanes: which steps share a row, what a row says, and where it stands. Every height follows from the number
 * of lines, so that ten thousand rows need no measuring.
 */

import { callbackFrame, remarksOf } from '../../findings/explorer/fold.js';
import type { Alternative, Picture, Step } from '../../findings/explorer/picture.js';
import { findSpans, stepOfWait } from './spans.js';

/** Heights in CSS pixels; they follow the editor's font. */
export interface Metrics {
	readonly code: number;
	readonly out: number;
	/** Letters of a remark that fit into a line of a lane without locks or ranges; of the one text column in a compact run. */
	readonly letters: number;
	/** The lanes are only rails, side by side, with one column of text for all of them. */
	readonly compact: boolean;
}

const PADDING = 8;
/** Room under a row for the arrow of a wait that begins there: nothing else is drawn in it. */
export const ARROW = 12;
const MOST_ARROWS = 3;
const CHIP = 24;
const MOST_WAYS = 3;
const MOST_REMARKS = 3;
/** Lines of one remark. */
const MOST_LINES = 4;
/** Letters that a lock or range takes from every line of its lane. */
const SLOT_LETTERS = 3.4;

/** Of the column of text beside rails, in CSS pixels, as in style/lanes.css. */
const LEAST_TEXT = 112;
/** Of a lane beside its rail: with less, a statement is three dots. */
const LEAST_LANE = 130;
/** Width of a letter of a remark, in CSS pixels. */
const LETTER = 5.9;

/**
 * How much text fits into a lane follows from the width of the run, in CSS pixels, as in style/lanes.css; where that is
 * too little, the lanes become rails beside one column of text.
 *
 * @param rails where each rail begins in compact lanes, and where the last one ends
 */
export function fitText(
	picture: Picture | null,
	width: number,
	rails: readonly number[],
): Pick<Metrics, 'letters' | 'compact'> {
	const lanes = Math.max(1, rails.length - 1);
	const widest = Math.max(0, ...rails.map((edge, at) => edge - (rails[at - 1] ?? edge)));
	const digits = Math.max(3, String(picture?.steps.length ?? 0).length * 2 + 1);
	const narrow = width < 600;
	const [least, rest] = narrow ? [170, 38] : [200, 46];
	const lasso = typeof picture?.cycleStart === 'number';
	const numbers = lasso ? digits * 7.3 + 44 : narrow ? digits * 7 + 12 : digits * 7.3 + 24;
	const each = (width - numbers) / lanes;
	const compact = lanes > 1 && (each < least || each - widest < LEAST_LANE);
	const text = compact
		? Math.max(width - numbers - (rails.at(-1) ?? 0), LEAST_TEXT) - 26
		: Math.max(each, least) - rest;
	// In steps, so that dragging a border does not lay out every pixel.
	return { letters: Math.floor(text / LETTER / 2) * 2, compact };
}

/** As the page breaks it: between words, and inside those that are longer than a line. */
function linesOf(text: string, letters: number): number {
	let lines = 1;
	let room = letters;
	for (const { length } of text.split(' ')) {
		if (length > room && room < letters) {
			lines++;
			room = letters;
		}
		for (room -= length; room < 0; room += letters) lines++;
		room--;
	}
	return Math.min(MOST_LINES, lines);
}

/** Consecutive steps of one thread that are shown as one row, or one step of an unfolded call. */
export interface StepRow {
	readonly kind: 'step';
	/** Stable while the picture is: by the first step and whether it stands inside an unfolded call. */
	readonly key: string;
	readonly first: number;
	readonly last: number;
	readonly lane: number;
	/** The kernel called one of the user's functions, and this row is the first in it. */
	readonly callback: string | null;
	readonly head: string;
	/** The head is a call of the simulated kernel that began in an earlier row. */
	readonly continued: boolean;
	/** The row can be unfolded into steps (of a call) or into the lines that one step executes. */
	readonly opens: 'call' | 'lines' | null;
	readonly open: boolean;
	/** Number of kernel steps folded away. */
	readonly more: number;
	/** Indentation inside an unfolded call; -1 outside of one. */
	readonly depth: number;
	readonly remarks: readonly { readonly text: string; readonly lines: number }[];
	readonly blocked: boolean;
	readonly cause: boolean;
	/** Other picks of the same thread, shown under its text, each with the steps done before it. */
	readonly picks: readonly { readonly way: Alternative; readonly steps: number }[];
	/** Another thread ran before. */
	readonly switched: boolean;
	readonly top: number;
	readonly height: number;
	/** Middle of the step's node, as of the top of the lanes. */
	readonly node: number;
	/** Where the arrow of the first wait that begins here runs; the others below it. 0 where none begins. */
	readonly arrow: number;
	readonly arrows: number;
}

export interface MarkRow {
	readonly kind: 'call' | 'noReturn' | 'never' | 'end' | 'next';
	readonly key: string;
	/** Steps of the call; for the other kinds the number of steps before the row. */
	readonly first: number;
	readonly last: number;
	readonly lane: number;
	readonly head: string;
	/** Another thread ran before. */
	readonly switched: boolean;
	readonly top: number;
	readonly height: number;
}

/** Statements that run before or after the run: in one line, or unfolded to one line for each. */
export interface AloneRow extends Omit<MarkRow, 'kind'> {
	readonly kind: 'setup' | 'finally';
	/** There is more to see than the one line. */
	readonly opens: boolean;
	/** Always, where something is wrong in it. */
	readonly open: boolean;
}

export type Row = StepRow | MarkRow | AloneRow;

export interface Rows {
	readonly rows: readonly Row[];
	/** Row of each step. */
	readonly rowOf: Int32Array;
	readonly height: number;
}

/** Steps `first … last` of one thread inside one call of the simulated kernel, or one step of the user's code. */
interface Group {
	readonly first: number;
	readonly last: number;
}

function groupsOf(steps: readonly Step[]): Group[] {
	const groups: Group[] = [];
	let first = 0;
	steps.forEach((step, at) => {
		const next = steps[at + 1];
		const together = next && step.call !== null && next.call === step.call && next.lane === step.lane;
		if (together) return;
		groups.push({ first, last: at });
		first = at + 1;
	});
	return groups;
}

/** How many waits begin in the row of each step: their arrows need room. */
function waitsBySteps(picture: Picture): ReadonlyMap<number, number> {
	const begins = new Map<number, number>();
	for (const bar of picture.bars) {
		if (bar.kind !== 'wait' || bar.lanes.length === 0) continue;
		const step = stepOfWait(picture, bar);
		begins.set(step, (begins.get(step) ?? 0) + 1);
	}
	return begins;
}

function isSwitch(steps: readonly Step[], at: number): boolean {
	return at > 0 && steps[at - 1]?.lane !== steps[at]?.lane;
}

/** What a remark says after its verdict: `[1, 3) is active in B` of `blocked: …`. */
const reason = (remark: string) => remark.slice(remark.indexOf(': ') + 1);

/** The run shows what is wrong; one of a search that was cut short shows nothing but how far that got. */
export const isWrong = ({ finding }: Picture): boolean => finding !== null && finding.code !== 'bounded';

export interface Unfolded {
	has(key: string): boolean;
}

/** Lays out a run. `unfolded` holds keys of rows: `c3` the call whose row begins at step 3, `d3` the lines of step 3, `setup`. */
export function layRows(picture: Picture, unfolded: Unfolded, metrics: Metrics): Rows {
	const { steps, noReturn } = picture;
	const rows: Row[] = [];
	const rowOf = new Int32Array(steps.length);
	const callbackOf = picture.lanes.map(() => '');
	const seen = new Set<number>();
	const waits = waitsBySteps(picture);
	const { slots } = findSpans(picture);
	const lettersOf = (lane: number) =>
		Math.max(12, metrics.letters - (metrics.compact ? 0 : (slots[lane] ?? 0) * SLOT_LETTERS));
	let top = 0;
	let lineDrawn = false;

	const mark = (kind: MarkRow['kind'], first: number, last: number, lane: number, head: string, height: number) => {
		const switched = kind === 'call' && isSwitch(steps, first);
		rows.push({ kind, key: `${kind}${first}`, first, last, lane, head, switched, top, height });
		top += height;
	};
	const alone = (kind: AloneRow['kind'], at: number) => {
		const all = picture[kind];
		if (all.length === 0) return;
		const wrong = all.reduce((sum, one) => sum + one.wrong.length, 0);
		const opens = all.length > 1 && wrong === 0;
		const open = wrong > 0 || (opens && unfolded.has(kind));
		const height = PADDING + metrics.code * (open ? 1 + all.length : 1) + metrics.out * wrong;
		const head = all.map(({ text }) => text).join('; ');
		const place = { first: at, last: at, lane: 0, switched: false, top, height };
		rows.push({ kind, key: kind, head, opens, open, ...place });
		top += height;
	};
	const lineOfNoReturn = (before: number) => {
		if (lineDrawn || noReturn === null || before < noReturn || noReturn > steps.length) return;
		lineDrawn = true;
		mark('noReturn', before, before, 0, '', metrics.code + 4);
	};
	const put = (first: number, last: number, depth: number) => {
		const step = steps[last];
		const begin = steps[first];
		if (!step || !begin) return;
		const { lane } = step;
		const folded = depth < 0 && step.call !== null;
		const frame = callbackFrame(begin);
		const callback = frame > 0 ? (begin.stack[frame]?.name ?? '') : '';
		const entered = depth < 0 && callback !== '' && callbackOf[lane] !== `${frame} ${callback}`;
		if (depth < 0) callbackOf[lane] = callback === '' ? '' : `${frame} ${callback}`;
		let remarks: string[] = [];
		for (let at = first; at <= last; at++) {
			const one = steps[at];
			if (one) remarks.push(...remarksOf(one));
		}
		// why it waits is said once, where it says that it does
		if (step.blocked)
			remarks = remarks.filter((one) => one === step.remark || !reason(step.remark).startsWith(reason(one)));
		const call = folded ? (begin.callText ?? begin.text) : step.text;
		const inner = last > first || call !== step.text;
		const opens = folded && inner ? 'call' : begin.details.length > 0 ? 'lines' : null;
		const key = folded && inner ? `c${first}` : `d${first}`;
		const open = opens === 'lines' && unfolded.has(key);
		const picks = steps
			.slice(first, last + 1)
			.flatMap(({ alternatives }, at) =>
				alternatives.filter((other) => other.lane === lane).map((way) => ({ way, steps: first + at })),
			)
			.slice(0, MOST_WAYS);
		const said = remarks.slice(-MOST_REMARKS).map((text) => ({
			text,
			lines: linesOf(text, lettersOf(lane)),
		}));
		let begins = 0;
		for (let at = first; at <= last; at++) begins += waits.get(at) ?? 0;
		const lines =
			(entered ? metrics.code : 0) +
			metrics.code +
			(open ? begin.details.length * metrics.out : 0) +
			said.reduce((sum, { lines }) => sum + lines, 0) * metrics.out +
			picks.length * CHIP;
		const room = Math.min(begins, MOST_ARROWS) * ARROW;
		const height = PADDING + lines + room;
		rows.push({
			kind: 'step',
			key: depth < 0 ? key : `i${first}`,
			first,
			last,
			lane,
			callback: entered ? callback : null,
			head: call,
			continued: folded && step.call !== null && seen.has(step.call),
			opens,
			open,
			more: folded ? last - first : 0,
			depth,
			remarks: said,
			blocked: step.blocked,
			cause: steps.slice(first, last + 1).some(({ cause }) => cause),
			picks,
			switched: isSwitch(steps, first) && rows.at(-1)?.kind !== 'call',
			top,
			height,
			node: top + PADDING / 2 + (entered ? metrics.code : 0) + metrics.code / 2,
			arrow: begins > 0 ? top + height - room + ARROW / 2 - 3 : 0,
			arrows: begins,
		});
		rowOf.fill(rows.length - 1, first, last + 1);
		top += height;
		if (step.call !== null) seen.add(step.call);
	};

	alone('setup', 0);
	lineOfNoReturn(0);
	for (const { first, last } of groupsOf(steps)) {
		const begin = steps[first];
		if (!begin) continue;
		const isCall = begin.call !== null && (last > first || begin.callText !== begin.text);
		if (isCall && unfolded.has(`c${first}`)) {
			mark('call', first, last, begin.lane, begin.callText ?? begin.text, metrics.code + 4);
			const base = begin.stack.findIndex((frame) => frame.kernel);
			for (let at = first; at <= last; at++) {
				put(at, at, Math.max(0, (steps[at]?.stack.length ?? 1) - 1 - base));
				lineOfNoReturn(at + 1);
			}
		} else put(first, last, -1);
		lineOfNoReturn(last + 1);
	}
	alone('finally', steps.length);
	if (picture.never.length > 0) {
		// in larger letters than remarks, behind a badge
		const each = picture.never.map(({ lane, text }) => linesOf(text, Math.max(8, lettersOf(lane) * 0.9 - 4)));
		const lines = metrics.compact ? each.reduce((sum, one) => sum + one) : Math.max(...each);
		mark('never', steps.length, steps.length, 0, '', metrics.code * lines + PADDING);
	} else if (picture.cycleStart === null)
		mark('end', steps.length, steps.length, 0, picture.ending, metrics.code + PADDING);
	if (picture.next.length > 0 && (!isWrong(picture) || picture.branchAt !== null))
		mark('next', steps.length, steps.length, 0, '', CHIP + PADDING);
	return { rows, rowOf, height: top };
}

/** Index of the row at a height, by bisection. */
export function rowAt(rows: readonly Row[], y: number): number {
	let low = 0;
	let high = rows.length - 1;
	while (low < high) {
		const middle = (low + high + 1) >> 1;
		if ((rows[middle]?.top ?? 0) <= y) low = middle;
		else high = middle - 1;
	}
	return low;
}

/** Other threads that could go before a row, by lane. */
export function waysOf(picture: Picture, row: StepRow): ReadonlyMap<number, readonly Alternative[]> {
	const ways = new Map<number, Alternative[]>();
	for (const other of picture.steps[row.first]?.alternatives ?? []) {
		if (other.lane === row.lane) continue;
		const list = ways.get(other.lane);
		if (list) list.push(other);
		else ways.set(other.lane, [other]);
	}
	return ways;
}

/**
 * Whether a way is news: it differs from what the same thread could have done before the row above. A way that stays open
 * for many rows is said once (and again at the cursor); behind the line of no return all ways are the same.
 */
export function isNews(picture: Picture, row: StepRow, way: Alternative): boolean {
	if (picture.noReturn !== null && row.first > picture.noReturn) return false;
	if (row.first === 0) return true;
	const before = picture.steps[row.first - 1]?.alternatives ?? [];
	return !before.some((other) => other.lane === way.lane && other.text === way.text && other.outlook === way.outlook);
}
