/**
 * Fixtures of the language: a sketch with what must be reported written below the text it is reported for,
 *
 *     static int f(void) { return y; }
 *     //                          ^ error[name]: 'y' is not declared: declare it above, or include the file that does
 *
 * `UPDATE_GOLDEN=1` rewrites the markers of fixture files from what is reported. A `^` stands below each reported
 * character; a problem that goes on in the next line is marked up to the end of its first.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Problem } from '../../src/language/problem.js';
import { type Libraries, loadProgram, type Program } from '../../src/language/program.js';

const read = (name: string) => readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8');

const LIBRARY_TEXTS: Readonly<Record<string, string>> = {
	'mmn-kernel:/prelude.mmn': read('prelude.mmn'),
	'mmn-kernel:/mn/list.mmn': read('list.mmn'),
	'mmn-kernel:/mn/interval.mmn': read('interval.mmn'),
};

/** The libraries that the tests of the language use, instead of the real simulated kernel. */
export const testLibraries: Libraries = {
	prelude: ['mmn-kernel:/prelude.mmn'],
	names: ['mn/list', 'mn/interval'],
	resolve: (name) => (`mmn-kernel:/${name}.mmn` in LIBRARY_TEXTS ? `mmn-kernel:/${name}.mmn` : undefined),
	read: (uri) => LIBRARY_TEXTS[uri],
};

export const MAIN = 'file:///sketch.mmn';

/** Loads `text` as a sketch, with other files of the user by name. */
export function load(
	text: string,
	others: Readonly<Record<string, string>> = {},
	libraries: Libraries = testLibraries,
): Promise<Program> {
	const files: Record<string, string> = { [MAIN]: text };
	for (const [name, content] of Object.entries(others)) files[`file:///${name}`] = content;
	return loadProgram(MAIN, { read: async (uri) => files[uri] }, libraries);
}

const MARKER = /^\s*\/\/\s*(\^+)\s*(?:error|warning|info|hint)\[/;

/** The text without its markers. */
export function withoutMarkers(text: string): string {
	return text
		.split('\n')
		.filter((line) => !MARKER.test(line))
		.join('\n');
}

/** The text with a marker for each problem, below the line it starts in. */
export function withMarkers(text: string, problems: readonly Problem[]): string {
	return text
		.split('\n')
		.flatMap((line, index) => {
			const here = problems
				.filter((p) => p.span.line === index + 1)
				.sort((a, b) => a.span.column - b.span.column || a.message.localeCompare(b.message));
			return [line, ...here.map((problem) => marker(line, problem))];
		})
		.join('\n');
}

function marker(line: string, { code, message, severity, span }: Problem): string {
	const end = span.endLine === span.line ? span.endColumn : line.length + 1;
	// Tabs of the line are kept, so that the marker stands below its text at any tab width above 2.
	const indent = line.slice(0, span.column - 1).replace(/[^\t]/g, ' ');
	const carets = '^'.repeat(Math.max(1, end - span.column));
	const start = `//${indent.replace(/^ {1,2}/, '')}`;
	return `${start}${carets} ${severity}[${code}]: ${message}`;
}

/** Checks that exactly what the markers of `text` say is reported. */
export async function check(text: string, others: Readonly<Record<string, string>> = {}): Promise<Program> {
	const plain = withoutMarkers(text);
	const program = await load(plain, others);
	expect(withMarkers(plain, ownProblems(program))).toBe(text);
	return program;
}

/** Checks a fixture file; with UPDATE_GOLDEN=1 its markers are written instead. */
export async function checkFixture(url: URL): Promise<void> {
	const path = fileURLToPath(url);
	const text = readFileSync(path, 'utf8');
	if (process.env.UPDATE_GOLDEN === '1') {
		const plain = withoutMarkers(text);
		writeFileSync(path, withMarkers(plain, ownProblems(await load(plain))));
		return;
	}
	await check(text);
}

/** The problems of the sketch itself. */
export function ownProblems(program: Program): Problem[] {
	return program.problems.filter((problem) => problem.span.uri === program.uri);
}
