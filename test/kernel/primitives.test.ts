import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkSketch } from '../../src/findings/check.js';
import { root } from '../build.js';

const folder = path.join(root, 'test/kernel/primitives');
const MOST_STATES = 500;

/* A wrong and a right sketch for every primitive of the simulated kernel. */
describe.each(readdirSync(folder).filter((f) => f.endsWith('.mmn')))('%s', async (file) => {
	const uri = `file:///${file}`;
	const text = readFileSync(path.join(folder, file), 'utf8');
	const { problems, scenarios } = await checkSketch(uri, { read: async (u) => (u === uri ? text : undefined) });

	test('is a sketch', () => {
		expect(problems.filter((p) => p.severity === 'error')).toEqual([]);
		expect(scenarios.length).toBeGreaterThan(0);
	});

	test.each(scenarios)('$name', ({ asExpected, complete, expected, findings, states }) => {
		expect({ asExpected, complete, found: findings.map((f) => f.message) }).toMatchObject({
			asExpected: true,
			complete: true,
		});
		expect(expected.length).toBeGreaterThan(0);
		expect(states).toBeLessThan(MOST_STATES);
	});
});
