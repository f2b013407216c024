import type { Lane } from '../../findings/explorer/picture.js';
import { useExplorer } from './context.js';

/** Colours repeat after four threads, shapes after eight; the letter is unique among the threads of a run. */
export const COLOURS = 4;
const SHAPES = 8;

/** One sign for each thread: the first letter of its name that no thread before it has. */
export function letters(lanes: readonly Lane[]): readonly string[] {
	const taken = new Set<string>();
	return lanes.map(({ name }, at) => {
		const signs = [...name.replace(/[^A-Za-z0-9]/g, ''), ...String(at + 1)];
		const sign = signs.find((one) => !taken.has(one)) ?? '·';
		taken.add(sign);
		return sign;
	});
}

const known = new WeakMap<readonly Lane[], readonly string[]>();

function letterOf(lanes: readonly Lane[], lane: number): string {
	let all = known.get(lanes);
	if (!all) {
		all = letters(lanes);
		known.set(lanes, all);
	}
	return all[lane] ?? '·';
}

export const laneClass = (lane: number): string => `t${lane % COLOURS} s${lane % SHAPES}`;

interface Props {
	readonly lane: number;
	readonly outline?: boolean;
	readonly small?: boolean;
	/** Its name is said beside it, if only to screen readers. */
	readonly named?: boolean;
}

/** Who: shape, letter and colour. */
export function Badge({ lane, outline = false, small = false, named = false }: Props) {
	const lanes = useExplorer().picture.value?.lanes ?? [];
	return (
		<span
			class={`badge ${laneClass(lane)}${outline ? ' outline' : ''}${small ? ' small' : ''}`}
			title={lanes[lane]?.name}
			aria-hidden={named}
		>
			<span>{letterOf(lanes, lane)}</span>
		</span>
	);
}
