import { closest } from '../language/suggest.js';

/** ` (did you mean X?)` for the candidate that a slip of the hand made into `word`; empty when none is close. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
	const found = closest(word, candidates);
	return found === undefined ? '' : ` (did you mean ${found}?)`;
}
