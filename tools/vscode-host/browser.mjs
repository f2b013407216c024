import { EventEmitter, once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { format } from 'node:util';
import { chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const ELSEWHERE = [
	'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
	'/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The path of a Chromium on this machine ($CHROMIUM_PATH first), or undefined. */
export function findChromium() {
	const onPath = (process.env.PATH ?? '')
		.split(path.delimiter)
		.flatMap((dir) => NAMES.map((name) => path.join(dir, name)));
	return [process.env.CHROMIUM_PATH, ...onPath, ...ELSEWHERE].find((file) => file && fs.existsSync(file));
}

const QUIET = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--disable-dev-shm-usage',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

/**
 * Starts a headless Chromium with a profile of its own, which is removed on close.
 *
 * Webviews of VS Code for the Web live in a third-party frame, whose service worker is refused unless third-party
 * cookies are on; only a persistent profile can have that preference.
 *
 * @param {{ width?: number, height?: number }} [viewport] in CSS pixels
 * @returns {Promise<{ page: import('playwright-core').Page, onGone(listener: () => void): void, close(): Promise<void> }>}
 */
export async function startBrowser({ width = 1280, height = 900 } = {}) {
	const executablePath = findChromium();
	if (!executablePath) throw new Error('no Chromium found: install it, or set CHROMIUM_PATH');
	const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'mmn-chromium-'));
	fs.mkdirSync(path.join(profile, 'Default'));
	const preferences = { profile: { block_third_party_cookies: false, cookie_controls_mode: 0 } };
	fs.writeFileSync(path.join(profile, 'Default/Preferences'), JSON.stringify(preferences));
	const context = await chromium.launchPersistentContext(profile, {
		executablePath,
		headless: true,
		viewport: { width, height },
		args: QUIET,
		permissions: ['clipboard-read', 'clipboard-write'],
	});
	return {
		page: context.pages()[0] ?? (await context.newPage()),
		onGone: (listener) => context.on('close', listener),
		async close() {
			await context.close().catch(() => {});
			fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
		},
	};
}

/**
 * Listens to a VS Code page that runs tests. Call it before the page is opened.
 *
 * @param {import('playwright-core').Page} page
 * @param {{ timeout: number, onGone(listener: () => void): void, log(type: string, text: string): void }} options
 *   timeout in milliseconds
 * @returns {Promise<{ code: Promise<number> }>} when it listens; `code` is the exit code that the workbench reports, and
 *   rejects when the page is lost or time is up. It is 0 also when the extension host has died: the caller needs a proof
 *   of its own that the tests came to their end.
 */
export async function automationResult(page, { timeout, onGone, log }) {
	const exit = new EventEmitter();
	const fail = (message) => exit.emit('error', new Error(message));
	exit.on('error', () => {}); // a second failure after the first
	const timer = setTimeout(() => fail(`no result in ${timeout / 1000} s`), timeout);
	const code = once(exit, 'code')
		.then(([value]) => Number(value))
		.finally(() => clearTimeout(timer));
	code.catch(() => {}); // whoever waits for it may not wait yet
	page.on('crash', () => fail('the page crashed'));
	onGone(() => fail('the browser went away'));
	await page.exposeFunction('codeAutomationLog', (type, args) => log(type, format(...args)));
	await page.exposeFunction('codeAutomationExit', (value) => exit.emit('code', value));
	return { code };
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export function freePort() {
	return new Promise((resolve, reject) => {
		const server = net.createServer();
		server.on('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}
