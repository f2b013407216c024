/** What every check of a file is given. */

import type { FileScope } from '../names.js';
import type { Report } from '../report.js';
import type { Semantics } from '../semantics.js';

export interface CheckContext {
	readonly semantics: Semantics;
	readonly report: Report;
	readonly scope: FileScope;
	/** A file of the simulated kernel: it may do a few things that sketches may not. */
	readonly kernel: boolean;
}
