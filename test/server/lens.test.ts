import { expect, test } from 'vitest';
import { CodeLensRequest } from 'vscode-languageserver-protocol';
import { checkSketch } from '../../src/findings/check.js';
import { summaryOf } from '../../src/server/lens.js';
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
		[2, expect.stringMatching(/^✗ self-deadlock in 2 steps · \d+ states$/), 'notifierLab.explore'],
		[2, 'Explore', 'notifierLab.explore'],
		[2, 'Debug', 'notifierLab.debugScenario'],
		[2, 'Mail table', 'notifierLab.copyRunAsMailTable'],
		[6, expect.stringMatching(/^✓ ok · \d+ states$/), 'notifierLab.explore'],
		[6, 'Explore', 'notifierLab.explore'],
		[6, 'Debug', 'notifierLab.debugScenario'],
	]);
	expect(found?.[3]?.command?.arguments).toEqual([{ uri: A, scenario: 'twice', index: 0 }]);
});

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
	const run = [1, 2, 2].map((step) => ({
		...{ step, thread: 'A', span: span(A, 1), text: '', kernel: false, blocked: false },
		...{ remarks: [], depth: 0, stack: [], choice: null },
	}));
	const findings = [
		finding('data-race', span(A, 1), { severity: 'warning', run }),
		finding('deadlock', span(A, 1), { run }),
		finding('lock-leak', span(A, 1), { run }),
	];
	const result = scenario('s', span(A, 1), { findings, verdict: 'fail', asExpected: false });
	expect(summaryOf(result, false)).toBe('✗ deadlock in 3 steps · 2 more · 10 states');
	expect(summaryOf({ ...result, expected: ['deadlock', 'lock-leak'], asExpected: true }, false)).toBe(
		'✓ deadlock in 3 steps, as expected · 2 more · 10 states',
	);
	const early = finding('contract', span(A, 1), { run: run.slice(0, 1).map((row) => ({ ...row, thread: 'setup' })) });
	expect(summaryOf({ ...result, findings: [early] }, false)).toBe('✗ contract in setup · 10 states');
	const endless = finding('livelock', span(A, 1), { run, cycleStart: 2 });
	expect(summaryOf({ ...result, findings: [endless] }, false)).toBe(
		'✗ livelock in 1 step, then 2 for ever · 10 states',
	);
});
