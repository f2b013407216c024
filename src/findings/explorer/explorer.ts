/** Runs of one scenario to look at: the found ones, and every other that the reader asks for. */
import { ShortestRuns } from '../../explore/shortest.js';
import { type CheckOptions, checkSketch, type Explored, type Sources } from '../check.js';
import { DEFAULT_ENVIRONMENT } from '../environment/environment.js';
import type { FileResult, Finding, RunStep, ScenarioResult, Span } from '../result.js';
import { type Drawn, draw, type Subject } from './build.js';
import { firstOrder } from './order.js';
import { Outlooks } from './outlook.js';
import type { SavedRun } from './picture.js';
import { type Misfit, replaySaved } from './saved.js';
import { isGoodEnd, wayTo } from './ways.js';

/** A check with the graphs that it went through. */
export interface Exploration {
	readonly result: FileResult;
	/** By name of the scenario. Of the default environment, which makes many, those that show something and the last of the others. */
	readonly explored: ReadonlyMap<string, readonly Explored[]>;
	/** Gives the memory back; nothing can be asked any more. */
	release(): void;
}

/** Keeps graphs while a check goes on. */
export interface Keeper {
	/** For {@link CheckOptions}. */
	readonly onExplored: (explored: Explored) => void;
	/** What was kept, with the result of the check. */
	exploration(result: FileResult): Exploration;
	/** Gives all of it back: the check was stopped, or nobody wants it any more. */
	release(): void;
}

/** @param wanted whether the graphs of a scenario are to be kept; all when undefined */
export function keeper(wanted: (scenario: string) => boolean = () => true): Keeper {
	const all: Explored[] = [];
	const release = (): void => {
		for (const { graph } of all.splice(0)) graph.release();
	};
	return {
		onExplored(one) {
			if (
				!wanted(one.scenario) &&
				!(one.graph.system.home !== one.graph.system.program.uri && wanted(DEFAULT_ENVIRONMENT))
			) {
				one.graph.release();
				return;
			}
			const clean = (e: Explored): boolean =>
				e.scenario === one.scenario && e.findings.every((f) => f.code === 'bounded');
			const old = clean(one) ? all.findIndex(clean) : -1;
			if (old >= 0) for (const { graph } of all.splice(old, 1)) graph.release();
			all.push(one);
		},
		exploration(result) {
			const explored = new Map<string, readonly Explored[]>();
			for (const { name } of result.scenarios)
				explored.set(name, name === DEFAULT_ENVIRONMENT ? all : all.filter((e) => e.scenario === name));
			return { result, explored, release };
		},
		release,
	};
}

/** Checks a sketch and keeps what was searched. Same options and result as {@link checkSketch}. */
export async function explore(uri: string, sources: Sources, options: CheckOptions = {}): Promise<Exploration> {
	const kept = keeper();
	return kept.exploration(await checkSketch(uri, sources, { ...options, onExplored: kept.onExplored }));
}

/** A run that is shown, and what can be asked about it. */
export interface Shown extends Drawn {
	/** Index of the search it belongs to. */
	readonly part: number;
	/** The finding it shows, or branches off from; -1 for none. */
	readonly finding: number;
}

type Schedule = Subject['schedule'];

/** The runs of one scenario. */
export class Explorer {
	private readonly outlooks = new Map<string, Outlooks>();
	private readonly runs = new Map<number, { part: number; schedule: Schedule }>();

	private constructor(
		private readonly uri: string,
		readonly scenario: ScenarioResult,
		private readonly parts: readonly Explored[],
		private readonly scenarios: readonly string[],
	) {}

	/**
	 * The explorer of a scenario; undefined where the sketch has none of that name, or was not searched.
	 * @param names all scenarios of the sketch, where the result is that of some of them
	 */
	static of({ result, explored }: Exploration, name: string, names?: readonly string[]): Explorer | undefined {
		const scenario = result.scenarios.find((s) => s.name === name);
		const parts = explored.get(name);
		if (scenario === undefined || parts === undefined || parts.length === 0) return undefined;
		return new Explorer(result.uri, scenario, parts, names ?? result.scenarios.map((s) => s.name));
	}

	/** The run of a finding; for null that of the first, and where nothing was found a short run that ends well. */
	found(finding: number | null): Shown {
		const index = finding ?? this.firstWithRun();
		const { part, schedule } = this.runOf(index);
		return this.show(part, index, { schedule, shown: index });
	}

	/**
	 * Another way: after `steps` steps of `shown` the thread `lane` takes its `choice`-th move. `single`: only that one;
	 * else the run goes on to an end, a good one if there is one. Undefined where the thread cannot do that.
	 */
	branch(shown: Shown, steps: number, lane: number, choice: number, single: boolean): Shown | undefined {
		const outlooks = this.outlooksOf(shown.part, shown.finding);
		const { graph } = outlooks;
		const taken = shown.momentOf[Math.min(steps, shown.momentOf.length - 1)] ?? 0;
		const prefix = shown.schedule.slice(0, taken);
		const state = prefix.length === shown.schedule.length ? this.lastState(shown) : shown.schedule[taken]?.state;
		if (state === undefined || state < 0 || state >= graph.expanded) return undefined;
		const { from, to } = graph.edges(state);
		let target: number | undefined;
		for (let e = from; e < to; e++)
			if (graph.edgeThread(e) === lane && graph.edgeChoice(e) === choice) target = graph.target(e);
		if (target === undefined) return undefined;
		const outlook = outlooks.ofStep(state, lane, choice);
		const on =
			single || target < 0 || outlooks.isBadStep(state, lane, choice)
				? []
				: (wayTo(outlooks, target, outlook !== 'badly', lane) ?? wayTo(outlooks, target, false, lane) ?? []);
		const verdict = {
			well: 'every way on from here ends well',
			either: 'some ways on from here end well, some badly',
			badly: 'every way on from here ends badly',
			unknown: 'the search did not cover every way on from here',
		}[outlook];
		return this.show(shown.part, shown.finding, {
			schedule: [...prefix, { thread: lane, choice }, ...on],
			shown: -1,
			from: this.runOf(shown.finding).schedule,
			verdict,
		});
	}

	/** The shortest run in which `first` is executed, and `second` only later; the word that there is none. */
	order(first: Span, second: Span): Shown | string {
		let unknown = false;
		for (let part = 0; part < this.parts.length; part++) {
			const outlooks = this.outlooksOf(part, -1);
			const found = firstOrder(outlooks.graph, first, second);
			if (typeof found === 'string') {
				unknown ||= found === 'unknown';
				continue;
			}
			const last = found[found.length - 1];
			const state = last === undefined ? 0 : outlooks.graph.targetOf(last.state, last.thread, last.choice);
			const on =
				state < 0
					? []
					: (wayTo(outlooks, state, true, last?.thread ?? 0) ?? wayTo(outlooks, state, false, last?.thread ?? 0) ?? []);
			return this.show(part, -1, {
				schedule: [...found, ...on],
				shown: -1,
				from: [],
				verdict: `the shortest run in which line ${first.line} runs before line ${second.line}`,
			});
		}
		const lines =
			first.uri === second.uri ? `line ${first.line} before line ${second.line}` : 'these lines in this order';
		return unknown
			? `no run with ${lines} was found, but the search did not cover every run`
			: `there is no run with ${lines}: in every interleaving the second is executed first, or one of them never`;
	}

	/** A saved run, as far as it still fits. */
	replay(saved: SavedRun): { shown: Shown; misfit: Misfit | undefined } {
		const tried = this.parts.map((_, part) => ({ part, ...replaySaved(this.outlooksOf(part, -1).graph, saved) }));
		tried.sort((a, b) => b.schedule.length - a.schedule.length || a.part - b.part);
		const best = tried[0] as (typeof tried)[number];
		const same = this.scenario.findings.findIndex((_, n) => {
			const run = this.runOf(n);
			return run.part === best.part && sameRun(run.schedule, best.schedule);
		});
		const shown = this.show(best.part, same, {
			schedule: best.schedule,
			shown: same,
			...(same < 0 ? { verdict: best.misfit === undefined ? 'a saved run' : best.misfit.message } : {}),
		});
		return { shown, misfit: best.misfit };
	}

	/** The first `moves` steps of a shown run, to go on from there by hand. */
	cut(shown: Shown, moves: number): Shown {
		return this.show(shown.part, shown.finding, {
			schedule: shown.schedule.slice(0, moves),
			shown: -1,
			from: this.runOf(shown.finding).schedule,
			verdict: 'a run under way',
		});
	}

	/** The shown run, gone on with to a good end or a bad one; undefined where there is no such end. */
	finish(shown: Shown, good: boolean): Shown | undefined {
		const outlooks = this.outlooksOf(shown.part, shown.finding);
		const state = this.lastState(shown);
		const last = shown.schedule[shown.schedule.length - 1]?.thread ?? 0;
		const on = state < 0 ? undefined : wayTo(outlooks, state, good, last);
		if (on === undefined) return undefined;
		return this.show(shown.part, shown.finding, {
			schedule: [...shown.schedule, ...on],
			shown: -1,
			from: this.runOf(shown.finding).schedule,
			verdict: good ? 'a way that ends well' : 'a way that ends badly',
		});
	}

	private show(
		part: number,
		finding: number,
		what: Pick<Subject, 'schedule' | 'shown' | 'from' | 'verdict' | 'ending'>,
	): Shown {
		const subject: Subject = {
			uri: this.uri,
			scenario: this.scenario,
			scenarios: this.scenarios,
			outlooks: this.outlooksOf(part, what.shown >= 0 ? what.shown : finding),
			...what,
		};
		return { ...draw(subject), part, finding };
	}

	private lastState(shown: Shown): number {
		const last = shown.schedule[shown.schedule.length - 1];
		return last === undefined
			? 0
			: (this.parts[shown.part] as Explored).graph.targetOf(last.state, last.thread, last.choice);
	}

	/** -1 where there is nothing to show but that all is well. That a limit was hit comes last: it has no run of its own. */
	private firstWithRun(): number {
		const { findings } = this.scenario;
		const first = findings.findIndex((f) => f.code !== 'bounded');
		return first >= 0 ? first : findings.length - 1;
	}

	/** The run of a finding as a schedule, and the search it comes from. */
	private runOf(index: number): { part: number; schedule: Schedule } {
		const known = this.runs.get(index);
		if (known !== undefined) return known;
		const finding = this.scenario.findings[index];
		const none = finding === undefined || finding.code === 'bounded';
		const part = none ? this.parts.length - 1 : this.partOf(finding);
		const schedule = none ? this.goodRun(part) : scheduleOf(this.parts[part] as Explored, finding.run);
		const run = { part, schedule };
		this.runs.set(index, run);
		return run;
	}

	/** The search that found it. In the default environment its places are told anew: what was done has to say which it is. */
	private partOf(finding: Finding): number {
		return Math.max(
			0,
			this.parts.findIndex((p) => p.findings.some((f) => f.code === finding.code && sameRows(f.run, finding.run))),
		);
	}

	/** The shortest run that ends well; where the search did not get to such an end, one as far as it got. */
	private goodRun(part: number): Schedule {
		const outlooks = this.outlooksOf(part, -1);
		const { graph } = outlooks;
		for (let s = 0; s < graph.count; s++) if (isGoodEnd(outlooks, s)) return new ShortestRuns(graph).to(s);
		return this.scenario.complete ? [] : new ShortestRuns(graph).to(Math.max(0, graph.expanded - 1));
	}

	private outlooksOf(part: number, finding: number): Outlooks {
		const delayed = this.scenario.findings[finding]?.assumption === 'a timeout fires, or a signal comes';
		const key = `${part} ${delayed}`;
		let outlooks = this.outlooks.get(key);
		if (outlooks === undefined) {
			const { graph, findings } = this.parts[part] as Explored;
			outlooks = new Outlooks(
				graph,
				findings.map((f) => f.code),
				!delayed,
			);
			this.outlooks.set(key, outlooks);
		}
		return outlooks;
	}
}

/** The first scenario with something wrong, else the first. */
export function firstToShow(result: FileResult): string | undefined {
	const wrong = result.scenarios.find((s) => !s.asExpected) ?? result.scenarios.find((s) => s.findings.length > 0);
	return (wrong ?? result.scenarios[0])?.name;
}

/** The steps of a run's rows: rows of a step beyond its first, and closing ones, are no steps of their own. */
function scheduleOf({ graph }: Explored, run: readonly RunStep[]): Schedule {
	const lanes = new Map(graph.system.threads.map(({ name }, t) => [name, t]));
	const schedule: { thread: number; choice: number }[] = [];
	for (const row of run) {
		const thread = lanes.get(row.thread);
		if (row.blocked || thread === undefined || row.step !== schedule.length + 1) continue;
		schedule.push({ thread, choice: row.choice ?? 0 });
	}
	return schedule;
}

const sameRows = (a: readonly RunStep[], b: readonly RunStep[]): boolean =>
	a === b ||
	(a.length === b.length &&
		a.every((row, n) => {
			const other = b[n] as RunStep;
			return (
				row.thread === other.thread &&
				row.step === other.step &&
				row.choice === other.choice &&
				row.blocked === other.blocked &&
				row.text === other.text
			);
		}));

const sameRun = (a: Schedule, b: Schedule): boolean =>
	a.length === b.length && a.every((s, n) => s.thread === b[n]?.thread && s.choice === b[n]?.choice);
