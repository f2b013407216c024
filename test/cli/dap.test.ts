/** `notifier-lab dap --stdio` as editors start it: a process of its own, that ends with its session. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { built, root } from '../build.js';
import { DebugClient } from '../debug/client.js';
import { run } from './run.js';

const SEED = path.join(root, 'media/sketches/seed-wait-valid.mmn');

test('debugs a sketch, and ends', async () => {
	const child = spawn(process.execPath, [built('cli.js'), 'dap', '--stdio'], { stdio: ['pipe', 'pipe', 'pipe'] });
	const closed = new Promise((resolve) => child.on('close', resolve));
	let complaints = '';
	child.stderr.on('data', (text) => (complaints += text));
	const client = new DebugClient(child.stdout, child.stdin);
	const { stop } = await client.launch({ program: SEED, stopOnEntry: false });
	expect(stop).toMatchObject({ reason: 'exception', description: 'deadlock' });
	await client.ask('disconnect');
	expect(await closed).toBe(0);
	expect(complaints).toBe('');
});

test('wants to be told how it is talked to', async () => {
	const { status, stderr } = await run(built('cli.js'), ['dap']);
	expect(status).toBe(2);
	expect(stderr).toBe('notifier-lab: dap: --stdio is the only way to talk to the debugger; add it\n');
});
