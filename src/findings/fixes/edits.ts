import type { AstNode } from 'langium';
import {
	type FunctionDecl,
	isBlock,
	isIfStatement,
	isLabelStatement,
	isVariableDecl,
	type Statement,
} from '../../language/generated/ast.js';
import { sourceOf } from '../../language/text.js';

/** Replaces the text between two offsets (UTF-16) of a file. */
export interface Edit {
	readonly uri: string;
	readonly start: number;
	readonly end: number;
	readonly text: string;
}

/** The text of the file at `uri` after its edits, which must not overlap; insertions at one place keep their order
 * and come before what replaces the text there. */
export function applyEdits(text: string, uri: string, edits: readonly Edit[]): string {
	let result = '';
	let at = 0;
	for (const edit of inOrder(edits.filter((e) => e.uri === uri))) {
		result += text.slice(at, edit.start) + edit.text;
		at = Math.max(at, edit.end);
	}
	return result + text.slice(at);
}

/** Whether no two of the edits change the same text. */
export function areApart(edits: readonly Edit[]): boolean {
	return inOrder(edits).every((edit, n, all) => {
		const before = all[n - 1];
		return before === undefined || before.uri !== edit.uri || before.end <= edit.start;
	});
}

const inOrder = (edits: readonly Edit[]): Edit[] =>
	edits
		.map((edit, n) => ({ edit, n }))
		.sort(
			(a, b) =>
				(a.edit.uri < b.edit.uri ? -1 : a.edit.uri > b.edit.uri ? 1 : 0) ||
				a.edit.start - b.edit.start ||
				Number(a.edit.end > a.edit.start) - Number(b.edit.end > b.edit.start) ||
				a.n - b.n,
		)
		.map(({ edit }) => edit);

/** Changes to whole statements, which keep the indentation, the braces and the line ends of the text around them. */
export class Edits {
	readonly list: Edit[] = [];

	/** Puts lines before and after a statement; a body without braces gets them. */
	surround(statement: Statement, before: readonly string[], after: readonly string[]): this {
		const { uri, text } = sourceOf(statement);
		const [start, end] = rangeOf(statement);
		const eol = eolOf(text);
		if (isBlock(statement.$container)) {
			const indent = indentOf(statement);
			// on one line with others, as in a scenario's block
			const shares = text.slice(text.lastIndexOf('\n', start - 1) + 1, start).trim() !== '';
			if (shares && after.length === 0 && before.every((line) => /^\w.*;$/.test(line)))
				return this.insert(uri, start, before.map((line) => `${line} `).join(''));
			if (before.length > 0) this.insert(uri, start, lineByLine(before, `${eol}${indent}`));
			if (after.length > 0)
				this.insert(uri, endOfLine(text, end), after.map((line) => `${eol}${indent}${line}`).join(''));
			return this;
		}
		const outer = indentOf(statement.$container);
		const indent = `${outer}\t`;
		const head = text
			.slice(0, start)
			.replace(/\/\/[^\r\n]*|\/\*[\s\S]*?\*\//g, (comment) => ' '.repeat(comment.length))
			.trimEnd().length;
		const lines = before.map((line) => `${line}${eol}${indent}`).join('');
		if (text.slice(head, start).trim() === '') this.replaceRange(uri, head, start, ` {${eol}${indent}${lines}`);
		else {
			this.insert(uri, head, ' {');
			this.insert(uri, start, lines);
		}
		const tail = after.map((line) => `${eol}${indent}${line}`).join('');
		const otherwise = /^\s*(?=else\b)/.exec(text.slice(end));
		if (otherwise) this.replaceRange(uri, end, end + otherwise[0].length, `${tail}${eol}${outer}} `);
		else this.insert(uri, endOfLine(text, end), `${tail}${eol}${outer}}`);
		return this;
	}

	before(statement: Statement, ...lines: string[]): this {
		return this.surround(statement, lines, []);
	}

	after(statement: Statement, ...lines: string[]): this {
		return this.surround(statement, [], lines);
	}

	/** Declares a variable behind those that a function begins with. */
	declare(f: FunctionDecl, line: string): this {
		const statements = f.body?.statements ?? [];
		const first = statements.findIndex((s) => !isVariableDecl(s));
		const last = statements[(first < 0 ? statements.length : first) - 1];
		if (last) return this.after(last, line);
		return first === 0 && statements[0] ? this.before(statements[0], line, '') : this;
	}

	/** Puts a label before a statement that begins its line, at the margin. */
	label(statement: Statement, name: string): this {
		const { uri, text } = sourceOf(statement);
		const at = text.lastIndexOf('\n', rangeOf(statement)[0] - 1) + 1;
		return this.insert(uri, at, `${name}:${eolOf(text)}`);
	}

	/** Takes a statement out, with its lines where it has them for itself. */
	remove(statement: Statement): this {
		const { uri, text } = sourceOf(statement);
		const [start, end] = rangeOf(statement);
		if (!isBlock(statement.$container)) {
			const around = statement.$container;
			if (isIfStatement(around) && around.then === statement && around.otherwise === undefined)
				return this.remove(around);
			return this.replaceRange(uri, start, end, '{ }');
		}
		const lineStart = text.lastIndexOf('\n', start - 1) + 1;
		const lineEnd = endOfLine(text, end);
		if (text.slice(lineStart, start).trim() !== '') return this.replaceRange(uri, start, end, '');
		const next = text.startsWith('\r\n', lineEnd) ? lineEnd + 2 : text[lineEnd] === '\n' ? lineEnd + 1 : lineEnd;
		if (next === lineEnd) return this.replaceRange(uri, start, end, '');
		// no empty line is left at the head of a block
		const opens = /\{[ \t]*\r?\n$/.test(text.slice(0, lineStart));
		const blank = opens ? (/^[ \t]*\r?\n/.exec(text.slice(next))?.[0].length ?? 0) : 0;
		return this.replaceRange(uri, lineStart, next + blank, '');
	}

	replace(node: AstNode, text: string): this {
		const [start, end] = rangeOf(node);
		return this.replaceRange(sourceOf(node).uri, start, end, text);
	}

	insert(uri: string, at: number, text: string): this {
		return this.replaceRange(uri, at, at, text);
	}

	replaceRange(uri: string, start: number, end: number, text: string): this {
		if (start !== end || text !== '') this.list.push({ uri, start, end, text });
		return this;
	}
}

/** Lines, each with `end` behind it; an empty one stays without indentation. */
const lineByLine = (lines: readonly string[], end: string): string =>
	lines
		.map((line) => `${line}${end}`)
		.join('')
		.replace(/\n[ \t]+(?=\r?\n)/g, '\n');

export function rangeOf(node: AstNode): [start: number, end: number] {
	const cst = node.$cstNode;
	return cst ? [cst.offset, cst.end] : [0, 0];
}

/** The text of a node as it stands there, with comments and line breaks. */
export function rawText(node: AstNode): string {
	return sourceOf(node).text.slice(...rangeOf(node));
}

export const eolOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

/** White space before the first statement of the same block that is no label: those stand at the margin. */
export function indentOf(node: AstNode): string {
	const { $container: block } = node;
	const model =
		isLabelStatement(node) && block && isBlock(block)
			? (block.statements.find((s) => !isLabelStatement(s)) ?? node)
			: node;
	const { text } = sourceOf(model);
	const start = rangeOf(model)[0];
	return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', start - 1) + 1, start))?.[0] ?? '';
}

/** The end of the line where nothing but white space and comments follow, else `end` itself. */
function endOfLine(text: string, end: number): number {
	const rest = /^(?:[ \t]*\/\*(?:(?!\*\/)[^\r\n])*\*\/)*[ \t]*(?:\/\/[^\r\n]*)?(?=\r?\n|$)/.exec(text.slice(end));
	return end + (rest?.[0].length ?? 0);
}

/** Where the comment begins that stands right above an item. */
export function aboveComment(text: string, offset: number): number {
	const comment = /(^|\n)[ \t]*(\/\*(?:(?!\*\/)[\s\S])*\*\/|(?:\/\/[^\r\n]*\r?\n[ \t]*)*\/\/[^\r\n]*)[ \t]*\r?\n$/.exec(
		text.slice(0, offset),
	);
	return comment ? comment.index + (comment[1]?.length ?? 0) : offset;
}
