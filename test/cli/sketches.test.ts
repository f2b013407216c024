import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { built, root } from '../build.js';
import { checkerWorks } from '../findings/examples.js';
import { folderWith, run } from './run.js';

const SEED = 'media/sketches/seed-wait-valid.mmn';
/** Rows of the table in the mail, each in its thread's column. Their order is the search's. */
const ROWS = [
	/^mmu_notifier_range_wait_valid/m,
	/^ {36}mmu_notifier_invalidate_range_start$/m,
	/^ {36}list_add_tail$/m,
	/^mutex_lock\(&fault_lock\)$/m,
	/^ {36}->invalidate_range_start\n {36}\/\/ blocked: fault_lock is held by A$/m,
	/^mmu_notifier_range_is_valid \/\/ fails$/m,
	/^goto again$/m,
	/^mmu_notifier_range_wait_valid\n\/\/ blocked: \[1, 3\) is active in B$/m,
];
/** Far more states than any machine walks through. */
const ENDLESS = `static int a, b, c, d;
scenario endless {
	thread A { int i; for (i = 0; i < 100000; i++) WRITE_ONCE(a, i); }
	thread B { int i; for (i = 0; i < 100000; i++) WRITE_ONCE(b, i); }
	thread C { int i; for (i = 0; i < 100000; i++) WRITE_ONCE(c, i); }
	thread D { int i; for (i = 0; i < 100000; i++) WRITE_ONCE(d, i); }
}
`;

describe.runIf(await checkerWorks())('the command line and the checker', () => {
	let cli: string;
	beforeAll(() => {
		cli = built('cli.js');
	}, 60_000);

	test('print the table of the mail for the seed', async () => {
		const { status, stdout, stderr } = await run(cli, ['check', SEED, '--format', 'table']);
		expect(stderr).toBe('');
		expect(status).toBe(1);
		const deadlock = stdout.split(/^media.*self-deadlock$/m)[0] ?? '';
		for (const row of ROWS) expect(deadlock).toMatch(row);
		expect(deadlock).toMatch(/\n\n\S.*fault_lock[\s\S]*\n$/);
		for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(78);
	});

	test('agree that the seed is as expected once it says so', async () => {
		const text = readFileSync(path.join(root, SEED), 'utf8').replace(
			/\}\s*$/,
			'\texpect deadlock, self-deadlock;\n}\n',
		);
		const { status, stdout } = await run(cli, ['check', '-', '--format', 'json'], { stdin: text });
		const [file] = JSON.parse(stdout).files;
		expect(file.diagnostics).toEqual([]);
		expect(file.scenarios[0]).toMatchObject({ verdict: 'fail', asExpected: true, complete: true });
		expect(status).toBe(0);
	});

	test('blame the goto, with every edge of the cycle', async () => {
		const { stdout } = await run(cli, ['check', SEED]);
		const line =
			readFileSync(path.join(root, SEED), 'utf8')
				.split('\n')
				.findIndex((l) => l.includes('goto again;')) + 1;
		expect(stdout).toMatch(new RegExp(`^${SEED}:${line}:\\d+: error: .*fault_lock.* \\[deadlock\\]$`, 'm'));
		expect(stdout).toContain('goto again;\n');
	});

	test.each([
		[
			'an include that is not there',
			{ 'a.mmn': 'int a;\n#include "gone.mmn"\n' },
			'a.mmn',
			/^a\.mmn:2:\d+: error: .*gone\.mmn/m,
		],
		[
			'a library that does not exist',
			{ 'a.mmn': '#include <mn/gone>\n' },
			'a.mmn',
			/^a\.mmn:1:\d+: error: .*mn\/gone/m,
		],
		[
			'an include cycle',
			{ 'a.mmn': '#include "b.mmn"\n', 'b.mmn': '#include "a.mmn"\n' },
			'a.mmn',
			/^[ab]\.mmn:1:\d+: error: .*[ab]\.mmn/m,
		],
	])('refuse %s', async (_what, files, arg, message) => {
		const { status, stdout, stderr } = await run(cli, ['check', arg], { cwd: folderWith(files) });
		expect(stdout).toMatch(message);
		expect(stdout.match(/: error: /g)).toHaveLength(1);
		expect(stderr).toBe('');
		expect(status).toBe(2);
	});

	test('never show a limit as ok', async () => {
		const cwd = folderWith({ 'a.mmn': ENDLESS });
		const { status, stdout } = await run(cli, ['check', 'a.mmn', '--max-states', '5000'], { cwd });
		expect(stdout).toMatch(/^limit {2}endless/m);
		expect(stdout).not.toMatch(/^ok/m);
		expect(status).toBe(3);
	});

	test('end with what was found so far at Ctrl-C', async () => {
		const child = spawn(process.execPath, [cli, 'check', '-', '--max-seconds', '30']);
		let stdout = '';
		let stderr = '';
		child.stdout.on('data', (chunk) => (stdout += chunk));
		child.stderr.on('data', (chunk) => (stderr += chunk));
		child.stdin.end(ENDLESS);
		setTimeout(() => child.kill('SIGINT'), 3000);
		const began = Date.now();
		const status = await new Promise((resolve) => child.on('close', resolve));
		expect(Date.now() - began).toBeLessThan(20_000);
		expect(stdout).toMatch(/^limit {2}endless/m);
		expect(stderr).toBe('notifier-lab: interrupted: 1 of 1 files checked\n');
		expect(status).toBe(3);
	});
});
