import { describe, expect, test } from 'vitest';
import { jsonForm, jsonReport } from '../../../src/findings/forms/json.js';
import { at, failed, file, kernelUri, names, seedFinding } from './fixtures.js';

const problem = { code: 'syntax', severity: 'error', message: 'expected ;', span: at('goto again') } as const;

/** Names of `value`'s fields with the types of their values, all the way down; of an array, its first element's. */
function shape(value: unknown): unknown {
	if (value === null) return 'null';
	if (Array.isArray(value)) return value.length === 0 ? [] : [shape(value[0])];
	if (typeof value === 'object')
		return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, shape(field)]));
	return typeof value;
}

const range = { line: 'number', column: 'number', endLine: 'number', endColumn: 'number' };
const place = { path: 'string', ...range };

describe('json form, version 1', () => {
	test('has these fields, and these only', () => {
		expect(shape(JSON.parse(jsonForm([file([failed], [problem])], names)))).toEqual({
			version: 'number',
			tool: 'string',
			files: [
				{
					path: 'string',
					diagnostics: [{ ...place, code: 'string', severity: 'string', message: 'string' }],
					scenarios: [
						{
							name: 'string',
							...range,
							verdict: 'string',
							expected: [],
							asExpected: 'boolean',
							states: 'number',
							transitions: 'number',
							milliseconds: 'number',
							complete: 'boolean',
							assumptions: ['string'],
							threads: ['string'],
							findings: [
								{
									code: 'string',
									severity: 'string',
									message: 'string',
									...place,
									threads: ['string'],
									related: [{ ...place, message: 'string' }],
									assumption: 'null',
									noReturn: 'number',
									cycleStart: 'null',
									closing: 'string',
									run: [
										{
											step: 'number',
											thread: 'string',
											...place,
											text: 'string',
											kernel: 'boolean',
											blocked: 'boolean',
											remarks: [],
											depth: 'number',
											stack: ['string'],
											choice: 'null',
										},
									],
								},
							],
						},
					],
				},
			],
		});
	});

	test('carries the values of the result', () => {
		const report = jsonReport([file([failed], [problem])], names);
		expect(report).toMatchObject({ version: 1, tool: 'notifier-lab' });
		const [checked] = report.files;
		expect(checked).toMatchObject({
			path: 'seed.mmn',
			diagnostics: [{ path: 'seed.mmn', code: 'syntax', message: 'expected ;', line: 25, column: 3, endColumn: 13 }],
		});
		const scenario = checked?.scenarios[0];
		expect(scenario).toMatchObject({
			name: 'fault_races_munmap',
			line: 31,
			verdict: 'fail',
			states: 44,
			complete: true,
		});
		const finding = scenario?.findings[0];
		expect(finding).toMatchObject({ code: 'deadlock', line: 25, column: 3, threads: ['A', 'B'], noReturn: 8 });
		expect(finding?.related[2]).toEqual({
			path: kernelUri,
			line: 61,
			column: 2,
			endLine: 61,
			endColumn: 42,
			message: 'B makes [1, 3) active here',
		});
		expect(finding?.run).toHaveLength(seedFinding.run.length);
		expect(finding?.run.at(-1)).toMatchObject({
			thread: 'B',
			text: 'mutex_lock(&fault_lock);',
			line: 8,
			blocked: true,
		});
	});

	test('names files by the given function and ends with a newline', () => {
		const text = jsonForm([file([failed])], (uri) => (uri === kernelUri ? 'K' : 'U'));
		expect(text.endsWith('}\n')).toBe(true);
		expect(JSON.parse(text).files[0].scenarios[0].findings[0].related.map((r: { path: string }) => r.path)).toEqual([
			'U',
			'U',
			'K',
			'U',
		]);
	});
});
