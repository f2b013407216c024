import type { Graph } from '../explore/graph.js';
import { type Limits, type SearchProgress, type SearchResult, search } from '../explore/search.js';
import { isExpectItem } from '../language/generated/ast.js';
import type { Program } from '../language/program.js';
import type { System } from '../machine/system.js';
import { isClean } from './clean.js';
import { countersOf } from './counters.js';

/** A graph, and whether it is plain already that nothing is wrong: then it may be one that shows no more than that. */
export interface Explored extends SearchResult {
	readonly clean: boolean;
}

/** Ways to look at fewer states where nothing is wrong. */
export interface Ways {
	readonly symmetry: boolean;
	readonly movers: boolean;
}

/**
 * As many single operations are looked at without more ado, states: steps of several take longer to work out, which is
 * only worth its while where there are far more states than steps.
 */
const FEW = 20_000;

/** So much of the time single operations have to show what is wrong, where longer steps have taken all of it. */
const LAST = 1 / 8;

/** Scenarios that had more: by text, and, as far as an editor has others by now, by name. */
const large = new WeakMap<Program, Set<string>>();
const names = new Set<string>();
const MOST_NAMES = 256;

function remember(program: Program, name: string): void {
	large.set(program, (large.get(program) ?? new Set()).add(name));
	names.delete(name);
	names.add(name);
	for (const oldest of names) if (names.size > MOST_NAMES) names.delete(oldest);
}

/**
 * Searches a scenario. A small one is looked at as it is; of a larger one first what is left when threads that are alike are
 * not told apart, and operations are one step where others cannot tell: if nothing can be wrong there, nothing is. Else it
 * is looked at as it is.
 */
export function* explored(
	system: System,
	limits: Limits,
	stop: () => boolean,
	ways: Ways,
	wanted: (code: string) => boolean,
	/** Nobody wants to know any more. */
	abandoned: () => boolean = () => false,
): Generator<SearchProgress | undefined, Explored> {
	const clean = function* (graph: Graph): Generator<undefined, boolean> {
		for (const parts = isClean(graph, wanted); ; yield) {
			const part = parts.next();
			if (part.done) return part.value;
			if (abandoned()) return true;
		}
	};
	const smaller = sizes(system, ways, wanted);
	const start = performance.now();
	/** What is left of the time, and at least so much of all of it. */
	const within = (part: number): Limits => {
		const { maxSeconds: all } = limits;
		const left = all - (performance.now() - start) / 1000;
		return { ...limits, maxSeconds: Math.max(left, part * all), ofSeconds: all };
	};
	const whole = function* (most = limits.maxStates): Generator<SearchProgress | undefined, Explored> {
		const [{ symmetric, merged } = { symmetric: false }] = smaller;
		const watched = most < limits.maxStates && merged !== undefined ? { ...merged, symmetric } : undefined;
		return {
			...(yield* search(system, { ...within(LAST), maxStates: most }, stop, { ...(watched && { watched }) })),
			clean: false,
		};
	};
	if (smaller.length === 0) return yield* whole();
	const { program } = system;
	const name = [program.uri, system.scenario.name, ...system.threads.map((t) => t.name)].join(' ');
	const few = Math.min(FEW, limits.maxStates);
	/** Undefined where it has more than a few states. */
	const quick = function* (): Generator<SearchProgress | undefined, Explored | undefined> {
		const result = yield* whole(few);
		if (result.complete || few === limits.maxStates || result.graph.count < few) return result;
		result.graph.release();
		remember(program, name);
		return undefined;
	};
	const isLarge = large.get(program)?.has(name) === true;
	const likely = isLarge || names.has(name);
	if (!likely) {
		const result = yield* quick();
		if (result !== undefined) return result;
	}
	for (const options of smaller) {
		const result = yield* search(system, within(0), stop, { ...options, doubts: true });
		const { graph, broken, doubtful } = result;
		const fits = graph.symmetric || graph.merged;
		const fine = fits && !broken && !doubtful && (yield* clean(graph));
		if (fine && (isLarge || !likely || graph.count > few)) return { ...result, clean: true };
		graph.release();
		// the same text has the same result, whatever was looked at before
		if (fine) return (yield* quick()) ?? { ...(yield* search(system, limits, stop, options)), clean: true };
		if (!broken) break;
	}
	return yield* whole();
}

/** What to try before all single operations are looked at, the smallest first. */
function sizes(
	system: System,
	{ symmetry, movers }: Ways,
	wanted: (code: string) => boolean,
): { symmetric: boolean; merged?: { races: boolean } }[] {
	if (!symmetry && !movers) return [];
	// they go round and round, which is looked into
	const daemons = system.threads.some((t) => t.kind === 'daemon');
	if (daemons && (wanted('livelock') || wanted('starvation'))) return [];
	if (system.scenario.items.filter(isExpectItem).some((e) => e.words.some((w) => w !== 'ok'))) return [];
	const merges = movers && system.mergeable && countersOf(system.program).counters.length === 0;
	const merged = merges ? { merged: { races: wanted('data-race') } } : {};
	return [...(symmetry ? [{ symmetric: true, ...merged }] : []), ...(merges ? [{ symmetric: false, ...merged }] : [])];
}
