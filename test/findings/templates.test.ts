/** What New Sketch begins with is right: everything explored, nothing found, nothing that no run reaches. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkText } from './examples.js';

const folder = path.join(import.meta.dirname, '../../media/templates');

test.each(readdirSync(folder))('%s', async (name) => {
	const text = readFileSync(path.join(folder, name), 'utf8');
	// as checkpatch wants it
	expect(text.split('\n').filter((line) => line.replaceAll('\t', ' '.repeat(8)).length > 100)).toEqual([]);
	const { problems, scenarios, hints } = await checkText(text);
	expect({ problems, hints }).toEqual({ problems: [], hints: undefined });
	expect(scenarios.length).toBeGreaterThan(0);
	for (const { verdict, asExpected, expected } of scenarios)
		expect({ verdict, asExpected, expected }).toEqual({ verdict: 'ok', asExpected: true, expected: ['ok'] });
});
