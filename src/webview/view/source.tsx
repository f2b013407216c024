import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Picture } from '../../findings/explorer/picture.js';
import type { Span } from '../../findings/result.js';
import { highlight, type Token } from '../model/highlight.js';
import { laneName } from '../model/words.js';
import { Badge, laneClass } from './badge.js';
import { Button } from './button.js';
import { useExplorer } from './context.js';
import { Icon } from './icons.js';
import { MonacoPane } from './monaco-pane.js';
import { Unseen } from './unseen.js';

/** Where the threads stand in a file: the next statement of each, and the one just done. */
export interface Places {
	/** Lanes by line. */
	readonly lanes: ReadonlyMap<number, readonly number[]>;
	/** The statement of the step under the cursor. */
	readonly done: Span | null;
	readonly cause: Span | null;
}

export function placesIn(picture: Picture, cursor: number, uri: string): Places {
	const lanes = new Map<number, number[]>();
	const put = (line: number, lane: number) => {
		const list = lanes.get(line);
		if (!list) lanes.set(line, [lane]);
		else if (!list.includes(lane)) list.push(lane);
	};
	const step = picture.steps[cursor - 1];
	const frames = step ? [step.span, ...step.stack.map(({ span }) => span).reverse()] : [];
	const done = frames.find((span) => span?.uri === uri) ?? null;
	if (step && done) put(done.line, step.lane);
	picture.states[cursor]?.lanes.forEach(({ span, status }, lane) => {
		if (lane === step?.lane && done) return;
		if (span?.uri === uri && status !== 'ended') put(span.line, lane);
		else if (status !== 'ended') {
			// In the kernel: the line of this file that called it.
			for (let at = cursor - 1; at >= 0; at--) {
				const last = picture.steps[at];
				if (last?.lane !== lane) continue;
				const call = [last.span, ...last.stack.map((frame) => frame.span).reverse()].find((one) => one?.uri === uri);
				if (call) put(call.line, lane);
				break;
			}
		}
	});
	const cause = picture.steps.find((one) => one.cause && one.span.uri === uri)?.span ?? null;
	return { lanes, done, cause };
}

/** The files that the run passes through: the sketch first. */
function filesOf(picture: Picture): readonly string[] {
	const files = new Set([picture.file]);
	if (picture.environment) files.add(picture.environment.uri);
	for (const step of picture.steps) {
		for (const frame of step.stack) if (frame.span && !frame.kernel) files.add(frame.span.uri);
	}
	for (const step of picture.steps) files.add(step.span.uri);
	return [...files];
}

interface LineProps {
	readonly number: number;
	readonly tokens: readonly Token[];
	readonly lanes: readonly number[];
	readonly now: boolean;
	readonly cause: boolean;
	readonly picked: string;
	/** Somebody asked for this line. */
	readonly asked: boolean;
	readonly stop: boolean;
}

function Line({ number, tokens, lanes, now, cause, picked, asked, stop }: LineProps) {
	const explorer = useExplorer();
	const picture = explorer.picture.value;
	const who = picture ? lanes.map((lane) => laneName(picture, lane)).join(', ') : '';
	const classes = [
		'code-line',
		now ? 'now' : '',
		cause ? 'blamed' : '',
		picked ? 'picked' : '',
		asked ? 'asked' : '',
		lanes[0] !== undefined ? `here ${laneClass(lanes[0])}` : '',
	];
	return (
		<div class={classes.join(' ').trim()} role="option" aria-selected={now} tabIndex={stop ? 0 : -1} data-line={number}>
			<span class="gutter">
				{lanes.slice(0, 2).map((lane) => (
					<Badge key={lane} lane={lane} named />
				))}
				{who && <Unseen>{who} is here. </Unseen>}
			</span>
			<span class="line-number">{number}</span>
			<span class="text">
				{tokens.length === 0
					? ' '
					: tokens.map(([kind, text], at) =>
							kind === '' ? (
								text
							) : (
								<span key={at} class={`token of-${kind}`}>
									{text}
								</span>
							),
						)}
			</span>
			{cause && <Unseen>, the cause</Unseen>}
			{picked && <span class="picked-tag">{picked}</span>}
		</div>
	);
}

function LightPane({ uri, text, picture }: { readonly uri: string; readonly text: string; readonly picture: Picture }) {
	const explorer = useExplorer();
	const pane = useRef<HTMLDivElement>(null);
	const lines = useMemo(() => highlight(text), [text]);
	const places = placesIn(picture, explorer.cursor.value, uri);
	const { revealed, order } = explorer;
	const line =
		revealed.value?.uri === uri
			? revealed.value.line
			: (places.done?.line ?? [...places.lanes.keys()][0] ?? places.cause?.line ?? 1);
	const stop = useSignal(line);
	// below what is visible, in a narrow page; once: whatever else changes leaves the page where the reader has it
	useEffect(() => {
		if (revealed.value?.uri === uri) pane.current?.closest('section')?.scrollIntoView({ block: 'nearest' });
	}, [revealed.value]);
	useEffect(() => {
		const element = pane.current;
		const target = element?.querySelector<HTMLElement>(`[data-line="${line}"]`);
		stop.value = line;
		if (!element || !target) return;
		const top = target.offsetTop - element.offsetTop;
		if (top < element.scrollTop + 36 || top > element.scrollTop + element.clientHeight - 54)
			element.scrollTop = top - element.clientHeight / 3;
	}, [line, lines, revealed.value]);
	useEffect(() => {
		revealed.value = null;
	}, [explorer.cursor.value]);
	const choose = (number: number) => {
		if (order.value) explorer.pickLine({ uri, line: number, column: 1, endLine: number, endColumn: 1 });
		else explorer.toLine(uri, number);
	};
	const picked = (number: number): string => {
		const on = (span: Span | null | undefined) => span?.uri === uri && span.line === number;
		return on(order.value?.first) ? 'first' : on(order.value?.second) ? 'then' : '';
	};
	return (
		<div
			class="source-pane"
			ref={pane}
			role="listbox"
			aria-label="Source: a line goes to the steps that run it"
			onClick={(event) => {
				const at = (event.target as HTMLElement).closest<HTMLElement>('[data-line]')?.dataset.line;
				if (at) choose(Number(at));
			}}
			onKeyDown={(event) => {
				const at = Number((event.target as HTMLElement).dataset.line);
				const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
				if (by !== 0) {
					const next = pane.current?.querySelector<HTMLElement>(`[data-line="${at + by}"]`);
					if (next) {
						stop.value = at + by;
						next.focus();
					}
				} else if (event.key === 'Enter' || event.key === ' ') choose(at);
				else return;
				event.preventDefault();
				event.stopPropagation();
			}}
		>
			{lines.map((tokens, at) => {
				const number = at + 1;
				return (
					<Line
						key={number}
						number={number}
						tokens={tokens}
						lanes={places.lanes.get(number) ?? NOBODY}
						now={places.done?.line === number}
						cause={places.cause?.line === number}
						picked={picked(number)}
						asked={revealed.value?.uri === uri && revealed.value.line === number}
						stop={stop.value === number}
					/>
				);
			})}
		</div>
	);
}

const NOBODY: readonly number[] = [];

/** Choosing two lines, and asking for the run that orders them so. */
function OrderBar() {
	const explorer = useExplorer();
	const order = explorer.order.value;
	const bar = useRef<HTMLDivElement>(null);
	const open = order !== null;
	// the lines to pick from may be below what is visible
	useEffect(() => {
		if (open) bar.current?.closest('section')?.scrollIntoView({ block: 'nearest' });
	}, [open]);
	if (!order) return null;
	return (
		<div class="order-bar" ref={bar}>
			<span>
				{!order.first ? (
					'Pick the line that shall be executed first.'
				) : !order.second ? (
					<>Line {order.first.line} first. Pick the line that shall come after it.</>
				) : (
					<>
						Line {order.first.line} before line {order.second.line}
					</>
				)}
			</span>
			{order.second && (
				<Button class="primary" onClick={() => explorer.askOrder()}>
					Find the shortest run
				</Button>
			)}
			<Button class="act" aria-label="Cancel" title="Cancel" onClick={() => explorer.startOrder()}>
				<Icon name="close" />
			</Button>
		</div>
	);
}

export function SourcePane({ picture }: { readonly picture: Picture }) {
	const explorer = useExplorer();
	const { host, sourceShown } = explorer;
	const monaco = useSignal(false);
	const files = useMemo(() => filesOf(picture), [picture.file, picture.steps]);
	const step = picture.steps[explorer.cursor.value - 1];
	const unfolded = step ? explorer.rows.value?.rows[explorer.currentRow.value] : undefined;
	const inside = unfolded?.kind === 'step' && (unfolded.depth >= 0 || unfolded.open);
	// A folded call is read from outside: the kernel's text comes to the front with its steps.
	const followed = inside && step ? step.span.uri : picture.file;
	const revealed = explorer.revealed.value?.uri;
	const uri = revealed ?? (sourceShown.value && files.includes(sourceShown.value) ? sourceShown.value : followed);
	useEffect(() => {
		explorer.source(uri);
	}, [uri]);
	useEffect(() => {
		sourceShown.value = null;
	}, [explorer.cursor.value]);
	const sourceOf = (file: string) =>
		explorer.isInvented(file) ? explorer.source(file) : explorer.sources.value.get(file);
	const source = sourceOf(uri);
	const title = (file: string) => sourceOf(file)?.title ?? file.replace(/^.*[/:]/, '');
	return (
		<section class="section of-source" aria-label="Source">
			<h2>
				<span class="title">Source</span>
				<span class="pick">
					<select
						aria-label="File"
						value={uri}
						onChange={(event) => {
							sourceShown.value = event.currentTarget.value;
						}}
					>
						{files.map((file) => (
							<option key={file} value={file}>
								{title(file)}
							</option>
						))}
					</select>
					<Icon name="down" size={12} />
				</span>
				<Button
					class="act text"
					id="order"
					aria-pressed={explorer.order.value !== null}
					title="Order two lines: the shortest run in which one goes before the other (L)"
					aria-label="Order two lines"
					onClick={() => explorer.startOrder()}
				>
					<Icon name="order" /> order
				</Button>
				{!host.saved && !explorer.isInvented(uri) && (
					<Button
						class="act"
						title="Show this line in the editor"
						aria-label="Show this line in the editor"
						onClick={() => {
							const places = placesIn(picture, explorer.cursor.value, uri);
							const line = places.done?.line ?? 1;
							explorer.open(places.done ?? { uri, line, column: 1, endLine: line, endColumn: 1 });
						}}
					>
						<Icon name="open" />
					</Button>
				)}
				{host.monaco && (
					<Button
						class="act text"
						aria-pressed={monaco.value}
						title="Show the source in a full editor, to fold and to search in"
						onClick={() => {
							monaco.value = !monaco.value;
						}}
					>
						editor
					</Button>
				)}
			</h2>
			<OrderBar />
			{!source || source.text === null ? (
				<p class="none">The text is on its way …</p>
			) : monaco.value ? (
				<MonacoPane uri={uri} text={source.text} picture={picture} />
			) : (
				<LightPane uri={uri} text={source.text} picture={picture} />
			)}
		</section>
	);
}
