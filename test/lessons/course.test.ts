/** Every lesson, played with the judge: it begins open, wrong attempts leave it open, the solution reaches the goal. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { judge } from '../../src/lessons/judge.js';
import { COURSE } from '../../src/lessons/lesson.js';
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
	});

	test('is done with the solution', async () => {
		expect(open(await judge(lesson, start, solution))).toEqual([]);
	});

	for (const way of OTHER_WAYS[id] ?? [])
		test(`is done with: ${way.name}`, async () => {
			expect(open(await judge(lesson, start, edited(start, way)))).toEqual([]);
		});

	test.each(ATTEMPTS[id].map((attempt) => ({ ...attempt })))('stays open: $name', async (attempt) => {
		expect(open(await judge(lesson, start, edited(start, attempt))).join('\n')).toMatch(attempt.why);
	});
});
