import { AstUtils } from 'langium';
import { type FunctionDecl, isCall, isNameRef, isUnary } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceText } from '../../language/text.js';
import type { Type } from '../../language/types.js';

/* What the environment passes to functions, as far as it is no object. */

/** Where a user's buffer is: on the first page, or nowhere. */
export const BUFFERS = '(any(0, 1) ? 0 : NR_PAGES)';

export const ofUser = (to: Type): string => `${to.kind === 'struct' ? `struct ${to.name}` : 'void'} __user *`;

export const localOf = (parameter: string): string => `of_${parameter}`;

/** A parameter that is used as `*p` only leads to a single number, which is the caller's own. */
export function isOwnLocal(f: FunctionDecl, n: number, to: Type): boolean {
	const parameter = f.parameters[n];
	if (to.kind !== 'int' || parameter === undefined || f.body === undefined) return false;
	if (/^(.*_)?p?(pos|off|offset)$/.test(parameter.name ?? '')) return true;
	const uses = [...AstUtils.streamAllContents(f.body)].filter((x) => isNameRef(x) && x.target.ref === parameter);
	return uses.length > 0 && uses.every((x) => isUnary(x.$container) && x.$container.operator === '*');
}

/** Numbers of pages that the sketch hands to the kernel: `dev_map(0, 4)`. */
export function literalsIn(program: Program, few: number, most: number): number[] {
	return program.files
		.filter((f) => !f.kernel)
		.flatMap(({ root }) => [...AstUtils.streamAllContents(root)])
		.flatMap((n) =>
			isCall(n) && isNameRef(n.callee) && /^dev_|notifier_insert/.test(n.callee.target.$refText) ? n.arguments : [],
		)
		.flatMap((a) => (a.$type === 'NumberLiteral' ? [Number(sourceText(a))] : []))
		.filter((n) => n > few && n <= most);
}
