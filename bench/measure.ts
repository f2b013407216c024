/**
 * From changed text to diagnostics, for every sketch of the corpus, in a warm process: what an editor waits for.
 * Rounds are interleaved, so that what else runs on the machine disturbs all sketches alike: trust ratios and
 * percentiles more than single times.
 */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { checkSketch } from '../src/findings/check.js';

const { positionals, values } = parseArgs({
	allowPositionals: true,
	options: {
		rounds: { type: 'string', default: '20' },
		large: { type: 'boolean' },
		case: { type: 'string' },
		'cpu-prof': { type: 'boolean' },
	},
});
const [root = '.', work = '', output = ''] = positionals;
const cli = path.join(work, 'cli.js');
const rounds = Number(values.rounds);

interface Row {
	readonly file: string;
	readonly uri: string;
	readonly text: string;
	readonly times: number[];
	states: number;
}

const sketches = (folder: string): string[] =>
	fs
		.readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
		.filter((f) => f.endsWith('.mmn'))
		.map((f) => path.join(folder, f));

const rows: Row[] = ['test/corpus', 'media/sketches']
	.flatMap(sketches)
	.sort()
	.map((file) => ({
		file,
		uri: pathToFileURL(path.resolve(root, file)).href,
		text: fs.readFileSync(path.join(root, file), 'utf8'),
		times: [],
		states: 0,
	}));

/** One keystroke: the text is another one each time, and so are all of its lines every second time. */
async function keystroke(row: Row, round: number): Promise<number> {
	const text = round % 2 === 0 ? `${row.text}${'\n'.repeat(round + 1)}` : `/* ${round} */\n${row.text}`;
	const read = async (uri: string): Promise<string | undefined> => {
		if (uri === row.uri) return text;
		try {
			return fs.readFileSync(new URL(uri), 'utf8');
		} catch {
			return undefined;
		}
	};
	const start = performance.now();
	const { scenarios, problems } = await checkSketch(row.uri, { read });
	const time = performance.now() - start;
	if (problems.some((p) => p.severity === 'error')) throw new Error(`${row.file}: ${problems[0]?.message}`);
	row.states = scenarios.reduce((sum, s) => sum + s.states, 0);
	return time;
}

const at = (times: readonly number[], share: number): number =>
	[...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)] ?? Number.NaN;
const ms = (time: number): string => (time < 10 ? time.toFixed(1) : time.toFixed(0));

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
	const width = head.map((h, n) => Math.max(h.length, ...body.map((r) => r[n]?.length ?? 0)));
	const line = (cells: readonly string[]): string =>
		`| ${cells.map((c, n) => (n === 0 ? c.padEnd(width[n] ?? 0) : c.padStart(width[n] ?? 0))).join(' | ')} |`;
	const rule = `|${width.map((w, n) => (n === 0 ? '-'.repeat(w + 2) : `${'-'.repeat(w + 1)}:`)).join('|')}|`;
	return [line(head), rule, ...body.map(line)].join('\n');
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

async function main(): Promise<void> {
	for (let warm = 0; warm < 3; warm++) for (const row of rows) await keystroke(row, 100 + warm);
	for (let round = 0; round < rounds; round++) for (const row of rows) row.times.push(await keystroke(row, round));
	const all = rows.flatMap((r) => r.times);
	const slowest = [...rows].sort((a, b) => at(b.times, 0.95) - at(a.times, 0.95));
	const cells = (r: { file: string; states: number; times: number[] }): string[] => [
		r.file,
		String(r.states),
		ms(at(r.times, 0.5)),
		ms(at(r.times, 0.95)),
		ms(Math.max(...r.times)),
	];
	const late = slowest.filter((r) => at(r.times, 0.95) >= 100);
	const large = [...rows].sort((a, b) => b.states - a.states).slice(0, 5);
	const cold = coldStart();
	const text = `## From a keystroke to diagnostics

Milliseconds from changed text to the whole result, in a warm process, ${rounds} rounds. The target is a p95 under 100 ms for every sketch:
${late.length === 0 ? `kept by all ${rows.length}` : `missed by ${late.length} of ${rows.length}`}.

${table(['sketch', 'states', 'p50', 'p95', 'max'], [cells({ file: 'all together', states: rows.reduce((s, r) => s + r.states, 0), times: all }), ...slowest.map(cells)])}

## States a second

The sketches with most states; the time is the whole check, parsing and explaining too.

${table(
	['sketch', 'states', 'ms', 'states/s'],
	large.map((r) => {
		const time = at(r.times, 0.5);
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
