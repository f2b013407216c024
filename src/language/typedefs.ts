/**
 * Names of types. C can only be parsed by who knows which names are types: where there is a typedef, its name is a token
 * of another kind.
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
 * Turns the names of types into tokens of type `typeName`, in all of the file: a #define may use a type that comes below
 * it. A typedef of what the simulated kernel has anyway (`typedef u64 gfn_t;`) is left out.
 */
export function nameTypes(tokens: Token[], typeName: Token['tokenType']): Token[] {
	if (!tokens.some(({ image }) => image === 'typedef')) return tokens;
	const types = new Set<string>();
	const names = new Set<number>();
	const gone = new Map<number, number>();
	tokens.forEach((token, i) => {
		const found = token.image === 'typedef' ? declares(tokens, i) : undefined;
		const name = found && tokens[found.name];
		if (!found || !name) return;
		if (name.tokenType.name !== 'ID') gone.set(i, found.end);
		else {
			types.add(name.image);
			names.add(found.name);
		}
	});
	const result: Token[] = [];
	for (let i = 0; i < tokens.length; i++) {
		const token = tokens[i] as Token;
		const end = gone.get(i);
		if (end !== undefined) {
			i = end;
			continue;
		}
		const isType =
			!names.has(i) &&
			token.tokenType.name === 'ID' &&
			types.has(token.image) &&
			!BEFORE_OTHER_NAMES.has(tokens[i - 1]?.image ?? '');
		result.push(isType ? { ...token, tokenType: typeName, tokenTypeIdx: typeName.tokenTypeIdx as number } : token);
	}
	return result;
}
