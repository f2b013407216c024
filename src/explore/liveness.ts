import { type Cycle, ShortCycles } from './cycle.js';
import { type FairComponent, FairSearch, type StepGraph } from './fair.js';
import { canReach, quietGap } from './gap.js';
import { drain, folded, kept, ROUNDS, type Turns } from './turns.js';

/** A graph of steps with what liveness asks of its threads. */
export interface LivenessGraph extends StepGraph {
	/** By state, a bit for each thread that has to come to its end, or to the end of the round it is in, and has not. */
	readonly unfinished: Int32Array;
	/** Steps from the start. */
	readonly depths: ArrayLike<number>;
	/** Threads that have an end. */
	readonly ending: number;
	/** Threads of the environment that repeat themselves and may stop between two rounds: daemons, interrupts. */
	readonly daemons: number;
	/** Every state was expanded. */
	readonly complete: boolean;
}

/** Threads that an adversary can keep from their end, and how. All sets of threads are bit masks. */
export interface Endless {
	/** Threads that never come to their end in the cycle. */
	readonly victims: number;
	readonly cycle: Cycle;
	/** Daemons that have to go on for it; 0: a livelock, which needs none. */
	readonly daemons: number;
	/** Daemons that have to stop for the first victim to end: none of them may be left out. */
	readonly finite: number;
	/** When `finite` have stopped the first victim may wait for them for ever: it does not end then either. */
	readonly missed: boolean;
	/** Livelocks only: daemons that would end it for the first victim if they never stopped; 0 where they would not. */
	readonly awaited: number;
	/** Steps that the first victim would have to be left alone for, by all others, with `finite` between two rounds; null: no number is enough. */
	readonly gap: number | null;
	/** The first victim can come to its end from somewhere in the cycle, with better luck. */
	readonly escapes: boolean;
}

/** All states that lie on some cycle, as a first and cheap cut: most graphs have none. */
function* onCycles(graph: LivenessGraph, component: Int32Array): Turns<Int32Array> {
	const { count, first, target } = graph;
	const sizes = new Int32Array(count);
	for (let s = 0; s < count; s++) sizes[component[s] as number] = (sizes[component[s] as number] as number) + 1;
	const loops = (s: number): boolean => {
		for (let e = first[s] as number; e < (first[s + 1] as number); e++) if (target[e] === s) return true;
		return false;
	};
	const states = new Int32Array(count);
	let size = 0;
	for (let s = 0; s < count; s++) {
		if (s % ROUNDS === ROUNDS - 1) yield;
		if ((graph.unfinished[s] as number) !== 0 && ((sizes[component[s] as number] as number) > 1 || loops(s)))
			states[size++] = s;
	}
	return states.slice(0, size);
}

/**
 * From one of the states `from`, with rounds of the daemons in the mask `stopped` no longer begun, may everybody who is left come
 * to stand still, or wait for another daemon, while `victim` has not come to its end? Where daemons do not help it either counts not.
 */
function* waitsWithout(
	graph: LivenessGraph,
	from: Int32Array,
	stopped: number,
	victim: number,
	canEnd: (state: number) => number,
): Turns<boolean> {
	if (!graph.complete) return false;
	const seen = new Uint8Array(graph.count);
	const queue: number[] = [];
	const add = (s: number): void => {
		if (seen[s] === 1) return;
		seen[s] = 1;
		queue.push(s);
	};
	from.forEach(add);
	for (let rounds = 0, s = queue.pop(); s !== undefined; s = queue.pop()) {
		if (++rounds % ROUNDS === 0) yield;
		const unfinished = graph.unfinished[s] as number;
		const begins = graph.daemons & ~unfinished;
		let stands = (unfinished & victim) !== 0;
		for (let e = graph.first[s] as number; e < (graph.first[s + 1] as number); e++) {
			const mover = 1 << (graph.mover[e] as number);
			if ((mover & begins) === 0) stands = false;
			const t = graph.target[e] as number;
			if (t >= 0 && (mover & begins & stopped) === 0) add(t);
		}
		if (stands && (canEnd(s) & victim) !== 0) return true;
	}
	return false;
}

/** What a component means for the threads that stay unfinished in it. */
interface Candidate {
	readonly component: FairComponent;
	readonly allowed: number;
	readonly victims: number;
}

/** As `endlessRunsOf`, in one go. */
export const endlessRuns = (
	graph: LivenessGraph,
	component: Int32Array,
	ignore: (state: number, unfinished: number) => number,
	canEnd: (state: number) => number = () => -1,
): Endless[] => drain(endlessRunsOf(graph, component, ignore, canEnd));

/**
 * Everybody who can be kept from the end for ever by a scheduler that is fair (fair.ts says how fair), each thread
 * once, the shallowest first. `ignore(state, unfinished threads)` says that a component is explained otherwise: the
 * mask of threads whose waiting there needs no further words, or -1 for all of it. `canEnd(state)`: the mask of threads that
 * some continuation brings to their end.
 * @param component strongly connected components of the graph, by state
 */
export function* endlessRunsOf(
	graph: LivenessGraph,
	component: Int32Array,
	ignore: (state: number, unfinished: number) => number,
	canEnd: (state: number) => number = () => -1,
): Turns<Endless[]> {
	const states = yield* onCycles(graph, component);
	if (states.length === 0) return [];
	const search = new FairSearch(graph);
	const cycles = new ShortCycles(graph, graph.depths);
	const found: Endless[] = [];
	let done = 0;

	const shallowest = ({ component }: Candidate): number =>
		component.states.reduce((least, s) => Math.min(least, graph.depths[s] as number), Number.POSITIVE_INFINITY);

	/** Fair components in which threads of `wanted` stay unfinished; those that only wait for one that moves are not blamed. */
	function* candidates(region: Int32Array, allowed: number, wanted: number, by = search): Turns<Candidate[]> {
		const found: { c: Candidate; depth: number }[] = [];
		for (const component of yield* by.find(region, allowed)) {
			const always = yield* folded(component.states, graph.unfinished, true);
			const ignored = ignore(component.states[0] as number, always);
			const unfinished = always & wanted & ~ignored;
			const moving = unfinished & component.moved;
			// who never gets out of a round is the one to name, not who waits or spins for it
			const others = always & component.moved & ~wanted;
			const blamed = moving !== 0 ? others & graph.daemons : others;
			const victims = blamed !== 0 ? 0 : moving !== 0 ? moving : unfinished;
			if (victims === 0) continue;
			const c = { component, allowed, victims };
			found.push({ c, depth: shallowest(c) });
		}
		return found.sort((a, b) => a.depth - b.depth).map(({ c }) => c);
	}
	/** Does somebody of `victims` stay unfinished in one of them? */
	const hits = (some: readonly Candidate[], victims: number): boolean => some.some((c) => (c.victims & victims) !== 0);

	function* report(all: readonly Candidate[], region: Int32Array): Turns<void> {
		for (const { component, allowed, victims } of all) {
			const fresh = victims & ~done;
			if (fresh === 0) continue;
			done |= fresh;
			const cycle = shownCycle(component, allowed, fresh);
			const first = fresh & -fresh;
			const daemons = cycle.moved & graph.daemons & ~fresh;
			const finite = daemons === 0 ? 0 : yield* finiteOf(graph.daemons & ~fresh, region, first);
			const awaited = daemons === 0 ? yield* awaitedBy(region, first) : 0;
			const out = yield* wayOut(component, all, first, finite);
			const missed = finite !== 0 && (yield* waitsWithout(graph, component.states, finite, first, canEnd));
			found.push({ victims: fresh, cycle, daemons, finite, missed, awaited, ...out });
		}
	}

	/** A cycle that shows who takes part: not one in which daemons are absent because somebody picks the same each time. */
	const shownCycle = (component: FairComponent, allowed: number, victims: number): Cycle => {
		const cycle = cycles.find(component, allowed, victims);
		const daemons = component.moved & graph.daemons & ~victims;
		if (daemons === 0 || (cycle.moved & daemons) !== 0) return cycle;
		return cycles.find(component, allowed, victims | daemons);
	};

	/** As few of the daemons as have to stop. */
	function* finiteOf(daemons: number, region: Int32Array, victim: number): Turns<number> {
		let finite = daemons;
		for (let rest = daemons; rest !== 0; rest &= rest - 1) {
			const fewer = finite & ~(rest & -rest);
			if (fewer !== 0 && !hits(yield* candidates(region, ~fewer, victim), victim)) finite = fewer;
		}
		return finite;
	}

	/** As few of the daemons as have to go on, where the victim only waits for them. */
	function* awaitedBy(region: Int32Array, victim: number): Turns<number> {
		function* ends(daemons: number): Turns<boolean> {
			const owed = graph.owed.slice();
			for (let n = 0; n < region.length; n++) {
				if (n % ROUNDS === ROUNDS - 1) yield;
				const s = region[n] as number;
				for (let e = graph.first[s] as number; e < (graph.first[s + 1] as number); e++)
					owed[s] = (owed[s] as number) | (daemons & (1 << (graph.mover[e] as number)));
			}
			const eager = new FairSearch({ ...graph, owed });
			return !hits(yield* candidates(region, -1, victim, eager), victim);
		}
		let awaited = graph.daemons & ~victim;
		if (awaited === 0 || !(yield* ends(awaited))) return 0;
		for (let rest = awaited; rest !== 0; rest &= rest - 1) {
			const fewer = awaited & ~(rest & -rest);
			if (fewer !== 0 && (yield* ends(fewer))) awaited = fewer;
		}
		return awaited;
	}

	function* wayOut(
		{ states: inside }: FairComponent,
		all: readonly Candidate[],
		victim: number,
		finite: number,
	): Turns<Pick<Endless, 'gap' | 'escapes'>> {
		const bad = all.filter((c) => (c.victims & victim) !== 0).map((c) => c.component.states);
		const reach = yield* canReach(graph, bad);
		const out = new Uint8Array(graph.count);
		// forwards from the cycle: is there a state from which it cannot be put off any more?
		const queue = new Int32Array(graph.count + 1);
		queue[0] = inside[0] as number;
		let escapes = false;
		for (let head = 0, size = 1; head < size && !escapes; head++) {
			if (head % ROUNDS === ROUNDS - 1) yield;
			const s = queue[head] as number;
			for (let e = graph.first[s] as number; e < (graph.first[s + 1] as number); e++) {
				const t = graph.target[e] as number;
				if (t < 0 || reach[t] === 0) escapes = true;
				else if (out[t] === 0) {
					out[t] = 1;
					queue[size++] = t;
				}
			}
		}
		if (!escapes || !graph.complete) return { gap: null, escapes: escapes || !graph.complete };
		// daemons keep quiet between two rounds, not in the middle of one
		const quiet = yield* kept(inside, (s) => ((graph.unfinished[s] as number) & finite) === 0);
		const thread = 31 - Math.clz32(victim);
		const safe = (s: number): boolean => reach[s] === 0;
		return { gap: quiet.length === 0 ? null : quietGap(graph, thread, quiet, safe), escapes };
	}

	const all = -1;
	yield* report(yield* candidates(states, ~graph.daemons, graph.ending), states);
	const lanes = ~graph.ending;
	const rounds = (yield* folded(states, graph.unfinished, false)) & lanes;
	const inRound = (one: number): Turns<Int32Array> =>
		kept(states, (s) => ((graph.unfinished[s] as number) & one) !== 0);
	for (let rest = rounds; rest !== 0; rest &= rest - 1) {
		const one = rest & -rest;
		const region = yield* inRound(one);
		yield* report(yield* candidates(region, ~graph.daemons | one, one), region);
	}
	if (graph.daemons === 0) return found;
	yield* report(yield* candidates(states, all, graph.ending), states);
	for (let rest = rounds & ~done; rest !== 0; rest &= rest - 1) {
		const one = rest & -rest;
		const region = yield* inRound(one);
		yield* report(yield* candidates(region, all, one), region);
	}
	return found;
}
