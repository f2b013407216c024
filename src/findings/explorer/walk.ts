/** A schedule, taken once more with everything noted that the explorer shows of a step. */
import type { AstNode } from 'langium';
import type { Graph } from '../../explore/graph.js';
import type { ScheduleStep } from '../../explore/shortest.js';
import type { Held } from '../../kernel/context.js';
import type { FunctionCode } from '../../machine/ir.js';
import type { Report } from '../../machine/step.js';
import { pickWords, withoutOpen } from '../picks.js';
import { isBackward, type Place, primitiveRemark, returnRemark, valueWords } from '../run.js';

/** A call in progress: it is the same one in all states in which its number is the same. */
export interface CallFrame {
	readonly id: number;
	readonly code: FunctionCode;
	/** What it was called with; NaN where that is not known any more. */
	readonly args: readonly number[];
}

/** A state on the way. */
export interface Moment {
	/** In the graph; -1 after a step that ends the run. */
	readonly state: number;
	readonly shared: Int32Array;
	readonly locals: readonly Int32Array[];
	/** By thread: the calls in progress, outermost first. */
	readonly calls: readonly (readonly CallFrame[])[];
}

/** What a function of the simulated kernel has said to its caller. */
export interface Returned {
	readonly code: FunctionCode;
	readonly value: number | undefined;
	readonly args: readonly number[];
	readonly remark: string | undefined;
	/** It was called by the simulated kernel, in a call that waits. */
	readonly inner: boolean;
}

/** One step, between two moments. */
export interface Transition {
	readonly thread: number;
	readonly choice: number;
	readonly choices: number;
	readonly place: Place;
	/** Calls in progress before the step. */
	readonly calls: readonly CallFrame[];
	/** Places that were run, each once in a row. */
	readonly ran: readonly Place[];
	/** Jumps back in the driver's code. */
	readonly jumps: readonly Place[];
	readonly takes: readonly Held[];
	readonly returned: readonly Returned[];
	/** What the sketch's own `any()` have given. */
	readonly picks: readonly string[];
	readonly primitives: readonly string[];
	readonly reports: readonly Report[];
}

export interface Walk {
	readonly graph: Graph;
	readonly schedule: readonly ScheduleStep[];
	readonly transitions: readonly Transition[];
	/** One more than transitions. */
	readonly moments: readonly Moment[];
}

/** Of one step at most so many places are told, not counting those in the sketch itself behind them. */
const MOST_PLACES = 80;

/**
 * Takes the steps of `schedule`. A run that comes from the graph fits it.
 * @returns as far as it fits; compare lengths where it may not.
 */
export function walk(graph: Graph, schedule: readonly { thread: number; choice: number }[]): Walk {
	const walker = new Walker(graph);
	for (const { thread, choice } of schedule) if (!walker.step(thread, choice)) break;
	return walker;
}

class Walker implements Walk {
	readonly schedule: ScheduleStep[] = [];
	readonly transitions: Transition[] = [];
	readonly moments: Moment[] = [];
	private ids = 0;
	/** Threads for which the adversary has picked something, in a call that has not returned yet. */
	private readonly choosing = new Set<number>();

	constructor(readonly graph: Graph) {
		const locals = graph.system.threads.map((_, t) => graph.local(0, t));
		this.moments.push({
			state: 0,
			shared: graph.sharedOf(0),
			locals,
			calls: locals.map((local, t) => this.reconcile(t, local, [])),
		});
	}

	/** False where the graph has no such step. */
	step(thread: number, choice: number): boolean {
		const { graph } = this;
		const before = this.moments[this.moments.length - 1] as Moment;
		const { state } = before;
		if (state < 0 || state >= graph.expanded || !hasEdge(graph, state, thread, choice)) return false;
		const { system } = graph;
		const local = graph.local(state, thread);
		const place = system.position(thread, local);
		const calls = before.calls[thread] as readonly CallFrame[];
		const live: CallFrame[] = [...calls];
		const frames: { code: FunctionCode; node: AstNode }[] = place.frames.map((f) => ({ ...f }));
		const ran: Place[] = [];
		const jumps: Place[] = [];
		const takes: Held[] = [];
		const returned: Returned[] = [];
		const picks: string[] = [];
		const primitives: string[] = [];
		const move = system.replay(thread, local, before.shared, choice, {
			instruction(instruction, code, depth) {
				frames.length = depth;
				frames[depth - 1] = { code, node: instruction.node };
				const last = ran[ran.length - 1];
				if (
					(ran.length < MOST_PLACES || !code.kernel) &&
					(last?.node !== instruction.node || last.frames.length !== depth)
				)
					ran.push({ node: instruction.node, frames: [...frames] });
				if (instruction.op === 'mark' && !code.kernel && isBackward(instruction))
					jumps.push({ node: instruction.node, frames: [...frames] });
			},
			call: (code, _node, depth, args) => {
				frames.length = depth;
				live.length = Math.min(live.length, depth);
				live[depth] = { id: ++this.ids, code, args };
			},
			returned: (code, value, depth) => {
				frames.length = depth;
				const args = live[depth]?.args ?? [];
				live.length = Math.min(live.length, depth);
				const caller = frames[depth - 1];
				if (!code.kernel || caller === undefined) return;
				const remark = returnRemark(code, value, system) ?? this.chosen(thread, code, value, caller.code);
				// inside of a call that waits, the check that fails is why
				const waits = frames.some((f) => f.code.kernel && /wait/.test(f.code.name));
				if (caller.code.kernel && (remark !== 'fails' || !waits)) return;
				returned.push({ code, value, args, remark, inner: caller.code.kernel });
			},
			picked: (value, node, code) => {
				if (code.kernel) this.choosing.add(thread);
				else picks.push(pickWords(value, node));
			},
			takes: (held) => void takes.push(held),
			primitive(name, _args, value, node, depth) {
				// inside a kernel function its own text says enough
				if (place.frames[place.frames.length - 1]?.code.kernel) return;
				if (depth !== place.frames.length || node !== place.node) return;
				const remark = primitiveRemark(name, value);
				if (remark !== undefined) primitives.push(remark);
			},
		});
		if (move === undefined) return false;
		this.schedule.push({ state, thread, choice });
		this.transitions.push({
			thread,
			choice,
			choices: graph.moveCount(state, thread),
			place,
			calls,
			ran,
			jumps,
			takes,
			returned,
			picks: withoutOpen(picks),
			primitives,
			reports: move.reports,
		});
		const target = move.fatal ? -1 : graph.targetOf(state, thread, choice);
		const locals =
			target < 0
				? before.locals.map((old, t) => (t === thread ? move.local : old))
				: before.locals.map((_, t) => graph.local(target, t));
		const after = this.reconcile(thread, locals[thread] as Int32Array, live);
		this.moments.push({
			state: target,
			shared: target < 0 ? move.shared : graph.sharedOf(target),
			locals,
			calls: before.calls.map((old, t) => (t === thread ? after : old)),
		});
		return true;
	}

	/** What a call has come to that could have come to something else; that all went well is not said. */
	private chosen(
		thread: number,
		code: FunctionCode,
		value: number | undefined,
		caller: FunctionCode,
	): string | undefined {
		if (caller.kernel || !this.choosing.delete(thread) || value === 0) return undefined;
		const words = valueWords(code, value, this.graph.system);
		return words === 'succeeds' ? undefined : words;
	}

	/** The calls that a thread's vector has, as far as they are known by number already. */
	private reconcile(thread: number, local: Int32Array, known: readonly CallFrame[]): CallFrame[] {
		const { frames } = this.graph.system.task(thread, local);
		let same = true;
		return frames.map(({ code, pc, registers }, n) => {
			const old = known[n];
			same &&= old?.code === code;
			if (same && old !== undefined) return old;
			// it was called before the run began: what is still read of its parameters is what it was called with
			const live = code.live[pc];
			const args = Array.from({ length: code.parameters }, (_, r) =>
				live === undefined || live[r] ? (registers[r] as number) : Number.NaN,
			);
			return { id: ++this.ids, code, args };
		});
	}
}

function hasEdge(graph: Graph, state: number, thread: number, choice: number): boolean {
	const { from, to } = graph.edges(state);
	for (let e = from; e < to; e++) if (graph.edgeThread(e) === thread && graph.edgeChoice(e) === choice) return true;
	return false;
}
