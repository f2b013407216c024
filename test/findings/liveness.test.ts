/** What liveness findings say: whom they blame, under which assumption it ends, and the run that goes round. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { mailTable } from '../../src/findings/forms/table.js';
import type { Finding, ScenarioResult } from '../../src/findings/result.js';
import { root } from '../build.js';
import { checkText } from './examples.js';

const FOLDER = path.join(root, 'test/corpus/liveness');
const text = (sketch: string): string => readFileSync(path.join(FOLDER, `${sketch}.mmn`), 'utf8');

async function scenarioOf(sketch: string, name: string): Promise<ScenarioResult> {
	const { scenarios } = await checkText(text(sketch));
	return scenarios.find((s) => s.name === name) as ScenarioResult;
}

async function only(sketch: string, name: string): Promise<Finding> {
	const { findings } = await scenarioOf(sketch, name);
	expect(findings.map((f) => f.code)).toHaveLength(1);
	return findings[0] as Finding;
}

const lineOf = (sketch: string, needle: string): number =>
	text(sketch)
		.split('\n')
		.findIndex((l) => l.includes(needle)) + 1;

describe('an invalidator that never stops (S03)', () => {
	const sketch = 's03-endless-invalidator';

	test('starves the fault unless it stops, or leaves it the steps from its wake-up to its commit', async () => {
		const finding = await only(sketch, 'fault_races_endless_munmap');
		expect(finding).toMatchObject({ code: 'starvation', severity: 'warning' });
		expect(finding.span.line).toBe(lineOf(sketch, 'mmu_notifier_range_wait_active(mm'));
		// wake up, queue, test, leave the queue, look at the list; lock, check: what the catalogue's model has as 3 steps
		expect(finding.assumption).toBe('finitely many rounds of I, or a gap of 7 steps of F between two rounds of I');
		expect(finding.message).toContain('every thread and every instruction gets its turn');
	});

	test('has to stop together with the other one where there are two', async () => {
		const { assumption } = await only(sketch, 'fault_races_two_endless_invalidators');
		expect(assumption).toMatch(/^finitely many rounds of I and R, or a gap/);
	});

	test('is a warning that does not make a scenario fail', async () => {
		const result = await scenarioOf(sketch, 'fault_races_endless_munmap');
		expect(result).toMatchObject({ verdict: 'warn', asExpected: true, complete: true });
	});
});

describe('ranges that do not overlap (S07)', () => {
	test('are the fault of the comparison in the kernel', async () => {
		const finding = await only('s07-unrelated-ranges', 'one_munmap_and_endless_unrelated_ones');
		expect(finding.code).toBe('starvation');
		expect(finding.span.uri).toBe('mmn-kernel:/mn/active-ranges-core.mmn');
		expect(finding.message).toContain("not the driver's");
		expect(finding.message).toContain('mmu_notifier_range_wait_valid()');
		expect(finding.message).toContain('"mmn->nranges != nranges"');
		expect(finding.related[0]?.span.line).toBe(lineOf('s07-unrelated-ranges', 'mmu_notifier_range_wait_active(mm'));
		expect(finding.assumption).toMatch(/^finitely many rounds of J/);
	});
});

describe('a livelock', () => {
	test('that nothing ends has a point of no return and no assumption', async () => {
		const sketch = 's34-retry-without-new-snapshot';
		const finding = await only(sketch, 'fault_races_munmap');
		expect(finding).toMatchObject({ code: 'livelock', severity: 'error', assumption: null, threads: ['F'] });
		expect(finding.span.line).toBe(lineOf(sketch, 'goto again'));
		// once I has the lock it counts, and F has its snapshot
		expect(finding.noReturn).toBeGreaterThan(0);
		expect(finding.run.find((r) => r.step === finding.noReturn)?.thread).toBe('I');
	});

	test('of two threads names both, and the luck that would end it', async () => {
		const finding = await only('trylock-dance', 'opposite_order');
		expect(finding.threads).toEqual(['A', 'B']);
		expect(finding.message).toContain('A and B go round in take_both()');
		expect(finding.assumption).not.toBeNull();
		expect(finding.noReturn).toBeNull();
	});

	test('of a spinner names who waits for what it holds', async () => {
		const finding = await only('spinner-holds-lock', 'spins_with_the_lock');
		expect(finding.threads).toEqual(['A']);
		expect(finding.message).toContain('B waits for lock, which A has');
	});
});

test('the table says where the run begins to repeat itself', async () => {
	const finding = await only('trylock-dance', 'opposite_order');
	expect(finding.cycleStart).toBe(1);
	const table = mailTable(finding, ['A', 'B']).split('\n');
	expect(table[2]).toBe('// from here on again and again');
	expect(table.filter((line) => line.includes('again and again'))).toHaveLength(1);
	for (const line of table) expect(line.length).toBeLessThanOrEqual(78);
});

test('a call that is open when the run begins to repeat itself has its row again', async () => {
	const finding = await only('s03-endless-invalidator', 'fault_races_endless_munmap');
	const table = mailTable(finding, ['F', 'I']);
	const [stem, cycle] = table.split('// from here on again and again') as [string, string];
	expect(stem).toContain('mmu_notifier_range_wait_active');
	expect(cycle).toContain('mmu_notifier_range_wait_active');
});

test('retries that end are not reported', async () => {
	const { scenarios } = await checkText(text('retries-that-end'));
	const found = scenarios.map((s) => `${s.name}: ${s.findings.map((f) => f.code).join()}`);
	expect(found.filter((f) => !f.endsWith(': '))).toEqual(['trylock_against_a_daemon: starvation']);
});
