import { describe, expect, test } from 'vitest';
import { checkSketch } from '../../src/findings/check.js';
import { mailRows } from '../../src/findings/forms/rows.js';

const check = (text: string) =>
	checkSketch('file:///places.mmn', { read: async (uri) => (uri.endsWith('/places.mmn') ? text : undefined) });

describe('where something is shown', () => {
	test('a call where it acts, not where its argument was read, when others act in between', async () => {
		const { scenarios } = await check(`
static int generation;
static void commit(int expected) { assert(READ_ONCE(generation) == expected); }
scenario argument_first {
	thread A { commit(generation); }
	thread B { WRITE_ONCE(generation, 1); }
}
`);
		const finding = scenarios[0]?.findings.find((f) => f.code === 'assertion');
		expect(finding && mailRows(finding).map((row) => `${row.thread} ${row.text}`)).toEqual([
			'A generation',
			'B WRITE_ONCE(generation, 1)',
			'A READ_ONCE(generation)',
		]);
	});

	test('a setup that waits at the statement that does, with words for what nobody holds', async () => {
		const lock = 'static DEFINE_MUTEX(m);\nstatic DECLARE_COMPLETION(done);\n';
		const twice = await check(
			`${lock}scenario s {\n\tsetup { mutex_lock(&m);\n\t\tmutex_lock(&m); }\n\tthread A { mutex_unlock(&m); }\n}\n`,
		);
		expect(twice.problems).toMatchObject([
			{ span: { line: 5 }, message: expect.stringContaining('waits here for m,') },
		]);
		const work = await check(`
static void nothing(struct work_struct *work) { }
static DECLARE_WORK(item, nothing);
static void init(void)
{
	schedule_work(&item);
	flush_work(&item);
}
scenario s {
	setup { init(); }
	thread A { schedule_work(&item); }
}
`);
		expect(work.problems).toMatchObject([
			{ span: { line: 7 }, message: expect.stringContaining('nobody else runs yet, not even work items') },
		]);
		expect(work.problems[0]?.message).not.toContain('NULL');
	});
});
