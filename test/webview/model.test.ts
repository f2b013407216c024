/** What the page makes of a picture, without a browser. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Picture, Wait } from '../../src/findings/explorer/picture.js';
import { chainOf } from '../../src/webview/model/cycle.js';
import { changesBetween, nextChange } from '../../src/webview/model/facts.js';
import { highlight } from '../../src/webview/model/highlight.js';
import { findPlace, placeOf } from '../../src/webview/model/place.js';
import { layRows, rowAt } from '../../src/webview/model/rows.js';
import { drawnLanes, findSpans, stepOfWait } from '../../src/webview/model/spans.js';
import { pickOf } from '../../src/webview/model/words.js';
import { longPicture } from './pictures.js';

const NAMES = [
	'seed-deadlock',
	'seed-green',
	's03-starvation',
	's27-deadlock',
	's30-stale-mapping',
	's62-deadlock',
	's66-four-parties',
	's94-stale-tlb',
];
const sample = (name: string): Picture =>
	JSON.parse(readFileSync(path.join(import.meta.dirname, 'samples', `${name}.json`), 'utf8')) as Picture;
const METRICS = { code: 20, out: 16, letters: 40, compact: false };
const FOLDED = new Set<string>();
const picture = fc.constantFrom(...NAMES).map(sample);

describe('rows', () => {
	test('stand below each other without a gap, and each step has one, whatever is unfolded', () => {
		fc.assert(
			fc.property(
				picture,
				fc.array(fc.nat(30)),
				fc.array(fc.nat(30)),
				fc.integer({ min: 10, max: 80 }),
				(shown, calls, lines, letters) => {
					const unfolded = new Set([
						...calls.map((at) => `c${at}`),
						...lines.map((at) => `d${at}`),
						...(letters % 2 ? ['setup', 'finally'] : []),
					]);
					const { rows, rowOf, height } = layRows(shown, unfolded, { ...METRICS, letters });
					let top = 0;
					for (const row of rows) {
						expect(row.top).toBe(top);
						top += row.height;
					}
					expect(top).toBe(height);
					shown.steps.forEach((_, at) => {
						const row = rows[rowOf[at] ?? -1];
						expect(row?.kind === 'step' && row.first <= at && at <= row.last).toBe(true);
					});
					expect(new Set(rows.map(({ key, kind }) => `${kind} ${key}`)).size).toBe(rows.length);
					for (const [at, row] of rows.entries()) expect(rowAt(rows, row.top)).toBe(at);
				},
			),
		);
	});

	test('the line of no return stands behind the step that crosses it', () => {
		for (const name of NAMES) {
			const shown = sample(name);
			const { rows } = layRows(shown, FOLDED, METRICS);
			const lines = rows.filter(({ kind }) => kind === 'noReturn');
			expect(lines.length, name).toBe(shown.noReturn === null ? 0 : 1);
			const at = rows.findIndex(({ kind }) => kind === 'noReturn');
			const before = rows[at - 1];
			const after = rows[at + 1];
			if (shown.noReturn === null) continue;
			if (before?.kind === 'step') expect(before.last, name).toBeGreaterThanOrEqual(shown.noReturn - 1);
			if (after?.kind === 'step') expect(after.first, name).toBeGreaterThanOrEqual(shown.noReturn);
		}
	});

	test('a call of the kernel is one row until it is unfolded', () => {
		const seed = sample('seed-deadlock');
		const folded = layRows(seed, FOLDED, METRICS).rows.filter(({ kind }) => kind === 'step');
		expect(folded.map(({ head }) => head)).toEqual([
			'mmu_notifier_range_wait_valid(mm, start, end)',
			'mutex_lock(&fault_lock)',
			'munmap(1, 3)',
			'mmu_notifier_invalidate_range_start',
			'mutex_lock(&fault_lock)',
			'mmu_notifier_range_is_valid(mm, start, end)',
			'goto again',
			'mmu_notifier_range_wait_valid(mm, start, end)',
		]);
		const open = layRows(seed, new Set(['c8']), METRICS).rows.filter(({ kind }) => kind === 'step');
		expect(open.length).toBe(folded.length + 4);
	});
});

describe('what lasts', () => {
	test('a wait begins in the row that says so', () => {
		const seed = sample('seed-deadlock');
		const waits = seed.bars.filter(({ kind }) => kind === 'wait');
		expect(waits.map((bar) => seed.steps[stepOfWait(seed, bar)]?.remark)).toEqual([
			'blocked: fault_lock is held by A',
			'blocked: [1, 3) is active in B',
		]);
	});

	test('locks of one lane that overlap in time have places of their own', () => {
		for (const name of NAMES) {
			const { all } = findSpans(sample(name));
			const solid = all.filter(({ kind }) => kind === 'lock' || kind === 'range');
			for (const one of solid)
				for (const other of solid) {
					if (one === other || one.lane !== other.lane || one.slot !== other.slot) continue;
					expect(one.to <= other.from || other.to <= one.from, `${name}: ${one.name}, ${other.name}`).toBe(true);
				}
		}
	});

	test("mmap_lock is drawn, another lock of the kernel's where somebody waits for it", () => {
		const locks = (name: string) =>
			new Set(findSpans(sample(name)).all.flatMap((span) => (span.kind === 'lock' ? [span.name] : [])));
		expect(locks('seed-deadlock')).toEqual(new Set(['fault_lock', 'mmap_lock']));
		expect(locks('s62-deadlock')).toEqual(new Set(['mmap_lock']));
		// not mapping.i_mmap_rwsem, nor srcu
		expect(locks('s66-four-parties')).toEqual(new Set(['gpu_lock', 'mmap_lock', 'nic_work']));
	});

	test('threads that do nothing are not drawn', () => {
		expect(drawnLanes(sample('s66-four-parties'))).toEqual([0, 1, 2, 3]);
	});
});

describe('changes', () => {
	test('a step that takes a lock changes that lock', () => {
		const { states } = sample('seed-deadlock');
		const [before, after] = [states[1], states[2]];
		if (!before || !after) throw new Error('no states');
		expect([...changesBetween(before, after).keys()]).toContain('lock fault_lock');
		expect(changesBetween(before, before).size).toBe(0);
	});

	test('the next change of what is watched is found in both directions, and states that are missing are asked for', () => {
		const long = longPicture(600, 3);
		const watched = new Set(['lock lock_B']);
		const next = nextChange(long, watched, 0, 1);
		if (typeof next !== 'number') throw new Error('none found');
		expect(long.steps[next - 1]?.text).toBe('mutex_lock(&lock_B)');
		expect(nextChange(long, watched, next, -1)).toBe(null);
		const gap = { ...long, states: long.states.map((state, at) => (at < 5 ? state : null)) };
		expect(nextChange(gap, new Set(['lock nobody']), 0, 1)).toMatchObject({ from: 4 });
		expect(nextChange(long, new Set(['lock nobody']), 0, 1)).toBe(null);
	});
});

describe('place', () => {
	test('each step of a run is found again in the same run', () => {
		for (const name of NAMES) {
			const shown = sample(name);
			for (let cursor = 0; cursor <= shown.steps.length; cursor++)
				expect(findPlace(shown, placeOf(shown, cursor))).toBe(cursor);
		}
	});

	test('where the statement is gone, the number stays as far as there are steps', () => {
		const seed = sample('seed-deadlock');
		expect(findPlace(seed, { lane: 'gone', text: 'nothing', nth: 1, step: 99 })).toBe(seed.steps.length);
	});
});

describe('the wait-for chain', () => {
	const wait = (from: number, to: number): Wait => ({
		from,
		to,
		what: `${to}`,
		taken: null,
		waits: null,
		queued: false,
	});

	test('a cycle is followed round, whatever the order of its edges', () => {
		const chain = chainOf([wait(2, 0), wait(0, 1), wait(1, 2)]);
		expect(chain?.closed).toBe(true);
		expect(chain?.lanes).toEqual([2, 0, 1]);
		expect(chain?.waits.map(({ from, to }) => [from, to])).toEqual([
			[2, 0],
			[0, 1],
			[1, 2],
		]);
	});

	test('a thread may wait for itself', () => {
		expect(chainOf([wait(0, 0)])).toMatchObject({ closed: true, lanes: [0] });
	});

	test('a chain that is no cycle begins with the one that nobody waits for', () => {
		expect(chainOf([wait(1, 2), wait(0, 1)])).toMatchObject({ closed: false, lanes: [0, 1, 2] });
		expect(chainOf([])).toBe(null);
	});
});

test('highlighting keeps every letter of every line', () => {
	fc.assert(
		fc.property(fc.string({ unit: 'grapheme' }), (text) => {
			const plain = text.replace(/\r\n?/g, '\n');
			expect(highlight(text).map((line) => line.map(([, part]) => part).join(''))).toEqual(plain.split('\n'));
		}),
	);
	expect(highlight('/* a\nb */ if (x) "s" 12')).toEqual([
		[['comment', '/* a']],
		[
			['comment', 'b */'],
			['', ' '],
			['word', 'if'],
			['', ' (x) '],
			['string', '"s"'],
			['', ' '],
			['number', '12'],
		],
	]);
});

test('another pick says only what is different', () => {
	expect(pickOf('kmalloc(8, GFP_KERNEL) (returns NULL)', 'kmalloc(8, GFP_KERNEL)')).toBe('returns NULL');
	expect(pickOf('any(0, 1) (picks 1)', 'any(0, 1)')).toBe('picks 1');
	expect(pickOf('f(x) (returns 0): the time is over', 'f(x)')).toBe('returns 0: the time is over');
	expect(pickOf('f(x): the time is over', 'f(x)')).toBe('f(x): the time is over');
	expect(pickOf('g(x) (returns 0)', 'f(x)')).toBe('g(x) (returns 0)');
});
