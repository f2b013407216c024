/**
 * The oracle: every interleaving of a system, enumerated as plainly as it can be written. No memo, no interning, no
 * packing, no components: states are strings in a Map, futures are worked out by walking edges backwards. It shares
 * `System.step` and `System.gate` with the engine, and nothing else.
 */

import type { Scenario } from '../../src/language/generated/ast.js';
import type { Program } from '../../src/language/program.js';
import { System } from '../../src/machine/system.js';

const ENDED = 1;
const IDLE = 2;

/** A state: what each thread has for itself, and what they share. */
export interface NaiveState {
	readonly locals: readonly Int32Array[];
	readonly shared: Int32Array;
	/** Steps from the start, the fewest. */
	readonly depth: number;
	/** Where one step leads; `to` undefined: the run ends there with a fatal report. */
	readonly edges: { readonly thread: number; readonly to: string | undefined; readonly timeout: boolean }[];
}

/** What lies ahead of each state. */
export interface Futures {
	/** Threads that have to go on and never move again, by state. States without any are not there. */
	readonly stuck: ReadonlyMap<string, readonly number[]>;
	/** Threads that have to end and never will, by state. */
	readonly endless: ReadonlyMap<string, readonly number[]>;
	/** States from which some run brings every thread to its end. */
	readonly endsWell: ReadonlySet<string>;
}

/** What the oracle says of a scenario. */
export interface Naive extends Futures {
	/** The same as if no timeout and no signal ever ended a wait. */
	readonly withoutTimeouts: Futures;
	readonly system: System;
	readonly states: ReadonlyMap<string, NaiveState>;
	readonly transitions: number;
	/** By code of the reports of single steps: the steps of the shortest run that shows it, that step included. */
	readonly reports: ReadonlyMap<string, number>;
	/** States in which nobody can take a step, and somebody has not come to the end. */
	readonly deadlocks: number;
}

const NOTHING_AHEAD: Futures = { stuck: new Map(), endless: new Map(), endsWell: new Set() };

/** The same for equal states, and only for these. */
export const keyOf = (locals: readonly Int32Array[], shared: Int32Array): string =>
	`${locals.map((l) => l.join(' ')).join('|')}#${shared.join(' ')}`;

/** Undefined when there are more than `most` states. */
export function enumerate(program: Program, scenario: Scenario, most: number, everyAccess = false): Naive | undefined {
	const system = new System(program, scenario, program.uri, everyAccess);
	if (system.problems.length > 0) throw new Error(system.problems.map((p) => p.message).join('\n'));
	for (;;) {
		system.written.settle();
		const found = walk(system, most);
		// a read taken for private was not: everything again
		if (!system.written.grew) return found;
		system.restart();
	}
}

function walk(system: System, most: number): Naive | undefined {
	const states = new Map<string, NaiveState>();
	const reports = new Map<string, number>();
	const queue: string[] = [];
	let transitions = 0;
	let deadlocks = 0;
	const visit = (theLocals: readonly Int32Array[], theShared: Int32Array, depth: number): string => {
		const { locals, shared } = system.canonical(theLocals, theShared);
		const key = keyOf(locals, shared);
		if (!states.has(key)) {
			states.set(key, { locals, shared, depth, edges: [] });
			queue.push(key);
		}
		return key;
	};
	const report = (codes: readonly { readonly code: string }[], depth: number): void => {
		for (const { code } of codes) if (!reports.has(code)) reports.set(code, depth);
	};
	visit(system.initialLocals, system.initialShared, 0);
	report(system.setupReports, 1);
	if (system.setupReports.some((r) => r.fatal))
		return {
			system,
			states,
			transitions,
			reports,
			deadlocks,
			...NOTHING_AHEAD,
			withoutTimeouts: NOTHING_AHEAD,
		};
	for (let n = 0; n < queue.length; n++) {
		if (states.size > most) return undefined;
		const state = states.get(queue[n] as string) as NaiveState;
		const { locals, shared, depth, edges } = state;
		if (!locals.some((_, t) => lives(state, t))) report(system.runFinally(shared), depth + 1);
		for (let thread = 0; thread < locals.length; thread++) {
			const local = locals[thread] as Int32Array;
			if (local[0] === ENDED || !system.gate(thread, (t) => locals[t] as Int32Array)) continue;
			const { moves } = system.step(thread, local, shared);
			const timeout = moves.every((m) => m.timeout);
			for (const move of moves) {
				transitions++;
				report(move.reports, depth + 1);
				const next = system.canonical(locals.with(thread, move.local), move.shared);
				const to = move.fatal ? undefined : visit(next.locals, next.shared, depth + 1);
				edges.push({ thread, to, timeout });
			}
		}
		if (edges.length === 0 && locals.some((_, t) => lives(state, t))) deadlocks++;
	}
	return {
		system,
		states,
		transitions,
		reports,
		deadlocks,
		...futures(system, states, true),
		withoutTimeouts: futures(system, states, false),
	};
}

const lives = (state: NaiveState, thread: number): boolean => {
	const status = (state.locals[thread] as Int32Array)[0];
	return status !== ENDED && status !== IDLE;
};

function futures(system: System, states: ReadonlyMap<string, NaiveState>, timeouts: boolean): Futures {
	const from = new Map<string, string[]>();
	const edgesOf = (state: NaiveState): NaiveState['edges'] => state.edges.filter((e) => timeouts || !e.timeout);
	for (const [key, state] of states)
		for (const { to } of edgesOf(state)) if (to !== undefined) from.set(to, [...(from.get(to) ?? []), key]);
	/** States from which some run leads to one for which `good` holds. */
	const leadingTo = (good: (state: NaiveState) => boolean): Set<string> => {
		const reached = new Set<string>();
		const stack: string[] = [];
		const add = (key: string): void => {
			if (!reached.has(key)) stack.push(key);
			reached.add(key);
		};
		for (const [key, state] of states) if (good(state)) add(key);
		for (let key = stack.pop(); key !== undefined; key = stack.pop())
			for (const before of from.get(key) ?? []) add(before);
		return reached;
	};
	const stuck = new Map<string, number[]>();
	const endless = new Map<string, number[]>();
	const collect = (map: Map<string, number[]>, good: ReadonlySet<string>, thread: number): void => {
		for (const [key, state] of states)
			if (lives(state, thread) && !good.has(key)) map.set(key, [...(map.get(key) ?? []), thread]);
	};
	system.threads.forEach((_, t) => {
		// where a run ends with a finding of its own, nobody is called stuck
		collect(
			stuck,
			leadingTo((s) => edgesOf(s).some((e) => e.thread === t || e.to === undefined)),
			t,
		);
		collect(
			endless,
			leadingTo((s) => !lives(s, t) || edgesOf(s).some((e) => e.to === undefined)),
			t,
		);
	});
	return { stuck, endless, endsWell: leadingTo((s) => !system.threads.some((_, t) => lives(s, t))) };
}
