/** `#ifndef X_H`, `#define X_H`, …, `#endif`, and `#pragma once`: files are read once anyway. */

import type { Token } from './lexer.js';

/**
 * Those of the preprocessor's lines that only see to it that a file is read once, and the tokens of the `#define`s that
 * belong to them. `tokens` are what is left to parse.
 */
export function includeGuards(directives: readonly Token[], tokens: readonly Token[]): Set<Token> {
	const plain = new Set<Token>();
	/** Conditions that are open, each with its `#define` where it may be a guard, and with the lines that belong to it. */
	const open: { readonly defined: readonly Token[]; readonly lines: Token[] }[] = [];
	for (const token of directives) {
		const [, word, rest = ''] = /^#[ \t]*([a-z]+)[ \t]*(.*)/.exec(token.image) ?? [];
		if (word === 'pragma' && /^once\b/.test(rest)) plain.add(token);
		else if (word === 'if' || word === 'ifdef' || word === 'ifndef') {
			const name = word === 'ifndef' ? /^\w+/.exec(rest)?.[0] : undefined;
			open.push({ defined: name === undefined ? [] : definedFirst(name, token, tokens), lines: [token] });
		} else if (word === 'else' || word === 'elif') open.at(-1)?.lines.push(token);
		else if (word === 'endif') {
			const condition = open.pop();
			// with another branch it is more than a guard
			if (condition !== undefined && condition.defined.length > 0 && condition.lines.length === 1)
				for (const part of [...condition.lines, ...condition.defined, token]) plain.add(part);
		}
	}
	return plain;
}

/** The tokens of `#define NAME` where that comes right behind the line, and for the first time. */
function definedFirst(name: string, line: Token, tokens: readonly Token[]): Token[] {
	const at = tokens.findIndex((t) => t.startOffset > line.startOffset);
	const defines = (n: number): boolean => tokens[n]?.tokenType.name === 'DEFINE' && tokens[n + 1]?.image === name;
	if (at < 0 || !defines(at) || tokens.slice(0, at).some((_, n) => defines(n))) return [];
	return tokens.slice(at).filter((t) => t.startLine === tokens[at]?.startLine);
}
