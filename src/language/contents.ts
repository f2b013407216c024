import { type AstNode, AstUtils } from 'langium';

/** Kept by root: a tree does not change, and is gone through many times for one check. */
const known = new WeakMap<AstNode, readonly AstNode[]>();

/** All nodes of a sketch's or scenario's tree below its root, each before what is in it. */
export function contentsOf(root: AstNode): readonly AstNode[] {
	const found = known.get(root) ?? AstUtils.streamAllContents(root).toArray();
	known.set(root, found);
	return found;
}
