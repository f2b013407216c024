import { expect, test } from 'vitest';
import { type Diagnostic, DiagnosticSeverity, DiagnosticTag } from 'vscode-languageserver-protocol';
import type { FileResult, ScenarioResult } from '../../src/findings/result.js';
import { stateOf, toDiagnostics, toldBy } from '../../src/server/diagnostics.js';
import {
	KernelFilesRequest,
	KernelSourceRequest,
	MailTableRequest,
	manualUri,
	pageOfManualUri,
} from '../../src/server/protocol.js';
import { finding, scenario, span, TestClient } from './client.js';

const A = 'file:///w/a.mmn';

function resultOf(...scenarios: ScenarioResult[]): FileResult {
	return { uri: A, problems: [], scenarios };
}

function shownOf(result: FileResult, links = true) {
	return toDiagnostics(result, { links }).get(A) ?? [];
}

test('a finding carries its place, code, page, edges, and which one it is', () => {
	const related = [
		{ span: span(A, 22, 2, 12), message: 'A takes fault_lock here' },
		{ span: span('mmn-kernel:/mn/active-ranges.mmn', 7), message: 'B is active here' },
	];
	const deadlock = finding('deadlock', { ...span(A, 24, 3, 13) }, { related });
	expect(shownOf(resultOf(scenario('s', span(A, 30), { findings: [deadlock] })))).toEqual([
		{
			range: { start: { line: 23, character: 2 }, end: { line: 23, character: 12 } },
			severity: DiagnosticSeverity.Error,
			code: 'deadlock',
			codeDescription: { href: 'mmn-manual:/findings/deadlock.md' },
			source: 'notifier-lab',
			message: 'deadlock found',
			relatedInformation: [
				{
					location: { uri: A, range: { start: { line: 21, character: 1 }, end: { line: 21, character: 11 } } },
					message: 'A takes fault_lock here',
				},
				{
					location: {
						uri: 'mmn-kernel:/mn/active-ranges.mmn',
						range: { start: { line: 6, character: 0 }, end: { line: 6, character: 1 } },
					},
					message: 'B is active here',
				},
			],
			data: { uri: A, scenario: 's', index: 0 },
		},
	]);
});

test('clients that have no manual get no dead link', () => {
	const [diagnostic] = shownOf(
		resultOf(scenario('s', span(A, 1), { findings: [finding('deadlock', span(A, 1))] })),
		false,
	);
	expect(diagnostic).not.toHaveProperty('codeDescription');
});

test.each([
	['error', DiagnosticSeverity.Error],
	['warning', DiagnosticSeverity.Warning],
	['info', DiagnosticSeverity.Information],
	['hint', DiagnosticSeverity.Hint],
] as const)('%s has its severity', (severity, shown) => {
	const findings = [finding('x', span(A, 1), { severity })];
	expect(shownOf(resultOf(scenario('s', span(A, 1), { findings })))[0]?.severity).toBe(shown);
});

test('an expected finding is information, not an error', () => {
	const findings = [finding('deadlock', span(A, 3)), finding('lock-leak', span(A, 4))];
	const shown = shownOf(resultOf(scenario('s', span(A, 9), { findings, expected: ['deadlock'], asExpected: false })));
	expect(shown.map(({ code, severity }) => [code, severity])).toEqual([
		['deadlock', DiagnosticSeverity.Information],
		['lock-leak', DiagnosticSeverity.Error],
	]);
	expect(shown.map(({ message }) => String(message).startsWith('✓ as expected: '))).toEqual([true, false]);
});

test('an expected warning is as little a warning as an expected error is an error', () => {
	const findings = [finding('starvation', span(A, 3), { severity: 'warning' })];
	const result = resultOf(scenario('s', span(A, 9), { findings, expected: ['starvation'] }));
	expect(shownOf(result)).toMatchObject([
		{ severity: DiagnosticSeverity.Information, message: expect.stringMatching(/^✓ as expected: /) },
	]);
	expect(stateOf(result, toDiagnostics(result, { links: true }))).toBe('ok');
});

test('an expected finding that no run shows is an error at the scenario, but not before the search is complete', () => {
	const missing = scenario('s', span(A, 9), { expected: ['deadlock', 'self-deadlock'], asExpected: false });
	expect(shownOf(resultOf(missing))).toMatchObject([
		{ code: 'expect', range: { start: { line: 8 } }, message: expect.stringContaining('deadlock, self-deadlock') },
	]);
	expect(shownOf(resultOf({ ...missing, complete: false }))).toEqual([]);
});

test.each([
	['A: p is NULL, and it is written through', ['A: p is NULL, and it is written through']],
	[
		'A waits for range [1, 3) to end in device_fault() (line 29), which is active in B since line 42; B waits for fault_lock (lock; of the page, line 16), which A has held since line 30. Release fault_lock before going round again',
		[
			'A waits for range [1, 3) to end in device_fault() (line 29), which is active in B since line 42;',
			'B waits for fault_lock (lock; of the page, line 16), which A has held since line 30.',
			'Release fault_lock before going round again',
		],
	],
	[
		'F goes round in wait() (line 24) as long as J goes on, although every thread and every instruction gets its turn. It ends with finitely many rounds of J',
		[
			'F goes round in wait() (line 24) as long as J goes on,',
			'although every thread and every instruction gets its turn. It ends with finitely many rounds of J',
		],
	],
])('%s is told in lines of which the first says what is wrong', (message, lines) => {
	const findings = [finding('deadlock', span(A, 3), { message })];
	const [shown] = shownOf(resultOf(scenario('s', span(A, 1), { findings })));
	expect(shown?.message).toBe(lines.join('\n'));
	expect(toldBy(shown as Diagnostic)).toEqual({ message, expected: false });
});

test('unreachable code is faded', () => {
	const findings = [finding('unreachable', span(A, 1), { severity: 'hint' })];
	expect(shownOf(resultOf(scenario('s', span(A, 1), { findings })))[0]?.tags).toEqual([DiagnosticTag.Unnecessary]);
});

test('the same finding of two scenarios is shown once, as bad as the worst', () => {
	const findings = [finding('deadlock', span(A, 3))];
	const shown = shownOf(
		resultOf(
			scenario('known', span(A, 9), { findings, expected: ['deadlock'] }),
			scenario('new', span(A, 12), { findings, asExpected: false }),
		),
	);
	expect(shown.map(({ severity }) => severity)).toEqual([DiagnosticSeverity.Error]);
	expect(shown[0]?.message).not.toMatch(/as expected/);
});

test('a page of the manual has an address that can be read back', () => {
	expect(pageOfManualUri(manualUri('self-deadlock'))).toBe('findings/self-deadlock.md');
	expect(pageOfManualUri('mmn-manual:/findings/../x.md')).toBeUndefined();
});

test('the status tells errors, bounded and ok apart', async () => {
	const verdicts: Record<string, ScenarioResult[]> = {
		fail: [scenario('s', span(A, 1), { verdict: 'fail', findings: [finding('deadlock', span(A, 1))] })],
		bounded: [scenario('s', span(A, 1), { verdict: 'bounded', complete: false })],
		ok: [scenario('s', span(A, 1))],
	};
	const client = await TestClient.start(async (uri, sources) => {
		return { uri, problems: [], scenarios: verdicts[(await sources.read(uri)) ?? ''] ?? [] };
	});
	const last = () => client.statuses.at(-1);
	client.open(A, 'fail');
	await client.until(() => last()?.state === 'errors');
	expect(last()).toMatchObject({ uri: A, errors: 1, warnings: 0, states: 10 });
	client.edit(A, 'bounded');
	await client.until(() => last()?.state === 'bounded');
	client.edit(A, 'ok');
	await client.until(() => last()?.state === 'ok');
	expect(client.statuses.map(({ state }) => state)).toEqual([
		...['checking', 'errors', 'checking', 'bounded', 'checking', 'ok'],
	]);
});

test('progress of a long check is told, but not at every step', async () => {
	const client = await TestClient.start(async (uri, sources, { onProgress }) => {
		await sources.read(uri);
		const end = Date.now() + 500;
		for (let states = 1; Date.now() < end; states++) {
			onProgress?.({ scenario: 's', states, transitions: states, frontier: 1, milliseconds: 1 });
			await new Promise((resolve) => setTimeout(resolve, 1));
		}
		return { uri, problems: [], scenarios: [] };
	});
	client.open(A, '');
	await client.until(() => client.statuses.at(-1)?.state === 'ok');
	const reports = client.statuses.filter(({ state, states }) => state === 'checking' && states > 0);
	expect(reports.length).toBeGreaterThanOrEqual(1);
	expect(reports.length).toBeLessThanOrEqual(2);
});

test('the mail table is that of the finding a diagnostic was made from', async () => {
	const client = await TestClient.start(
		async (uri, sources) => {
			await sources.read(uri);
			const findings = [finding('deadlock', span(A, 1)), finding('lock-leak', span(A, 2))];
			return resultOf(scenario('s', span(A, 1), { findings }));
		},
		{ services: { mailTable: ({ code }, threads) => `${code}: ${threads.join(' | ')}` } },
	);
	client.open(A, '');
	await client.until(() => client.published.length > 0);
	const ask = (index: number) => client.connection.sendRequest(MailTableRequest, { uri: A, scenario: 's', index });
	expect(await ask(client.shown(A)[1]?.data.index)).toBe('lock-leak: A | B');
	expect(await ask(2)).toBeNull();
});

test('files of the simulated kernel are served, and null for what is not there', async () => {
	const kernel = { name: 'mn/active-ranges', uri: 'mmn-kernel:/mn/active-ranges.mmn' };
	const client = await TestClient.start(async (uri) => ({ uri, problems: [], scenarios: [] }), {
		services: {
			kernelFiles: () => [kernel],
			kernelSource: (uri) => (uri === kernel.uri ? 'text' : undefined),
		},
	});
	const { connection } = client;
	expect(await connection.sendRequest(KernelFilesRequest, null)).toEqual([kernel]);
	expect(await connection.sendRequest(KernelSourceRequest, { uri: kernel.uri })).toBe('text');
	expect(await connection.sendRequest(KernelSourceRequest, { uri: 'mmn-kernel:/x' })).toBeNull();
});

test('findings of a code are shown as the settings say, or not at all', () => {
	const findings = [
		finding('deadlock', span(A, 1)),
		finding('lock-leak', span(A, 2)),
		finding('data-race', span(A, 3), { severity: 'warning' }),
		finding('livelock', span(A, 4)),
	];
	const result = resultOf(scenario('s', span(A, 9), { findings, expected: ['livelock'], asExpected: false }));
	const severity = { deadlock: 'warning', 'lock-leak': 'off', 'data-race': 'error', livelock: 'error' } as const;
	const shown = toDiagnostics(result, { links: false, severity }).get(A) ?? [];
	expect(shown.map(({ code, severity: s }) => [code, s])).toEqual([
		['deadlock', DiagnosticSeverity.Warning],
		['data-race', DiagnosticSeverity.Error],
		['livelock', DiagnosticSeverity.Information], // expected: no setting makes an error of it
	]);
});

test('settings come as users write them, and what makes no sense is left out', async () => {
	const { readSettings } = await import('../../src/server/settings.js');
	const read = (section: unknown) => readSettings(section).findings.severity;
	expect(read({ findings: { severity: { deadlock: 'information', livelock: 'loud', 'data-race': 3 } } })).toEqual({
		deadlock: 'info',
	});
	expect(read({ findings: { severity: ['deadlock'] } })).toEqual({});
	expect(readSettings({ environment: 'none' }).environment).toBe('none');
	expect(readSettings({ environment: 7 }).environment).toBe('default');
});
