/** The simulated mm and device, held to what they are to do: each sketch in mm/ asserts it, with its verdicts. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkText } from '../findings/examples.js';

const folder = path.join(import.meta.dirname, 'mm');
const names = readdirSync(folder).filter((name) => name.endsWith('.mmn'));

test.each(names)('%s', async (name) => {
	const { problems, scenarios } = await checkText(readFileSync(path.join(folder, name), 'utf8'));
	expect(problems).toEqual([]);
	expect(scenarios.length).toBeGreaterThan(0);
	for (const scenario of scenarios) {
		const found = scenario.findings.map((f) => `${f.code}: ${f.message} (line ${f.span.line})`);
		expect({ name: scenario.name, found, asExpected: scenario.asExpected }).toMatchObject({ asExpected: true });
	}
});
