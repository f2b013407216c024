/**
 * Random sketches through the engine and the oracle. NOTIFIER_LAB_RUNS=5000 for a long run, NOTIFIER_LAB_SEED=N for
 * another one. What they ever disagreed about is kept in regressions/.
 */

import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { checkSketch } from '../../src/findings/check.js';
import { isStuckCode } from '../../src/findings/stuck.js';
import { compareWithNaive, explore, oneText, programOf, shortest } from './compare.js';
import { permutations } from './permute.js';
import { primitiveSketch } from './primitives.js';
import { sketch } from './sketches.js';

const RUNS = Number(process.env.NOTIFIER_LAB_RUNS ?? 60);
const SEED = Number(process.env.NOTIFIER_LAB_SEED ?? 20261122);
/** Largest sketch, in states, that goes through the oracle; ten times as many with every access a step. */
const MOST = Number(process.env.ORACLE_STATES ?? 250);
const URI = 'file:///sketch.mmn';

const seen = { sketches: 0, naive: 0, everyAccess: 0, codes: new Map<string, number>() };

/**
 * Where several guess for whom they wait, the order of the threads decides between cycles that are equally short, and so which are
 * told as one: that somebody is stuck counts, and how soon anything else comes.
 */
const comparable = (codes: Readonly<Record<string, number>>): Record<string, number> =>
	Object.fromEntries(Object.entries(codes).map(([code, steps]) => [code, isStuckCode(code) ? 0 : steps]));

async function disagree(text: string): Promise<void> {
	const { problems, scenarios } = await checkSketch(URI, oneText(text), { maxStates: 4 * MOST });
	const errors = problems.filter((p) => p.severity === 'error');
	expect(errors.map((p) => `${p.span.line}: ${p.message}`)).toEqual([]);
	seen.sketches++;
	for (const f of scenarios.flatMap((s) => s.findings)) seen.codes.set(f.code, (seen.codes.get(f.code) ?? 0) + 1);
	const program = await programOf(URI, oneText(text));
	for (const scenario of program.scenarios) {
		const engine = compareWithNaive(program, scenario, MOST);
		if (engine === undefined) continue;
		seen.naive++;
		const codes = shortest(engine.findings);
		for (const other of permutations(scenario).slice(-1)) {
			const again = explore(program, other, MOST + 1000);
			expect(again?.graph.count, 'states, its threads in another order').toBe(engine.graph.count);
			expect(comparable(shortest(again?.findings ?? [])), 'its threads in another order').toEqual(comparable(codes));
		}
		const every = explore(program, scenario, 10 * MOST, true);
		if (every === undefined) continue;
		seen.everyAccess++;
		// which of two stuck threads is the one to name depends on how far the others have come
		const named = (found: Readonly<Record<string, number>>): string[] => [
			...new Set(Object.keys(found).map((code) => (isStuckCode(code) ? 'stuck' : code))),
		];
		const all = named(shortest(every.findings));
		// a step that ends the run in its invisible rest hides what others may do before that: less is found, but never nothing
		const ends = engine.graph.reports.some(({ report }) => report.fatal);
		// and a daemon that waits before it has done anything visible has not begun its round, as far as others can tell
		const daemon = engine.system.threads.some(({ kind }) => kind === 'daemon');
		if (ends || daemon) expect(all, 'every access a step').toEqual(expect.arrayContaining(named(codes)));
		else expect(all, 'every access a step').toEqual(named(codes));
	}
}

test(
	`${RUNS} random sketches`,
	async () => {
		await fc.assert(fc.asyncProperty(sketch, disagree), { numRuns: RUNS, seed: SEED, endOnFailure: RUNS <= 60 });
		expect(seen.naive).toBeGreaterThan(RUNS / 2);
		expect(seen.everyAccess).toBeGreaterThan(RUNS / 3);
		expect(seen.codes.size).toBeGreaterThan(5);
	},
	1500 * RUNS + 30_000,
);

test(
	`${RUNS} random sketches of primitives`,
	async () => {
		const before = seen.naive;
		await fc.assert(fc.asyncProperty(primitiveSketch, disagree), {
			numRuns: RUNS,
			seed: SEED,
			endOnFailure: RUNS <= 60,
		});
		expect(seen.naive - before).toBeGreaterThan(RUNS / 5);
	},
	1500 * RUNS + 30_000,
);

describe('sketches that engine and oracle once disagreed about', () => {
	const folder = path.join(import.meta.dirname, 'regressions');
	const files = globSync('*.mmn', { cwd: folder }).sort();
	test.each(files)('%s', async (file) => {
		const text = readFileSync(path.join(folder, file), 'utf8');
		await disagree(text);
		const { scenarios } = await checkSketch(URI, oneText(text));
		for (const s of scenarios)
			expect(s.asExpected, s.findings.map((f) => `${f.code}: ${f.message}`).join('\n')).toBe(true);
	});
	test('there are some', () => expect(files.length).toBeGreaterThan(0));
});

afterAll(() => {
	const codes = [...seen.codes].sort((a, b) => b[1] - a[1]).map(([code, n]) => `${code} ${n}`);
	console.log(
		`random: ${seen.sketches} sketches, ${seen.naive} through the oracle, ${seen.everyAccess} with every access a step; ${codes.join(', ')}`,
	);
});
