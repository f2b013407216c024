import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'vitest';

/**
 * Compares `actual` with the golden file at `path`. A difference leaves `PATH.actual` beside it, to be looked at with
 * `diff`; `UPDATE_GOLDEN=1` writes the golden file instead. A golden file that is missing is a failure.
 */
export function expectGolden(actual: string, path: string): void {
	if (process.env.UPDATE_GOLDEN === '1') {
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, actual);
	}
	let golden: string | undefined;
	try {
		golden = readFileSync(path, 'utf8');
	} catch {
		golden = undefined;
	}
	if (golden === actual) rmSync(`${path}.actual`, { force: true });
	else writeFileSync(`${path}.actual`, actual);
	expect(actual, `differs from ${path}; UPDATE_GOLDEN=1 accepts what is now in ${path}.actual`).toBe(golden);
}
