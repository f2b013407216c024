/** What lasts over several states: locks held, ranges active, waits, contexts. Found once for a picture, drawn for the rows in view. */

import type { Picture, State } from '../../findings/explorer/picture.js';

export interface Lasting {
	readonly lane: number;
	readonly kind: 'lock' | 'range' | 'wait' | 'context';
	readonly name: string;
	/** Held with others. */
	readonly shared: boolean;
	/** Waits: it never ends. */
	readonly forEver: boolean;
	/** Waits: whom for. */
	readonly lanes: readonly number[];
	/** First state in which it is so, and the first in which it is no longer (one past the last state where it lasts). */
	readonly from: number;
	to: number;
	/** Place in the lane's rail, from 0; locks and ranges only. */
	slot: number;
}

export interface Spans {
	readonly all: readonly Lasting[];
	/** Places in each lane's rail. */
	readonly slots: readonly number[];
}

const MOST_SLOTS = 4;

type Seen = Omit<Lasting, 'from' | 'to' | 'slot'> & { readonly id: string };

/** Names of locks that are worth a bar: all but those of the simulated kernel that nobody ever waits for. */
function shownLocks(picture: Picture): ReadonlySet<string> {
	const shown = new Set<string>();
	for (const state of picture.states)
		for (const lock of state?.locks ?? [])
			if (lock.waiters.length > 0 || !/^mm(->|$)|^<|mmap_lock|^pte\b|^folio\b/.test(lock.name)) shown.add(lock.name);
	return shown;
}

/** The words of a context, the strictest rule first. */
export function contextWords(lane: State['lanes'][number]): string {
	const words = [...lane.context];
	if (lane.nonBlock && !words.some((word) => /block/.test(word))) words.push('must not block');
	else if (lane.atomic && !words.some((word) => /atomic|spin|irq/i.test(word))) words.push('must not sleep');
	return words.join(', ');
}

function* lastingIn(state: State, locks: ReadonlySet<string>): Generator<Seen> {
	const plain = { shared: false, forEver: false, lanes: [] };
	const ranges = new Set<string>();
	for (const range of state.ranges) {
		const name = `[${range.start}, ${range.end})`;
		ranges.add(`${range.lane} ${name}`);
		// A reader's own range is no claim on others: it is laid over the pages, not drawn as held.
		if (range.kind === 'fault') continue;
		const label = range.kind === 'active' ? `${name} active` : `${name} ${range.kind}`;
		yield { ...plain, id: `r${range.lane} ${range.name} ${name}`, lane: range.lane, kind: 'range', name: label };
	}
	for (const lock of state.locks) {
		if (!locks.has(lock.name)) continue;
		for (const { lane, mode } of lock.holders) {
			if (ranges.has(`${lane} ${lock.name}`)) continue;
			const shared = mode === 'shared';
			yield { ...plain, id: `l${lane} ${lock.name}`, lane, kind: 'lock', name: lock.name, shared };
		}
	}
	for (const [lane, own] of state.lanes.entries()) {
		const words = contextWords(own);
		if (words !== '') yield { ...plain, id: `c${lane} ${words}`, lane, kind: 'context', name: words };
		if (!own.waitsFor) continue;
		const { what, lanes, forEver } = own.waitsFor;
		yield { ...plain, id: `w${lane} ${what}`, lane, kind: 'wait', name: what, lanes, forEver };
	}
}

/** Gives each lock and range the first free place in its lane's rail, in the order in which they begin. */
function assignSlots(all: readonly Lasting[], lanes: number): number[] {
	const slots = new Array<number>(lanes).fill(0);
	const free: number[][] = Array.from({ length: lanes }, () => []);
	for (const span of all) {
		if (span.kind !== 'lock' && span.kind !== 'range') continue;
		const ends = free[span.lane] ?? [];
		let slot = ends.findIndex((end) => end <= span.from);
		if (slot < 0) slot = Math.min(ends.length, MOST_SLOTS - 1);
		ends[slot] = span.to;
		span.slot = slot;
		slots[span.lane] = Math.max(slots[span.lane] ?? 0, slot + 1);
	}
	return slots;
}

/** Where a state is left out, what was so before is taken to last: it is corrected when the state arrives. */
export function findSpans(picture: Picture): Spans {
	const locks = shownLocks(picture);
	const open = new Map<string, Lasting>();
	const all: Lasting[] = [];
	picture.states.forEach((state, at) => {
		if (!state) return;
		const now = new Set<string>();
		for (const { id, ...seen } of lastingIn(state, locks)) {
			now.add(id);
			const last = open.get(id);
			if (last && last.forEver === seen.forEver && last.shared === seen.shared) continue;
			if (last) last.to = at;
			const span: Lasting = { ...seen, from: at, to: picture.states.length, slot: 0 };
			open.set(id, span);
			all.push(span);
		}
		for (const [id, span] of open) {
			if (now.has(id)) continue;
			span.to = at;
			open.delete(id);
		}
	});
	// A wait that turns out to be for ever is one wait.
	const joined: Lasting[] = [];
	const lastWait = new Map<number, Lasting>();
	for (const span of all) {
		const before = span.kind === 'wait' ? lastWait.get(span.lane) : undefined;
		if (before && before.to === span.from && before.name === span.name) {
			const one = { ...span, from: before.from, forEver: span.forEver || before.forEver };
			joined[joined.indexOf(before)] = one;
			lastWait.set(span.lane, one);
			continue;
		}
		joined.push(span);
		if (span.kind === 'wait') lastWait.set(span.lane, span);
	}
	return { all: joined, slots: assignSlots(joined, picture.lanes.length) };
}
