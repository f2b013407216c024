import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startBrowser } from '../tools/vscode-host/browser.mjs';
import { installHost } from '../tools/vscode-host/install.mjs';
import { ensureChromium } from './chromium.mjs';
import { ROOT } from './run.mjs';
import { install, packages } from './vsix.mjs';

export const THEMES = {
	dark: 'Dark Modern',
	light: 'Light Modern',
	hc: 'Default High Contrast',
	'hc-light': 'Default High Contrast Light',
};

/**
 * A VS Code in Chromium with the packaged .vsix installed, as a user has it, and a folder with the shipped sketches.
 * An extension under development would be loaded late, and the themes of the VS Code inside this repository would be taken
 * for its own.
 *
 * @param {{ theme?: string, width?: number, height?: number, open?: string, settings?: object, others?: string[] }} [options]
 *   `open`: a sketch of the folder for the editor; `others`: folders of more extensions to install
 */
export async function openWorkbench({
	theme = THEMES.dark,
	width = 1280,
	height = 860,
	open,
	settings = {},
	others = [],
} = {}) {
	await ensureChromium();
	installHost('server');
	const { startCodeServer } = await import('../tools/vscode-host/server/code-server.mjs');
	const own = fs.mkdtempSync(path.join(os.tmpdir(), 'mmn-wb-'));
	const folder = path.join(own, 'sketches');
	fs.cpSync(path.join(ROOT, 'media/sketches'), folder, { recursive: true });
	const extensionsDir = path.join(own, 'extensions');
	install(packages().vsix, extensionsDir);
	for (const other of others)
		fs.cpSync(other, path.join(extensionsDir, `other.${path.basename(other)}-0.0.1`), { recursive: true });
	const server = await startCodeServer({
		extensionsDir,
		settings: {
			'workbench.colorTheme': theme,
			'window.autoDetectColorScheme': false,
			'window.autoDetectHighContrast': false,
			'editor.minimap.enabled': false,
			// a line that sticks covers one that is to be clicked
			'editor.stickyScroll.enabled': false,
			// what a script types is all there is
			'editor.autoClosingBrackets': 'never',
			'editor.autoIndent': 'none',
			'editor.formatOnType': false,
			'editor.acceptSuggestionOnEnter': 'off',
			// as the extension sets it: an editor that is there before the extension may not take it up
			'[mmn]': { 'editor.tabSize': 8, 'editor.insertSpaces': false, 'editor.detectIndentation': false },
			...settings,
		},
	});
	const browser = await startBrowser({ width, height });
	const { page } = browser;
	const address = new URL(server.url);
	address.searchParams.set('folder', folder);
	if (open)
		address.searchParams.set('payload', JSON.stringify([['openFile', `${server.remote}${path.join(folder, open)}`]]));
	await page.goto(address.href);
	await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
	return {
		page,
		folder,
		/** Opens the same folder again, as VS Code has kept it: with a file to open it would not restore the others. */
		async reload() {
			await page.waitForTimeout(6000); // the layout is written every five seconds
			address.searchParams.delete('payload');
			await page.goto(address.href);
			await page.locator('.monaco-editor .view-line').first().waitFor({ timeout: 60_000 });
		},
		/** Runs a command of the palette by its title. @returns when it was chosen, as of Date.now() */
		async command(title) {
			await page.keyboard.press('F1');
			const input = page.locator('.quick-input-widget input[type=text]').first();
			await input.waitFor();
			const row = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
			// right after the start the commands of extensions are not there yet
			for (let tries = 0; tries < 30; tries++) {
				await input.fill(`>${title}`);
				const found = await row.waitFor({ timeout: 1000 }).then(
					() => true,
					() => false,
				);
				if (found) break;
				await input.fill('>');
			}
			const chosen = Date.now();
			await row.click();
			await input.waitFor({ state: 'hidden' });
			// the pointer would rest on a tab, and what VS Code says of that cover the first lines
			await page.mouse.move(width / 2, height - 4);
			return chosen;
		},
		/** The document inside the webview that has an element: a frame within a frame. */
		async frameWith(selector, timeout = 20_000) {
			for (const end = Date.now() + timeout; Date.now() < end; await page.waitForTimeout(10))
				for (const frame of page.frames()) {
					if (frame.isDetached()) continue;
					const there = await frame
						.locator(selector)
						.count()
						.catch(() => 0);
					if (there > 0) return frame;
				}
			throw new Error(`no webview has ${selector}`);
		},
		/** The document inside the webview that holds `text`, which may be one of several. */
		async webviewWith(text, timeout = 20_000) {
			for (const end = Date.now() + timeout; Date.now() < end; await page.waitForTimeout(100))
				for (const frame of page.frames())
					if (
						await frame
							.getByText(text)
							.first()
							.isVisible()
							.catch(() => false)
					)
						return frame;
			throw new Error(`no webview shows "${text}"`);
		},
		async close() {
			await browser.close();
			await server.stop();
			fs.rmSync(own, { recursive: true, force: true, maxRetries: 5 });
		},
	};
}
