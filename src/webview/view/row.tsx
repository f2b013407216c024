import type { Alternative, Picture } from '../../findings/explorer/picture.js';
import { type AloneRow, isNews, isWrong, type MarkRow, type Row, type StepRow, waysOf } from '../model/rows.js';
import { contextWords } from '../model/spans.js';
import { numbersOf } from '../model/taken.js';
import { laneName, noReturnWords, OUTLOOK, pickOf, wayWords } from '../model/words.js';
import { AloneCell } from './alone.js';
import { Badge, laneClass } from './badge.js';
import { Button } from './button.js';
import { Code } from './code.js';
import { useExplorer } from './context.js';
import { Icon, Verdict } from './icons.js';
import { Unseen } from './unseen.js';

interface WayProps {
	readonly picture: Picture;
	readonly way: Alternative;
	/** Steps done before it. */
	readonly steps: number;
	/** Reached by Tab. */
	readonly stop: boolean;
	/** Another pick of the thread that went: the statement, which need not be said again. */
	readonly of?: string;
}

/** A way that was not taken, with how it ends. */
export function Way({ picture, way, steps, stop, of }: WayProps) {
	const explorer = useExplorer();
	const name = laneName(picture, way.lane);
	const pick = of !== undefined;
	const content = (
		<>
			<Badge lane={way.lane} outline small named={!pick} />
			<span class={pick ? '' : 'lead'}>{pick ? 'or' : `${name} could go:`}</span>
			<code>
				<Code text={pick ? pickOf(way.text, of) : way.text} />
			</code>
			<Verdict outlook={way.outlook} />
			<Unseen>, {OUTLOOK[way.outlook]}</Unseen>
		</>
	);
	return (
		<Button
			class="way"
			tabIndex={stop ? 0 : -1}
			title={`${wayWords(picture, way)}\nWith Shift: one step only`}
			onClick={(event) => {
				event.stopPropagation();
				explorer.branch(steps, way, event.shiftKey || explorer.single.value);
			}}
		>
			{content}
		</Button>
	);
}

interface StepProps {
	readonly row: StepRow;
	readonly index: number;
	readonly picture: Picture;
	readonly columns: readonly number[];
	readonly time: Time;
	/** Column that Tab reaches; -1 for none. */
	readonly stop: number;
}

/** Whether a row has been, is at the cursor, or is to come. */
export type Time = '' | ' cur' | ' future';

export function timeOf(row: Row, cursor: number, end: number): Time {
	if (row.kind === 'setup') return '';
	if (row.kind !== 'step') return cursor <= row.first && !(row.kind !== 'call' && cursor === end) ? ' future' : '';
	return cursor > row.last + 1 ? '' : cursor > row.first ? ' cur' : ' future';
}

/** Whether a remark is what the finding says: the step at which it goes wrong. */
function isFinding({ finding }: Picture, remark: string): boolean {
	return finding?.closing.toLowerCase().startsWith(remark.toLowerCase()) === true;
}

/** Where a lane's cell has its rail. */
const placeOf = (lane: number, column: number) => `--rail: var(--rail${lane}); --x: var(--x${column})`;

function numbers(picture: Picture, { first, last, depth }: StepRow): string {
	return numbersOf(picture, first, depth >= 0 ? first : last);
}

function Text({ row, picture, stop }: { readonly row: StepRow; readonly picture: Picture; readonly stop: boolean }) {
	const explorer = useExplorer();
	const steps = picture.steps.slice(row.first, row.last + 1);
	const text = (
		<span class={row.cause ? 'text cause' : 'text'} title={row.head}>
			{row.continued && <span class="continued">↳ </span>}
			<Code text={row.head} />
		</span>
	);
	const details = row.open ? (picture.steps[row.first]?.details ?? []) : [];
	const before = picture.states[row.first]?.lanes[row.lane];
	const own = picture.states[row.last + 1]?.lanes[row.lane];
	const words = own ? contextWords(own) : '';
	const newWords = words !== '' && (!before || contextWords(before) !== words || row.first === 0);
	return (
		<>
			{row.callback !== null && (
				<div class="line callback">
					<span class="text" title={row.callback}>
						-&gt;{row.callback}
					</span>
				</div>
			)}
			<div class="line" style={row.depth > 0 ? { paddingLeft: `${Math.min(row.depth, 6) * 8}px` } : undefined}>
				{row.opens ? (
					<Button
						class="fold"
						aria-expanded={row.open}
						tabIndex={stop ? 0 : -1}
						title={row.open ? 'Fold (U)' : `Unfold (U)${row.more > 0 ? `: ${row.more + 1} steps` : ''}`}
						onClick={(event) => {
							event.stopPropagation();
							explorer.toggle(row);
						}}
					>
						<Icon name="right" size={12} />
						{text}
					</Button>
				) : (
					<>
						<i class="indent" />
						{text}
					</>
				)}
				{row.more > 0 && <span class="more">+{row.more}</span>}
				{row.cause && (
					<span class="cause-tag" title="What the finding blames">
						cause
					</span>
				)}
				{newWords && (
					<span class="context" title={words}>
						{words}
					</span>
				)}
			</div>
			{details.map((detail, at) => (
				<div class="detail" key={at} style={{ paddingLeft: `${12 + Math.min(detail.depth, 8) * 8}px` }}>
					{detail.text}
				</div>
			))}
			{row.remarks.map(({ text: remark, lines }, at) => (
				<div
					key={at}
					class={(row.blocked && at === row.remarks.length - 1) || isFinding(picture, remark) ? 'remark bad' : 'remark'}
					style={`height: calc(var(--small-line) * ${lines}); -webkit-line-clamp: ${lines}; margin-left: ${Math.min(Math.max(row.depth, 0), 6) * 8}px`}
					title={remark}
				>
					{remark}
				</div>
			))}
			{row.picks.map(({ way, steps }) => (
				<Way key={`${steps} ${way.choice}`} picture={picture} way={way} steps={steps} stop={stop} of={row.head} />
			))}
			{row.more > 0 && <Unseen>{`${steps.length} steps`}</Unseen>}
		</>
	);
}

/** What a thread that does not go in this row is doing meanwhile, for screen readers: the bars say it to the eye. */
function meanwhile(picture: Picture, lane: number, after: number): string {
	const state = picture.states[after]?.lanes[lane];
	if (state?.waitsFor) return state.waitsFor.what;
	return state && state.status !== 'runs' ? state.status : '';
}

/** Reads no signals: it is drawn anew only when what it is given changes (see Lanes). */
export function StepRowView({ row, index, picture, columns, time, stop }: StepProps) {
	const explorer = useExplorer();
	const current = time === ' cur';
	const ways = waysOf(picture, row);
	const shown = columns.map((at) =>
		at === row.lane ? [] : (ways.get(at) ?? []).filter((way) => current || isNews(picture, row, way)),
	);
	const lastOfTurn = row.switched ? ' switched' : '';
	return (
		<div
			class={`row${time}${lastOfTurn}${row.depth >= 0 ? ' inner' : ''}`}
			role="row"
			aria-rowindex={index + 2}
			aria-selected={current}
			data-row={index}
			style={`transform: translateY(${row.top}px); height: ${row.height}px; --ways: ${shown.flat().length}`}
			onClick={() => explorer.go(row.last + 1)}
		>
			<div class="number" role="rowheader" data-column={0} tabIndex={stop === 0 ? 0 : -1}>
				{numbers(picture, row) || <Unseen>no step</Unseen>}
			</div>
			{columns.map((at, column) => (
				<div
					key={at}
					class={at === row.lane ? 'cell mover' : 'cell'}
					role="gridcell"
					data-column={column + 1}
					tabIndex={stop === column + 1 ? 0 : -1}
					style={placeOf(at, column)}
				>
					{at === row.lane ? (
						<>
							<span
								class={`node ${laneClass(at)}${row.blocked ? ' blocked' : ''}`}
								style={{ top: `${row.node - row.top - 6}px` }}
							/>
							<Text row={row} picture={picture} stop={current} />
						</>
					) : (
						<>
							{shown[column]?.map((way) => (
								<Way key={way.choice} picture={picture} way={way} steps={row.first} stop={current} />
							))}
							<Unseen>{meanwhile(picture, at, row.last + 1)}</Unseen>
						</>
					)}
				</div>
			))}
		</div>
	);
}

function Never({ picture, columns }: { readonly picture: Picture; readonly columns: readonly number[] }) {
	return (
		<>
			{columns.map((at, column) => (
				<div key={at} class="cell" role="gridcell" style={placeOf(at, column)}>
					{picture.never
						.filter((never) => never.lane === at)
						.map(({ text }) => (
							<div class="words" key={text}>
								<Badge lane={at} small />
								{text}
							</div>
						))}
				</div>
			))}
		</>
	);
}

/** Rows that are no steps: the call around unfolded steps, the line of no return, what never happens, the end. */
export function MarkRowView({
	row,
	index,
	picture,
	columns,
	time: future,
}: Omit<StepProps, 'row' | 'stop'> & { readonly row: MarkRow | AloneRow }) {
	const explorer = useExplorer();
	const common = {
		role: 'row' as const,
		'aria-rowindex': index + 2,
		'data-row': index,
		style: `transform: translateY(${row.top}px); height: ${row.height}px; --lane: ${row.lane}`,
	};
	switch (row.kind) {
		case 'noReturn':
			return (
				<div class="row mark no-return" {...common}>
					<span role="gridcell" aria-colspan={columns.length + 1}>
						<span class="more-words">from here </span>
						{noReturnWords(picture)}
					</span>
				</div>
			);
		case 'call':
			return (
				<div class={`row mark call${future}${row.switched ? ' switched' : ''}`} {...common}>
					<div class="number" role="rowheader">
						<Unseen>{`steps ${numbersOf(picture, row.first, row.last, ' to ')}`}</Unseen>
					</div>
					{columns.map((at, column) => (
						<div key={at} class={at === row.lane ? 'cell mover' : 'cell'} role="gridcell" style={placeOf(at, column)}>
							{at === row.lane && (
								<div class="line">
									<Button
										class="fold"
										aria-expanded
										title="Fold (U)"
										onClick={() => explorer.toggle({ kind: 'call', first: row.first })}
									>
										<Icon name="right" size={12} />
										<span class="text">
											<Code text={row.head} />
										</span>
									</Button>
								</div>
							)}
						</div>
					))}
				</div>
			);
		case 'never':
			return (
				<div class={`row mark never${future}`} {...common}>
					<div class="number" role="rowheader">
						<span aria-hidden="true">∞</span>
						<Unseen>for ever</Unseen>
					</div>
					<Never picture={picture} columns={columns} />
				</div>
			);
		case 'setup':
		case 'finally':
			return (
				<div class={`row mark alone${future}`} {...common}>
					<div role="gridcell" aria-colspan={columns.length + 1}>
						<AloneCell row={row} picture={picture} />
					</div>
				</div>
			);
		case 'end':
			return (
				<div class={`row mark end${isWrong(picture) ? ' bad' : ''}${future}`} {...common}>
					<span role="gridcell" aria-colspan={columns.length + 1}>
						{picture.finding && picture.ending === picture.finding.closing ? picture.finding.code : picture.ending}
					</span>
				</div>
			);
		case 'next':
			return (
				<div class="row mark next" {...common}>
					<div class="number" role="rowheader">
						?<Unseen>Who goes next</Unseen>
					</div>
					{columns.map((at, column) => (
						<div key={at} class="cell" role="gridcell" style={placeOf(at, column)}>
							{picture.next
								.filter((way) => way.lane === at)
								.slice(0, 1)
								.map((way) => (
									<Way key={way.choice} picture={picture} way={way} steps={picture.steps.length} stop />
								))}
						</div>
					))}
				</div>
			);
	}
}
