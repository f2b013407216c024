import type { AstNode } from 'langium';
import type { FunctionDecl, MacroDecl, Variable } from '../../language/generated/ast.js';
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

/** What was asked of the program when something was worked out: it holds in another program that answers the same. */
export interface Resolved {
	/** What names led to. */
	readonly functions: ReadonlyMap<string | FunctionDecl, FunctionDecl | undefined>;
	/** Is the name used in the sketch? `__uses()` is a constant of the code. */
	readonly used: ReadonlyMap<string, boolean>;
}

/** The code of a function before it is linked into the module of a scenario: the same for every scenario of a program. */
export interface Template {
	readonly code: FunctionCode;
	/** In the order in which they came up: functions and globals are numbered by it. */
	readonly links: readonly Link[];
	readonly resolved: Resolved;
}

/** By function, then by variant. The kernel's trees live as long as the process, a sketch's until its next edit. */
const templates = new WeakMap<AstNode, Map<string, Template>>();

/** The template of a function in a variant: what its code is made for, such as the number of pages. Lowering costs more than all the rest of a small scenario. */
export const templateOf = (node: AstNode, variant: string): Template | undefined => templates.get(node)?.get(variant);

export function keepTemplate(node: AstNode, variant: string, template: Template): void {
	let variants = templates.get(node);
	if (variants === undefined) {
		variants = new Map();
		templates.set(node, variants);
	}
	variants.set(variant, template);
}
