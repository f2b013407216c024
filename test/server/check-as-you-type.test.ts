import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { DidChangeConfigurationNotification } from 'vscode-languageserver-protocol';
import { CheckRequest } from '../../src/server/protocol.js';
import { type Check, echo, problem, TestClient } from './client.js';

const A = 'file:///w/a.mmn';
const B = 'file:///w/b.mmn';
const LIB = 'file:///w/lib.mmn';

/** Checks that the test lets end one by one, with the text that each of them read. */
function heldChecks() {
	const running: { uri: string; text: string; signal: AbortSignal; end(): void }[] = [];
	const check: Check = async (uri, sources, { signal }) => {
		const text = (await sources.read(uri)) ?? '';
		await new Promise<void>((resolve) => {
			running.push({ uri, text, signal: signal ?? new AbortController().signal, end: resolve });
			signal?.addEventListener('abort', () => resolve());
		});
		return { uri, problems: [problem(uri, text)], scenarios: [] };
	};
	return { running, check };
}

async function waitFor(condition: () => boolean): Promise<void> {
	for (const end = Date.now() + 30_000; !condition(); await sleep(2)) {
		if (Date.now() > end) throw new Error('not seen in time');
	}
}

test('an opened sketch gets its diagnostics, with the version they are for', async () => {
	const client = await TestClient.start(echo);
	client.open(A, 'fine\nbad thing');
	await client.until(() => client.published.length > 0);
	expect(client.published[0]).toMatchObject({
		uri: A,
		version: 1,
		diagnostics: [{ message: 'bad thing', source: 'notifier-lab', range: { start: { line: 1, character: 0 } } }],
	});
});

test('diagnostics replace each other in one go, with no empty list in between', async () => {
	const client = await TestClient.start(echo);
	client.open(A, 'bad one');
	await client.until(() => client.messages(A).includes('bad one'));
	client.edit(A, 'bad two');
	await client.until(() => client.messages(A).includes('bad two'));
	client.edit(A, 'fine');
	await client.until(() => client.shown(A).length === 0);
	expect(client.published.map(({ diagnostics }) => diagnostics.map(({ message }) => message))).toEqual([
		['bad one'],
		['bad two'],
		[],
	]);
});

test('a burst of typing is one check', async () => {
	let checks = 0;
	const client = await TestClient.start(async (uri, sources, options) => {
		checks++;
		return echo(uri, sources, options);
	});
	client.open(A, 'b');
	for (const text of ['ba', 'bad', 'bad ', 'bad x']) client.edit(A, text);
	await client.until(() => client.messages(A).includes('bad x'));
	expect(checks).toBe(1);
});

test('a newer edit aborts the running check, and its result is never shown', async () => {
	const { running, check } = heldChecks();
	const client = await TestClient.start(check);
	client.open(A, 'old');
	await waitFor(() => running.length === 1);
	client.edit(A, 'new');
	await waitFor(() => running[0]?.signal.aborted === true);
	await waitFor(() => running.length === 2);
	running[1]?.end();
	await client.until(() => client.published.length > 0);
	expect(client.published.map(({ version, diagnostics }) => [version, diagnostics[0]?.message])).toEqual([[2, 'new']]);
});

test('a check that ignores its signal does not get its old result shown either', async () => {
	const held: (() => void)[] = [];
	const client = await TestClient.start(async (uri, sources) => {
		const text = (await sources.read(uri)) ?? '';
		await new Promise<void>((resolve) => held.push(resolve));
		return { uri, problems: [problem(uri, text)], scenarios: [] };
	});
	client.open(A, 'old');
	await waitFor(() => held.length === 1);
	client.edit(A, 'new');
	await sleep(20);
	held[0]?.();
	await waitFor(() => held.length === 2);
	held[1]?.();
	await client.until(() => client.published.length > 0);
	await sleep(50);
	expect(client.published.map(({ diagnostics }) => diagnostics[0]?.message)).toEqual(['new']);
});

test('typing in one file makes a long check of another one wait, which is done afterwards', async () => {
	const { running, check } = heldChecks();
	const client = await TestClient.start(check);
	client.open(B, 'long');
	await waitFor(() => running.length === 1);
	client.open(A, 'typed');
	await waitFor(() => running.length === 2);
	expect(running[0]?.signal.aborted).toBe(true);
	expect(running[1]?.uri).toBe(A);
	running[1]?.end();
	await waitFor(() => running.length === 3);
	expect(running[2]?.uri).toBe(B);
	running[2]?.end();
	await client.until(() => client.messages(A).includes('typed') && client.messages(B).includes('long'));
});

test('a crash of the check is logged once, and the old diagnostics stay', async () => {
	const crash = new Error('boom');
	const client = await TestClient.start(async (uri, sources, options) => {
		if ((await sources.read(uri))?.includes('crash')) throw crash;
		return echo(uri, sources, options);
	});
	client.open(A, 'bad one');
	await client.until(() => client.messages(A).includes('bad one'));
	client.edit(A, 'crash');
	await client.until(() => client.statuses.some(({ state }) => state === 'crashed'));
	client.edit(A, 'crash again');
	await client.until(() => client.statuses.filter(({ state }) => state === 'crashed').length === 2);
	expect(client.messages(A)).toEqual(['bad one']);
	expect(client.log.filter((line) => line.includes('boom'))).toHaveLength(1);
	client.edit(A, 'bad two');
	await client.until(() => client.messages(A).includes('bad two'));
});

/** Reads `lib.mmn` too, and reports what stands in it where it stands. */
const including: Check = async (uri, sources) => {
	await sources.read(uri);
	const text = await sources.read(LIB);
	const message = text === undefined ? 'lib.mmn is not there' : `lib says ${text}`;
	return { uri, problems: uri === LIB ? [] : [problem(text === undefined ? uri : LIB, message)], scenarios: [] };
};

test('sketches that include an edited file are checked again', async () => {
	const client = await TestClient.start(including, { disk: { [LIB]: 'disk' } });
	client.open(A, '');
	await client.until(() => client.messages(LIB).includes('lib says disk'));
	client.open(LIB, 'editor');
	await client.until(() => client.messages(LIB).includes('lib says editor'));
	client.edit(LIB, 'editor, changed');
	await client.until(() => client.messages(LIB).includes('lib says editor, changed'));
	client.close(LIB);
	await client.until(() => client.messages(LIB).includes('lib says disk'));
});

test('sketches that include a file which is written on the disk are checked again', async () => {
	const disk: Record<string, string> = {};
	const client = await TestClient.start(including, { disk });
	client.open(A, '');
	await client.until(() => client.messages(A).includes('lib.mmn is not there'));
	disk[LIB] = 'here now';
	client.changeOnDisk(LIB);
	await client.until(() => client.messages(LIB).includes('lib says here now') && client.shown(A).length === 0);
});

test('what the server cannot read is asked of the client', async () => {
	const client = await TestClient.start(including, { workspace: { [LIB]: 'virtual' } });
	client.open(A, '');
	await client.until(() => client.messages(LIB).includes('lib says virtual'));
});

test('a finding that two sketches make in a file which both include is shown once, until both are closed', async () => {
	const client = await TestClient.start(including, { disk: { [LIB]: 'x' } });
	client.open(A, '');
	client.open(B, '');
	const finalStates = () => client.statuses.filter(({ state }) => state === 'errors').map(({ uri }) => uri);
	await client.until(() => finalStates().includes(A) && finalStates().includes(B));
	expect(client.messages(LIB)).toEqual(['lib says x']);
	client.close(A);
	await client.until(() => client.published.at(-1)?.uri === LIB || client.published.at(-1)?.uri === A);
	expect(client.messages(LIB)).toEqual(['lib says x']);
	client.close(B);
	await client.until(() => client.shown(LIB).length === 0);
});

test('a closed sketch has no diagnostics', async () => {
	const client = await TestClient.start(echo);
	client.open(A, 'bad');
	await client.until(() => client.shown(A).length === 1);
	client.close(A);
	await client.until(() => client.shown(A).length === 0);
});

test('the simulated kernel itself and old sides of diffs are not checked', async () => {
	const checked: string[] = [];
	const client = await TestClient.start(async (uri, sources, options) => {
		checked.push(uri);
		return echo(uri, sources, options);
	});
	client.open('mmn-kernel:/mn/active-ranges.mmn', 'bad');
	client.open('git:/w/a.mmn?HEAD', 'bad');
	client.open(A, 'bad');
	await client.until(() => client.shown(A).length === 1);
	expect(checked).toEqual([A]);
	expect(await client.connection.sendRequest(CheckRequest, { uri: 'mmn-kernel:/mn/active-ranges.mmn' })).toBe(false);
});

test('on save: checked when opened and saved, and not in between', async () => {
	const client = await TestClient.start(echo, { options: { settings: { check: { when: 'onSave' } } } });
	client.open(A, 'bad one');
	await client.until(() => client.messages(A).includes('bad one'));
	client.edit(A, 'bad two');
	await client.until(() => client.statuses.at(-1)?.state === 'unchecked');
	await sleep(80);
	expect(client.messages(A)).toEqual(['bad one']);
	client.save(A);
	await client.until(() => client.messages(A).includes('bad two'));
});

test('on save: neither a change of settings nor a check that comes late is about a text that was not saved', async () => {
	const read: string[] = [];
	let end = (): void => {};
	const client = await TestClient.start(
		async (uri, sources, options) => {
			if (uri === B) {
				await new Promise<void>((resolve) => {
					end = resolve;
				});
			}
			read.push((await sources.read(uri)) ?? '');
			return echo(uri, sources, options);
		},
		{ options: { settings: { check: { when: 'onSave' } } } },
	);
	client.open(A, 'bad one');
	await client.until(() => client.messages(A).includes('bad one'));
	client.edit(A, 'bad two');
	await client.until(() => client.statuses.at(-1)?.state === 'unchecked');
	const settings = { notifierLab: { check: { when: 'onSave', oneThreadMore: false } } };
	await client.connection.sendNotification(DidChangeConfigurationNotification.type, { settings });
	// its check holds up the next one
	client.open(B, 'good');
	await client.until(() => client.statuses.at(-1)?.state === 'checking');
	client.save(A);
	client.edit(A, 'bad three');
	await client.until(() => client.statuses.at(-1)?.state === 'unchecked');
	end();
	await client.until(() => read.includes('good'));
	await sleep(80);
	expect(read.filter((text) => text !== 'good')).toEqual(['bad one']);
	end();
	client.save(A);
	await client.until(() => client.messages(A).includes('bad three'));
});

test.each(['before', 'after'])(
	'on save: a file that was written elsewhere is checked, %s the editor has read it anew',
	async (when) => {
		const disk = { [A]: 'bad one' };
		const client = await TestClient.start(echo, { disk, options: { settings: { check: { when: 'onSave' } } } });
		client.open(A, 'bad one');
		await client.until(() => client.messages(A).includes('bad one'));
		disk[A] = 'bad two';
		if (when === 'before') client.changeOnDisk(A);
		client.edit(A, 'bad two');
		if (when === 'after') client.changeOnDisk(A);
		await client.until(() => client.messages(A).includes('bad two'));
		// what the reader types on top of it waits for him
		client.edit(A, 'bad three');
		client.changeOnDisk(A);
		await client.until(() => client.statuses.at(-1)?.state === 'unchecked');
		await sleep(80);
		expect(client.messages(A)).toEqual(['bad two']);
	},
);

test('manual: checked on request only, and the answer comes after the diagnostics', async () => {
	const client = await TestClient.start(echo, { options: { settings: { check: { when: 'manual' } } } });
	client.open(A, 'bad');
	client.save(A);
	await sleep(80);
	expect(client.published).toEqual([]);
	expect(await client.connection.sendRequest(CheckRequest, { uri: A })).toBe(true);
	expect(client.messages(A)).toEqual(['bad']);
	expect(await client.connection.sendRequest(CheckRequest, { uri: B })).toBe(false);
});

test('limits of the settings reach the check', async () => {
	let seen: unknown;
	const client = await TestClient.start(
		async (uri, sources, { maxStates, maxSeconds, maxMemoryMB, signal: _signal }) => {
			seen = { maxStates, maxSeconds, maxMemoryMB };
			return echo(uri, sources, {});
		},
		{ options: { settings: { check: { maxStates: 7, maxSeconds: -1, maxMemoryMB: 'much' } } } },
	);
	client.open(A, '');
	await client.until(() => client.published.length > 0);
	expect(seen).toEqual({ maxStates: 7, maxMemoryMB: 1024 });
});

test('what the text alone shows does not wait for a long search', async () => {
	let end = (): void => {};
	const client = await TestClient.start(async (uri, sources, { onText, onProgress }) => {
		await sources.read(uri);
		const hints = [{ ...problem(uri, 'bad thing'), message: 'foretold', severity: 'hint' as const }];
		onText?.({ uri, problems: [], scenarios: [], hints });
		let done = false;
		end = () => {
			done = true;
		};
		while (!done) {
			await sleep(20);
			onProgress?.({ scenario: 's', states: 1, transitions: 1, frontier: 1, milliseconds: 1 });
		}
		return { uri, problems: [problem(uri, 'bad thing')], scenarios: [] };
	});
	client.open(A, 'bad thing');
	await client.until(() => client.messages(A).includes('foretold'));
	end();
	await client.until(() => client.messages(A).includes('bad thing'));
	expect(client.messages(A)).toEqual(['bad thing']);
});
