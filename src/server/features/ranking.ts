/** Which proposals come first. */
import { kernelLibraries } from '../../kernel/library.js';
import { type File, type FunctionDecl, isInclude, type TagDef } from '../../language/generated/ast.js';
import { INVALIDATORS } from '../../language/scenario-words.js';
import { sourceOf } from '../../language/text.js';

/** The order of proposals; what is demoted stands behind everything else. */
export const Rank = {
	wanted: 0,
	local: 1,
	own: 2,
	snippet: 3,
	library: 4,
	usual: 5,
	prelude: 6,
	word: 7,
	demoted: 9,
} as const;

/** What is asked for most, before its rarer relatives. */
const USUAL =
	/^((mutex|spin|read|write)_(lock|unlock|trylock)|(down|up)_(read|write)|mmap_(read|write)_(lock|unlock|trylock)|dev_(map|unmap|map_page)|(read|write)_once|cpu_pte|wait_event|wake_up|(schedule|flush|cancel)_work\w*|k[mz]alloc|kfree|schedule|pte_present|pte_page|container_of)$/i;
/** Assertions and bookkeeping: seldom typed. */
const SELDOM = /^(__|might_|lockdep_|lock_(acquire|release))/;
/** What the sketch is about. */
const NOTIFIERS = 'mmn-kernel:/mn/';
const OF_NOTIFIERS = /^mmu_notifier_range(_blockable)?$/;

/** What is run against a driver first. */
const FIRST_INVALIDATORS = /^(munmap|mmap_fixed|reclaim)$/;
const REGISTERS = /^(mmu_notifier_register|mmu_interval_notifier_insert)$/;

/** Where the cursor is. */
export type Where = 'driver' | 'setup' | 'scenario';

/**
 * How likely a function is meant.
 *
 * @param included the libraries that the sketch itself asks for
 */
export function rankOf(node: FunctionDecl, included: ReadonlySet<string>, where: Where): number {
	const { uri, kernel } = sourceOf(node);
	if (!kernel) return where === 'driver' ? Rank.own : Rank.local;
	if (where === 'setup' && REGISTERS.test(node.name)) return Rank.local;
	// What changes a page table is the other side of every race, and so of every scenario.
	if (where !== 'driver' && INVALIDATORS.test(uri)) return FIRST_INVALIDATORS.test(node.name) ? Rank.own : Rank.snippet;
	if (SELDOM.test(node.name)) return Rank.word;
	if (isLibrary(node.name, uri, included)) return Rank.library;
	return USUAL.test(node.name) ? Rank.usual : Rank.prelude;
}

/** How likely a library is meant, by its name: the notifiers are what a sketch is about, the environment includes its own. */
export function rankOfLibrary(name: string): number {
	return name.startsWith('mn/') ? Rank.own : name.startsWith('environment/') ? Rank.word : Rank.library;
}

/** How likely a struct or an enum is meant. */
export function rankOfTag(node: TagDef, included: ReadonlySet<string>): number {
	const { uri, kernel } = sourceOf(node);
	if (!kernel) return Rank.own;
	return isLibrary(node.name ?? '', uri, included) ? Rank.library : Rank.prelude;
}

const isLibrary = (name: string, uri: string, included: ReadonlySet<string>): boolean =>
	uri.startsWith(NOTIFIERS) || included.has(uri) || OF_NOTIFIERS.test(name);

/** The uris of the libraries that a sketch itself asks for. */
export function includedLibraries(root: File): ReadonlySet<string> {
	const names = root.items.flatMap((item) => (isInclude(item) ? (/<([^>]*)>/.exec(item.path)?.[1] ?? []) : []));
	return new Set(names.flatMap((name) => kernelLibraries.resolve(name) ?? []));
}

/**
 * 0 where the name begins so, 1 where it does in other letters (`pte` for PTE_PRESENT), 2 where a part of it does, 3 where its
 * letters are in it in order; -1 for no match.
 */
export function matches(typed: string, name: string): number {
	if (typed === '') return 0;
	const wanted = typed.toLowerCase();
	const candidate = name.toLowerCase();
	if (name.startsWith(typed)) return 0;
	if (candidate.startsWith(wanted)) return 1;
	const at = candidate.indexOf(wanted);
	if (at > 0 && /[\W_]/.test(candidate[at - 1] ?? '')) return 2;
	let from = 0;
	for (const letter of wanted) {
		from = candidate.indexOf(letter, from) + 1;
		if (from === 0) return -1;
	}
	return 3;
}

export function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
