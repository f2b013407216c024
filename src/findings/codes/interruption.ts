import type { Graph } from '../../explore/graph.js';
import type { ScheduleStep, ShortestRuns } from '../../explore/shortest.js';
import { ROUNDS, type Turns } from '../../explore/turns.js';
import { RCU_READ } from '../../kernel/primitives/holding.js';
import { primitives } from '../../kernel/primitives.js';
import { sourceText } from '../../language/text.js';
import { Status, type ThreadState } from '../../machine/thread.js';
import { acquisitionOf, type Evidence, type Explanation, lineOf, threadName } from '../finding.js';
import { type Acquisition, type Place, replayRun, userFunction, userSpan } from '../run.js';
import { type Handler, handlerOf, OWN_CPU, turnsSoftirqsOff } from './interrupted-lock.js';

/**
 * A run in which a handler comes on top of who has the lock that it waits for. Handlers of lines, timers, callbacks of RCU and of fences have a CPU of
 * their own in the model; on the machine they come on that of whoever runs, if that has them on. So it is a deadlock where one waits for what a
 * thread with interrupts on has, if it had not begun when that was so already, and nobody else has moved since (Documentation/locking/spinlocks.rst,
 * lesson 3).
 */
export interface Interruption {
	readonly kind: Handler;
	readonly resource: number;
	readonly handler: number;
	/** Who is interrupted. */
	readonly thread: number;
	/** Where it is, and what the handler does from there on. */
	readonly from: number;
	readonly steps: readonly ScheduleStep[];
	/** Where the handler stands still. */
	readonly state: number;
}

/** One for each lock. */
export function* findInterruptions(graph: Graph, shortest: ShortestRuns): Turns<Interruption[]> {
	const { system } = graph;
	// states of these graphs do not name threads, or are not whole
	if (system.preemptRt || graph.merged || graph.symmetric) return [];
	const handlers = system.threads.flatMap(({ name }, t) => (OWN_CPU.test(name) ? [t] : []));
	if (handlers.length === 0) return [];
	const taskOf = (state: number, thread: number): ThreadState => system.task(thread, graph.local(state, thread));
	const readers = system.threads.map((_, t) => graph.reader(t));
	const localOf = (state: number, thread: number): number => readers[thread]?.(state) ?? 0;
	const kinds = system.threads.map((): (Handler | null)[] => []);
	/** What kind of handler a thread is in, if in one. */
	const kindOf = (state: number, thread: number): Handler | undefined => {
		const known = kinds[thread] as (Handler | null)[];
		const local = localOf(state, thread);
		if (known[local] === undefined)
			known[local] = handlerOf(system, thread, taskOf(state, thread), graph.sharedOf(state)) ?? null;
		return known[local] ?? undefined;
	};
	const waiting = new Map<string, number>();
	/** By thread, the local vectors in which it has what some handler waits for. */
	const below = system.threads.map(() => new Set<number>());
	for (let state = 0; state < graph.expanded; state++) {
		if (state % ROUNDS === ROUNDS - 1) yield;
		for (const h of handlers) {
			const kind = kindOf(state, h);
			if (kind === undefined) continue;
			const wait = graph.wait(state, h);
			if ((wait?.kind !== 'lock' && wait?.kind !== 'token') || !spins(taskOf(state, h))) continue;
			for (let t = 0; t < graph.threads; t++) {
				const task = taskOf(state, t);
				if (t === h || graph.status(state, t) === Status.ended || task.irqsOff !== 0) continue;
				if (system.threads[t]?.kind === 'interrupt' || !task.held.some((x) => x.resource === wait.resource)) continue;
				// no softirq comes on top of another, nor an interrupt on top of a handler of one
				const own = kindOf(state, t);
				if (own !== undefined && (!own.softirq || kind.softirq)) continue;
				waiting.set(`${state} ${h} ${t}`, wait.resource);
				below[t]?.add(localOf(state, t));
			}
		}
	}
	const found: Interruption[] = [];
	const softirqs = new Softirqs(graph, shortest);
	const seen = new Set<string>();
	for (let state = 0; state < graph.expanded && waiting.size > 0; state++) {
		if (state % ROUNDS === ROUNDS - 1) yield;
		for (let thread = 0; thread < graph.threads; thread++) {
			if (!below[thread]?.has(localOf(state, thread))) continue;
			for (const handler of handlers) {
				if (handler === thread || kindOf(state, handler) !== undefined) continue;
				for (const { at, steps } of alone(graph, state, thread, handler, seen)) {
					const resource = waiting.get(`${at} ${handler} ${thread}`);
					const kind = kindOf(at, handler);
					if (resource === undefined || kind === undefined || found.some((f) => f.resource === resource)) continue;
					if (kind.softirq && softirqs.keptOut(state, thread)) continue;
					found.push({ kind, resource, handler, thread, from: state, steps, state: at });
				}
			}
		}
	}
	return found;
}

/** Where `handler` comes by itself, from where it has not begun; each such state once for each who is interrupted. */
function* alone(
	graph: Graph,
	state: number,
	thread: number,
	handler: number,
	seen: Set<string>,
): Generator<{ readonly at: number; readonly steps: readonly ScheduleStep[] }> {
	const open: { at: number; steps: readonly ScheduleStep[] }[] = [{ at: state, steps: [] }];
	for (const { at, steps } of open) {
		const { from, to } = graph.edges(at);
		for (let edge = from; edge < to; edge++) {
			const target = graph.target(edge);
			const key = `${target} ${handler} ${thread}`;
			if (graph.edgeThread(edge) !== handler || target < 0 || target >= graph.expanded || seen.has(key)) continue;
			seen.add(key);
			open.push({ at: target, steps: [...steps, { state: at, thread: handler, choice: graph.edgeChoice(edge) }] });
		}
		if (steps.length > 0) yield { at, steps };
	}
}

/** Does the next step of a thread wait without sleeping? What sleeps in a handler is wrong for that alone. */
function spins(task: ThreadState): boolean {
	if (task.frames.length === 0) return false;
	const next = task.frame.code.code[task.frame.pc];
	return next?.op !== 'primitive' || primitives[next.primitive]?.sleeps !== true;
}

/** Are softirqs off in a thread? The state says that it is atomic, where its locks may have been taken, or the run that leads there, by what. */
class Softirqs {
	private readonly turnsOff: boolean;
	/** By thread and local vector, whether they are off however it came there; or how many runs have said so. */
	private readonly known: Map<number, boolean | number>[];
	/** By thread, the local vectors, and from which ones each is come to. */
	private readonly into: (ReadonlyMap<number, readonly number[]> | undefined)[] = [];
	private readonly locals: (readonly Int32Array[])[] = [];

	constructor(
		private readonly graph: Graph,
		private readonly shortest: ShortestRuns,
	) {
		this.turnsOff = turnsSoftirqsOff(graph.system);
		this.known = graph.system.threads.map(() => new Map());
	}

	keptOut(state: number, thread: number): boolean {
		if (!this.turnsOff) return false;
		const { graph } = this;
		const local = graph.localIndex(state, thread);
		const known = this.known[thread] as Map<number, boolean | number>;
		const before = known.get(local) ?? (this.everywhere(thread, local) || 0);
		if (before === true || (typeof before === 'number' && before >= MOST_RUNS)) {
			known.set(local, before);
			return true;
		}
		const task = graph.system.task(thread, graph.local(state, thread));
		const run = replayRun(graph, this.shortest.to(state));
		const off = keptOut(
			task,
			task.held.flatMap((h) => {
				const taken = acquisitionOf(run, thread, h.resource);
				return taken === undefined ? [] : [[taken]];
			}),
		);
		known.set(local, Number(before) + (off ? 1 : 0));
		return off;
	}

	private everywhere(thread: number, local: number): boolean {
		const task = this.graph.system.task(thread, this.vectors(thread)[local] as Int32Array);
		return keptOut(
			task,
			task.held.map((h) => this.takenAt(thread, local, h.resource)),
		);
	}

	/** Where a thread with this local vector may have taken what it has, whichever way it came. */
	private takenAt(thread: number, local: number, resource: number): Place[] {
		const { system } = this.graph;
		const vectors = this.vectors(thread);
		const into = this.movesInto(thread);
		const places: Place[] = [];
		const seen = new Set([local]);
		for (const at of seen)
			for (const from of into.get(at) ?? []) {
				if (seen.has(from)) continue;
				const vector = vectors[from] as Int32Array;
				if (system.task(thread, vector).held.some((h) => h.resource === resource)) seen.add(from);
				else places.push(system.position(thread, vector));
			}
		return places;
	}

	private vectors(thread: number): readonly Int32Array[] {
		this.locals[thread] ??= [...this.graph.localsOf(thread)];
		return this.locals[thread] as readonly Int32Array[];
	}

	private movesInto(thread: number): ReadonlyMap<number, readonly number[]> {
		let into = this.into[thread];
		if (into === undefined) {
			const made = new Map<number, number[]>();
			for (const { thread: t, from, to } of this.graph.moves()) {
				if (t !== thread || to < 0) continue;
				const list = made.get(to);
				if (list === undefined) made.set(to, [from]);
				else if (!list.includes(from)) list.push(from);
			}
			into = made;
			this.into[thread] = into;
		}
		return into;
	}
}

/** As many runs to one local vector are looked at: by then it has been the same each time. */
const MOST_RUNS = 20;

/** @param taken for each lock, where it was taken, or may have been */
function keptOut(task: ThreadState, taken: readonly (readonly Place[])[]): boolean {
	const locks = taken.filter((places) => places.some(isSpinning));
	return (
		task.atomic % RCU_READ > locks.length ||
		locks.some((places) => places.every((place) => callsOf(place).some((name) => /_bh$/.test(name))))
	);
}

/** Names of the functions through which a lock was taken: what the sketch calls, and what is called in the kernel. */
const callsOf = (taken: Place): string[] => [
	...taken.frames.filter(({ code }) => code.kernel).map(({ code }) => code.name),
	calledName(taken),
];

const calledName = ({ frames, node }: Place): string =>
	/^\w*/.exec(sourceText(frames.findLast(({ code }) => !code.kernel)?.node ?? node))?.[0] ?? '';

const isSpinning = (taken: Place): boolean =>
	callsOf(taken).some((name) => /spin|^(read|write)_(try)?lock|_seq/.test(name));

const PLAIN = /^((?:raw_)?(?:spin|read|write)_lock|write_seqlock)(?:_bh)?$/;

function cureOf(lock: string, { softirq }: Handler, taken: Acquisition | undefined): string {
	const call = taken === undefined ? '' : calledName(taken);
	if (/_irq(save)?$/.test(call))
		return `Leave interrupts off until ${lock} is released: what ends in _unlock_irq(), and local_irq_enable(), turn them on whatever they were before; spin_unlock_irqrestore() does not`;
	return `Take ${lock} with ${PLAIN.exec(call)?.[1] ?? 'spin_lock'}_${softirq ? 'bh' : 'irqsave'}() there`;
}

/** In words. */
export function explainInterruption({ graph, run }: Evidence, shown: Interruption): Explanation {
	const { system } = graph;
	const { kind, resource, handler, thread } = shown;
	const taken = acquisitionOf(run, thread, resource);
	const here = taken ?? system.position(thread, graph.local(shown.from, thread));
	const there = system.position(handler, graph.local(run.finalState, handler));
	const lock = system.nameOf(resource, graph.sharedOf(run.finalState));
	const [name, below] = [threadName(graph, handler), threadName(graph, thread)];
	const by = userFunction(there)?.name;
	const message = `${name} waits for ${lock}${by === undefined ? '' : ` in ${by}()`} (${lineOf(graph, userSpan(there))}), which ${below}, the thread that it interrupts, holds since ${lineOf(graph, userSpan(here))}: ${kind.words} comes on the CPU of who has the lock, and nobody gives that back meanwhile`;
	return {
		message,
		cure: cureOf(lock, kind, taken),
		span: userSpan(here),
		related: [{ span: userSpan(there), message: `${name} waits for ${lock} here` }],
		closing: `${message}.`,
		threads: [name, below],
	};
}
