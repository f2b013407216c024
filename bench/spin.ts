/**
 * Our search and SPIN's verifier on the same graphs, in interleaved rounds: what else runs on the machine disturbs both
 * alike, and CPU time less than the clock: trust ratios more than single times. Peers are hand-written Promela with a sketch of the same atomicity;
 * exports are sketches of the corpus as `notifier-lab export` writes them.
 */

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { componentsOf, mayCycle } from '../src/explore/components.js';
import type { Graph } from '../src/explore/graph.js';
import { endlessRunsOf } from '../src/explore/liveness.js';
import { search } from '../src/explore/search.js';
import { stepGraph } from '../src/explore/step-graph.js';
import { drain } from '../src/explore/turns.js';
import { modelOf } from '../src/export/model.js';
import { promela } from '../src/export/promela.js';
import { analyse } from '../src/findings/analyse.js';
import { explored } from '../src/findings/explored.js';
import { kernelLibraries } from '../src/kernel/library.js';
import { loadProgram } from '../src/language/program.js';
import { System } from '../src/machine/system.js';

const { positionals, values } = parseArgs({
	allowPositionals: true,
	options: {
		rounds: { type: 'string', default: '5' },
		case: { type: 'string', default: '' },
		small: { type: 'boolean' },
		'cpu-prof': { type: 'boolean' },
	},
});
const [root = '.', work = '', output = ''] = positionals;
const ROUNDS = Number(values.rounds);
/** No round begins after so many minutes. */
const MINUTES = 9;
const LIMITS = { maxStates: 20_000_000, maxSeconds: 600, maxMemoryMB: 3800 };
/** What pan looks for without -a: invalid end states and assertions. */
const SAFETY = ['deadlock', 'self-deadlock', 'lost-wakeup', 'assertion'];

interface Case {
	readonly sketch: string;
	readonly scenario: string;
	/** A hand-written model and its parameters; the exported one where undefined. */
	readonly peer?: { readonly model: string; readonly defines: readonly string[] };
	/** SPIN is given this many rounds only. */
	readonly rounds?: number;
}

const peers = (sketch: string, model: string, sizes: readonly string[], rounds?: number): Case[] =>
	sizes.map((scenario) => ({
		sketch: `bench/peers/${sketch}`,
		scenario,
		peer: {
			model: `bench/peers/${model}`,
			defines: [...scenario.matchAll(/_?(ni|[fir])(\d)/g)].map(([, name, n]) => `-D${(name ?? '').toUpperCase()}=${n}`),
		},
		...(rounds !== undefined && { rounds }),
	}));

const range = (...sizes: string[]): Case[] => peers('range-wait.mmn', 'range_wait.pml', sizes);
const interval = (...sizes: string[]): Case[] => peers('interval.mmn', 'interval.pml', sizes);

const safety: Case[] = [
	...range('f1_i1_r1', 'f2_i2_r2', 'f2_i3_r2', 'f3_i3_r2', 'f2_i3_r3'),
	...(values.small ? [] : peers('range-wait.mmn', 'range_wait.pml', ['f3_i3_r3'], 1)),
	...interval('f1_i1_r1', 'f2_i2_r1', 'f2_i2_r2', 'f3_i2_r2'),
	{ sketch: 'bench/peers/range-wait.mmn', scenario: 'f2_i2_r2' },
	{ sketch: 'test/corpus/seed/s01-goto-again-holding-lock.mmn', scenario: 'fault_races_munmap' },
	{ sketch: 'test/corpus/seed/s02-eagain-drop-lock.mmn', scenario: 'two_invalidators' },
	{ sketch: 'test/corpus/locks/s57-recursion-counter.mmn', scenario: 'submit_races_nested_ranges_and_reclaim' },
];
/** With --case PATTERN, only those. */
const named = ({ sketch, scenario }: Case): boolean => new RegExp(values.case).test(`${sketch} ${scenario}`);
const liveness: Case[] = range('f1_i3_r2_ni2');

/** CPU time of the processes that were run, ms. */
let children = 0;

/** What a command prints. Its CPU time is counted. @param most the highest exit status that is no failure */
function quiet(command: string, args: readonly string[], cwd: string, most = 0): string {
	const script = `TIMEFORMAT="%U %S"; { time "$@" 2>/dev/null || [ $? -le ${most} ]; } 2>&1`;
	const text = execFileSync('bash', ['-c', script, 'bash', command, ...args], {
		cwd,
		encoding: 'utf8',
		maxBuffer: 2 ** 26,
	});
	const [, user, system] = /(\S+) (\S+)\n$/.exec(text) ?? [];
	children += 1000 * (Number(user) + Number(system));
	return text.replace(/.*\n$/, '');
}

/** CPU time of this process, with all its threads, and of those it has run, ms. */
const cpu = (): number => {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1000 + children;
};
const timed = (f: () => void): number => {
	const start = cpu();
	f();
	return cpu() - start;
};
const number = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);
const COMPILE = ['-w', '-DVECTORSZ=16384'];

interface Row {
	readonly of: Case;
	readonly system: System;
	readonly folder: string;
	readonly times: Record<string, number[]>;
	states: number;
	transitions: number;
	reduced: number;
	bytes: { readonly states: number; readonly edges: number };
	spin: { states: number; transitions: number; bytes: number; reduced: number };
}

function searched(system: System): Graph {
	const steps = search(system, LIMITS, () => false);
	let step = steps.next();
	while (!step.done) step = steps.next();
	if (!step.value.complete) throw new Error(`${system.scenario.name} is too large`);
	return step.value.graph;
}

/** As a check goes about it: first what is smaller, where it shows that nothing is wrong. */
function verdict(row: Row): void {
	const wanted = (code: string): boolean => SAFETY.includes(code);
	const steps = explored(row.system, LIMITS, () => false, { symmetry: true, movers: true }, wanted);
	let step = steps.next();
	while (!step.done) step = steps.next();
	const { graph, complete, clean } = step.value;
	if (!complete) throw new Error(`${row.of.scenario} is too large`);
	row.reduced = graph.count;
	if (!clean) drain(analyse(graph, wanted));
	graph.release();
}

function walk(row: Row): void {
	const graph = searched(row.system);
	row.states = graph.count;
	row.transitions = graph.transitions;
	row.bytes = graph.parts;
	graph.release();
}

/** Search, and who can be put off for ever under which assumption. */
function fair(row: Row): void {
	const graph = searched(row.system);
	const rows = graph.rowsOfEdges();
	if (drain(mayCycle(rows))) {
		const { component } = drain(componentsOf(rows));
		const found = drain(endlessRunsOf(stepGraph(graph), component, () => 0));
		if (found.length > 0) throw new Error(`${row.of.scenario}: somebody is put off for ever`);
	}
	graph.release();
}

/** -w and -m sized for the model, as a patient user would. */
function pan(row: Row, binary: string, ...options: string[]): string {
	const hash = Math.max(14, Math.ceil(Math.log2(row.states)) + 1);
	return quiet(
		`./${binary}`,
		['-c0', '-n', `-w${hash}`, `-m${Math.max(10_000, 4 * row.states)}`, ...options],
		row.folder,
	);
}

async function prepare(of: Case, folder: string): Promise<Row> {
	const file = path.join(root, of.sketch);
	const program = await loadProgram(
		pathToFileURL(file).href,
		{ read: async (uri) => fs.readFileSync(new URL(uri), 'utf8') },
		kernelLibraries,
	);
	const scenario = program.scenarios.find((s) => s.name === of.scenario);
	if (scenario === undefined) throw new Error(`${of.sketch} has no scenario ${of.scenario}`);
	fs.mkdirSync(folder);
	const model = of.peer === undefined ? modelOf(program, scenario, LIMITS, false) : undefined;
	if (model !== undefined && 'problems' in model) throw new Error(model.problems[0]?.message);
	const system = model?.system ?? new System(program, scenario);
	const text =
		of.peer === undefined
			? promela(model as Exclude<typeof model, undefined>, of.sketch, of.scenario)
			: fs.readFileSync(path.join(root, of.peer.model), 'utf8');
	fs.writeFileSync(path.join(folder, 'model.pml'), text);
	return {
		of,
		system,
		folder,
		times: {},
		states: 0,
		transitions: 0,
		reduced: 0,
		bytes: { states: 0, edges: 0 },
		spin: { states: 0, transitions: 0, bytes: 0, reduced: 0 },
	};
}

const time = (row: Row, what: string, f: () => void): void => {
	row.times[what] ??= [];
	row.times[what].push(timed(f));
};

/** From nothing to the verdict, a process each: ours, and `spin -a`, a compiler and pan. */
function cold(row: Row): void {
	time(row, 'cold', () => {
		const cli = path.join(work, 'cli.js');
		const args = ['check', path.join(root, row.of.sketch), '--scenario', row.of.scenario, '--only', SAFETY.join()];
		// 1: a finding
		quiet(process.execPath, [cli, ...args, '--max-states', String(LIMITS.maxStates)], root, 1);
	});
	time(row, 'spin cold', () => {
		quiet('spin', ['-a', ...(row.of.peer?.defines ?? []), 'model.pml'], row.folder);
		quiet('tcc', [...COMPILE, '-DSAFETY', '-o', 'pan-cold', 'pan.c'], row.folder);
		pan(row, 'pan-cold');
	});
}

async function safetyRow(of: Case, n: number): Promise<Row> {
	const row = await prepare(of, path.join(work, `case${n}`));
	time(row, 'first', () => walk(row));
	verdict(row);
	cold(row);
	if (of.rounds === undefined) cold(row);
	quiet('gcc', [...COMPILE, '-DSAFETY', '-O2', '-DNOREDUCE', '-o', 'pan-full', 'pan.c'], row.folder);
	quiet('gcc', [...COMPILE, '-DSAFETY', '-O2', '-o', 'pan-reduced', 'pan.c'], row.folder);
	return row;
}

function safetyRound(row: Row, round: number): void {
	for (let n = 0; n < (row.states < 1000 ? 20 : 1); n++) {
		time(row, 'search', () => walk(row));
		time(row, 'verdict', () => verdict(row));
	}
	for (let n = 1; n < (row.states >= 1000 && row.reduced < 20_000 ? 10 : 1); n++)
		time(row, 'verdict', () => verdict(row));
	if (round >= (row.of.rounds ?? ROUNDS)) return;
	time(row, 'full', () => {
		const report = pan(row, 'pan-full');
		row.spin.states = number(report, /^\s*(\d+) states, stored/m);
		row.spin.transitions = number(report, /^\s*(\d+) transitions/m) - 1;
		row.spin.bytes = number(report, /State-vector (\d+) byte/);
	});
	time(row, 'reduced', () => {
		row.spin.reduced = number(pan(row, 'pan-reduced'), /^\s*(\d+) states, stored/m);
	});
}

async function livenessRow(of: Case, n: number): Promise<Row> {
	const row = await prepare(of, path.join(work, `live${n}`));
	walk(row);
	quiet('spin', ['-a', '-DLIVE=1', ...(of.peer?.defines ?? []), 'model.pml'], row.folder);
	quiet('gcc', [...COMPILE, '-O2', '-DNFAIR=3', '-o', 'pan-live', 'pan.c'], row.folder);
	return row;
}

function livenessRound(row: Row): void {
	time(row, 'fair', () => fair(row));
	time(row, 'none', () => pan(row, 'pan-live', '-a'));
	time(row, 'weak', () => {
		row.spin.states = number(pan(row, 'pan-live', '-a', '-f'), /^\s*(\d+) states, stored/m);
	});
}

const median = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1] as number;
const ms = (n: number): string => (n < 1 ? n.toFixed(2) : n < 10 ? n.toFixed(1) : n.toFixed(0));
const of = (row: Row, what: string): number[] => row.times[what] ?? [Number.NaN];
const spread = (row: Row, what: string): string => `${ms(Math.min(...of(row, what)))} / ${ms(median(of(row, what)))}`;
const ratio = (row: Row, theirs: string, ours: string): string => {
	const n = Math.min(...of(row, theirs)) / Math.min(...of(row, ours));
	return `**${n < 10 ? n.toFixed(1) : n.toFixed(0)}×**`;
};
const name = (row: Row): string =>
	`${path.basename(row.of.sketch, '.mmn')} ${row.of.scenario}${row.of.peer === undefined ? ' (export)' : ''}`;
const table = (head: readonly string[], body: readonly (readonly string[])[]): string =>
	[head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const isSame = (row: Row): boolean => row.states === row.spin.states && row.transitions === row.spin.transitions;

function report(rows: readonly Row[], live: readonly Row[], rounds: number): string {
	const head = [
		'model',
		'states / transitions',
		'search',
		'pan',
		'ratio',
		'verdict (states)',
		'pan reduced (states)',
		'ratio',
	];
	return `## Beside SPIN

${quiet('spin', ['-V'], root).trim()}, ${quiet('gcc', ['--version'], root).split('\n')[0]}. ${rounds} interleaved rounds; CPU times in ms of all threads, minimum / median; ratios of minima,
which other work on the machine disturbs least.
\`search\`: all interleavings and all edges between them, in a warm process, with steps remembered from the last time. \`pan\`: a
process of its own (2 ms), \`gcc -O2 -DSAFETY -DNOREDUCE\`, \`-w\` and \`-m\` sized for the model. \`verdict\`: search and all passes for
what pan looks for, without the names of threads where they are alike and with operations merged by movers; \`pan reduced\`: with
partial-order reduction, the fastest it has. \`first\`: the first search of the process, nothing remembered. \`cold\`: from nothing to the verdict in a new process: ours, and
\`spin -a\`, tcc, pan. Bytes: of states and their table / with edges, which pan does not keep; pan's state vector, without its table.
A peer is hand-written Promela (bench/peers); an export is what \`notifier-lab export\` writes, whose steps are C functions and
whose state is not packed: exports say nothing about how fast SPIN can be.

${table(
	[...head, 'first', 'bytes', 'vector', 'cold', 'SPIN cold'],
	rows.map((row) => [
		name(row),
		`${row.states} / ${row.transitions}${isSame(row) ? '' : ` **but ${row.spin.states} / ${row.spin.transitions}**`}`,
		spread(row, 'search'),
		spread(row, 'full'),
		ratio(row, 'full', 'search'),
		`${spread(row, 'verdict')} (${row.reduced})`,
		`${spread(row, 'reduced')} (${row.spin.reduced})`,
		ratio(row, 'reduced', 'verdict'),
		ms(Math.min(...of(row, 'first'))),
		`${(row.bytes.states / row.states).toFixed(0)} / ${((row.bytes.states + row.bytes.edges) / row.states).toFixed(0)}`,
		String(row.spin.bytes),
		ms(Math.min(...of(row, 'cold'))),
		ms(Math.min(...of(row, 'spin cold'))),
	]),
)}

Counts of states and transitions are SPIN's own in ${rows.filter(isSame).length} of ${rows.length} rows.

### Liveness

Search and one pass for every thread under no, weak and strong fairness, against the LTL property for one thread.

${table(
	['model', 'states / transitions', 'ours', 'pan -a', 'ratio', 'pan -a -f (product states)', 'ratio'],
	live.map((row) => [
		name(row),
		`${row.states} / ${row.transitions}`,
		spread(row, 'fair'),
		spread(row, 'none'),
		ratio(row, 'none', 'fair'),
		`${spread(row, 'weak')} (${row.spin.states})`,
		ratio(row, 'weak', 'fair'),
	]),
)}
`;
}

async function main(): Promise<void> {
	const rows: Row[] = [];
	for (const [n, one] of safety.filter(named).entries()) {
		process.stderr.write(`${one.sketch} ${one.scenario}\n`);
		rows.push(await safetyRow(one, n));
	}
	const live: Row[] = [];
	for (const [n, one] of liveness.filter(named).entries()) live.push(await livenessRow(one, n));
	let round = 0;
	for (; round < ROUNDS && (round === 0 || performance.now() < MINUTES * 60_000); round++) {
		for (const row of rows) safetyRound(row, round);
		for (const row of live) livenessRound(row);
	}
	fs.writeFileSync(output, report(rows, live, round));
	if (!rows.every(isSame)) process.exitCode = 1;
}

main().catch((error: unknown) => {
	process.stderr.write(`${String(error)}\n`);
	process.exitCode = 1;
});
