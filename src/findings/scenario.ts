import { AstUtils } from 'langium';
import { expectedCells } from '../explore/memo.js';
import type { SearchProgress } from '../explore/search.js';
import { symmetryOf } from '../explore/symmetry.js';
import {
	type Call,
	type ExpectItem,
	isCall,
	isExpectItem,
	isFinallyItem,
	isNameRef,
	isThreadItem,
	type Scenario,
} from '../language/generated/ast.js';
import type { Problem } from '../language/problem.js';
import type { Program } from '../language/program.js';
import { spanOf } from '../language/text.js';
import { System } from '../machine/system.js';
import { analyse } from './analyse.js';
import { type CheckOptions, type Reductions, SUPERSEDED } from './check.js';
import type { Coverage } from './coverage.js';
import { type Explored, explored } from './explored.js';
import { heldIn } from './held.js';
import type { Finding, HeldAt, ScenarioResult, Span, Verdict } from './result.js';
import { lasting, smallestInstance } from './smaller.js';
import { vacuousIn } from './vacuous.js';

/** A search of more states is worth a look at a smaller instance, of no more. */
const EARLY = 20_000;
/** Longest time between two turns of the event loop, ms. */
const TURN = 8;

/** What one scenario may cost where nobody says otherwise. */
export const DEFAULT_LIMITS = { maxStates: 2_000_000, maxSeconds: 60, maxMemoryMB: 1024 } as const;

/** What a verdict on a scenario takes for granted. */
function assumptionsOf(
	{ header }: Program,
	scenario: Scenario,
	{ threads: lanes, functions }: System,
	only: ReadonlySet<string> | undefined,
): string[] {
	const threads = scenario.items.filter(isThreadItem).filter(({ name }) => only?.has(name) ?? true);
	const exits = threads.some(({ body }) =>
		AstUtils.streamAllContents(body).some((n) => isNameRef(n) && n.target.$refText === 'exit_mmap'),
	);
	const takesDown = scenario.items.some(
		(item) => isFinallyItem(item) && AstUtils.streamAllContents(item.body).some((n) => isCall(n) && !looks(n)),
	);
	const quiet = lanes.some(({ kind }) => kind === 'kernel') && takesDown;
	return [
		...(quiet
			? [
					'finally runs when queued work, timers and callbacks have run, too: what takes down what they use belongs into a thread, to meet them',
				]
			: []),
		...(header ? [`<${header.name}> is today's API, as in <${header.library}>`] : []),
		...(functions.some(({ name, kernel }) => kernel && name === '__access_register')
			? [
					'a register has each value that this file tells apart, and one more, at some time: a device that never answers was not looked at, nor was what it keeps of what is written',
				]
			: []),
		...(exits && threads.length > 1
			? ['exit_mmap() does not wait for the other threads of the scenario: none of them keeps the process alive']
			: []),
		// last: it holds for every verdict
		'memory is sequentially consistent',
	];
}

/** A call that changes nothing. */
const looks = ({ callee }: Call): boolean =>
	isNameRef(callee) &&
	/^(assert|(BUG|WARN)_ON(_ONCE)?|READ_ONCE|\w+_(read|empty|done|pending|present|is_locked)|cpu_pte|pte_\w+|dev_\w*(mapped|pte)\w*)$/.test(
		callee.target.$refText,
	);

/** What a check of one scenario may be told beyond the options. */
export interface ScenarioScope {
	/** Uri of the sketch in which lines are counted, where it is not the program's own. */
	readonly home?: string;
	/** Where to note what code a complete search has run. */
	readonly coverage?: Coverage;
	/** Only these of the scenario's threads. */
	readonly threads?: ReadonlySet<string>;
	/** Globals that stand for another one, by name. */
	readonly clones?: ReadonlyMap<string, string>;
	/** What the last search of the same with less to spend has found out on its way, and this one in turn. */
	readonly kept?: { system?: System };
}

/** Runs one scenario in every interleaving, turning the event loop as it goes. */
export async function checkScenario(
	program: Program,
	scenario: Scenario,
	options: CheckOptions,
	scope: ScenarioScope = {},
): Promise<ScenarioResult | { problems: readonly Problem[] }> {
	const start = performance.now();
	const { steps = true, symmetry = true, movers = true, counters = true } = reductions(options.reduction);
	const system =
		scope.kept?.system ?? new System(program, scenario, scope.home, !steps, scope.threads, expectedCells, !counters);
	if (system.problems.length > 0) return { problems: system.problems };
	if (scope.kept !== undefined) scope.kept.system = system;
	const limits = {
		maxStates: options.maxStates ?? DEFAULT_LIMITS.maxStates,
		maxSeconds: options.maxSeconds ?? DEFAULT_LIMITS.maxSeconds,
		maxMemoryMB: options.maxMemoryMB ?? DEFAULT_LIMITS.maxMemoryMB,
	};
	let turned = performance.now();
	let early = options.onEarly !== undefined && scope.threads === undefined;
	/** What a few threads show at once need not wait for all. */
	const lookAhead = async (onEarly: NonNullable<CheckOptions['onEarly']>): Promise<void> => {
		early = false;
		const threads = smallestInstance(system);
		if (threads === undefined) return;
		const { signal, only, ignore, reduction } = options;
		const few = {
			maxStates: EARLY,
			maxSeconds: 1,
			...(signal && { signal }),
			...(only && { only }),
			...(ignore && { ignore }),
		};
		const { home } = scope;
		const part = await checkScenario(
			program,
			scenario,
			{ ...few, ...(reduction !== undefined && { reduction }) },
			{ threads, ...(home !== undefined && { home }) },
		);
		if ('problems' in part || options.signal?.aborted) return;
		const findings = lasting(part.findings);
		if (findings.length > 0) onEarly({ ...judged(part, findings, options), complete: false });
	};
	const superseded = (): boolean => options.signal?.aborted === true && options.signal.reason === SUPERSEDED;
	const made = async <P, T>(
		parts: Generator<P, T>,
		over: () => boolean,
		tell?: (part: P) => void,
		ahead?: (part: P) => Promise<void> | undefined,
	) => {
		let part = parts.next();
		while (!part.done) {
			if (over()) return undefined;
			const more = ahead?.(part.value);
			if (more !== undefined) await more;
			if (performance.now() - turned > TURN) {
				tell?.(part.value);
				await turn();
				turned = performance.now();
			}
			part = parts.next();
		}
		return part.value;
	};
	const tell = (progress: SearchProgress | undefined): void => {
		if (progress === undefined) return;
		options.onProgress?.({ scenario: scenario.name, ...progress, milliseconds: performance.now() - start });
	};
	const ahead = (progress: SearchProgress | undefined): Promise<void> | undefined =>
		early && options.onEarly !== undefined && (progress?.states ?? 0) > EARLY ? lookAhead(options.onEarly) : undefined;
	// who looks at the graph wants to see every operation, and which thread is which
	const anyway = options.onExplored !== undefined || options.held === true;
	const ways = { symmetry: symmetry && !anyway, movers: movers && !anyway };
	const counts = (code: string): boolean => wanted(code, options);
	const stop = (): boolean => options.signal?.aborted === true;
	const searches = explored(system, limits, stop, ways, counts, superseded);
	const { graph, complete, limit, clean } = (await made(searches, () => false, tell, ahead)) as Explored;
	const found: readonly Finding[] | undefined = clean ? [] : await made(analyse(graph, counts), superseded);
	const all = found ?? [];
	const { count: states, transitions } = graph;
	const findings = all.filter((f) => f.code !== 'bounded').filter((f) => wanted(f.code, options));
	const bounds = [
		...(limit === undefined ? [] : [`the search stopped at ${limit}`]),
		...all.filter((f) => f.code === 'bounded').map((f) => f.message),
	];
	if (bounds.length > 0) findings.push(bounded(headOf(scenario), bounds, states));
	const expected = scenario.items.filter(isExpectItem).flatMap((e: ExpectItem) => e.words);
	const whole = complete && bounds.length === 0 && found !== undefined;
	if (whole) scope.coverage?.add(system, graph.symmetric ? symmetryOf(system) : undefined);
	else scope.coverage?.begin(system);
	let held: readonly HeldAt[] | undefined;
	if (whole && options.held === true) {
		const lines = heldIn(graph, scope.clones ?? new Map());
		let line = lines.next();
		while (!line.done) {
			if (options.signal?.aborted) break;
			if (performance.now() - turned > TURN) {
				await turn();
				turned = performance.now();
			}
			line = lines.next();
		}
		held = line.done ? line.value : undefined;
	}
	if (options.onExplored === undefined) graph.release();
	else options.onExplored({ scenario: scenario.name, graph, complete: whole, findings });
	const verdict = verdictOf(findings, whole);
	const nothing = vacuousIn(program, system);
	return {
		name: scenario.name,
		span: spanOf(scenario),
		verdict,
		expected,
		asExpected: isAsExpected(findings, expected, whole, options),
		states,
		transitions,
		milliseconds: Math.round(performance.now() - start),
		complete: whole,
		...(bounds.length > 0 && { bounds }),
		assumptions: assumptionsOf(program, scenario, system, scope.threads),
		threads: system.threads.map((t) => t.name),
		findings,
		...(held && { held }),
		...(nothing.length > 0 && { vacuous: nothing }),
	};
}

const reductions = (all: CheckOptions['reduction'] = true): Reductions =>
	typeof all === 'boolean' ? { steps: all, symmetry: all, movers: all } : all;

export const wanted = (code: string, { only, ignore }: CheckOptions): boolean =>
	(only === undefined || only.includes(code)) && !ignore?.includes(code);

/** The finding that says where a search stopped. */
export function bounded(span: Span, reasons: readonly string[], states: number): Finding {
	const message = `nothing is proved beyond what was looked at (${states} states): ${reasons.join('; ')}`;
	return {
		code: 'bounded',
		severity: 'info',
		message,
		span,
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

/** The result with these findings only, judged by them. */
export function judged(result: ScenarioResult, findings: readonly Finding[], options: CheckOptions): ScenarioResult {
	const { complete, expected } = result;
	return {
		...result,
		findings,
		verdict: verdictOf(findings, complete),
		asExpected: isAsExpected(findings, expected, complete, options),
	};
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
export function turn(): Promise<void> {
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
