import { useMemo } from 'preact/hooks';
import type { Picture } from '../../findings/explorer/picture.js';
import { positionWords } from '../model/words.js';
import { laneClass } from './badge.js';
import { useExplorer } from './context.js';

/** Above this number of steps, nodes would touch: turns of a thread are drawn as strokes. */
const NODES = 90;
const ACROSS = 1000;

/** The shapes of the threads, small. */
function tick(lane: number, r: number): string {
	switch (lane % 4) {
		case 0:
			return `M${-r} 0a${r} ${r} 0 1 1 ${2 * r} 0a${r} ${r} 0 1 1 ${-2 * r} 0Z`;
		case 1:
			return `M${-r} ${-r}H${r}V${r}H${-r}Z`;
		case 2:
			return `M0 ${-r - 1}L${r + 1} 0L0 ${r + 1}L${-r - 1} 0Z`;
		default:
			return `M${-r} 0L${-r / 2} ${-r}H${r / 2}L${r} 0L${r / 2} ${r}H${-r / 2}Z`;
	}
}

/** Below this height there is no room for names. */
const NAMES = 10;
/** For more threads than this names would take too much of the panel. */
const NAMED = 8;

function laneHeight(lanes: number): number {
	const least = lanes <= NAMED ? NAMES : 5;
	return Math.max(least, Math.min(16, Math.floor(44 / Math.max(1, lanes))));
}

interface Props {
	readonly picture: Picture;
	/** Lanes in the order of their rows. */
	readonly columns: readonly number[];
	readonly height: number;
}

function Nodes({ picture, columns, height }: Props) {
	const { steps } = picture;
	const x = (at: number) => `${((at + 1) / steps.length) * 100}%`;
	const y = (lane: number) => columns.indexOf(lane) * height + height / 2;
	const size = Math.min(5, height / 2 - 1, 300 / steps.length + 1);
	return (
		<>
			{steps.map(
				(step, at) =>
					at > 0 && (
						<line
							key={`l${at}`}
							class="link"
							x1={x(at - 1)}
							y1={y(steps[at - 1]?.lane ?? 0)}
							x2={x(at)}
							y2={y(step.lane)}
						/>
					),
			)}
			{steps.map((step, at) => (
				<svg key={`n${at}`} x={x(at)} y={y(step.lane)} overflow="visible" class={laneClass(step.lane)}>
					<title>{`${at + 1}: ${step.text}`}</title>
					<path class={step.blocked ? 'tick blocked' : 'tick'} d={tick(step.lane, step.blocked ? size - 1 : size)} />
				</svg>
			))}
		</>
	);
}

/** Turns as strokes, a path for each lane; at most one for every pixel or so. */
function strokes({ picture, columns, height }: Props): readonly string[] {
	const { steps, lanes } = picture;
	const paths = lanes.map(() => '');
	const drawn = lanes.map(() => -1);
	const scale = ACROSS / steps.length;
	let begin = 0;
	for (let at = 0; at < steps.length; at++) {
		const lane = steps[at]?.lane ?? 0;
		if (steps[at + 1]?.lane === lane) continue;
		const from = Math.floor(begin * scale);
		const to = Math.max(from + 1, Math.ceil((at + 1) * scale));
		begin = at + 1;
		if (to <= (drawn[lane] ?? -1)) continue;
		drawn[lane] = to;
		paths[lane] += `M${from} ${columns.indexOf(lane) * height + height / 2}H${to}`;
	}
	return paths;
}

function Strokes(props: Props) {
	const { columns, height } = props;
	return (
		<svg
			class="strokes"
			viewBox={`0 0 ${ACROSS} ${height * columns.length}`}
			width="100%"
			height={height * columns.length}
			preserveAspectRatio="none"
		>
			<title>turns of the threads</title>
			{strokes(props).map((path, lane) => (
				<path key={lane} class={laneClass(lane)} d={path} stroke-width={Math.max(3, height - 4)} />
			))}
		</svg>
	);
}

function Drawing(props: Props) {
	const { picture, columns, height } = props;
	const { steps, noReturn, cycleStart } = picture;
	const all = height * columns.length;
	const at = (state: number) => `${(state / Math.max(1, steps.length)) * 100}%`;
	return (
		<svg class="drawing" width="100%" height={all} overflow="visible" aria-hidden="true">
			{columns.map((lane, index) => (
				<line
					key={lane}
					class="base"
					x1="0"
					x2="100%"
					y1={index * height + height / 2}
					y2={index * height + height / 2}
				/>
			))}
			{cycleStart !== null && (
				<rect
					class="cycle"
					x={at(cycleStart + 0.5)}
					width={at(steps.length - cycleStart - 0.5)}
					y="-3"
					height={all + 6}
				/>
			)}
			{steps.length <= NODES ? <Nodes {...props} /> : <Strokes {...props} />}
			{noReturn !== null && (
				<line class="no-return" x1={at(noReturn + 0.5)} x2={at(noReturn + 0.5)} y1="-4" y2={all + 4} />
			)}
		</svg>
	);
}

/** The slider, with the run in small behind it. */
export function Timeline({ picture }: { readonly picture: Picture }) {
	const explorer = useExplorer();
	const { cursor } = explorer;
	const columns = explorer.columns.value;
	const height = laneHeight(columns.length);
	const drawing = useMemo(
		() => <Drawing picture={picture} columns={columns} height={height} />,
		[picture.steps, columns],
	);
	return (
		<div class="timeline" style={`--track: ${Math.max(48, height * columns.length)}px`}>
			{height >= NAMES && (
				<div class="who" aria-hidden="true" style={{ lineHeight: `${height}px`, fontSize: height < 12 ? 10 : 11 }}>
					{columns.map((lane) => (
						<span key={lane} class={laneClass(lane)}>
							{picture.lanes[lane]?.name}
						</span>
					))}
				</div>
			)}
			<div class="track">
				{drawing}
				<input
					type="range"
					min={0}
					max={picture.steps.length}
					step={1}
					value={cursor.value}
					aria-label="Step"
					aria-valuetext={positionWords(picture, cursor.value)}
					onInput={(event) => explorer.go(Number(event.currentTarget.value))}
				/>
			</div>
		</div>
	);
}
