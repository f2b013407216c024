import type { AstNode } from 'langium';
import {
	isAssignment,
	isCall,
	isField,
	isIndex,
	isMember,
	isNameRef,
	isParameter,
	isParenthesized,
	isPostfix,
	isUnary,
	isVariable,
} from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import type { Report } from '../../machine/step.js';

/** The pointer that a bad access goes through, as the source has it: `range->hmm_pfns`; undefined where none is to be seen. */
export function pointerIn({ node, message }: Report): string | undefined {
	const called = /^call through/.test(message);
	for (let at: AstNode | undefined = node; at !== undefined; ) {
		if (isAssignment(at)) at = at.target;
		else if (isPostfix(at)) at = at.operand;
		else if (isParenthesized(at)) at = at.inner;
		else if (isUnary(at)) {
			if (at.operator === '*') return sourceText(at.operand);
			at = at.operand;
		} else if (isCall(at)) {
			if (called) return sourceText(at.callee);
			// a primitive of the kernel's: what it was given
			if (isNameRef(at.callee)) {
				const from = /^mem(cpy|move)$/.test(at.callee.target.$refText) && /\bread\b/.test(message);
				const given = at.arguments[from ? 1 : 0];
				return given && sourceText(given);
			}
			at = at.callee;
		} else if (isIndex(at)) {
			if (/^index into/.test(message) || isPointer(at.array)) return sourceText(at.array);
			at = at.array;
		} else if (isMember(at)) {
			if (at.operator === '->') return sourceText(at.object);
			at = at.object;
		} else return isNameRef(at) && at === node ? sourceText(at) : undefined;
	}
	return undefined;
}

/** Declared as a pointer, so that its elements lie elsewhere than itself. */
function isPointer(at: AstNode): boolean {
	const declared = isMember(at) ? at.field.ref : isNameRef(at) ? at.target.ref : undefined;
	return (
		(isField(declared) || isVariable(declared) || isParameter(declared)) &&
		declared.stars.length > 0 &&
		declared.dims.length === 0
	);
}
