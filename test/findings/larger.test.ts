/** One thread more: what is noted is what a check of the sketch with that thread finds, and nothing is noted for nothing. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkSketch } from '../../src/findings/check.js';
import { applyEdits } from '../../src/findings/fixes/edits.js';
import type { FileResult, Hint } from '../../src/findings/result.js';

const A = 'file:///w/a.mmn';
const check = (text: string, larger = true): Promise<FileResult> =>
	checkSketch(A, { read: async (uri) => (uri === A ? text : undefined) }, larger ? { larger } : {});
const offers = ({ hints = [] }: FileResult): Hint[] => hints.filter(({ offer }) => offer !== undefined);
const title = (hint: Hint): string => `${hint.code}: ${hint.offer?.title}`;
const corpus = (name: string): string => readFileSync(path.join(import.meta.dirname, '../corpus', name), 'utf8');

describe.each([
	['locks/s62-mmap-lock-read-twice.mmn', 'deadlock: Add thread W { mmap_write_lock(mm); mmap_write_unlock(mm); }'],
	['locks/s55-reservation-around-user-pages.mmn', 'deadlock: Add thread U2 { munmap(1, 2); }'],
	['range-lock/s13-range-lock-before-mmap-lock.mmn', 'deadlock: Add thread U2 { munmap(1, 3); }'],
	['events/s99-only-unmap-handled.mmn', 'stale-mapping: Add thread R { reclaim(0, 1); }'],
	['kvm/s26-bool-for-a-counter.mmn', 'sleep-in-nonblock: Add thread O { oom_reap(0, 1); }'],
])('%s', (name, wanted) => {
	test('says what a check with that thread finds', async () => {
		const text = corpus(name);
		const found = offers(await check(text));
		expect(found.map(title)).toContain(wanted);
		for (const hint of found) {
			const more = applyEdits(text, A, hint.offer?.edits ?? []);
			const { problems, scenarios } = await check(more, false);
			expect(problems).toEqual([]);
			const scenario = scenarios.find(({ span }) => span.line === hint.span.line);
			const same = scenario?.findings.filter(({ code }) => code === hint.code) ?? [];
			expect(same.map(({ run }) => hint.message.includes(`, ${hint.code} in ${run.length} steps: `))).toContain(true);
		}
	});
});

const DRIVER = `
#include <mn/list>

static DEFINE_MUTEX(lock);

static int start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	if (!mmu_notifier_range_blockable(range)) {
		if (!mutex_trylock(&lock))
			return -EAGAIN;
	} else
		mutex_lock(&lock);
	dev_unmap(range->start, range->end);
	mutex_unlock(&lock);
	return 0;
}

static const struct mmu_notifier_ops ops = { .invalidate_range_start = start };
static struct mmu_notifier mn = { .ops = &ops };
`;
/** It sleeps whoever invalidates. */
const SLEEPS = DRIVER.replace(/\tif \(!mmu_notifier_range_blockable[\s\S]*?\} else\n\t/, '');
const SCENARIO = `scenario s {
	pages 1;
	setup { mmu_notifier_register(&mn, mm); }
	thread A { munmap(0, 1); }
`;

test('nothing is said of what stays right, of a process that ends twice, or where `finally` speaks of all threads', async () => {
	expect(offers(await check(`${DRIVER}${SCENARIO}}`))).toEqual([]);
	expect(offers(await check(`${DRIVER}${SCENARIO}\tthread X { exit_mmap(); }\n}`))).toEqual([]);
	const held = `${DRIVER.replace('\t\tmutex_lock(&lock);\n', '\t\tmutex_lock(&lock);\n\tmutex_lock(&lock);\n')}`;
	expect(offers(await check(`${held}${SCENARIO}}`))).toEqual([]);
	expect(offers(await check(`${SLEEPS}${SCENARIO}}`)).map(title)).toEqual([
		'sleep-in-nonblock: Add thread O { oom_reap(0, 1); }',
	]);
	expect(offers(await check(`${SLEEPS}${SCENARIO}\tfinally { assert(!dev_mapped(0)); }\n}`))).toEqual([]);
	expect(offers(await check(`${SLEEPS}${SCENARIO}}`, false))).toEqual([]);
});

test('a thread that is ignored by a comment, with a reason, is not told', async () => {
	const text = `${SLEEPS}// notifier-lab-ignore: sleep-in-nonblock no OOM on this machine\n${SCENARIO}}`;
	expect((await check(text)).hints ?? []).toEqual([]);
	// nor does the comment seem to be without effect to who does not look further
	expect((await check(text, false)).hints ?? []).toEqual([]);
});
