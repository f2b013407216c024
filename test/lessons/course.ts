/** The lessons as they ship. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseLesson } from '../../src/lessons/lesson.js';
import { root } from '../build.js';

export const FOLDER = path.join(root, 'media/lessons');

const read = (file: string) => readFileSync(path.join(FOLDER, file), 'utf8');

export function lessonOf(id: string) {
	return { lesson: parseLesson(read(`${id}.md`)), start: read(`${id}.mmn`), solution: read(`${id}.solution.mmn`) };
}
