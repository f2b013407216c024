/** Walking a tree. */

import type { AstNode } from 'langium';
import type { MmnAstType } from './generated/ast.js';

/** A node of any type, told apart by `$type`. */
export type Node = MmnAstType[keyof MmnAstType];

/** The nodes right below a node, in the order of the text. */
export function* children(node: AstNode): Iterable<AstNode> {
	for (const key of Object.keys(node)) {
		if (key.startsWith('$')) continue;
		const value: unknown = node[key as keyof AstNode];
		if (Array.isArray(value)) {
			for (const item of value) if (isNode(item)) yield item;
		} else if (isNode(value)) {
			yield value;
		}
	}
}

function isNode(value: unknown): value is AstNode {
	return typeof value === 'object' && value !== null && typeof (value as AstNode).$type === 'string';
}

/** Calls `visit` for a node and everything below it, outermost first. */
export function walk(node: AstNode, visit: (node: Node) => void): void {
	visit(node as Node);
	for (const child of children(node)) walk(child, visit);
}

/** The expression without the parentheses around it. */
export function unwrap<T extends AstNode>(expression: T): T {
	let at: AstNode = expression;
	while (at.$type === 'Parenthesized') at = (at as unknown as { inner: AstNode }).inner;
	return at as T;
}
