/** The explorer's page in a real browser, without VS Code: what it posts is kept, what it asks for is answered. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Picture } from '../../src/findings/explorer/picture.js';
import type { FromPage, ToPage } from '../../src/webview/messages.js';
// @ts-expect-error: plain JavaScript
import { findChromium } from '../../tools/vscode-host/browser.mjs';

const ROOT = path.resolve(import.meta.dirname, '../..');

export const THEMES = {
	dark: 'vscode-dark',
	light: 'vscode-light',
	'hc-dark': 'vscode-high-contrast',
	'hc-light': 'vscode-high-contrast vscode-high-contrast-light',
} as const;
export type Theme = keyof typeof THEMES;

/** A file of the built page. */
export function built(name: string): string {
	return readFileSync(path.join(ROOT, 'out/webview', name), 'utf8');
}

/** A picture that the engine made (see samples/README or its test). */
export function sample(name: string): Picture {
	return JSON.parse(readFileSync(path.join(import.meta.dirname, 'samples', `${name}.json`), 'utf8')) as Picture;
}

const SKETCH = readFileSync(path.join(ROOT, 'media/sketches/seed-wait-valid.mmn'), 'utf8');

export function startChromium(): Promise<Browser> {
	const executablePath = findChromium();
	if (!executablePath) throw new Error('no Chromium found');
	return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}

export interface Explored {
	readonly page: Page;
	/** What the page has posted, oldest first. */
	posted(): Promise<FromPage[]>;
	lastPosted<T extends FromPage['type']>(type: T): Promise<Extract<FromPage, { type: T }> | undefined>;
	send(message: ToPage): Promise<void>;
	/** What went wrong in the page. */
	readonly errors: string[];
	close(): Promise<void>;
}

export interface Options {
	readonly theme?: Theme;
	readonly width?: number;
	readonly height?: number;
	/** What a reload finds again. */
	readonly kept?: unknown;
}

/** Opens the page with a host that shows one picture and answers for sources; tests answer for the rest. */
export async function explore(browser: Browser, picture: Picture | null, options: Options = {}): Promise<Explored> {
	const { theme = 'dark', width = 1280, height = 860, kept = null } = options;
	const page = await browser.newPage({ viewport: { width, height } });
	const errors: string[] = [];
	page.on('pageerror', (error) => errors.push(error.message));
	page.on('console', (message) => {
		if (message.type() === 'error') errors.push(message.text());
	});
	await page.setContent(`<!doctype html><html lang="en"><head><title>Explorer</title>
<style>${built('themes.css')}</style><style>${built('explorer.css')}</style></head>
<body class="${THEMES[theme]}"><div id="explorer"></div></body></html>`);
	// A script is parsed at once; an argument of evaluate() is walked value by value.
	await page.addScriptTag({ content: `window.given = ${JSON.stringify({ picture, text: SKETCH, kept })};` });
	await page.evaluate(() => {
		const { picture, text, kept } = (window as unknown as { given: { picture: unknown; text: string; kept: unknown } })
			.given;
		const posted: unknown[] = [];
		const say = (message: unknown) => window.postMessage(message, '*');
		let state = kept;
		Object.assign(window, { posted, keptState: () => state });
		globalThis.acquireVsCodeApi = () => ({
			postMessage(message: unknown) {
				posted.push(message);
				const { type, uri } = message as { type: string; uri: string };
				if (type === 'ready' && picture) say({ type: 'picture', picture });
				if (type === 'source') say({ type: 'source', uri, text, title: uri.split('/').at(-1) });
			},
			getState: () => state,
			setState(next: unknown) {
				state = next;
			},
		});
	});
	await page.addScriptTag({ content: built('explorer.js') });
	if (picture) await page.locator('.row').first().waitFor();
	// it is drawn a frame after the run
	if (picture) await page.locator('.beside > *').first().waitFor();
	const posted = () => page.evaluate(() => (window as unknown as { posted: FromPage[] }).posted);
	return {
		page,
		posted,
		async lastPosted(type) {
			return (await posted()).findLast((message) => message.type === type) as never;
		},
		async send(message) {
			await page.evaluate((one) => window.postMessage(one, '*'), message);
			// The message is handled, and what it changed is drawn.
			await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
		},
		errors,
		close: () => page.close(),
	};
}

/** The slider's position: steps done. */
export async function cursor(page: Page): Promise<number> {
	return Number(await page.locator('input[type=range]').inputValue());
}
