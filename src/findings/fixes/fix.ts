import type { FunctionDecl } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import type { Span } from '../result.js';
import type { Edit } from './edits.js';

/** What is to be fixed: a finding, a hint or a problem of the text. */
export interface Blamed {
	readonly code: string;
	readonly message: string;
	readonly span: Span;
	/** All places in the user's files that have to do with it: related ones, steps of its run. */
	readonly places: readonly Span[];
}

/** What a fix gets to work with. */
export interface FixContext {
	readonly program: Program;
	readonly blamed: Blamed;
	/** The sketch's functions that take part: the blamed one first, then those of other places, then the callbacks. */
	readonly functions: readonly FunctionDecl[];
}

/** A change that may cure the finding. Whether it does is found out by checking the changed sketch. */
export interface Fix {
	/** In the imperative: `Unlock fault_lock before the retry`. */
	readonly title: string;
	readonly edits: readonly Edit[];
	/** Of fixes of one group that leave nothing to find, the first is enough. */
	readonly group?: string;
}

/** One kind of fix: all the ways in which it could be applied here, the likeliest first. Looks at the text only. */
export type Fixer = (context: FixContext) => readonly Fix[];
