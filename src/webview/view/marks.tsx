/** What lasts over rows: life lines, bars of locks, brackets of ranges, hatched waits with their arrows, tints of contexts. */

import type { Picture } from '../../findings/explorer/picture.js';
import type { Rows } from '../model/rows.js';
import type { Lasting, Spans } from '../model/spans.js';
import { laneClass } from './badge.js';
import { useExplorer } from './context.js';
import { Icon } from './icons.js';
import { RAIL, SLOT } from './lanes.js';

interface Window {
	readonly picture: Picture;
	/** Heights between which marks are drawn. */
	readonly from: number;
	readonly to: number;
}

/** Left edge of a lane in the body, as CSS. */
const laneLeft = (lane: number, plus: number) =>
	`calc(var(--number) + (100% - var(--number)) / var(--n) * ${lane} + ${plus}px)`;

/** Height of the change that leads into a state. */
function heightOf(rows: Rows, state: number): number {
	if (state === 0) return 0;
	const row = rows.rows[rows.rowOf[state - 1] ?? -1];
	return row?.kind === 'step' ? row.node : rows.height;
}

/** Where the bars end that last to the end of the run. */
function bottomOf(rows: Rows): number {
	const last = rows.rows.findLast(({ kind }) => kind !== 'end' && kind !== 'next');
	return last ? last.top + last.height : rows.height;
}

interface Piece {
	readonly top: number;
	readonly bottom: number;
	readonly later: boolean;
	readonly begins: boolean;
	readonly ends: boolean;
}

/** A stretch in the window, cut at the cursor: what is, and what will be. */
function pieces(top: number, bottom: number, cut: number, { from, to }: Window, open: boolean): Piece[] {
	const all: Piece[] = [];
	const add = (a: number, b: number, later: boolean) => {
		const clipped = { top: Math.max(a, from), bottom: Math.min(b, to) };
		if (clipped.bottom <= clipped.top) return;
		all.push({ ...clipped, later, begins: a === top && a >= from, ends: b === bottom && b <= to && !open });
	};
	add(top, Math.min(bottom, cut), false);
	add(Math.max(top, cut), bottom, true);
	return all;
}

/** Length of an upright label in CSS pixels. */
const labelLength = (name: string) => name.length * 6.7 + 10;

function Bar({ span, piece, label }: { readonly span: Lasting; readonly piece: Piece; readonly label: boolean }) {
	const { kind, lane, slot, shared, name } = span;
	const left = laneLeft(lane, RAIL - 2 + slot * SLOT);
	const height = piece.bottom - piece.top;
	const withIcon = kind === 'lock' ? 16 : 0;
	const fits = label && labelLength(name) + withIcon <= height;
	const classes = [
		kind,
		laneClass(lane),
		shared ? 'shared' : '',
		piece.later ? 'later' : '',
		piece.begins ? 'begins' : '',
		piece.ends ? 'ends' : '',
	];
	return (
		<div class={`bar ${classes.join(' ')}`} style={`left: ${left}; top: ${piece.top}px; height: ${height}px`}>
			<span class="label">
				{kind === 'lock' && height >= 18 && <Icon name="lock" size={12} />}
				{fits && name}
			</span>
		</div>
	);
}

function Wait({ span, piece }: { readonly span: Lasting; readonly piece: Piece }) {
	return (
		<div
			class={`wait${span.forEver ? ' for-ever' : ''}${piece.later ? ' later' : ''}`}
			style={`left: ${laneLeft(span.lane, 4)}; top: ${piece.top}px; height: ${piece.bottom - piece.top}px`}
		/>
	);
}

/** From the waiting thread to the bar of what it waits for, or to the thread that has it. */
function Arrow({ span, spans, y, later }: { span: Lasting; spans: Spans; y: number; later: boolean }) {
	return (
		<>
			{span.lanes.map((holder) => {
				const held = spans.all.find(
					({ lane, kind, name, from, to }) =>
						lane === holder &&
						(kind === 'lock' || kind === 'range') &&
						(name === span.name || name.startsWith(`${span.name} `) || span.name.endsWith(name)) &&
						from <= span.from &&
						to > span.from,
				);
				const near = held ? RAIL - 2 + held.slot * SLOT : 4;
				const far = held ? near + (held.kind === 'lock' ? 16 : 2) : 16;
				const lanes = holder - span.lane;
				const place =
					lanes > 0 || (lanes === 0 && held)
						? {
								left: laneLeft(span.lane, 16),
								width: `calc((100% - var(--number)) / var(--n) * ${lanes} + ${near - 16}px)`,
							}
						: {
								left: laneLeft(holder, far),
								width: `calc((100% - var(--number)) / var(--n) * ${-lanes} - ${far - 4}px)`,
							};
				return (
					<div
						key={holder}
						class={`arrow ${lanes >= 0 ? 'rightward' : 'leftward'}${span.forEver ? ' for-ever' : ''}${later ? ' later' : ''}`}
						style={`left: ${place.left}; width: ${place.width}; top: ${y}px`}
					/>
				);
			})}
		</>
	);
}

/** A thread's line: dotted before its first step, gone after its end. */
function Life({
	lane,
	rows,
	cut,
	...window
}: Window & { readonly lane: number; readonly rows: Rows; readonly cut: number }) {
	const { picture } = window;
	const first = picture.steps.findIndex((step) => step.lane === lane);
	const ended = picture.states.findIndex((state) => state?.lanes[lane]?.status === 'ended');
	const start = first < 0 ? bottomOf(rows) : heightOf(rows, first + 1);
	const end = ended < 0 ? bottomOf(rows) : Math.max(start, heightOf(rows, ended));
	const left = laneLeft(lane, 9);
	return (
		<>
			{pieces(0, start, 0, window, false).map(({ top, bottom }) => (
				<div
					key="idle"
					class={`life idle ${laneClass(lane)}`}
					style={`left: ${left}; top: ${top}px; height: ${bottom - top}px`}
				/>
			))}
			{pieces(start, end, cut, window, false).map(({ top, bottom, later }) => (
				<div
					key={later ? 'later' : 'now'}
					class={`life ${laneClass(lane)}${later ? ' later' : ''}`}
					style={`left: ${left}; top: ${top}px; height: ${bottom - top}px`}
				/>
			))}
		</>
	);
}

/** The part of a lasso that repeats, beside the numbers. */
function Loop({ rows, ...window }: Window & { readonly rows: Rows }) {
	const { cycleStart, steps } = window.picture;
	if (cycleStart === null) return null;
	const row = rows.rows[rows.rowOf[cycleStart] ?? -1];
	const last = rows.rows[rows.rowOf[steps.length - 1] ?? -1];
	if (!row || !last) return null;
	const top = row.top + 10;
	const bottom = last.top + last.height - 8;
	return (
		<>
			{cycleStart > 0 && row.top > 40 && (
				<div class="stem" style={`top: 4px`}>
					stem
				</div>
			)}
			<div class="loop" style={`top: ${top}px; height: ${bottom - top}px`}>
				<span class="label">for ever</span>
			</div>
		</>
	);
}

export function Marks(window: Window) {
	const explorer = useExplorer();
	const rows = explorer.rows.value;
	const spans = explorer.spans.value;
	if (!rows || !spans) return null;
	const { picture } = window;
	const length = picture.states.length;
	const cursor = explorer.cursor.value;
	const bottom = bottomOf(rows);
	const cut = cursor === length - 1 ? rows.height : heightOf(rows, cursor) + 12;
	return (
		<div class="marks" aria-hidden="true">
			{picture.lanes.map((lane, at) => (
				<Life key={lane.name} lane={at} rows={rows} cut={cut} {...window} />
			))}
			{spans.all.map((span, at) => {
				if (span.kind === 'context') return null;
				const top = heightOf(rows, span.from);
				const open = span.to >= length;
				const end = open ? bottom : heightOf(rows, span.to);
				if (end <= top || end < window.from || top > window.to) return null;
				const parts = pieces(top, end, cut, window, open);
				if (span.kind === 'wait') {
					const row = rows.rows[rows.rowOf[span.from - 1] ?? -1];
					const y = row?.kind === 'step' ? row.arrow || row.top + row.height - 6 : top;
					return (
						<>
							{parts.map((piece) => (
								<Wait key={`${at}${piece.later}`} span={span} piece={piece} />
							))}
							<Arrow key={`a${at}`} span={span} spans={spans} y={y} later={cursor < span.from} />
						</>
					);
				}
				const roomy = parts.reduce((best, piece) => Math.max(best, piece.bottom - piece.top), 0);
				const needs = labelLength(span.name) + 16;
				const labelled = parts.findIndex((piece) => piece.bottom - piece.top >= Math.min(needs, roomy));
				return parts.map((piece, part) => (
					<Bar key={`${at}${piece.later}`} span={span} piece={piece} label={part === labelled} />
				));
			})}
			<Loop rows={rows} {...window} />
		</div>
	);
}

export function Tints(window: Window) {
	const explorer = useExplorer();
	const rows = explorer.rows.value;
	const spans = explorer.spans.value;
	if (!rows || !spans) return null;
	const cursor = explorer.cursor.value;
	const length = window.picture.states.length;
	const bottom = bottomOf(rows);
	const cut = cursor === length - 1 ? rows.height : heightOf(rows, cursor) + 12;
	return (
		<div class="tints" aria-hidden="true">
			{spans.all.map((span, at) => {
				if (span.kind !== 'context') return null;
				const row = span.from === 0 ? undefined : rows.rows[rows.rowOf[span.from - 1] ?? -1];
				const top = row?.top ?? 0;
				const end = span.to >= length ? bottom : (rows.rows[rows.rowOf[span.to - 1] ?? -1]?.top ?? bottom);
				if (end <= top || end < window.from || top > window.to) return null;
				return pieces(top, end, cut, window, false).map((piece) => (
					<div
						key={`${at}${piece.later}`}
						class={`tint ${laneClass(span.lane)}${piece.later ? ' later' : ''}`}
						style={`left: calc(${laneLeft(span.lane, 0)} + var(--rail${span.lane}) - 4px); width: calc((100% - var(--number)) / var(--n) - var(--rail${span.lane})); top: ${piece.top}px; height: ${piece.bottom - piece.top}px`}
					/>
				));
			})}
		</div>
	);
}
