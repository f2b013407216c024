import { search } from '../explore/search.js';
import { kernelLibraries } from '../kernel/library.js';
import { type ExpectItem, isExpectItem, type Scenario } from '../language/generated/ast.js';
import type { Problem } from '../language/problem.js';
import { loadProgram, type Program } from '../language/program.js';
import { spanOf } from '../language/text.js';
import { System } from '../machine/system.js';
import { findingsOf } from './analyse.js';
import { DEFAULT_ENVIRONMENT, defaultEnvironment, type Environment } from './environment.js';
import type { FileResult, Finding, ScenarioResult, Verdict } from './result.js';

/** Where the text of files comes from: open editors, a disk, a browser's workspace. */
export interface Sources {
	/** The text of the file at `uri`, or undefined when there is none. Must not throw. */
	read(uri: string): Promise<string | undefined>;
}

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

/** Longest time between two turns of the event loop, ms. */
const TURN = 8;

const ASSUMPTIONS = ['memory is sequentially consistent'];

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
	if (environment !== undefined) return inEnvironment(program, environment, sources, options);
	for (const scenario of program.scenarios) {
		if (options.scenarios !== undefined && !options.scenarios.includes(scenario.name)) continue;
		await turn();
		if (options.signal?.aborted) break;
		const result = await checkScenario(program, scenario, options);
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
	return { uri, problems, scenarios: problems.some((p) => p.severity === 'error') ? [] : scenarios };
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
	const result = await checkScenario(whole, scenario, options, uri);
	if ('problems' in result) return { uri, problems: [...problems, ...result.problems], scenarios: [] };
	const span = { uri, line: 1, column: 1, endLine: 1, endColumn: 1 };
	const findings = result.findings.map((f) => {
		const needed = [...environment.adversaries].filter(
			([name]) => f.threads.includes(name) || f.run.some((r) => r.thread === name),
		);
		const environmentWords =
			needed.length === 0 ? '' : ` (${needed.map(([name, what]) => `${name} is ${what}`).join('; ')})`;
		return { ...f, message: `${f.message}${environmentWords}`, span: f.span.uri === environment.uri ? span : f.span };
	});
	const scenarioResult: ScenarioResult = {
		...result,
		span,
		findings,
		assumptions: [
			...result.assumptions,
			`no scenario is given: fault handlers run against ${[...environment.adversaries.values()].join('; ')}`,
		],
	};
	options.onScenario?.(scenarioResult);
	return { uri, problems, scenarios: [scenarioResult] };
}

async function checkScenario(
	program: Program,
	scenario: Scenario,
	options: CheckOptions,
	home?: string,
): Promise<ScenarioResult | { problems: readonly Problem[] }> {
	const start = performance.now();
	const system = new System(program, scenario, home, options.reduction === false);
	if (system.problems.length > 0) return { problems: system.problems };
	const limits = {
		maxStates: options.maxStates ?? 2_000_000,
		maxSeconds: options.maxSeconds ?? 60,
		maxMemoryMB: options.maxMemoryMB ?? 1024,
	};
	const steps = search(system, limits, () => options.signal?.aborted === true);
	let turned = performance.now();
	let step = steps.next();
	while (!step.done) {
		if (performance.now() - turned > TURN) {
			options.onProgress?.({ scenario: scenario.name, ...step.value, milliseconds: performance.now() - start });
			await turn();
			turned = performance.now();
		}
		step = steps.next();
	}
	const { graph, complete, limit } = step.value;
	const all = findingsOf(graph);
	const findings = all.filter((f) => f.code !== 'bounded').filter((f) => wanted(f.code, options));
	const bounds = [
		...(limit === undefined ? [] : [`the search stopped at ${limit}`]),
		...all.filter((f) => f.code === 'bounded').map((f) => f.message),
	];
	if (bounds.length > 0) findings.push(bounded(scenario, bounds, graph.count));
	const expected = scenario.items.filter(isExpectItem).flatMap((e: ExpectItem) => e.words);
	const whole = complete && bounds.length === 0;
	return {
		name: scenario.name,
		span: spanOf(scenario),
		verdict: verdictOf(findings, whole),
		expected,
		asExpected: isAsExpected(findings, expected, whole, options),
		states: graph.count,
		transitions: graph.transitions,
		milliseconds: Math.round(performance.now() - start),
		complete: whole,
		assumptions: ASSUMPTIONS,
		threads: system.threads.map((t) => t.name),
		findings,
	};
}

const wanted = (code: string, { only, ignore }: CheckOptions): boolean =>
	(only === undefined || only.includes(code)) && !ignore?.includes(code);

function bounded(scenario: Scenario, reasons: readonly string[], states: number): Finding {
	const message = `nothing is proved beyond what was looked at (${states} states): ${reasons.join('; ')}`;
	return {
		code: 'bounded',
		severity: 'info',
		message,
		span: headOf(scenario),
		threads: [],
		related: [],
		assumption: null,
		run: [],
		noReturn: null,
		closing: message,
	};
}

/** The first line of a scenario: what is said of the whole of it stands there. */
function headOf(scenario: Scenario) {
	const span = spanOf(scenario);
	return { ...span, endLine: span.line, endColumn: span.column + 'scenario '.length + scenario.name.length };
}

function verdictOf(findings: readonly Finding[], whole: boolean): Verdict {
	if (findings.some((f) => f.severity === 'error')) return 'fail';
	if (!whole) return 'bounded';
	return findings.some((f) => f.severity === 'warning') ? 'warn' : 'ok';
}

/** The errors are exactly the expected ones; a warning may be expected too. `expect ok` wants the whole space covered. */
function isAsExpected(
	findings: readonly Finding[],
	expected: readonly string[],
	whole: boolean,
	options: CheckOptions,
): boolean {
	const errors = new Set(findings.filter((f) => f.severity === 'error').map((f) => f.code));
	if (expected.length === 0) return errors.size === 0 && whole;
	const codes = new Set(expected.filter((c) => c !== 'ok' && wanted(c, options)));
	for (const code of errors) if (!codes.has(code)) return false;
	for (const code of codes) if (!findings.some((f) => f.code === code)) return false;
	return expected.includes('ok') ? whole : true;
}

/** Lets the event loop turn once: editors stay alive, and an abort can come in. */
function turn(): Promise<void> {
	const immediate = (globalThis as { setImmediate?: (f: () => void) => unknown }).setImmediate;
	if (immediate !== undefined) return new Promise((resolve) => immediate(resolve));
	return new Promise((resolve) => {
		const { port1, port2 } = new MessageChannel();
		port1.onmessage = () => {
			port1.close();
			resolve();
		};
		port2.postMessage(null);
	});
}
