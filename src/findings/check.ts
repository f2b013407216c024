import type { Graph } from '../explore/graph.js';
import { kernelLibraries } from '../kernel/library.js';
import type { Scenario } from '../language/generated/ast.js';
import type { Problem } from '../language/problem.js';
import { loadProgram, type Program, spanOf } from '../language/program.js';
import { spanOfProperty } from '../language/text.js';
import { Coverage } from './coverage.js';
import { checkInEnvironment } from './environment/check.js';
import { defaultEnvironment, notRun } from './environment/environment.js';
import { withoutIgnored } from './ignore.js';
import { checkLarger, mayGrow } from './larger.js';
import { callbacksOf } from './lints/callbacks.js';
import { lintsOf } from './lints/index.js';
import type { Combination, FileResult, Finding, Hint, ScenarioResult } from './result.js';
import { checkScenario, judged, turn, wanted } from './scenario.js';

/** Where the text of files comes from: open editors, a disk, a browser's workspace. */
export interface Sources {
	/** The text of the file at `uri`, or undefined when there is none. Must not throw. */
	read(uri: string): Promise<string | undefined>;
}

/** Looks with one thread more that begin later than that after the first one are left out, ms. */
const LOOK_MS = 20_000;

/** Reason of an abort after which nobody wants the result: it ends at once, with nothing made of what was found. */
export const SUPERSEDED = 'superseded';

/** How far a check got in the scenario it is working on. */
export interface Progress {
	readonly scenario: string;
	readonly states: number;
	readonly transitions: number;
	/** States found but not yet expanded. */
	readonly frontier: number;
	readonly milliseconds: number;
}

/** A search that was made: the graph of its runs, for who wants to look into it. */
export interface Explored {
	readonly scenario: string;
	readonly graph: Graph;
	readonly complete: boolean;
	/** Each of them is also a finding of the file's result, known by its `run`. */
	readonly findings: readonly Finding[];
}

/** Ways to look at fewer states, each on where it is not false. */
export interface Reductions {
	/** What no other thread can see costs no step, and registers are forgotten that are read no more. */
	readonly steps?: boolean;
	/** One state for all that differ only in which of several threads with the same code is where. */
	readonly symmetry?: boolean;
	/** Operations that other threads cannot tell from one are one step. */
	readonly movers?: boolean;
	/** Counters stop where nobody can tell any more how far they have come; also with all others off, since they may go on for ever. */
	readonly counters?: boolean;
}

export interface CheckOptions {
	/** Only scenarios of these names; all when undefined. */
	readonly scenarios?: readonly string[];
	/** Stop after this many states in one scenario (default 2,000,000). */
	readonly maxStates?: number;
	/** Stop after this many seconds in one scenario (default 60). */
	readonly maxSeconds?: number;
	/** Stop when a scenario's search holds about this many megabytes (default 1024). */
	readonly maxMemoryMB?: number;
	/** Report only these finding codes. */
	readonly only?: readonly string[];
	/** Do not report these finding codes. */
	readonly ignore?: readonly string[];
	/** What a sketch without scenarios is checked in (default `default`: every adversary that a driver meets). */
	readonly environment?: 'default' | 'none';
	/** In the default environment: only this of its searches. Nothing is checked where the sketch gives no such one. */
	readonly combination?: Combination;
	/** False: every interleaving, for comparison. Default true. */
	readonly reduction?: boolean | Reductions;
	/** Ends the search at its next slice (within 20 ms); what was found so far is returned, `complete` false. */
	readonly signal?: AbortSignal;
	/**
	 * Look at each scenario that comes out right with one thread more, too (larger.ts): what goes wrong then is among the hints.
	 * `only`: at these alone, taking for granted that `scenarios` come out right.
	 */
	readonly larger?: boolean | 'only';
	/** Say for each line which locks are held there over all runs (`ScenarioResult.held`). */
	readonly held?: boolean;
	readonly onProgress?: (progress: Progress) => void;
	/**
	 * Called with the graph of every search that was made, before its scenario is done; the default environment makes
	 * several. Who takes it releases it.
	 */
	readonly onExplored?: (explored: Explored) => void;
	/** Called before any search, with what the text alone shows: problems, and hints. `scenarios` is empty. */
	readonly onText?: (result: FileResult) => void;
	/**
	 * Called once for a scenario whose search takes long and some of whose threads are alike, when one of each of them shows
	 * an error already, and in the default environment whenever one of its searches shows another: a part of what the
	 * scenario's result will say.
	 */
	readonly onEarly?: (result: ScenarioResult) => void;
	/** Called as each scenario is done, before the whole file is. */
	readonly onScenario?: (result: ScenarioResult) => void;
}

/**
 * Checks the sketch at `uri`: parses it with its includes, and runs every scenario in every interleaving.
 * Never throws on what a user typed: bad text is in `problems`, a limit hit is the verdict `bounded`.
 */
export async function checkSketch(uri: string, sources: Sources, options: CheckOptions = {}): Promise<FileResult> {
	const program = await loadProgram(uri, sources, kernelLibraries);
	const problems: Problem[] = [...program.problems];
	const scenarios: ScenarioResult[] = [];
	if (problems.some((p) => p.severity === 'error')) return { uri, problems, scenarios };
	options.onText?.(withHints({ uri, problems, scenarios }, program, [], options));
	const bare = program.scenarios.length === 0 && options.environment !== 'none';
	const environment = bare ? defaultEnvironment(program) : undefined;
	if (environment !== undefined)
		return withHints(await checkInEnvironment(program, environment, sources, options), program, [], options);
	if (bare && (callbacksOf(program).length > 0 || notRun(program) !== undefined))
		return withHints({ uri, problems, scenarios }, program, [nothingRuns(program)], options);
	const coverage = new Coverage();
	const larger: Hint[] = [];
	let tried = 0;
	const lookFurther = async (scenario: Scenario): Promise<void> => {
		const more = await checkLarger(program, scenario, sources, options);
		larger.push(...more.hints);
		tried += more.tried;
	};
	const began = performance.now();
	for (const scenario of program.scenarios) {
		if (options.scenarios !== undefined && !options.scenarios.includes(scenario.name)) continue;
		await turn();
		if (options.larger === 'only') {
			// nobody has asked for it: what comes late is of no use, and costs as much
			if (performance.now() - began > LOOK_MS) break;
			await lookFurther(scenario);
			continue;
		}
		if (options.signal?.aborted) break;
		const result = await checkScenario(program, scenario, options, { coverage });
		if ('problems' in result)
			problems.push(
				...result.problems.filter(
					(p) =>
						!problems.some((q) => q.message === p.message && q.span.line === p.span.line && q.span.uri === p.span.uri),
				),
			);
		else {
			scenarios.push(result);
			options.onScenario?.(result);
			if (options.larger === true && mayGrow(result)) await lookFurther(scenario);
		}
	}
	if (problems.some((p) => p.severity === 'error')) return { uri, problems, scenarios: [] };
	if (options.larger === 'only')
		return withoutIgnored({ uri, problems, scenarios, hints: larger }, program, judge(options), false);
	// what was not searched to the end, or ends early by mistake, says nothing about code behind it
	const all = scenarios.length === program.scenarios.length && scenarios.every((s) => s.complete && s.asExpected);
	const unreached = all && scenarios.length > 0 ? coverage.hints(program) : [];
	const looked = options.larger === true ? { moreTried: tried } : {};
	return withHints({ uri, problems, scenarios, ...looked }, program, [...unreached, ...larger], options);
}

/** Callbacks, or handlers, that nothing can be made to call: silence would read as ok. */
function nothingRuns(program: Program): Problem {
	const left = notRun(program);
	const why =
		left === undefined
			? 'no fault handler that could be called, together with what makes its object, and no global object with a notifier that could be registered. Declare one (static struct my_driver drv;), or write a scenario'
			: `${left.f.name}() cannot be called: ${left.why}`;
	return {
		code: 'bounded',
		severity: 'hint',
		message: `nothing was run: there is no scenario, ${left === undefined ? '' : 'and '}${why}`,
		span:
			left === undefined ? spanOf(callbacksOf(program)[0]?.function ?? program.root) : spanOfProperty(left.at, 'name'),
	};
}

/** Adds what the text alone foretells, and `more`; leaves out what comments ignore. */
function withHints(result: FileResult, program: Program, more: readonly Hint[], options: CheckOptions): FileResult {
	const hints = [...lintsOf(program, result.scenarios), ...(result.hints ?? []), ...more].filter((h) =>
		wanted(h.code, options),
	);
	const all = options.only === undefined && options.ignore === undefined && options.scenarios === undefined;
	return withoutIgnored(hints.length === 0 ? result : { ...result, hints }, program, judge(options), all);
}

const judge =
	(options: CheckOptions) =>
	(scenario: ScenarioResult, findings: readonly Finding[]): ScenarioResult =>
		judged(scenario, findings, options);
