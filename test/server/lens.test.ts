import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
	ApplyWorkspaceEditRequest,
	CodeLensRequest,
	ExecuteCommandRequest,
	ShowDocumentRequest,
	TextDocumentEdit,
	type WorkspaceEdit,
} from 'vscode-languageserver-protocol';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { checkSketch } from '../../src/findings/check.js';
import type { Finding } from '../../src/findings/result.js';
import { summaryOf } from '../../src/server/lens.js';
import { OpenExplorerNotification, ToPageNotification } from '../../src/server/protocol.js';
import type { ToPage } from '../../src/webview/messages.js';
import { finding, scenario, span, TestClient } from './client.js';

const A = 'file:///w/a.mmn';
const TEXT = `static DEFINE_MUTEX(l);

scenario twice {
	thread A { mutex_lock(&l); mutex_lock(&l); }
}

scenario once {
	thread A { mutex_lock(&l); mutex_unlock(&l); }
}
`;

async function lenses(commands: string[], settings: unknown = {}) {
	const client = await TestClient.start(checkSketch, { options: { commands, settings } });
	client.open(A, TEXT);
	await client.until(() => client.published.length > 0);
	const ask = () => client.connection.sendRequest(CodeLensRequest.type, { textDocument: { uri: A } });
	return { client, ask };
}

test('each scenario says what came of it, with the commands that the client has', async () => {
	const { ask } = await lenses(['notifierLab.explore', 'notifierLab.debugScenario', 'notifierLab.copyRunAsMailTable']);
	const found = await ask();
	expect(found?.map(({ range, command }) => [range.start.line, command?.title, command?.command])).toEqual([
		[2, expect.stringMatching(/^✗ self-deadlock in 1 step · \d+ states$/), 'notifierLab.explore'],
		[2, 'Explore', 'notifierLab.explore'],
		[2, 'Debug', 'notifierLab.debugScenario'],
		[2, 'Mail table', 'notifierLab.copyRunAsMailTable'],
		[6, expect.stringMatching(/^✓ ok · \d+ states$/), 'notifierLab.explore'],
		[6, 'Explore', 'notifierLab.explore'],
		[6, 'Debug', 'notifierLab.debugScenario'],
	]);
	expect(found?.[3]?.command?.arguments).toEqual([{ uri: A, scenario: 'twice', index: 0 }]);
});

const fixture = (name: string) => readFileSync(new URL(`../findings/fixes/${name}`, import.meta.url), 'utf8');
const BARE = fixture('add-scenario.mmn').replace(/^\tmutex_unlock.*\n/m, '');

/** A sketch without scenarios, checked, in a client that takes edits and shows documents where it is told to. */
async function bare(commands: string[]) {
	const client = await TestClient.start(checkSketch, {
		options: { commands },
		capabilities: {
			workspace: { applyEdit: true, workspaceEdit: { documentChanges: true } },
			window: { showDocument: { support: true } },
		},
	});
	client.open(A, BARE);
	await client.until(() => client.statuses.at(-1)?.state === 'errors', 20_000);
	const found = await client.connection.sendRequest(CodeLensRequest.type, { textDocument: { uri: A } });
	return { client, found: found ?? [] };
}

test('a sketch without scenarios says at its top what the default environment has found', async () => {
	const { client, found } = await bare(['notifierLab.explore', 'notifierLab.copyRunAsMailTable']);
	expect(found.map(({ range, command }) => [range.start.line, command?.title, command?.command])).toEqual([
		[
			0,
			expect.stringMatching(/^✗ \S+ in \d+ steps? · (\d+ more · )?[\d,]+ states · in the default environment$/),
			'notifierLab.explore',
		],
		[0, 'Explore', 'notifierLab.explore'],
		[0, 'Mail table', 'notifierLab.copyRunAsMailTable'],
		[0, 'Add a scenario', 'notifierLab.addScenario'],
	]);
	const heard: ToPage[] = [];
	client.connection.onNotification(ToPageNotification, ({ message }) => void heard.push(message));
	const [given] = found[1]?.command?.arguments ?? [];
	expect(given).toEqual({ uri: A, scenario: expect.any(String), index: expect.any(Number) });
	const { uri, scenario, index } = given ?? {};
	await client.connection.sendNotification(OpenExplorerNotification, { panel: 'p', uri, scenario, finding: index });
	while (!heard.some(({ type }) => type === 'picture')) await new Promise((resolve) => setTimeout(resolve, 20));
	const code = /^✗ (\S+)/.exec(found[0]?.command?.title ?? '')?.[1];
	expect(heard.find(({ type }) => type === 'picture')).toMatchObject({ picture: { scenario, finding: { code } } });
}, 30_000);

test('a scenario is added by a command of the server, and shown', async () => {
	const { client, found } = await bare([]);
	expect(found.map(({ command }) => command?.title)).toEqual([
		expect.stringMatching(/in the default environment$/),
		'Add a scenario',
	]);
	let edit: WorkspaceEdit | undefined;
	let line = -1;
	client.connection.onRequest(ApplyWorkspaceEditRequest.type, (params) => {
		edit = params.edit;
		return { applied: true };
	});
	client.connection.onRequest(ShowDocumentRequest.type, ({ uri, selection }) => {
		if (uri === A) line = selection?.start.line ?? -1;
		return { success: true };
	});
	const { command = '', arguments: args = [] } = found[1]?.command ?? {};
	await client.connection.sendRequest(ExecuteCommandRequest.type, { command, arguments: args });
	const changes = edit?.documentChanges?.filter(TextDocumentEdit.is).flatMap(({ edits }) => edits) ?? [];
	const text = TextDocument.applyEdits(TextDocument.create(A, 'mmn', 1, BARE), changes as []);
	expect(text.split('\n')[line]).toMatch(/^scenario device_fault_\w+ \{$/);
	client.edit(A, text);
	await client.until(() => client.published.at(-1)?.version === 2, 20_000);
	const after = await client.connection.sendRequest(CodeLensRequest.type, { textDocument: { uri: A } });
	expect(after?.[0]?.range.start.line).toBe(line);
	// what the default environment has found is found in them
	expect(after?.map(({ command }) => command?.title)).toEqual([
		expect.stringMatching(/^✗ lock-leak in /),
		expect.stringMatching(/^✗ lock-leak in /),
	]);
}, 30_000);

test('a client without commands is told the result only', async () => {
	const { ask } = await lenses([]);
	expect((await ask())?.map(({ command }) => command?.command)).toEqual(['', '']);
});

test('after an edit they stand where the scenarios are now, and say that they are old', async () => {
	const { client, ask } = await lenses(['notifierLab.copyRunAsMailTable'], { check: { when: 'onSave' } });
	client.save(A);
	client.edit(A, `\n\n${TEXT}`);
	const found = await ask();
	expect(found?.map(({ range, command }) => [range.start.line, command?.title])).toEqual([
		[4, expect.stringMatching(/^✗ self-deadlock .* · before the last change$/)],
		[8, expect.stringMatching(/^✓ ok .* · before the last change$/)],
	]);
});

test('they can be switched off', async () => {
	const { ask } = await lenses([], { codeLens: { enabled: false } });
	expect(await ask()).toEqual([]);
});

test.each([
	[{ states: 1 }, '✓ ok · 1 state'],
	[{ complete: false, verdict: 'bounded', states: 2_000_000 }, '? stopped at a limit · 2,000,000 states'],
	[{ expected: ['deadlock'], asExpected: false }, '✗ deadlock expected, but not found · 10 states'],
] as const)('%o reads %s', (more, text) => {
	expect(summaryOf(scenario('s', span(A, 1), more), false)).toBe(text);
});

test('the worst finding is named, and how many kinds there are besides', () => {
	// a jump belongs to the step before it, and who waits in the end takes none
	const run = [1, 2, 2, 3].map((step) => ({
		...{ step, thread: 'A', span: span(A, 1), text: '', kernel: false, blocked: step === 3 },
		...{ remarks: [], depth: 0, stack: [], choice: null },
	}));
	const findings = [
		finding('data-race', span(A, 1), { severity: 'warning', run }),
		finding('deadlock', span(A, 1), { run }),
		finding('lock-leak', span(A, 1), { run }),
	];
	const result = scenario('s', span(A, 1), { findings, verdict: 'fail', asExpected: false });
	expect(summaryOf(result, false)).toBe('✗ deadlock in 2 steps · 2 more · 10 states');
	expect(summaryOf({ ...result, expected: ['deadlock', 'lock-leak'], asExpected: true }, false)).toBe(
		'✓ deadlock in 2 steps, as expected · 2 more · 10 states',
	);
	// what nobody expected comes first, and a warning that is expected is no warning
	expect(summaryOf({ ...result, expected: ['deadlock'] }, false)).toBe('✗ lock-leak in 2 steps · 2 more · 10 states');
	const [race] = findings as [Finding];
	expect(summaryOf({ ...result, findings: [race], expected: ['data-race'], asExpected: true }, false)).toBe(
		'✓ data-race in 2 steps, as expected · 10 states',
	);
	expect(summaryOf({ ...result, findings: [race], expected: ['deadlock', 'data-race'] }, false)).toBe(
		'✗ deadlock expected, but not found · ✓ data-race in 2 steps, as expected · 10 states',
	);
	const early = finding('contract', span(A, 1), { run: run.slice(0, 1).map((row) => ({ ...row, thread: 'setup' })) });
	expect(summaryOf({ ...result, findings: [early] }, false)).toBe('✗ contract in setup · 10 states');
	const endless = finding('livelock', span(A, 1), { run, cycleStart: 2 });
	expect(summaryOf({ ...result, findings: [endless] }, false)).toBe(
		'✗ livelock in 1 step, then 1 for ever · 10 states',
	);
});
