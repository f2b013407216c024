/** The explorer on the command line: explore, replay, export, and the forms that hold whole runs. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { built, root } from '../build.js';
import { folderWith, run } from './run.js';

const SEED = path.join(root, 'media/sketches/seed-wait-valid.mmn');
const FIXED = path.join(root, 'test/corpus/seed/s01-unlock-before-retry.mmn');
let cli = '';
beforeAll(() => {
	cli = built('cli.js');
}, 60_000);

describe('explore', () => {
	test('walks by hand, back, and to a good end', async () => {
		const { status, stdout, stderr } = await run(cli, ['explore', SEED], { stdin: '1\n1\nb 1\nw\nr\ns\nq\n' });
		expect([status, stderr]).toEqual([0, '']);
		expect(stdout).toContain('1  A: mmu_notifier_range_wait_valid(mm, start, end)  ~ may end well or badly');
		expect(stdout).toContain('takes fault_lock');
		expect(stdout).toContain('every thread has ended');
	});

	test('follows the found run to its end, step by step', async () => {
		const { stdout } = await run(cli, ['explore', SEED], { stdin: '\n'.repeat(10) });
		expect(stdout).toContain('--- from here every way ends badly ---');
		expect(stdout).toContain('waits for fault_lock (A), for ever');
		expect(stdout).toContain('neither can go on.');
	});

	test('goes on to where it turns bad, and from there to the end', async () => {
		const { stdout } = await run(cli, ['explore', SEED], { stdin: 'x\nx\nx\nb 99\nw\nw\n' });
		const said = stdout.match(
			/every way from here ends badly.*|waits for range .*for ever|neither can go on|there is no next step|every thread has ended/g,
		);
		expect(said).toEqual([
			'every way from here ends badly; x goes on to the end',
			'waits for range [1, 3) to end (B), for ever',
			'neither can go on',
			'there is no next step',
			'every thread has ended',
			'there is no next step',
		]);
	});

	test('tells what setup does before the run, and what is wrong in finally after it', async () => {
		const sketch = path.join(import.meta.dirname, '../findings/fixtures/assertion-lost-update.mmn');
		const { stdout } = await run(cli, ['explore', sketch, '--finding', 'assertion'], { stdin: 'f\n' });
		expect(stdout).toMatch(/has ended\n\n[\s\S]*\n {2}finally: assert\(n == 2\)\n {2}n == 2 does not hold\n/);
		const seed = await run(cli, ['explore', SEED], { stdin: '' });
		expect(seed.stdout).toContain('\n  setup: mmu_notifier_register(&mn, mm)\n');
	});

	test('tells steps that are the same row as one, and what was picked', async () => {
		const template = path.join(root, 'media/templates/list.mmn');
		const { stdout } = await run(cli, ['explore', template], { stdin: 'w\n' });
		expect(stdout).toMatch(/^\d+-\d+ I {2}in_progress\+\+\n(?!.*in_progress\+\+)/m);
		const lesson = path.join(root, 'media/lessons/06-range-lock.mmn');
		const cow = await run(cli, ['explore', lesson], { stdin: '9\nf\n' });
		expect(cow.stdout).toMatch(/^ \d-\d {2}A {2}wp_page_copy\(mm, addr\) {2}in handle_mm_fault/m);
		const picks = await run(cli, ['explore', path.join(import.meta.dirname, '../findings/fixes/stub.fixed')], {
			stdin: '2\n'.repeat(5),
		});
		expect(picks.stdout).toMatch(/any_bool\(\) \(picks false\)[\s\S]*any_bool\(\)\n +picks false\n/);
	});

	test('says what it does not know, and ends with its input', async () => {
		const { status, stdout } = await run(cli, ['explore', SEED], { stdin: '99\nnonsense\n?' });
		expect(status).toBe(0);
		expect(stdout).toContain('there are 2 ways: 1 to 2');
		expect(stdout).toContain("'nonsense' is no command");
		expect(stdout).toContain('the run so far');
	});

	test('a run without a step is not saved', async () => {
		const { stdout } = await run(cli, ['explore', SEED], { stdin: 'save none.json' });
		expect(stdout).toContain('there is nothing to save yet: take a step');
	});

	test.each([
		[[], 'explore: name one sketch'],
		[['-'], 'standard input is for your commands'],
		[[SEED, '--scenario', 'nope'], 'no scenario is called nope'],
		[[SEED, '--finding', 'stale-tlb'], 'shows no stale-tlb'],
	])('refuses %j', async (args, words) => {
		const { status, stderr } = await run(cli, ['explore', ...args]);
		expect(status).toBe(2);
		expect(stderr).toContain(words);
	});
});

describe('replay', () => {
	test('a run that was saved fits, and after the fix the first step that does not is named', async () => {
		const folder = folderWith({ 'seed.mmn': readFileSync(SEED, 'utf8') });
		await run(cli, ['explore', 'seed.mmn'], { cwd: folder, stdin: 'f\nsave run.json\n' });
		const same = await run(cli, ['replay', 'seed.mmn', 'run.json'], { cwd: folder });
		expect([same.status, same.stderr]).toEqual([0, '']);
		expect(same.stdout).toContain('all 10 steps fit: deadlock');
		expect(same.stdout).toContain('// blocked: fault_lock is held by A');
		const other = await run(cli, ['replay', FIXED, 'run.json'], { cwd: folder });
		expect(other.status).toBe(1);
		expect(other.stdout).toMatch(/step 7 no longer fits: A comes to "mutex_unlock\(&fault_lock\)" where it did/);
	});

	test.each([
		['not json', 'it is not JSON'],
		['{}', 'it was not saved by Notifier Lab'],
		['{"tool":"notifier-lab","version":2}', 'its version is 2'],
		['{"tool":"notifier-lab","version":1,"scenario":"x","steps":[{}]}', 'its step 1 is not one'],
	])('refuses %j', async (text, words) => {
		const folder = folderWith({ 'run.json': text });
		const { status, stderr } = await run(cli, ['replay', SEED, 'run.json'], { cwd: folder });
		expect(status).toBe(2);
		expect(stderr).toContain(words);
	});

	test.each([
		['none.json', 'none.json: no such file or folder'],
		['.', '.: is a folder'],
		['/dev/zero', '/dev/zero is no saved run: none is as large'],
	])('says why %s cannot be read', async (saved, words) => {
		const { status, stderr } = await run(cli, ['replay', SEED, saved], { cwd: folderWith({}) });
		expect([status, stderr]).toEqual([2, `notifier-lab: replay: ${words}\n`]);
	});
});

test.each(['explore', 'export'])('%s takes one sketch, also of a folder', async (command) => {
	const folder = folderWith({ 'one/a.mmn': 'scenario s {}\n', 'two/a.mmn': '', 'two/b.mmn': '' });
	const args = command === 'export' ? ['--to', 'promela'] : [];
	const { status, stderr } = await run(cli, [command, 'two', ...args], { cwd: folder });
	expect([status, stderr]).toEqual([
		2,
		`notifier-lab: ${command}: two is a folder with 2 sketches; name one, such as two/a.mmn\n`,
	]);
	const one = await run(cli, [command, 'one', ...args], { cwd: folder });
	expect(one.stderr).not.toContain('is a folder');
});

test('export draws the run of a finding', async () => {
	const svg = await run(cli, ['export', SEED, '--to', 'svg']);
	expect([svg.status, svg.stderr]).toEqual([0, '']);
	expect(svg.stdout).toContain('from here every way deadlocks');
	const mermaid = await run(cli, ['export', SEED, '--to', 'mermaid', '--finding', 'self-deadlock']);
	expect(mermaid.stdout).toContain('blocked: fault_lock is held by A itself');
	const green = await run(cli, ['export', FIXED, '--to', 'svg']);
	expect(green.stdout).toContain('every thread has ended');
});

test('check writes SARIF with relative uris and the pages of the manual as help', async () => {
	const { status, stdout } = await run(cli, ['check', 'media/sketches/seed-wait-valid.mmn', '--format', 'sarif']);
	expect(status).toBe(1);
	const [log] = JSON.parse(stdout).runs;
	expect(log.results[0].locations[0].physicalLocation.artifactLocation.uri).toBe('media/sketches/seed-wait-valid.mmn');
	expect(log.tool.driver.rules[0].help.markdown).toContain('# ');
	expect(log.results[0].codeFlows[0].threadFlows).toHaveLength(2);
});

test('check writes one HTML page that loads nothing', async () => {
	const { status, stdout } = await run(cli, ['check', SEED, '--format', 'html']);
	expect(status).toBe(1);
	expect(stdout).toContain("default-src 'none'");
	expect(stdout).not.toMatch(/<(script|link|img)[^>]+(src|href)=/);
	expect(JSON.parse(/id="pictures">(.*?)<\/script>/s.exec(stdout)?.[1] ?? '')).toHaveLength(2);
	const two = await run(cli, ['check', SEED, FIXED, '--format', 'html']);
	expect([two.status, two.stderr]).toEqual([
		2,
		'notifier-lab: check: an HTML page is about one sketch: name one file\n',
	]);
	const wrong = await run(cli, ['check', '-', '--format', 'html'], { stdin: 'nonsense' });
	expect([wrong.status, wrong.stdout]).toEqual([2, '']);
	expect(wrong.stderr).toContain('error');
});
