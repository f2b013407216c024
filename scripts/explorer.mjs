// The explorer in a real VS Code, driven as a user does: explorer.mjs [THEME …] [--packaged] [--shots]
//   Opens it on the seed sketch, steps to the end, takes another way, types the fix. Writes screenshots with --shots.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startBrowser } from '../tools/vscode-host/browser.mjs';
import { installHost } from '../tools/vscode-host/install.mjs';
import { ensureChromium } from './chromium.mjs';
import { ROOT } from './run.mjs';
import { install, makePackages, packages } from './vsix.mjs';

const SEED = 'seed-wait-valid.mmn';
const THEMES = {
	dark: 'Dark Modern',
	light: 'Light Modern',
	hc: 'Default High Contrast',
	'hc-light': 'Default High Contrast Light',
};
const args = process.argv.slice(2);
const shots = args.includes('--shots');
const wanted = args.filter((a) => !a.startsWith('--'));
const OUT = path.join(ROOT, 'media/screenshots');

async function command(page, title) {
	await page.keyboard.press('F1');
	const input = page.locator('.quick-input-widget input[type=text]').first();
	await input.waitFor();
	await input.fill(`>${title}`);
	const row = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
	await row.waitFor();
	const pressed = Date.now();
	await row.click();
	await input.waitFor({ state: 'hidden' });
	return pressed;
}

/** The frame of the explorer's page: a frame within a frame. */
async function explorerFrame(page) {
	for (const end = Date.now() + 20_000; Date.now() < end; await page.waitForTimeout(10)) {
		for (const frame of page.frames()) {
			if (frame.isDetached()) continue;
			const there = await frame
				.locator('#explorer')
				.count()
				.catch(() => 0);
			if (there > 0) return frame;
		}
	}
	throw new Error('no explorer came up');
}

const shot = (name) =>
	shots && !name.includes('green') ? path.join(OUT, `${name}.png`) : path.join('/tmp', `${name}.png`);

let failures = 0;
let passes = 0;
function check(what, holds) {
	console.log(`${holds ? '  ✓' : '  ✗'} ${what}`);
	if (holds) passes++;
	else failures++;
}

async function drive(name, theme, { extensionsDir, folder }) {
	const { startCodeServer } = await import('../tools/vscode-host/server/code-server.mjs');
	const server = await startCodeServer({
		extensionsDir,
		settings: {
			'workbench.colorTheme': theme,
			'window.autoDetectColorScheme': false,
			'window.autoDetectHighContrast': false,
			'editor.minimap.enabled': false,
			'workbench.activityBar.location': 'hidden',
		},
	});
	const browser = await startBrowser({ width: 1680, height: 1000 });
	try {
		const { page } = browser;
		page.on('console', (m) => {
			if (m.type() === 'error' && process.env.DEBUG) console.log('   console:', m.text().slice(0, 300));
		});
		const address = new URL(server.url);
		address.searchParams.set('folder', folder);
		address.searchParams.set('payload', JSON.stringify([['openFile', `${server.remote}${path.join(folder, SEED)}`]]));
		await page.goto(address.href);
		await page.locator('.monaco-editor .view-line').first().waitFor({ timeout: 60_000 });
		await command(page, 'View: Toggle Primary Side Bar Visibility');
		await page.locator('.squiggly-error').first().waitFor({ timeout: 60_000 });
		const pressed = await command(page, 'Notifier Lab: Explore Interleavings');
		const frame = await explorerFrame(page);
		await frame.locator('.row').first().waitFor({ timeout: 15_000 });
		console.log(`${name}: first paint ${Date.now() - pressed} ms after the command`);
		const chip = frame.locator('.head .chip').first();
		const says = async (what, text) => {
			await chip
				.filter({ hasText: text })
				.waitFor({ timeout: 20_000 })
				.catch(() => {});
			check(what, (await chip.textContent()).includes(text));
		};
		const [origin, paint] = await frame.evaluate(() => [
			performance.timeOrigin,
			performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
		]);
		const ours = await frame.evaluate(() => Math.round(performance.now()));
		console.log(
			`   the frame begins ${Math.round(origin - pressed)} ms after it, paints first ${Math.round(paint)} ms later (seen at ${ours})`,
		);
		await says('it opens beside the sketch and shows the deadlock', 'deadlock');
		check('the focus stays in the editor', (await page.locator('.monaco-editor.focused').count()) > 0);
		await page.waitForTimeout(500);
		await page.screenshot({ path: shot(`explorer-${name}`), animations: 'disabled' });

		await frame.locator('.row').first().click();
		await page.keyboard.press('Home');
		const position = async () =>
			/step\s+(\d+)\s+of\s+(\d+)/
				.exec(await frame.locator('body').textContent())
				?.slice(1)
				.map(Number);
		check('Home goes to the start', (await position())?.[0] === 0);
		const length = (await position())?.[1] ?? 0;
		const times = [];
		for (let n = 0; n < length; n++) {
			const from = performance.now();
			await frame
				.locator('body')
				.press('PageDown')
				.catch(() => {});
			times.push(performance.now() - from);
			if ((await position())?.[0] === length) break;
		}
		check('the keyboard walks from the start to the cycle', (await position())?.[0] === length);
		// the names are drawn by style
		const marks = () =>
			page.evaluate(
				() =>
					[...document.querySelectorAll('.view-line span')].filter((e) =>
						getComputedStyle(e, '::after').content.includes('◂'),
					).length,
			);
		check('the editor marks where the threads stand', (await marks()) >= 2);

		await frame.locator('.way', { hasText: 'A could go' }).first().click();
		await says('another way is taken', 'branch');
		await frame
			.getByText('every thread has ended')
			.first()
			.waitFor({ timeout: 10_000 })
			.catch(() => {});
		check('it ends well', (await frame.getByText('every thread has ended').count()) > 0);
		await page.waitForTimeout(300);
		await page.screenshot({ path: shot(`explorer-branch-${name}`), animations: 'disabled' });
		await frame.locator('.row').first().click();
		await page.keyboard.press('f');
		await says('and back to the run that was found', 'deadlock');

		await page.locator('.view-line', { hasText: 'goto again;' }).first().click();
		await page.keyboard.press('Home');
		await page.keyboard.type('{ mutex_unlock(&fault_lock); ');
		await page.keyboard.press('End');
		await page.keyboard.type(' }');
		await says('typing the fix turns it green', 'ok');
		await page.waitForTimeout(300);
		await page.screenshot({ path: shot(`explorer-green-${name}`), animations: 'disabled' });

		// with a file to open, VS Code does not restore the others
		address.searchParams.delete('payload');
		await page.waitForTimeout(6000); // the layout is written every five seconds
		await page.goto(address.href);
		await page.locator('.monaco-editor .view-line').first().waitFor({ timeout: 60_000 });
		const again = await explorerFrame(page).catch(async (error) => {
			await page.screenshot({ path: '/tmp/explorer-reload.png' });
			throw error;
		});
		await again
			.locator('.row')
			.first()
			.waitFor({ timeout: 20_000 })
			.catch(() => {});
		check('it is there again after a reload', (await again.locator('.row').count()) > 0);
	} finally {
		await browser.close();
		await server.stop();
	}
}

await ensureChromium();
installHost('server');
// npm test has made them already
const { vsix } = args.includes('--packaged') ? packages() : await makePackages();
const own = fs.mkdtempSync(path.join(os.tmpdir(), 'mmn-explorer-'));
const folder = path.join(own, 'sketches');
try {
	fs.mkdirSync(folder);
	const extensionsDir = path.join(own, 'extensions');
	install(vsix, extensionsDir);
	fs.copyFileSync(path.join(ROOT, 'media/sketches', SEED), path.join(folder, SEED));
	for (const [name, theme] of Object.entries(THEMES))
		if (wanted.length === 0 || wanted.includes(name)) await drive(name, theme, { extensionsDir, folder });
	console.log(`\n  ${passes} passing`);
	if (failures > 0) console.log(`  ${failures} failing`);
	process.exitCode = failures > 0 ? 1 : 0;
} finally {
	fs.rmSync(own, { recursive: true, force: true });
}
