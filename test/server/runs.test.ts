/** What a list of tests asks of the server. */
import { expect, test } from 'vitest';
import { CancellationTokenSource } from 'vscode-languageserver-protocol';
import { checkSketch } from '../../src/findings/check.js';
import { RunRequest, ScenariosRequest } from '../../src/server/protocol.js';
import { TestClient } from './client.js';

const A = 'file:///w/a.mmn';
const B = 'file:///w/b.mmn';
const TEXT = `static DEFINE_MUTEX(l);

scenario twice {
	thread A { mutex_lock(&l); mutex_lock(&l); }
}

scenario once {
	thread A { mutex_lock(&l); mutex_unlock(&l); }
	expect deadlock;
}

scenario known {
	thread A { mutex_lock(&l); mutex_lock(&l); }
	expect self-deadlock;
}
`;

const start = () => TestClient.start(checkSketch, { disk: { [A]: TEXT, [B]: 'static int x = ;\nscenario s { }\n' } });

test('the scenarios of a file that is not open', async () => {
	const { connection } = await start();
	const places = await connection.sendRequest(ScenariosRequest, { uri: A });
	expect(places.map(({ name, range }) => [name, range.start.line])).toEqual([
		['twice', 2],
		['once', 6],
		['known', 11],
	]);
	expect(await connection.sendRequest(ScenariosRequest, { uri: 'file:///w/none.mmn' })).toEqual([]);
});

test('a run says of each scenario whether it is as expected, and where and why it is not', async () => {
	const client = await start();
	const result = await client.connection.sendRequest(RunRequest, { uri: A });
	expect(result?.errors).toEqual([]);
	expect(result?.scenarios).toMatchObject([
		{
			name: 'twice',
			passed: false,
			verdict: 'fail',
			found: ['self-deadlock'],
			expected: [],
			failures: [
				{
					message: expect.stringMatching(/^self-deadlock: A waits for l/),
					location: { uri: A, range: { start: { line: 3 } } },
					table: expect.stringContaining('mutex_lock(&l)'),
				},
			],
		},
		{
			name: 'once',
			passed: false,
			verdict: 'ok',
			failures: [
				{
					message: 'once is expected to show deadlock, but no run of it does',
					location: { range: { start: { line: 6 } } },
				},
			],
		},
		{ name: 'known', passed: true, failures: [] },
	]);
	expect(client.published).toEqual([]);
});

test('only the scenarios that were asked for are run', async () => {
	const { connection } = await start();
	const result = await connection.sendRequest(RunRequest, { uri: A, scenarios: ['known'] });
	expect(result?.scenarios.map(({ name }) => name)).toEqual(['known']);
});

test('a text with errors is not run, and says why', async () => {
	const { connection } = await start();
	const result = await connection.sendRequest(RunRequest, { uri: B });
	expect(result?.scenarios).toEqual([]);
	expect(result?.errors[0]).toMatchObject({ uri: B, diagnostic: { code: 'syntax' } });
	expect(await connection.sendRequest(RunRequest, { uri: 'file:///w/none.mmn' })).toBeNull();
});

test('a check of the workspace shows findings of files that are not open, until they are gone', async () => {
	const disk: Record<string, string> = { [A]: TEXT };
	const client = await TestClient.start(checkSketch, { disk });
	await client.connection.sendRequest(RunRequest, { uri: A, publish: true });
	await client.until(() => client.shown(A).some(({ code }) => code === 'self-deadlock'));
	disk[A] = TEXT.replace(
		'mutex_lock(&l); mutex_lock(&l); }\n}\n\nscenario once',
		'mutex_lock(&l); mutex_unlock(&l); }\n}\n\nscenario once',
	);
	client.changeOnDisk(A);
	await client.until(() => client.shown(A).every(({ range }) => range.start.line !== 3));
	delete disk[A];
	client.changeOnDisk(A);
	await client.until(() => client.shown(A).length === 0);
});

test('a file of a checked workspace that is opened and closed is clean', async () => {
	const client = await start();
	await client.connection.sendRequest(RunRequest, { uri: A, publish: true });
	await client.until(() => client.shown(A).length > 0);
	client.open(
		A,
		TEXT.replace(/mutex_lock\(&l\); mutex_lock/g, 'mutex_lock(&l); mutex_unlock').replace(/\texpect.*\n/g, ''),
	);
	await client.until(() => client.shown(A).length === 0);
	client.close(A);
	await client.until(() => client.published.at(-1)?.uri === A);
	expect(client.shown(A)).toEqual([]);
});

test('a cancelled run has no result', async () => {
	let seen: AbortSignal | undefined;
	const client = await TestClient.start(
		async (uri, sources, { signal }) => {
			await sources.read(uri);
			seen = signal;
			await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
			return { uri, problems: [], scenarios: [] };
		},
		{ disk: { [A]: TEXT } },
	);
	const cancel = new CancellationTokenSource();
	const run = client.connection.sendRequest(RunRequest, { uri: A }, cancel.token);
	for (const end = Date.now() + 30_000; seen === undefined && Date.now() < end; )
		await new Promise((r) => setTimeout(r, 5));
	cancel.cancel();
	expect(await run).toBeNull();
	expect(seen?.aborted).toBe(true);
});
