import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';

/** The folder of the repository. */
export const root = path.resolve(import.meta.dirname, '..');

/** Builds dist/ as it ships and returns the path of `file` in it, which is new then. Takes about a second. */
export function built(file: string): string {
	const target = path.join(root, 'dist', file);
	const began = Date.now();
	let output = '';
	try {
		execFileSync(process.execPath, ['esbuild.js'], { cwd: root, stdio: 'pipe' });
	} catch (error) {
		// Another bundle may be broken; what counts is this one.
		output = String((error as { stderr?: unknown }).stderr ?? error);
	}
	const time = statSync(target, { throwIfNoEntry: false })?.mtimeMs ?? 0;
	if (time + 1000 < began) throw new Error(`esbuild.js has not written dist/${file}\n${output}`);
	return target;
}
