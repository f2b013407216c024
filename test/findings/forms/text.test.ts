import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { tableForm } from '../../../src/findings/forms/table.js';
import { notesForm, textClosing, textForm } from '../../../src/findings/forms/text.js';
import type { FileResult, Finding } from '../../../src/findings/result.js';
import { expectGolden } from '../../golden.js';
import { at, failed, file, folder, names, scenario, seedFinding, sources } from './fixtures.js';

const options = { path: names, source: sources, colour: false };
const golden = (name: string) => path.join(folder, 'golden', name);
const whole = (result: FileResult, colour = false) =>
	`${textForm(result, { ...options, colour })}\n${textClosing([result], { colour })}`;

const lostWakeup: Finding = {
	...seedFinding,
	code: 'lost-wakeup',
	message: 'A sleeps for ever',
	run: [],
	related: [],
	noReturn: null,
};

describe('text form', () => {
	test('of the seed', () => {
		expectGolden(whole(file([failed])), golden('seed-text.txt'));
	});

	test('of the seed on a terminal says the same in colours', () => {
		const coloured = whole(file([failed]), true);
		expect(coloured).toContain('\u001b[1;31merror:\u001b[0m');
		// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape is what is looked for
		expect(coloured.replace(/\u001b\[[\d;]*m/g, '')).toBe(whole(file([failed])));
	});

	test('of several scenarios', () => {
		const scenarios = [
			scenario({ name: 'fixed' }),
			scenario({ name: 'expected', verdict: 'fail', expected: ['deadlock'], findings: [seedFinding] }),
			scenario({ name: 'gone', expected: ['lost-wakeup'], asExpected: false }),
			scenario({
				name: 'huge',
				verdict: 'bounded',
				complete: false,
				states: 2000000,
				transitions: 1,
				assumptions: ['at most 2000000 states were explored'],
			}),
			scenario({
				name: 'slow',
				verdict: 'warn',
				findings: [
					{ ...lostWakeup, severity: 'warning', code: 'starvation', assumption: 'B ends after finitely many rounds' },
				],
			}),
		];
		expectGolden(whole(file(scenarios)), golden('several-text.txt'));
	});

	test('shows what a verdict assumes in particular, and counts the rest', () => {
		const common = ['a', 'b', 'c', 'memory is sequentially consistent'];
		const result = file([
			scenario({ name: 'one', assumptions: common }),
			scenario({ name: 'two', assumptions: ['deadlock in line 3 is ignored: known', ...common] }),
		]);
		const lines = (all: boolean) => textClosing([result], { colour: false, assumptions: all }).split('\n');
		const first = ['assumed:', '  - deadlock in line 3 is ignored: known (two)', '  - a', '  - b'];
		expect(lines(false).slice(0, 6)).toEqual([...first, '  - 2 more; --assumptions shows them', '']);
		expect(lines(true).slice(0, 7)).toEqual([...first, '  - c', '  - memory is sequentially consistent', '']);
	});

	test('tells one cause in several scenarios once, with the shortest run, and names the others', () => {
		const longer = { ...seedFinding, run: [...seedFinding.run, ...seedFinding.run.slice(-1)] };
		const renamed = { ...longer, message: longer.message.replace(/\bA\b/g, 'F').replace(/\bB\b/g, 'I') };
		const other = { ...longer, message: 'something else' };
		const scenarios = [
			scenario({ name: 'first', verdict: 'fail', findings: [renamed], threads: ['F', 'I'] }),
			scenario({ name: 'second', verdict: 'fail', findings: [seedFinding, { ...longer }] }),
			scenario({ name: 'expected', verdict: 'fail', expected: ['deadlock'], findings: [{ ...seedFinding }] }),
			scenario({ name: 'third', verdict: 'fail', findings: [longer, other] }),
		];
		const text = textForm(file(scenarios), options);
		expect(text.match(/shortest run in \w+|the same in .*|error: something else/g)).toEqual([
			'shortest run in second',
			'the same in first, third',
			'shortest run in second',
			'error: something else',
			'shortest run in third',
		]);
		const table = tableForm(file(scenarios), 'seed.mmn');
		expect(table.match(/^seed.*$/gm)).toEqual([
			'seed.mmn:25: first: deadlock: the same as in second',
			'seed.mmn:25: second: deadlock',
			'seed.mmn:25: second: deadlock',
			'seed.mmn:25: expected: deadlock, as expected: the same as in second',
			'seed.mmn:25: third: deadlock: the same as in second',
			'seed.mmn:25: third: deadlock',
		]);
		expect(table.match(/^-+ +-+$/gm)).toHaveLength(3);
	});

	test('what was asked for besides runs is there for a form of tables, too', () => {
		const note = { code: 'deadlock', severity: 'info', message: 'with one thread more', span: at('goto') } as const;
		const hint = { ...note, code: 'unreachable', severity: 'hint', message: 'no run gets here' } as const;
		const result = { ...file([scenario({})]), hints: [note, hint], moreTried: 1 };
		expect(notesForm(result, options)).toMatch(
			/^seed\.mmn:\d+:\d+: note: with one thread more \[deadlock\]\nmore {3}1 thread .*\n$/,
		);
		expect(notesForm(result, { ...options, hints: true })).toContain('hint: no run gets here [unreachable]\n');
		expect(notesForm(file([scenario({})]), options)).toBe('');
	});

	test('of a sketch with errors', () => {
		const problems = [
			{
				code: 'unknown-name',
				severity: 'error',
				message: "there is no function 'dev_map'; did you mean 'dev_mapped'?",
				span: at('dev_map'),
			},
			{
				code: 'syntax',
				severity: 'warning',
				message: 'empty\nmessage',
				span: { ...at('goto again'), line: 4000, endLine: 4000 },
			},
		] as const;
		expectGolden(whole(file([], problems)), golden('errors-text.txt'));
	});

	test('stops listing problems that the first ones caused', () => {
		const problem = { code: 'syntax', severity: 'error', message: 'x', span: at('goto') } as const;
		const text = textForm(
			file(
				[],
				Array.from({ length: 50 }, () => problem),
			),
			options,
		);
		expect(text.match(/error: x/g)).toHaveLength(20);
		expect(text).toContain('seed.mmn: 30 more');
	});

	test('says that a file has nothing to check', () => {
		expect(textForm(file([]), options)).toContain('seed.mmn has no scenario and no fault handler');
	});

	test('lists places without lines when the source is not at hand', () => {
		const text = textForm(file([failed]), { ...options, source: () => undefined });
		expect(text).toContain('   23   A takes fault_lock here\n');
	});

	test('never shows a limit as ok', () => {
		const text = whole(file([scenario({ complete: false, verdict: 'bounded' })]));
		expect(text).toMatch(/^limit {2}/);
		expect(text).toContain('nothing proved beyond it');
		expect(text).not.toMatch(/\bok\b/);
	});

	test('never shows an expected finding that a stopped search did not find as missing for certain', () => {
		const result = scenario({ complete: false, verdict: 'bounded', expected: ['deadlock'], asExpected: false });
		expect(textForm(file([result]), options)).toContain('was not found before the search stopped');
	});

	test('survives spans outside of the text', () => {
		const span = { ...at('goto again'), line: 0, column: 0, endLine: 9999, endColumn: 0 };
		const finding = { ...seedFinding, span, related: [{ span: { ...span, line: 5, column: 400 }, message: 'beyond' }] };
		expect(textForm(file([scenario({ findings: [finding] })]), options)).toContain('[deadlock]');
	});
});
