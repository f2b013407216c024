/**
 * Drivers without a scenario, as an editor checks them: from an edit of a callback to the first error, and to the whole result of
 * all searches of the default environment. In a warm process.
 */

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { checkSketch } from '../src/findings/check.js';
import { callbacksOf } from '../src/findings/lints/callbacks.js';
import { kernelLibraries } from '../src/kernel/library.js';
import { loadProgram } from '../src/language/program.js';
import { at, ms, table } from './tables.js';

const { positionals, values } = parseArgs({
	allowPositionals: true,
	strict: false,
	options: { case: { type: 'string', default: '' } },
});
const [root = '.', , output = ''] = positionals;
const FOLDER = 'test/findings/drivers';
/** Edits of each driver. */
const EDITS = 2;
/** As many drivers are shown: the slowest. */
const SHOWN = 25;

interface Row {
	readonly file: string;
	/** Milliseconds of each edit; those to the first error are none where nothing is wrong. */
	readonly error: number[];
	readonly whole: number[];
	states: number;
	verdict: string;
}

async function measure(file: string): Promise<Row> {
	const uri = pathToFileURL(path.resolve(root, file)).href;
	const row: Row = { file, error: [], whole: [], states: 0, verdict: '' };
	const original = fs.readFileSync(path.join(root, file), 'utf8');
	let text = original;
	const read = async (wanted: string): Promise<string | undefined> => {
		if (wanted === uri) return text;
		try {
			return fs.readFileSync(new URL(wanted), 'utf8');
		} catch {
			return undefined;
		}
	};
	const program = await loadProgram(uri, { read }, kernelLibraries);
	const places = callbacksOf(program).flatMap((c) => {
		const place = c.function.body?.$cstNode?.offset ?? -1;
		return original[place] === '{' ? [place + 1] : [];
	});
	for (let edit = 0; edit <= EDITS; edit++) {
		const place = places[edit % places.length];
		if (edit > 0 && place !== undefined)
			text = `${original.slice(0, place)}\n\tint edited = ${edit};${original.slice(place)}`;
		const start = performance.now();
		let first: number | undefined;
		const { scenarios } = await checkSketch(
			uri,
			{ read },
			{
				held: true,
				onEarly: () => {
					first ??= performance.now() - start;
				},
			},
		);
		const whole = performance.now() - start;
		const [scenario] = scenarios;
		row.states = scenario?.states ?? 0;
		row.verdict = scenario?.verdict ?? '';
		if (edit === 0) continue;
		row.whole.push(whole);
		if (row.verdict === 'fail') row.error.push(first ?? whole);
	}
	return row;
}

async function main(): Promise<void> {
	const files = fs
		.readdirSync(path.join(root, FOLDER))
		.filter((f) => f.endsWith('.mmn') && new RegExp(String(values.case)).test(f))
		.map((f) => path.join(FOLDER, f));
	const rows: Row[] = [];
	for (const file of files) rows.push(await measure(file));
	const times = (all: readonly number[]): string[] =>
		all.length === 0 ? ['', ''] : [ms(at(all, 0.5)), ms(at(all, 0.95))];
	const cells = ({ file, verdict, states, error, whole }: Row): string[] => [
		path.basename(file),
		verdict,
		String(states),
		...times(error),
		...times(whole),
	];
	const together: Row = {
		file: 'all together',
		verdict: '',
		states: rows.reduce((sum, { states }) => sum + states, 0),
		error: rows.flatMap(({ error }) => error),
		whole: rows.flatMap(({ whole }) => whole),
	};
	const slowest = [...rows].sort((a, b) => at(b.whole, 0.5) - at(a.whole, 0.5)).slice(0, SHOWN);
	fs.writeFileSync(
		output,
		`## Without a scenario

Drivers of ${FOLDER}, checked in the default environment as an editor does. Milliseconds from an edit of a callback to the first
error, where there is one, and to the whole result; ${EDITS} edits each. The ${SHOWN} slowest are shown.

${table(['driver', 'verdict', 'states', 'error p50', 'p95', 'whole p50', 'p95'], [together, ...slowest].map(cells))}
`,
	);
}

void main();
