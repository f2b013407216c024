/** The explorer's panels over the wire: what a page asks and is told, while the text under it changes. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkSketch } from '../../src/findings/check.js';
import type { Picture } from '../../src/findings/explorer/picture.js';
import { Explorers, OLD_MS } from '../../src/server/explorer.js';
import {
	CloseExplorerNotification,
	ExportRunRequest,
	FromPageNotification,
	OpenExplorerNotification,
	ToPageNotification,
} from '../../src/server/protocol.js';
import { services } from '../../src/server/services.js';
import type { FromPage, ToPage } from '../../src/webview/messages.js';
import { TestClient } from './client.js';

const SEED = readFileSync(path.resolve(import.meta.dirname, '../../media/sketches/seed-wait-valid.mmn'), 'utf8');
const FIXED = SEED.replace('\t\tgoto again;', '\t{\n\t\tmutex_unlock(&fault_lock);\n\t\tgoto again;\n\t}');
const URI = 'file:///w/seed.mmn';

class Page {
	readonly heard: ToPage[] = [];

	constructor(
		private readonly client: TestClient,
		private readonly panel: string,
	) {
		client.connection.onNotification(ToPageNotification, ({ panel: to, message }) => {
			if (to === panel) this.heard.push(message);
		});
	}

	say(message: FromPage): void {
		void this.client.connection.sendNotification(FromPageNotification, { panel: this.panel, message });
	}

	/** The next message of a type, from now on. */
	async next<T extends ToPage['type']>(type: T): Promise<ToPage & { type: T }> {
		for (const end = Date.now() + 50_000; ; await new Promise((r) => setTimeout(r, 5))) {
			const at = this.heard.findIndex((m) => m.type === type);
			if (at >= 0) return this.heard.splice(0, at + 1).pop() as ToPage & { type: T };
			if (Date.now() > end) throw new Error(`no ${type}; heard ${JSON.stringify(this.heard).slice(0, 500)}`);
		}
	}

	async picture(): Promise<Picture> {
		return (await this.next('picture')).picture;
	}
}

async function started(text = SEED): Promise<{ client: TestClient; page: Page }> {
	const client = await TestClient.start(checkSketch, { services });
	const page = new Page(client, 'p');
	client.open(URI, text);
	void client.connection.sendNotification(OpenExplorerNotification, { panel: 'p', uri: URI });
	return { client, page };
}

test('a panel shows the first finding, and another one when it is asked for', async () => {
	const { page } = await started();
	expect((await page.picture()).finding?.code).toBe('deadlock');
	page.say({ type: 'show', scenario: 'fault_races_munmap', finding: 1 });
	expect((await page.picture()).finding?.code).toBe('self-deadlock');
});

test('another way is taken, and back', async () => {
	const { page } = await started();
	const found = await page.picture();
	const at = found.steps.findIndex((s) => s.alternatives.some((a) => a.outlook === 'well'));
	const way = found.steps[at]?.alternatives.find((a) => a.outlook === 'well');
	page.say({ type: 'branch', steps: at, lane: way?.lane ?? 0, choice: way?.choice ?? 0, single: false });
	const branch = await page.picture();
	expect(branch.finding).toBeNull();
	expect(branch.branchAt).toBe(at);
	expect(branch.verdict).toBe('every way on from here ends well');
	expect(branch.ending).toBe('every thread has ended');
	page.say({ type: 'found' });
	expect(await page.picture()).toEqual(found);
});

test('typing the fix turns the panel green, and an error leaves its picture', async () => {
	const { client, page } = await started();
	await page.picture();
	client.edit(URI, SEED.replace('goto again;', 'goto agian;'));
	expect((await page.next('problem')).message).toContain('agian');
	client.edit(URI, FIXED);
	const green = await page.picture();
	expect(green.finding).toBeNull();
	expect(green.verdict).toBe('ok');
	expect(green.ending).toBe('every thread has ended');
});

/** Panels whose files take long to read, where that is wanted. */
function slowPanels() {
	const heard: ToPage[] = [];
	const editor = { text: SEED, slow: false };
	const panels = new Explorers({
		read: async (uri) => {
			if (editor.slow) await new Promise((r) => setTimeout(r, 700));
			return uri === URI ? editor.text : undefined;
		},
		kernelSource: () => undefined,
		limits: async () => ({}),
		known: async () => undefined,
		send: (_, message) => void heard.push(message),
		export: () => undefined,
		crash: (message) => expect.fail(message),
	});
	return { panels, heard, editor };
}

test('while newer text is explored, the picture is told to be of older text', async () => {
	const { panels, heard, editor } = slowPanels();
	panels.open({ panel: 'p', uri: URI });
	await panels.idle();
	expect(heard.at(-1)).toMatchObject({ type: 'picture' });
	editor.slow = true;
	editor.text = FIXED;
	panels.checked(URI);
	await panels.idle();
	expect(heard.at(-2)).toMatchObject({ type: 'busy', old: 'older text' });
	expect(heard.at(-1)).toMatchObject({ type: 'picture', picture: { verdict: 'ok' } });
	// another scenario of the same text is no newer text: what shows is the one before
	heard.length = 0;
	panels.message('p', { type: 'show', scenario: 'other', finding: null });
	await panels.idle();
	expect(heard.flatMap((m) => (m.type === 'busy' ? [m.old] : []))).toEqual(['fault_races_munmap']);
	// nor is another sketch
	heard.length = 0;
	panels.open({ panel: 'p', uri: 'file:///w/other.mmn' });
	await panels.idle();
	expect(heard.flatMap((m) => (m.type === 'busy' ? [m.old] : []))).toEqual(['seed.mmn']);
});

test('a check that takes long leaves the picture of older text, and says so; a quick one does not', async () => {
	const { panels, heard, editor } = slowPanels();
	const pause = () => new Promise((r) => setTimeout(r, OLD_MS + 100));
	panels.open({ panel: 'p', uri: URI });
	await panels.idle();
	heard.length = 0;
	editor.text = FIXED;
	panels.edited(URI, true);
	await pause();
	expect(heard).toEqual([{ type: 'busy', what: 'checking the new text…', old: 'older text' }]);
	// the edit is taken back
	editor.text = SEED;
	panels.edited(URI, true);
	panels.checked(URI);
	await panels.idle();
	expect(heard.at(-1)).toEqual({ type: 'current' });
	heard.length = 0;
	editor.text = FIXED;
	panels.edited(URI, true);
	panels.checked(URI);
	await panels.idle();
	await pause();
	expect(heard.map(({ type }) => type)).toEqual(['picture']);
	// what is not checked as it is typed is old all the same
	heard.length = 0;
	editor.text = SEED;
	panels.edited(URI, false);
	await pause();
	expect(heard).toEqual([{ type: 'busy', what: 'the new text has not been checked yet', old: 'older text' }]);
	panels.close('p');
});

test('two lines in order: the shortest such run, or the word that there is none', async () => {
	const { page } = await started(FIXED);
	await page.picture();
	const line = (text: string) => {
		const at = FIXED.split('\n').findIndex((l) => l.includes(text)) + 1;
		return { uri: URI, line: at, column: 1, endLine: at, endColumn: 200 };
	};
	page.say({ type: 'order', first: line('dev_unmap(range->start'), second: line('dev_map(start, end)') });
	const run = await page.picture();
	const texts = run.steps.map((s) => s.callText ?? s.text);
	expect(texts.indexOf('dev_unmap(range->start, range->end)')).toBeLessThan(texts.indexOf('dev_map(start, end)'));
	expect(texts).toContain('dev_map(start, end)');
	page.say({ type: 'order', first: line('dev_map(start, end)'), second: line('mutex_lock(&fault_lock);\n') });
	expect((await page.next('problem')).message).toMatch(/^there is no run with line \d+ before line \d+/);
});

test('sources and states come when they are asked for; exports, too', async () => {
	const { client, page } = await started();
	const picture = await page.picture();
	page.say({ type: 'source', uri: 'mmn-kernel:/mn/active-ranges-core.mmn' });
	expect(await page.next('source')).toMatchObject({ title: '<mn/active-ranges-core>' });
	page.say({ type: 'states', from: 1, to: 2 });
	expect((await page.next('states')).states).toEqual(picture.states.slice(1, 3));
	const table = await client.connection.sendRequest(ExportRunRequest, { panel: 'p', format: 'table' });
	expect(table).toContain('// blocked: fault_lock is held by A');
	const saved = await client.connection.sendRequest(ExportRunRequest, { panel: 'p', format: 'json' });
	expect(JSON.parse(saved ?? '')).toMatchObject({
		tool: 'notifier-lab',
		scenario: 'fault_races_munmap',
		code: 'deadlock',
	});
	await client.connection.sendNotification(CloseExplorerNotification, { panel: 'p' });
	expect(await client.connection.sendRequest(ExportRunRequest, { panel: 'p', format: 'table' })).toBeNull();
});

test('a saved run is replayed, and says after an edit which step no longer fits', async () => {
	const { client, page } = await started();
	await page.picture();
	const saved = JSON.parse(
		(await client.connection.sendRequest(ExportRunRequest, { panel: 'p', format: 'json' })) ?? '',
	);
	void client.connection.sendNotification(OpenExplorerNotification, {
		panel: 'p',
		uri: URI,
		scenario: saved.scenario,
		saved,
	});
	expect((await page.picture()).finding?.code).toBe('deadlock');
	client.edit(URI, FIXED);
	await page.picture();
	void client.connection.sendNotification(OpenExplorerNotification, {
		panel: 'p',
		uri: URI,
		scenario: saved.scenario,
		saved,
	});
	expect((await page.next('problem')).message).toMatch(
		/^step \d+ no longer fits: A comes to "mutex_unlock\(&fault_lock\)"/,
	);
});

test('a sketch without scenarios is explored in the default environment', { timeout: 60_000 }, async () => {
	const { page } = await started(SEED.replace(/scenario [\s\S]*$/, ''));
	const picture = await page.picture();
	expect(picture.scenario).toBe('default_environment');
	expect(picture.finding?.code).toMatch(/deadlock/);
	expect(picture.steps.length).toBeGreaterThan(3);
});

test('a panel that is opened again shows its run before anything is searched, unless the text is another one', async () => {
	const { client, page } = await started();
	const first = await page.picture();
	void client.connection.sendNotification(CloseExplorerNotification, { panel: 'p' });
	const again = new Page(client, 'q');
	void client.connection.sendNotification(OpenExplorerNotification, { panel: 'q', uri: URI });
	again.say({ type: 'branch', steps: 0, lane: first.steps[0]?.lane ?? 0, choice: 0, single: true });
	expect(await again.picture()).toEqual(first);
	// the search behind it says nothing more, and answers what is asked
	expect((await again.picture()).branchAt).not.toBeNull();
	client.edit(URI, FIXED);
	expect((await again.picture()).verdict).toBe('ok');
	void client.connection.sendNotification(CloseExplorerNotification, { panel: 'q' });
	const last = new Page(client, 'r');
	client.edit(URI, SEED.replace('goto again;', 'goto agian;'));
	void client.connection.sendNotification(OpenExplorerNotification, { panel: 'r', uri: URI });
	await last.next('problem');
	expect(last.heard.filter((m) => m.type === 'picture')).toEqual([]);
});
