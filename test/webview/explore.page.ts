/** What a reader does with the page. */
import { describe, expect, test } from 'vitest';
import type { Picture, Step } from '../../src/findings/explorer/picture.js';
import { savedRunOf } from '../../src/findings/explorer/saving.js';
import { opens } from './opens.js';
import { cursor, sample } from './page.js';
import { longPicture } from './pictures.js';

const open = opens();
const seed = sample('seed-deadlock');
const END = seed.steps.length;

describe('stepping', () => {
	test('the keyboard alone walks the deadlock from its start to the cycle', async () => {
		const { page } = await open(seed);
		// Tab alone leads to the grid.
		for (let tabs = 0; tabs < 30; tabs++) {
			if (await page.evaluate(() => document.activeElement?.getAttribute('role') === 'gridcell')) break;
			await page.keyboard.press('Tab');
		}
		expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('gridcell');
		await page.keyboard.press('Home');
		expect(await cursor(page)).toBe(0);
		const said: string[] = [];
		for (let steps = 0; steps < END && (await cursor(page)) < END; steps++) {
			await page.keyboard.press('ArrowDown');
			said.push((await page.locator('[aria-live=polite]').textContent()) ?? '');
			const focused = await page.evaluate(() => document.activeElement?.closest('[aria-selected=true]') !== null);
			expect(focused, 'the focus goes with the cursor').toBe(true);
		}
		expect(await cursor(page)).toBe(END);
		expect(said.some((words) => words.includes('takes fault_lock'))).toBe(true);
		// what is heard is what is drawn: calls of the sketch, not the insides of the simulated kernel
		expect(said[0]).toBe(
			'step 1 of 10, A: mmu_notifier_range_wait_valid(mm, start, end), returns: nothing overlaps [0, 2), B could have gone instead.',
		);
		expect(said[2]).toMatch(/^steps 3 to 4 of 10, B: munmap\(1, 3\), takes mmap_lock for writing, keeps /);
		// who waits takes no step, here as above the scenario
		expect(said[4]).toMatch(/^after 5 of 10 steps, B: /);
		expect(said[4]).toContain('in the callback invalidate_range_start, blocked: fault_lock is held by A');
		expect(said.some((words) => words.includes('from here every way deadlocks'))).toBe(true);
		expect(said.at(-1)).toContain('blocked: [1, 3) is active in B');
		expect(said.at(-1)).toContain(seed.finding?.closing);
		expect(await page.locator('.explanation').textContent()).toContain('neither can go on');
		// And on across the lanes, to the other thread.
		await page.keyboard.press('ArrowRight');
		expect(await page.evaluate(() => document.activeElement?.getAttribute('data-column'))).toBe('2');
	});

	test('a saved run has the steps that were taken: a jump is none', async () => {
		const { page, lastPosted } = await open(seed);
		await page.getByRole('button', { name: 'Export' }).click();
		await page.getByRole('menuitem', { name: /^Run as JSON/ }).click();
		await expect.poll(() => lastPosted('save')).toBeTruthy();
		const run = (await lastPosted('save'))?.run;
		expect(run).toEqual(savedRunOf(seed));
		expect(run?.steps).toHaveLength(10);
		expect(seed.steps.filter((step) => !step.blocked)).toHaveLength(11);
	});

	test('a folded call is one step; unfolded, each of its steps is', async () => {
		const { page } = await open(seed);
		await page.keyboard.press('Home');
		const folded = [0];
		while ((folded.at(-1) ?? END) < END) {
			await page.keyboard.press('ArrowDown');
			folded.push(await cursor(page));
		}
		expect(folded).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 13]);
		await page.keyboard.press('Shift+U');
		await page.keyboard.press('Home');
		for (let step = 1; step <= END; step++) {
			await page.keyboard.press('ArrowDown');
			expect(await cursor(page)).toBe(step);
		}
		await page.keyboard.press('ArrowUp');
		expect(await cursor(page)).toBe(END - 1);
	});

	test('to context switches, to start and end, by the slider', async () => {
		const { page } = await open(seed);
		await page.keyboard.press('Home');
		const turns = [0];
		while ((turns.at(-1) ?? END) < END) {
			await page.keyboard.press('Shift+ArrowDown');
			turns.push(await cursor(page));
		}
		expect(turns).toEqual([0, 2, 6, 13]);
		await page.keyboard.press('Shift+ArrowUp');
		expect(await cursor(page)).toBe(6);
		await page.getByRole('slider').fill('3');
		expect(await cursor(page)).toBe(3);
		expect(await page.getByRole('slider').getAttribute('aria-valuetext')).toMatch(/^step 3 of 10, B: down_write/);
	});

	test('to the next change of what is watched', async () => {
		const { page } = await open(seed);
		await page.getByRole('button', { name: 'Watch fault_lock' }).click();
		await page.keyboard.press('Home');
		await page.keyboard.press('c');
		expect(await cursor(page), 'A takes it').toBe(2);
		await page.keyboard.press('c');
		expect(await cursor(page), 'B waits for it').toBe(5);
		await page.keyboard.press('Shift+C');
		expect(await cursor(page)).toBe(2);
	});

	test('playing goes on until the end, and a key stops it', async () => {
		const { page } = await open(seed);
		await page.keyboard.press('Home');
		await page.keyboard.press('+');
		await page.keyboard.press('+');
		await page.keyboard.press(' ');
		await page.getByRole('button', { name: 'Pause' }).waitFor();
		await expect.poll(() => cursor(page)).toBeGreaterThan(1);
		await page.keyboard.press(' ');
		await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
		const there = await cursor(page);
		expect(there).toBeLessThan(END);
		await page.keyboard.press(' ');
		await expect.poll(() => cursor(page), { timeout: 10_000 }).toBe(END);
	});

	test('the help names every key, and Escape leaves it', async () => {
		const { page } = await open(seed);
		await page.keyboard.press('?');
		await page.getByRole('dialog', { name: 'Keys' }).waitFor();
		// those that this run has not, too
		expect(await page.getByRole('dialog').getByRole('list', { name: 'Marks' }).textContent()).toContain(
			'holds it with others',
		);
		await page.keyboard.press('Escape');
		await page.getByRole('dialog').waitFor({ state: 'detached' });
	});
});

describe('the state follows', () => {
	test('what a step changed is marked', async () => {
		const { page } = await open(seed);
		await page.getByRole('slider').fill('2');
		const lock = page.locator('.of-locks tbody tr', { hasText: 'fault_lock' });
		expect(await lock.getAttribute('class')).toContain('changed');
		await page.getByRole('slider').fill('4');
		expect(await lock.getAttribute('class')).not.toContain('changed');
	});

	test('a stale entry says why', async () => {
		const { page } = await open(sample('s94-stale-tlb'));
		expect(await page.locator('.reasons').textContent()).toMatch(/device TLB page 0: p0 was freed/);
	});

	test('the source shows where the threads are, and a line leads to its steps', async () => {
		const { page } = await open(seed);
		const line = (number: number) => page.locator(`[data-line="${number}"]`);
		await expect.poll(() => line(33).textContent()).toContain('A is here');
		await line(34).click();
		expect(await cursor(page)).toBe(2);
	});

	test('states that were left out are asked for, and shown when they come', async () => {
		const picture = longPicture(1000, 2);
		const { states } = picture;
		const few = { ...picture, states: states.map((state, at) => (at < 10 ? state : null)) };
		const explored = await open(few as Picture);
		await explored.page.keyboard.press('End');
		expect(await explored.page.locator('.loading').count()).toBe(1);
		const asked = (await explored.posted()).flatMap((one) => (one.type === 'states' ? [one] : []));
		expect(asked.some(({ from, to }) => from <= 1000 && 1000 <= to)).toBe(true);
		for (const { from, to } of asked)
			await explored.send({ type: 'states', from, states: states.slice(from, to + 1) as never });
		expect(await explored.page.locator('.loading').count()).toBe(0);
		expect(await explored.page.locator('.of-variables').textContent()).toContain('500');
	});

	test('setup stands before the first step and unfolds, what is wrong in finally behind the last', async () => {
		const four = sample('s66-four-parties');
		const wrong = { text: 'assert(count == 2)', span: seed.steps[0]?.span, wrong: ['count == 2 does not hold'] };
		const explored = await open({ ...four, never: [], finally: [wrong] } as Picture);
		const { page } = explored;
		await page.keyboard.press('End');
		expect(await page.locator('.row.alone').last().textContent()).toBe(
			'finallyassert(count == 2)count == 2 does not hold',
		);
		await page.keyboard.press('Home');
		const setup = page.locator('.row.alone').first();
		expect(await setup.textContent()).toBe('setupgpu_open(); nic_open()');
		const first = page.locator('[role=row][aria-selected]').first();
		const top = async () => (await first.boundingBox())?.y ?? 0;
		const before = await top();
		expect(before).toBeGreaterThan((await setup.boundingBox())?.y ?? 0);
		await setup.locator('[aria-expanded=false]').click();
		expect(await top()).toBeGreaterThan(before + 30);
		await setup.getByText('nic_open()').click();
		expect((await explored.lastPosted('open'))?.span).toEqual(four.setup[1]?.span);
		await setup.locator('[aria-expanded=true]').click();
		expect(await top()).toBe(before);
	});
});

describe('the adversary is you', () => {
	test('a chip takes its way, with Shift for one step only', async () => {
		const explored = await open(seed);
		const way = explored.page.getByRole('button', { name: /B could go: munmap.*some ways from there end badly/ });
		await way.click();
		expect(await explored.lastPosted('branch')).toEqual({
			type: 'branch',
			steps: 0,
			lane: 1,
			choice: 0,
			single: false,
		});
		await way.click({ modifiers: ['Shift'] });
		expect(await explored.lastPosted('branch')).toMatchObject({ single: true });
	});

	test('O reaches the ways at the cursor, Enter takes one', async () => {
		const explored = await open(seed);
		await explored.page.getByRole('slider').fill('1');
		await explored.page.keyboard.press('o');
		await explored.page.keyboard.press('Enter');
		expect(await explored.lastPosted('branch')).toMatchObject({ steps: 0, lane: 1 });
	});

	test('a branch says where it begins and how it ends, and leads back', async () => {
		const explored = await open(seed);
		await explored.page.getByRole('button', { name: /B could go/ }).click();
		const steps = seed.steps.slice(0, 3);
		const branch: Picture = {
			...seed,
			finding: null,
			shown: -1,
			noReturn: null,
			waits: [],
			never: [],
			bars: [],
			steps,
			states: seed.states.slice(0, 4),
			branchAt: 2,
			ending: 'A and B can go on',
			next: [
				{ lane: 0, choice: 0, text: 'mmu_notifier_range_is_valid(mm, start, end)', outlook: 'well' },
				{ lane: 1, choice: 0, text: 'munmap(1, 3)', outlook: 'badly' },
			],
		};
		await explored.send({ type: 'picture', picture: branch });
		const { page } = explored;
		expect(await cursor(page)).toBe(3);
		expect(await page.locator('.trail').textContent()).toMatch(/branch at step 3/);
		expect(await page.evaluate(() => document.activeElement?.getAttribute('role')), 'the focus stays in the run').toBe(
			'gridcell',
		);
		// One step at a time: who goes next is picked at the end.
		await page.getByLabel('one step at a time').check();
		await page.locator('.next .way').nth(1).click();
		expect(await explored.lastPosted('branch')).toEqual({ type: 'branch', steps: 3, lane: 1, choice: 0, single: true });
		await page.keyboard.press('f');
		expect(await explored.lastPosted('found')).toEqual({ type: 'found' });
		await explored.send({ type: 'picture', picture: seed });
		expect(await page.locator('.trail').count()).toBe(0);
	});

	test('the choice of two lines is in sight when it is begun by its key, and Escape leaves it', async () => {
		const { page } = await open(seed);
		await page.setViewportSize({ width: 500, height: 420 });
		await page.keyboard.press('l');
		const bar = page.locator('.order-bar');
		await bar.waitFor();
		const box = await bar.boundingBox();
		expect(box?.y).toBeLessThan(420);
		await page.keyboard.press('Escape');
		expect(await bar.count()).toBe(0);
	});

	test('two lines of the source are put in an order', async () => {
		const explored = await open(seed);
		const { page } = explored;
		await page.keyboard.press('l');
		await page.locator('[data-line="36"]').click();
		await page.locator('[data-line="37"]').click();
		await page.getByRole('button', { name: 'Find the shortest run' }).click();
		const order = await explored.lastPosted('order');
		expect([order?.first.line, order?.second.line]).toEqual([36, 37]);
	});
});

describe('alive with the text', () => {
	test('a newer picture keeps the place by statement', async () => {
		const explored = await open(seed);
		await explored.page.getByRole('slider').fill('8');
		const before = seed.steps[0] as Step;
		const added: Step = { ...before, text: 'new_first(mm)', callText: 'new_first(mm)', call: 99 };
		const newer: Picture = {
			...seed,
			steps: [added, ...seed.steps],
			states: [seed.states[0] ?? null, ...seed.states],
			bars: seed.bars.map((bar) => ({ ...bar, from: bar.from + 1, to: bar.to + 1 })),
			noReturn: 6,
		};
		await explored.send({ type: 'picture', picture: newer });
		expect(await cursor(explored.page), 'goto again').toBe(9);
	});

	test('an older picture says so, a problem is told and the picture stays', async () => {
		const explored = await open(seed);
		const { page } = explored;
		const head = page.locator('.head');
		const colour = () => page.locator('.main').evaluate((main) => getComputedStyle(main).filter);
		expect(await head.textContent()).not.toContain('of older text');
		expect(await colour()).toBe('none');
		// while it is explored again, it is still the old one that shows
		await explored.send({ type: 'busy', what: 'exploring…', old: 'older text' });
		expect(await head.textContent()).toContain('of older textexploring…');
		expect(await colour()).toBe('grayscale(1)');
		expect(await page.locator('[aria-live=polite]').textContent()).toBe('This run is of older text.');
		await explored.send({ type: 'current' });
		expect(await head.textContent()).not.toContain('of older text');
		expect(await colour()).toBe('none');
		await explored.send({ type: 'busy', what: 'exploring…', old: 'default_environment' });
		expect(await head.textContent()).toContain('of default environment');
		await explored.send({ type: 'picture', picture: seed });
		expect(await colour()).toBe('none');
		await explored.send({ type: 'problem', message: 'The sketch has an error.', span: seed.steps[1]?.span ?? null });
		expect(await explored.page.getByRole('alert').textContent()).toContain('The sketch has an error.');
		expect(await explored.page.locator('.row').count()).toBeGreaterThan(5);
		await explored.page.getByRole('alert').getByRole('button', { name: 'line 34' }).click();
		expect((await explored.lastPosted('open'))?.span.line).toBe(34);
	});

	test('a link into the default environment shows its text here: no editor has it', async () => {
		const uri = 'file:///sketches/.default_environment.made.mmn';
		const environment = {
			uri,
			text: '#include "sketch.mmn"\nscenario default_environment {\n\tthread I { x(); }\n}\n',
		};
		const at = { uri, line: 3, column: 2, endLine: 3, endColumn: 9 };
		const waits = seed.waits.map((wait, n) => (n === 0 ? { ...wait, taken: at } : wait));
		const { page, posted } = await open({ ...seed, environment, waits });
		const link = page.getByRole('button', { name: 'line 3 of the environment' });
		await link.click();
		expect(await page.locator('.code-line.asked').textContent()).toContain('thread I { x(); }');
		expect(await page.getByRole('combobox', { name: 'File' }).locator('option:checked').textContent()).toBe(
			'default environment',
		);
		expect((await posted()).filter(({ type }) => type === 'open')).toEqual([]);
	});

	test('a click in the editor scrolls the page once, a newer picture never', async () => {
		const explored = await open(seed, { width: 500, height: 420 });
		const { page } = explored;
		// whichever part of the page is scrolled
		const scrolled = () =>
			page.evaluate(() =>
				Math.max(
					...[...document.querySelectorAll('*')].map((one) => (one.querySelector('.of-source') ? one.scrollTop : 0)),
				),
			);
		const toTop = () =>
			page.evaluate(() => {
				for (const one of document.querySelectorAll('*')) if (one.querySelector('.of-source')) one.scrollTop = 0;
			});
		await toTop();
		// no step runs it: it stays the line that was asked for
		await explored.send({ type: 'reveal', uri: seed.file, line: 1 });
		await expect.poll(scrolled).toBeGreaterThan(100);
		await toTop();
		const text = `${'\n'.repeat(3)}struct page *page;\n`.repeat(30);
		// a source that comes later
		await explored.send({ type: 'source', uri: seed.file, text, title: 'seed' });
		expect(await scrolled()).toBe(0);
		await explored.send({ type: 'picture', picture: { ...seed, statesExplored: 7 } });
		await explored.send({ type: 'source', uri: seed.file, text: `// new\n${text}`, title: 'seed' });
		expect(await page.locator('.chip').textContent()).toContain('7 states');
		expect(await scrolled()).toBe(0);
		expect(await page.locator('.code-line.asked').count(), 'a line of the text before').toBe(0);
		await explored.send({ type: 'reveal', uri: seed.file, line: 1 });
		await expect.poll(scrolled).toBeGreaterThan(100);
	});

	test('a search that has ended has no states to come', async () => {
		const explored = await open({ ...seed, complete: false });
		const states = explored.page.locator('.chip .part').last();
		expect(await states.textContent()).toMatch(/^[\d,]+ states$/);
		expect(await states.getAttribute('title')).toBe('the search stopped at what was found: not all of them');
		const bounded = { code: 'bounded', severity: 'info', message: 'the search stopped at 60 s' } as const;
		await explored.send({
			type: 'picture',
			picture: { ...seed, complete: false, findings: [...seed.findings, bounded] },
		});
		expect(await states.textContent()).toMatch(/^[\d,]+ states$/);
		expect(await states.getAttribute('title')).toBe('a limit was hit: not all of them');
	});

	test('what the scenario expects is shown as passed, and as found', async () => {
		const explored = await open(seed);
		const chip = explored.page.locator('.head .chip').first();
		expect(await chip.getAttribute('class')).toBe('chip bad');
		const finding = { ...(seed.finding as NonNullable<Picture['finding']>), expected: true };
		await explored.send({ type: 'picture', picture: { ...seed, finding } });
		expect(await chip.getAttribute('class')).toBe('chip good');
		expect(await chip.textContent()).toMatch(/^deadlockas expected/);
	});

	test('a problem without a picture is all there is to see', async () => {
		const explored = await open(null);
		await explored.send({ type: 'problem', message: 'No scenario here.', span: null });
		expect(await explored.page.locator('main').textContent()).toContain('No scenario here.');
	});

	test('a line of the editor leads to its step, round', async () => {
		const explored = await open(seed);
		await explored.send({ type: 'reveal', uri: seed.file, line: 34 });
		expect(await cursor(explored.page)).toBe(2);
	});

	test('what is kept is found again after a reload', async () => {
		const first = await open(seed);
		await first.page.getByRole('slider').fill('7');
		await first.page.getByRole('button', { name: 'Watch fault_lock' }).click();
		const kept = await first.page.evaluate(() => (window as unknown as { keptState(): unknown }).keptState());
		expect(kept).toMatchObject({ version: 1, file: seed.file, scenario: seed.scenario });
		const second = await open(seed, { kept });
		expect(await cursor(second.page)).toBe(7);
		expect(await second.page.getByRole('button', { name: 'Watch fault_lock' }).getAttribute('aria-pressed')).toBe(
			'true',
		);
	});

	test('the menu exports, the switches show another run', async () => {
		const explored = await open(seed);
		const { page } = explored;
		await page.keyboard.press('e');
		expect(await page.getByRole('menuitem').count()).toBe(7);
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('ArrowUp');
		await page.keyboard.press('Enter');
		expect(await explored.lastPosted('export')).toMatchObject({ format: 'table' });
		await page.getByLabel('Finding').selectOption('1');
		expect(await explored.lastPosted('show')).toEqual({ type: 'show', scenario: seed.scenario, finding: 1 });
		await page.keyboard.press('Escape');
		await page.getByRole('button', { name: 'Pin' }).click();
		expect(await explored.lastPosted('pin')).toEqual({ type: 'pin', pinned: true });
		await explored.send({ type: 'exported', format: 'table', ok: true, message: 'Copied as a mail table.' });
		expect(await page.locator('.notice').textContent()).toContain('Copied');
	});
});

test('a picture is made a PNG of', async () => {
	const explored = await open(seed);
	const svg =
		'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><rect width="30" height="20" fill="red"/></svg>';
	await explored.send({ type: 'raster', svg });
	await expect.poll(() => explored.lastPosted('export')).toBeDefined();
	const { format, data } = (await explored.lastPosted('export')) ?? {};
	expect(format).toBe('png');
	const bytes = Buffer.from(data?.replace(/^data:image\/png;base64,/, '') ?? '', 'base64');
	expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], 'width and height, for fine screens').toEqual([60, 40]);
});
