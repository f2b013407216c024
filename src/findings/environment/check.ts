import { KERNEL_SCHEME, kernelLibraries } from '../../kernel/library.js';
import { isInterruptItem, isThreadItem } from '../../language/generated/ast.js';
import type { Problem } from '../../language/problem.js';
import { loadProgram, type Program } from '../../language/program.js';
import type { CheckOptions, Sources } from '../check.js';
import { Coverage } from '../coverage.js';
import type { Combination, FileResult, Finding, ScenarioResult } from '../result.js';
import { checkScenario, type ScenarioScope } from '../scenario.js';
import { vacuous } from '../vacuous.js';
import {
	DEFAULT_ENVIRONMENT,
	type Environment,
	OTHER_CALLBACK,
	SKETCH,
	WITH_OTHER,
	WITH_STREAM,
} from './environment.js';
import { merged, repeats, told, topOf } from './merge.js';
import { type Outcome, type Part, plan } from './plan.js';

/** What all parts together may cost where nobody says otherwise: nobody has asked for a long search. Who raises one limit wants a longer search. */
const LIMITS = { maxStates: 6_000_000, maxSeconds: 60 } as const;
const ASKED = { maxStates: 100_000_000, maxSeconds: 600 } as const;
/** A first finding must not hide a second one; but what else is wrong can wait until the first is mended. */
const ENOUGH_MORE = 100_000;
/** For asking whether somebody else ends a wait. */
const SECOND_OPINION = 100_000;

/** Checks a sketch without scenarios in the default environment. What is found is told at the user's own lines. */
export async function checkInEnvironment(
	program: Program,
	environment: Environment,
	sources: Sources,
	options: CheckOptions,
): Promise<FileResult> {
	const { uri } = program;
	const none = (more: readonly Problem[] = []): FileResult => ({
		uri,
		problems: [...program.problems, ...more],
		scenarios: [],
	});
	const whole = await loadProgram(
		environment.uri,
		{
			read: async (u) => (u === environment.uri ? environment.text : sources.read(u)),
			// a text that was never saved has no path, and one in a path may be written in several ways
			resolve: (from, name) => (from === environment.uri && name === SKETCH ? uri : undefined),
		},
		kernelLibraries,
	);
	const errors = whole.problems.filter((p) => p.severity === 'error');
	if (errors.length > 0) return none(errors.map((e) => notFitting(e, uri)));
	if (options.scenarios !== undefined && !options.scenarios.includes(DEFAULT_ENVIRONMENT)) return none();
	const searches = new Searches(whole, environment, uri, options);
	const parts = options.combination ? searches.only(options.combination) : plan(environment);
	for (let next = parts.next(); !next.done; ) {
		const outcome = await searches.run(next.value);
		if (outcome === undefined) break;
		next = parts.next(outcome);
	}
	searches.tellStop(parts);
	await searches.settle();
	if (searches.problems.length > 0) return none(searches.problems.map((p) => notFitting(p, uri)));
	if (searches.results.length === 0) return none();
	for (const core of environment.cores)
		searches.cut.push(
			`${core}() calls callbacks as the core of the kernel does, and no invalidator of the environment goes that way: write a scenario that does`,
		);
	const { vacuous: _, ...all } = merged(searches, uri);
	const given = environment.handlers.map((h) => h.function);
	const nothing = [
		...vacuous(whole, searches.coverage, environment.opening),
		...searches.coverage.untried(whole, uri, given),
	];
	const result = told(nothing.length > 0 ? { ...all, vacuous: nothing } : all, environment, searches, uri);
	options.onScenario?.(result);
	const hints = result.complete ? searches.coverage.hintsInEnvironment(whole, uri) : [];
	return { uri, problems: program.problems, scenarios: [result], ...(hints.length > 0 && { hints }) };
}

/** The searches of one check, and what they have come to so far. */
class Searches {
	readonly results: ScenarioResult[] = [];
	/** What was cut short, in words. */
	readonly cut: string[] = [];
	/** Which limit of the whole was reached, and where. */
	private stopped: string | undefined;
	/** Parts that were begun, and those that were searched to the end: who runs in which scenario. */
	private readonly begun = new Set<string>();
	private readonly ended = new Set<string>();
	/** What else cut parts short: which. */
	private readonly cutBy = new Map<string, readonly string[]>();
	/** Parts that were looked at, but not to the end, by who runs in them. */
	readonly unfinished = new Set<string>();
	/** Parts beyond what the environment promises that were not looked at to the end. */
	readonly beyond: string[] = [];
	/** Everybody at once was looked at on a single page. */
	smaller = false;
	/** What keeps the environment's scenarios from running at all. */
	problems: readonly Problem[] = [];
	/** Enough was wrong not to look any further. */
	early = false;
	/** Waits that nobody has ended, in parts in which somebody is missing. */
	private readonly lonely: { finding: Finding; part: Part }[] = [];
	readonly coverage = new Coverage();
	/** What searches that were cut short have found out on their way: they begin there when they are made again. */
	private readonly looks = new Map<string, NonNullable<ScenarioScope['kept']>>();
	private readonly start = performance.now();
	private spent = 0;
	/** Where to stop looking for more once something is wrong. */
	private enough = Number.POSITIVE_INFINITY;

	constructor(
		private readonly program: Program,
		private readonly environment: Environment,
		private readonly home: string,
		private readonly options: CheckOptions,
	) {}

	/** States and seconds for all parts together: one that the user has set lets go of our own for the other. */
	private get limits(): { maxStates: number; maxSeconds: number } {
		const { maxStates, maxSeconds } = this.options;
		const rest = maxStates === undefined && maxSeconds === undefined ? LIMITS : ASKED;
		return { maxStates: maxStates ?? rest.maxStates, maxSeconds: maxSeconds ?? rest.maxSeconds };
	}

	/** Who runs in a part, by what they are: `device_fault() with munmap`. */
	private words({ threads }: Part): string {
		const { handlers, teardown, interrupts, adversaries, sometimes } = this.environment;
		const named = threads.map((t) => {
			const again = handlers.find((h) => h.twin === t || h.second === t);
			if (again !== undefined) return `${again.function}() ${again.twin === t ? 'once more' : 'for a second object'}`;
			const last = teardown.find((h) => h.last === t);
			if (last !== undefined) return `${last.function}() after the others`;
			const comes = interrupts.find(({ name }) => name === t);
			if (comes !== undefined) return `${comes.function}() on top of ${comes.on}`;
			const own = [...handlers, ...teardown].find((h) => h.name === t);
			return own
				? `${own.function}()`
				: ((adversaries.get(t) ?? sometimes.get(t))?.replace(/[,:;(].*$/s, '').trim() ?? t);
		});
		return named.length === 1 ? `${named[0]} alone` : `${named.slice(0, -1).join(', ')} with ${named.at(-1)}`;
	}

	/** One part and no other; none where other threads, or other functions, run in the sketch as it is now. */
	*only({ scenario, threads, words }: Combination): Generator<Part, void, Outcome> {
		const items = this.program.scenarios.find((s) => s.name === scenario)?.items ?? [];
		const all = items.flatMap((item) => (isThreadItem(item) || isInterruptItem(item) ? [item.name] : []));
		const part = { scenario, threads };
		if (threads.every((t) => all.includes(t)) && this.words(part) === words) yield part;
	}

	/** Does one part. Undefined: there is no going on. */
	async run(part: Part): Promise<Outcome | undefined> {
		const { maxSeconds, maxStates } = this.limits;
		const seconds = maxSeconds - (performance.now() - this.start) / 1000;
		const left = maxStates - this.spent;
		if (this.options.signal?.aborted) this.stopped ??= 'it was stopped';
		else if (seconds <= 0) this.stopped ??= `${this.allSeconds} were over before ${this.words(part)}`;
		else if (left <= 0) this.stopped ??= `${this.allStates} were spent before ${this.words(part)}`;
		else if (this.spent >= this.enough) this.early = true;
		else return this.search(part, Math.min(left, part.maxStates ?? left), seconds);
		return undefined;
	}

	private get allSeconds(): string {
		return `the ${this.limits.maxSeconds} s (--max-seconds, notifierLab.check.maxSeconds)`;
	}

	private get allStates(): string {
		return `the ${this.limits.maxStates} states (--max-states, notifierLab.check.maxStates)`;
	}

	/** Says how much of the work is done, where a limit has ended it: what is left is what the plan would go on with. */
	tellStop(rest: ReturnType<typeof plan>): void {
		if (this.stopped === undefined) return;
		const all = new Set(this.begun);
		for (let next = rest.next(FINE); !next.done; next = rest.next(FINE)) all.add(keyOf(next.value));
		this.cut.push(
			`${this.ended.size} of ${all.size} combinations of functions and adversaries were searched to the end; ${this.stopped}`,
		);
	}

	/** Notes why a part was not looked at to its end; what is the same in several parts is told once. */
	private cutShort({ bounds = [] }: ScenarioResult, words: string): void {
		const { maxSeconds, maxStates } = this.limits;
		if ((performance.now() - this.start) / 1000 >= maxSeconds)
			this.stopped ??= `${this.allSeconds} were over in ${words}`;
		else if (this.spent >= maxStates) this.stopped ??= `${this.allStates} were spent in ${words}`;
		else for (const bound of bounds) this.cutBy.set(bound, [...(this.cutBy.get(bound) ?? []), words]);
	}

	private async search(part: Part, maxStates: number, maxSeconds: number) {
		const scenario = this.program.scenarios.find((s) => s.name === part.scenario);
		if (scenario === undefined) return FINE;
		const kept = this.looks.get(keyOf(part)) ?? {};
		const one = await checkScenario(
			this.program,
			scenario,
			{ ...this.options, maxStates, maxSeconds },
			{
				home: this.home,
				threads: new Set(part.threads),
				coverage: this.coverage,
				clones: this.environment.clones,
				kept,
			},
		);
		// what was cut short may be done again
		if ('problems' in one || one.complete) this.looks.delete(keyOf(part));
		else this.looks.set(keyOf(part), kept);
		if ('problems' in one) {
			this.problems = one.problems;
			return undefined;
		}
		this.spent += one.states;
		const words = this.words(part);
		if (part.beyond && !one.complete) this.beyond.push(words);
		else if (!one.complete) this.unfinished.add(words);
		else this.unfinished.delete(words);
		this.begun.add(keyOf(part));
		if (one.complete || part.beyond) this.ended.add(keyOf(part));
		const more = !one.complete && one.states >= maxStates;
		if (!one.complete && !(more && (part.look || part.beyond))) this.cutShort(one, words);
		if (part.small === true) {
			// what it finds has to be found on all pages, too
			const known = this.results.flatMap((r) => r.findings);
			const clean = one.findings.every((f) => isMild(f) || known.some((k) => repeats(k, f)));
			if (clean && one.complete) this.smaller = true;
			this.results.push({ ...one, findings: [] });
			return { complete: one.complete, more, clean, failed: !clean, states: one.states };
		}
		const combination = { scenario: part.scenario, threads: part.threads, words };
		const findings = this.counted(one.findings, part).map((f): Finding => ({ ...f, combination }));
		const known = this.results.flatMap((r) => r.findings);
		this.results.push({ ...one, findings });
		const wrong = findings.some((f) => f.severity === 'error');
		if (findings.some((f) => f.severity === 'error' && !known.some((k) => repeats(k, f)))) this.tellEarly();
		// what has failed at the start fails in every part
		if (wrong && findings.some((f) => f.threads.includes('setup'))) this.early = true;
		else if (wrong) this.enough = Math.min(this.enough, this.spent + ENOUGH_MORE);
		return this.early
			? undefined
			: {
					complete: one.complete,
					more,
					clean: findings.every(isMild),
					failed: wrong,
					states: one.states,
				};
	}

	/** What the parts so far show need not wait for the others. */
	private tellEarly(): void {
		const { environment, home, options, results, unfinished, beyond, smaller } = this;
		if (options.onEarly === undefined || options.signal?.aborted) return;
		const soFar = merged({ results, cut: [], early: true }, home);
		options.onEarly(told(soFar, environment, { unfinished, beyond, smaller }, home));
	}

	/** What a part says of the sketch; what only says something of the environment is left out. */
	private counted(findings: readonly Finding[], part: Part): Finding[] {
		const counted: Finding[] = [];
		for (const finding of findings) {
			if (othersFault(finding, this.environment)) continue;
			// what an earlier call waits for alone was seen where it is alone
			if (finding.run.some((row) => row.blocked && this.environment.earlier?.words.has(row.thread))) continue;
			if (part.scenario === WITH_STREAM) {
				// that endless ranges can put a driver off is nothing new; that these can is the kernel's doing
				if (isKernels(finding)) counted.push({ ...finding, severity: 'info' });
				continue;
			}
			if (this.isLonely(finding, part)) this.lonely.push({ finding, part });
			else counted.push(part.scenario === WITH_OTHER ? lessCertain(finding) : finding);
		}
		return counted;
	}

	/** Nobody holds what it waits for, and not everybody who might end that is there. */
	private isLonely({ code, threads, guessed }: Finding, part: Part): boolean {
		const { handlers } = this.environment;
		const own = handlers.flatMap((h) => [h.name, h.twin, h.second ?? h.name]);
		const missing = handlers.some((h) => !part.threads.includes(h.name));
		return missing && (guessed === true || (code === 'livelock' && threads.every((t) => own.includes(t))));
	}

	/** Asks of each such wait whether it stays with all of the sketch's functions there; says what cut parts short. */
	async settle(): Promise<void> {
		const failed = this.results.some((r) => r.findings.some((f) => f.severity === 'error'));
		if (this.cut.length === 0 && this.cutBy.size === 0 && !this.early && !failed)
			for (const words of this.unfinished) this.cut.push(`${words} was not looked at to the end`);
		for (const [bound, [first, ...more]] of this.cutBy)
			this.cut.push(`${bound} (in ${first}${more.length > 0 ? `, and in ${more.length} more` : ''})`);
		const asked: Finding[] = [];
		for (const { finding, part } of this.lonely) {
			if (asked.some((known) => repeats(finding, known)) || this.problems.length > 0) continue;
			asked.push(finding);
			const all = new Set([...this.environment.handlers.map((h) => h.name), ...part.threads]);
			const scenario = this.program.scenarios.find((s) => s.name === part.scenario);
			if (scenario === undefined || this.options.signal?.aborted) continue;
			const one = await checkScenario(
				this.program,
				scenario,
				{ ...this.options, maxStates: SECOND_OPINION },
				{ home: this.home, threads: all },
			);
			if ('problems' in one) continue;
			const combination = {
				scenario: part.scenario,
				threads: [...all],
				words: this.words({ ...part, threads: [...all] }),
			};
			const found = one.findings.filter((f) => repeats(f, finding)).map((f) => ({ ...f, combination }));
			this.results.push({ ...one, findings: found });
		}
	}
}

/** A part that leaves no questions. */
const FINE: Outcome = { complete: true, more: false, clean: true, failed: false, states: 0 };

const keyOf = ({ scenario, threads }: Part): string => `${scenario} ${threads.join(' ')}`;

/** Blamed on the simulated kernel itself. */
const isKernels = ({ code, span }: Finding): boolean =>
	code === 'starvation' && span.uri.startsWith(`${KERNEL_SCHEME}:`);

const isMild = ({ severity }: Finding): boolean => severity === 'info' || severity === 'hint';

const WAITS = /^(deadlock|self-deadlock|lost-wakeup|livelock)$/;

/** The environment is ours: what is wrong with it is told, at the sketch's first line. */
const notFitting = (problem: Problem, uri: string): Problem => ({
	...problem,
	message: `the default environment does not fit this sketch: ${problem.message}. Write a scenario of your own`,
	span: problem.span.uri === uri ? problem.span : topOf(uri),
});

/**
 * The other driver waits in its callback for what wants mmap_lock, which is wrong (S67). Its own deadlocks are its own:
 * only who waits for a range that it keeps active has to hear of it.
 */
function othersFault(finding: Finding, { adversaries }: Environment): boolean {
	const inside = finding.run.filter((row) => row.blocked && row.stack.includes(OTHER_CALLBACK));
	return inside.some((row) => !adversaries.has(row.thread));
}

/** It takes another driver's mistake to bring it about. */
const lessCertain = (finding: Finding): Finding =>
	WAITS.test(finding.code) && finding.severity === 'error'
		? {
				...finding,
				severity: 'warning',
				message: `${finding.message}. It takes another driver whose callback waits for work that wants mmap_lock, which is that driver's mistake; who waits for ranges before taking mmap_lock (Documentation/mm/hmm.rst) is safe from it`,
			}
		: finding;
