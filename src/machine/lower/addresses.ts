import { type AstNode, AstUtils } from 'langium';
import {
	type Expression,
	isIndex,
	isMember,
	isNameRef,
	isParameter,
	isParenthesized,
	isUnary,
	isVariable,
} from '../../language/generated/ast.js';

const addressTaken = new WeakMap<AstNode, ReadonlySet<AstNode>>();

/** Variables of a function whose address is taken. Trees do not change, so that those of the kernel are looked at once. */
export function addressTakenIn(owner: AstNode): ReadonlySet<AstNode> {
	let found = addressTaken.get(owner);
	if (found === undefined) {
		const taken = new Set<AstNode>();
		for (const node of AstUtils.streamAllContents(owner)) {
			if (!isUnary(node) || node.operator !== '&') continue;
			const base = baseVariable(node.operand);
			if (base !== undefined) taken.add(base);
		}
		found = taken;
		addressTaken.set(owner, found);
	}
	return found;
}

/** The local or parameter of which `expression` is a part, without going through a pointer. */
function baseVariable(expression: Expression): AstNode | undefined {
	if (isParenthesized(expression)) return baseVariable(expression.inner);
	if (isMember(expression)) return expression.operator === '.' ? baseVariable(expression.object) : undefined;
	if (isIndex(expression)) return baseVariable(expression.array);
	if (isNameRef(expression)) {
		const target = expression.target.ref;
		return isVariable(target) || isParameter(target) ? target : undefined;
	}
	return undefined;
}
