/** What ships is built beside what is there, and takes its place file by file. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';

const { replaceFolder } = createRequire(import.meta.url)('../esbuild.js') as {
	replaceFolder(from: string, to: string): void;
};

const folder = mkdtempSync(path.join(tmpdir(), 'dist-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): void {
	const file = path.join(folder, name);
	mkdirSync(path.dirname(file), { recursive: true });
	writeFileSync(file, text);
}

test('a new build replaces the old one, with nothing of it left', () => {
	write('old/server.js', 'old');
	write('old/web/gone.js.map', 'old');
	write('new/server.js', 'new');
	write('new/web/server.js', 'new');
	replaceFolder(path.join(folder, 'new'), path.join(folder, 'old'));
	expect(readdirSync(path.join(folder, 'old'), { recursive: true }).sort()).toEqual([
		'server.js',
		'web',
		path.join('web', 'server.js'),
	]);
	expect(readFileSync(path.join(folder, 'old/server.js'), 'utf8')).toBe('new');
	replaceFolder(path.join(folder, 'old'), path.join(folder, 'fresh'));
	expect(readFileSync(path.join(folder, 'fresh/web/server.js'), 'utf8')).toBe('new');
});
