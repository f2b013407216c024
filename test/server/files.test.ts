/** Files that come, go and include each other while they are edited, wherever they are kept. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { FileChangeType } from 'vscode-languageserver-protocol';
import { checkSketch } from '../../src/findings/check.js';
import { toDiagnostics, withoutRepeats } from '../../src/server/diagnostics.js';
import { CheckRequest } from '../../src/server/protocol.js';
import { TestClient } from './client.js';

const WRONG = readFileSync(path.join(import.meta.dirname, '../findings/fixes/unlock-before-retry.mmn'), 'utf8');
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

/** What a fresh check of a file finds in it, and in the others. */
async function fresh(uri: string, texts: Readonly<Record<string, string>>, wanted = uri): Promise<unknown> {
	const result = await checkSketch(uri, { read: async (u) => texts[u] });
	return plain(withoutRepeats(toDiagnostics(result, { links: false }).get(wanted) ?? []));
}

/** Waits for what a fresh check finds: what is found first may be shown before the rest. */
async function showsAll(client: TestClient, uri: string, texts: Readonly<Record<string, string>>): Promise<void> {
	const expected = await fresh(uri, texts);
	await client.until(() => client.shown(uri).length === (expected as unknown[]).length);
	expect(plain(client.shown(uri))).toEqual(expected);
}

test('two files that include each other are edited in turn', async () => {
	const [a, b] = ['file:///w/a.mmn', 'file:///w/b.mmn'];
	const texts: Record<string, string> = {
		[a]: '#include "b.mmn"\nstatic int f(void) { return g(); }\n',
		[b]: '#include "a.mmn"\nstatic int g(void) { return 1; }\n',
	};
	const client = await TestClient.start(checkSketch);
	for (const uri of [a, b]) client.open(uri, texts[uri] ?? '');
	const bits = [
		'static int x;\n',
		'static DEFINE_MUTEX(l);\n',
		'scenario s { thread A { f(); } }\n',
		'}\n',
		'#include "a.mmn"\n',
	];
	for (const [n, bit] of [...bits, ...bits].entries()) {
		const uri = n % 2 === 0 ? a : b;
		texts[uri] += bit;
		client.edit(uri, texts[uri] ?? '');
	}
	for (const uri of [a, b]) await client.connection.sendRequest(CheckRequest, { uri });
	for (const uri of [a, b]) await client.connection.sendRequest(CheckRequest, { uri });
	const both = async (uri: string) => [
		...((await fresh(a, texts, uri)) as object[]),
		...((await fresh(b, texts, uri)) as object[]),
	];
	for (const uri of [a, b]) {
		const expected = new Set((await both(uri)).map((d) => JSON.stringify(d)));
		expect(new Set(client.shown(uri).map((d) => JSON.stringify(plain(d))))).toEqual(expected);
	}
	expect(client.log).toEqual([]);
});

test('an included file that is deleted is an error, until it is there again', async () => {
	const [a, lib] = ['file:///w/a.mmn', 'file:///w/lib.mmn'];
	const disk: Record<string, string> = { [lib]: 'static int g(void) { return 1; }\n' };
	const client = await TestClient.start(checkSketch, { disk });
	client.open(a, '#include "lib.mmn"\nstatic int f(void) { return g(); }\n');
	await client.connection.sendRequest(CheckRequest, { uri: a });
	expect(client.messages(a)).toEqual([]);
	const text = disk[lib] ?? '';
	delete disk[lib];
	client.changeOnDisk(lib, FileChangeType.Deleted);
	await client.until(() => client.messages(a).some((message) => message.includes('lib.mmn')));
	disk[lib] = text;
	client.changeOnDisk(lib, FileChangeType.Created);
	await client.until(() => client.shown(a).length === 0);
	expect(client.log).toEqual([]);
});

test('a renamed file takes its findings with it', async () => {
	const [a, b] = ['file:///w/a.mmn', 'file:///w/renamed.mmn'];
	const client = await TestClient.start(checkSketch);
	client.open(a, WRONG);
	await client.until(() => client.shown(a).some(({ code }) => code === 'deadlock'));
	client.close(a);
	client.open(b, WRONG);
	await showsAll(client, b, { [b]: WRONG });
	expect(client.shown(a)).toEqual([]);
});

test('carriage returns move nothing', async () => {
	const uri = 'file:///w/dos.mmn';
	const text = WRONG.replaceAll('\n', '\r\n');
	const client = await TestClient.start(checkSketch);
	client.open(uri, text);
	await showsAll(client, uri, { [uri]: WRONG });
});

test.each([
	['a buffer without a file', 'untitled:Untitled-1'],
	['a virtual workspace', 'vscode-vfs://github/torvalds/linux/drivers/gpu/a.mmn'],
	['a read-only file system', 'readonly:/a.mmn'],
])('%s is checked as any other', async (_, uri) => {
	const client = await TestClient.start(checkSketch);
	client.open(uri, WRONG);
	await showsAll(client, uri, { [uri]: WRONG });
});

test('includes of a virtual workspace are read through the client', async () => {
	const [a, lib] = ['vscode-vfs://github/o/r/gpu/a.mmn', 'vscode-vfs://github/o/r/lib.mmn'];
	const client = await TestClient.start(checkSketch, {
		workspace: { [lib]: 'static int g(void) { return 1; }\n' },
		options: { reads: true },
	});
	client.open(a, '#include "../lib.mmn"\nstatic int f(void) { return g() + h(); }\n');
	await client.until(() => client.messages(a).length > 0);
	expect(client.messages(a)).toEqual([expect.stringContaining('h')]);
});

test('an include of a buffer without a file is an error in it, and nothing worse', async () => {
	const uri = 'untitled:Untitled-1';
	const client = await TestClient.start(checkSketch);
	client.open(uri, '#include "lib.mmn"\n');
	await client.until(() => client.messages(uri).length > 0);
	expect(client.messages(uri)).toEqual([expect.stringContaining('lib.mmn')]);
	expect(client.log).toEqual([]);
});
