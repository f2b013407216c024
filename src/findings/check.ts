import { kernelLibraries } from '../kernel/library.js';
import type { Problem } from '../language/problem.js';
import { loadProgram, type Program } from '../language/program.js';
import { Coverage } from './coverage.js';
import { DEFAULT_ENVIRONMENT, defaultEnvironment, type Environment } from './environment.js';
import { lintsOf } from './lints/index.js';
import type { FileResult, Finding, ScenarioResult } from './result.js';
import { checkScenario, turn, wanted } from './scenario.js';

/** Where the text of files comes from: open editors, a disk, a browser's workspace. */
export interface Sources {
	/** The text of the file at `uri`, or undefined when there is none. Must not throw. */
	read(uri: string): Promise<string | undefined>;
}

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
	/** False: every interleaving, for comparison. Default true. */
	readonly reduction?: boolean;
	/** Ends the search at its next slice (within 20 ms); what was found so far is returned, `complete` false. */
	readonly signal?: AbortSignal;
	readonly onProgress?: (progress: Progress) => void;
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
	const environment = program.scenarios.length === 0 ? defaultEnvironment(program) : undefined;
	if (environment !== undefined)
		return withHints(await inEnvironment(program, environment, sources, options), program, [], options);
	const coverage = new Coverage();
	for (const scenario of program.scenarios) {
		if (options.scenarios !== undefined && !options.scenarios.includes(scenario.name)) continue;
		await turn();
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
		}
	}
	if (problems.some((p) => p.severity === 'error')) return { uri, problems, scenarios: [] };
	// what was not searched to the end, or ends early by mistake, says nothing about code behind it
	const all = scenarios.length === program.scenarios.length && scenarios.every((s) => s.complete && s.asExpected);
	const unreached = all && scenarios.length > 0 ? coverage.hints(program) : [];
	return withHints({ uri, problems, scenarios }, program, unreached, options);
}

/** Adds what the text alone foretells, and `more`. */
function withHints(result: FileResult, program: Program, more: readonly Problem[], options: CheckOptions): FileResult {
	const hints = [...lintsOf(program, result.scenarios), ...more].filter((h) => wanted(h.code, options));
	return hints.length === 0 ? result : { ...result, hints };
}

/** Checks a sketch without scenarios in the default environment. What is found is told at the user's own lines. */
async function inEnvironment(
	program: Program,
	environment: Environment,
	sources: Sources,
	options: CheckOptions,
): Promise<FileResult> {
	const { uri } = program;
	const problems = [...program.problems];
	const whole = await loadProgram(
		environment.uri,
		{ read: async (u) => (u === environment.uri ? environment.text : sources.read(u)) },
		kernelLibraries,
	);
	const errors = whole.problems.filter((p) => p.severity === 'error');
	const [scenario] = whole.scenarios;
	// the environment is ours: what is wrong with it is told, at the sketch's first line
	problems.push(
		...errors.map((e) => ({
			...e,
			message: `the default environment does not fit this sketch: ${e.message}. Write a scenario of your own`,
			span: { uri, line: 1, column: 1, endLine: 1, endColumn: 1 },
		})),
	);
	if (
		errors.length > 0 ||
		scenario === undefined ||
		(options.scenarios !== undefined && !options.scenarios.includes(DEFAULT_ENVIRONMENT))
	)
		return { uri, problems, scenarios: [] };
	const results: ScenarioResult[] = [];
	let last: ScenarioResult | undefined;
	for (const [adversaries, isWhole] of tiers(environment)) {
		// the whole is for what stands up to each of its parts
		if (isWhole && results.some((r) => r.verdict === 'fail')) break;
		await turn();
		if (options.signal?.aborted) break;
		const one = await checkScenario(whole, scenario, options, {
			home: uri,
			threads: new Set([...environment.handlers, ...adversaries]),
		});
		if ('problems' in one) return { uri, problems: [...problems, ...one.problems], scenarios: [] };
		results.push(one);
		if (isWhole) last = one;
	}
	const result = last ?? merged(results);
	if (result === undefined) return { uri, problems, scenarios: [] };
	const stopped = options.signal?.aborted === true;
	const scenarioResult: ScenarioResult = {
		...told(result, environment, uri),
		...(stopped && result.verdict !== 'fail' ? { verdict: 'bounded', asExpected: false } : {}),
		complete: result.complete && !stopped,
	};
	options.onScenario?.(scenarioResult);
	return { uri, problems, scenarios: [scenarioResult] };
}

/** One adversary at a time, then two, then all of them. */
function tiers({ adversaries }: Environment): [adversaries: readonly string[], isWhole: boolean][] {
	const names = [...adversaries.keys()];
	const pairs = names.flatMap((a, n) => names.slice(n + 1).map((b) => [a, b]));
	return [...names.map((n) => [n]), ...pairs, names].map((group) => [group, group === names]);
}

/** Several runs of one scenario as one result: what any of them found, each defect once. */
function merged(results: readonly ScenarioResult[]): ScenarioResult | undefined {
	const [first] = results;
	if (first === undefined) return undefined;
	const worst = ['fail', 'bounded', 'warn', 'ok'] as const;
	const findings: Finding[] = [];
	for (const f of results.flatMap((r) => r.findings))
		if (
			!findings.some(
				(g) =>
					g.code === f.code &&
					g.span.uri === f.span.uri &&
					g.span.line === f.span.line &&
					g.span.column === f.span.column,
			)
		)
			findings.push(f);
	const sum = (of: (r: ScenarioResult) => number): number => results.reduce((n, r) => n + of(r), 0);
	return {
		...first,
		verdict: worst.find((v) => results.some((r) => r.verdict === v)) ?? 'ok',
		asExpected: results.every((r) => r.asExpected),
		complete: results.every((r) => r.complete),
		states: sum((r) => r.states),
		transitions: sum((r) => r.transitions),
		milliseconds: sum((r) => r.milliseconds),
		threads: [...new Set(results.flatMap((r) => r.threads))],
		findings,
	};
}

/** The result in the user's terms: his own lines, and which of the adversaries a run needed. */
function told(result: ScenarioResult, environment: Environment, uri: string): ScenarioResult {
	const span = { uri, line: 1, column: 1, endLine: 1, endColumn: 1 };
	const findings = result.findings.map((f) => {
		const needed = [...environment.adversaries].filter(
			([name]) => f.threads.includes(name) || f.run.some((r) => r.thread === name),
		);
		const words = needed.length === 0 ? '' : ` (${needed.map(([name, what]) => `${name} is ${what}`).join('; ')})`;
		return { ...f, message: `${f.message}${words}`, span: f.span.uri === environment.uri ? span : f.span };
	});
	return {
		...result,
		span,
		findings,
		assumptions: [
			...result.assumptions,
			`no scenario is given: fault handlers run against ${[...environment.adversaries.values()].join('; ')}`,
			...(result.verdict === 'fail'
				? ['one and two of these at a time were tried; all of them at once are tried when nothing is found that way']
				: []),
		],
	};
}
