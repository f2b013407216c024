import { closest } from '../language/suggest.js';

/** More than this is a list to read, and no guess. */
const MOST = 4;

/**
 * ` (did you mean X or Y?)` for the candidates that `word` is the beginning of, else the one that a slip of the hand, or
 * Caps Lock, made into it; empty when there is none.
 */
export function didYouMean(word: string, candidates: Iterable<string>): string {
	const all = [...candidates];
	const begun = word.length < 2 ? [] : all.filter((c) => c.startsWith(word) && c !== word);
	const near = all.find((c) => c.toLowerCase() === word.toLowerCase()) ?? closest(word, all);
	const found = begun.length > 0 && begun.length <= MOST ? begun : near === undefined ? [] : [near];
	if (found.length === 0) return '';
	const last = found.at(-1);
	return ` (did you mean ${found.length === 1 ? last : `${found.slice(0, -1).join(', ')} or ${last}`}?)`;
}
