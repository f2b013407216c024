/**
 * Little drivers, most of them without a scenario, each with what has to be found, in its first line: `expect ok`
 * wants every search to come to its end. A wrong `ok` and a false alarm are what these are here to catch.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkText } from './examples.js';

const folder = path.join(import.meta.dirname, 'drivers');
const names = readdirSync(folder).filter((name) => name.endsWith('.mmn'));

test('there are drivers, right ones and wrong ones', () => {
	expect(names.filter((name) => name.startsWith('ok-')).length).toBeGreaterThan(9);
	expect(names.filter((name) => !name.startsWith('ok-')).length).toBeGreaterThan(19);
});

test.each(names)('%s', { timeout: 120_000 }, async (name) => {
	const text = readFileSync(path.join(folder, name), 'utf8');
	const wanted = /expect ([^:]*):/.exec(text)?.[1]?.split(', ') ?? [];
	const { problems, scenarios } = await checkText(text, 'driver', { maxSeconds: 1000, maxStates: 8_000_000 });
	expect(problems.filter((p) => p.severity === 'error')).toEqual([]);
	const [result] = scenarios;
	const found = new Set(
		result?.findings
			.filter((f) => f.code === 'bounded' || (f.severity !== 'hint' && f.severity !== 'info'))
			.map((f) => f.code),
	);
	expect([...found].sort()).toEqual(wanted.filter((w) => w !== 'ok').sort());
	// a limit is what the right ones with most states may run into; then nothing is called ok
	const verdict = wanted[0] === 'bounded' || wanted[0] === 'ok' ? wanted[0] : 'fail';
	expect(result?.verdict).toBe(verdict);
});
