import { Components, goingOn, type Rows } from './components.js';
import { folded, kept, ROUNDS, type Turns } from './turns.js';

/**
 * A graph of steps as liveness sees it: who steps along which edge, and whose turn has to come.
 * In each state edges are sorted by thread; edges of one thread are alternatives that the adversary picks from.
 */
export interface StepGraph extends Rows {
	/** Who steps, by edge. */
	readonly mover: Uint8Array;
	/**
	 * By state, a bit for each thread that can take a step there and has to be given its turn. Daemons between two
	 * rounds are not among them: they may stop there for ever.
	 */
	readonly owed: Int32Array;
}

/** Edges along which a run can go round for ever, fairly, without leaving. */
export interface FairComponent {
	readonly states: Int32Array;
	/** Threads that can step inside it. */
	readonly moved: number;
}

/** The first edge behind the alternatives of the step that begins with `edge`; `end` is the end of the state's edges. */
export function stepEnd(graph: StepGraph, edge: number, end: number): number {
	const thread = graph.mover[edge] as number;
	let e = edge + 1;
	while (e < end && (graph.mover[e] as number) === thread) e++;
	return e;
}

/**
 * Finds the largest sets of states in which an adversary can keep a run for ever without being unfair:
 *
 * - to threads: one that can go on again and again goes on in the end. A thread that runs can always go on, so for it
 *   this is weak fairness; one that waits in a queue is enabled whenever what it waits for is free (strong fairness);
 * - to choices: what may be picked again and again is picked in the end. A step counts as staying inside only if all
 *   of its alternatives do; a loop that lasts because every allocation fails is left by the one that does not.
 *
 * The first is Emerson and Lei's refinement for strong fairness (a component is split at the states in which a thread
 * is owed a step that it never takes inside), the second that of maximal end components (de Alfaro 1997).
 */
export class FairSearch {
	private readonly region: Int32Array;
	private readonly usable: Uint8Array;
	private readonly components: Components;
	private readonly gone: Uint8Array;
	private regions = 0;

	constructor(private readonly graph: StepGraph) {
		this.region = new Int32Array(graph.count).fill(-1);
		this.usable = new Uint8Array(graph.target.length);
		this.gone = new Uint8Array(graph.count);
		this.components = new Components(graph, this.gone);
	}

	/** Inside `states`, with steps of the threads in the mask `allowed` only. */
	*find(states: Int32Array, allowed: number): Turns<FairComponent[]> {
		const { graph, region, usable } = this;
		const found: FairComponent[] = [];
		const queue = [states];
		for (let part = queue.pop(); part !== undefined; part = queue.pop()) {
			const id = this.regions++;
			const size = part.length;
			for (let n = 0; n < size; n++) region[part[n] as number] = id;
			if (size > ROUNDS) yield;
			const moved = yield* this.markSteps(part, id, allowed);
			if (moved === 0) continue;
			let whole = false;
			const rest = yield* goingOn(graph, this.gone, part, usable);
			yield* this.components.run(rest, usable, (members, from, to) => {
				whole = to - from === size;
				if (!whole && (to - from > 1 || this.loops(members[from] as number))) queue.push(members.slice(from, to));
			});
			// what is gone from one region may be in the next
			for (let n = 0; n < size; n++) this.gone[part[n] as number] = 0;
			if (!whole) continue;
			const offenders = (yield* folded(part, graph.owed, false)) & ~moved;
			if (offenders === 0) found.push({ states: part, moved });
			else {
				const rest = yield* kept(part, (s) => ((graph.owed[s] as number) & offenders) === 0);
				if (rest.length > 0) queue.push(rest);
			}
		}
		return found;
	}

	/** Marks the edges of steps that cannot leave the region; the threads that take them. */
	private *markSteps(states: Int32Array, id: number, allowed: number): Turns<number> {
		const { graph, region, usable } = this;
		const { first, target, mover } = graph;
		let moved = 0;
		for (let n = 0; n < states.length; n++) {
			if (n % ROUNDS === ROUNDS - 1) yield;
			const s = states[n] as number;
			const end = first[s + 1] as number;
			for (let e = first[s] as number; e < end; ) {
				const who = mover[e] as number;
				let last = e + 1;
				while (last < end && mover[last] === who) last++;
				const thread = 1 << who;
				let stays = (allowed & thread) !== 0;
				for (let i = e; stays && i < last; i++) {
					const t = target[i] as number;
					stays = t >= 0 && region[t] === id;
				}
				for (; e < last; e++) usable[e] = stays ? 1 : 0;
				if (stays) moved |= thread;
			}
		}
		return moved;
	}

	private loops(state: number): boolean {
		const { first, target } = this.graph;
		for (let e = first[state] as number; e < (first[state + 1] as number); e++)
			if (target[e] === state && this.usable[e] === 1) return true;
		return false;
	}
}
