/** Compares what the engine says of a scenario with what the oracle says of it. */

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import type { Graph } from '../../src/explore/graph.js';
import { prospects } from '../../src/explore/prospects.js';
import { search } from '../../src/explore/search.js';
import { findingsOf } from '../../src/findings/analyse.js';
import type { Finding } from '../../src/findings/result.js';
import { kernelLibraries } from '../../src/kernel/library.js';
import type { Scenario } from '../../src/language/generated/ast.js';
import { loadProgram, type Program, type Sources } from '../../src/language/program.js';
import { System } from '../../src/machine/system.js';
import { enumerate, keyOf, type Naive } from './naive.js';

/** Reads sketches and what they include from the disk. */
export const disk: Sources = {
	read: async (uri) => {
		try {
			return readFileSync(new URL(uri), 'utf8');
		} catch {
			return undefined;
		}
	},
};

/** The sources that hold one sketch, as `file:///sketch.mmn`. */
export const oneText = (text: string): Sources => ({
	read: async (uri) => (uri === 'file:///sketch.mmn' ? text : undefined),
});

/** The program of a sketch without errors. */
export async function programOf(uri: string, sources: Sources = disk): Promise<Program> {
	const program = await loadProgram(uri, sources, kernelLibraries);
	const errors = program.problems.filter((p) => p.severity === 'error');
	if (errors.length > 0) throw new Error(errors.map((p) => `${p.span.uri}:${p.span.line}: ${p.message}`).join('\n'));
	return program;
}

export const uriOf = (path: string): string => pathToFileURL(path).href;

/** What the engine says of a scenario. */
export interface Engine {
	readonly system: System;
	readonly graph: Graph;
	readonly findings: readonly Finding[];
}

/** Searches a scenario with the engine; undefined where it has more than `most` states. */
export function explore(program: Program, scenario: Scenario, most: number, everyAccess = false): Engine | undefined {
	const system = new System(program, scenario, program.uri, everyAccess);
	if (system.problems.length > 0) throw new Error(system.problems.map((p) => p.message).join('\n'));
	const steps = search(system, { maxStates: most, maxSeconds: 60, maxMemoryMB: 1024 }, () => false);
	let step = steps.next();
	while (!step.done) step = steps.next();
	const { graph, complete } = step.value;
	return complete ? { system, graph, findings: findingsOf(graph) } : undefined;
}

/** Steps of a finding's run. */
export const lengthOf = (finding: Finding): number =>
	new Set(finding.run.filter((r) => !r.blocked).map((r) => r.step)).size;

/** A run that goes round for ever: its cycle is short, but nobody says that it is the shortest. */
const isEndless = (finding: Finding): boolean => typeof finding.cycleStart === 'number';

/** Only a timeout or a signal ends it: the oracle takes both for steps like any other. */
const isDelayed = (finding: Finding): boolean => BLOCKED_CODES.includes(finding.code) && finding.assumption !== null;

/** A handler that comes on the CPU of who has its lock: in the graph it has a CPU of its own, and waits. */
const isInterruption = ({ message }: Finding): boolean => message.includes('comes on the CPU of who has the lock');

/** WARN_ON and assert are told apart inside only. */
const shownCode = (code: string): string => (code === 'warn-on' ? 'assertion' : code);

/** `code@steps` of the shortest finding of each code. */
export function shortest(findings: readonly Finding[]): Record<string, number> {
	const lengths: Record<string, number> = {};
	for (const f of findings)
		lengths[f.code] = isEndless(f) ? 0 : Math.min(lengths[f.code] ?? Number.POSITIVE_INFINITY, lengthOf(f));
	return Object.fromEntries(Object.entries(lengths).sort(([a], [b]) => a.localeCompare(b)));
}

/** Codes of findings about threads that never go on: their runs end where that is plain. */
const BLOCKED_CODES = ['deadlock', 'self-deadlock', 'lost-wakeup'];
/** Codes of findings about threads that go on for ever: their runs go once round. */
const ENDLESS_CODES = ['livelock', 'starvation'];
const STUCK_CODES = [...BLOCKED_CODES, ...ENDLESS_CODES];
/** Codes that no single step shows: they are read off all runs together, and the oracle does not know them. */
const WHOLE_CODES = ['unbalanced', 'lock-order', 'data-race', 'unreachable'];

/** Holds the engine's graph and findings against the oracle, and returns them. Undefined where the scenario is too large for it. */
export function compareWithNaive(program: Program, scenario: Scenario, most: number): Engine | undefined {
	const naive = enumerate(program, scenario, most);
	if (naive === undefined) return undefined;
	const engine = explore(program, scenario, most + 1000);
	if (engine === undefined)
		throw new Error(`the engine finds more than ${most} states, the oracle ${naive.states.size}`);
	compare(engine, naive);
	return engine;
}

function compare({ graph, findings }: Engine, naive: Naive): void {
	expect({ states: graph.count, transitions: graph.transitions }).toEqual({
		states: naive.states.size,
		transitions: naive.transitions,
	});
	compareFutures(graph, naive, true);
	compareFutures(graph, naive, false);
	compareFindings(findings, naive);
	for (const finding of findings) replay(finding, naive);
}

function compareFutures(graph: Graph, naive: Naive, timeouts: boolean): void {
	const future = prospects(graph, timeouts);
	const { stuck, endless, endsWell } = timeouts ? naive : naive.withoutTimeouts;
	const every = (1 << graph.threads) - 1;
	const threadsOf = (mask: number): number[] => naive.system.threads.flatMap((_, t) => (mask & (1 << t) ? [t] : []));
	const starts = !graph.system.setupReports.some((r) => r.fatal);
	for (let s = 0; starts && s < graph.count; s++) {
		const key = keyOf(
			naive.system.threads.map((_, t) => graph.local(s, t)),
			graph.sharedOf(s),
		);
		const alive = future.alive(s);
		// one object for each state is what makes this affordable
		const engine = [
			graph.depths[s],
			threadsOf(alive & ~future.canMove(s) & every),
			threadsOf(alive & ~future.canEnd(s) & every),
			future.endsWell(s),
		].join(';');
		const oracle = [naive.states.get(key)?.depth, stuck.get(key) ?? [], endless.get(key) ?? [], endsWell.has(key)].join(
			';',
		);
		if (engine !== oracle) expect(engine, `depth; stuck; endless; ends well, in state ${s}`).toBe(oracle);
	}
}

function compareFindings(findings: readonly Finding[], naive: Naive): void {
	const oracle = new Map<string, number>();
	for (const [code, steps] of naive.reports) {
		const shown = shownCode(code);
		oracle.set(shown, Math.min(oracle.get(shown) ?? Number.POSITIVE_INFINITY, steps));
	}
	const ofSteps = findings.filter(
		(f) => !STUCK_CODES.includes(f.code) && (!WHOLE_CODES.includes(f.code) || oracle.has(f.code)),
	);
	expect(shortest(ofSteps)).toEqual(Object.fromEntries([...oracle].sort(([a], [b]) => a.localeCompare(b))));
	const errors = findings.filter((f) => f.severity === 'error');
	const wrong = [...naive.stuck.keys(), ...naive.endless.keys()];
	// a livelock may be one that only fairness rules out: of these the oracle knows nothing
	if (wrong.length > 0)
		expect(
			errors.some((f) => STUCK_CODES.includes(f.code)),
			'somebody waits or runs for ever',
		).toBe(true);
	// who is woken by a daemon, only to sleep on, can move, but never ends
	const { stuck, endless } = naive.withoutTimeouts;
	const woken = naive.system.threads.some(({ kind }) => kind === 'daemon' || kind === 'interrupt');
	const first = Math.min(
		...[...stuck.keys(), ...(woken ? endless.keys() : [])].map(
			(key) => (naive.states.get(key) as { depth: number }).depth,
		),
	);
	for (const f of findings.filter((f) => BLOCKED_CODES.includes(f.code) && !isDelayed(f) && !isInterruption(f)))
		expect(lengthOf(f), `${f.code}: ${f.message}`).toBeGreaterThanOrEqual(first);
}

/** Takes the steps that a finding shows, and looks whether they lead to what it says. */
export function replay(finding: Finding, naive: Naive): void {
	if (finding.run.length === 0 || isDelayed(finding) || isInterruption(finding)) return;
	const { system } = naive;
	const indexOf = (name: string): number => system.threads.findIndex((t) => t.name === name);
	const what = `${finding.code}: ${finding.message}`;
	let locals: readonly Int32Array[] = system.initialLocals;
	let shared = system.initialShared;
	const keys = [keyOf(locals, shared)];
	const rows = finding.run.filter((r) => !r.blocked);
	const steps = [...new Set(rows.map((r) => r.step))];
	expect(steps, what).toEqual(steps.map((_, n) => n + 1));
	let codes: string[] = [];
	let fatal = false;
	for (const step of steps) {
		const row = rows.find((r) => r.step === step) as (typeof rows)[number];
		const thread = indexOf(row.thread);
		if (thread < 0) {
			// setup or finally, at the end of the run
			expect(step, what).toBe(steps.length);
			codes = [...(row.thread === 'setup' ? system.setupReports : system.runFinally(shared))].map((r) =>
				shownCode(r.code),
			);
			break;
		}
		expect(fatal, `${what}: a step after the end of the run`).toBe(false);
		expect(
			system.gate(thread, (t) => locals[t] as Int32Array),
			what,
		).toBe(true);
		const { moves } = system.step(thread, locals[thread] as Int32Array, shared);
		const move = moves[row.choice ?? 0];
		if (move === undefined) throw new Error(`${what}: step ${step} is not possible`);
		expect(row.choice !== null, `${what}: step ${step} says what was picked`).toBe(moves.length > 1);
		codes = move.reports.map((r) => shownCode(r.code));
		fatal = move.fatal;
		if (!fatal) {
			({ locals, shared } = system.canonical(locals.with(thread, move.local), move.shared));
			keys.push(keyOf(locals, shared));
		}
	}
	if (!STUCK_CODES.includes(finding.code)) {
		if (!WHOLE_CODES.includes(finding.code)) expect(codes, what).toContain(finding.code);
		return;
	}
	// a wait that only a timeout ends may well end: nobody relies on it
	const { stuck, endless, endsWell } = finding.message.includes('only a timeout') ? naive.withoutTimeouts : naive;
	const last = keys.at(-1) as string;
	// the first step after which nothing ends well any more
	const lost = keys.findIndex((key) => !endsWell.has(key));
	if (ENDLESS_CODES.includes(finding.code)) {
		const start = finding.cycleStart ?? Number.POSITIVE_INFINITY;
		expect(start, `${what}: has a cycle`).toBeLessThanOrEqual(steps.length);
		expect(last, `${what}: comes back to where its cycle starts`).toBe(keys[start - 1]);
		expect(finding.noReturn, `${what}: the point of no return`).toBe(lost < 0 ? null : lost);
		return;
	}
	expect(naive.states.get(last)?.depth, `${what}: a shortest run`).toBe(steps.length);
	const hopeless = new Set([...(stuck.get(last) ?? []), ...(endless.get(last) ?? [])]);
	for (const row of finding.run.filter((r) => r.blocked)) {
		const thread = indexOf(row.thread);
		expect(hopeless.has(thread), `${what}: ${row.thread} never goes on`).toBe(true);
		const waits =
			!system.gate(thread, (t) => locals[t] as Int32Array) ||
			system.step(thread, locals[thread] as Int32Array, shared).wait !== undefined;
		expect(waits, `${what}: ${row.thread} is blocked`).toBe(true);
	}
	for (const name of finding.threads) expect(hopeless.has(indexOf(name)), `${what}: ${name} is one of them`).toBe(true);
	expect(finding.noReturn, `${what}: the point of no return`).toBe(lost);
}
