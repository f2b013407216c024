import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { HELP } from '../../src/cli/help.js';
import { COURSE } from '../../src/lessons/lesson.js';
import { TEMPLATES } from '../../src/templates/templates.js';
import { built, root } from '../build.js';
import { type Ended, folderWith, run } from './run.js';

let cli: string;
beforeAll(() => {
	cli = built('cli.js');
}, 60_000);

/** One line on standard error, nothing on standard output, exit status 2. */
function refused(ended: Ended, message: RegExp | string): void {
	expect(ended.stderr).toMatch(/^notifier-lab: [^\n]+\n$/);
	expect(ended.stderr).toMatch(message);
	expect(ended.stdout).toBe('');
	expect(ended.status).toBe(2);
}

describe('bad input is one line that says what and where', () => {
	test.each([
		[['frobnicate'], /unknown command frobnicate/],
		[['chekc', 'x.mmn'], /unknown command chekc \(did you mean check\?\)/],
		[['--frobnicate'], /unknown option --frobnicate/],
		[['check', '--frobnicate', 'x.mmn'], /unknown option --frobnicate/],
		[['check'], /which sketch\?/],
		[['check', 'gone.mmn'], /gone\.mmn: no such file or folder/],
		[['check', ''], /a file name is empty/],
		[['check', 'gone/x.mmn'], /gone\/x\.mmn: no such file/],
		[
			['explain', 'dedlock'],
			/neither a finding nor anything in the simulated kernel is called 'dedlock' \(did you mean deadlock\?\); notifier-lab explain lists the findings/,
		],
		[
			['explain', 'INTERVAL_TREE_DEFINE'],
			/explain: INTERVAL_TREE_DEFINE\(\) is not modelled: put a struct interval_tree_node/,
		],
		[['explain', 'rb_erase_cached()'], /explain: trees that a driver walks itself are not modelled/],
		[['explain', 'stale'], /\(did you mean stale-mapping or stale-tlb\?\)/],
		[
			['explain', 'mmu_interval_read_begn'],
			/in the simulated kernel is called 'mmu_interval_read_begn' \(did you mean mmu_interval_read_begin\?\);.* the manual's functions\.md/,
		],
		[['explain', 'kmaloc'], /'kmaloc' \(did you mean kmalloc\?\)/],
		[['explain', 'frobnicate'], /'frobnicate'; notifier-lab explain lists/],
		[['new'], /give one name/],
		[['new', 'a', '--api', 'intervall'], /no api 'intervall'.*did you mean interval/],
		[['new', 'gone/x'], /gone\/x\.mmn: cannot be written: its folder does not exist/],
		[['lsp'], /--stdio/],
		[['help', 'frobnicate'], /unknown command/],
	])('%j', async (args, message) => {
		refused(await run(cli, args, { cwd: folderWith({}) }), message);
	});

	test.each([
		['a folder without sketches', { 'dir/note.txt': 'x' }, 'dir', /dir: no sketches in this folder/],
		['5 MB', { 'big.mmn': '/* big */\n'.repeat(500_000) }, 'big.mmn', /big\.mmn: larger than 1024 KiB/],
		['a NUL byte', { 'nul.mmn': 'int a;\nint b\0;' }, 'nul.mmn', /nul\.mmn: line 2: a NUL byte/],
		[
			'rubbish',
			{ 'x.mmn': Uint8Array.from({ length: 999 }, (_, i) => (i * 37 + 128) % 251) },
			'x.mmn',
			/x\.mmn: line \d+: /,
		],
		[
			'Latin-1',
			{ 'l.mmn': Buffer.from('int a;\n\n/* J\xe9r\xf4me */', 'latin1') },
			'l.mmn',
			/l\.mmn: line 3: not UTF-8/,
		],
		['a cut-off character', { 'l.mmn': Buffer.from('/* \u00e9').subarray(0, 4) }, 'l.mmn', /l\.mmn: line 1: not UTF-8/],
		['a file as a folder', { 'f.mmn': '' }, 'f.mmn/x.mmn', /f\.mmn\/x\.mmn: no such file: part of the path is a file/],
	])('%s', async (_what, files, arg, message) => {
		refused(await run(cli, ['check', arg], { cwd: folderWith(files) }), message);
	});

	test('a file that may not be read', async () => {
		const cwd = folderWith({ 'secret.mmn': 'int a;', 'locked/x.mmn': 'int a;' });
		chmodSync(cwd, 0o755);
		chmodSync(path.join(cwd, 'secret.mmn'), 0);
		chmodSync(path.join(cwd, 'locked'), 0);
		// root may read everything: become somebody else.
		const nobody = process.getuid?.() === 0 ? { cwd, uid: 65534 } : { cwd };
		refused(await run(cli, ['check', 'secret.mmn'], nobody), /secret\.mmn: not readable: permission denied/);
		refused(await run(cli, ['check', 'locked'], nobody), /locked: not readable: permission denied/);
	});

	test('symbolic links that lead round in a circle', async () => {
		const cwd = folderWith({ 'dir/a.mmn': '' });
		symlinkSync('loop.mmn', path.join(cwd, 'loop.mmn'));
		symlinkSync('..', path.join(cwd, 'dir', 'up'));
		refused(await run(cli, ['check', 'loop.mmn'], { cwd }), /loop\.mmn: not readable: its symbolic links/);
		expect((await run(cli, ['check', 'dir', '--format', 'json'], { cwd })).status).toBe(0);
	});

	test('a device without an end', async () => {
		refused(await run(cli, ['check', '/dev/zero']), /\/dev\/zero: larger than 1024 KiB/);
	});

	test('rubbish on standard input', async () => {
		refused(
			await run(cli, ['check', '-'], { stdin: Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0) }),
			/<stdin>: line 1: a NUL byte/,
		);
	});
});

describe('help', () => {
	test('of the whole and of each command goes to standard output', async () => {
		for (const [command, text] of Object.entries(HELP)) {
			const args = command === 'all' ? ['--help'] : [command, '--help'];
			expect(await run(cli, args)).toEqual({ status: 0, stdout: text, stderr: '' });
		}
	});

	test('is an error when nothing was asked for', async () => {
		expect(await run(cli, [])).toEqual({ status: 2, stdout: '', stderr: HELP.all });
	});

	test('fits a terminal of 80 columns', () => {
		for (const line of Object.values(HELP).join('').split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
	});

	test('names every option that check takes', () => {
		const source = readFileSync(path.join(root, 'src/cli/check.ts'), 'utf8');
		const options = [...source.matchAll(/^\t\t'?([\w-]+)'?: \{ type: /gm)].map((match) => match[1]);
		expect(options.length).toBeGreaterThan(5);
		for (const option of options) expect(HELP.check).toContain(`--${option} `);
	});
});

test('--version is the version of the package', async () => {
	const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
	expect(await run(cli, ['--version'])).toEqual({ status: 0, stdout: `notifier-lab ${version}\n`, stderr: '' });
});

describe('explain', () => {
	test('prints the page of a finding, plainly', async () => {
		const { stdout, status } = await run(cli, ['explain', 'deadlock']);
		expect(status).toBe(0);
		expect(stdout).toMatch(/^deadlock: threads wait for each other for ever\n\n/);
		expect(stdout).toContain('\nHOW TO FIX IT\n');
		for (const mark of ['```', '**', '\t', '\u001b']) expect(stdout).not.toContain(mark);
	});

	test('takes a code in capitals', async () => {
		const { stdout } = await run(cli, ['explain', 'Stale-Mapping']);
		expect(stdout).toMatch(/^stale-mapping: /);
	});

	test.each([
		[
			'mmu_interval_read_begin',
			/^mmu_interval_read_begin\n\n {4}unsigned long mmu_interval_read_begin\(.*\n\n[^*]*\nmay sleep\n\nRule\. [\s\S]*\n\nNeeds #include <mn\/interval>\.\n$/,
		],
		['wait_event()', /^wait_event\n\n {4}wait_event\(wait_queue, condition\)\n[\s\S]*\nNeeds no include\.\n$/],
		['struct hmm_range', /^hmm_range\n\n {4}struct hmm_range \{\n/],
	])('says what %s is, as an editor does', async (name, text) => {
		const { stdout, stderr } = await run(cli, ['explain', name]);
		expect(stderr).toBe('');
		expect(stdout).toMatch(text);
	});

	test('lists all codes, each with its meaning', async () => {
		const { stdout } = await run(cli, ['explain']);
		expect(stdout).toMatch(/^deadlock {2,}threads wait/m);
		for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^[a-z-]+ {2,}\S/);
	});
});

describe('lesson', () => {
	const ID = '02-the-documented-sequence';
	const solution = path.join(root, `media/lessons/${ID}.solution.mmn`);

	test('lists the course', async () => {
		const { status, stdout } = await run(cli, ['lesson']);
		expect(status).toBe(0);
		expect(stdout.trimEnd().split('\n')).toEqual(
			COURSE.map((_, n) => expect.stringMatching(new RegExp(`^${n + 1}\\. `))),
		);
	});

	test('writes its sketch, which is judged, and keeps what the reader wrote', async () => {
		const cwd = folderWith({});
		const begun = await run(cli, ['lesson', '2'], { cwd });
		expect(begun).toMatchObject({ status: 0, stderr: expect.stringContaining(`wrote ${ID}.mmn`) });
		expect(begun.stdout).toMatch(/^2\. The documented sequence\n[\s\S]*\nYOUR TASK\n[\s\S]*\nGOAL\n/);
		const open = await run(cli, ['lesson', '2', `${ID}.mmn`], { cwd });
		expect(open.status).toBe(1);
		expect(open.stdout).toMatch(/^\[ \] .*\n {4}it has one thread\n\[ \] .*\n.*\n\[x\] .*\n\[x\] .*\n$/);
		const { stdout: solved } = await run(cli, ['lesson', '2', '--solution']);
		expect(solved).toBe(readFileSync(solution, 'utf8'));
		writeFileSync(path.join(cwd, `${ID}.mmn`), solved);
		const again = await run(cli, ['lesson', '2'], { cwd });
		expect(again.stderr).toContain(`your sketch is ${ID}.mmn`);
		const done = await run(cli, ['lesson', '2', `${ID}.mmn`], { cwd });
		expect(done).toMatchObject({ status: 0, stderr: expect.stringContaining('lesson 3') });
		expect(done.stdout).toMatch(
			/What you have seen[\s\S]*In fault_races: A waits for range[\s\S]*blocked: fault_lock is held by A/,
		);
	});

	test('tells what an attempt does', async () => {
		const text = readFileSync(path.join(root, 'media/lessons/01-an-invalidation.mmn'), 'utf8');
		const { status, stdout } = await run(cli, ['lesson', '1', '-'], { stdin: `${text}\n/* tried */\n` });
		expect(status).toBe(1);
		expect(stdout).toMatch(/\nIn munmap_alone: [\s\S]*\n {4}B\n {4}-+\n/);
	});

	test('hints come one by one', async () => {
		expect(await run(cli, ['lesson', '2', '--hint', '3'])).toMatchObject({
			status: 0,
			stdout: '`thread B { munmap(1, 3); }`\n',
		});
		refused(await run(cli, ['lesson', '2', '--hint', '4']), /lesson 2 has 3 hints; then there is --solution/);
		refused(await run(cli, ['lesson', '99']), /no lesson 99: 1 to 14/);
		refused(await run(cli, ['lesson', '2', 'gone.mmn']), /gone\.mmn: no such file/);
	});
});

describe('scenario', () => {
	const text = readFileSync(path.join(root, 'test/findings/fixes/add-scenario.mmn'), 'utf8');

	test('prints what an editor would add; with it the sketch can be exported', async () => {
		const cwd = folderWith({ 'a.mmn': text });
		refused(await run(cli, ['export', 'a.mmn', '--to', 'promela'], { cwd }), /notifier-lab scenario a\.mmn prints one/);
		const { stdout, status } = await run(cli, ['scenario', 'a.mmn'], { cwd });
		expect({ status, first: stdout.split('\n', 2) }).toEqual({
			status: 0,
			first: ['', 'scenario device_fault_races_munmap {'],
		});
		writeFileSync(path.join(cwd, 'a.mmn'), text + stdout);
		const one = ['export', 'a.mmn', '--to', 'promela', '--scenario', 'device_fault_races_munmap'];
		expect((await run(cli, one, { cwd })).status).toBe(0);
		refused(await run(cli, ['scenario', 'a.mmn'], { cwd }), /a\.mmn has some: device_fault_races_munmap/);
	});

	test('prints those that show what is wrong', async () => {
		const driver = readFileSync(path.join(root, 'test/findings/drivers/2015-map-without-check.mmn'), 'utf8');
		const cwd = folderWith({ 'a.mmn': driver });
		const { stdout } = await run(cli, ['scenario', 'a.mmn'], { cwd });
		expect(stdout.match(/^scenario \w+|^\t\w+ \w+ \{ .*/gm)).toEqual([
			'scenario handle_page_stale_mapping',
			'\tthread page { handle_page(0, 2); }',
			'\tthread mmap { mmap_fixed(0, 2); }',
			'scenario handle_page_starvation',
			'\tthread page { handle_page(0, 2); }',
			'\tdaemon stream { munmap(2, 3); }',
			'\tthread mmap { mmap_fixed(0, 2); }',
		]);
		refused(
			await run(cli, ['scenario', 'a.mmn', '--max-seconds', 'x'], { cwd }),
			/scenario: --max-seconds needs a number greater than zero/,
		);
	});

	test('says so where nothing could run', async () => {
		const cwd = folderWith({ 'a.mmn': 'static int n;\n' });
		refused(await run(cli, ['scenario', 'a.mmn'], { cwd }), /nothing in a\.mmn could run/);
	});
});

describe('new', () => {
	test('writes a sketch that is as expected', async () => {
		const cwd = folderWith({});
		const made = await run(cli, ['new', 'my-driver'], { cwd });
		expect(made).toMatchObject({ status: 0, stdout: 'my-driver.mmn\n' });
		expect(await run(cli, ['check', 'my-driver.mmn'], { cwd })).toMatchObject({ status: 0, stderr: '' });
	});

	test.each(TEMPLATES.map(({ id }) => id))('--api %s', async (api) => {
		const cwd = folderWith({});
		expect(await run(cli, ['new', 'a', '--api', api], { cwd })).toMatchObject({ status: 0, stdout: 'a.mmn\n' });
		expect(readFileSync(path.join(cwd, 'a.mmn'), 'utf8')).toBe(
			readFileSync(path.join(root, `media/templates/${api}.mmn`), 'utf8'),
		);
		const { status, stdout } = await run(cli, ['check', 'a.mmn'], { cwd });
		expect(status).toBe(0);
		expect(stdout, 'nothing to warn of, no line that is never run').not.toMatch(/warning|hint/);
		expect(await run(cli, ['fmt', '--check', 'a.mmn'], { cwd })).toMatchObject({ status: 0, stdout: '' });
	});

	test('never overwrites', async () => {
		const cwd = folderWith({ 'a.mmn': 'mine' });
		refused(await run(cli, ['new', 'a'], { cwd }), /a\.mmn: is there already/);
		refused(await run(cli, ['new', 'a.mmn'], { cwd }), /a\.mmn: is there already/);
		expect(readFileSync(path.join(cwd, 'a.mmn'), 'utf8')).toBe('mine');
		expect(existsSync(path.join(cwd, 'a.mmn.mmn'))).toBe(false);
	});
});

describe('pipes', () => {
	test('no colours into a pipe', async () => {
		const { stdout } = await run(cli, ['check', 'media/sketches'], { env: { FORCE_COLOR: '1' } });
		expect(stdout).not.toContain('\u001b');
	});

	test('a reader that has seen enough is no error', async () => {
		const cwd = folderWith({});
		mkdirSync(path.join(cwd, 'many'));
		for (let i = 0; i < 200; i++) writeFileSync(path.join(cwd, 'many', `${i}.mmn`), '#include "gone.mmn"\n');
		const child = spawn(process.execPath, [cli, 'check', 'many'], { cwd });
		let stderr = '';
		child.stderr.on('data', (chunk) => (stderr += chunk));
		child.stdout.once('data', () => child.stdout.destroy());
		await new Promise((resolve) => child.on('close', resolve));
		expect(stderr).not.toMatch(/EPIPE|Error|at /);
	});
});

test('Ctrl-C ends a watch with the status of the last check', async () => {
	const child = spawn(process.execPath, [cli, 'check', 'a.mmn', '--watch'], {
		cwd: folderWith({ 'a.mmn': 'scenario s { thread A { } }' }),
	});
	child.stderr.on('data', (chunk) => {
		if (String(chunk).includes('watching')) child.kill('SIGINT');
	});
	const [status, signal] = await new Promise<[number | null, string | null]>((resolve) =>
		child.on('close', (...ended) => resolve(ended)),
	);
	expect([status, signal]).toEqual([0, null]);
});

test('lsp --stdio answers an editor', async () => {
	const child = spawn(process.execPath, [cli, 'lsp', '--stdio']);
	const request = JSON.stringify({
		jsonrpc: '2.0',
		id: 1,
		method: 'initialize',
		params: { processId: null, rootUri: null, capabilities: {} },
	});
	child.stdin.write(`Content-Length: ${request.length}\r\n\r\n${request}`);
	let answer = '';
	try {
		for await (const chunk of child.stdout) {
			answer += chunk;
			if (answer.includes('"capabilities"')) break;
		}
	} finally {
		child.kill();
	}
	expect(answer).toMatch(/^Content-Length: \d+\r\n/);
	expect(answer).toContain('"id":1');
});
