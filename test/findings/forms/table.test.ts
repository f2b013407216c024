import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { mailRows } from '../../../src/findings/forms/rows.js';
import { mailTable, runTable, tableForm } from '../../../src/findings/forms/table.js';
import type { Finding } from '../../../src/findings/result.js';
import { expectGolden } from '../../golden.js';
import { checkText } from '../examples.js';
import { at, file, folder, inKernel, run, scenario, seedFinding, seedRun } from './fixtures.js';

const golden = (name: string) => path.join(folder, 'golden', name);

function rowsOf(finding: Partial<Finding>): string[] {
	return mailRows({ ...seedFinding, related: [], ...finding }).map((row) =>
		[row.thread, row.text, ...row.remarks.map((remark) => `// ${remark}`)].filter((part) => part !== '').join(' '),
	);
}

describe('mail table', () => {
	test('is the table of the mail', () => {
		expectGolden(`${mailTable(seedFinding, ['A', 'B'])}\n`, golden('seed-table.txt'));
	});

	test('keeps its columns where names of threads are longer', () => {
		const [A, B] = ['the_fault_handler_of_the_first_context', 'the_invalidation_of_somebody_else_entirely'];
		const renamed = (thread: string): string => (thread === 'A' ? A : B);
		const steps = seedRun.map((step) => ({ ...step, thread: renamed(step.thread) }));
		const [first = '', second = '', rule = ''] = runTable({ ...seedFinding, run: steps }, [A, B]).split('\n');
		const [left = '', right = ''] = rule.split('  ');
		expect(rule).toMatch(/^-+ {2}-+$/);
		const column = (line: string, from: number, to?: number) => line.slice(from, to).trim();
		expect(column(first, 0, left.length) + column(second, 0, left.length)).toBe(A);
		expect(column(first, left.length + 2) + column(second, left.length + 2)).toBe(B);
		expect(first.length).toBeLessThanOrEqual(left.length + 2 + right.length);
	});

	test('has nobody called before who calls, and a declaration sets what it declares', async () => {
		const text = `#include <mn/list>
static struct page *seen;
static int start(struct mmu_notifier *mn, const struct mmu_notifier_range *range) { return 0; }
static const struct mmu_notifier_ops ops = { .invalidate_range_start = start };
static struct mmu_notifier mn = { .ops = &ops };
static void fault(void)
{
	pte_t pte = cpu_pte(0);
	struct page *page = seen;
	if (pte_present(pte))
		dev_map_page(0, pte_page(pte), 0);
}
scenario s {
	pages 1;
	setup    { mmu_notifier_register(&mn, mm); }
	thread A { fault(); }
	thread B { seen = NULL; munmap(0, 1); }
}
`;
		const { scenarios } = await checkText(text);
		const [found] = scenarios.flatMap((s) => s.findings.filter((f) => f.code === 'stale-mapping'));
		const rows = found ? mailRows(found).map(({ thread, text }) => `${thread} ${text}`) : [];
		expect(rows.filter((row) => /B /.test(row))).toEqual([
			'B seen = NULL',
			'B mmu_notifier_invalidate_range_start',
			'B unmap_page_range',
		]);
		expect(rows).toContain('A page = seen');
	});

	test('is the same when the calls themselves are steps', () => {
		const calls = run([
			{
				thread: 'A',
				span: at('mmu_notifier_range_wait_valid(mm, start, end)'),
				text: 'mmu_notifier_range_wait_valid(mm, start, end)',
				stack: ['device_fault'],
			},
			...seedRun.slice(0, 7),
			{ thread: 'A', span: at('mutex_lock(&fault_lock)', 2), text: 'mutex_lock(&fault_lock)', stack: ['device_fault'] },
			{
				thread: 'B',
				span: inKernel(66),
				text: 'mn->ops->invalidate_range_start(mn, mm, range)',
				stack: ['munmap', 'mmu_notifier_invalidate_range_start'],
			},
			...seedRun.slice(8),
		]);
		expectGolden(`${mailTable({ ...seedFinding, run: calls }, ['A', 'B'])}\n`, golden('seed-table.txt'));
	});

	test('ignores a stack that begins with the name of the thread', () => {
		const prefixed = seedRun.map((step) => ({ ...step, stack: [step.thread, ...step.stack] }));
		expectGolden(`${mailTable({ ...seedFinding, run: prefixed }, ['A', 'B'])}\n`, golden('seed-table.txt'));
	});

	test('follows the order of the scenario and leaves out threads that do nothing', () => {
		const table = runTable(seedFinding, ['C', 'B', 'A']);
		expect(table.split('\n')[0]).toMatch(/^B {2,}A$/);
		expect(table).toContain('mutex_lock(&fault_lock)');
	});

	test('names the callback of a reclaim inside an allocation', () => {
		const stack = ['device_fault', 'kmalloc', 'reclaim', 'mmu_notifier_invalidate_range_start'];
		const rows = rowsOf({
			run: run([
				{
					thread: 'A',
					span: at('mutex_lock(&fault_lock)', 2),
					text: 'mutex_lock(&fault_lock);',
					stack: ['device_fault'],
				},
				{ thread: 'A', span: inKernel(300), text: 'folio_trylock(folio)', stack: stack.slice(0, 3) },
				{ thread: 'A', span: inKernel(61), text: 'list_add_tail(&range->list, &mm->ranges)', stack },
				{
					thread: 'A',
					span: at('mutex_lock(&fault_lock)'),
					text: 'mutex_lock(&fault_lock);',
					stack: [...stack, 'my_start'],
					blocked: true,
					remarks: ['blocked: fault_lock is held by A itself'],
				},
			]),
		});
		expect(rows).toEqual([
			'A mutex_lock(&fault_lock)',
			'A kmalloc',
			'A mmu_notifier_invalidate_range_start',
			'A list_add_tail',
			'A ->my_start // blocked: fault_lock is held by A itself',
		]);
	});

	test('gives an invalidator its own name when nothing of it matters', () => {
		const rows = rowsOf({
			run: run([
				{ thread: 'B', span: inKernel(200), text: 'mmap_write_lock(mm)', stack: ['munmap'] },
				{ thread: 'B', span: inKernel(209), text: 'mmap_write_unlock(mm)', stack: ['munmap'] },
				{ thread: 'A', span: at('goto again'), text: 'goto again;', stack: ['device_fault'] },
			]),
		});
		expect(rows).toEqual(['B munmap', 'A goto again']);
	});

	test('shows the kernel step that a related place names', () => {
		const lock = inKernel(200);
		const rows = rowsOf({
			related: [{ span: lock, message: 'B takes mmap_lock for write here' }],
			run: run([
				{ thread: 'B', span: lock, text: 'mmap_write_lock(mm)', stack: ['mmap_fixed'] },
				{ thread: 'B', span: inKernel(201), text: 'vma_start_write(vma)', stack: ['mmap_fixed'] },
				{ thread: 'A', span: at('goto again'), text: 'goto again', stack: ['device_fault'] },
			]),
		});
		expect(rows).toEqual(['B mmap_fixed', 'B mmap_write_lock', 'A goto again']);
	});

	test('lets a call of the sketch stand for what is done in it, unless it calls the driver back', () => {
		const place = inKernel(300);
		const call = (text: string) => ({ text, kernel: false });
		const inside = (stack: string[]) => ({
			thread: 'B',
			span: place,
			text: 'dev->users++',
			kernel: true,
			stack: ['fault', ...stack],
			calls: [call('fault()'), ...stack.map((name) => ({ text: `${name}(0)`, kernel: true }))],
		});
		const rows = (more: Parameters<typeof run>[0]) =>
			rowsOf({
				related: [{ span: place, message: 'B maps here' }],
				run: run([inside(['dev_map', '__dev_map']), ...more]),
			});
		const end = { thread: 'A', span: at('goto again'), text: 'goto again', stack: ['device_fault'] };
		expect(rows([end])).toEqual(['B dev_map(0)', 'A goto again']);
		const back = {
			thread: 'B',
			span: at('return 0'),
			text: 'x = 1;',
			stack: ['fault', 'dev_map', '__dev_map', 'callback'],
			calls: [
				call('fault()'),
				{ text: 'dev_map(0)', kernel: true },
				{ text: '__dev_map(0)', kernel: true },
				call('ops->callback(dev)'),
			],
		};
		expect(rows([back, end])).toEqual(['B dev_map(0)', 'B __dev_map', 'B ->callback', 'B x = 1', 'A goto again']);
	});

	test('shows a blocked row no earlier than the holder took the lock', () => {
		const mutex = at('mutex_lock(&fault_lock)', 2);
		const rows = rowsOf({
			related: [{ span: mutex, message: 'A takes fault_lock here' }],
			run: run([
				{ thread: 'B', span: at('dev_map(start, end)'), text: 'dev_map(start, end);', stack: ['f'] },
				{ thread: 'A', span: at('return 0'), text: 'x = 1;', stack: ['g'] },
				{ thread: 'A', span: mutex, text: 'mutex_lock(&fault_lock);', stack: ['g'] },
				{ thread: 'A', span: at('return 0'), text: 'x = 2;', stack: ['g'] },
				{
					thread: 'B',
					span: at('mutex_lock(&fault_lock)'),
					text: 'mutex_lock(&fault_lock);',
					stack: ['f'],
					blocked: true,
					remarks: ['blocked: fault_lock is held by A'],
				},
			]),
		});
		expect(rows).toEqual([
			'B dev_map(start, end)',
			'A x = 1',
			'A mutex_lock(&fault_lock)',
			'B mutex_lock(&fault_lock) // blocked: fault_lock is held by A',
			'A x = 2',
		]);
	});

	test('keeps two calls of one function apart', () => {
		const stack = ['device_fault', 'mmu_notifier_range_wait_valid'];
		const call = { thread: 'A', span: inKernel(44), text: 'spin_unlock(&l)', stack, remarks: ['returns'] };
		const end = { thread: 'A', span: at('goto again'), text: 'goto again;', stack: ['device_fault'] };
		expect(rowsOf({ run: run([call, call, end]) })).toEqual([
			'A mmu_notifier_range_wait_valid // returns',
			'A mmu_notifier_range_wait_valid // returns',
			'A goto again',
		]);
	});

	test('shows a statement of several steps once, unless another thread comes in between', () => {
		const count = { thread: 'A', span: at('return 0'), text: 'count++;', stack: ['f'] };
		const other = { ...count, thread: 'B', text: 'wake_up(&wq);' };
		expect(rowsOf({ run: run([count, count, other, count]) })).toEqual(['A count++', 'B wake_up(&wq)', 'A count++']);
		const sleeps = { ...count, blocked: true, remarks: ['blocked: asleep, and nobody wakes it'] };
		expect(rowsOf({ run: run([count, count, other, sleeps]) })).toEqual([
			'A count++',
			'B wake_up(&wq)',
			'A // blocked: asleep, and nobody wakes it',
		]);
		expect(rowsOf({ run: run([other, count, sleeps]) })).toEqual([
			'B wake_up(&wq)',
			'A count++ // blocked: asleep, and nobody wakes it',
		]);
	});

	test('holds to 78 columns without tabs, whatever the statements are', () => {
		const long =
			'ret = drm_gpusvm_range_get_pages(gpusvm,\n\t\t&range->base, mmu_interval_read_begin(&notifier->notifier));';
		for (const threads of [['A'], ['A', 'B'], ['A', 'B', 'C'], ['A', 'B', 'C', 'D', 'E']]) {
			const steps = threads.flatMap((thread) => [
				{
					thread,
					span: at('return 0'),
					text: long,
					stack: ['f'],
					remarks: ['reads 1, which B has made stale in the meantime'],
				},
				{
					thread,
					span: inKernel(61),
					text: 'list_add_tail(&r)',
					stack: ['munmap', 'mmu_notifier_invalidate_range_start'],
				},
			]);
			const table = mailTable({ ...seedFinding, run: run(steps) }, threads);
			for (const line of table.split('\n')) expect(line.length, line).toBeLessThanOrEqual(78);
			expect(table).not.toContain('\t');
			expect(table.replace(/\s+/g, '')).toContain('mmu_notifier_invalidate_range_start');
		}
	});

	test('breaks no name of the kernel in the last of three columns where the others have room to give', () => {
		const begin = (thread: string) => ({
			thread,
			span: inKernel(61),
			text: 'list_add_tail(&r)',
			stack: ['munmap', 'mmu_notifier_invalidate_range_start'],
		});
		const lock = { thread: 'F', span: at('return 0'), text: 'mutex_lock(&svm_lock)', stack: ['f'] };
		const table = mailTable({ ...seedFinding, run: run([begin('I'), begin('R'), lock]) }, ['F', 'I', 'R']);
		for (const line of table.split('\n')) expect(line.length, line).toBeLessThanOrEqual(78);
		expect(table.match(/^ +mmu_notifier_invalidate_range_start$/gm)).toHaveLength(2);
	});

	test('names the call, not what it does to memory', () => {
		const step = {
			thread: 'A',
			span: inKernel(61),
			text: 's->sequence++',
			stack: ['write_seqcount_begin'],
			calls: [{ text: 'write_seqcount_begin(&sl)', kernel: true }],
		};
		const rows = rowsOf({ run: run([step]), related: [{ span: inKernel(61), message: 'A takes sl here' }] });
		expect(rows).toEqual(['A write_seqcount_begin(&sl)']);
		// a call that has returned does not stand for the next one, which waits
		const wait = { thread: 'A', span: at('return 0'), text: 'mutex_lock(&m)', stack: [], blocked: true };
		const waits = rowsOf({ run: run([step, { ...wait, remarks: ['blocked: m is held by B'] }]) });
		expect(waits).toEqual(['A write_seqcount_begin(&sl)', 'A mutex_lock(&m) // blocked: m is held by B']);
	});

	test('of three threads', () => {
		const finding: Finding = {
			...seedFinding,
			run: run([
				...seedRun.slice(0, 3),
				{
					thread: 'reaper',
					span: inKernel(230),
					text: 'mmap_read_trylock(mm)',
					stack: ['oom_reap'],
					remarks: ['fails'],
				},
				...seedRun.slice(3),
			]),
		};
		expectGolden(`${mailTable(finding, ['A', 'B', 'reaper'])}\n`, golden('three-threads.txt'));
	});

	test('survives an empty run and threads nobody declared', () => {
		expect(mailTable({ ...seedFinding, run: [] }, ['A'])).not.toContain('---');
		expect(runTable(seedFinding, [])).toContain('mutex_lock');
	});
});

test('the table form heads each table with place, scenario and code', () => {
	const text = tableForm(file([scenario({ findings: [seedFinding] }), scenario({ name: 'quiet' })]), 'seed.mmn');
	expect(text).toMatch(/^seed\.mmn:25: fault_races_munmap: deadlock\n\nA {3}/);
	expect(text).toMatch(/\n\nseed\.mmn: quiet: every interleaving explored, nothing found\n$/);
	expect(tableForm(file([scenario({ complete: false, verdict: 'bounded' })]), 'x')).toContain('stopped at a limit');
});
