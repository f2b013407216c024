/** Quick fixes over the protocol, with the real check. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
	type CodeAction,
	CodeActionKind,
	CodeActionRequest,
	type Range,
	type TextDocumentEdit,
	WorkDoneProgress,
	WorkDoneProgressCreateRequest,
} from 'vscode-languageserver-protocol';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { checkSketch } from '../../src/findings/check.js';
import { TestClient } from './client.js';

const A = 'file:///w/a.mmn';
const fixture = (name: string): string =>
	readFileSync(path.join(import.meta.dirname, '../findings/fixes', name), 'utf8');
const SEED = fixture('unlock-before-retry.mmn');

const start = (documentChanges = true) =>
	TestClient.start(checkSketch, { capabilities: { workspace: { workspaceEdit: { documentChanges } } } });

async function ask(client: TestClient, text: string, at: string | Range, only?: string[]): Promise<CodeAction[]> {
	const document = TextDocument.create(A, 'mmn', 1, text);
	const position = typeof at === 'string' ? document.positionAt(text.indexOf(at) + 1) : undefined;
	const range = position ? { start: position, end: position } : (at as Range);
	const actions = await client.connection.sendRequest(CodeActionRequest.type, {
		textDocument: { uri: A },
		range,
		context: { diagnostics: [], ...(only && { only }) },
	});
	return (actions ?? []) as CodeAction[];
}

function applied(text: string, { edit }: CodeAction): string {
	const [change] = (edit?.documentChanges ?? []) as TextDocumentEdit[];
	return TextDocument.applyEdits(TextDocument.create(A, 'mmn', 1, text), (change?.edits ?? []) as never);
}

async function opened(text: string, documentChanges = true): Promise<TestClient> {
	const client = await start(documentChanges);
	client.open(A, text);
	// a file without scenarios is checked in every environment there is, which takes its time
	await client.until(() => client.published.length > 0, 20_000);
	return client;
}

test('a finding has its fix, checked, preferred, for this version of the text', async () => {
	const client = await opened(SEED);
	const actions = await ask(client, SEED, 'goto again');
	const [fix] = actions;
	expect(fix).toMatchObject({
		title: expect.stringMatching(/^Unlock fault_lock before the retry \(checked: \d+ states, ok\)$/),
		kind: CodeActionKind.QuickFix,
		isPreferred: true,
		diagnostics: [{ code: expect.stringMatching(/deadlock/) }, { code: expect.stringMatching(/deadlock/) }],
		edit: { documentChanges: [{ textDocument: { uri: A, version: 1 } }] },
	});
	expect(actions.map(({ title }) => title).slice(1)).toEqual([
		'Ignore this deadlock by a comment',
		'Ignore this self-deadlock by a comment',
	]);
	const fixed = applied(SEED, fix as CodeAction);
	expect(fixed).toBe(fixture('unlock-before-retry.fixed'));
	client.edit(A, fixed);
	await client.until(() => client.shown(A).length === 0);
});

test('while fixes are tried the client is told so, and when they have been', async () => {
	const told: unknown[] = [];
	let seen = (): void => {};
	const shown = new Promise<void>((resolve) => {
		seen = resolve;
	});
	let checks = 0;
	const client = await TestClient.start(
		async (...of) => {
			// the first is the sketch's own; a fix is checked until the sign is there
			if (checks++ > 0) await shown;
			return checkSketch(...of);
		},
		{ capabilities: { window: { workDoneProgress: true } } },
	);
	client.connection.onRequest(WorkDoneProgressCreateRequest.type, ({ token }) => {
		client.connection.onProgress(WorkDoneProgress.type, token, (progress) => {
			told.push(progress);
			if (progress.kind === 'report') seen();
		});
	});
	client.open(A, SEED);
	await client.until(() => client.published.length > 0, 20_000);
	expect((await ask(client, SEED, 'goto again')).length).toBeGreaterThan(0);
	await expect.poll(() => told.at(-1)).toEqual({ kind: 'end' });
	expect(told.slice(0, 2)).toEqual([
		{ kind: 'begin', title: 'Checking fixes' },
		{ kind: 'report', message: 'Unlock fault_lock before the retry' },
	]);
});

test('clients without versioned edits get plain ones', async () => {
	const client = await opened(SEED, false);
	const [fix] = await ask(client, SEED, 'goto again');
	expect(fix?.edit).toMatchObject({ changes: { [A]: expect.any(Array) } });
	expect(fix?.edit).not.toHaveProperty('documentChanges');
});

test('without a scenario, what cures where it failed is offered as that when the rest takes too long', async () => {
	const text = fixture('trylock-interval.mmn').replace(/\nscenario[\s\S]*$/, '');
	const check: typeof checkSketch = (uri, sources, options) =>
		checkSketch(uri, sources, options?.combination ? options : { ...options, maxStates: 3000 });
	const client = await TestClient.start(check, {
		capabilities: { workspace: { workspaceEdit: { documentChanges: true } } },
	});
	client.open(A, text);
	await client.until(() => client.statuses.at(-1)?.state === 'errors');
	const [fix] = await ask(client, text, 'mutex_lock(&');
	expect(fix?.title).toMatch(
		/^Try notifier_lock where the range is not blockable, and return false \(checked where it failed: [\d,]+ states, ok; the rest met a limit\)$/,
	);
	expect(fix?.isPreferred).toBe(false);
});

test('where nothing is found nothing is offered', async () => {
	const client = await opened(SEED);
	expect(await ask(client, SEED, 'dev_map(start')).toEqual([]);
});

test('nothing is offered for a text that is not checked yet', async () => {
	const client = await opened(SEED);
	client.edit(A, `\n${SEED}`);
	expect(await ask(client, `\n${SEED}`, 'goto again')).toEqual([]);
});

test('an edit ends the search for fixes of the text before it', async () => {
	const client = await opened(SEED);
	const asked = ask(client, SEED, 'goto again');
	client.edit(A, `\n${SEED}`);
	expect(await asked).toEqual([]);
	await client.until(() => client.published.at(-1)?.version === 2);
	expect((await ask(client, `\n${SEED}`, 'goto again')).length).toBeGreaterThan(0);
});

test('a finding can be ignored by a comment above its line', async () => {
	const client = await opened(SEED);
	const actions = await ask(client, SEED, 'goto again');
	const ignore = actions.find(({ title }) => title === 'Ignore this deadlock by a comment');
	const text = applied(SEED, ignore as CodeAction);
	expect(text).toContain('\t\t// notifier-lab-ignore: deadlock \n\t\tgoto again;');
	client.edit(A, text);
	// what was found in the older text moves with it until the new one is checked
	await client.until(() => client.shown(A).every(({ code }) => code !== 'deadlock'));
	expect(client.published.at(-1)?.version).toBe(2);
});

/** Two scenarios that are put off for ever in one line, each by a daemon of its own. */
const STARVED = `static int busy;

static void wait(void)
{
	while (READ_ONCE(busy))
		cpu_relax();
}

scenario one {
	thread A { wait(); }
	daemon D { WRITE_ONCE(busy, 1); WRITE_ONCE(busy, 0); }
}

scenario other {
	thread B { wait(); }
	daemon E { WRITE_ONCE(busy, 1); WRITE_ONCE(busy, 0); }
}
`;

test('a line with two findings of a code is ignored once, and one that is expected not at all', async () => {
	const client = await opened(STARVED);
	const ignores = async () =>
		(await ask(client, STARVED, 'READ_ONCE')).filter(({ title }) => title.startsWith('Ignore'));
	expect(await ignores()).toMatchObject([
		{
			title: 'Ignore this starvation by a comment',
			diagnostics: [{ code: 'starvation' }, { code: 'starvation' }],
		},
	]);
	client.edit(A, STARVED.replaceAll(/(scenario \w+ \{)/g, '$1\n\texpect starvation;'));
	await client.until(() => client.published.at(-1)?.version === 2);
	expect(client.shown(A).map(({ code }) => code)).toEqual(['starvation', 'starvation']);
	expect(await ignores()).toEqual([]);
});

test('what is expected has its fix, too', async () => {
	const text = SEED.replace(/(scenario \w+ \{)/, '$1\n\texpect deadlock, self-deadlock;');
	const client = await opened(text);
	expect(client.shown(A).map(({ severity }) => severity)).toEqual([3, 3]);
	const titles = (await ask(client, text, 'goto again')).map(({ title }) => title);
	expect(titles).toEqual([expect.stringMatching(/^Unlock fault_lock before the retry \(checked/)]);
});

test('an unmodelled call gets its stub', async () => {
	const text = fixture('stub.mmn');
	const client = await opened(text);
	const [stub] = await ask(client, text, 'gpu_tracks');
	expect(stub?.title).toBe('Add a stub for gpu_tracks() (checked: 1 other error remains)');
	expect(applied(text, stub as CodeAction)).toContain(
		'static bool gpu_tracks(unsigned long start)\n{\n\treturn any_bool();\n}\n',
	);
});

test('the names of a whole file are a source action', async () => {
	const text = fixture('rename-api.mmn');
	const client = await opened(text);
	const [rename] = await ask(client, text, '#include', [CodeActionKind.Source]);
	expect(rename).toMatchObject({ kind: 'source.notifierLab.newNames' });
	expect(applied(text, rename as CodeAction)).toBe(fixture('rename-api.fixed'));
});

test('an old name is offered its new one where it stands', async () => {
	const text = fixture('rename-api.mmn');
	const client = await opened(text);
	const [rename] = await ask(client, text, 'mmu_notifier_range_wait_valid');
	expect(rename).toMatchObject({ kind: 'refactor.rewrite.newNames' });
});

test('a file without scenarios is offered one', async () => {
	const text = fixture('add-scenario.mmn');
	const client = await opened(text);
	const [add] = await ask(client, text, '#include', [CodeActionKind.Refactor]);
	expect(add).toMatchObject({ title: expect.stringContaining('Add a scenario for device_fault() (checked: ') });
	// what the checker has only noted is in one of its own
	const noted =
		'\tthread fault { device_fault(0, 2); }\n\tdaemon stream { munmap(2, 3); }\n\tthread mmap { mmap_fixed(0, 2); }\n}';
	const fixed = applied(text, add as CodeAction);
	expect(fixed.startsWith(fixture('add-scenario.fixed').trimEnd())).toBe(true);
	expect(fixed.slice(fixture('add-scenario.fixed').trimEnd().length).trim()).toBe(
		`scenario device_fault_starvation {\n\tpages 3;\n\tsetup    { mmu_notifier_register(&mn, mm); }\n${noted}`,
	);
}, 30_000);

test('a finding behind characters outside of the basic plane is fixed where it is', async () => {
	const text = SEED.replace('\t\tgoto again;', '\t\t/* 🧵𝒳 */ goto again; /* 🧵 */').replace(
		'#include',
		'/* 🧵🧵 */ #include',
	);
	const client = await opened(text);
	const shown = client.shown(A).find(({ code }) => code === 'deadlock');
	const document = TextDocument.create(A, 'mmn', 1, text);
	expect(document.getText(shown?.range)).toBe('goto again;');
	const [fix] = await ask(client, text, 'goto again');
	expect(applied(text, fix as CodeAction)).toContain(
		'mutex_unlock(&fault_lock);\n\t\tgoto again; /* 🧵 */\t/* the lock is still held */\n\t}',
	);
});
