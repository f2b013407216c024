import type { AstNode } from 'langium';
import type { FunctionDecl, MacroDecl, Variable } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import type { Type } from '../../language/types.js';
import type { FunctionCode } from '../ir.js';

/** A number in a template that each scenario fills in for itself: where a global lies, which index a function or layout has. */
export type Link =
	| { readonly kind: 'global'; readonly constant: number; readonly node: Variable | MacroDecl }
	| { readonly kind: 'function'; readonly constant: number; readonly node: FunctionDecl }
	| { readonly kind: 'call'; readonly pc: number; readonly node: FunctionDecl }
	| {
			readonly kind: 'layout';
			readonly constant: number;
			readonly name: string;
			readonly type: Type | undefined;
			readonly cells: number;
	  }
	| {
			readonly kind: 'local';
			readonly local: number;
			readonly name: string;
			readonly type: Type;
			readonly cells: number;
	  };

/** The code of a function before it is linked into the module of a scenario: the same for every scenario of a program. */
export interface Template {
	readonly code: FunctionCode;
	/** In the order in which they came up: functions and globals are numbered by it. */
	readonly links: readonly Link[];
}

const templates = new WeakMap<Program, Map<string, Map<AstNode, Template>>>();

/** Templates of a program's functions for an address space of `pages` pages: lowering costs more than all the rest of a small scenario. */
export function templatesOf(program: Program, pages: number, config: ReadonlySet<string>): Map<AstNode, Template> {
	let bySize = templates.get(program);
	if (bySize === undefined) {
		bySize = new Map();
		templates.set(program, bySize);
	}
	// __config() is a constant of the code
	const size = `${pages}${config.has('vma_lock') ? ' vma_lock' : ''}`;
	let found = bySize.get(size);
	if (found === undefined) {
		found = new Map();
		bySize.set(size, found);
	}
	return found;
}
