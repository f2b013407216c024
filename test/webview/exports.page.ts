/** What leaves the explorer opens where it should: Mermaid through its own renderer, an SVG in a browser. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fold } from '../../src/findings/explorer/fold.js';
import { mermaidForm } from '../../src/findings/forms/mermaid.js';
import { svgForm } from '../../src/findings/forms/svg.js';
import { sample, startChromium } from './page.js';

const MERMAID = createRequire(import.meta.url).resolve('mermaid/dist/mermaid.min.js');
const SAMPLES = ['seed-deadlock', 's03-starvation', 's66-four-parties', 's94-stale-tlb', 'seed-green'];

let browser: Browser;
let page: Page;
beforeAll(async () => {
	browser = await startChromium();
	page = await (await browser.newContext({ offline: true })).newPage();
	await page.setContent('<!doctype html><div id="place"></div>');
	await page.addScriptTag({ content: readFileSync(MERMAID, 'utf8') });
});
afterAll(() => browser?.close());

interface Mermaid {
	initialize(options: object): void;
	render(id: string, text: string): Promise<{ svg: string }>;
}

/** Words of a drawing, without what stands between them: a renderer breaks lines where it likes. */
const bare = (text: string) => text.replace(/[\s\u00a0]+/g, '');

describe.each(SAMPLES)('%s', (name) => {
	const picture = sample(name);

	test('Mermaid draws every thread and every row', async () => {
		const drawn = await page.evaluate(async (text) => {
			const { mermaid } = globalThis as unknown as { mermaid: Mermaid };
			mermaid.initialize({ startOnLoad: false });
			const { svg } = await mermaid.render('drawing', text);
			const place = document.getElementById('place');
			if (!place) return null;
			place.innerHTML = svg;
			return {
				actors: place.querySelectorAll('text.actor').length,
				words: place.textContent ?? '',
				box: place.querySelector('svg')?.getBoundingClientRect().height ?? 0,
			};
		}, mermaidForm(picture));
		const lanes = new Set(picture.steps.map(({ lane }) => lane));
		expect(drawn?.actors).toBeGreaterThanOrEqual(lanes.size);
		for (const row of fold(picture))
			for (const words of [row.text, ...row.remarks]) expect(bare(drawn?.words ?? '')).toContain(bare(words));
		expect(drawn?.box).toBeGreaterThan(100);
	});

	test('a browser draws the SVG, nothing outside of it', async () => {
		const outside = await page.evaluate((text) => {
			const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
			if (parsed.querySelector('parsererror')) return ['no XML'];
			const place = document.getElementById('place');
			if (!place) return ['no place'];
			place.innerHTML = text;
			const svg = place.querySelector('svg');
			const frame = svg?.getBoundingClientRect();
			if (!svg || !frame || frame.width < 100) return ['nothing drawn'];
			return [...svg.querySelectorAll('text')]
				.filter((one) => {
					const box = one.getBoundingClientRect();
					return box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1;
				})
				.map((one) => one.textContent);
		}, svgForm(picture));
		expect(outside).toEqual([]);
	});
});
