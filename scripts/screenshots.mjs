<<<<<<< HEAD
// npm run screenshots [SCENE]: the seed sketch in a real VS Code, in three themes, for the README and the manual.
=======
// npm run screenshots: what README shows, taken in a real VS Code with the packaged extension: the deadlock of 2015 in three
// themes, a lesson, and a short animation from the error to its cure.
>>>>>>> 1673c71 (Show on one screen what it is; say how to write a lesson, and what the package holds)

import fs from 'node:fs';
import path from 'node:path';
import UPNG from 'upng-js';
import { ROOT } from './run.mjs';
import { makePackages } from './vsix.mjs';
import { openWorkbench, THEMES } from './workbench.mjs';

const [only] = process.argv.slice(2);
const SEED = 'seed-wait-valid.mmn';
const OUT = path.join(ROOT, 'media/screenshots');
const SEEN_MS = 30_000;
/** Colours of an animation's frame: as many as an editor needs, and small. */
const COLOURS = 96;

function save(name, content) {
	const file = path.join(OUT, name);
	fs.writeFileSync(file, content);
	console.log(`${path.relative(ROOT, file)}  ${(content.length / 1000).toFixed(0)} kB`);
}

async function seen(page) {
	await page.locator('.monaco-editor .view-line').first().waitFor({ timeout: 60_000 });
	await page.locator('.squiggly-error').first().waitFor({ timeout: SEEN_MS });
}

/** Puts the finding into the middle of the editor and shows what it says. */
async function hoverFinding(page) {
	const line = page.locator('.editor-instance .view-line', { hasText: 'goto again;' }).first();
	await line.waitFor();
	await line.locator('span', { hasText: 'again' }).last().hover();
	await page.locator('.monaco-hover:not(.hidden)', { hasText: 'fault_lock' }).first().waitFor({ timeout: SEEN_MS });
}

<<<<<<< HEAD
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
=======
/** The editor with the squiggle, the Problems panel with the edges of the cycle, and the hover on the squiggle. */
async function shootSeed(name, theme) {
	const { page, command, close } = await openWorkbench({ theme, open: SEED });
	try {
		await seen(page);
		await command('View: Toggle Primary Side Bar Visibility');
		await command('Problems: Focus on Problems View');
		const problem = page.locator('.markers-panel .monaco-list-row', { hasText: 'deadlock' }).first();
		await problem.waitFor({ timeout: SEEN_MS });
		await problem.click(); // reveals the line
		await hoverFinding(page);
		save(`seed-${name}.png`, await page.screenshot({ animations: 'disabled' }));
>>>>>>> 1673c71 (Show on one screen what it is; say how to write a lesson, and what the package holds)
	} finally {
		await close();
	}
}

<<<<<<< HEAD
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
=======
/** A lesson: the list, the sketch, the page with its goal. */
async function shootLesson() {
	const { page, command, webviewWith, close } = await openWorkbench({ width: 1400 });
	try {
		await command('Notifier Lab: Open Next Lesson');
		await seen(page);
		await webviewWith('An invalidation, step by step');
		await command('View: Show Notifier Lab');
		await page.locator('.pane-body .monaco-list-row', { hasText: '1. An invalidation' }).first().click();
		await page.locator('.codelens-decoration a', { hasText: 'Goal:' }).first().waitFor({ timeout: SEEN_MS });
		await page.waitForTimeout(1000);
		save('lesson.png', await page.screenshot({ animations: 'disabled' }));
	} finally {
		await close();
	}
>>>>>>> 1673c71 (Show on one screen what it is; say how to write a lesson, and what the package holds)
}

/** From the error to its cure: the finding, what it says, the cure as it is typed, OK. */
async function animate() {
	const width = 960;
	const height = 560;
	const { page, command, close } = await openWorkbench({ width, height, open: SEED });
	const frames = [];
	const delays = [];
	const frame = async (milliseconds) => {
		const { data, ...image } = UPNG.decode(await page.screenshot({ animations: 'disabled' }));
		frames.push(UPNG.toRGBA8({ data, ...image })[0]);
		delays.push(milliseconds);
	};
	const type = async (text) => {
		for (const part of text.match(/.{1,6}/gs) ?? []) {
			await page.keyboard.insertText(part);
			await frame(90);
		}
	};
	const atEndOf = async (text) => {
		await page.locator('.editor-instance .view-line', { hasText: text }).first().click();
		await page.keyboard.press('End');
	};
	try {
		await seen(page);
		await command('View: Toggle Primary Side Bar Visibility');
		await page.keyboard.press('Control+G');
		await page.keyboard.type('46');
		await page.keyboard.press('Enter');
		await page.waitForTimeout(500);
		await frame(1500);
		await hoverFinding(page);
		await page.waitForTimeout(400);
		await frame(4500);
		await atEndOf('range_is_valid(mm, start, end))');
		await frame(700);
		await type(' {\n\t\tmutex_unlock(&fault_lock);');
		await atEndOf('goto again;');
		await type('\n\t}');
		await page.locator('.squiggly-error').first().waitFor({ state: 'detached', timeout: SEEN_MS });
		await page.waitForTimeout(700);
		await frame(3500);
		const picture = UPNG.encode(frames, width, height, COLOURS, delays);
		save('cure.png', Buffer.from(picture));
	} finally {
		await close();
	}
}

await makePackages();
fs.mkdirSync(OUT, { recursive: true });
for (const [name, theme] of Object.entries(THEMES)) await shootSeed(name, theme);
await shootLesson();
await animate();
