/** What lasts over several states, by lane: locks held, ranges active, waits, callbacks and other contexts, each in its place beside the lane's line. */

import { lanesInVain } from '../../findings/explorer/fold.js';
import type { Bar, Picture, State } from '../../findings/explorer/picture.js';

export interface Lasting {
	readonly lane: number;
	readonly kind: 'lock' | 'range' | 'wait' | 'context';
	readonly name: string;
	/** Held with others. */
	readonly shared: boolean;
	/** Waits: it never ends, and that is what is wrong. */
	readonly forEver: boolean;
	/** Waits: whom for. */
	readonly lanes: readonly number[];
	/** First state in which it is so, and the first in which it is no longer (one past the last state where it lasts). */
	readonly from: number;
	readonly to: number;
	/** Waits and contexts: the step in whose row it begins. */
	readonly begins: number;
	/** Place in the lane's rail, from 0; locks and ranges only. */
	readonly slot: number;
}

export interface Spans {
	readonly all: readonly Lasting[];
	/** Places in each lane's rail. */
	readonly slots: readonly number[];
}

/** Width of a lane's rail without locks and ranges, and of the place of each of these, in CSS pixels. */
export const RAIL = 24;
export const SLOT = 20;

export const railWidth = (slots: number): number => RAIL + slots * SLOT;

const MOST_SLOTS = 4;
/** Locks inside the simulated kernel: worth a bar only where somebody waits for them. mmap_lock is everybody's. */
const KERNEL_LOCK = /^(srcu|the |mapping\.|anon_vma\.|folio|pte|mm->)/;

/** The words of a context besides the callback that it is in, the strictest rule first. */
export function contextWords(lane: State['lanes'][number]): string {
	const words = lane.context.filter((word) => !word.startsWith('->'));
	if (lane.nonBlock && !words.some((word) => /block/.test(word))) words.push('must not block');
	else if (lane.atomic && !words.some((word) => /atomic|sleep|irq/i.test(word))) words.push('must not sleep');
	return words.join(', ');
}

/**
 * The step whose row shows that a wait begins: the row that says "blocked", or the step that closed the way (of another
 * thread, while the one that waits has not moved).
 */
export function stepOfWait(picture: Picture, bar: { readonly lane: number; readonly from: number }): number {
	for (let at = bar.from; at < picture.steps.length; at++) {
		const step = picture.steps[at];
		if (step?.moves) break;
		if (step?.lane === bar.lane && step.blocked) return at;
	}
	return Math.max(0, bar.from - 1);
}

/** The first step of a lane in or after a state: what begins there is its context. */
function stepOfContext(picture: Picture, bar: Bar): number {
	for (let at = bar.from; at < picture.steps.length; at++) if (picture.steps[at]?.lane === bar.lane) return at;
	return Math.max(0, bar.from - 1);
}

const found = new WeakMap<readonly Bar[], Spans>();

/** Where a lane's locks and ranges stand beside each other; the same places for the whole run. */
export function findSpans(picture: Picture): Spans {
	const known = found.get(picture.bars);
	if (known) return known;
	const wanted = new Set(picture.bars.flatMap(({ kind, name }) => (kind === 'wait' ? [name] : [])));
	const inVain = lanesInVain(picture);
	const slots = picture.lanes.map(() => 0);
	const ends: number[][] = picture.lanes.map(() => []);
	const all: Lasting[] = [];
	for (const bar of [...picture.bars].sort((a, b) => a.from - b.from)) {
		const { lane, kind, name, lanes, from } = bar;
		const forEver = bar.forEver && inVain.has(lane);
		if (kind === 'lock' && KERNEL_LOCK.test(name) && !wanted.has(name)) continue;
		const to = bar.to + 1;
		const common = { lane, name, lanes, forEver, from, to, shared: bar.mode === 'shared' };
		if (kind === 'wait') all.push({ ...common, kind, begins: stepOfWait(picture, bar), slot: 0 });
		else if (kind === 'callback')
			all.push({ ...common, kind: 'context', begins: stepOfContext(picture, bar), slot: 0 });
		else {
			const taken = ends[lane] ?? [];
			let slot = taken.findIndex((end) => end <= from);
			if (slot < 0) slot = Math.min(taken.length, MOST_SLOTS - 1);
			taken[slot] = to;
			slots[lane] = Math.max(slots[lane] ?? 0, slot + 1);
			all.push({ ...common, kind, name: kind === 'range' ? `${name} active` : name, begins: 0, slot });
		}
	}
	const spans = { all, slots };
	found.set(picture.bars, spans);
	return spans;
}

/** When a lane takes its first step, and the first state in which it has ended; -1 for never. */
export interface LifeTime {
	readonly first: number;
	readonly ended: number;
}

/** The lives of all lanes. */
export function livesOf(picture: Picture): readonly LifeTime[] {
	return picture.lanes.map((_, lane) => ({
		first: picture.steps.findIndex((step) => step.lane === lane),
		ended: picture.states.findIndex((state) => state?.lanes[lane]?.status === 'ended'),
	}));
}

/** Lanes that do, want or could do something in this run: the others are named, not drawn. */
export function drawnLanes(picture: Picture): readonly number[] {
	const busy = new Set<number>();
	for (const { lane } of picture.bars) busy.add(lane);
	for (const { lane, alternatives } of picture.steps) {
		busy.add(lane);
		for (const other of alternatives) busy.add(other.lane);
	}
	for (const { lane } of picture.next) busy.add(lane);
	const drawn = picture.lanes.flatMap((_, lane) => (busy.has(lane) ? [lane] : []));
	return drawn.length > 0 ? drawn : picture.lanes.map((_, lane) => lane);
}
