/**
 * What is wrong with a text, and where: plain data, the same for editor and command line.
 * Lines and columns count from 1, as in `--format json`.
 */

/** How bad a finding or problem is. Only `error` makes a scenario fail. */
export type Severity = 'error' | 'warning' | 'info' | 'hint';

/** A range of text in one file. `uri` is `file:` for a user's file, `mmn-kernel:` for a file of the simulated kernel. */
export interface Span {
	readonly uri: string;
	readonly line: number;
	readonly column: number;
	readonly endLine: number;
	readonly endColumn: number;
}

/** Something wrong with the text itself: syntax, names, types, what the language does not have. */
export interface Problem {
	readonly code: string;
	readonly severity: Severity;
	readonly message: string;
	readonly span: Span;
}

/** The codes of problems. Findings have codes of their own (finding-codes.ts). */
export type ProblemCode = 'syntax' | 'name' | 'type' | 'unsupported' | 'include' | 'scenario' | 'duplicate';

export { sourceText, spanOf } from './text.js';
