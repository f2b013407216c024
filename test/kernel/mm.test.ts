/**
 * The simulated mm and device, held to what they are to do, and pasted code, held to what it means: each sketch in mm/ and
 * pasting/ asserts it, with its verdicts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkText } from '../findings/examples.js';

const names = ['mm', 'pasting'].flatMap((folder) =>
	readdirSync(path.join(import.meta.dirname, folder))
		.filter((name) => name.endsWith('.mmn'))
		.map((name) => `${folder}/${name}`),
);

test.each(names)('%s', async (name) => {
	const { problems, scenarios } = await checkText(readFileSync(path.join(import.meta.dirname, name), 'utf8'));
	expect(problems).toEqual([]);
	expect(scenarios.length).toBeGreaterThan(0);
	for (const scenario of scenarios) {
		const found = scenario.findings.map((f) => `${f.code}: ${f.message} (line ${f.span.line})`);
		expect({ name: scenario.name, found, asExpected: scenario.asExpected }).toMatchObject({ asExpected: true });
	}
});
