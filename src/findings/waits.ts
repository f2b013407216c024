import type { Graph } from '../explore/graph.js';
import type { Wait } from '../kernel/context.js';
import { TASK } from '../kernel/primitives/tasks.js';
import type { FunctionCode, Instruction } from '../machine/ir.js';
import { successors } from '../machine/liveness.js';
import type { System } from '../machine/system.js';
import { Status } from '../machine/thread.js';
import { pseudoClass } from './lock-classes.js';

/** A blocked thread, what it waits for, and who would have to act. */
export interface WaitEdge {
	readonly thread: number;
	readonly wait: Wait;
	/** Threads that hold what is wanted, or stand before it in the queue. */
	readonly holders: readonly number[];
	/** Name of what is wanted. */
	readonly resource: string;
	readonly isRange: boolean;
	/** What is wanted is the end of a grace period: whose readers have to leave first. `callbacks`: those that the notifier core calls. */
	readonly readers?: { readonly of: string; readonly callbacks: boolean; readonly call: string };
	/** What is wanted is the end of a work item or a timer: whoever has it runs it. */
	readonly runs: boolean;
	/** Nobody has what is wanted: `holders` are those who are stuck as well, and might have been going to bring it about. */
	readonly guessed: boolean;
}

/** The wait-for graph of a state: an edge for each blocked thread of `mask`. */
export function waitsIn(graph: Graph, state: number, mask: number): WaitEdge[] {
	const { system } = graph;
	const shared = graph.sharedOf(state);
	const locals = (t: number): Int32Array => graph.local(state, t);
	const waits: (Wait | undefined)[] = [];
	for (let t = 0; t < graph.threads; t++) waits.push(mask & (1 << t) ? graph.wait(state, t) : undefined);
	const edges: WaitEdge[] = [];
	waits.forEach((wait, thread) => {
		if (wait === undefined) return;
		let holders: number[] = [];
		const othersStuck = waits.flatMap((w, t) => (w !== undefined && t !== thread ? [t] : []));
		if (wait.kind === 'lock' || wait.kind === 'token') {
			for (let t = 0; t < graph.threads; t++) {
				if (graph.status(state, t) === Status.ended) continue;
				const holds = system.task(t, graph.local(state, t)).held.some((h) => h.resource === wait.resource);
				if (holds) holders.push(t);
			}
			if (wait.behindQueue) {
				// readers are held up by the writer in front of them, not by the readers inside
				const queued = waits.flatMap((w, t) => (w?.queued && w.resource === wait.resource ? [t] : []));
				if (queued.length > 0) holders = queued;
			}
		} else if (wait.kind === 'wakeup') {
			// anybody else who is stuck might have been going to wake it
			holders = wakersAmong(graph, state, othersStuck);
		} else if (wait.kind === 'cpu') {
			holders = system.threads.flatMap((info, t) =>
				info.kind === 'interrupt' && info.on === thread && graph.status(state, t) === Status.running ? [t] : [],
			);
			holders.push(...system.cpus.crowding(thread, locals).filter((t) => !holders.includes(t)));
		}
		const isRange = system.isRange(wait.resource, shared, locals);
		// nobody holds a completion or a fence
		const guessed = wait.kind === 'token' && holders.length === 0 && !isRange && othersStuck.length > 0;
		if (guessed) holders = wakersAmong(graph, state, othersStuck);
		const readers =
			wait.kind === 'token' ? readersAt(system, thread, locals(thread), wait.resource, shared) : undefined;
		edges.push({
			thread,
			...(readers !== undefined && { readers }),
			wait,
			holders,
			resource: wait.resource === 0 ? '' : system.nameOf(wait.resource, shared, locals),
			isRange,
			runs: wait.kind === 'token' && runsAt(system, wait.resource, shared),
			guessed,
		});
	});
	return edges;
}

const WAKES = /^_*(complete|wake_up|swake_up|dma_fence_signal|up$)/;

/** Of threads that might bring about what somebody sleeps for, those whose code still comes to a wake-up; all where none does. */
function wakersAmong(graph: Graph, state: number, threads: readonly number[]): number[] {
	const wakers = threads.filter((t) => comesToWake(graph.system, t, graph.local(state, t)));
	return wakers.length > 0 ? wakers : [...threads];
}

/** Is the thread that waits the only one of all whose code ever comes to a wake-up? Then what it waits for is up to itself. */
export function onlyItselfWakes(graph: Graph, state: number, thread: number): boolean {
	const { system } = graph;
	const own = new Set<Instruction>();
	if (!comesToWake(system, thread, graph.local(state, thread), own)) return false;
	const wakes = (code: FunctionCode, within = new Set<Instruction>()): boolean =>
		reachesWakeUp(system, code, 0, within);
	const others = system.threads.filter((t, n) => n !== thread && t.kind !== 'kernel');
	// workers and timers call what only a pointer leads to
	return (
		!others.some((t) => wakes(t.entry)) &&
		!system.functions.some((f) => !f.kernel && !f.code.some((i) => own.has(i)) && wakes(f, new Set(own)))
	);
}

function comesToWake(system: System, thread: number, local: Int32Array, seen = new Set<Instruction>()): boolean {
	return system
		.task(thread, local)
		.frames.some(({ code, pc }) => !code.kernel && reachesWakeUp(system, code, pc, seen));
}

function reachesWakeUp(system: System, start: FunctionCode, at: number, seen: Set<Instruction>): boolean {
	const reaches = (code: FunctionCode, from: number): boolean => {
		const stack = [from];
		while (stack.length > 0) {
			const at = stack.pop() as number;
			const instruction = code.code[at];
			if (instruction === undefined || seen.has(instruction)) continue;
			seen.add(instruction);
			if (instruction.op === 'call') {
				const callee = system.functions[instruction.callee];
				if (callee !== undefined && (WAKES.test(callee.name) || (!callee.kernel && reaches(callee, 0)))) return true;
			}
			stack.push(...successors(instruction, at));
		}
		return false;
	};
	return reaches(start, at);
}

/** Who holds a token at this address runs what lies there. */
export const runsAt = (system: System, address: number, shared: Int32Array): boolean =>
	/^(work item|timer) /.test(pseudoClass(system, address, shared) ?? '');

/** The domain of SRCU, or RCU itself, whose readers are counted at an address. */
function readersAt(
	system: System,
	thread: number,
	local: Int32Array,
	address: number,
	shared: Int32Array,
): WaitEdge['readers'] {
	const name = pseudoClass(system, address, shared);
	if (name?.startsWith('readers of ') !== true) return undefined;
	// the last cells are those of a grace period, and of callbacks that have not run
	const path = system.nameOf(address, shared);
	if (/\.(gp|callbacks)$/.test(path)) return undefined;
	const of = name.slice('readers of '.length);
	const kernels = system.ownsVariable(address);
	const { frames } = system.position(thread, local);
	const call = frames[frames.findLastIndex((f) => !f.code.kernel) + 1]?.code.name ?? 'synchronize_srcu';
	return { call, of: kernels && of === 'rcu' ? 'RCU' : of, callbacks: kernels && of === 'srcu' };
}

/** The shortest cycle of the wait-for graph, in the order "waits for"; undefined where there is none. */
export function cycleIn(edges: readonly WaitEdge[]): WaitEdge[] | undefined {
	const of = new Map(edges.map((e) => [e.thread, e]));
	let best: WaitEdge[] | undefined;
	for (const start of edges) {
		// a sleeper's edges are only guesses: let locks and tokens speak first
		const parent = new Map<number, number>();
		const queue = [start.thread];
		let found = false;
		while (queue.length > 0 && !found) {
			const t = queue.shift() as number;
			for (const h of of.get(t)?.holders ?? []) {
				if (h === start.thread) {
					const cycle: WaitEdge[] = [];
					for (let at: number | undefined = t; at !== undefined; at = at === start.thread ? undefined : parent.get(at))
						cycle.unshift(of.get(at) as WaitEdge);
					if (best === undefined || cycle.length < best.length) best = cycle;
					found = true;
					break;
				}
				if (of.has(h) && !parent.has(h)) {
					parent.set(h, t);
					queue.push(h);
				}
			}
		}
	}
	return best;
}

/**
 * Would a sleeping thread go on if it were woken for nothing? Then what it sleeps for holds already.
 * Only asked of sleeps that look again when they wake.
 */
export function goesOnWhenWoken(system: System, thread: number, local: Int32Array, shared: Int32Array): boolean {
	const at = system.next(thread, local);
	let memory = system.withCell(shared, system.symbol('__tasks') + thread * TASK.cells + TASK.state, 0);
	let state = local;
	for (let steps = 0; steps < 64; steps++) {
		const { moves, wait } = system.step(thread, state, memory);
		const [move] = moves;
		if (move === undefined || wait !== undefined) return false;
		// it does not even get to ask: what it would look at is gone
		if (move.fatal) return false;
		if (move.local[0] === Status.ended || move.local[0] === Status.idle) return true;
		state = move.local;
		memory = move.shared;
		// back at the same sleep: it looked again, and sleeps again
		if (system.next(thread, state) === at && system.step(thread, state, memory).wait !== undefined) return false;
	}
	return true;
}

/** Does the code lead from behind the thread's sleep, or the sketch's call that it sleeps in, back to it, so that it looks again when it wakes? */
export function looksAgain(system: System, thread: number, local: Int32Array): boolean {
	const { frames } = system.task(thread, local);
	const own = frames.findLastIndex((f) => !f.code.kernel);
	return frames.slice(Math.max(0, own)).some(comesBack);
}

function comesBack({ code, pc }: { readonly code: FunctionCode; readonly pc: number }): boolean {
	const seen = new Set<number>();
	const stack = successors(code.code[pc] as Instruction, pc);
	while (stack.length > 0) {
		const at = stack.pop() as number;
		if (at === pc) return true;
		const instruction = code.code[at];
		if (instruction === undefined || seen.has(at)) continue;
		seen.add(at);
		stack.push(...successors(instruction, at));
	}
	return false;
}
