/** Every lesson, played with the judge: it begins open, wrong attempts leave it open, the solution reaches the goal. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { judge } from '../../src/lessons/judge.js';
import { COURSE, renderLesson } from '../../src/lessons/lesson.js';
import { ATTEMPTS, type Attempt, OTHER_WAYS } from './attempts.js';
import { FOLDER, lessonOf } from './course.js';

test('the course is the folder', () => {
	const files = COURSE.flatMap((id) => [`${id}.md`, `${id}.mmn`, `${id}.solution.mmn`]);
	expect(readdirSync(FOLDER).sort()).toEqual(files.sort());
});

function edited(text: string, { edits }: Pick<Attempt, 'edits'>): string {
	return edits.reduce((before, [from, to]) => {
		expect(before).toContain(from);
		return before.replace(from, () => to);
	}, text);
}

const open = ({ conditions }: Awaited<ReturnType<typeof judge>>) =>
	conditions.filter(({ met }) => !met).map(({ words, why }) => `${words} — ${why}`);

describe.each(COURSE.map((id, n) => ({ id, n })))('$id', ({ id, n }) => {
	const { lesson, start, solution } = lessonOf(id);

	test('says what to do without a button, too', () => {
		const page = readFileSync(path.join(FOLDER, `${id}.md`), 'utf8');
		const commands: readonly (readonly [RegExp, string])[] = [
			[/\*Explore\*/, 'notifier-lab explore'],
			[/\*Mail table\*/, 'notifier-lab check --format table'],
			[/red line/, 'notifier-lab check'],
			[/New Sketch/, 'notifier-lab new'],
		];
		for (const [button, command] of commands) if (button.test(page)) expect(page).toContain(command);
	});

	test('has every part', () => {
		expect(lesson.title).toMatch(new RegExp(`^${n + 1}\\. `));
		expect(lesson.goal.length).toBeGreaterThanOrEqual(2);
		expect(lesson.hints.length).toBeGreaterThanOrEqual(2);
		expect(lesson.task.length).toBeGreaterThan(200);
		expect(lesson.closing.length).toBeGreaterThan(200);
		expect(ATTEMPTS[id].length).toBeGreaterThanOrEqual(2);
	});

	test('is open at the start', async () => {
		const judged = await judge(lesson, start, start);
		expect(judged.reached).toBe(false);
		expect(judged.conditions).toHaveLength(lesson.goal.length);
		// what holds already is what has to stay so
		const open = judged.conditions.filter(({ met }) => !met).map(({ words }) => words);
		expect(open.length).toBeGreaterThan(0);
		for (const { words, rule } of lesson.goal)
			if (/is yours|has a second thread|finds (?!no )/.test(rule)) expect(open).toContain(words);
	});

	test('is done with the solution', async () => {
		const judged = await judge(lesson, start, solution);
		expect(open(judged)).toEqual([]);
		const page = renderLesson(lesson, judged, 0, true, false);
		expect(page, 'the closing words show the run').toMatch(/The run of `\w+`:\n\n```text\n[A-Z][\s\S]*\n-{12}/);
	});

	for (const way of OTHER_WAYS[id] ?? [])
		test(`is done with: ${way.name}`, async () => {
			expect(open(await judge(lesson, start, edited(start, way)))).toEqual([]);
		});

	test.each(ATTEMPTS[id].map((attempt) => ({ ...attempt })))('stays open: $name', async (attempt) => {
		const judged = await judge(lesson, start, edited(start, attempt));
		expect(open(judged).join('\n')).toMatch(attempt.why);
		const told = judged.conditions.find((condition) => condition.told)?.told;
		const page = renderLesson(lesson, judged, 0, false, false);
		if (told) expect(page).toContain(`## What your sketch does now\n\n${told.source ? 'The judge' : 'In `'}`);
		expect(page, 'a finding is told with its run').toEqual(
			told ? expect.stringContaining(told.table) : expect.not.stringContaining('## What your sketch does now'),
		);
	});
});

test('a sketch that is as it began is not spoken of', async () => {
	const { lesson, start } = lessonOf('01-an-invalidation');
	const page = renderLesson(lesson, await judge(lesson, start, `${start}\n`), 0, false, false);
	expect(page).toContain('stale-mapping');
	expect(page).not.toContain('What your sketch does now');
});

test('a line that only the judge has is not named, its scenario is shown', async () => {
	const { lesson, start } = lessonOf('01-an-invalidation');
	const everything = start.replace('range)\n{', 'range)\n{\n\tdev_unmap(0, NR_PAGES);');
	const { conditions } = await judge(lesson, start, everything);
	expect(conditions[1]?.why).toBe("only_the_range, a scenario of the judge's own: assertion");
	expect(conditions[1]?.told?.source).toMatch(/^scenario only_the_range \{[\s\S]*\}$/);
});

test.each(['', '\tdev_clear(range->start, range->end);\n'])(
	'no goal of lesson 1 is reached before its range is taken back: %j',
	async (line) => {
		const { lesson, start } = lessonOf('01-an-invalidation');
		const { conditions } = await judge(lesson, start, start.replace('range)\n{\n', `range)\n{\n${line}`));
		expect(conditions.map(({ met }) => met)).toEqual([false, false]);
		expect(lesson.hints[0]).toContain(/: (stale-\w+)/.exec(conditions[0]?.why ?? '')?.[1]);
	},
);

test('the picture of the walkthrough has the lessons by their names', () => {
	const picture = readFileSync(path.join(FOLDER, '../walkthrough/lessons.svg'), 'utf8');
	const texts = [...picture.matchAll(/<text [^>]*>([^<]*)</g)].map(([, text]) => text);
	expect(texts).toEqual(COURSE.flatMap((id) => lessonOf(id).lesson.title.split(/\. /, 2)));
});

test('the last lesson does not say what there is to find', async () => {
	const { lesson, start } = lessonOf('14-find-it-alone');
	const hunt = (thread: string) =>
		`${start}\nscenario hunt {\n\tsetup { driver_init(); }\n\tthread O { ${thread} }\n}\n`;
	for (const text of [start, hunt('munmap(0, 4);')]) {
		const page = renderLesson(lesson, await judge(lesson, start, text), 0, false, false);
		expect(page).not.toMatch(/lock-leak|regions_sem/);
		expect(page).toContain('find it first');
	}
	const found = renderLesson(lesson, await judge(lesson, start, hunt('oom_reap(0, 4);')), 0, false, false);
	expect(found).toContain('still holds regions\\_sem');
});
