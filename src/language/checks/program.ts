/** The checks that need all files of a program. */

import type { LinkedFile } from '../load.js';
import type { Problem } from '../problem.js';
import type { Program } from '../program.js';

/** Checks what only the whole program shows. */
export function checkProgram(_program: Program, _files: readonly LinkedFile[]): Problem[] {
	return [];
}
