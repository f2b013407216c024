/** One thread more, over the protocol: noted in a pause, gone with the next edit, with the thread to add. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { type CodeAction, CodeActionRequest, CodeLensRequest, type Diagnostic } from 'vscode-languageserver-protocol';
import { type CheckOptions, checkSketch } from '../../src/findings/check.js';
import { toldBy } from '../../src/server/diagnostics.js';
import { LargerLooks } from '../../src/server/larger.js';
import { TestClient } from './client.js';

const A = 'file:///w/lessons/a.mmn';
const TEXT = readFileSync(path.join(import.meta.dirname, '../corpus/locks/s62-mmap-lock-read-twice.mmn'), 'utf8');
const NOTE = /^nothing fails as it stands; with one thread more, thread W \{ [^}]* \}, deadlock in \d+ steps: /;
const ON = { check: { oneThreadMore: true } };
const note = (diagnostics: readonly Diagnostic[] = []) => diagnostics.find((d) => NOTE.test(toldBy(d).message));
const last = (client: TestClient) => client.published.at(-1)?.diagnostics;

test('a scenario that is right is looked at with one thread more; the thread can be added', async () => {
	const client = await TestClient.start(checkSketch, { options: { settings: ON } });
	client.open(A, TEXT);
	await client.until(() => note(last(client)) !== undefined, 20_000);
	const found = note(last(client)) as Diagnostic;
	expect(found).toMatchObject({ severity: 3, code: 'deadlock', range: { start: { line: 66, character: 0 } } });
	// what was known before is still there
	expect(last(client)?.filter(({ data }) => data !== undefined).length).toBeGreaterThan(1);
	const actions = (await client.connection.sendRequest(CodeActionRequest.type, {
		textDocument: { uri: A },
		range: found.range,
		context: { diagnostics: [found] },
	})) as CodeAction[];
	expect(actions).toMatchObject([
		{
			title: 'Add thread W { mmap_write_lock(mm); mmap_write_unlock(mm); }',
			edit: { changes: { [A]: [{ newText: '\n\tthread W { mmap_write_lock(mm); mmap_write_unlock(mm); }' }] } },
		},
	]);
	const lenses = await client.connection.sendRequest(CodeLensRequest.type, { textDocument: { uri: A } });
	expect(lenses?.map(({ command }) => command?.title)).toContain('✓ ok · 36 states · deadlock with one thread more');
	const before = client.published.length;
	client.edit(A, `${TEXT}\n`);
	await client.until(() => client.published.length > before, 20_000);
	expect(note(last(client))).toBeUndefined();
});

test.each([
	['where it is switched off', { settings: { check: { oneThreadMore: false } } }],
	['at sketches that came with the client', { settings: ON, shipped: ['file:///w/lessons'] }],
])('nobody looks %s', async (_, options) => {
	const asked: CheckOptions[] = [];
	const client = await TestClient.start(
		(uri, sources, one) => {
			asked.push(one);
			return checkSketch(uri, sources, one);
		},
		{ options },
	);
	client.open(A, TEXT);
	await client.until(() => client.published.length > 0, 20_000);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	expect(asked.map(({ larger }) => larger)).toEqual([undefined]);
});

afterEach(() => vi.useRealTimers());

test('who closes one sketch, or holds up the looks for a while, still gets those at the others', async () => {
	vi.useFakeTimers();
	const begun: string[] = [];
	const done: string[] = [];
	const looks = new LargerLooks(async (uri, _, signal) => {
		begun.push(uri);
		// as a search does, it notices later that nobody wants it any more
		await new Promise((resolve) => setTimeout(resolve, 3000));
		if (!signal.aborted) done.push(uri);
	});
	for (const uri of ['a', 'b', 'c']) looks.add(uri, ['s']);
	looks.resume();
	await vi.advanceTimersByTimeAsync(1500);
	expect(begun).toEqual(['a']);
	looks.drop('a');
	looks.drop('c');
	await vi.advanceTimersByTimeAsync(4000);
	expect(begun).toEqual(['a', 'b']);
	looks.pause();
	looks.resume();
	await vi.advanceTimersByTimeAsync(20_000);
	expect(begun).toEqual(['a', 'b', 'b']);
	expect(done).toEqual(['b']);
});
