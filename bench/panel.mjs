// node bench/panel.mjs [ROUNDS]: from the command to the explorer's picture, in VS Code in this machine's Chromium, beside a
// webview that shows one word. Needs npm run package. Writes bench/results-explorer.md.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../scripts/run.mjs';
import { openWorkbench } from '../scripts/workbench.mjs';

const ROUNDS = Number(process.argv[2] ?? 8);
const SEED = 'seed-wait-valid.mmn';
const PANELS = {
	empty: { title: 'Empty: Open Webview', begun: '#empty', full: '#empty', tab: 'Empty' },
	explorer: { title: 'Notifier Lab: Explore Interleavings', begun: '#explorer', full: '.row', tab: 'Explore' },
};

const { page, command, frameWith, close } = await openWorkbench({
	open: SEED,
	width: 1680,
	height: 1000,
	others: [path.join(import.meta.dirname, 'empty-webview')],
});

/** Opens a panel and closes it again. @returns times in ms since the command was chosen */
async function open({ title, begun, full, tab }) {
	const chosen = await command(title);
	const frame = await frameWith(begun);
	await frame.locator(full).first().waitFor();
	const { origin, paint, picture } = await frame.evaluate(async () => {
		// the last paint of something larger than before: the run, where an empty page came first
		const paints = [];
		new PerformanceObserver((list) => paints.push(...list.getEntries())).observe({
			type: 'largest-contentful-paint',
			buffered: true,
		});
		for (let tries = 0; tries < 100 && paints.length === 0; tries++) await new Promise((r) => setTimeout(r, 10));
		await new Promise((r) => setTimeout(r, 100));
		const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
		return { origin: performance.timeOrigin, paint, picture: paints.at(-1)?.startTime };
	});
	if (picture === undefined) throw new Error(`${tab}: nothing was painted`);
	await page.locator('.tab', { hasText: tab }).first().click({ button: 'middle' });
	await page.waitForTimeout(700);
	return { frame: origin - chosen, paint, picture };
}

const times = { empty: [], explorer: [] };
let first;
try {
	await page.locator('.squiggly-error').first().waitFor({ timeout: 60_000, state: 'attached' });
	// at once: VS Code is still starting, and so is what serves its webviews
	first = await open(PANELS.empty);
	await page.waitForTimeout(3000);
	// in turns, so that what else the machine does hits both
	for (let round = 0; round < ROUNDS; round++)
		for (const name of round % 2 === 0 ? ['empty', 'explorer'] : ['explorer', 'empty'])
			times[name].push(await open(PANELS[name]));
} finally {
	await close();
}

const middle = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
const of = (name, what) => Math.round(middle(times[name].map((one) => one[what])));
const row = (name, words) => {
	const whole = Math.round(middle(times[name].map(({ frame, picture }) => frame + picture)));
	return `| ${words} | ${of(name, 'frame')} | ${of(name, 'paint')} | ${of(name, 'picture')} | ${whole} |`;
};
const text = `# Opening the explorer

\`node bench/panel.mjs\` wrote this: ${ROUNDS} openings of each in turns, in one VS Code in a Chromium (${os.cpus()[0]?.model.trim()}, ${os.cpus().length} cores; load
${os.loadavg()[0].toFixed(1)}). Milliseconds, medians. The first column is VS Code's own: from the choice in the palette to the moment at which the
webview's document begins. What the explorer adds to a webview that shows one word is in the others.

| panel | command → document begins | → first paint | → largest paint (the run) | command → picture |
|---|---:|---:|---:|---:|
${row('empty', 'an empty webview')}
${row('explorer', 'the explorer, with the run of the seed sketch')}

From the document's beginning to the whole picture the explorer needs ${of('explorer', 'picture')} ms, of which one word needs ${of('empty', 'picture')} ms: its own
share is ${of('explorer', 'picture') - of('empty', 'picture')} ms. The target is 300 ms; what is over it in the last column is the time of VS Code's web workbench for any webview.
While the window is still starting (the first webview of all, an empty one, right after the first finding is shown): the document
begins after ${Math.round(first.frame)} ms.
`;
fs.writeFileSync(path.join(ROOT, 'bench/results-explorer.md'), text);
console.log(text);
