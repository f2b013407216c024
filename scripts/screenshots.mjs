// npm run screenshots [-- SCENE …]: what README and manual show, taken in a real VS Code with the extension that npm run package
// has made: the deadlock of 2015, its checked fixes and its test in three themes, a lesson, and a short animation from the error
// to its cure.
import fs from 'node:fs';
import path from 'node:path';
import UPNG from 'upng-js';
import { ROOT } from './run.mjs';
import { openWorkbench, THEMES } from './workbench.mjs';

const wanted = process.argv.slice(2);
const SEED = 'seed-wait-valid.mmn';
const OUT = path.join(ROOT, 'media/screenshots');
const SEEN_MS = 30_000;
/** Themes of the still pictures; the explorer's are in scripts/explorer.mjs. */
const SHOWN = ['dark', 'light', 'hc'];
/** Colours of an animation's frame: as many as an editor needs, and small. */
const COLOURS = 96;

function save(name, content) {
	const file = path.join(OUT, name);
	fs.writeFileSync(file, content);
	console.log(`${path.relative(ROOT, file)}  ${(content.length / 1000).toFixed(0)} kB`);
}

async function withFinding(page) {
	await page.locator('.monaco-editor .view-line').first().waitFor({ timeout: 60_000 });
	await page.locator('.squiggly-error').first().waitFor({ timeout: SEEN_MS, state: 'attached' });
}

/** Puts the cursor on the seed's `goto again`. */
async function blamedLine({ page, command }) {
	await command('View: Toggle Primary Side Bar Visibility');
	await command('Problems: Focus on Problems View');
	const problem = page.locator('.markers-panel .monaco-list-row', { hasText: 'deadlock' }).first();
	await problem.waitFor({ timeout: SEEN_MS });
	await problem.click(); // reveals the line
	const line = page.locator('.view-line', { hasText: 'goto again;' }).first();
	await line.waitFor();
	return line;
}

async function hover(page, line) {
	await line.locator('span', { hasText: 'again' }).last().hover();
	await page.locator('.monaco-hover:not(.hidden)', { hasText: 'fault_lock' }).first().waitFor({ timeout: SEEN_MS });
}

/** Each makes something of a VS Code that shows the seed. */
const SCENES = {
	/** The editor with the squiggle, the Problems panel with the edges of the cycle, and the hover on the squiggle. */
	async seed(workbench) {
		await hover(workbench.page, await blamedLine(workbench));
	},
	/** The menu of fixes that were checked, and what stands above the scenario. */
	async fixes(workbench) {
		const { page, command } = workbench;
		const line = await blamedLine(workbench);
		await command('View: Hide Panel');
		await line.locator('span', { hasText: 'goto' }).last().click();
		await page.locator('.codelens-decoration', { hasText: 'deadlock' }).first().waitFor({ timeout: SEEN_MS });
		await page.keyboard.press('Control+.');
		await page.locator('.action-widget', { hasText: 'checked' }).first().waitFor({ timeout: SEEN_MS });
	},
	/** The Testing view after a run of everything, with the message at its line. */
	async tests({ page, command }) {
		await command('Testing: Focus on Test Explorer View');
		await command('Test: Run All Tests');
		await page.locator('.test-explorer .monaco-list-row', { hasText: SEED }).first().waitFor({ timeout: SEEN_MS });
		await page.locator('.test-explorer .codicon-testing-failed-icon').first().waitFor({ timeout: SEEN_MS });
		const file = page.locator('.test-explorer .monaco-list-row', { hasText: SEED }).first();
		await file.click();
		await page.keyboard.press('ArrowRight');
		await page.locator('.test-explorer .monaco-list-row', { hasText: 'fault_races_munmap' }).first().waitFor();
	},
};

async function shoot(scene, name, theme) {
	const workbench = await openWorkbench({ theme, open: SEED });
	try {
		await withFinding(workbench.page);
		await SCENES[scene](workbench);
		save(`${scene}-${name}.png`, await workbench.page.screenshot({ animations: 'disabled' }));
	} finally {
		await workbench.close();
	}
}

/** A lesson: the list, the sketch, the page with its goal. */
async function shootLesson() {
	const { page, command, webviewWith, close } = await openWorkbench({ width: 1400 });
	try {
		await command('Notifier Lab: Open Next Lesson');
		await withFinding(page);
		await webviewWith('An invalidation, step by step');
		await command('View: Show Notifier Lab');
		await page.locator('.pane-body .monaco-list-row', { hasText: '1. An invalidation' }).first().click();
		await page.locator('.codelens-decoration a', { hasText: 'Goal:' }).first().waitFor({ timeout: SEEN_MS });
		await page.waitForTimeout(1000);
		save('lesson.png', await page.screenshot({ animations: 'disabled' }));
	} finally {
		await close();
	}
}

/** From the error to its cure: the finding, what it says, the cure as it is typed, OK. */
async function animate() {
	const width = 960;
	const height = 560;
	const { page, command, close } = await openWorkbench({ width, height, open: SEED });
	const frames = [];
	const delays = [];
	const frame = async (milliseconds) => {
		const image = UPNG.decode(await page.screenshot({ animations: 'disabled' }));
		frames.push(UPNG.toRGBA8(image)[0]);
		delays.push(milliseconds);
	};
	/** Above the scenario. */
	const verdict = async (word) => {
		await page.locator('.codelens-decoration', { hasText: word }).first().waitFor({ timeout: SEEN_MS });
		await page.waitForTimeout(500);
	};
	const type = async (text) => {
		for (const part of text.match(/.{1,6}/gs) ?? []) {
			await page.keyboard.insertText(part);
			await frame(90);
		}
	};
	const atEndOf = async (line) => {
		await page.keyboard.press('Control+G');
		await page.keyboard.type(String(line));
		await page.keyboard.press('Enter');
		await page.keyboard.press('End');
	};
	const text = fs.readFileSync(path.join(ROOT, 'media/sketches', SEED), 'utf8').split('\n');
	const lineOf = (part) => text.findIndex((line) => line.includes(part)) + 1;
	try {
		await page.locator('.editor-instance .view-line').first().waitFor({ timeout: 60_000 });
		await command('View: Toggle Primary Side Bar Visibility');
		await page.locator('.editor-instance .view-line').first().click();
		await atEndOf(lineOf('scenario '));
		await withFinding(page);
		await verdict('deadlock');
		await frame(1500);
		await hover(page, page.locator('.editor-instance .view-line', { hasText: 'goto again;' }).first());
		await page.waitForTimeout(400);
		await frame(4500);
		await atEndOf(lineOf('range_is_valid(mm, start, end))'));
		await frame(700);
		await type(' {\n\t\tmutex_unlock(&fault_lock);');
		await atEndOf(lineOf('goto again;') + 1);
		await type('\n\t}');
		await page.locator('.squiggly-error').first().waitFor({ state: 'detached', timeout: SEEN_MS });
		await verdict('ok');
		await frame(3500);
		save('cure.png', Buffer.from(UPNG.encode(frames, width, height, COLOURS, delays)));
	} finally {
		await close();
	}
}

const wants = (scene) => wanted.length === 0 || wanted.includes(scene);
fs.mkdirSync(OUT, { recursive: true });
if (wants('lesson')) await shootLesson();
if (wants('cure')) await animate();
for (const scene of Object.keys(SCENES))
	for (const name of SHOWN) if (wants(scene)) await shoot(scene, name, THEMES[name]);
