import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Checker, parseCheck, statusOf } from '../../src/cli/check.js';
import { UsageError, worst } from '../../src/cli/console.js';
import { watchCheck } from '../../src/cli/watch.js';
import type { FileResult, ScenarioResult } from '../../src/findings/result.js';
import { scenario, seedFinding } from '../findings/forms/fixtures.js';
import { checkWith, folderWith, memoryConsole } from './run.js';

/** A checker that gives every file these scenarios, without looking at it. */
const always =
	(...scenarios: ScenarioResult[]): Checker =>
	async (uri) => ({ uri, problems: [], scenarios: scenarios.map((s) => ({ ...s, span: { ...s.span, uri } })) });

const deadlock = scenario({ verdict: 'fail', asExpected: false, findings: [seedFinding] });
const expected = scenario({ verdict: 'fail', expected: ['deadlock'], findings: [seedFinding] });
const stopped = scenario({ verdict: 'bounded', complete: false });
const folder = () =>
	folderWith({ 'b.mmn': 'x', 'a.mmn': 'x', 'sub/c.mmn': 'x', 'node_modules/n.mmn': 'x', 'note.txt': 'x' });

describe('exit status', () => {
	const file = (...scenarios: ScenarioResult[]): FileResult => ({ uri: 'file:///x.mmn', problems: [], scenarios });

	test('0 when every scenario is as expected', () => {
		expect(statusOf(file(scenario(), expected))).toBe(0);
		expect(statusOf(file())).toBe(0);
	});

	test('1 for a finding that is not expected, and for an expected one that is missing', () => {
		expect(statusOf(file(scenario(), deadlock))).toBe(1);
		expect(statusOf(file(scenario({ expected: ['deadlock'], asExpected: false })))).toBe(1);
		expect(statusOf(file({ ...expected, expected: ['lost-wakeup'], asExpected: false }))).toBe(1);
	});

	test('2 for errors in the text, but not for its warnings', () => {
		const problem = { code: 'syntax', message: 'x', span: seedFinding.span };
		expect(statusOf({ ...file(), problems: [{ ...problem, severity: 'error' }] })).toBe(2);
		expect(statusOf({ ...file(scenario()), problems: [{ ...problem, severity: 'warning' }] })).toBe(0);
	});

	test('of warnings is 0, and 1 with --werror', async () => {
		const warning = scenario({ findings: [{ ...seedFinding, severity: 'warning' as const }] });
		const problem = { code: 'syntax', message: 'x', span: seedFinding.span, severity: 'warning' as const };
		expect(statusOf(file(warning))).toBe(0);
		expect(statusOf(file(warning), true)).toBe(1);
		expect(statusOf({ ...file(scenario()), problems: [problem] }, true)).toBe(1);
		expect(statusOf(file({ ...warning, expected: [seedFinding.code] }), true)).toBe(0);
		expect(statusOf(file(scenario()), true)).toBe(0);
		const warned = always({ ...warning, verdict: 'warn' });
		expect((await checkWith(warned, folder(), ['--werror', 'a.mmn'])).status).toBe(1);
		expect((await checkWith(warned, folder(), ['a.mmn'])).status).toBe(0);
	});

	test('3 when a limit was hit and nothing worse was found', () => {
		expect(statusOf(file(scenario(), stopped))).toBe(3);
		expect(statusOf(file({ ...expected, complete: false }))).toBe(3);
		expect(statusOf(file({ ...stopped, expected: ['deadlock'], asExpected: false }))).toBe(3);
		expect(statusOf(file({ ...deadlock, complete: false }, stopped))).toBe(1);
	});

	test('of several files is the worst', () => {
		expect(worst([0, 3])).toBe(3);
		expect(worst([3, 1, 0])).toBe(1);
		expect(worst([1, 2, 3])).toBe(2);
		expect(worst([])).toBe(0);
	});
});

describe('check', () => {
	test('takes all sketches of a folder, sorted, each once', async () => {
		const cwd = folder();
		const { stdout, status } = await checkWith(always(scenario()), cwd, [
			'.',
			'b.mmn',
			path.join(cwd, 'a.mmn'),
			'--format',
			'json',
		]);
		expect(JSON.parse(stdout).files.map((file: { path: string }) => file.path)).toEqual([
			'a.mmn',
			'b.mmn',
			'sub/c.mmn',
		]);
		expect(status).toBe(0);
	});

	test('goes on after a file that cannot be checked, and says so in one line', async () => {
		const { stdout, stderr, status } = await checkWith(always(scenario()), folder(), ['gone.mmn', 'a.mmn']);
		expect(stdout).toContain('1 scenario in 1 file: ok');
		expect(stderr).toBe('notifier-lab: gone.mmn: no such file or folder\n');
		expect(status).toBe(2);
	});

	test('names the file of each verdict where there are several', async () => {
		const cwd = folderWith({ 'a.mmn': 'x', 'b.mmn': 'x' });
		const { stdout } = await checkWith(always(scenario()), cwd, ['.']);
		expect(stdout).toMatch(/^a\.mmn:\nok .*\n\nb\.mmn:\nok /);
		expect((await checkWith(always(scenario()), cwd, ['a.mmn'])).stdout).toMatch(/^ok /);
	});

	test('files that have nothing to check are no success, in a folder they may be what others include', async () => {
		const cwd = folderWith({ 'a.mmn': 'x', 'b.mmn': 'x' });
		const named = await checkWith(always(), cwd, ['a.mmn']);
		expect(named.stderr).toBe('notifier-lab: nothing to check: the sketch has no scenario and no fault handler\n');
		expect(named.status).toBe(2);
		const among = await checkWith(always(), cwd, ['.']);
		expect(among.stderr).toContain('nothing to check: the sketches have no scenario');
		expect(among.status).toBe(0);
		const one: Checker = (uri, ...more) => always(...(uri.endsWith('a.mmn') ? [] : [scenario()]))(uri, ...more);
		const beside = await checkWith(one, cwd, ['a.mmn', 'b.mmn']);
		expect([beside.stderr, beside.status]).toEqual(['', 0]);
	});

	test('shows the lines of the file that it names as the user did', async () => {
		const cwd = folderWith({ 'x/seed.mmn': 'one\n\ttwo;\n' });
		const checker: Checker = async (uri) => ({
			uri,
			scenarios: [],
			problems: [
				{
					code: 'syntax',
					severity: 'error',
					message: 'no',
					span: { uri, line: 2, column: 2, endLine: 2, endColumn: 5 },
				},
			],
		});
		const { stdout, status } = await checkWith(checker, cwd, ['x/../x/seed.mmn']);
		expect(stdout).toContain('x/../x/seed.mmn:2:2: error: no [syntax]\n    2 | two;\n      | ^~~\n');
		expect(status).toBe(2);
	});

	test('reads included files from the disk, and says why one cannot be used', async () => {
		const cwd = folderWith({ 'a.mmn': 'a', 'good.mmn': 'good', 'bad.mmn': new Uint8Array([65, 10, 0]) });
		const read: (string | undefined)[] = [];
		const checker: Checker = async (uri, sources) => {
			for (const name of ['a.mmn', 'good.mmn', 'bad.mmn', 'gone.mmn'])
				read.push(await sources.read(new URL(name, uri).href));
			read.push(await sources.read('mmn-kernel:/mm.mmn'), await sources.read('file://%%'));
			return { uri, problems: [], scenarios: [scenario()] };
		};
		const { stderr } = await checkWith(checker, cwd, ['a.mmn']);
		expect(read).toEqual(['a', 'good', undefined, undefined, undefined, undefined]);
		expect(stderr).toBe('notifier-lab: bad.mmn: line 2: a NUL byte: this is a binary file, not a sketch\n');
	});

	test('passes its options on', async () => {
		let seen: unknown;
		const checker: Checker = async (uri, _sources, options) => {
			seen = options;
			return { uri, problems: [], scenarios: [scenario({ name: 's' }), scenario({ name: 't' })] };
		};
		const args = '--scenario s --scenario t --max-states 5 --max-seconds 0.5 --max-memory 7 --no-reduction'.split(' ');
		await checkWith(checker, folder(), ['a.mmn', ...args, '--only', 'deadlock,stale-mapping', '--ignore', 'bounded']);
		expect(seen).toMatchObject({
			scenarios: ['s', 't'],
			maxStates: 5,
			maxSeconds: 0.5,
			maxMemoryMB: 7,
			reduction: false,
			only: ['deadlock', 'stale-mapping'],
			ignore: ['bounded'],
		});
	});

	test('says which scenarios there are when none has the name', async () => {
		const cwd = folderWith({ 'a.mmn': 'scenario first {\n}\nscenario second {\n}\n', 'b.mmn': '' });
		const { stdout, stderr, status } = await checkWith(always(), cwd, ['.', '--scenario', 'frist']);
		expect(stdout).toBe('');
		expect(stderr).toBe(
			'notifier-lab: check: no scenario is called frist (did you mean first?); there are first, second\n',
		);
		expect(status).toBe(2);
	});

	test('ends with what was found so far when it is interrupted', async () => {
		const interrupt = new AbortController();
		const checker: Checker = async (uri, _sources, options) => {
			interrupt.abort();
			expect(options?.signal?.aborted).toBe(true);
			return { uri, problems: [], scenarios: [stopped] };
		};
		const { stdout, stderr, status } = await checkWith(checker, folder(), ['.'], {}, interrupt.signal);
		expect(stdout).toContain('1 scenario in 1 file: 1 stopped at a limit');
		expect(stderr).toContain('interrupted: 1 of 3 files checked');
		expect(status).toBe(3);
	});

	test('gives the other files their results when the checker itself fails', async () => {
		const checker: Checker = async (uri) => {
			if (uri.endsWith('a.mmn')) throw new Error('boom');
			return { uri, problems: [], scenarios: [deadlock] };
		};
		const { stdout, stderr, status } = await checkWith(checker, folder(), ['a.mmn', 'b.mmn']);
		expect(stderr).toBe('notifier-lab: a.mmn: internal error, please report it with this sketch: boom\n');
		expect(stdout).toContain('[deadlock]');
		expect(status).toBe(2);
	});

	test('draws progress only on a terminal, after a second, and wipes it away', async () => {
		const slow: Checker = async (uri, _sources, options) => {
			const progress = { scenario: 's', states: 1234567, transitions: 3, frontier: 9, milliseconds: 1200 };
			options?.onProgress?.(progress);
			await new Promise((resolve) => setTimeout(resolve, 1050));
			options?.onProgress?.(progress);
			return { uri, problems: [], scenarios: [scenario()] };
		};
		const [live, piped] = await Promise.all([
			checkWith(slow, folder(), ['a.mmn'], { live: true }),
			checkWith(slow, folder(), ['a.mmn']),
		]);
		expect(live.stderr).toBe(
			'\r\u001b[Ks: 1,234,567 states, 1,028,806 a second, 9 to go, 1 s; Ctrl-C ends the search\r\u001b[K',
		);
		expect(piped.stderr).toBe('');
	});

	test('prints each form', async () => {
		const cwd = folder();
		expect((await checkWith(always(deadlock), cwd, ['a.mmn', '--format', 'table'])).stdout).toMatch(
			/^a\.mmn:25: fault_races_munmap: deadlock\n\nA +B\n/,
		);
		expect((await checkWith(always(deadlock), cwd, ['a.mmn'])).stdout).toMatch(
			/: 1 failed; read: notifier-lab explain deadlock\n$/,
		);
	});

	test('keeps the tables of a file that has a warning', async () => {
		const checker: Checker = async (uri) => ({
			uri,
			scenarios: [deadlock],
			problems: [{ code: 'name', severity: 'warning', message: 'unused', span: { ...seedFinding.span, uri, line: 1 } }],
		});
		const { stdout, status } = await checkWith(checker, folder(), ['a.mmn', 'b.mmn', '--format', 'table']);
		expect(stdout.match(/^[ab]\.mmn:1:3: warning: unused \[name\]$/gm)).toHaveLength(2);
		expect(stdout.match(/^goto again$/gm)).toHaveLength(2);
		expect(stdout).not.toMatch(/\n\n\n|^\n|\n\n$/);
		expect(status).toBe(1);
	});

	test('writes one JSON document even when nothing can be checked', async () => {
		const { stdout } = await checkWith(always(), folder(), ['gone.mmn', '--format', 'json']);
		expect(JSON.parse(stdout)).toEqual({ version: 1, tool: 'notifier-lab', files: [] });
	});
});

test('--watch checks again when the sketch or a file that it includes changes', async () => {
	const cwd = folderWith({ 'a.mmn': '1', 'inc/b.mmn': '1' });
	const stop = new AbortController();
	let rounds = 0;
	const checker: Checker = async (uri, sources) => {
		await sources.read(new URL('inc/b.mmn', uri).href);
		rounds++;
		return { uri, problems: [], scenarios: [rounds === 2 ? deadlock : scenario()] };
	};
	const console = memoryConsole(cwd);
	const request = await parseCheck(['a.mmn', '--watch'], console);
	const watching = watchCheck(request, console, checker, stop.signal);
	const round = async (n: number) => {
		for (let i = 0; i < 200 && !(rounds === n && console.stderr.split('watching').length > n); i++)
			await new Promise((resolve) => setTimeout(resolve, 20));
		expect(rounds).toBe(n);
	};
	await round(1);
	writeFileSync(path.join(cwd, 'a.mmn'), '2');
	await round(2);
	writeFileSync(path.join(cwd, 'inc/b.mmn'), '2');
	await round(3);
	stop.abort();
	expect(await watching).toBe(0);
	expect(console.stdout).toContain('[deadlock]');
});

test('a command line that cannot be meant is one line', async () => {
	const console = memoryConsole(folder());
	const lines: [string, RegExp][] = [
		['', /which sketch\?/],
		['a.mmn --bogus', /unknown option --bogus/],
		['a.mmn --fromat json', /unknown option --fromat \(did you mean --format\?\)/],
		['a.mmn --format sarifx', /unknown format 'sarifx'/],
		['a.mmn --max-states many', /--max-states needs a whole number greater than zero, not 'many'/],
		['a.mmn --max-seconds 0', /--max-seconds needs a number/],
		['a.mmn --max-memory', /--max-memory needs a value/],
		['a.mmn --watch=1', /--watch takes no value/],
		['a.mmn --only dedlock', /no finding has the code 'dedlock' \(did you mean deadlock\?\)/],
		['- --watch', /standard input cannot be watched/],
	];
	for (const [line, message] of lines) {
		const error = await parseCheck(
			line.split(' ').filter((word) => word !== ''),
			console,
		).catch((e: unknown) => e);
		expect(error, line).toBeInstanceOf(UsageError);
		expect((error as Error).message).toMatch(message);
		expect((error as Error).message).not.toContain('\n');
	}
});

test('standard input has a name of its own and includes from the working folder', async () => {
	const cwd = folderWith({ 'inc.mmn': 'included' });
	const stdin = (async function* () {
		yield Buffer.from('from a pipe');
	})();
	const checker: Checker = async (uri, sources) => {
		expect(await sources.read(uri)).toBe('from a pipe');
		expect(await sources.read(new URL('inc.mmn', uri).href)).toBe('included');
		expect(existsSync(fileURLToPath(uri))).toBe(false);
		return {
			uri,
			problems: [],
			scenarios: [{ ...deadlock, findings: [{ ...seedFinding, span: { ...seedFinding.span, uri } }] }],
		};
	};
	const { stdout, status } = await checkWith(checker, cwd, ['-'], { stdin });
	expect(stdout).toMatch(/^<stdin>:25:3: error: /);
	expect(status).toBe(1);
});
