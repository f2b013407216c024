/**
 * Sketches for single findings, with what must be found written below the statement to blame; near misses have no marker.
 * `UPDATE_GOLDEN=1` rewrites the markers: read the difference before you commit it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { FileResult, Finding, Problem } from '../../src/findings/result.js';
import { withMarkers, withoutMarkers } from '../language/fixture.js';
import { checkText } from './examples.js';

const folder = path.join(import.meta.dirname, 'fixtures');
const names = readdirSync(folder).filter((name) => name.endsWith('.mmn'));

/** What is found in any scenario, each once. */
function found({ problems, scenarios, uri }: FileResult): Problem[] {
	const once = new Map<string, Problem>();
	const all = [...problems, ...scenarios.flatMap((s) => s.findings.map(withLength))];
	for (const p of all) if (p.span.uri === uri) once.set(`${p.code} ${p.message} ${p.span.line}:${p.span.column}`, p);
	return [...once.values()];
}

/** A finding with the length of its run: a longer one than need be is a bug too. */
function withLength(finding: Finding): Problem {
	const steps = new Set(finding.run.filter((r) => !r.blocked).map((r) => r.step)).size;
	return steps === 0 ? finding : { ...finding, message: `${finding.message} (${steps} steps)` };
}

/** Places inside of the simulated kernel where the line of the sketch that led there is to be told first. */
function onlyInTheKernel(related: Finding['related']): string[] {
	return related
		.filter(({ span }) => span.uri.startsWith('mmn-kernel:'))
		.map(({ message }) => message)
		.filter((message) =>
			message.endsWith(', in the kernel')
				? !related.some((r) => `${r.message}, in the kernel` === message)
				: /^\S+ (takes|maps|makes|clears|becomes|begins|sleeps|waits) .* here$/.test(message),
		);
}

test('there are fixtures', () => {
	expect(names.length).toBeGreaterThan(0);
});

test.each(names)('%s', async (name) => {
	const file = path.join(folder, name);
	const text = readFileSync(file, 'utf8');
	const plain = withoutMarkers(text);
	const result = await checkText(plain);
	const marked = withMarkers(plain, found(result));
	if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, marked);
	else expect(marked).toBe(text);
	expect(result.scenarios.length).toBeGreaterThan(0);
	for (const scenario of result.scenarios) {
		const codes = scenario.findings.map((finding) => finding.code);
		for (const { related } of scenario.findings) expect(onlyInTheKernel(related)).toEqual([]);
		// in the default environment nothing is expected: the marker is what counts
		if (!/^scenario /m.test(plain)) {
			expect(codes).not.toEqual([]);
			continue;
		}
		expect({ name: scenario.name, codes, asExpected: scenario.asExpected }).toMatchObject({ asExpected: true });
	}
});
