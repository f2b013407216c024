/** The checks that need one file and what it sees. */

import { AstUtils } from 'langium';
import { type Call, type File, isCall } from '../generated/ast.js';
import type { FileScope } from '../names.js';
import type { Report } from '../report.js';

/** Checks one linked file; returns its calls by name, for the checks of the whole program. */
export function checkFile(root: File, _scope: FileScope, _report: Report): Call[] {
	return AstUtils.streamAllContents(root).filter(isCall).toArray();
}
