/** Runs exported models through SPIN. */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Model } from '../../src/export/model.js';
import { promela } from '../../src/export/promela.js';

const run = promisify(execFile);

/** What SPIN says of a model. */
export interface SpinResult {
	readonly states: number;
	readonly transitions: number;
	/** Deadlocked states, and transitions that end in an error. */
	readonly errors: number;
	/** What was wrong, each once. */
	readonly messages: readonly string[];
	/** Why the figures cannot be used; undefined when they can. */
	readonly problem: string | undefined;
}

/** The tools, installed where that is possible. Throws with what to do where it is not. */
export async function needSpin(): Promise<{ readonly cc: readonly string[] }> {
	if (!(await has('spin')) || !((await has('tcc')) || (await has('gcc')))) {
		if (process.getuid?.() === 0)
			await run('apt-get', ['install', '-y', 'spin', 'tcc']).catch((error: unknown) => {
				throw new Error(`SPIN could not be installed (set NOTIFIER_LAB_NO_SPIN=1 to do without): ${String(error)}`);
			});
		if (!(await has('spin')))
			throw new Error(
				'SPIN is missing: apt-get install spin tcc, or set NOTIFIER_LAB_NO_SPIN=1 to leave this comparison out',
			);
	}
	// tcc builds a verifier ten times faster than gcc does, and small models run in no time
	return { cc: (await has('tcc')) ? ['tcc'] : ['gcc', '-O0'] };
}

const has = (tool: string): Promise<boolean> =>
	run(tool, ['-v']).then(
		() => true,
		(error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
	);

/** A folder of its own for the models of one test run. */
export const workFolder = (): Promise<string> => mkdtemp(path.join(os.tmpdir(), 'mmn-spin-'));

/** Exports a model and has SPIN count its states, without reductions. */
export async function countWithSpin(
	model: Model,
	file: string,
	scenario: string,
	{ folder, cc }: { folder: string; cc: readonly string[] },
): Promise<SpinResult> {
	const home = path.join(folder, `${path.basename(file, '.mmn')}-${scenario}`);
	await mkdir(home, { recursive: true });
	const text = promela(model, file, scenario);
	await writeFile(path.join(home, 'model.pml'), text);
	const said = await run('spin', ['-a', 'model.pml'], { cwd: home });
	if (/error/i.test(said.stdout)) throw new Error(`spin -a of ${file} ${scenario}: ${said.stdout}`);
	const [compiler = 'gcc', ...options] = cc;
	// what the head of the model tells a reader to give: pan refuses less than it needs
	const [vectorSize = 'none named'] = /-DVECTORSZ=\d+/.exec(text) ?? [];
	await run(compiler, [...options, '-w', '-DSAFETY', '-DNOREDUCE', vectorSize, '-o', 'pan', 'pan.c'], {
		cwd: home,
	});
	const { stdout } = await run('./pan', ['-c0', '-m2000000', '-w20', '-n'], { cwd: home, maxBuffer: 2 ** 28 });
	await rm(home, { recursive: true });
	return read(stdout);
}

/** Reads pan's report. */
export function read(report: string): SpinResult {
	const number = (pattern: RegExp): number => Number(pattern.exec(report)?.[1] ?? Number.NaN);
	const messages = [...report.matchAll(/^pan:\d+: (.*) \(at depth \d+\)$/gm)].map((m) => m[1] as string);
	return {
		states: number(/^\s*(\d+) states, stored/m),
		// SPIN counts the way into the initial state as a transition
		transitions: number(/^\s*(\d+) transitions/m) - 1,
		errors: number(/errors: (\d+)/),
		messages: [...new Set(messages)],
		problem: /max search depth too small|out of memory|VECTORSZ/.exec(report)?.[0],
	};
}
