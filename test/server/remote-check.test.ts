import { readFileSync } from 'node:fs';
import path from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { type CheckOptions, checkSketch, SUPERSEDED } from '../../src/findings/check.js';
import { type Port, RemoteCheck, serveChecks } from '../../src/server/remote-check.js';

const SEED = readFileSync(path.resolve(import.meta.dirname, '../../media/sketches/seed-wait-valid.mmn'), 'utf8');
const URI = 'file:///w/seed.mmn';
const read = async (uri: string) => (uri === URI ? SEED : undefined);

const close: (() => void)[] = [];
afterEach(() => {
	for (const end of close.splice(0)) end();
});

/** Two ends that clone what they post, as threads do. */
function remote(check: typeof checkSketch): RemoteCheck {
	const { port1, port2 } = new MessageChannel();
	close.push(() => port1.close());
	const port = (end: typeof port1): Port => ({
		post: (message) => end.postMessage(message),
		listen: (handler) => end.on('message', handler),
	});
	serveChecks(port(port2), check);
	return new RemoteCheck(port(port1));
}

const timeless = (value: unknown) => JSON.parse(JSON.stringify(value, (key, v) => (key === 'milliseconds' ? 0 : v)));

test('a check elsewhere says what a check here says, with its progress', async () => {
	const scenarios: string[] = [];
	const texts: string[] = [];
	const options: CheckOptions = {
		held: true,
		onScenario: ({ name }) => scenarios.push(name),
		onText: ({ uri }) => texts.push(uri),
	};
	const there = await remote(checkSketch).check(URI, { read }, options);
	expect(timeless(there)).toEqual(timeless(await checkSketch(URI, { read }, { held: true })));
	expect(there.scenarios[0]?.verdict).toBe('fail');
	expect(scenarios).toEqual(['fault_races_munmap']);
	expect(texts).toEqual([URI]);
});

test('an abort and its reason arrive', async () => {
	const abort = new AbortController();
	const result = remote(async (uri, _, options) => {
		await new Promise((resolve) => options?.signal?.addEventListener('abort', resolve));
		return { uri: `${uri} ${options?.signal?.reason}`, problems: [], scenarios: [] };
	}).check(URI, { read }, { signal: abort.signal });
	abort.abort(SUPERSEDED);
	expect((await result).uri).toBe(`${URI} ${SUPERSEDED}`);
});

test('a file that cannot be read, a failure and a loss are told', async () => {
	const unreadable = { read: async () => Promise.reject(new Error('no disk')) };
	expect((await remote(checkSketch).check(URI, unreadable)).problems[0]?.message).toMatch(/cannot be read/);
	const failing = remote(async () => {
		throw new Error('a defect');
	});
	await expect(failing.check(URI, { read })).rejects.toThrow('a defect');
	const silent = remote(() => new Promise(() => {}));
	const waiting = silent.check(URI, { read });
	silent.lost(new Error('gone'));
	await expect(waiting).rejects.toThrow('gone');
});
