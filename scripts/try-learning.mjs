// A beginner's way through a real VS Code, by mouse and keyboard alone: the walkthrough, the first lesson with a wrong
// attempt, a hint and the solution, a reload, the manual. Prints `N passing` and `N failing`.
//   try-learning.mjs [FOLDER]   also leaves screenshots in FOLDER
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from './run.mjs';
import { openWorkbench, THEMES } from './workbench.mjs';

const SEEN_MS = 90_000;
const [shots, theme = 'dark'] = process.argv.slice(2);
let passing = 0;
let failing = 0;
const workbench = await openWorkbench({ width: 1500, height: 900, theme: THEMES[theme] });
const { page, command, webviewWith } = workbench;

async function shoot(name) {
	if (!shots) return;
	fs.mkdirSync(shots, { recursive: true });
	await page.waitForTimeout(600);
	await page.screenshot({ path: path.join(shots, `${name}-${theme}.png`), animations: 'disabled' });
}

async function part(what, play) {
	try {
		await play();
		passing++;
		console.log(`  ✔ ${what}`);
	} catch (error) {
		failing++;
		console.log(`  ✖ ${what}: ${error.message}`);
		await shoot(`failed-${failing}`);
	}
}

const step = (title) => page.locator('.getting-started-step', { hasText: title }).first();
const ticked = (title) => step(title).locator('.codicon-getting-started-step-checked').waitFor({ timeout: SEEN_MS });
const lens = (text) => page.locator('.codelens-decoration a', { hasText: text }).first();
/** The icon of a lesson says that it is done, and so do the words for who cannot see it. */
const doneRow = (text) => page.locator('.pane-body .monaco-list-row[aria-label*=", done"]', { hasText: text }).first();
const row = (text) => page.locator('.pane-body .monaco-list-row', { hasText: text }).first();

/** Lines of a file, when an editor has them: its tab is there before that, and what is typed then goes into the file before. */
const linesOf = (file) => page.locator(`.editor-instance .monaco-editor[data-uri$="/${file}"] .view-line`);

/** Puts the cursor at the end of the line with this text, in the editor. */
async function atEndOf(text) {
	const line = page.locator('.editor-instance .view-line', { hasText: text }).first();
	await line.waitFor({ timeout: SEEN_MS });
	await line.click();
	await page.keyboard.press('End');
}

try {
	await part('the walkthrough opens', async () => {
		await command('Notifier Lab: Open the Walkthrough');
		await step('Write your first callback').waitFor({ timeout: SEEN_MS });
		await shoot('walkthrough');
	});
	await part('the deadlock ticks its step, and opens beside the walkthrough', async () => {
		await step('See a deadlock').click();
		await page.getByRole('button', { name: 'Open the Sketch of 2015' }).click();
		await page.locator('.squiggly-error').first().waitFor({ timeout: SEEN_MS });
		await ticked('See a deadlock');
		await shoot('walkthrough-deadlock');
	});
	await part('the explorer shows the run, and ticks its step', async () => {
		await step('Watch it happen').click();
		await page.getByRole('button', { name: 'Explore the Run' }).click();
		await page.locator('.tab', { hasText: 'Explore' }).waitFor({ timeout: SEEN_MS });
		await ticked('Watch it happen');
		await shoot('walkthrough-explorer');
	});
	await part('the cure ticks its step', async () => {
		await atEndOf('mmu_notifier_range_is_valid(mm, start, end))');
		await page.keyboard.insertText(' {\n\t\tmutex_unlock(&fault_lock);');
		// by keyboard: a click may come before the lines have moved down
		await page.keyboard.press('Escape');
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('End');
		await page.keyboard.insertText('\n\t}');
		await ticked('Fix it');
		await shoot('walkthrough-fix');
		await command('File: Save');
	});
	await part('the first lesson opens with its page beside it', async () => {
		await command('View: Close All Editors');
		await command('Notifier Lab: Open Next Lesson');
		await page.locator('.squiggly-error').first().waitFor({ timeout: SEEN_MS });
		await webviewWith('An invalidation, step by step');
		await lens('Goal: 0 of 2').waitFor({ timeout: SEEN_MS });
		await command('View: Show Notifier Lab');
		await row('1. An invalidation, step by step').waitFor({ timeout: SEEN_MS });
		await shoot('lesson');
	});
	await part('a wrong attempt stays open, and a hint comes', async () => {
		await page.locator('.editor-instance .view-line', { hasText: '{' }).first().click();
		await page.keyboard.press('End');
		await page.keyboard.insertText('\n\tdev_clear(range->start, range->end);');
		await webviewWith('stale-tlb');
		await lens('Next Hint (1 of 3)').click();
		await webviewWith('Hint 1.');
		// the hint comes under the goal, and who was typing goes on typing
		await page.locator('.monaco-editor.focused').first().waitFor({ timeout: SEEN_MS });
		await shoot('lesson-hint');
	});
	await part('the solution ticks the lesson', async () => {
		await atEndOf('dev_clear(range');
		await page.keyboard.press('Shift+Home');
		await page.keyboard.insertText('dev_unmap(range->start, range->end);');
		await webviewWith('What you have seen');
		await lens('Goal: 2 of 2').waitFor({ timeout: SEEN_MS });
		await doneRow('1. An invalidation').waitFor({ timeout: SEEN_MS });
		await command('File: Save');
		await shoot('lesson-done');
	});
	await part('a lesson is begun over when one agrees', async () => {
		await page.locator('.tab.active', { hasText: '01-an-invalidation.mmn' }).first().click();
		const question = page.locator('.monaco-dialog-box', { hasText: 'Start “1. An invalidation' });
		await command('Notifier Lab: Start the Lesson Over');
		await question.getByRole('button', { name: 'Cancel' }).click();
		await lens('Goal: 2 of 2').waitFor({ timeout: SEEN_MS });
		await command('Notifier Lab: Start the Lesson Over');
		await question.getByRole('button', { name: 'Start Over' }).click();
		await lens('Goal: 0 of 2').waitFor({ timeout: SEEN_MS });
		await page.locator('.editor-instance .view-line', { hasText: 'dev_unmap' }).waitFor({ state: 'detached' });
		await page.keyboard.press('Control+Z');
		await lens('Goal: 2 of 2').waitFor({ timeout: SEEN_MS });
		await command('File: Save');
	});
	await part('all of it is there after a reload', async () => {
		// what is open is written every five seconds
		await page.waitForTimeout(6000);
		await page.reload();
		await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
		await lens('Goal: 2 of 2').waitFor({ timeout: SEEN_MS });
		await webviewWith('What you have seen');
		await doneRow('1. An invalidation').waitFor({ timeout: SEEN_MS });
		await shoot('lesson-reloaded');
	});
	await part('what was done in lessons and with an own sketch ticks its steps', async () => {
		for (const id of ['02-the-documented-sequence', '03-drop-the-lock']) {
			await command('Notifier Lab: Open Next Lesson');
			await page.locator('.tab.active', { hasText: `${id}.mmn` }).waitFor({ timeout: SEEN_MS });
			await linesOf(`${id}.mmn`).filter({ hasText: '#include' }).first().click();
			await page.keyboard.press('Control+A');
			await page.keyboard.insertText(fs.readFileSync(path.join(ROOT, `media/lessons/${id}.solution.mmn`), 'utf8'));
			await doneRow(`${Number.parseInt(id, 10)}. `).waitFor({ timeout: SEEN_MS });
			await command('File: Save');
		}
		await shoot('lesson-3');
		await page.keyboard.press('Control+P');
		await page.keyboard.type('range-lock.mmn');
		await page.locator('.quick-input-list .monaco-list-row', { hasText: 'range-lock.mmn' }).first().click();
		await page.mouse.move(750, 896);
		// what ships is nobody's own until it is changed
		await page.locator('.tab.active', { hasText: 'range-lock.mmn' }).waitFor({ timeout: SEEN_MS });
		await linesOf('range-lock.mmn').first().click();
		await page.keyboard.press('Control+Home');
		await page.keyboard.insertText('/* mine */\n');
		await command('Notifier Lab: Open the Walkthrough');
		for (const title of ['Write your first callback', 'See a deadlock', 'Fix it', 'Check your own', 'Go on to'])
			await ticked(title);
		await shoot('walkthrough-done');
	});
	await part('the manual opens, and its links lead on', async () => {
		await command('Notifier Lab: Open the Manual');
		const index = await webviewWith('Notifier Lab: the manual');
		await shoot('manual');
		await index.getByText('Limits', { exact: true }).click();
		await webviewWith('Limits, and how to read a verdict');
		await shoot('manual-limits');
	});
	await part('the walkthrough is reset', async () => {
		await command('View: Close All Editors');
		await command('Notifier Lab: Reset the Walkthrough');
		await page.locator('.monaco-dialog-box').getByRole('button', { name: 'Reset' }).click();
		await step('See a deadlock').waitFor({ timeout: SEEN_MS });
		const left = page.locator('.getting-started-step .codicon-getting-started-step-checked');
		// what was learnt stays learnt: two steps are those of lessons
		for (const end = Date.now() + SEEN_MS; (await left.count()) > 2; await page.waitForTimeout(100))
			if (Date.now() > end) throw new Error(`${await left.count()} steps are still ticked`);
	});
} finally {
	await workbench.close();
}
console.log(`  ${passing} passing\n  ${failing} failing`);
process.exitCode = failing > 0 ? 1 : 0;
