import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { lanesInVain } from '../../findings/explorer/fold.js';
import type { Picture } from '../../findings/explorer/picture.js';
import { type Row, rowAt } from '../model/rows.js';
import { railWidth } from '../model/spans.js';
import { Badge, laneClass } from './badge.js';
import { useExplorer } from './context.js';
import { Marks, Tints } from './marks.js';
import { MarkRowView, StepRowView, timeOf } from './row.js';
import { Unseen } from './unseen.js';

/** Rows drawn above and below what is in view. */
const MARGIN = 240;

interface HeadProps {
	readonly picture: Picture;
	readonly lane: number;
	readonly column: number;
}

function LaneHead({ picture, lane, column }: HeadProps) {
	const { state } = useExplorer();
	const { name, title, kind } = picture.lanes[lane] ?? { name: '', title: '', kind: 'thread' };
	const now = state.value?.lanes[lane];
	const waits = now?.waitsFor?.what;
	const bad = now?.waitsFor?.forEver === true && lanesInVain(picture).has(lane);
	return (
		<div
			class={`lane-head ${laneClass(lane)}`}
			role="columnheader"
			title={title === '' ? name : `${name}: ${title}`}
			style={`--x: var(--x${column}); --column: ${column}`}
		>
			<Badge lane={lane} />
			{name.length > 1 && <b class="name">{name}</b>}
			{title !== '' && <code class="title">{title}</code>}
			{kind !== 'thread' && title !== kind && <span class="kind">{kind}</span>}
			<span class={bad ? 'status bad' : 'status'} title={waits}>
				{waits ?? now?.status}
			</span>
		</div>
	);
}

/** The row that a statement's cell belongs to, and the cells left and right of it. */
function useGrid(picture: Picture, columns: number) {
	const explorer = useExplorer();
	const column = useSignal(1);
	const grid = useRef<HTMLDivElement>(null);
	const inside = useRef(false);
	const focusCell = () => {
		// Never out of another part of the window.
		if (!document.hasFocus()) return;
		const row = explorer.focusRow.value;
		grid.current
			?.querySelector<HTMLElement>(`[data-row="${row}"] > [data-column="${column.value}"]`)
			?.focus({ preventScroll: true });
	};
	// The focus goes with the cursor, wherever the cursor was moved from.
	useLayoutEffect(() => {
		if (inside.current) focusCell();
	}, [explorer.currentRow.value, column.value]);
	// A way that was taken is gone with its picture: the focus stays in the run.
	useLayoutEffect(() => {
		if (inside.current && (document.activeElement === null || document.activeElement === document.body)) focusCell();
	}, [picture]);
	const onKeyDown = (event: KeyboardEvent) => {
		const target = event.target as HTMLElement;
		const plain = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
		if (!plain) return;
		if (event.key === 'ArrowDown') explorer.step(1);
		else if (event.key === 'ArrowUp') explorer.step(-1);
		else if (event.key === 'ArrowRight' && column.value < columns) column.value++;
		else if (event.key === 'ArrowLeft' && column.value > 0) column.value--;
		else if (event.key === 'Escape' && target.tagName === 'BUTTON') focusCell();
		else if (event.key === 'Enter' && target.tagName !== 'BUTTON') target.querySelector<HTMLElement>('button')?.click();
		else return;
		event.preventDefault();
		if (target.tagName === 'BUTTON') focusCell();
	};
	return {
		grid,
		column,
		onKeyDown,
		onFocusIn: (event: FocusEvent) => {
			inside.current = true;
			const at = (event.target as HTMLElement).closest<HTMLElement>('[data-column]')?.dataset.column;
			if (at !== undefined) column.value = Number(at);
		},
		onFocusOut: (event: FocusEvent) => {
			// Without a target the focused element is gone, or the window is left: either way the place is still here.
			if (event.relatedTarget && !grid.current?.contains(event.relatedTarget as Node)) inside.current = false;
		},
	};
}

function visibleRows(rows: readonly Row[], top: number, height: number, current: number): readonly number[] {
	const first = rowAt(rows, top - MARGIN);
	const last = rowAt(rows, top + height + MARGIN);
	const all: number[] = [];
	if (current >= 0 && current < first) all.push(current);
	for (let at = first; at <= last && at < rows.length; at++) all.push(at);
	if (current > last) all.push(current);
	return all;
}

/** Rows drawn before, by key: one that comes out the same is not compared again. */
function useDrawn(...all: unknown[]) {
	const cache = useRef({ all, rows: new Map<string, { readonly same: string; readonly node: VNode }>() });
	if (all.some((one, at) => one !== cache.current.all[at])) cache.current = { all, rows: new Map() };
	return (key: string, same: string, draw: () => VNode): VNode => {
		const known = cache.current.rows.get(key);
		if (known?.same === same) return known.node;
		const node = draw();
		cache.current.rows.set(key, { same, node });
		return node;
	};
}

export function Lanes({ picture }: { readonly picture: Picture }) {
	const explorer = useExplorer();
	const scroller = useRef<HTMLDivElement>(null);
	const view = useSignal({ top: 0, height: 1200 });
	/** Where the scroller stands, known without making the browser lay out the page. */
	const scrolled = useRef({ top: 0, height: 0 });
	const layout = explorer.rows.value;
	const spans = explorer.spans.value;
	const { grid, column, onKeyDown, onFocusIn, onFocusOut } = useGrid(picture, explorer.columns.value.length);
	const current = explorer.currentRow.value;
	const drawn = useDrawn(picture, layout, explorer.columns.value, explorer.metrics.value);

	useLayoutEffect(() => {
		const element = scroller.current;
		if (!element) return;
		const measure = () => {
			const next = { top: element.scrollTop, height: element.clientHeight };
			scrolled.current = next;
			explorer.setWidth(element.clientWidth);
			const { top, height } = view.peek();
			// Small moves stay inside of the margin.
			if (Math.abs(next.top - top) > MARGIN / 2 || next.height !== height) view.value = next;
		};
		measure();
		element.addEventListener('scroll', measure, { passive: true });
		const observer = new ResizeObserver(measure);
		observer.observe(element);
		return () => {
			element.removeEventListener('scroll', measure);
			observer.disconnect();
		};
	}, []);

	// The row under the cursor stays in view.
	useLayoutEffect(() => {
		const element = scroller.current;
		const row = layout?.rows[explorer.focusRow.value];
		if (!element || !row) return;
		const lanes = explorer.columns.value.length;
		const header = explorer.metrics.value.compact ? 9 + lanes * 22 : lanes > 2 ? 52 : 40;
		const end = layout.rows.length - 1 - current < 3 ? layout.height + header : row.top + row.height + header;
		const { top, height } = scrolled.current;
		const to = row.top < top ? (current <= 0 ? 0 : row.top - 24) : end > top + height ? end - height + 24 : top;
		if (to === top) return;
		element.scrollTop = to;
		scrolled.current = { top: element.scrollTop, height };
	}, [current, layout]);

	const windowed = layout ? visibleRows(layout.rows, view.value.top, view.value.height, current) : [];
	useEffect(() => {
		const first = layout?.rows[windowed[0] ?? 0];
		const last = layout?.rows[windowed.at(-1) ?? 0];
		if (first && last) explorer.wantStates(first.first, last.last + 1);
	}, [windowed[0], windowed.at(-1), layout]);

	if (!layout || !spans) return null;
	const focusRow = explorer.focusRow.value;
	const columns = explorer.columns.value;
	const digits = String(picture.steps.length).length;
	const from = view.value.top - MARGIN;
	const to = view.value.top + view.value.height + MARGIN;
	const { compact } = explorer.metrics.value;
	const places = [
		...spans.slots.map((slots, lane) => `--rail${lane}: ${railWidth(slots)}px`),
		...explorer.rails.value.map((edge, column) =>
			compact
				? `--x${column}: calc(var(--number) + ${edge}px)`
				: `--x${column}: calc(var(--number) + (100% - var(--number)) / var(--n) * ${column})`,
		),
		`--rails: ${explorer.rails.value.at(-1)}px`,
	];
	return (
		<div class="lanes-scroll" ref={scroller}>
			<div
				class={`lanes n${Math.min(9, columns.length)}${picture.cycleStart === null ? '' : ' lasso'}${compact ? ' compact' : ''}`}
				style={`--n: ${columns.length}; --digits: ${digits}; ${places.join('; ')}`}
				role="grid"
				aria-label="Run: a column for each thread, time downwards"
				aria-rowcount={layout.rows.length + 1}
				aria-colcount={columns.length + 1}
				ref={grid}
				onKeyDown={onKeyDown}
				onFocusIn={onFocusIn}
				onFocusOut={onFocusOut}
			>
				<div class="row-head" role="row" aria-rowindex={1}>
					<div class="number" role="columnheader">
						<Unseen>Step</Unseen>
					</div>
					{columns.map((lane, column) => (
						<LaneHead key={lane} picture={picture} lane={lane} column={column} />
					))}
				</div>
				<div class="body" role="rowgroup" style={{ height: `${layout.height}px` }}>
					<Tints picture={picture} from={from} to={to} />
					<Marks picture={picture} from={from} to={to} />
					{windowed.map((at) => {
						const row = layout.rows[at];
						if (!row) return null;
						const time = timeOf(row, explorer.cursor.value, picture.steps.length);
						const stop = at === focusRow ? column.value : -1;
						return drawn(row.key, `${time}${stop}`, () => {
							const common = { index: at, picture, columns, time };
							return row.kind === 'step' ? (
								<StepRowView key={row.key} row={row} stop={stop} {...common} />
							) : (
								<MarkRowView key={row.key} row={row} {...common} />
							);
						});
					})}
				</div>
			</div>
		</div>
	);
}
