import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { FINDING_CODES } from '../../src/language/finding-codes.js';
import { parseFile } from '../../src/language/parser.js';
import { root } from '../build.js';
import { checkerWorks, checkText } from './examples.js';

const folder = path.join(root, 'media/manual/findings');
const pages = readdirSync(folder).map((file) => ({
	code: file.replace(/\.md$/, ''),
	text: readFileSync(path.join(folder, file), 'utf8'),
}));

const works = await checkerWorks();

test('every code has a page, and every page a code', () => {
	expect(pages.map((page) => page.code).sort()).toEqual([...FINDING_CODES].sort());
});

describe.each(pages)('$code', ({ code, text }) => {
	const sketches = [...text.matchAll(/^```mmn\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');

	test('is titled by its code and says how to fix it', () => {
		expect(text.split('\n')[0]).toMatch(new RegExp(`^# ${code}: [a-z]`));
		expect(text).toContain('\n## How to fix it\n');
		expect(text).toContain('\n## What the kernel says\n');
	});

	test('has a wrong and a right sketch', () => {
		expect(text).toContain('\n## When it is reported\n');
		expect(sketches).toHaveLength(2);
		// a hint is nothing that a scenario can expect
		if (code === 'unreachable') expect(sketches[0]).toContain('\texpect ok;');
		else expect(sketches[0]).toMatch(new RegExp(`\\texpect (\\S+, )*${code}[,;]`));
		expect(sketches[1]).toContain('\texpect ok;');
	});

	test('has sketches that parse', () => {
		for (const sketch of sketches) expect(parseFile('file:///page.mmn', sketch, false).problems).toEqual([]);
	});

	test.runIf(works)('has sketches that come out as they say', async () => {
		for (const [n, sketch] of sketches.entries()) {
			const { problems, scenarios, hints } = await checkText(sketch);
			if (code === 'unreachable') expect((hints ?? []).map((h) => h.code)).toEqual(n === 0 ? [code] : []);
			expect(problems).toEqual([]);
			expect(scenarios).toHaveLength(1);
			for (const { asExpected, complete, findings } of scenarios)
				expect({ asExpected, complete, found: findings.map((finding) => finding.message) }).toMatchObject({
					asExpected: true,
					complete: code !== 'bounded' || n === 1,
				});
		}
	});
});

describe('fairness.md', () => {
	const text = readFileSync(path.join(root, 'media/manual/fairness.md'), 'utf8');
	const sketches = [...text.matchAll(/^```mmn\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');

	test.runIf(works)('has sketches that come out as they say', async () => {
		expect(sketches.length).toBeGreaterThan(3);
		for (const sketch of sketches) {
			const { problems, scenarios } = await checkText(sketch);
			expect(problems).toEqual([]);
			expect(sketch.match(/^scenario /gm)).toHaveLength(scenarios.length);
			for (const { name, asExpected, complete, expected, findings } of scenarios) {
				expect(expected).toHaveLength(1);
				expect({ name, asExpected, complete, found: findings.map((f) => f.message) }).toMatchObject({
					asExpected: true,
					complete: true,
				});
				// a warning nobody expects passes, but not here
				if (expected[0] === 'ok') expect(findings).toEqual([]);
			}
		}
	});
});
