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
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const worst = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * 0.95)];
console.log(
	'run                                  first paint   step, median   95 %   jump to the end   scroll, median',
);
for (const [name, picture] of Object.entries(RUNS)) {
	const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
	await page.setContent(`<!doctype html><style>${built['themes.css']}</style><style>${built['explorer.css']}</style>
<body class="vscode-dark"><div id="explorer"></div>`);
	await page.addScriptTag({ content: `window.picture = ${JSON.stringify(picture)};` });
	// The browser is still busy with the text of a large picture.
	await page.waitForTimeout(1500);
	const figures = await page.evaluate(async (script) => {
		const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
		globalThis.acquireVsCodeApi = () => ({
			postMessage(message) {
				if (message.type === 'ready')
					dispatchEvent(
						new MessageEvent('message', { data: { type: 'picture', picture: window.picture, stale: false } }),
					);
			},
			getState: () => null,
			setState() {},
		});
		const element = document.createElement('script');
		element.textContent = script;
		const start = performance.now();
		document.body.append(element);
		await frame();
		const first = performance.now() - start;
		const key = (name) =>
			document.body.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
		// A turn of the event loop; timers are held back by 4 ms.
		const { port1, port2 } = new MessageChannel();
		const turn = () =>
			new Promise((done) => {
				port1.onmessage = done;
				port2.postMessage(null);
			});
		// The work of a step is script, style and layout: reading a height makes the browser do them all.
		const settle = async (act) => {
			const began = performance.now();
			act();
			await Promise.resolve();
			await turn();
			document.body.getBoundingClientRect();
			return performance.now() - began;
		};
		await settle(() => key('Home'));
		const steps = [];
		for (let turn = 0; turn < 200; turn++) steps.push(await settle(() => key('ArrowDown')));
		const jump = await settle(() => key('End'));
		const scroller = document.querySelector('.lanes-scroll');
		const scrolls = [];
		for (let turn = 0; turn < 60; turn++)
			scrolls.push(
				await settle(() => {
					scroller.scrollTop = (turn * 977) % scroller.scrollHeight;
					scroller.dispatchEvent(new Event('scroll'));
				}),
			);
		return { first, steps, jump, scrolls };
	}, built['explorer.js']);
	const ms = (number) => `${number.toFixed(1)} ms`;
	console.log(
		`${name.padEnd(36)} ${ms(figures.first).padStart(11)} ${ms(median(figures.steps)).padStart(14)} ${ms(worst(figures.steps)).padStart(9)} ${ms(figures.jump).padStart(14)} ${ms(median(figures.scrolls)).padStart(14)}`,
	);
	await page.close();
}
await browser.close();
fs.rmSync(out, { recursive: true });
console.log(`\nexplorer.js: ${(Buffer.byteLength(built['explorer.js']) / 1024).toFixed(1)} KiB minified`);
