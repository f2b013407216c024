import {
	DEFAULT_ENVIRONMENT,
	type Environment,
	type Handler,
	WITH_BUS,
	WITH_EARLIER,
	WITH_EXIT,
	WITH_ONE_PAGE,
	WITH_OTHER,
	WITH_SECOND,
	WITH_STREAM,
} from './environment.js';
import { EXIT, FORK, MMAP, NESTED, REAPER, RECLAIM, STREAM, WRITER } from './lanes.js';

/** One search: some threads of one of the environment's scenarios. */
export interface Part {
	readonly scenario: string;
	readonly threads: readonly string[];
	/** Most states that it may cost; undefined: all that is left. */
	readonly maxStates?: number;
	/** On fewer pages than the rest: only good to find nothing, since the sketch may need more. */
	readonly small?: boolean;
	/** Beyond what the environment promises: cut short it is no limit of the whole, but said of the result. */
	readonly beyond?: boolean;
	/** A first look: cut short it is done again, and is no limit of the whole. */
	readonly look?: boolean;
}

/** What became of a part. */
export interface Outcome {
	/** All of it was searched. */
	readonly complete: boolean;
	/** More states would show more. */
	readonly more: boolean;
	/** Nothing was found. */
	readonly clean: boolean;
	/** An error was found. */
	readonly failed: boolean;
	readonly states: number;
}

/* Turns: what takes more than its first waits until the others have had theirs, and only the limits of the whole end the last one. */

/** The first turn of one part among many. */
const PART = 200_000;
/** The same for what is looked at beyond the environment that language.md names. */
const EXTRA = 30_000;
/** The second turn of both. */
const MORE = 1_000_000;
/** For all adversaries at once on all pages; what takes more is tried on one page. */
const WHOLE = 600_000;
const FIRST_LOOK = 20_000;

/** What a driver has to stand all at once (domain/semantics.md, part 6). */
const CORE = [MMAP, RECLAIM, WRITER, REAPER];
/** Pairs in which the others show more than alone: a queue behind a range within a range, a page that was write-protected. */
const FURTHER_PAIRS = [
	[NESTED, WRITER],
	[NESTED, RECLAIM],
	[FORK, RECLAIM],
];

/**
 * The searches of the default environment, smallest first, so that a first answer comes at once and a run needs no more
 * threads than it has to; the caller says what became of each. All core adversaries at once come before pairs of them:
 * where that is clean, there is no need to look at less.
 */
export function* plan({
	handlers,
	teardown,
	leaving,
	binding,
	earlier,
	interrupts,
	adversaries,
	has,
}: Environment): Generator<Part, void, Outcome> {
	const first = (threads: readonly string[], scenario = DEFAULT_ENVIRONMENT): Part => ({
		scenario,
		threads,
		maxStates: PART,
		look: true,
	});
	const names = [...adversaries.keys()];
	const core = names.filter((n) => CORE.includes(n));
	const pairs = core.flatMap((a, n) => core.slice(n + 1).map((b) => [a, b]));
	const extra = (threads: readonly string[], scenario = DEFAULT_ENVIRONMENT): Part => ({
		...first(threads, scenario),
		maxStates: EXTRA,
	});
	const lanes: (Handler | undefined)[] = handlers.length === 0 ? [undefined] : [...handlers];
	const own = (h: Handler | undefined): string[] => (h === undefined ? [] : [h.name]);
	const among = (...groups: string[][]): string[][] => groups.filter((group) => group.every((n) => adversaries.has(n)));
	const furtherPairs = among(...FURTHER_PAIRS);
	let failed = false;
	/** What was searched to the end, on all pages and for all that can be wrong, and nothing found. */
	const fine: Part[] = [];
	function* turn(part: Part): Generator<Part, Outcome, Outcome> {
		const outcome = yield part;
		if (outcome.failed) failed = true;
		if (outcome.complete && outcome.clean && !part.small) fine.push(part);
		return outcome;
	}
	/** Who runs among more threads has nothing else to show among fewer. */
	const isCovered = ({ scenario, threads }: Part): boolean =>
		fine.some((part) => part.scenario === scenario && threads.every((t) => part.threads.includes(t)));
	/** What the first turn has not come to the end of. */
	const rest: Part[] = [];
	function* look(part: Part): Generator<Part, Outcome, Outcome> {
		const outcome = yield* turn(part);
		if (outcome.more) rest.push({ ...part, maxStates: MORE });
		return outcome;
	}
	const sizes = new Map<string, number>();
	function* sized(threads: readonly string[]): Generator<Part, void, Outcome> {
		const outcome = yield* look(first(threads));
		sizes.set(threads.join(), outcome.states);
	}
	/** How many states all at once may have: those who hold up each other make it less, as in the pairs. */
	const estimate = (h: Handler | undefined): number => {
		const size = (...a: string[]): number => sizes.get([...own(h), ...a].join()) ?? 0;
		return (size(MMAP, RECLAIM) * size(RECLAIM, REAPER)) / Math.max(1, size(RECLAIM));
	};
	for (const h of handlers) yield* sized([h.name]);
	for (const h of lanes) for (const a of names) yield* sized([...own(h), a]);
	// on top of a handler, of a callback, of who takes things down, and of these while the others go on
	for (const { name, on } of interrupts) {
		yield* sized([on, name]);
		const others = adversaries.has(on) ? handlers.map((h) => [h.name]) : among([MMAP], [RECLAIM]);
		for (const [other = ''] of others) yield* look(extra([on, name, other]));
	}
	if (binding !== undefined) {
		const bus = (...threads: string[]): Part => first(threads, WITH_BUS);
		const alone = yield* look(bus(binding.loads));
		if (!alone.failed) {
			for (const a of among([MMAP], [RECLAIM])) yield* look(bus(binding.loads, ...a));
			for (const v of binding.opens) yield* look(bus(binding.beside, v));
		}
	}
	// what takes things down is short, and wrong more often than the rest
	for (const t of teardown)
		for (const group of among([], [MMAP], [RECLAIM], [REAPER], [MMAP, RECLAIM])) yield* look(extra([t.name, ...group]));
	// a device is unbound in sysfs while files are open; it takes no reference of theirs
	for (const t of teardown.filter((x) => x.anyTime))
		for (const h of [...handlers, ...teardown].filter((x) => x.ofFile))
			for (const group of among([], [RECLAIM])) yield* look(extra([h.name, t.name, ...group]));
	for (const last of teardown.flatMap((t) => t.last ?? []))
		for (const group of among([], [MMAP], [RECLAIM])) yield* look(extra([last, ...group]));
	if (leaving !== undefined) {
		const alone = yield* look(extra([leaving.alone]));
		if (!alone.failed) for (const a of leaving.against) yield* look(extra([leaving.once, a]));
	}
	if (has.second)
		for (const h of lanes) {
			for (const a of [MMAP, RECLAIM, REAPER]) yield* look(first([...own(h), a], WITH_SECOND));
			if (h?.second === undefined) continue;
			yield* look(first([h.name, h.second], WITH_SECOND));
			yield* look(extra([h.name, h.second, RECLAIM], WITH_SECOND));
		}
	const distinct = (h: Handler, n: number): Handler[] =>
		handlers.slice(n + 1).filter((x) => !(x.registers && h.registers));
	// few states, and what goes wrong among calls of the sketch's own goes wrong here
	for (const [n, h] of handlers.entries()) {
		if (!h.registers) yield* look(extra([h.name, h.twin]));
		for (const other of distinct(h, n)) yield* look(extra([h.name, other.name]));
	}
	for (const group of earlier?.groups ?? []) yield* look(extra(group, WITH_EARLIER));
	const unfinished: (Handler | undefined)[] = [];
	// without adversaries each has been alone already
	for (const h of core.length > 0 ? lanes : []) {
		const whole = yield* turn({ ...first([...own(h), ...core]), maxStates: FIRST_LOOK });
		if (!whole.complete || !whole.clean) for (const pair of pairs) yield* sized([...own(h), ...pair]);
		if (whole.more) unfinished.push(h);
		for (const pair of furtherPairs) yield* look(extra([...own(h), ...pair]));
	}
	if (has.stream) for (const h of handlers) yield* look(extra([h.name, MMAP, STREAM], WITH_STREAM));
	if (has.other) for (const h of handlers) yield* look(first([h.name, RECLAIM, WRITER], WITH_OTHER));
	for (const h of handlers.filter((x) => !x.registers))
		for (const a of among([RECLAIM])) yield* look(extra([h.name, h.twin, ...a]));
	for (const [n, h] of handlers.entries())
		for (const other of distinct(h, n))
			for (const a of among([MMAP], [RECLAIM])) yield* look(extra([h.name, other.name, ...a]));
	if (!failed) for (const group of earlier?.further ?? []) yield* turn({ ...extra(group, WITH_EARLIER), beyond: true });
	// a driver that is wrong already hears of its missing ->release when that is mended
	if (has.exit && !failed) for (const h of lanes) yield* look(first([...own(h), EXIT], WITH_EXIT));
	// an error by all of them at once says little that those of the pairs do not
	if (failed) return;
	const largest: Part[] = [];
	for (const h of unfinished) {
		const whole = first([...own(h), ...core]);
		if (!has.onePage || estimate(h) < WHOLE) {
			const outcome = yield* turn({ ...whole, maxStates: WHOLE });
			if (!outcome.more || outcome.failed) continue;
		}
		const small = has.onePage
			? yield* turn({ ...whole, scenario: WITH_ONE_PAGE, maxStates: MORE, small: true })
			: undefined;
		if (!small?.complete || small.failed) largest.push(whole);
	}
	const large: Part[] = [];
	for (const part of rest) {
		if (isCovered(part)) continue;
		const { more } = yield* turn(part);
		if (more) large.push(part);
	}
	for (const { maxStates: _, look: __, ...part } of [...large, ...largest]) if (!isCovered(part)) yield* turn(part);
}
