/** The formatter's edits: white space between pieces, and nothing else. */
import { DEEPEST, LONGEST } from '../lexer.js';
import { layout } from './layout.js';
import { type Piece, piecesOf } from './tokens.js';

/** As in LSP: lines and UTF-16 columns count from 0. */
export interface TextPosition {
	readonly line: number;
	readonly character: number;
}

export interface WhiteSpaceEdit {
	range: { start: TextPosition; end: TextPosition };
	newText: string;
}

/** A change of the white space from one offset up to another. */
interface Gap {
	readonly from: number;
	readonly to: number;
	readonly text: string;
}

/** The text in kernel style. Pieces and comments are those of before, in their order. */
export function formatText(text: string): string {
	let result = '';
	let at = 0;
	for (const { from, to, text: white } of gapsOf(text)) {
		result += text.slice(at, from) + white;
		at = to;
	}
	return result + text.slice(at);
}

/** The edits that bring a text into kernel style. */
export function format(text: string): WhiteSpaceEdit[] {
	return toEdits(text, gapsOf(text));
}

/** The same for the lines of a range. */
export function formatRange(
	text: string,
	range: { readonly start: TextPosition; readonly end: TextPosition },
): WhiteSpaceEdit[] {
	const from = lineStart(text, range.start.line);
	// A selection that ends at the begin of a line does not mean that line.
	const last = range.end.character === 0 && range.end.line > range.start.line ? range.end.line - 1 : range.end.line;
	const to = lineStart(text, last + 1);
	return toEdits(
		text,
		gapsOf(text).filter((gap) => gap.to >= from && gap.to <= to && !(gap.to === to && to < text.length)),
	);
}

/** What a `;`, a `}` or a new line makes clear about the line that it ends. */
export function formatOnType(text: string, position: TextPosition, typed: string): WhiteSpaceEdit[] {
	const line = typed === '\n' ? position.line - 1 : position.line;
	if (line < 0) return [];
	const from = lineStart(text, line);
	const cursor = lineStart(text, position.line) + position.character;
	// The white space at the cursor is being typed: it stays.
	const gaps = gapsOf(text).filter(
		(gap) =>
			gap.to >= from &&
			gap.to < cursor + (typed === '\n' ? 0 : 1) &&
			!(gap.from <= cursor && cursor <= gap.to && gap.to > gap.from && gap.from === cursor),
	);
	const inLine = gaps.filter((gap) => gap.to < (typed === '\n' ? lineStart(text, line + 1) : cursor + 1));
	return toEdits(text, inLine);
}

function lineStart(text: string, line: number): number {
	let at = 0;
	for (let n = 0; n < line; n++) {
		const next = text.indexOf('\n', at);
		if (next < 0) return text.length;
		at = next + 1;
	}
	return at;
}

function gapsOf(text: string): Gap[] {
	if (text.length > LONGEST) return [];
	const pieces = piecesOf(text);
	if (isTooDeep(pieces)) return [];
	const gaps: Gap[] = [];
	const white = layout(text, pieces);
	const newline = text.includes('\r\n') ? '\r\n' : '\n';
	let at = 0;
	for (let i = 0; i <= pieces.length; i++) {
		const to = pieces[i]?.offset ?? text.length;
		const wanted = (white[i] ?? '').replaceAll('\n', newline);
		if (text.slice(at, to) !== wanted) gaps.push({ from: at, to, text: wanted });
		at = to + (pieces[i]?.text.length ?? 0);
	}
	return gaps;
}

/** No sketch that can be understood, and each line a tab longer than the one before. */
function isTooDeep(pieces: readonly Piece[]): boolean {
	let depth = 0;
	return pieces.some(({ text }) => {
		if (text === '{') depth++;
		else if (text === '}') depth--;
		return depth > DEEPEST;
	});
}

function toEdits(text: string, gaps: readonly Gap[]): WhiteSpaceEdit[] {
	let line = 0;
	let start = 0;
	// looked for once: a line may be a megabyte long
	let next = text.indexOf('\n');
	const positionOf = (offset: number): TextPosition => {
		for (; next >= 0 && next < offset; next = text.indexOf('\n', start)) {
			line++;
			start = next + 1;
		}
		return { line, character: offset - start };
	};
	return gaps.map(({ from, to, text: newText }) => ({
		range: { start: positionOf(from), end: positionOf(to) },
		newText,
	}));
}
