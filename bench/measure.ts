/**
 * From changed text to diagnostics, for every sketch of the corpus, in a warm process: what an editor waits for. Two things:
 * a sketch that was just opened, of which nothing is remembered, and the same sketch after an edit of one of its callbacks.
 * Rounds are interleaved, so that what else runs on the machine disturbs all sketches alike: trust ratios and
 * percentiles more than single times.
 */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { checkSketch } from '../src/findings/check.js';
import { callbacksOf } from '../src/findings/lints/callbacks.js';
import { kernelLibraries } from '../src/kernel/library.js';
import { isFunctionDecl, isThreadItem } from '../src/language/generated/ast.js';
import { loadProgram } from '../src/language/program.js';
import { sourceOf } from '../src/language/text.js';
import { at, ms, table } from './tables.js';

const { positionals, values } = parseArgs({
	allowPositionals: true,
	options: {
		rounds: { type: 'string', default: '8' },
		small: { type: 'boolean' },
		case: { type: 'string', default: '' },
		'cpu-prof': { type: 'boolean' },
	},
});
const [root = '.', work = '', output = ''] = positionals;
const cli = path.join(work, 'cli.js');
const rounds = Number(values.rounds);
/** Edits of each sketch in a round. */
const EDITS = 3;
/** No round begins after so many minutes. */
const MINUTES = 4;
/** As many sketches are shown: the slowest. */
const SHOWN = 40;

interface Row {
	readonly file: string;
	readonly uri: string;
	readonly text: string;
	/** Places behind the brace of a callback: where there is none, of some function, or of a thread. */
	readonly places: number[];
	/** By place, the number of the last edit there; 0 where there was none. */
	readonly marks: number[];
	/** Milliseconds. */
	readonly first: number[];
	readonly edits: number[];
	states: number;
}

const sketches = (folder: string): string[] =>
	fs
		.readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
		.filter((f) => f.endsWith('.mmn'))
		.map((f) => path.join(folder, f));

const rows: Row[] = ['test/corpus', 'media/sketches']
	.flatMap(sketches)
	.filter((file) => new RegExp(values.case).test(file))
	.sort()
	.map((file) => ({
		file,
		uri: pathToFileURL(path.resolve(root, file)).href,
		text: fs.readFileSync(path.join(root, file), 'utf8'),
		places: [],
		marks: [],
		first: [],
		edits: [],
		states: 0,
	}));

const reading =
	(row: Row, text: string) =>
	async (uri: string): Promise<string | undefined> => {
		if (uri === row.uri) return text;
		try {
			return fs.readFileSync(new URL(uri), 'utf8');
		} catch {
			return undefined;
		}
	};

/** Finds the places where a sketch is edited. */
async function look(row: Row): Promise<void> {
	const program = await loadProgram(row.uri, { read: reading(row, row.text) }, kernelLibraries);
	const behind = (bodies: readonly ({ $cstNode?: { offset: number } | undefined } | undefined)[]): number[] =>
		[...new Set(bodies.map((body) => body?.$cstNode?.offset ?? -1))]
			.filter((at) => row.text[at] === '{')
			.map((at) => at + 1);
	const callbacks = callbacksOf(program)
		.map((c) => c.function)
		.filter((f) => sourceOf(f).uri === row.uri);
	const functions = program.root.items.filter((item) => isFunctionDecl(item));
	const threads = program.scenarios.flatMap((s) => s.items.filter((item) => isThreadItem(item)));
	for (const some of [callbacks, functions, threads])
		if (row.places.length === 0) row.places.push(...behind(some.map((one) => one.body)));
	row.marks.push(...row.places.map(() => 0));
}

let edits = 0;

/** An edit in one place: other code there, and all that follows moved down a line; the other places stay as they are. */
function edited(row: Row): string {
	edits++;
	row.marks[edits % row.marks.length] = edits;
	let text = row.text;
	for (const [n, place] of [...row.places.entries()].sort(([, a], [, b]) => b - a))
		if (row.marks[n] !== 0) text = `${text.slice(0, place)}\n\tint edited = ${row.marks[n]};${text.slice(place)}`;
	return text;
}

/** Milliseconds to the whole result. */
async function check(row: Row, text: string): Promise<number> {
	const read = reading(row, text);
	const start = performance.now();
	const { scenarios, problems } = await checkSketch(row.uri, { read });
	const time = performance.now() - start;
	if (problems.some((p) => p.severity === 'error')) throw new Error(`${row.file}: ${problems[0]?.message}`);
	row.states = scenarios.reduce((sum, s) => sum + s.states, 0);
	return time;
}

/** The command line on the smallest sketch, in a process of its own each time: start-up and all. */
function coldStart(): { node: number[]; cli: number[] } {
	const times = { node: [] as number[], cli: [] as number[] };
	const smallest = rows.reduce((a, b) => (a.states < b.states ? a : b));
	const run = (...args: string[]): number => {
		const start = performance.now();
		spawnSync(process.execPath, args, { stdio: 'ignore' });
		return performance.now() - start;
	};
	for (let n = 0; n < 9; n++) {
		times.node.push(run('-e', '0'));
		times.cli.push(run(cli, 'check', path.join(root, smallest.file)));
	}
	return times;
}

/** Opens a sketch and edits it. By the next round, its steps are forgotten: the memo keeps those of 64 scenarios. */
async function open(row: Row): Promise<{ first: number; edits: number[] }> {
	const first = await check(row, row.text);
	const edits: number[] = [];
	while (row.places.length > 0 && edits.length < EDITS) edits.push(await check(row, edited(row)));
	return { first, edits };
}

async function main(): Promise<void> {
	const until = performance.now() + MINUTES * 60_000;
	for (const row of rows) await look(row);
	for (const row of rows) await open(row);
	let made = 0;
	for (; made < rounds && (made === 0 || performance.now() < until); made++)
		for (const row of rows) {
			const times = await open(row);
			row.first.push(times.first);
			row.edits.push(...times.edits);
		}
	const slowest = [...rows].sort((a, b) => at(b.edits, 0.95) - at(a.edits, 0.95));
	const cells = (r: Pick<Row, 'file' | 'states' | 'edits' | 'first'>): string[] => [
		r.file,
		String(r.states),
		...[r.edits, r.first].flatMap((times) => [ms(at(times, 0.5)), ms(at(times, 0.95)), ms(Math.max(...times))]),
	];
	const together = {
		file: 'all together',
		states: rows.reduce((sum, r) => sum + r.states, 0),
		edits: rows.flatMap((r) => r.edits),
		first: rows.flatMap((r) => r.first),
	};
	const late = rows.filter((r) => at(r.edits, 0.95) >= 100);
	const slowFirst = rows.filter((r) => at(r.first, 0.95) >= 100);
	const kept = (missed: number): string =>
		missed === 0 ? `kept by all ${rows.length}` : `missed by ${missed} of ${rows.length}`;
	const large = [...rows].sort((a, b) => b.states - a.states).slice(0, 5);
	const cold = coldStart();
	const text = `## From a keystroke to diagnostics

Milliseconds from changed text to the whole result, in a warm process, ${made} rounds. *Edit*: one callback of the sketch that was checked
last is changed (a declaration more; ${EDITS} edits a round, another callback each time), which is what somebody who types waits for. *Opened*: the first
check of a sketch of which nothing is remembered. The target is a p95 under 100 ms for every sketch: for edits ${kept(late.length)};
just opened, ${kept(slowFirst.length)}. The ${SHOWN} slowest are shown.

${table(['sketch', 'states', 'edit p50', 'p95', 'max', 'opened p50', 'p95', 'max'], [cells(together), ...slowest.slice(0, SHOWN).map(cells)])}

## States a second

The sketches with most states, just opened; the time is the whole check, parsing and explaining too.

${table(
	['sketch', 'states', 'ms', 'states/s'],
	large.map((r) => {
		const time = at(r.first, 0.5);
		return [r.file, String(r.states), ms(time), String(Math.round((1000 * r.states) / time))];
	}),
)}

## Cold start

${table(
	['command', 'min', 'median'],
	[
		['node -e 0', ms(Math.min(...cold.node)), ms(at(cold.node, 0.5))],
		['notifier-lab check, the smallest sketch', ms(Math.min(...cold.cli)), ms(at(cold.cli, 0.5))],
	],
)}
`;
	fs.writeFileSync(output, text);
	process.exitCode = late.length === 0 ? 0 : 1;
}

void main();
