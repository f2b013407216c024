// node bench/explorer.mjs: how long the explorer's page takes for a step and for its first paint, in this machine's Chromium.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import esbuild from 'esbuild';
import { chromium } from 'playwright-core';
import esbuildConfig from '../esbuild.js';
import { ensureChromium } from '../scripts/chromium.mjs';
import { findChromium } from '../tools/vscode-host/browser.mjs';

const ROOT = path.resolve(import.meta.dirname, '..');
const out = fs.mkdtempSync(path.join(os.tmpdir(), 'mmn-explorer-'));
const built = {};
for (const options of esbuildConfig.pages.slice(0, 3)) {
	const outfile = path.join(out, path.basename(options.outfile));
	await esbuild.build({ ...options, absWorkingDir: ROOT, outfile, minify: true, sourcemap: false, plugins: [] });
	built[path.basename(outfile)] = fs.readFileSync(outfile, 'utf8');
}
const made = path.join(out, 'pictures.mjs');
await esbuild.build({
	absWorkingDir: ROOT,
	entryPoints: ['test/webview/pictures.ts'],
	bundle: true,
	format: 'esm',
	outfile: made,
});
const { longPicture } = await import(made);
const sample = (name) => JSON.parse(fs.readFileSync(path.join(ROOT, `test/webview/samples/${name}.json`), 'utf8'));
const RUNS = {
	'the seed (13 steps, 2 threads)': sample('seed-deadlock'),
	'four parties (19 steps, 6 threads)': sample('s66-four-parties'),
	'1,000 steps, 4 threads': longPicture(1000, 4),
	'10,000 steps, 8 threads': longPicture(10_000, 8),
};

await ensureChromium();
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--disable-gpu'] });
/** Steps taken one by one, each up to the next frame. */
const STEPS = 200;
const HEADS = ['paint, wall', 'paint, CPU', 'step, CPU', 'to end, CPU', 'scroll, CPU'];
console.log('run'.padEnd(36) + HEADS.map((head) => head.padStart(13)).join(''));
for (const [name, picture] of Object.entries(RUNS)) {
	const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
	await page.setContent(`<!doctype html><style>${built['themes.css']}</style><style>${built['explorer.css']}</style>
<body class="vscode-dark"><div id="explorer"></div>`);
	await page.addScriptTag({ content: `window.picture = ${JSON.stringify(picture)};` });
	// The browser is still busy with the text of a large picture.
	await page.waitForTimeout(1500);
	const cdp = await page.context().newCDPSession(page);
	await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
	/** Processor time of the page's main thread up to now, in ms: other programs do not count. */
	const busy = async () => {
		const { metrics } = await cdp.send('Performance.getMetrics');
		return metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
	};
	/** Processor time of an act in the page, less that of asking for it. */
	const cost = async (act, argument) => {
		const before = await busy();
		await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
		const between = await busy();
		const result = await page.evaluate(act, argument);
		return { time: (await busy()) - between - (between - before), result };
	};
	const boot = await cost(async (script) => {
		globalThis.acquireVsCodeApi = () => ({
			postMessage(message) {
				if (message.type === 'ready')
					dispatchEvent(new MessageEvent('message', { data: { type: 'picture', picture: window.picture } }));
			},
			getState: () => null,
			setState() {},
		});
		const element = document.createElement('script');
		element.textContent = script;
		const start = performance.now();
		document.body.append(element);
		await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
		return performance.now() - start;
	}, built['explorer.js']);
	const keys = async ({ name, times }) => {
		for (let turn = 0; turn < times; turn++) {
			const key = new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true });
			document.body.dispatchEvent(key);
			await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
		}
	};
	await cost(keys, { name: 'Home', times: 1 });
	const times = Math.min(STEPS, picture.steps.length);
	const steps = await cost(keys, { name: 'ArrowDown', times });
	const jump = await cost(keys, { name: 'End', times: 1 });
	const scrolls = await cost(async () => {
		const scroller = document.querySelector('.lanes-scroll');
		for (let turn = 0; turn < 60; turn++) {
			scroller.scrollTop = (turn * 977) % Math.max(1, scroller.scrollHeight);
			await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
		}
	});
	const ms = (number) => `${number.toFixed(1)} ms`;
	const figures = [boot.result, boot.time, steps.time / times, jump.time, scrolls.time / 60];
	console.log(name.padEnd(36) + figures.map((figure) => ms(figure).padStart(13)).join(''));
	await page.close();
}
await browser.close();
fs.rmSync(out, { recursive: true });
console.log(`\nexplorer.js: ${(Buffer.byteLength(built['explorer.js']) / 1024).toFixed(1)} KiB minified`);
