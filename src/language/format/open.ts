/** What is open at a place of a text: braces, parentheses, control statements that wait for their statement. */
import type { BraceKind } from './braces.js';
import { TAB } from './line.js';

export interface Brace {
	readonly type: 'brace';
	readonly kind: BraceKind;
	/** All of it on one line. */
	readonly oneLine: boolean;
	/** A list of fields by name that does not fit on one line: each of them has its own. */
	readonly isTable: boolean;
	/** Tabs of the line with the closing brace. */
	readonly indent: number;
}

/** `if`, `for`, `else`, …: what follows is one statement. */
export interface Control {
	readonly type: 'control';
	readonly word: string;
	readonly indent: number;
	/** Its parenthesis is closed. */
	ready: boolean;
}

export interface Parenthesis {
	readonly type: 'parenthesis';
	/** The column that continued lines are aligned with. */
	column: number;
	readonly isHeader: boolean;
	/** A line in it was too long. */
	filled: boolean;
}

export type Context = Brace | Control | Parenthesis;

/** White space of so many tabs. */
export function tabs(n: number): string {
	return '\t'.repeat(n);
}

/** White space up to a column: tabs as far as they go. */
export function align(column: number): string {
	return tabs(Math.floor(column / TAB)) + ' '.repeat(column % TAB);
}
