import type { FileResult, Finding } from '../result.js';
import { mailRows, type Row } from './rows.js';
import { eachCause } from './same.js';
import { wrap } from './wrap.js';

/** What a plain-text mail holds in a line. */
const MAIL_WIDTH = 78;
const GAP = 2;
/** A column as wide as the seed's, so that two of them and a quote mark fit a mail. */
const COLUMN = 34;
const MIN_COLUMN = 12;
/** What a column keeps when another one needs room for a long name. */
const LEAST_COLUMN = 18;

/**
 * The mail form of a finding: its run as a table of one column per thread, time downwards, and after an empty line the
 * sentence that names what is wrong. Plain text without tabs, at most `width` characters wide where identifiers allow.
 * @param threads names of the scenario's threads, in the order of the columns; those without a row are left out.
 */
export function mailTable(finding: Finding, threads: readonly string[], width = MAIL_WIDTH): string {
	const table = runTable(finding, threads, width);
	const closing = wrap(finding.closing, width).join('\n');
	return [table, closing].filter((part) => part !== '').join('\n\n');
}

/** The table of {@link mailTable} without its closing sentence; empty for a finding without a run. */
export function runTable(finding: Finding, threads: readonly string[], width = MAIL_WIDTH): string {
	const rows = mailRows(finding);
	const present = new Set(rows.filter((row) => !row.repeats).map((row) => row.thread));
	const columns = [...new Set([...threads, ...present])].filter((thread) => present.has(thread));
	if (columns.length === 0) return '';
	const widths = columnWidths(columns, rows, width);
	const lines = [...heads(columns, widths), widths.map((columnWidth) => '-'.repeat(columnWidth)).join(' '.repeat(GAP))];
	for (const row of rows) {
		if (row.repeats) {
			lines.push(...row.remarks.map((remark) => `// ${remark}`));
			continue;
		}
		const column = columns.indexOf(row.thread);
		const left = widths.slice(0, column).reduce((sum, columnWidth) => sum + columnWidth + GAP, 0);
		// A row has one thread, so a cell may run through the gap to where the next column begins.
		const room = column === columns.length - 1 ? width - left : (widths[column] ?? 0) + GAP;
		for (const line of cell(row, room, width - left)) lines.push(' '.repeat(left) + line);
	}
	return lines.map((line) => line.trimEnd()).join('\n');
}

/** The names of the columns; one that is longer than its column goes on in a second line. */
function heads(columns: readonly string[], widths: readonly number[]): string[] {
	const names = columns.map((name, i) => wrap(name, widths[i] ?? 0, '', widths[i]));
	const height = Math.max(...names.map((lines) => lines.length));
	return Array.from({ length: height }, (_, line) =>
		names.map((lines, i) => (lines[line] ?? '').padEnd(widths[i] ?? 0)).join(' '.repeat(GAP)),
	);
}

/** Columns of equal width; one that needs more takes it from the line's rest and from those that need less. */
function columnWidths(columns: readonly string[], rows: readonly Row[], width: number): number[] {
	// Every column may run over by the gap, the last one too.
	const total = width - GAP * columns.length;
	const base = Math.min(COLUMN, Math.floor(total / columns.length));
	const needs = columns.map((name) => {
		const cells = rows
			.filter((row) => row.thread === name)
			.flatMap((row) => [row.text, ...row.remarks.map(remarkCell)]);
		return Math.max(name.length, ...cells.map((text) => text.length - GAP));
	});
	const widths = needs.map((need) => Math.min(base, Math.max(need, MIN_COLUMN)));
	let spare = total - widths.reduce((sum, columnWidth) => sum + columnWidth, 0);
	const grow = (i: number, to: number) => {
		const extra = Math.max(0, Math.min(spare, to - (widths[i] ?? 0)));
		widths[i] = (widths[i] ?? 0) + extra;
		spare -= extra;
	};
	for (const [i, need] of needs.entries()) grow(i, need);
	for (const i of needs.keys()) grow(i, base);
	return withWholeWords(widths, rows, columns.at(-1) ?? '');
}

/** A long name may run over into the columns behind it; the last column, which has none, takes what it needs from the others. */
function withWholeWords(widths: readonly number[], rows: readonly Row[], last: string): number[] {
	const words = rows.filter(({ thread }) => thread === last).flatMap(({ text }) => text.split(/\s+/));
	const before = widths.slice(0, -1);
	const lacks = Math.max(0, ...words.map(({ length }) => length)) - GAP - (widths.at(-1) ?? 0);
	if (lacks <= 0 || before.reduce((sum, width) => sum + Math.max(0, width - LEAST_COLUMN), 0) < lacks)
		return [...widths];
	for (let left = lacks; left > 0; left--) {
		const widest = before.indexOf(Math.max(...before));
		before[widest] = (before[widest] ?? 0) - 1;
	}
	return [...before, (widths.at(-1) ?? 0) + lacks];
}

/** Remarks wrap well: they ask for no more than a seed's column. */
function remarkCell(remark: string): string {
	return `// ${remark}`.slice(0, COLUMN);
}

function cell(row: Row, room: number, hard: number): string[] {
	const remarks = row.remarks.map((remark) => `// ${remark}`);
	const beside = [row.text, ...remarks].join(' ');
	if (row.text !== '' && !row.blocked && remarks.length === 1 && beside.length <= room) return [beside];
	return [
		...wrap(row.text, room, '    ', hard),
		...row.remarks.flatMap((remark) => wrap(`// ${remark}`, room, '// ', hard)),
	];
}

/**
 * `--format table` for one file: every finding as a mail table under a line that names it, ready to be pasted. What is
 * the same in several scenarios has its table once, and its line in each.
 */
export function tableForm(file: FileResult, path: string): string {
	const blocks: string[] = [];
	const causes = eachCause(file);
	for (const scenario of file.scenarios) {
		if (scenario.findings.length === 0) {
			const state = scenario.complete
				? 'every interleaving explored, nothing found'
				: 'stopped at a limit, nothing found up to there';
			blocks.push(`${path}: ${scenario.name}: ${state}`);
		}
		for (const finding of scenario.findings) {
			const expected = scenario.expected.includes(finding.code) ? ', as expected' : '';
			const heading = `${path}:${finding.span.line}: ${scenario.name}: ${finding.code}${expected}`;
			const elsewhere = causes.find(({ others }) => others.some((other) => other.finding === finding));
			const table = mailTable(finding, scenario.threads);
			if (elsewhere) blocks.push(`${heading}: the same as in ${elsewhere.scenario.name}`);
			else
				blocks.push(
					table === '' ? `${heading}\n\n${wrap(finding.message, MAIL_WIDTH).join('\n')}` : `${heading}\n\n${table}`,
				);
		}
	}
	return blocks.map((block) => `${block}\n`).join('\n');
}
