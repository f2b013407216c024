/** `notifier-lab lsp --stdio` as editors start it: a process of its own, with its checks in a thread. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import {
	type CompletionList,
	createProtocolConnection,
	type Diagnostic,
	type Hover,
	StreamMessageReader,
	StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';
import { built, root } from '../build.js';

const SEED = path.join(root, 'media/sketches/seed-wait-valid.mmn');
const uri = pathToFileURL(SEED).href;

/** The seed against three more invalidators and faults: it is searched for longer than this test lasts. */
const LONG = readFileSync(SEED, 'utf8').replace(
	/thread A[\s\S]*$/,
	`${['A', 'C', 'D', 'E', 'F'].map((name) => `thread ${name} { device_fault(0, 2); }`).join('\n\t')}
	thread B { munmap(1, 3); reclaim(0, 1); }
	thread G { fork(0, 4); }
}
`,
);

test('diagnostics come, and requests are answered while a search goes on', async () => {
	const child = spawn(process.execPath, [built('cli.js'), 'lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
	const connection = createProtocolConnection(
		new StreamMessageReader(child.stdout),
		new StreamMessageWriter(child.stdin),
	);
	const closed = new Promise((resolve) => child.on('close', resolve));
	try {
		const diagnostics = new Promise<Diagnostic[]>((resolve) => {
			connection.onNotification('textDocument/publishDiagnostics', (params) => resolve(params.diagnostics));
		});
		let searching = false;
		connection.onNotification('notifierLab/status', (status: { state: string }) => {
			searching = status.state === 'checking';
		});
		connection.listen();
		await connection.sendRequest('initialize', {
			processId: process.pid,
			rootUri: null,
			capabilities: {},
			initializationOptions: { settings: { check: { maxStates: 1e9, maxSeconds: 60 } } },
		});
		await connection.sendNotification('initialized', {});
		const textDocument = { uri };
		await connection.sendNotification('textDocument/didOpen', {
			textDocument: { uri, languageId: 'mmn', version: 1, text: readFileSync(SEED, 'utf8') },
		});
		expect((await diagnostics).map(({ code }) => code)).toContain('deadlock');
		await connection.sendNotification('textDocument/didChange', {
			textDocument: { uri, version: 2 },
			contentChanges: [{ text: LONG }],
		});
		while (!searching) await new Promise((resolve) => setTimeout(resolve, 5));
		const line = LONG.split('\n').findIndex((text) => text.includes('dev_map(start'));
		for (let n = 0; n < 5; n++) {
			const position = { line, character: 4 };
			const hover = await connection.sendRequest<Hover>('textDocument/hover', { textDocument, position });
			expect(JSON.stringify(hover.contents)).toContain('dev_map');
			const list = await connection.sendRequest<CompletionList>('textDocument/completion', { textDocument, position });
			expect(list.items.map(({ label }) => label)).toContain('dev_map');
		}
		expect(searching).toBe(true);
		await connection.sendRequest('shutdown');
		await connection.sendNotification('exit');
		// The thread that searches does not keep the process alive.
		expect(await closed).toBe(0);
	} finally {
		connection.dispose();
		child.kill();
	}
}, 30_000);
