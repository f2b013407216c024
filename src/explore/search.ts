import type { System } from '../machine/system.js';
import { Graph } from './graph.js';
import type { Machine } from './loop/machine.js';
import { takeMachine } from './loop/pool.js';
import { memoFor, StepMemo } from './memo.js';
import { symmetryOf } from './symmetry.js';

export interface Limits {
	readonly maxStates: number;
	readonly maxSeconds: number;
	/** What the user has set, where this search may take a part of it only. */
	readonly ofSeconds?: number;
	readonly maxMemoryMB: number;
}

export interface SearchProgress {
	readonly states: number;
	readonly transitions: number;
	readonly frontier: number;
}

export interface SearchResult {
	readonly graph: Graph;
	/** Every state was expanded. */
	readonly complete: boolean;
	/** Which limit ended the search, in words; undefined when none did. */
	readonly limit: string | undefined;
	/** Threads were taken for interchangeable and are not: the graph is worth nothing. */
	readonly broken: boolean;
	/** Something is wrong, and nobody wants to know what: the graph is not finished. */
	readonly doubtful: boolean;
}

export interface SearchOptions {
	/** What to search with. */
	readonly machine?: () => Machine;
	/** One state for all that differ only in which of several interchangeable threads is where. */
	readonly symmetric?: boolean;
	/**
	 * Steps of as many operations as others cannot tell from one (machine/movers.ts): what is wrong is wrong in such a graph
	 * too, but not everything can be read off it (findings/clean.ts). `races`: data races are to be seen.
	 */
	readonly merged?: { readonly races: boolean };
	/** What is found out on the way makes such a search with these options, and `symmetric`, faster. */
	readonly watched?: { readonly races: boolean; readonly symmetric: boolean };
	/** End as soon as a report shows that something is wrong. */
	readonly doubts?: boolean;
}

/** How many states scenarios had when they were searched last: after an edit they mostly have as many. */
const counts = new Map<string, number>();
const MOST_COUNTS = 256;

const UNFINISHED = { complete: false, limit: undefined, broken: false, doubtful: false } as const;

/** States expanded between two looks at the clock: at first, when many steps are new, and at most. */
const SLICE = 64;
const LARGEST_SLICE = 2048;
/** Longest time between two yields, ms, but for the odd table that has to grow. */
const TURN = 4;

/**
 * Breadth-first search through all interleavings. Yields after each slice, so that the caller can do other things
 * and stop it: `return()` on the generator, or `stop()` saying so, ends it with what was found. The graph's `release`
 * makes the next search faster.
 */
export function* search(
	system: System,
	limits: Limits,
	stop: () => boolean,
	{ machine = takeMachine, symmetric = false, merged, watched, doubts = false }: SearchOptions = {},
): Generator<SearchProgress, SearchResult> {
	const start = performance.now();
	if (merged) system.merge({ ...merged, alike: symmetric ? symmetryOf(system) : undefined });
	// what is known of steps is known of single operations
	const memo = merged ? new StepMemo(false) : memoFor(system);
	// steps that are known tell nothing on the way
	if (!merged)
		system.single(
			watched && memo.size === 0
				? { ...watched, alike: watched.symmetric ? symmetryOf(system) : undefined }
				: undefined,
		);
	for (;;) {
		const name = `${system.program.uri} ${system.scenario.name} ${system.threads.length} ${symmetric} ${system.merged}`;
		const alike = symmetric ? symmetryOf(system) : undefined;
		const graph = new Graph(system, machine(), alike, counts.get(name), memo);
		let limit: string | undefined;
		let more = true;
		/**
		 * A cell is written that was not known to be: all has to be begun anew, but not before so many states are expanded, as
		 * many again as were. What is written there is written indeed, and mostly there are more such cells.
		 */
		let last: number | undefined;
		let slice = SLICE;
		let looked = performance.now();
		let before = looked;
		while (more && limit === undefined) {
			const expanded = graph.expand(slice, limits.maxStates);
			if (expanded === 'overturned') break;
			if (expanded === 'no symmetry') return { ...UNFINISHED, graph, broken: true };
			if (doubts && graph.reports.length > 0) return { ...UNFINISHED, graph, doubtful: true };
			more = expanded !== 'all';
			if (more && system.grew) {
				last ??= 2 * graph.expanded;
				if (graph.expanded >= last) break;
			}
			const now = performance.now();
			if (now - before < TURN / 4) slice = Math.min(2 * slice, LARGEST_SLICE);
			else if (now - before > TURN) slice = Math.max(slice >> 1, SLICE);
			before = now;
			if (expanded === 'more' && now - looked < TURN && graph.count < limits.maxStates) continue;
			looked = now;
			if (more) {
				if (expanded === 'no memory') limit = 'the end of memory';
				else if (graph.count >= limits.maxStates) limit = `its limit of ${limits.maxStates} states`;
				else if ((performance.now() - start) / 1000 >= limits.maxSeconds)
					limit = `${limits.ofSeconds ?? limits.maxSeconds} s`;
				else if (graph.bytes >= limits.maxMemoryMB * 2 ** 20) limit = `${limits.maxMemoryMB} MB of memory`;
				else if (stop()) limit = 'being stopped';
			}
			yield { states: graph.count, transitions: graph.transitions, frontier: graph.count - graph.expanded };
		}
		// a cell that was taken for constant is written after all: reads of it are steps, so begin anew; the same where
		// it was taken for protected
		if (system.grew) {
			system.restart();
			if (stop()) return { ...UNFINISHED, graph, limit: 'being stopped' };
			graph.release();
			continue;
		}
		// a cell that was expected to be written is not: its reads are no steps
		if (!system.written.exact && limit !== 'being stopped') {
			system.dropExpected();
			graph.release();
			continue;
		}
		if (!more) memo.done(system);
		counts.delete(name);
		counts.set(name, graph.count);
		for (const oldest of counts.keys()) if (counts.size > MOST_COUNTS) counts.delete(oldest);
		return { ...UNFINISHED, graph, complete: !more, limit };
	}
}
