/** What a declaration's author wrote about it. */
import type { AstNode } from 'langium';
import { sourceOf } from '../../language/text.js';

/** The comment right above a node, or behind it on its line, as plain text; undefined when there is none. */
export function commentOf(node: AstNode): string | undefined {
	const cst = node.$cstNode;
	if (!cst) return undefined;
	const { text } = sourceOf(node);
	return above(text.slice(0, cst.offset)) ?? behind(text.slice(cst.end));
}

/** The comment at the begin of a file. */
export function headComment(text: string): string | undefined {
	const match = /^\s*\/\*([\s\S]*?)\*\//.exec(text);
	return match ? plain(match[1] ?? '') : undefined;
}

function above(before: string): string | undefined {
	const block = /(?:^|\n)[ \t]*\/\*((?:(?!\*\/)[\s\S])*)\*\/[ \t]*\r?\n?[ \t]*$/.exec(before);
	if (block) {
		const words = plain(block[1] ?? '');
		// `/* ---- locks ---- */` is the heading of a part of the file, not about what follows.
		return /^-{2,}/.test(words) ? undefined : words;
	}
	const lines = /((?:(?:^|\n)[ \t]*\/\/[^\n]*)+)\r?\n[ \t]*$/.exec(before);
	return lines ? plain((lines[1] ?? '').replace(/^[ \t]*\/\/ ?/gm, '')) : undefined;
}

function behind(after: string): string | undefined {
	const match = /^[ \t]*[;,]?[ \t]*(?:\/\*(.*?)\*\/|\/\/([^\n]*))/.exec(after);
	return match ? plain(match[1] ?? match[2] ?? '') : undefined;
}

function plain(comment: string): string {
	return comment
		.split('\n')
		.map((line) => line.replace(/^\s*\*? ?/, '').trimEnd())
		.join('\n')
		.trim();
}

/** The first sentence of a comment, in one line. */
export function firstSentence(text: string): string {
	const line = text.replace(/\s+/g, ' ');
	return /^.*?[.;:](?=\s|$)/.exec(line)?.[0] ?? line;
}
