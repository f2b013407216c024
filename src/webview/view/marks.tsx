/** What lasts over rows: life lines, bars of locks, brackets of ranges, hatched waits with their arrows, tints of contexts. */

import { Fragment } from 'preact';
import type { Picture } from '../../findings/explorer/picture.js';
import { ARROW, type Rows } from '../model/rows.js';
import { type Lasting, RAIL, SLOT, type Spans } from '../model/spans.js';
import { laneClass } from './badge.js';
import { useExplorer } from './context.js';
import { Icon } from './icons.js';

interface Window {
	readonly picture: Picture;
	/** Heights between which marks are drawn. */
	readonly from: number;
	readonly to: number;
	/** Lanes in the order of their columns. */
	readonly columns: readonly number[];
}

/** Left edge of a column in the body, as CSS. */
const columnLeft = (column: number, plus: number) => `calc(var(--x${column}) + ${plus}px)`;

/** From one column's left edge to another's further right, as CSS. */
const between = (left: number, right: number, plus: number) => `calc(var(--x${right}) - var(--x${left}) + ${plus}px)`;

/** Height of the change that leads into a state. */
function heightOf(rows: Rows, state: number): number {
	const before = rows.rows[0];
	if (state === 0) return before?.kind === 'setup' ? before.height : 0;
	const row = rows.rows[rows.rowOf[state - 1] ?? -1];
	return row?.kind === 'step' ? row.node : rows.height;
}

/** Where the bars end that last to the end of the run. */
function bottomOf(rows: Rows): number {
	const last = rows.rows.findLast(({ kind }) => kind !== 'finally' && kind !== 'end' && kind !== 'next');
	return last ? last.top + last.height : rows.height;
}

interface Piece {
	readonly top: number;
	readonly bottom: number;
	readonly later: boolean;
	readonly begins: boolean;
	readonly ends: boolean;
	/** It goes on below, as what will be. */
	readonly cut: boolean;
}

/** A stretch in the window, cut at the cursor: what is, and what will be. */
function pieces(top: number, bottom: number, cut: number, { from, to }: Window, open: boolean): Piece[] {
	const all: Piece[] = [];
	const add = (a: number, b: number, later: boolean) => {
		const clipped = { top: Math.max(a, from), bottom: Math.min(b, to) };
		if (clipped.bottom <= clipped.top) return;
		all.push({
			...clipped,
			later,
			begins: a === top && a >= from,
			ends: b === bottom && b <= to && !open,
			cut: b < bottom,
		});
	};
	add(top, Math.min(bottom, cut), false);
	add(Math.max(top, cut), bottom, true);
	return all;
}

/** Length of an upright label in CSS pixels. */
const labelLength = (name: string) => name.length * 6.7 + 10;

interface BarProps {
	readonly span: Lasting;
	readonly piece: Piece;
	readonly label: boolean;
	readonly column: number;
}

function Bar({ span, piece, label, column }: BarProps) {
	const { kind, lane, slot, shared, name } = span;
	const left = columnLeft(column, RAIL - 2 + slot * SLOT);
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
		piece.cut ? 'cut' : '',
	];
	return (
		<div class={`bar ${classes.join(' ')}`} style={`left: ${left}; top: ${piece.top}px; height: ${height}px`}>
			<span class="label">
				{kind === 'lock' && height >= 18 && (piece.begins || fits) && <Icon name="lock" size={12} />}
				{fits && name}
			</span>
		</div>
	);
}

function Wait({ span, piece, column }: Omit<BarProps, 'label'>) {
	return (
		<div
			class={`wait${span.forEver ? ' for-ever' : ''}${piece.later ? ' later' : ''}`}
			style={`left: ${columnLeft(column, 4)}; top: ${piece.top}px; height: ${piece.bottom - piece.top}px`}
		/>
	);
}

interface ArrowProps {
	readonly span: Lasting;
	readonly spans: Spans;
	readonly y: number;
	readonly later: boolean;
	readonly columns: readonly number[];
}

/** From the waiting thread to the bar of what it waits for, or to the thread that has it. */
function Arrow({ span, spans, y, later, columns }: ArrowProps) {
	const own = columns.indexOf(span.lane);
	return (
		<>
			{span.lanes.map((holder) => {
				const held = spans.all.find(
					({ lane, kind, name, from, to }) =>
						lane === holder &&
						(kind === 'lock' || kind === 'range') &&
						(name === span.name || name === `${span.name} active`) &&
						from <= span.to &&
						to > span.from,
				);
				const column = columns.indexOf(holder);
				const near = held ? RAIL - 2 + held.slot * SLOT : 4;
				const far = held ? near + (held.kind === 'lock' ? 16 : 2) : 16;
				const lanes = column - own;
				const rightward = lanes > 0 || (lanes === 0 && held !== undefined);
				const [left, width] = rightward
					? [columnLeft(own, 16), between(own, column, near - 16)]
					: [columnLeft(column, far), between(column, own, 4 - far)];
				const classes = `${rightward ? 'rightward' : 'leftward'}${span.forEver ? ' for-ever' : ''}${later ? ' later' : ''}`;
				return <div key={holder} class={`arrow ${classes}`} style={`left: ${left}; width: ${width}; top: ${y}px`} />;
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
	const { first, ended } = useExplorer().lives.value[lane] ?? { first: -1, ended: -1 };
	const start = first < 0 ? bottomOf(rows) : heightOf(rows, first + 1);
	const end = ended < 0 ? bottomOf(rows) : Math.max(start, heightOf(rows, ended));
	const left = columnLeft(window.columns.indexOf(lane), 9);
	return (
		<>
			{pieces(heightOf(rows, 0), start, 0, window, false).map(({ top, bottom }) => (
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
				<div class="stem" style={`top: 4px`} title="What leads to the cycle">
					once
				</div>
			)}
			<div class="loop" style={`top: ${top}px; height: ${bottom - top}px`}>
				<span class="label">for ever</span>
			</div>
		</>
	);
}

/** Height at which a wait begins: in the row that says so. */
function waitTop(rows: Rows, span: Lasting): number {
	return heightOf(rows, span.begins + 1);
}

/** Where the arrows of waits run: those that begin in the same row below each other. */
function arrowHeights(rows: Rows, waits: readonly Lasting[]): ReadonlyMap<Lasting, number> {
	const heights = new Map<Lasting, number>();
	const used = new Map<number, number>();
	for (const span of waits) {
		const at = rows.rowOf[span.begins] ?? -1;
		const row = rows.rows[at];
		if (row?.kind !== 'step') continue;
		const before = used.get(at) ?? 0;
		used.set(at, before + 1);
		heights.set(span, row.arrow + (before % 3) * ARROW);
	}
	return heights;
}

/** Up to where things are, and not only will be. */
function cutAt(rows: Rows, cursor: number, end: number): number {
	return cursor >= end ? rows.height : heightOf(rows, cursor) + 12;
}

type Place = Omit<Window, 'columns'>;

export function Marks(place: Place) {
	const explorer = useExplorer();
	const rows = explorer.rows.value;
	const spans = explorer.spans.value;
	if (!rows || !spans) return null;
	const columns = explorer.columns.value;
	const window = { ...place, columns };
	const { steps } = window.picture;
	const cursor = explorer.cursor.value;
	const bottom = bottomOf(rows);
	const cut = cutAt(rows, cursor, steps.length);
	const inView = spans.all.filter((span) => {
		if (span.kind === 'context') return false;
		const top = span.kind === 'wait' ? waitTop(rows, span) : heightOf(rows, span.from);
		return top <= window.to && (span.to > steps.length || heightOf(rows, span.to) >= window.from);
	});
	const arrows = arrowHeights(
		rows,
		inView.filter(({ kind, lanes }) => kind === 'wait' && lanes.length > 0),
	);
	return (
		<div class="marks" aria-hidden="true">
			{columns.map((lane) => (
				<Life key={lane} lane={lane} rows={rows} cut={cut} {...window} />
			))}
			{inView.map((span) => {
				const column = columns.indexOf(span.lane);
				const open = span.to > steps.length;
				const top = span.kind === 'wait' ? waitTop(rows, span) : heightOf(rows, span.from);
				const end = open ? bottom : heightOf(rows, span.to);
				if (end <= top) return null;
				const key = `${span.kind} ${span.lane} ${span.slot} ${span.from}`;
				const parts = pieces(top, end, cut, window, open);
				if (span.kind === 'wait') {
					const y = arrows.get(span);
					return (
						<Fragment key={key}>
							{parts.map((piece) => (
								<Wait key={String(piece.later)} span={span} piece={piece} column={column} />
							))}
							{y !== undefined && (
								<Arrow span={span} spans={spans} y={y} later={cursor < span.begins + 1} columns={columns} />
							)}
						</Fragment>
					);
				}
				const lengths = parts.map((piece) => piece.bottom - piece.top);
				const needs = Math.min(labelLength(span.name) + 16, Math.max(...lengths));
				const labelled = lengths.findIndex((length) => length >= needs);
				return parts.map((piece, part) => (
					<Bar key={`${key}${piece.later}`} span={span} piece={piece} label={part === labelled} column={column} />
				));
			})}
			<Loop rows={rows} {...window} />
		</div>
	);
}

export function Tints(place: Place) {
	const explorer = useExplorer();
	const rows = explorer.rows.value;
	const spans = explorer.spans.value;
	if (!rows || !spans) return null;
	const columns = explorer.columns.value;
	const window = { ...place, columns };
	const { steps } = window.picture;
	const { compact } = explorer.metrics.value;
	const bottom = bottomOf(rows);
	const cut = cutAt(rows, explorer.cursor.value, steps.length);
	return (
		<div class="tints" aria-hidden="true">
			{spans.all.map((span) => {
				if (span.kind !== 'context') return null;
				const top = rows.rows[rows.rowOf[span.begins] ?? -1]?.top ?? 0;
				const last = rows.rows[rows.rowOf[span.to - 1] ?? -1];
				const end = span.to > steps.length || !last ? bottom : last.top + last.height;
				if (end <= top || end < window.from || top > window.to) return null;
				const column = columns.indexOf(span.lane);
				const rail = `var(--rail${span.lane})`;
				const [left, width] = compact
					? [columnLeft(column, 0), `calc(${rail} - 2px)`]
					: [`calc(var(--x${column}) + ${rail} - 4px)`, `calc(var(--x${column + 1}) - var(--x${column}) - ${rail})`];
				return pieces(top, end, cut, window, false).map((piece) => (
					<div
						key={`${span.lane} ${span.from}${piece.later}`}
						class={`tint ${laneClass(span.lane)}${piece.later ? ' later' : ''}`}
						style={`left: ${left}; width: ${width}; top: ${piece.top}px; height: ${piece.bottom - piece.top}px`}
					/>
				));
			})}
		</div>
	);
}
