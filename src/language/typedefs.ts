/**
 * Names of types. C can only be parsed by who knows which names are types: behind a typedef, its name is a token of
 * another kind.
 */

import { closingParenthesis } from './annotations.js';
import type { Token } from './lexer.js';

/** Kinds of token that a name of a type may not follow: what stands behind them is a name of something else. */
const BEFORE_OTHER_NAMES = new Set(['.', '->', 'struct', 'union', 'enum', 'goto']);

/** The place of the name that a typedef declares, and of its `;`. */
function declares(tokens: readonly Token[], from: number): { readonly name: number; readonly end: number } | undefined {
	let depth = 0;
	let name = -1;
	for (let i = from + 1; i < tokens.length; i++) {
		const image = tokens[i]?.image ?? '';
		if (image === '{') depth++;
		else if (image === '}') depth--;
		else if (depth > 0) continue;
		else if (image === ';') return name < 0 ? undefined : { name, end: i };
		else if (image === '(') {
			// typedef int (*name)(…); typedef int name(…);
			if (tokens[i + 1]?.image === '*') name = i + 2;
			const close = closingParenthesis(tokens, i);
			i = tokens[close + 1]?.image === '(' ? closingParenthesis(tokens, close + 1) : close;
		} else if (image === '[') {
			while (i < tokens.length && tokens[i]?.image !== ']') i++;
		} else if (/^\w+$/.test(image)) name = i;
	}
	return undefined;
}

/**
 * Turns the names of types into tokens of type `typeName`, from the typedef on. A typedef of what the simulated kernel
 * has anyway (`typedef u64 gfn_t;`) is left out.
 */
export function nameTypes(tokens: Token[], typeName: Token['tokenType']): Token[] {
	if (!tokens.some(({ image }) => image === 'typedef')) return tokens;
	const types = new Set<string>();
	const result: Token[] = [];
	let declaring = -1;
	for (let i = 0; i < tokens.length; i++) {
		const token = tokens[i] as Token;
		if (token.image === 'typedef') {
			const found = declares(tokens, i);
			const name = found && tokens[found.name];
			if (found && name && name.tokenType.name !== 'ID') {
				i = found.end;
				continue;
			}
			declaring = found?.name ?? -1;
		}
		if (i === declaring) {
			types.add(token.image);
			result.push(token);
		} else if (
			token.tokenType.name === 'ID' &&
			types.has(token.image) &&
			!BEFORE_OTHER_NAMES.has(tokens[i - 1]?.image ?? '')
		) {
			result.push({ ...token, tokenType: typeName, tokenTypeIdx: typeName.tokenTypeIdx as number });
		} else result.push(token);
	}
	return result;
}
