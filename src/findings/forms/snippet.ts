import type { Span } from '../result.js';
import type { Paint } from './paint.js';
import { expandTabs, printable, wrap } from './wrap.js';

/** A place to underline, with what is to be said there. */
export interface Mark {
	readonly span: Span;
	readonly label: string;
	/** The place to blame: underlined with carets, the others with tildes. */
	readonly primary: boolean;
}

/**
 * The source lines of `marks`, all of one file, each underlined and labelled, in the order of the text.
 * Lines that the source no longer has are left out; without a source the labels are listed with their line numbers.
 */
export function snippet(marks: readonly Mark[], source: string | undefined, paint: Paint, width: number): string[] {
	const plain = marks.map((mark) => ({ ...mark, label: printable(mark.label.replace(/\s+/g, ' ')) }));
	const sorted = unique(plain).sort((a, b) => a.span.line - b.span.line || a.span.column - b.span.column);
	const lines = source?.split(/\r\n|\r|\n/) ?? [];
	const gutter = Math.max(4, ...sorted.map((mark) => String(mark.span.line).length)) + 1;
	const shown = sorted.filter((mark) => lines[mark.span.line - 1] !== undefined);
	if (shown.length === 0)
		return sorted
			.filter((mark) => mark.label !== '')
			.map((mark) => `${paint.dim(String(mark.span.line).padStart(gutter))}   ${mark.label}`);
	const indent = Math.min(...shown.map((mark) => indentOf(lines[mark.span.line - 1] ?? '')));
	const bar = paint.dim('|');
	const out: string[] = [];
	let previous = 0;
	for (const mark of shown) {
		const line = mark.span.line;
		const text = lines[line - 1] ?? '';
		if (line !== previous) {
			if (previous !== 0 && line === previous + 2) out.push(sourceLine(line - 1, lines[line - 2] ?? ''));
			else if (previous !== 0 && line > previous + 2) out.push(paint.dim(`${' '.repeat(gutter)} ...`));
			out.push(sourceLine(line, text));
		}
		previous = line;
		out.push(...underline(mark, text));
	}
	return out;

	function sourceLine(line: number, text: string): string {
		const cut = expandTabs(text).slice(indent).trimEnd();
		return `${paint.dim(String(line).padStart(gutter))} ${bar} ${cut}`.trimEnd();
	}

	function underline(mark: Mark, text: string): string[] {
		const from = expandTabs(text.slice(0, mark.span.column - 1)).length - indent;
		const end = mark.span.endLine === mark.span.line ? mark.span.endColumn - 1 : text.length;
		const length = Math.max(1, expandTabs(text.slice(0, end)).trimEnd().length - indent - from);
		const line = mark.primary ? `^${'~'.repeat(length - 1)}` : '~'.repeat(length);
		const paintMark = mark.primary ? paint.error : paint.related;
		const prefix = `${' '.repeat(gutter)} ${bar} ${' '.repeat(Math.max(0, from))}`;
		const left = gutter + 3 + Math.max(0, from);
		if (mark.label === '') return [prefix + paintMark(line)];
		if (left + length + 1 + mark.label.length <= width) return [`${prefix}${paintMark(line)} ${paintMark(mark.label)}`];
		const room = Math.max(30, width - left);
		return [prefix + paintMark(line), ...wrap(mark.label, room).map((part) => prefix + paintMark(part))];
	}
}

/** Several marks of one range become one, with their labels joined. */
function unique(marks: readonly Mark[]): Mark[] {
	const byRange = new Map<string, Mark>();
	for (const mark of marks) {
		const { line, column, endLine, endColumn } = mark.span;
		const key = [line, column, endLine, endColumn].join(':');
		const known = byRange.get(key);
		if (known === undefined) byRange.set(key, mark);
		else {
			const labels = [known.label, mark.label].filter((label) => label !== '');
			byRange.set(key, {
				span: mark.span,
				primary: known.primary || mark.primary,
				label: [...new Set(labels)].join('; '),
			});
		}
	}
	return [...byRange.values()];
}

function indentOf(text: string): number {
	return /^ */.exec(expandTabs(text))?.[0].length ?? 0;
}
