import { kernelLibraries } from '../../kernel/library.js';
import type { Problem } from '../../language/problem.js';
import { loadProgram, type Program } from '../../language/program.js';
import type { CheckOptions, Sources } from '../check.js';
import type { FileResult, Finding, ScenarioResult, Verdict } from '../result.js';
import { bounded, checkScenario, DEFAULT_LIMITS } from '../scenario.js';
import { DEFAULT_ENVIRONMENT, type Environment, OTHER_CALLBACK } from './environment.js';
import { type Part, plan } from './plan.js';

/** A first finding must not hide a second one; but what else is wrong can wait until the first is mended. */
const ENOUGH_MORE = 100_000;

/** Checks a sketch without scenarios in the default environment. What is found is told at the user's own lines. */
export async function checkInEnvironment(
	program: Program,
	environment: Environment,
	sources: Sources,
	options: CheckOptions,
): Promise<FileResult> {
	const { uri } = program;
	const problems = [...program.problems];
	const none = (more: readonly Problem[] = []): FileResult => ({
		uri,
		problems: [...problems, ...more],
		scenarios: [],
	});
	const whole = await loadProgram(
		environment.uri,
		{ read: async (u) => (u === environment.uri ? environment.text : sources.read(u)) },
		kernelLibraries,
	);
	const errors = whole.problems.filter((p) => p.severity === 'error');
	if (errors.length > 0) return none(errors.map((e) => notFitting(e, uri)));
	if (options.scenarios !== undefined && !options.scenarios.includes(DEFAULT_ENVIRONMENT)) return none();

	const start = performance.now();
	const limits = {
		maxStates: options.maxStates ?? DEFAULT_LIMITS.maxStates,
		maxSeconds: options.maxSeconds ?? DEFAULT_LIMITS.maxSeconds,
	};
	const results: ScenarioResult[] = [];
	/** What was cut short, in words. */
	const cut: string[] = [];
	/** Where to stop looking for more once something is wrong. */
	let enough = Number.POSITIVE_INFINITY;
	let early = false;
	const parts = plan(environment);
	let next = parts.next();
	for (let spent = 0; !next.done; ) {
		const part = next.value;
		const seconds = limits.maxSeconds - (performance.now() - start) / 1000;
		const states = Math.min(limits.maxStates - spent, part.maxStates ?? Number.POSITIVE_INFINITY);
		if (options.signal?.aborted || seconds <= 0 || states <= 0) {
			cut.push(
				options.signal?.aborted
					? 'it was stopped'
					: `${seconds <= 0 ? `${limits.maxSeconds} s` : `${limits.maxStates} states`} were spent before ${partWords(part)}`,
			);
			break;
		}
		if (spent >= enough) {
			early = true;
			break;
		}
		const scenario = whole.scenarios.find((s) => s.name === part.scenario);
		if (scenario === undefined) {
			next = parts.next({ complete: true, clean: true });
			continue;
		}
		const one = await checkScenario(
			whole,
			scenario,
			{ ...options, maxStates: states, maxSeconds: seconds },
			{ home: uri, threads: new Set(part.threads) },
		);
		if ('problems' in one) return none(one.problems.map((p) => notFitting(p, uri)));
		spent += one.states;
		const findings = one.findings.filter((f) => !othersFault(f, environment));
		if (!one.complete && part.look !== true) cut.push(`${partWords(part)} took more than ${one.states} states`);
		results.push({ ...one, findings });
		if (findings.some((f) => f.severity === 'error')) enough = Math.min(enough, spent + ENOUGH_MORE);
		next = parts.next({ complete: one.complete, clean: findings.every((f) => f.code === 'bounded') });
	}
	if (results.length === 0) return none();
	const result = told(merged(results, cut, early, uri), environment, uri);
	options.onScenario?.(result);
	return { uri, problems, scenarios: [result] };
}

/** The environment is ours: what is wrong with it is told, at the sketch's first line. */
const notFitting = (problem: Problem, uri: string): Problem => ({
	...problem,
	message: `the default environment does not fit this sketch: ${problem.message}. Write a scenario of your own`,
	span: problem.span.uri === uri ? problem.span : topOf(uri),
});

const topOf = (uri: string) => ({ uri, line: 1, column: 1, endLine: 1, endColumn: 1 });

const partWords = ({ threads }: Part): string =>
	threads.length === 1 ? `${threads[0]} alone` : `${threads.slice(0, -1).join(', ')} with ${threads.at(-1)}`;

/**
 * The other driver waits in its callback for what wants mmap_lock, which is wrong (S67). Its own deadlocks are its own:
 * only who waits for a range that it keeps active has to hear of it.
 */
function othersFault(finding: Finding, { adversaries }: Environment): boolean {
	const inside = finding.run.filter((row) => row.blocked && row.stack.includes(OTHER_CALLBACK));
	return inside.some((row) => !adversaries.has(row.thread));
}

const WORST: readonly Verdict[] = ['fail', 'bounded', 'warn', 'ok'];

/** Several runs of the environment as one result: what any of them found, each defect once, by the fewest threads. */
function merged(
	results: readonly ScenarioResult[],
	cut: readonly string[],
	early: boolean,
	uri: string,
): ScenarioResult {
	const all = results.flatMap((r) => r.findings);
	// a second opinion, and only where the first has found nothing to say about waiting: as in analyse.ts
	const waits = all.some((f) => /deadlock|livelock/.test(f.code));
	const findings: Finding[] = [];
	for (const finding of all)
		if (
			finding.code !== 'bounded' &&
			!(waits && finding.code === 'lock-order') &&
			!findings.some((known) => repeats(finding, known))
		)
			findings.push(finding);
	const sum = (of: (r: ScenarioResult) => number): number => results.reduce((n, r) => n + of(r), 0);
	const states = sum((r) => r.states);
	const complete = cut.length === 0;
	if (!complete) findings.push({ ...bounded(topOf(uri), cut, states) });
	const verdicts: Verdict[] = [
		findings.some((f) => f.severity === 'error')
			? 'fail'
			: findings.some((f) => f.severity === 'warning')
				? 'warn'
				: 'ok',
		complete ? 'ok' : 'bounded',
	];
	const verdict = WORST.find((v) => verdicts.includes(v)) ?? 'ok';
	return {
		...(results[0] as ScenarioResult),
		name: DEFAULT_ENVIRONMENT,
		verdict,
		asExpected: verdict !== 'fail' && complete,
		complete: complete && !early && verdict !== 'fail',
		states,
		transitions: sum((r) => r.transitions),
		milliseconds: sum((r) => r.milliseconds),
		threads: [...new Set(results.flatMap((r) => r.threads))],
		findings,
	};
}

const MAPPING = new Set(['stale-mapping', 'permission']);

/** The same defect at the same place; an entry that is kept is one, whatever became of the page behind it. */
function repeats(a: Finding, b: Finding): boolean {
	return (
		(a.code === b.code || (MAPPING.has(a.code) && MAPPING.has(b.code))) &&
		a.span.uri === b.span.uri &&
		a.span.line === b.span.line &&
		a.span.column === b.span.column
	);
}

/** The result in the user's terms: his own lines, and which of the adversaries a run needed. */
function told(result: ScenarioResult, environment: Environment, uri: string): ScenarioResult {
	const span = topOf(uri);
	const { handlers, teardown, adversaries, remarks } = environment;
	const who = new Map(adversaries);
	if (handlers.length + teardown.length > 1)
		for (const h of [...handlers, ...teardown]) who.set(h.name, `${h.function}()`);
	for (const h of handlers) if (h.second !== undefined) who.set(h.second, `${h.function}() for a second object`);
	const findings = result.findings.map((f) => {
		const needed = [...who].filter(([name]) => f.threads.includes(name) || f.run.some((r) => r.thread === name));
		const words = needed.length === 0 ? '' : ` (${needed.map(([name, what]) => `${name} is ${what}`).join('; ')})`;
		return { ...f, message: `${f.message}${words}`, span: f.span.uri === environment.uri ? span : f.span };
	});
	const ran = handlers.length === 0 ? 'the callbacks' : [...new Set(handlers.map((h) => `${h.function}()`))].join(', ');
	return {
		...result,
		span,
		findings,
		assumptions: [
			...result.assumptions,
			`no scenario is given: ${ran} ${handlers.length === 1 ? 'runs' : 'run'} against ${[...adversaries.values()].join('; ')}${environment.has.second ? '; with a second object subscribed' : ''}${environment.has.other ? '; with another driver whose callback waits' : ''}`,
			...(result.verdict === 'fail'
				? [
						'these were tried one and two at a time; all of them at once are tried to the end when nothing is found that way',
					]
				: []),
			...remarks,
		],
	};
}
