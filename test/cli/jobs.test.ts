import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { built, root } from '../build.js';
import { run } from './run.js';

let cli: string;
beforeAll(() => {
	cli = built('cli.js');
}, 60_000);

const files = [
	'media/sketches/seed-wait-valid.mmn',
	'test/corpus/locks/s60-wait-event.mmn',
	'media/sketches/seed-eagain.mmn',
].map((file) => path.join(root, file));
const withoutTime = (text: string): string => text.replace(/"milliseconds": \d+/g, '');

test('--jobs checks in several threads and says the same, in the same order', async () => {
	const one = await run(cli, ['check', ...files, '--format', 'json']);
	const three = await run(cli, ['check', ...files, '--format', 'json', '--jobs', '3']);
	expect(withoutTime(three.stdout)).toBe(withoutTime(one.stdout));
	expect(JSON.parse(three.stdout).files).toHaveLength(files.length);
	expect(three.status).toBe(one.status);
}, 30_000);

test('--jobs 0 is no number of threads', async () => {
	const { status, stderr } = await run(cli, ['check', ...files, '--jobs', '0']);
	expect(stderr).toMatch(/--jobs needs a whole number greater than zero/);
	expect(status).toBe(2);
});
