import type { Graph } from '../../explore/graph.js';
import type { Turns } from '../../explore/turns.js';
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
 * of its runs are possible on one CPU, interruption.ts tells. What none shows is lockdep's word alone.
 */

/** A lock that is taken in a handler, and by somebody on top of whom the handler may come. */
export interface InterruptedLock {
	readonly resource: number;
	readonly handler: Handler;
	/** Where the handler takes it, and where the other one does. */
	readonly inside: Seen;
	readonly outside: Seen;
}

export interface Handler {
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

/** Names of threads that have a CPU of their own in the model. */
export const OWN_CPU = /^(((hr)?timer|tasklet|irq)(\/1)?|rcu|gpu)$/;

/**
 * May the handler come while the lock is held? What keeps preemption off keeps neither interrupts nor softirqs out. Which of the two makes a
 * task atomic is not told apart: where some code turns softirqs off, they are taken for off under another spinlock.
 */
function lets(system: System, softirq: boolean, task: ThreadState, { keepsOut }: Taking): boolean {
	if (task.irqsOff !== 0 || keepsOut === 'interrupts') return false;
	return !softirq || (keepsOut === 'nobody' && (task.atomic === 0 || !turnsSoftirqsOff(system)));
}

/** Does the sketch's own text match? */
const textOf = ({ program }: System, pattern: RegExp): boolean =>
	program.files.some(({ root, kernel }) => !kernel && pattern.test(sourceOf(root).text));

export const turnsSoftirqsOff = (system: System): boolean => textOf(system, /_bh\b|\blocal_bh_/);

/** May there be any, or a run that shows one? A graph of merged steps lacks the states that would say it. */
export function* mayInterrupt(graph: Graph): Turns<boolean> {
	const { system } = graph;
	if (system.preemptRt || !system.threads.some((t) => OWN_CPU.test(t.name) || t.kind === 'interrupt')) return false;
	const turnsOn = /unlock_irq\b|\bspinlock_irq\b|\blocal_irq_enable|\bread_seq|seqcount|seqlock/;
	if (textOf(system, turnsOn)) return true;
	return (yield* findInterruptedLocks(graph)).length > 0;
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

/** What kind of handler a thread is in, if in one. */
export function handlerOf(system: System, thread: number, task: ThreadState, shared: Int32Array): Handler | undefined {
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
	const rcu = lane === 'rcu' && task.held.some((h) => system.nameOf(h.resource, shared) === 'rcu.callbacks');
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
		cure: `Take ${lock} with ${handler.softirq ? 'spin_lock_bh()' : 'spin_lock_irqsave()'} there`,
		span: userSpan(here),
		related: [{ span: userSpan(there), message: `${threadName(graph, inside.thread)} takes ${lock} here` }],
		closing: `${message}.`,
		threads: [...new Set([threadName(graph, outside.thread), threadName(graph, inside.thread)])],
	};
}
