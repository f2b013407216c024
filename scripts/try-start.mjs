// Does what README says and looks at what a user would see: npm start without a desktop VS Code, its page in Chromium,
// the squiggle of the seed, a click on the finding's code, Ctrl-C. Prints `N passing` and `N failing`.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { startBrowser } from '../tools/vscode-host/browser.mjs';
import { ensureChromium } from './chromium.mjs';
import { ROOT } from './run.mjs';

const START_MS = 300_000;
const SEEN_MS = 30_000;

/** PATH without the folders that have a desktop VS Code, and without a screen to open a browser on. */
function environment() {
	const folders = (process.env.PATH ?? '').split(path.delimiter);
	const { DISPLAY: _x, WAYLAND_DISPLAY: _wayland, ...env } = process.env;
	const withoutCode = folders.filter((folder) => !fs.existsSync(path.join(folder, 'code')));
	return { ...env, PATH: withoutCode.join(path.delimiter) };
}

/** Starts the command; `url` is where its page is, `ended` how the process ended. */
function start() {
	const child = spawn(process.execPath, [path.join(ROOT, 'scripts/start.mjs')], { cwd: ROOT, env: environment() });
	let output = '';
	const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
	const url = new Promise((resolve, reject) => {
		const fail = () => reject(new Error(`no address was printed:\n${output}`));
		const timer = setTimeout(fail, START_MS);
		ended.then(fail);
		for (const stream of [child.stdout, child.stderr]) {
			stream.on('data', (text) => {
				output += text;
				const address = /http:\/\/localhost:\d+\S*/.exec(output);
				if (!address || !output.slice(address.index).includes('\n')) return;
				clearTimeout(timer);
				resolve(address[0]);
			});
		}
	});
	return { child, url, ended, output: () => output };
}

async function look(page, url) {
	await page.goto(url);
	await page.locator('.monaco-editor .view-line').first().waitFor({ timeout: SEEN_MS });
	// F8 goes to the first problem of the file, which also says that there is one.
	const peek = page.locator('.marker-widget', { hasText: 'deadlock' });
	for (const end = Date.now() + SEEN_MS; !(await peek.isVisible()); ) {
		if (Date.now() > end) throw new Error('no finding was shown');
		await page.keyboard.press('F8');
		await page.waitForTimeout(300);
	}
	await page.locator('.squiggly-error').first().waitFor({ timeout: SEEN_MS });
	await peek.locator('a.code-link').first().click();
	const tab = page.locator('.tabs-container .tab.active', { hasText: 'deadlock.md' });
	await tab.waitFor({ timeout: SEEN_MS });
	for (const end = Date.now() + SEEN_MS; ; await page.waitForTimeout(100)) {
		const shown = await Promise.all(
			page.frames().map((frame) =>
				frame
					.locator('h1', { hasText: 'deadlock' })
					.count()
					.catch(() => 0),
			),
		);
		if (shown.some((count) => count > 0)) break;
		if (Date.now() > end) throw new Error('the page of the manual stays empty');
	}
}

await ensureChromium();
const started = start();
let browser;
try {
	const url = await started.url;
	const table = started.output();
	if (!/^A +B$/m.test(table) || !/^-+ +-+$/m.test(table)) throw new Error(`no mail table on the terminal:\n${table}`);
	browser = await startBrowser();
	// what a page of the manual is refused, it says so in front of its title
	const refused = [];
	browser.page.on('console', (message) => {
		const text = message.text();
		if (/(style|font)-src/.test(text)) refused.push(text);
	});
	await look(browser.page, url);
	if (refused.length > 0) throw new Error(`a page of the manual was not shown whole:\n${refused[0]}`);
	started.child.kill('SIGINT');
	const how = await started.ended;
	if (how !== 0) throw new Error(`Ctrl-C ended it with ${how}`);
	console.log('  ✔ npm start: the table, the page, the squiggle, the manual, the end\n  1 passing');
} catch (error) {
	console.log(`  ✖ npm start: ${error.message}\n  1 failing`);
	process.exitCode = 1;
} finally {
	started.child.kill('SIGINT');
	await started.ended;
	await browser?.close();
}
