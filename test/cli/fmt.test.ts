import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Status, UsageError } from '../../src/cli/console.js';
import { fmt } from '../../src/cli/fmt.js';
import { root } from '../build.js';
import { folderWith, memoryConsole } from './run.js';

const UGLY = 'static int f( int a ){return a*2;}\n';
const STYLED = 'static int f(int a) { return a * 2; }\n';

test('files are brought into style in place, folders with all their sketches', async () => {
	const folder = folderWith({ 'a.mmn': UGLY, 'b/c.mmn': UGLY, 'b/fine.mmn': STYLED });
	const console = memoryConsole(folder);
	expect(await fmt(['a.mmn', 'b'], console)).toBe(Status.ok);
	for (const file of ['a.mmn', 'b/c.mmn', 'b/fine.mmn'])
		expect(readFileSync(path.join(folder, file), 'utf8')).toBe(STYLED);
	expect(console.stdout + console.stderr).toBe('');
});

test('--check writes nothing and names what is not in style', async () => {
	const folder = folderWith({ 'a.mmn': UGLY, 'fine.mmn': STYLED });
	const console = memoryConsole(folder);
	expect(await fmt(['--check', '.'], console)).toBe(Status.unexpected);
	expect(console.stdout).toBe('a.mmn\n');
	expect(readFileSync(path.join(folder, 'a.mmn'), 'utf8')).toBe(UGLY);
	expect(await fmt(['--check', 'fine.mmn'], console)).toBe(Status.ok);
});

test('standard input goes to standard output', async () => {
	const console = memoryConsole('/', {
		stdin: (async function* () {
			yield new TextEncoder().encode(UGLY);
		})(),
	});
	expect(await fmt(['-'], console)).toBe(Status.ok);
	expect(console.stdout).toBe(STYLED);
});

test('what cannot be read is said, and nothing to do is a mistake', async () => {
	const console = memoryConsole(folderWith({}));
	expect(await fmt(['gone.mmn'], console)).toBe(Status.usage);
	expect(console.stderr).toContain('gone.mmn');
	await expect(fmt([], console)).rejects.toThrow(UsageError);
});

test('what ships is in style', async () => {
	const console = memoryConsole(root);
	expect(await fmt(['--check', 'media/lessons', 'media/sketches', 'media/templates'], console)).toBe(Status.ok);
	expect(console.stdout).toBe('');
});
