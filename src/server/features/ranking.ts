/** Which proposals come first. */
import { kernelLibraries } from '../../kernel/library.js';
import { type File, type FunctionDecl, isInclude } from '../../language/generated/ast.js';
import { sourceOf } from '../../language/text.js';

/** The order of proposals; what is demoted stands behind everything else. */
export const Rank = { wanted: 0, local: 1, own: 2, snippet: 3, library: 4, prelude: 5, word: 6, demoted: 9 } as const;

/** What is asked for most, before its rarer relatives. */
const USUAL =
	/^((mutex|spin|read|write)_(lock|unlock|trylock)|(down|up)_(read|write)|mmap_(read|write)_(lock|unlock|trylock)|dev_(map|unmap|map_page)|(read|write)_once|cpu_pte|wait_event|wake_up|(schedule|flush|cancel)_work\w*|k[mz]alloc|kfree|schedule)$/i;
/** Assertions and bookkeeping: seldom typed. */
const SELDOM = /^(__|might_|lockdep_|lock_(acquire|release))/;
/** What changes a page table: the other side of every race, and so of every scenario. */
const INVALIDATORS = 'mmn-kernel:/kernel/invalidators.mmn';
/** What the sketch is about. */
const NOTIFIERS = 'mmn-kernel:/mn/';

/**
 * How likely a function is meant.
 *
 * @param included the libraries that the sketch itself asks for
 * @param scenario the cursor is in a scenario, not in the driver
 */
export function rankOf(node: FunctionDecl, included: ReadonlySet<string>, scenario: boolean): number {
	const { uri, kernel } = sourceOf(node);
	if (!kernel || (scenario && uri === INVALIDATORS)) return Rank.own;
	if (SELDOM.test(node.name)) return Rank.word;
	return USUAL.test(node.name) || uri.startsWith(NOTIFIERS) || included.has(uri) ? Rank.library : Rank.prelude;
}

/** The uris of the libraries that a sketch itself asks for. */
export function includedLibraries(root: File): ReadonlySet<string> {
	const names = root.items.flatMap((item) => (isInclude(item) ? (/<([^>]*)>/.exec(item.path)?.[1] ?? []) : []));
	return new Set(names.flatMap((name) => kernelLibraries.resolve(name) ?? []));
}

/** 0 where the name begins so, 1 where a part of it does, 2 where its letters are in it in order; -1 for no match. */
export function matches(typed: string, name: string): number {
	if (typed === '') return 0;
	const wanted = typed.toLowerCase();
	const candidate = name.toLowerCase();
	if (candidate.startsWith(wanted)) return 0;
	const at = candidate.indexOf(wanted);
	if (at > 0 && /[\W_]/.test(candidate[at - 1] ?? '')) return 1;
	let from = 0;
	for (const letter of wanted) {
		from = candidate.indexOf(letter, from) + 1;
		if (from === 0) return -1;
	}
	return 2;
}

export function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
