/** Every sketch of the corpus: as expected, and as the oracle sees it. */

import { globSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkSketch } from '../src/findings/check.js';
import type { FileResult } from '../src/findings/result.js';
import { expectGolden } from './golden.js';
import { compareWithNaive, disk, explore, programOf, shortest, uriOf } from './oracle/compare.js';
import { permutations } from './oracle/permute.js';

const ROOT = path.resolve(import.meta.dirname, '..');
const GOLDEN = path.join(ROOT, 'test/corpus/counts.golden.txt');
/** The oracle is thorough, not fast: `npm test` sends all sketches through it, a quick look some. */
const ALL = process.env.NOTIFIER_LAB_ORACLE === 'all';
const EVERY = ALL ? 1 : 8;
/** Largest scenario, in states, that goes through the oracle. */
const MOST = ALL ? 20_000 : 2_500;
/** The same where every access to memory is a step. */
const MOST_ACCESSES = 400_000;
const TIMEOUT = 120_000;

const sketches = globSync(['test/corpus/**/*.mmn', 'media/sketches/*.mmn'], { cwd: ROOT })
	.map((file) => file.split(path.sep).join('/'))
	.sort();

const counts: string[] = [];
const seen = new Map<string, string>();
const compared = { naive: 0, permuted: 0, everyAccess: 0, of: 0 };

const withoutTime = (result: FileResult): string =>
	JSON.stringify(result, (key, value) => (key === 'milliseconds' ? 0 : value));

describe.each(sketches.map((file, n) => [file, n] as const))('%s', (file, n) => {
	const uri = uriOf(path.join(ROOT, file));

	test('is as its scenarios expect', { timeout: TIMEOUT }, async () => {
		const result = await checkSketch(uri, disk);
		expect(result.problems.filter((p) => p.severity === 'error')).toEqual([]);
		for (const s of result.scenarios) {
			// what ships says nothing about itself: there it is the first thing to look at
			if (s.expected.length === 0) continue;
			const found = s.findings.map((f) => `${f.code} ${f.span.line}: ${f.message}`);
			expect(s.asExpected, `${s.name}: expected ${s.expected.join(', ')}, found\n${found.join('\n')}`).toBe(true);
		}
		for (const s of result.scenarios) counts.push(`${file} ${s.name} ${s.states} ${s.transitions}`);
		seen.set(file, withoutTime(result));
	});

	if (n % EVERY !== 0) return;

	test('is the same again', { timeout: TIMEOUT }, async () => {
		expect(withoutTime(await checkSketch(uri, disk))).toBe(seen.get(file));
	});

	test('is the same without memo, in another order of threads, and with every access a step', {
		timeout: TIMEOUT,
	}, async () => {
		const program = await programOf(uri);
		for (const scenario of program.scenarios) {
			compared.of++;
			const engine = compareWithNaive(program, scenario, MOST);
			if (engine === undefined) continue;
			compared.naive++;
			const found = {
				states: engine.graph.count,
				transitions: engine.graph.transitions,
				shortest: shortest(engine.findings),
			};
			for (const other of permutations(scenario)) {
				const result = explore(program, other, MOST);
				compared.permuted++;
				expect(
					{
						states: result?.graph.count,
						transitions: result?.graph.transitions,
						shortest: shortest(result?.findings ?? []),
					},
					`${scenario.name} with its threads in another order`,
				).toEqual(found);
			}
			const every = explore(program, scenario, MOST_ACCESSES, true);
			if (every === undefined) continue;
			compared.everyAccess++;
			expect(Object.keys(shortest(every.findings)), `${scenario.name} with every access a step`).toEqual(
				Object.keys(found.shortest),
			);
		}
	});
});

test('the numbers of states and transitions are those of the golden file', () => {
	expect(counts.length).toBeGreaterThan(0);
	expectGolden(`${[...counts].sort().join('\n')}\n`, GOLDEN);
});

test('enough of the corpus went through the oracle', () => {
	if (ALL) expect(compared.naive).toBe(compared.of);
	else expect(compared.naive).toBeGreaterThan(compared.of / 2);
	expect(compared.permuted).toBeGreaterThan(0);
	expect(compared.everyAccess).toBeGreaterThan(compared.of / 3);
});

afterAll(() =>
	console.log(
		`corpus: ${compared.of} scenarios; oracle: ${compared.naive}, orders of threads: ${compared.permuted}, every access a step: ${compared.everyAccess}`,
	),
);
