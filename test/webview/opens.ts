/** Pages for the tests of a file: one browser, each page closed after its test, which fails if the page has logged an error. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Picture } from '../../src/findings/explorer/picture.js';
import { type Explored, explore, startChromium } from './page.js';

export function opens(): (...args: [Picture | null, Parameters<typeof explore>[2]?]) => Promise<Explored> {
	let browser: Browser;
	let opened: Explored[] = [];
	beforeAll(async () => {
		browser = await startChromium();
	});
	afterAll(() => browser?.close());
	afterEach(async () => {
		const errors = opened.flatMap((one) => one.errors);
		for (const one of opened) await one.close();
		opened = [];
		expect(errors).toEqual([]);
	});
	return async (...args) => {
		const explored = await explore(browser, ...args);
		opened.push(explored);
		return explored;
	};
}
