/** Long runs, many threads, narrow pages. */
import { describe, expect, test } from 'vitest';
import { opens } from './opens.js';
import { cursor, sample } from './page.js';
import { longPicture } from './pictures.js';

const open = opens();
const seed = sample('seed-deadlock');

describe('size', () => {
	test('ten thousand steps of eight threads are a hundred rows at a time', async () => {
		const { page } = await open(longPicture(10_000, 8));
		const rows = () => page.locator('.row').count();
		expect(await rows()).toBeLessThan(100);
		await page.keyboard.press('End');
		expect(await cursor(page)).toBe(10_000);
		expect(await rows()).toBeLessThan(100);
		const row = page.locator('.row.cur');
		expect(await row.textContent()).toContain('10000');
		const box = await row.boundingBox();
		expect(box && box.y > 90 && box.y < 860).toBe(true);
		// The grid tells its true size.
		expect(Number(await page.getByRole('grid').getAttribute('aria-rowcount'))).toBeGreaterThan(10_000);
	});

	test('threads that do nothing have no column', async () => {
		const { page } = await open(sample('s66-four-parties'));
		expect(await page.locator('.lane-head').count()).toBe(4);
		expect(await page.locator('.quiet').textContent()).toMatch(/kworker\/1.*kworker\/2/);
	});

	test('the narrowest column that VS Code makes of three still has every button', async () => {
		const { page } = await open(sample('s66-four-parties'), { width: 320, height: 900 });
		const right = await page
			.locator('.head button, .head select, .transport button, .transport input, .transport .position')
			.evaluateAll((all) => Math.max(...all.map((one) => one.getBoundingClientRect().right)));
		expect(right).toBeLessThanOrEqual(320);
	});

	test.each([270, 320, 400])('where the run stands is not written over the buttons: %i pixels', async (width) => {
		const { page } = await open(sample('s66-four-parties'), { width, height: 900 });
		const over = await page.evaluate(() => {
			const box = (one: Element) => one.getBoundingClientRect();
			const position = box(document.querySelector('.transport .position') as Element);
			return [...document.querySelectorAll('.transport button, .transport .timeline')]
				.filter((one) => box(one).width > 0)
				.filter((one) => box(one).left < position.right && position.left < box(one).right)
				.filter((one) => box(one).top < position.bottom && position.top < box(one).bottom)
				.map((one) => `${one.className} ${one.id}`);
		});
		expect(over).toEqual([]);
	});

	test('many threads on a narrow page are rails beside one column of text', async () => {
		const { page } = await open(sample('s66-four-parties'), { width: 480, height: 1000 });
		await page.locator('.lanes.compact').waitFor();
		const inside = await page.evaluate(() => {
			const scroller = document.querySelector('.lanes-scroll');
			const right = (selector: string) =>
				Math.max(...[...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect().right));
			return {
				wider: (scroller?.scrollWidth ?? 0) - (scroller?.clientWidth ?? 0),
				marks: right('.marks > *'),
				text: Math.min(
					...[...document.querySelectorAll('.mover .line')].map((one) => one.getBoundingClientRect().left),
				),
			};
		});
		expect(inside.wider, 'nothing to scroll to at the side').toBe(0);
		expect(inside.marks, 'no bar and no arrow crosses a word').toBeLessThanOrEqual(inside.text);
		// each thread still has a cell of its own for the keyboard
		expect(await page.locator('.row.cur > [role=gridcell]').count()).toBe(4);
	});

	test.each([
		['seed-deadlock', 300],
		['s27-deadlock', 340],
		['s62-deadlock', 300],
		['s66-four-parties', 340],
		['s94-stale-tlb', 300],
		['s03-starvation', 400],
	])('beside two other columns nothing is cut: %s at %i pixels', async (name, width) => {
		const { page } = await open(sample(name), { width, height: 1000 });
		const cut = await page.evaluate(() => {
			const scroller = document.querySelector('.lanes-scroll');
			const out = [
				...document.querySelectorAll('.lane-head > *, .row:not(.mark) .line > *, .remark, .words, .section h2 *'),
			];
			return {
				page: document.documentElement.scrollWidth,
				run: (scroller?.scrollWidth ?? 0) - (scroller?.clientWidth ?? 0),
				over: out
					.filter((one) => one.getBoundingClientRect().right > innerWidth)
					.map((one) => `${one.className}: ${one.textContent}`),
				// what is said under a row has the lines that it needs
				words: [...document.querySelectorAll('.row.never')].filter((row) => row.scrollHeight > row.clientHeight + 2)
					.length,
			};
		});
		expect(cut).toEqual({ page: width, run: 0, over: [], words: 0 });
	});

	test('one column on a narrow page, and nothing wider than it', async () => {
		const { page } = await open(seed, { width: 480, height: 1200 });
		const box = async (selector: string) => (await page.locator(selector).boundingBox()) ?? { x: 0, y: 0, height: 0 };
		const run = await box('.run');
		expect((await box('.beside')).y).toBeGreaterThan(run.y + run.height - 2);
		expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(480);
	});

	test('as narrow as it gets, the name of a thread ends in dots, and not at the edge', async () => {
		const { page } = await open(sample('s66-four-parties'), { width: 270, height: 700 });
		const name = page.locator('.lane-head .name', { hasText: 'kworker/0' });
		const { right, cut, dots } = await name.evaluate((e) => ({
			right: e.getBoundingClientRect().right,
			cut: e.scrollWidth > e.clientWidth,
			dots: getComputedStyle(e).textOverflow,
		}));
		expect({ cut, dots }).toEqual({ cut: true, dots: 'ellipsis' });
		expect(right).toBeLessThanOrEqual(270);
	});

	test.each(['seed-deadlock', 's03-starvation', 's66-four-parties'])(
		'as narrow as it gets, what does not fit ends in dots and says the rest: %s',
		async (name) => {
			const { page } = await open(sample(name), { width: 270, height: 700 });
			const lanes = page.locator('.lanes-scroll');
			expect(await lanes.evaluate((e) => e.scrollWidth - e.clientWidth)).toBeLessThanOrEqual(0);
			const cut = await page
				.locator('.row .line > .text, .row .fold > .text')
				.evaluateAll((all) =>
					all
						.filter((e) => e.scrollWidth > e.clientWidth)
						.map((e) => ({ title: e.getAttribute('title'), dots: getComputedStyle(e).textOverflow })),
				);
			expect(cut.length).toBeGreaterThan(0);
			for (const { title, dots } of cut) {
				expect(title).toBeTruthy();
				expect(dots).toBe('ellipsis');
			}
		},
	);
});
