import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildingFolder } from './once.js';

/** The folder of the repository. */
export const root = path.resolve(import.meta.dirname, '..');

/** Longer than any build, in ms. */
const PATIENCE = 120_000;

/**
 * The path of a file in dist/, built as it ships from what src/ is now: once for all processes of a run, since a file is not to be
 * read while it is written.
 */
export function built(file: string): string {
	const folder = buildingFolder();
	const done = path.join(folder, 'done');
	try {
		mkdirSync(folder);
	} catch {
		for (
			const end = Date.now() + PATIENCE;
			!existsSync(done);
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
		)
			if (Date.now() > end)
				throw new Error('another process of this run has begun to build dist/, and has not finished');
		return existing(file, '');
	}
	let output = '';
	try {
		execFileSync(process.execPath, ['esbuild.js'], { cwd: root, stdio: 'pipe' });
	} catch (error) {
		// Another bundle may be broken; what counts is the one that is asked for.
		output = String((error as { stderr?: unknown }).stderr ?? error);
	}
	writeFileSync(done, output);
	return existing(file, output);
}

function existing(file: string, output: string): string {
	const target = path.join(root, 'dist', file);
	const time = statSync(target, { throwIfNoEntry: false })?.mtimeMs ?? 0;
	if (time + 1000 < statSync(buildingFolder()).birthtimeMs)
		throw new Error(`esbuild.js has not written dist/${file}\n${output}`);
	return target;
}
