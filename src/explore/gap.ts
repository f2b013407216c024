import type { Rows } from './components.js';
import { type StepGraph, stepEnd } from './fair.js';
import { ROUNDS, type Turns } from './turns.js';

/**
 * How long a thread has to be left alone: the smallest number of its own steps, one after the other, after which it
 * cannot be put off any more, from whichever of the states `from` they begin; null where no number is enough, because
 * it would have to wait for somebody else. Of alternatives the worst counts.
 */
export function quietGap(
	graph: StepGraph,
	thread: number,
	from: Iterable<number>,
	safe: (state: number) => boolean,
): number | null {
	const { first, target, mover } = graph;
	/** Steps still needed; -1 while they are being worked out: a cycle. */
	const needed = new Map<number, number | null>();
	const steps = (start: number): number | null => {
		const path = [start];
		while (path.length > 0) {
			const s = path[path.length - 1] as number;
			if (safe(s)) {
				needed.set(s, 0);
				path.pop();
				continue;
			}
			let e = first[s] as number;
			const end = first[s + 1] as number;
			while (e < end && (mover[e] as number) !== thread) e++;
			if (e === end) {
				needed.set(s, null);
				path.pop();
				continue;
			}
			let worst: number | null = 1;
			let open = -1;
			for (const last = stepEnd(graph, e, end); e < last; e++) {
				const t = target[e] as number;
				if (t < 0) continue;
				const known = needed.get(t);
				if (known === undefined) open = t;
				else if (known === null || known < 0) worst = null;
				else if (worst !== null) worst = Math.max(worst, known + 1);
			}
			if (open < 0 || worst === null) {
				needed.set(s, worst);
				path.pop();
			} else {
				needed.set(s, -1);
				path.push(open);
			}
		}
		return needed.get(start) as number | null;
	};
	let most = 0;
	for (const s of from) {
		const n = needed.get(s) ?? steps(s);
		if (n === null) return null;
		most = Math.max(most, n);
	}
	return most;
}

/** By state: may some run from here end in one of the `bad` states? */
export function* canReach({ count, first, target }: Rows, bad: readonly Int32Array[]): Turns<Uint8Array> {
	// edges turned round
	const into = new Int32Array(count + 1);
	const total = first[count] as number;
	for (let e = 0; e < total; e++) {
		if (e % ROUNDS === ROUNDS - 1) yield;
		const t = target[e] as number;
		if (t >= 0) into[t + 1] = (into[t + 1] as number) + 1;
	}
	for (let s = 0; s < count; s++) into[s + 1] = (into[s + 1] as number) + (into[s] as number);
	const source = new Int32Array(into[count] as number);
	const at = into.slice();
	for (let s = 0; s < count; s++) {
		if (s % ROUNDS === ROUNDS - 1) yield;
		for (let e = first[s] as number; e < (first[s + 1] as number); e++) {
			const t = target[e] as number;
			if (t < 0) continue;
			const n = at[t] as number;
			source[n] = s;
			at[t] = n + 1;
		}
	}
	const reach = new Uint8Array(count);
	const queue = new Int32Array(count);
	let size = 0;
	const add = (s: number): void => {
		if (reach[s] === 1) return;
		reach[s] = 1;
		queue[size++] = s;
	};
	for (const states of bad) for (let n = 0; n < states.length; n++) add(states[n] as number);
	for (let head = 0; head < size; head++) {
		if (head % ROUNDS === ROUNDS - 1) yield;
		const s = queue[head] as number;
		for (let n = into[s] as number; n < (into[s + 1] as number); n++) add(source[n] as number);
	}
	return reach;
}
