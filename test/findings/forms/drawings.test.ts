/** Runs in forms for elsewhere: SARIF against its schema, Mermaid and SVG as text that holds what the run has. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import type { Picture } from '../../../src/findings/explorer/picture.js';
import { mermaidForm } from '../../../src/findings/forms/mermaid.js';
import { sarifForm } from '../../../src/findings/forms/sarif.js';
import { svgForm } from '../../../src/findings/forms/svg.js';
import { explorerOf, SAMPLES, sample } from '../explorer/samples.js';

const SCHEMA = path.resolve(
	import.meta.dirname,
	'../../../node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json',
);

/** The official schema, which is of draft 4; it has no other keyword that a later draft reads otherwise. */
function validator() {
	const { id, $schema, ...schema } = JSON.parse(readFileSync(SCHEMA, 'utf8'));
	expect($schema).toBe('http://json-schema.org/draft-04/schema#');
	expect(id).toContain('sarif-2.1.0');
	return new Ajv({ strict: false, allErrors: true, validateFormats: false, unicodeRegExp: false }).compile(schema);
}

async function sarifOf(name: string) {
	const [file, scenario] = SAMPLES[name] as readonly [string, string, string | null];
	const explorer = await explorerOf(file, scenario);
	const uri = 'file:///sketch.mmn';
	const text = sarifForm(
		[
			{
				result: { uri, problems: [], scenarios: [explorer.scenario] },
				picture: (_, finding) => explorer.found(finding).picture,
			},
		],
		{ version: '1.2.3', uri: (u) => u, help: (code) => ({ title: `About ${code}`, text: 'text' }) },
	);
	return JSON.parse(text);
}

describe('SARIF', () => {
	test.each(Object.keys(SAMPLES))('%s is valid', async (name) => {
		const validate = validator();
		const log = await sarifOf(name);
		expect(validate(log), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
		for (const run of log.runs)
			for (const result of run.results)
				for (const { physicalLocation } of result.locations)
					expect(() => new URL(physicalLocation.artifactLocation.uri, 'file:///')).not.toThrow();
	});

	test('every step is told once, in order, with the state after it', async () => {
		const log = await sarifOf('seed-deadlock');
		const picture = await sample('seed-deadlock');
		const result = log.runs[0].results.find((r: { ruleId: string }) => r.ruleId === 'deadlock');
		const flows = result.codeFlows[0].threadFlows as { id: string; locations: Record<string, never>[] }[];
		expect(flows.map((f) => f.id)).toEqual(['A', 'B']);
		const orders = flows.flatMap((f) => f.locations.map((l) => Number(l.executionOrder))).sort((a, b) => a - b);
		expect(orders).toEqual(picture.steps.map((_, n) => n + 1));
		const last = flows.flatMap((f) => f.locations).find((l) => Number(l.executionOrder) === orders.length);
		expect(last?.state).toMatchObject({ fault_lock: { text: 'held by A; B waits for ever' } });
		expect(result.relatedLocations.length).toBeGreaterThanOrEqual(4);
	});
});

test('a rule that does not hold is not passed over: the schema refuses a log without its version', () => {
	expect(validator()({ runs: [] })).toBe(false);
});

describe.each(Object.keys(SAMPLES))('%s', (name) => {
	const words = (picture: Picture): string[] => picture.steps.filter((s) => s.blocked).map((s) => s.remark);

	test('as Mermaid: a diagram with the threads that take part, and what they wait for', async () => {
		const picture = await sample(name);
		const text = mermaidForm(picture);
		expect(text.startsWith('sequenceDiagram\n')).toBe(true);
		for (const remark of words(picture)) expect(text).toContain(remark);
		// a semicolon or a hash would end the statement
		for (const line of text.split('\n')) expect(line.replace(/#\d+;/g, '')).not.toMatch(/[;#]/);
		expect(text.match(/^ {4}loop for ever$/gm)?.length ?? 0).toBe(picture.cycleStart === null ? 0 : 1);
	});

	test('as SVG: well formed, with nothing to load', async () => {
		const picture = await sample(name);
		const text = svgForm(picture);
		expect(text).not.toMatch(/(href|src)\s*=\s*["'](?!#)/);
		expect(text).not.toMatch(/NaN|undefined|Infinity/);
		const open: string[] = [];
		for (const [tag, end, element, rest] of text.matchAll(/<(\/?)([a-zA-Z]+)([^<>]*)>/g)) {
			if (end === '/') expect(open.pop(), tag).toBe(element);
			else if (!rest?.endsWith('/')) open.push(element ?? '');
		}
		expect(open).toEqual([]);
		expect(text.replace(/<[^<>]*>/g, '')).not.toMatch(/&(?!amp;|lt;|gt;|quot;)|[<>](?=[^{}]*$)/);
	});
});
