// npm run screenshots [SCENE]: the seed sketch in a real VS Code, in three themes, for the README and the manual.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startBrowser } from '../tools/vscode-host/browser.mjs';
import { installHost } from '../tools/vscode-host/install.mjs';
import { ensureChromium } from './chromium.mjs';
import { ROOT } from './run.mjs';
import { install, makePackages } from './vsix.mjs';

const [only] = process.argv.slice(2);
const SEED = 'seed-wait-valid.mmn';
const OUT = path.join(ROOT, 'media/screenshots');
const THEMES = { dark: 'Dark Modern', light: 'Light Modern', hc: 'Default High Contrast' };

/** Runs a command of the palette by its title. */
async function command(page, title) {
	await page.keyboard.press('F1');
	const input = page.locator('.quick-input-widget input[type=text]').first();
	await input.waitFor();
	await input.fill(`>${title}`);
	await page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().click();
	await input.waitFor({ state: 'hidden' });
}

/** Opens the seed in a VS Code with this theme, and takes a picture of what `scene` makes of it. */
async function shoot(theme, file, scene, { extensionsDir, folder }) {
	const { startCodeServer } = await import('../tools/vscode-host/server/code-server.mjs');
	const server = await startCodeServer({
		extensionsDir,
		settings: {
			'workbench.colorTheme': theme,
			'window.autoDetectColorScheme': false,
			'window.autoDetectHighContrast': false,
			'editor.minimap.enabled': false,
		},
	});
	const browser = await startBrowser({ width: 1280, height: 860 });
	try {
		const { page } = browser;
		const payload = [['openFile', `${server.remote}${path.join(folder, SEED)}`]];
		const address = new URL(server.url);
		address.searchParams.set('folder', folder);
		address.searchParams.set('payload', JSON.stringify(payload));
		await page.goto(address.href);
		await page.locator('.monaco-editor .view-line').first().waitFor({ timeout: 60_000 });
		await page.locator('.squiggly-error').first().waitFor({ timeout: 30_000, state: 'attached' });
		await scene(page);
		await page.screenshot({ path: file, animations: 'disabled' });
		console.log(path.relative(ROOT, file));
	} finally {
		await browser.close();
		await server.stop();
	}
}

/** Puts the cursor on the seed's `goto again`. */
async function blamedLine(page) {
	await command(page, 'View: Toggle Primary Side Bar Visibility');
	await command(page, 'Problems: Focus on Problems View');
	const problem = page.locator('.markers-panel .monaco-list-row', { hasText: 'deadlock' }).first();
	await problem.waitFor({ timeout: 30_000 });
	await problem.click(); // reveals the line
	const line = page.locator('.view-line', { hasText: 'goto again;' }).first();
	await line.waitFor();
	return line;
}

const SCENES = {
	/** The editor with the squiggle, the Problems panel with the edges of the cycle, and the hover on the squiggle. */
	async seed(page) {
		const line = await blamedLine(page);
		await line.locator('span', { hasText: 'again' }).last().hover();
		await page.locator('.monaco-hover:not(.hidden)', { hasText: 'fault_lock' }).first().waitFor({ timeout: 15_000 });
	},
	/** The menu of fixes that were checked, and what stands above the scenario. */
	async fixes(page) {
		const line = await blamedLine(page);
		await command(page, 'View: Hide Panel');
		await line.locator('span', { hasText: 'goto' }).last().click();
		await page.locator('.codelens-decoration', { hasText: 'deadlock' }).first().waitFor({ timeout: 30_000 });
		await page.keyboard.press('Control+.');
		await page.locator('.action-widget', { hasText: 'checked' }).first().waitFor({ timeout: 15_000 });
	},
	/** The Testing view after a run of everything, with the message at its line. */
	async tests(page) {
		await command(page, 'Testing: Focus on Test Explorer View');
		await command(page, 'Test: Run All Tests');
		await page.locator('.test-explorer .monaco-list-row', { hasText: SEED }).first().waitFor({ timeout: 30_000 });
		await page.locator('.test-explorer .codicon-testing-failed-icon').first().waitFor({ timeout: 30_000 });
		await command(page, 'Test: Go to Next Test Failure');
	},
};

await ensureChromium();
installHost('server');
const { vsix } = await makePackages();
const own = fs.mkdtempSync(path.join(os.tmpdir(), 'mmn-shot-'));
const folder = path.join(own, 'sketches');
try {
	fs.mkdirSync(folder);
	// An extension under development is loaded late, when the file is open already, and the themes of the VS Code inside
	// this repository would be taken for its own.
	const extensionsDir = path.join(own, 'extensions');
	install(vsix, extensionsDir);
	fs.copyFileSync(path.join(ROOT, 'media/sketches', SEED), path.join(folder, SEED));
	fs.mkdirSync(OUT, { recursive: true });
	for (const [what, scene] of Object.entries(SCENES))
		for (const [name, theme] of Object.entries(THEMES))
			if (only === undefined || only === what)
				await shoot(theme, path.join(OUT, `${what}-${name}.png`), scene, { extensionsDir, folder });
} finally {
	fs.rmSync(own, { recursive: true, force: true });
}
