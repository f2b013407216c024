/** What was found stays while a newer text is looked at: it moves with the text, and looks old after a while. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
	CodeLensRequest,
	type Diagnostic,
	DiagnosticSeverity,
	DiagnosticTag,
	DidChangeTextDocumentNotification,
} from 'vscode-languageserver-protocol';
import { checkSketch } from '../../src/findings/check.js';
import { moved } from '../../src/server/stale.js';
import { type Check, echo, TestClient } from './client.js';

const A = 'file:///w/a.mmn';
const WRONG = readFileSync(path.join(import.meta.dirname, '../findings/fixes/unlock-before-retry.mmn'), 'utf8');

const insert = (client: TestClient, version: number, line: number, text: string) =>
	client.connection.sendNotification(DidChangeTextDocumentNotification.type, {
		textDocument: { uri: A, version },
		contentChanges: [{ range: { start: { line, character: 0 }, end: { line, character: 0 } }, text }],
	});
/** The deadlock that a run has shown; a slow search is told of after the hint that the text alone gives. */
const isDeadlock = ({ code, severity }: Diagnostic): boolean =>
	code === 'deadlock' && severity === DiagnosticSeverity.Error;
const isOld = ({ data }: Diagnostic): boolean => data?.stale === true;

test('while a check takes long, the findings of the one before stay, move with the text and are marked', async () => {
	let checks = 0;
	const check: Check = async (uri, sources, options) => {
		const result = await echo(uri, sources, options);
		if (++checks > 1) await new Promise<void>((end) => options.signal?.addEventListener('abort', () => end()));
		return result;
	};
	const client = await TestClient.start(check);
	client.open(A, 'fine\nbad thing');
	await client.until(() => client.messages(A).includes('bad thing'));
	void insert(client, 2, 0, 'one\ntwo\n');
	await client.until(() => client.shown(A).some(isOld), 5000);
	expect(client.shown(A)).toMatchObject([
		{ message: 'bad thing (before the last change)', tags: [DiagnosticTag.Unnecessary], range: { start: { line: 3 } } },
	]);
	// the list was never empty in between
	expect(client.published.map(({ diagnostics }) => diagnostics.length)).toEqual([1, 1]);
});

test('a syntax error takes neither the findings away nor the verdict above the scenario', async () => {
	const client = await TestClient.start(checkSketch);
	client.open(A, WRONG);
	await client.until(() => client.shown(A).some(isDeadlock));
	const before = client.shown(A).find(isDeadlock);
	void insert(client, 2, 0, 'static int (;\n');
	await client.until(() => client.shown(A).some(({ code }) => code === 'syntax'));
	const after = client.shown(A).find(isDeadlock);
	expect(isOld(after as Diagnostic)).toBe(true);
	expect(after?.range.start.line).toBe((before?.range.start.line ?? 0) + 1);
	const lenses = await client.connection.sendRequest(CodeLensRequest.type, { textDocument: { uri: A } });
	expect(lenses?.[0]?.command?.title).toMatch(/deadlock in .* · before the last change$/);
	void client.connection.sendNotification(DidChangeTextDocumentNotification.type, {
		textDocument: { uri: A, version: 3 },
		contentChanges: [{ range: { start: { line: 0, character: 0 }, end: { line: 1, character: 0 } }, text: '' }],
	});
	await client.until(() => client.shown(A).every((d) => !isOld(d)));
	expect(client.shown(A).find(isDeadlock)?.range).toEqual(before?.range);
});

test.each([
	['insertion before it', 0, 0, 0, 0, 'xx\nx', '2:4-2:7'],
	['insertion at its start', 1, 4, 1, 4, 'ab', '1:6-1:9'],
	['insertion at its end', 1, 7, 1, 7, 'ab', '1:4-1:7'],
	['insertion inside', 1, 5, 1, 5, 'ab', '1:4-1:9'],
	['a line break inside', 1, 5, 1, 5, '\n', '1:4-2:2'],
	['deletion over its start', 1, 2, 1, 5, '', '1:2-1:4'],
	['deletion of all of it', 1, 0, 2, 0, '', ''],
	['a change behind it', 2, 0, 2, 1, 'zzz\n', '1:4-1:7'],
])('after %s, a finding stands where its text does', (_, sl, sc, el, ec, text, expected) => {
	const range = { start: { line: 1, character: 4 }, end: { line: 1, character: 7 } };
	const change = { range: { start: { line: sl, character: sc }, end: { line: el, character: ec } }, text };
	const files = moved(new Map([[A, [{ range, message: 'm' }]]]), (uri) => uri === A, change);
	const all = files.get(A) ?? [];
	const words = all.map(({ range: { start, end } }) => `${start.line}:${start.character}-${end.line}:${end.character}`);
	expect(words.join()).toBe(expected);
});

test('what a smaller instance shows is there while the search of the whole goes on', async () => {
	const check: Check = async (uri, sources, options) => {
		const result = await checkSketch(uri, sources);
		const [scenario] = result.scenarios;
		if (scenario !== undefined) options.onEarly?.(scenario);
		await new Promise<void>((end) => options.signal?.addEventListener('abort', () => end()));
		return result;
	};
	const client = await TestClient.start(check);
	client.open(A, WRONG);
	await client.until(() => client.shown(A).some(isDeadlock));
	expect(client.shown(A).some(isOld)).toBe(false);
});

test('what is not found early stays as it was until the search ends, and what is found again is no longer old', async () => {
	let checks = 0;
	let end = (): void => undefined;
	const check: Check = async (uri, sources, options) => {
		const result = await checkSketch(uri, sources);
		if (++checks === 1) return result;
		const [scenario] = result.scenarios;
		const [one] = scenario?.findings ?? [];
		if (scenario && one) options.onEarly?.({ ...scenario, findings: [one] });
		await new Promise<void>((resolve) => {
			end = resolve;
		});
		return result;
	};
	const client = await TestClient.start(check);
	client.open(A, WRONG);
	await client.until(() => client.shown(A).length > 0);
	const before = client.shown(A).map(({ code }) => code);
	expect(before.length).toBeGreaterThan(1);
	void insert(client, 2, 0, '\n');
	await client.until(() => client.shown(A).some(isOld) && !client.shown(A).every(isOld));
	// one is of the new text, the others are as they were; none is shown twice, and none has gone
	expect(client.shown(A).map(({ code }) => code)).toEqual(before);
	expect(client.shown(A).filter((d) => !isOld(d))).toHaveLength(1);
	end();
	await client.until(() => !client.shown(A).some(isOld));
	expect(client.shown(A).map(({ code }) => code)).toEqual(before);
});
