/** The page in the documents that it ships in: a panel under its policy, and a file without any network. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { panelDocument, savedDocument } from '../../src/webview/document.js';
import { built, cursor, sample, startChromium } from './page.js';

let browser: Browser;
const folder = mkdtempSync(path.join(os.tmpdir(), 'mmn-saved-'));
beforeAll(async () => {
	browser = await startChromium();
});
afterAll(async () => {
	await browser?.close();
	rmSync(folder, { recursive: true, force: true });
});

const seed = sample('seed-deadlock');

test('without monaco the page is under 100 KiB of script, with air', () => {
	const script = built('explorer.js');
	expect(Buffer.byteLength(script)).toBeLessThan(99 * 1024);
	expect(gzipSync(script).length).toBeLessThan(40 * 1024);
});

const ORIGIN = 'https://panel.test';
const TYPES: Record<string, string> = { js: 'text/javascript', css: 'text/css', html: 'text/html' };

test('a panel keeps to its policy, and the full editor starts its worker from a blob', async () => {
	const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
	const wrong: string[] = [];
	page.on('pageerror', (error) => wrong.push(error.message));
	page.on('console', (message) => {
		if (message.type() === 'error' || /Content Security Policy/.test(message.text())) wrong.push(message.text());
	});
	const html = panelDocument({
		title: 'Explorer: seed',
		script: built('explorer.js'),
		style: built('explorer.css'),
		monaco: { script: `${ORIGIN}/monaco.js`, style: `${ORIGIN}/monaco.css`, worker: `${ORIGIN}/monaco.worker.js` },
		cspSource: ORIGIN,
		nonce: 'abcdefghijklmnopqrstuvwxyz012345',
	});
	// VS Code's own part of a webview: its variables and its api, from a script that the policy does not see.
	await page.addInitScript((picture) => {
		const posted: unknown[] = [];
		globalThis.acquireVsCodeApi = () => ({
			postMessage(message: unknown) {
				posted.push(message);
				const { type, uri } = message as { type: string; uri: string };
				if (type === 'ready') window.postMessage({ type: 'picture', picture }, '*');
				if (type === 'source')
					window.postMessage(
						{ type: 'source', uri, text: '/* https://lore.kernel.org/ */\nint a;\nint b;\n', title: 'a' },
						'*',
					);
			},
			getState: () => null,
			setState() {},
		});
	}, seed);
	await page.route(`${ORIGIN}/**`, (route) => {
		const name = new URL(route.request().url()).pathname.slice(1);
		if (name === '') return route.fulfill({ contentType: 'text/html', body: html });
		if (name === 'favicon.ico') return route.fulfill({ status: 204 });
		return route.fulfill({ contentType: TYPES[path.extname(name).slice(1)] ?? 'text/plain', body: built(name) });
	});
	await page.goto(`${ORIGIN}/`);
	await page.locator('.row').first().waitFor();
	await page.keyboard.press('Home');
	await page.keyboard.press('ArrowDown');
	expect(await cursor(page)).toBe(1);
	await page.getByRole('button', { name: 'editor', exact: true }).click();
	await page.locator('.monaco-pane .view-line', { hasText: 'int b' }).waitFor();
	// Monaco starts its worker when it has work for one.
	const worker = page.waitForEvent('worker');
	await page.evaluate(() => {
		globalThis.MonacoEnvironment?.getWorker?.('', '');
	});
	expect((await worker).url()).toMatch(/^blob:/);
	expect(wrong).toEqual([]);
	await page.close();
});

test('a panel whose document has its picture asks nobody for it', async () => {
	const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
	const wrong: string[] = [];
	page.on('pageerror', (error) => wrong.push(error.message));
	const nasty = 'a </script><!-- <script> in a name';
	const html = panelDocument({
		title: 'Explorer: seed',
		script: built('explorer.js'),
		style: built('explorer.css'),
		monaco: null,
		cspSource: ORIGIN,
		nonce: 'abcdefghijklmnopqrstuvwxyz012345',
		picture: { ...seed, scenario: nasty, scenarios: [nasty] },
	});
	await page.addInitScript(() => {
		const posted: unknown[] = [];
		Object.assign(window, { posted });
		globalThis.acquireVsCodeApi = () => ({
			postMessage: (message: unknown) => posted.push(message),
			getState: () => null,
			setState() {},
		});
	});
	await page.route(`${ORIGIN}/**`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
	await page.goto(`${ORIGIN}/`);
	await page.locator('.row').first().waitFor();
	await page.locator('.beside .section').first().waitFor();
	expect(await cursor(page)).toBe(seed.steps.length);
	await page.locator('#explorer').locator('option', { hasText: nasty }).waitFor({ state: 'attached' });
	const posted = await page.evaluate(() => (window as unknown as { posted: { type: string }[] }).posted);
	expect(posted.map(({ type }) => type)).toContain('ready');
	// a newer one takes its place
	await page.evaluate((picture) => window.postMessage({ type: 'picture', picture }, '*'), seed);
	await page.locator('#explorer').locator('option', { hasText: nasty }).waitFor({ state: 'detached' });
	expect(wrong).toEqual([]);
	await page.close();
});

test('a saved file steps without any network, and offers only what works there', async () => {
	const file = path.join(folder, 'seed.html');
	const parts = {
		script: built('explorer.js'),
		style: built('explorer.css'),
		themes: built('themes.css'),
		engine: built('engine.js'),
	};
	const text = 'static int a; // </script><script>alert(1)</script>\n';
	writeFileSync(
		file,
		savedDocument({ ...parts, pictures: [seed], sources: [{ uri: seed.file, title: 'seed.mmn', text }] }),
	);
	const context = await browser.newContext({ offline: true, colorScheme: 'light', acceptDownloads: true });
	const page = await context.newPage();
	const wrong: string[] = [];
	const asked: string[] = [];
	page.on('pageerror', (error) => wrong.push(error.message));
	page.on('console', (message) => {
		if (message.type() === 'error') wrong.push(message.text());
	});
	page.on('request', (request) => asked.push(request.url()));
	await page.goto(pathToFileURL(file).href);
	await page.locator('.row').first().waitFor();
	expect(asked.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
	expect(await page.evaluate(() => document.body.className)).toBe('vscode-light');
	await page.keyboard.press('Home');
	await page.keyboard.press('ArrowDown');
	expect(await cursor(page)).toBe(1);
	expect(await page.locator('.source-pane').textContent()).toContain('</script>');
	expect(await page.locator('.way').count()).toBeGreaterThan(0);
	expect(await page.locator('#pin').count(), 'there is nothing to be pinned to').toBe(0);
	await page.keyboard.press('e');
	expect(await page.getByRole('menuitem').count()).toBe(6);
	const download = page.waitForEvent('download');
	await page.getByRole('menuitem', { name: 'Run as JSON' }).click();
	expect((await download).suggestedFilename()).toBe('fault_races_munmap.json');
	await page.locator('#theme').click();
	await page.getByRole('menuitem', { name: 'High contrast', exact: true }).click();
	expect(await page.evaluate(() => document.body.className)).toBe('vscode-high-contrast');
	expect(wrong).toEqual([]);
	await context.close();
});
