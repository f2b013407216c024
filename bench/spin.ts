/**
 * Our search and SPIN's verifier on the same graphs, in interleaved rounds: what else runs on the machine disturbs both
 * alike, so trust ratios more than single times. Peers are hand-written Promela with a sketch of the same atomicity;
 * exports are sketches of the corpus as `notifier-lab export` writes them.
 */

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { search } from '../src/explore/search.js';
import { modelOf } from '../src/export/model.js';
import { promela } from '../src/export/promela.js';
import { kernelLibraries } from '../src/kernel/library.js';
import { loadProgram } from '../src/language/program.js';
import type { System } from '../src/machine/system.js';

const { positionals, values } = parseArgs({
	allowPositionals: true,
	options: { rounds: { type: 'string', default: '5' }, large: { type: 'boolean' } },
});
const [root = '.', work = os.tmpdir()] = positionals;
const rounds = Number(values.rounds);
const LIMITS = { maxStates: 20_000_000, maxSeconds: 600, maxMemoryMB: 5000 };

interface Case {
	readonly sketch: string;
	readonly scenario: string;
	/** A hand-written model and its parameters; the exported one where undefined. */
	readonly peer?: { readonly model: string; readonly defines: readonly string[] };
}

const peers = (sketch: string, model: string, sizes: readonly string[]): Case[] =>
	sizes.map((scenario) => ({
		sketch: `bench/peers/${sketch}`,
		scenario,
		peer: {
			model: `bench/peers/${model}`,
			defines: [...scenario.matchAll(/([fir])(\d)/g)].map(([, name, n]) => `-D${(name ?? '').toUpperCase()}=${n}`),
		},
	}));

const cases: Case[] = [
	...peers('range-wait.mmn', 'range_wait.pml', ['f1_i1_r1', 'f1_i1_r2', 'f1_i2_r2', 'f2_i2_r2', 'f2_i3_r2']),
	...(values.large ? peers('range-wait.mmn', 'range_wait.pml', ['f3_i3_r2']) : []),
	...peers('interval.mmn', 'interval.pml', ['f1_i1_r1', 'f2_i2_r1', 'f2_i2_r2']),
	{ sketch: 'bench/peers/range-wait.mmn', scenario: 'f2_i2_r2' },
	{ sketch: 'test/corpus/seed/s01-goto-again-holding-lock.mmn', scenario: 'fault_races_munmap' },
	{ sketch: 'test/corpus/seed/s02-eagain-drop-lock.mmn', scenario: 'two_invalidators' },
	{ sketch: 'test/corpus/locks/s57-recursion-counter.mmn', scenario: 'submit_races_nested_ranges_and_reclaim' },
];

interface Times {
	readonly search: number[];
	readonly full: number[];
	readonly reduced: number[];
}

interface Row extends Case, Times {
	readonly system: System;
	readonly folder: string;
	states: number;
	transitions: number;
	bytes: number;
	spinStates: number;
	spinTransitions: number;
	spinBytes: number;
	reducedStates: number;
	/** From nothing to the verdict, ms: a process of ours; spin -a, a compiler and pan. */
	cold: number;
	spinCold: number;
}

const timed = (f: () => void): number => {
	const start = performance.now();
	f();
	return performance.now() - start;
};

const quiet = (command: string, args: readonly string[], cwd: string): string =>
	execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 26 });

const COMPILE = ['-w', '-DSAFETY', '-DVECTORSZ=16384'];

function walk(row: Row): void {
	const steps = search(row.system, LIMITS, () => false);
	let step = steps.next();
	while (!step.done) step = steps.next();
	const { graph, complete } = step.value;
	if (!complete) throw new Error(`${row.sketch} ${row.scenario} is too large`);
	row.states = graph.count;
	row.transitions = graph.transitions;
	row.bytes = graph.bytes;
}

/** -w and -m sized for the model, as a patient user would. */
function pan(row: Row, binary: string): string {
	const hash = Math.max(14, Math.ceil(Math.log2(row.states)) + 1);
	return quiet(`./${binary}`, ['-c0', '-n', `-w${hash}`, `-m${Math.max(10_000, 4 * row.states)}`], row.folder);
}

async function prepare(one: Case, n: number): Promise<Row> {
	const file = path.join(root, one.sketch);
	const program = await loadProgram(
		pathToFileURL(file).href,
		{ read: async (uri) => fs.readFileSync(new URL(uri), 'utf8') },
		kernelLibraries,
	);
	const scenario = program.scenarios.find((s) => s.name === one.scenario);
	if (scenario === undefined) throw new Error(`${one.sketch} has no scenario ${one.scenario}`);
	const model = modelOf(program, scenario, LIMITS, false);
	if ('problems' in model) throw new Error(model.problems[0]?.message);
	const folder = path.join(work, `case${n}`);
	fs.mkdirSync(folder);
	const text =
		one.peer === undefined
			? promela(model, one.sketch, one.scenario)
			: fs.readFileSync(path.join(root, one.peer.model), 'utf8');
	fs.writeFileSync(path.join(folder, 'model.pml'), text);
	const row: Row = {
		...one,
		system: model.system,
		folder,
		search: [],
		full: [],
		reduced: [],
		states: 0,
		transitions: 0,
		bytes: 0,
		spinStates: 0,
		spinTransitions: 0,
		spinBytes: 0,
		reducedStates: 0,
		cold: 0,
		spinCold: 0,
	};
	walk(row);
	row.cold = Math.min(
		...[1, 2].map(() =>
			timed(() => {
				try {
					quiet(process.execPath, [path.join(work, 'cli.js'), 'check', file, '--scenario', one.scenario], root);
				} catch {
					// a finding is an exit status of its own
				}
			}),
		),
	);
	row.spinCold = Math.min(
		...[1, 2].map(() =>
			timed(() => {
				quiet('spin', ['-a', ...(one.peer?.defines ?? []), 'model.pml'], folder);
				quiet('tcc', [...COMPILE, '-o', 'pan-cold', 'pan.c'], folder);
				pan(row, 'pan-cold');
			}),
		),
	);
	quiet('gcc', [...COMPILE, '-O2', '-DNOREDUCE', '-o', 'pan-full', 'pan.c'], folder);
	quiet('gcc', [...COMPILE, '-O2', '-o', 'pan-reduced', 'pan.c'], folder);
	const report = pan(row, 'pan-full');
	const number = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);
	row.spinStates = number(report, /^\s*(\d+) states, stored/m);
	row.spinTransitions = number(report, /^\s*(\d+) transitions/m) - 1;
	row.spinBytes = number(report, /State-vector (\d+) byte/);
	row.reducedStates = number(pan(row, 'pan-reduced'), /^\s*(\d+) states, stored/m);
	return row;
}

const median = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1] as number;
const ms = (n: number): string => (n < 10 ? n.toFixed(2) : n.toFixed(0));
const spread = (times: readonly number[]): string => `${ms(Math.min(...times))} / ${ms(median(times))}`;

function line(row: Row): string {
	const ratio = median(row.full) / median(row.search);
	const same = row.states === row.spinStates && row.transitions === row.spinTransitions;
	return `| ${[
		`${path.basename(row.sketch, '.mmn')} ${row.scenario}`,
		row.peer === undefined ? 'export' : 'peer',
		`${row.states} / ${row.transitions}`,
		same ? 'same' : `**${row.spinStates} / ${row.spinTransitions}**`,
		spread(row.search),
		spread(row.full),
		ratio.toFixed(2),
		`${spread(row.reduced)} (${row.reducedStates})`,
		(row.bytes / row.states).toFixed(0),
		row.spinBytes,
		ms(row.cold),
		ms(row.spinCold),
	].join(' | ')} |`;
}

async function main(): Promise<void> {
	const rows: Row[] = [];
	for (const [n, one] of cases.entries()) {
		process.stderr.write(`${one.sketch} ${one.scenario}\n`);
		rows.push(await prepare(one, n));
	}
	for (let round = 0; round < rounds; round++)
		for (const row of rows) {
			row.search.push(timed(() => walk(row)));
			row.full.push(timed(() => pan(row, 'pan-full')));
			row.reduced.push(timed(() => pan(row, 'pan-reduced')));
		}
	const cpu = os.cpus();
	const text = [
		'# Our search and SPIN, side by side',
		'',
		`Written by \`node bench/spin.mjs\` on ${new Date().toISOString().slice(0, 10)}: ${cpu.length} × ${cpu[0]?.model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, load ${os.loadavg()[0]?.toFixed(1)}, Node ${process.versions.node}, ${quiet('spin', ['-V'], root).trim()}, ${quiet('gcc', ['--version'], root).split('\n')[0]}.`,
		`${rounds} interleaved rounds; times in ms, minimum / median. Ours is one search of a system that is already built, in`,
		'a warm process; pan is a process of its own (about 2 ms), built with `gcc -O2 -DSAFETY`, `-w` and `-m` sized for the',
		'model. Cold is from nothing to the verdict: `notifier-lab check` (with findings and their runs) against `spin -a`, tcc',
		'and pan. Bytes: ours all that the search holds, edges and memo too; for SPIN the state vector alone.',
		'A peer is hand-written Promela (bench/peers); an export is what `notifier-lab export` makes, whose steps are',
		'C functions and whose state is not packed: the figures of exports say nothing about how fast SPIN can be.',
		'',
		'| model | Promela | states / transitions | SPIN counts | ours | pan NOREDUCE | ratio | pan reduced (states) | bytes/state | vector | cold | SPIN cold |',
		'|---|---|---|---|---|---|---|---|---|---|---|---|',
		...rows.map(line),
		'',
		'A ratio above 1: we are faster than pan on the same graph.',
		'',
	].join('\n');
	fs.writeFileSync(path.join(root, 'bench/results-spin.md'), text);
	process.stdout.write(text);
	if (rows.some((r) => r.states !== r.spinStates || r.transitions !== r.spinTransitions)) process.exitCode = 1;
}

main().catch((error: unknown) => {
	process.stderr.write(`${String(error)}\n`);
	process.exitCode = 1;
});
