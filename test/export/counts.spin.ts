/**
 * A second opinion: SPIN walks through exported scenarios, with primitives written a second time in C, and has to come
 * to the same numbers of states, transitions and errors. Corpus, and random sketches (SPIN_RANDOM=1000 for a long run,
 * NOTIFIER_LAB_SEED=N for others). SPIN_SAMPLE=1 takes the oldest part of the corpus only.
 */
import { execFileSync } from 'node:child_process';
import { globSync, rmSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Model, modelOf, partsOf } from '../../src/export/model.js';
import { notInPromela } from '../../src/export/promela.js';
import type { Scenario } from '../../src/language/generated/ast.js';
import type { Program } from '../../src/language/program.js';
import { oneText, programOf, uriOf } from '../oracle/compare.js';
import { primitiveSketch } from '../oracle/primitives.js';
import { sketch } from '../oracle/sketches.js';
import { countWithSpin, needSpin, workFolder } from './spin.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SAMPLE = [
	'seed/s01-*',
	'seed/s02-*',
	'seed/s05-*',
	'seed/s06-*',
	'range-lock/s1[0-4]-*',
	'locks/s57-*',
	'locks/s59-*',
	'locks/s6[0-2]-*',
];
const patterns = process.env.SPIN_SAMPLE === '1' ? SAMPLE : ['**/*'];
const RANDOM = Number(process.env.SPIN_RANDOM ?? 24);
const SEED = Number(process.env.NOTIFIER_LAB_SEED ?? 20261122);
/** What a model says where a thread loops on what nobody else sees: the search parks it there, the model does not. */
const LOOPS = 'a step of more than 2000 instructions';
/** SPIN is to be compared, not waited for. */
const LIMITS = { maxStates: 6000, maxSeconds: 20 };

async function scenarios(): Promise<{ file: string; program: Program; scenario: Scenario }[]> {
	const files = patterns.flatMap((p) => globSync(`test/corpus/${p}.mmn`, { cwd: ROOT })).sort();
	const found = [];
	for (const file of files) {
		const program = await programOf(uriOf(path.join(ROOT, file)));
		for (const scenario of program.scenarios) found.push({ file, program, scenario });
	}
	return found;
}

function modelFor(program: Program, scenario: Scenario, everyAccess = false): Model {
	const model = modelOf(program, scenario, LIMITS, everyAccess);
	if ('problems' in model) throw new Error(model.problems.map((p) => p.message).join('\n'));
	return model;
}

const withoutSpin = process.env.NOTIFIER_LAB_NO_SPIN === '1';
if (withoutSpin) {
	test.skip('SPIN is left out: NOTIFIER_LAB_NO_SPIN=1', () => {});
} else {
	const all = await scenarios();
	const refused: string[] = [];
	const large: string[] = [];
	const tools = await needSpin();
	const folder = await workFolder();
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	const compare = async (model: Model, file: string, name: string): Promise<boolean> => {
		const { counts } = model;
		const spin = await countWithSpin(model, file, name, { folder, cc: tools.cc });
		if (spin.messages.some((m) => m.includes(LOOPS))) return false;
		expect(spin.problem).toBeUndefined();
		expect({ states: spin.states, transitions: spin.transitions, errors: spin.errors }).toEqual({
			states: counts.states,
			transitions: counts.transitions,
			errors: counts.deadlocks + counts.failures,
		});
		expect(spin.messages.includes('invalid end state')).toBe(counts.deadlocks > 0);
		expect(spin.messages.some((m) => m !== 'invalid end state')).toBe(counts.failures > 0);
		return true;
	};

	test('the sample is there', () => expect(all.length).toBeGreaterThan(40));

	describe('SPIN counts what we count', () => {
		test.concurrent.each(
			all.map(
				({ file, program, scenario }) =>
					[file.replace(/^test\/corpus\//, ''), scenario.name, program, scenario] as const,
			),
		)('%s %s', async (file, name, program, scenario) => {
			const model = modelFor(program, scenario);
			const missing = notInPromela(model);
			if (missing.length > 0) refused.push(`${file}: ${missing.join(', ')}`);
			else if (!model.counts.complete) large.push(file);
			else expect(await compare(model, file, name), 'the model refused').toBe(true);
		});

		test('nearly everywhere', () => {
			// what is new in the kernel may wait for its second implementation; not for long, and never unseen
			expect(refused.length, refused.join('\n')).toBeLessThanOrEqual(all.length / 20);
			expect(large.length, large.join('\n')).toBeLessThanOrEqual(all.length / 10);
		});
	});

	test(
		`${RANDOM} random sketches`,
		async () => {
			const texts = fc.sample(fc.oneof(sketch, primitiveSketch), { numRuns: RANDOM, seed: SEED });
			let compared = 0;
			for (const [n, text] of texts.entries()) {
				const program = await programOf('file:///sketch.mmn', oneText(text));
				for (const scenario of program.scenarios) {
					const model = modelFor(program, scenario);
					if (!model.counts.complete || notInPromela(model).length > 0) continue;
					const done = await compare(model, `random${n}.mmn`, scenario.name).catch((error: unknown) => {
						throw new Error(`${String(error)}\n${text}`);
					});
					if (done) compared++;
				}
			}
			expect(compared).toBeGreaterThan(RANDOM / 3);
		},
		2000 * RANDOM + 60_000,
	);

	test('and with every access a step', async () => {
		const { program, scenario, file } = all.find((s) => s.file.includes('s06-')) ?? (all[0] as (typeof all)[number]);
		expect(await compare(modelFor(program, scenario, true), `every-${path.basename(file)}`, scenario.name)).toBe(true);
	});

	test('a model that is too small for its scenario says so', async () => {
		const { program, scenario, file } =
			all.find((s) => s.file.includes('s57-recursion')) ?? (all[0] as (typeof all)[number]);
		const model = modelFor(program, scenario);
		// no more room than the threads take before their first step
		const stack = Math.max(...model.system.initialLocals.map((l) => partsOf(l, model.functions).frames.length));
		const cramped = { ...model, sizes: { ...model.sizes, stack } };
		await expect(
			countWithSpin(cramped, `cramped-${path.basename(file)}`, scenario.name, { folder, cc: tools.cc }),
		).resolves.toMatchObject({
			messages: [expect.stringContaining('the model is too small')],
		});
	});

	test('a thread that was parked in a loop nobody sees is refused, never left where it stands', async () => {
		const text = 'static int x;\nscenario s { thread A { x = 1; x = 2; } daemon D { return; } }\n';
		const program = await programOf('file:///sketch.mmn', oneText(text));
		const model = modelFor(program, program.scenarios[0] as Scenario);
		const spin = await countWithSpin(model, 'parked.mmn', 's', { folder, cc: tools.cc });
		expect(spin.messages).toEqual([expect.stringContaining(LOOPS)]);
	});

	test('SPIN is the one that was compared with', () => {
		expect(execFileSync('spin', ['-V'], { encoding: 'utf8' })).toContain('Spin Version 6.5');
	});
}
