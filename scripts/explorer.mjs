// The explorer in a real VS Code, driven as a user does: explorer.mjs [THEME …] [--packaged] [--shots]
//   Opens it on the seed sketch, steps to the end, takes another way, types the fix. Writes screenshots with --shots.
import path from 'node:path';
import { ROOT } from './run.mjs';
import { makePackages } from './vsix.mjs';
import { openWorkbench, THEMES } from './workbench.mjs';

const SEED = 'seed-wait-valid.mmn';
const args = process.argv.slice(2);
const shots = args.includes('--shots');
const wanted = args.filter((a) => !a.startsWith('--'));
const OUT = path.join(ROOT, 'media/screenshots');

/** README's pictures are those of the found run; the others are to be looked at. */
const shot = (name) =>
	shots && !/branch|green/.test(name) ? path.join(OUT, `${name}.png`) : path.join('/tmp', `${name}.png`);

let failures = 0;
let passes = 0;
function check(what, holds) {
	console.log(`${holds ? '  ✓' : '  ✗'} ${what}`);
	if (holds) passes++;
	else failures++;
}

async function drive(name, theme) {
	const { page, command, frameWith, reload, close } = await openWorkbench({
		theme,
		open: SEED,
		width: 1680,
		height: 1000,
		settings: { 'workbench.activityBar.location': 'hidden' },
	});
	try {
		page.on('console', (m) => {
			if (m.type() === 'error' && process.env.DEBUG) console.log('   console:', m.text().slice(0, 300));
		});
		await page.locator('.monaco-editor .view-line').first().waitFor({ timeout: 60_000 });
		await command('View: Toggle Primary Side Bar Visibility');
		await page.locator('.squiggly-error').first().waitFor({ timeout: 60_000 });
		await command('Notifier Lab: Explore Interleavings');
		console.log(name);
		const frame = await frameWith('#explorer .row');
		const chip = frame.locator('.head .chip').first();
		const says = async (what, text) => {
			await chip
				.filter({ hasText: text })
				.waitFor({ timeout: 20_000 })
				.catch(() => {});
			check(what, (await chip.textContent()).includes(text));
		};
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

		await reload();
		const again = await frameWith('#explorer').catch(async (error) => {
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
		await close();
	}
}

// npm test has made them already
if (!args.includes('--packaged')) await makePackages();
for (const [name, theme] of Object.entries(THEMES))
	if (wanted.length === 0 || wanted.includes(name)) await drive(name, theme);
console.log(`\n  ${passes} passing`);
if (failures > 0) console.log(`  ${failures} failing`);
process.exitCode = failures > 0 ? 1 : 0;
