import type { Graph } from '../../explore/graph.js';
import type { ScheduleStep } from '../../explore/shortest.js';
import { ROUNDS, type Turns } from '../../explore/turns.js';
import { primitives } from '../../kernel/primitives.js';
import { sourceOf } from '../../language/text.js';
import type { System } from '../../machine/system.js';
import type { ThreadState } from '../../machine/thread.js';
import { type Evidence, type Explanation, lineOf, threadName } from '../finding.js';
import { lockMoments, type Seen } from '../lock-classes.js';
import { type Place, userFunction, userSpan } from '../run.js';

/*
 * What lockdep calls an inconsistent lock state (kernel/locking/lockdep.c, print_usage_bug()): a lock that is taken in a softirq or an
 * interrupt, and elsewhere with those on. Interrupt lines, timers, callbacks of RCU and of fences have a CPU of their own in the model: which
 * of its runs are possible on one CPU, findInterruption() tells. What none shows is lockdep's word alone.
 */

/** A lock that is taken in a handler, and by somebody on top of whom the handler may come. */
export interface InterruptedLock {
	readonly resource: number;
	readonly handler: Handler;
	/** Where the handler takes it, and where the other one does. */
	readonly inside: Seen;
	readonly outside: Seen;
}

interface Handler {
	readonly words: string;
	/** It comes in a softirq, which _bh() keeps out; otherwise in an interrupt. */
	readonly softirq: boolean;
}

const TIMER: Handler = { words: 'a timer', softirq: true };
const TASKLET: Handler = { words: 'a tasklet', softirq: true };
const LINE: Handler = { words: 'an interrupt handler', softirq: false };
const HRTIMER: Handler = { words: 'an hrtimer', softirq: false };
const SOFT_HRTIMER: Handler = { words: 'an hrtimer', softirq: true };
const RCU: Handler = { words: 'a callback of call_rcu()', softirq: true };
/** `interrupt NAME on T` comes on top of T only; on the machine it may come on top of who runs beside T, a work item, too. */
const IRQ: Handler = { words: 'an interrupt', softirq: false };
/** "The callback can be called from an atomic context or irq context" (dma_fence_add_callback()). */
const FENCE: Handler = { words: 'a callback of a fence', softirq: false };

/** A run that shows it: what comes on its own begins when somebody has the lock, and nobody else moves until it wants that. */
export interface Interruption {
	/** Where the one on top stands still. */
	readonly state: number;
	readonly handler: number;
	/** Who is about to take the lock in the first of these steps, and all that follow. */
	readonly thread: number;
	readonly steps: readonly ScheduleStep[];
}

/**
 * Handlers have a CPU of their own in the model; on the machine they come on that of whoever runs, if that has them on. So a state in
 * which one waits for a lock is its end, if it has begun when the lock was held, and if all that moved from there on was the handler.
 */
export function* findInterruption(graph: Graph, lock: InterruptedLock): Turns<Interruption | undefined> {
	const { resource, handler } = lock;
	const { system } = graph;
	// states of these graphs do not name threads, or are not whole
	if (graph.merged || graph.symmetric) return undefined;
	const taskOf = (state: number, thread: number): ThreadState => system.task(thread, graph.local(state, thread));
	const holds = (task: ThreadState): boolean => task.irqsOff === 0 && task.held.some((h) => h.resource === resource);
	const handlers = system.threads.flatMap((_, t) => (OWN_CPU.test(system.threads[t]?.name ?? '') ? [t] : []));
	/** By thread and local vector: is it about to take the lock with the handler on? */
	const takes = system.threads.map((_, thread) => {
		const known: (boolean | undefined)[] = [];
		const index = graph.reader(thread);
		return (state: number): boolean => {
			const local = index(state);
			known[local] ??= isExposed(system, taskOf(state, thread), resource, handler);
			return known[local];
		};
	});
	const known = new Set<string>();
	for (let state = 0; state < graph.expanded; state++) {
		if (state % ROUNDS === ROUNDS - 1) yield;
		for (let thread = 0; thread < graph.threads; thread++) {
			if (!takes[thread]?.(state)) continue;
			// no softirq comes on top of another, nor an interrupt on top of a handler of one
			if (handlers.includes(thread)) {
				const own = handlerOf(system, thread, taskOf(state, thread), graph.sharedOf(state));
				if (!own?.softirq || handler.softirq) continue;
			}
			for (const h of handlers) {
				if (handlerOf(system, h, taskOf(state, h), graph.sharedOf(state)) !== undefined) continue;
				const steps = onTop(graph, state, thread, h, holds, lock, known);
				if (steps !== undefined) return { ...steps, handler: h, thread };
			}
		}
	}
	return undefined;
}

const OWN_CPU = /^(((hr)?timer|tasklet|irq)(\/1)?|srcu|gpu)$/;

/** About to take the lock, with nothing that keeps the handler out. */
function isExposed(system: System, task: ThreadState, resource: number, { softirq }: Handler): boolean {
	const taking = takingOf(task);
	return taking?.resource === resource && lets(system, softirq, task, taking);
}

/**
 * May the handler come while the lock is held? What keeps preemption off keeps neither interrupts nor softirqs out. Which of the two makes a
 * task atomic is not told apart: where some code turns softirqs off, they are taken for off under another spinlock.
 */
function lets(system: System, softirq: boolean, task: ThreadState, { keepsOut }: Taking): boolean {
	if (task.irqsOff !== 0 || keepsOut === 'interrupts') return false;
	return !softirq || (keepsOut === 'nobody' && (task.atomic === 0 || !turnsSoftirqsOff(system)));
}

const turnsSoftirqsOff = ({ program }: System): boolean =>
	program.files.some(({ root, kernel }) => !kernel && /_bh\b|\blocal_bh_/.test(sourceOf(root).text));

/** From `state`: `thread` takes the lock and goes on while it has it; then only `handler` moves, up to where it waits for the lock. */
function onTop(
	graph: Graph,
	state: number,
	thread: number,
	handler: number,
	holds: (task: ThreadState) => boolean,
	lock: InterruptedLock,
	known: Set<string>,
): { readonly state: number; readonly steps: readonly ScheduleStep[] } | undefined {
	const { system } = graph;
	const open: { at: number; steps: readonly ScheduleStep[]; inside: boolean }[] = [
		{ at: state, steps: [], inside: false },
	];
	for (const { at, steps, inside } of open) {
		if (inside && wants(graph, at, handler, lock)) return { state: at, steps };
		const { from, to } = graph.edges(at);
		for (let edge = from; edge < to; edge++) {
			const by = graph.edgeThread(edge);
			const target = graph.target(edge);
			if (target < 0 || target >= graph.expanded || (by !== handler && (by !== thread || inside))) continue;
			if (by === handler && steps.length === 0) continue;
			if (by === thread && !holds(system.task(thread, graph.local(target, thread)))) continue;
			const key = `${target} ${thread} ${handler} ${by === handler}`;
			if (known.has(key)) continue;
			known.add(key);
			open.push({
				at: target,
				steps: [...steps, { state: at, thread: by, choice: graph.edgeChoice(edge) }],
				inside: by === handler,
			});
		}
	}
	return undefined;
}

function wants(graph: Graph, state: number, thread: number, { resource, handler }: InterruptedLock): boolean {
	const task = graph.system.task(thread, graph.local(state, thread));
	const taking = takingOf(task);
	return (
		taking?.resource === resource &&
		!taking.tries &&
		handlerOf(graph.system, thread, task, graph.sharedOf(state)) === handler &&
		graph.wait(state, thread) !== undefined
	);
}

/** All such locks, each once. */
export function* findInterruptedLocks(graph: Graph): Turns<InterruptedLock[]> {
	const { system } = graph;
	if (system.preemptRt || !system.threads.some((t) => OWN_CPU.test(t.name) || t.kind === 'interrupt')) return [];
	const inside = new Map<number, { at: Seen; handler: Handler; write: boolean }[]>();
	const outside = new Map<number, { at: Seen; taking: Taking; softirq: boolean }[]>();
	const note = <T>(map: Map<number, T[]>, resource: number, one: T): void =>
		void map.set(resource, [...(map.get(resource) ?? []), one]);
	for (const at of yield* lockMoments(graph)) {
		const task = system.task(at.thread, at.local);
		const taking = takingOf(task);
		if (taking === undefined) continue;
		const handler = handlerOf(system, at.thread, task, at.shared);
		if (handler !== undefined && !taking.tries) note(inside, taking.resource, { at, handler, write: taking.write });
		if (handler === undefined || handler.softirq)
			note(outside, taking.resource, { at, taking, softirq: handler !== undefined });
	}
	const found: InterruptedLock[] = [];
	for (const [resource, handlers] of inside)
		for (const { at, handler, write } of handlers) {
			const other = outside
				.get(resource)
				?.find(
					({ at: seen, taking, softirq }) =>
						(write || taking.write) &&
						!(softirq && handler.softirq) &&
						lets(system, handler.softirq, system.task(seen.thread, seen.local), taking),
				);
			if (other === undefined || found.some((f) => f.resource === resource)) continue;
			found.push({ resource, handler, inside: at, outside: other.at });
		}
	return found;
}

function handlerOf(system: System, thread: number, task: ThreadState, shared: Int32Array): Handler | undefined {
	const { kind, name: lane } = system.threads[thread] as System['threads'][number];
	if (kind === 'interrupt') return IRQ;
	if (!task.frames.some((f) => !f.code.kernel)) return undefined;
	if (lane.startsWith('timer')) return TIMER;
	if (lane.startsWith('tasklet')) return TASKLET;
	// the thread of one is a task like any other
	if (/^irq(\/1)?$/.test(lane)) return LINE;
	if (lane.startsWith('hrtimer'))
		return task.frames.some((f) => f.code.name === 'run_in_softirq') ? SOFT_HRTIMER : HRTIMER;
	if (lane === 'gpu') return FENCE;
	const rcu = lane === 'srcu' && task.held.some((h) => system.nameOf(h.resource, shared) === 'rcu.callbacks');
	return rcu ? RCU : undefined;
}

interface Taking {
	readonly resource: number;
	readonly write: boolean;
	readonly tries: boolean;
	readonly keepsOut: 'nobody' | 'softirqs' | 'interrupts';
}

const SPINS =
	/^(raw_)?spin_(try)?lock(_irq|_bh)?$|^read_(try)?lock(_irq|_bh)?$|^write_trylock$|^__write_lock_fast$|^__((raw_)?spin|read|write)_lock_irqsave$/;

/** The spinning lock that the next step of a thread takes. */
function takingOf(task: ThreadState): Taking | undefined {
	if (task.frames.length === 0) return undefined;
	const { code, pc, registers } = task.frame;
	const next = code.code[pc];
	if (next?.op !== 'primitive') return undefined;
	const { name } = primitives[next.primitive] as (typeof primitives)[number];
	if (!SPINS.test(name)) return undefined;
	const args = next.args.map((a) => (a >= 0 ? (registers[a] as number) : (code.constants[-1 - a] as number)));
	// what the library makes of write_lock_bh() says so itself
	const called = [name, ...task.frames.filter((f) => f.code.kernel).map((f) => f.code.name)];
	const says = (suffix: RegExp): boolean => called.some((f) => suffix.test(f));
	return {
		resource: args[0] ?? 0,
		write: !/^read_|^__read/.test(name),
		tries: /trylock/.test(name),
		keepsOut: says(/_irq(save)?$|_irqsave_nested$/) ? 'interrupts' : says(/_bh$/) ? 'softirqs' : 'nobody',
	};
}

const withoutThem = (lock: string, { softirq }: Handler): string =>
	`Take ${lock} with ${softirq ? 'spin_lock_bh()' : 'spin_lock_irqsave()'} there`;

/** In words, where a run shows it. */
export function explainInterruption(
	{ graph, run }: Evidence,
	{ resource, handler }: InterruptedLock,
	shown: Interruption,
): Explanation {
	const { system } = graph;
	const taken = shown.steps[0]?.state ?? 0;
	const here = system.position(shown.thread, graph.local(taken, shown.thread));
	const there = system.position(shown.handler, graph.local(run.finalState, shown.handler));
	const lock = system.nameOf(resource, graph.sharedOf(run.finalState));
	const [name, below] = [threadName(graph, shown.handler), threadName(graph, shown.thread)];
	const by = userFunction(there)?.name;
	const message = `${name} waits for ${lock}${by === undefined ? '' : ` in ${by}()`} (${lineOf(graph, userSpan(there))}), which ${below}, the thread that it interrupts, holds since ${lineOf(graph, userSpan(here))}: ${handler.words} comes on the CPU of who has the lock, and nobody gives that back meanwhile`;
	return {
		message,
		cure: withoutThem(lock, handler),
		span: userSpan(here),
		related: [{ span: userSpan(there), message: `${name} waits for ${lock} here` }],
		closing: `${message}.`,
		threads: [name, below],
	};
}

/** In words, and whom to blame: who may be interrupted. */
export function explainInterruptedLock(
	{ graph }: Evidence,
	{ resource, handler, inside, outside }: InterruptedLock,
): Explanation {
	const { system } = graph;
	const placeOf = ({ thread, local }: Seen): Place => system.position(thread, local);
	const [there, here] = [placeOf(inside), placeOf(outside)];
	const lock = system.nameOf(resource, outside.shared);
	const by = (place: Place, seen: Seen): string =>
		`${userFunction(place) ? `${userFunction(place)?.name}()` : threadName(graph, seen.thread)} (${lineOf(graph, userSpan(place))})`;
	const on = handler.softirq ? 'softirqs' : 'interrupts';
	const message = `${lock} is taken in ${handler.words}, by ${by(there, inside)}, and with ${on} on by ${by(here, outside)}: on the CPU of who has it, ${handler.words} waits for ever for what it has interrupted. ${handler === IRQ ? 'Here it comes on top of others only, so that no run shows it' : 'In this scenario it never comes just then'}; lockdep complains (inconsistent lock state)`;
	return {
		message,
		cure: withoutThem(lock, handler),
		span: userSpan(here),
		related: [{ span: userSpan(there), message: `${threadName(graph, inside.thread)} takes ${lock} here` }],
		closing: `${message}.`,
		threads: [...new Set([threadName(graph, outside.thread), threadName(graph, inside.thread)])],
	};
}
