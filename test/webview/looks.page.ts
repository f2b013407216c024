/** What everybody can read: axe finds nothing in any theme, and letters stand out from what is behind them. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explore, sample, startChromium, THEMES, type Theme } from './page.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const themes = Object.keys(THEMES) as Theme[];

let browser: Browser;
beforeAll(async () => {
	browser = await startChromium();
});
afterAll(() => browser?.close());

/** Rules of axe that look at colours; what the others look at is the same in every theme, and is asked in the first one. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/** What axe has to say, one line for each node. */
async function violations(page: Page, theme: Theme): Promise<string[]> {
	await page.addScriptTag({ content: AXE });
	const results = await page.evaluate(
		(only) =>
			(globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run(
				only === null ? {} : { runOnly: { type: 'rule', values: only } },
			),
		theme === themes[0] ? null : COLOURS,
	);
	return results.violations.flatMap(({ id, nodes }) =>
		nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
	);
}

/** Letters whose contrast to the colours painted behind them is below 4.5:1. */
async function faint(page: Page): Promise<string[]> {
	return page.evaluate(() => {
		const canvas = document.createElement('canvas');
		canvas.width = canvas.height = 1;
		const context = canvas.getContext('2d', { willReadFrequently: true });
		if (!context) return ['no canvas'];
		/** Layers from the back to the front, as the browser mixes them. */
		const mix = (layers: string[]) => {
			context.clearRect(0, 0, 1, 1);
			for (const layer of layers) {
				context.fillStyle = layer;
				context.fillRect(0, 0, 1, 1);
			}
			return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
		};
		const light = (colour: number[]) => {
			const [red = 0, green = 0, blue = 0] = colour.map((byte) => {
				const part = byte / 255;
				return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
			});
			return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
		};
		const seen = new Set<string>();
		const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		for (let node = walker.nextNode(); node; node = walker.nextNode()) {
			const element = node.parentElement;
			if (!element || !node.textContent?.trim() || element.closest('.unseen, script, style, title, option')) continue;
			const box = element.getBoundingClientRect();
			const style = getComputedStyle(element);
			if (box.width === 0 || box.height === 0 || style.visibility === 'hidden' || style.fontSize === '0px') continue;
			if (element.closest('[aria-disabled=true]')) continue;
			const backs: string[] = [];
			for (let back: Element | null = element; back; back = back.parentElement) {
				backs.unshift(getComputedStyle(back).backgroundColor);
			}
			const front = element instanceof SVGElement ? style.fill : style.color;
			const behind = element.closest('.badge.outline')
				? mix([getComputedStyle(document.body).backgroundColor])
				: element.classList.contains('letter')
					? mix([getComputedStyle(element.previousElementSibling ?? element).fill])
					: mix(backs);
			const letters = mix([`rgb(${behind.join(' ')})`, front]);
			const [a, b] = [light(letters), light(behind)];
			const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
			if (ratio < 4.5)
				seen.add(
					`${element.getAttribute('class') ?? element.tagName} "${node.textContent.slice(0, 24)}" ${ratio.toFixed(2)}`,
				);
		}
		return [...seen];
	});
}

describe.each(themes)('%s', (theme) => {
	test.each(['seed-deadlock', 's03-starvation', 's66-four-parties', 's94-stale-tlb'])('%s', async (name) => {
		for (const step of ['end', 'middle'] as const) {
			const { page, close } = await explore(browser, sample(name), { theme });
			if (step === 'middle') await page.getByRole('slider').fill('5');
			expect(await violations(page, theme)).toEqual([]);
			expect(await faint(page), step).toEqual([]);
			await close();
		}
	});

	test('menu, help, order and notices', async () => {
		const { page, send, close } = await explore(browser, sample('seed-deadlock'), { theme });
		await page.keyboard.press('l');
		await page.locator('[data-line="36"]').click();
		await send({ type: 'problem', message: 'The sketch has an error.', span: null });
		await page.keyboard.press('Shift+U');
		await page.keyboard.press('e');
		expect(await violations(page, theme)).toEqual([]);
		expect(await faint(page)).toEqual([]);
		await page.keyboard.press('Escape');
		await page.keyboard.press('?');
		await page.getByRole('dialog').waitFor();
		expect(await violations(page, theme)).toEqual([]);
		expect(await faint(page)).toEqual([]);
		await close();
	});

	test.each(['seed-deadlock', 's66-four-parties'])('a narrow page: %s', async (name) => {
		const { page, close } = await explore(browser, sample(name), { theme, width: 480, height: 1000 });
		expect(await violations(page, theme)).toEqual([]);
		expect(await faint(page)).toEqual([]);
		await close();
	});
});

test('colour is never the only sign: each thread has a letter and a shape of its own', async () => {
	const { page, close } = await explore(browser, sample('s66-four-parties'));
	const badges = await page
		.locator('.lane-head .badge')
		.evaluateAll((all) => all.map((badge) => ({ letter: badge.textContent, shape: getComputedStyle(badge).clipPath })));
	expect(new Set(badges.map(({ letter }) => letter)).size).toBe(4);
	expect(new Set(badges.map(({ shape }) => shape)).size).toBe(4);
	await close();
});

test('nothing moves by itself where that is not wanted', async () => {
	const { page, close } = await explore(browser, sample('seed-deadlock'));
	await page.emulateMedia({ reducedMotion: 'reduce' });
	const moving = await page.evaluate(
		() =>
			[...document.querySelectorAll('*')].filter((element) => {
				const { transitionDuration, animationName } = getComputedStyle(element);
				return transitionDuration !== '0s' || animationName !== 'none';
			}).length,
	);
	expect(moving).toBe(0);
	await close();
});

test('the tables beside the run say in words what they show in signs', async () => {
	const { page, close } = await explore(browser, sample('s94-stale-tlb'));
	const tables = page.locator('.beside');
	const said = await tables.getByRole('table', { name: 'Page tables' }).ariaSnapshot();
	expect(said).toContain('cell "p0 generation 1 read-write, freed, wrong: p0 was freed in step 7, changed"');
	expect(said).toContain('row "device nothing nothing"');
	const locks = await tables.getByRole('table', { name: 'Locks and ranges' }).ariaSnapshot();
	expect(locks).toContain('row "mmap_lock rwsem U read nobody Watch mmap_lock"');
	await close();
});
