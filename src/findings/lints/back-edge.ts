import { type AstNode, AstUtils } from 'langium';
import {
	type Call,
	isBlock,
	isCall,
	isFunctionDecl,
	isGotoStatement,
	isIfStatement,
	isNameRef,
	type Statement,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceText, spanOf } from '../../language/text.js';
import type { Problem } from '../result.js';
import { foretell } from './callbacks.js';

export const LOCK =
	/^(mutex_lock|(?:raw_)?spin_lock|down_read|down_write)(?:_killable|_interruptible|_irq|_bh|_irqsave|_nested)?$/;
const UNLOCK = /^(mutex_unlock|(?:raw_)?spin_unlock|up_read|up_write)(?:_irq|_bh|_irqrestore)?$/;

/** `goto again` that goes back to before a lock was taken, with the lock (S01). */
export function backEdge(program: Program): Problem[] {
	return program.root.items.filter(isFunctionDecl).flatMap((f) =>
		[...AstUtils.streamAllContents(f)].flatMap((node) => {
			const label = isGotoStatement(node) ? node.label?.ref : undefined;
			if (label === undefined || offsetOf(label) >= offsetOf(node)) return [];
			const [lock] = heldAt(node, offsetOf(label));
			return lock === undefined
				? []
				: [foretell('deadlock', spanOf(node), `goes back to take ${lock} again and still holds it`)];
		}),
	);
}

/** Locks that are taken between `from` and a node, and not released again. */
export function heldAt(node: AstNode, from: number): Set<string> {
	const held = new Set<string>();
	for (const statement of pathTo(node, from)) follow(statement, held);
	return held;
}

/** The last name of the lock that a call takes: callback and reader reach it by different pointers. */
export function lockOf(call: Call): string | undefined {
	const [lock] = call.arguments;
	return lock && sourceText(lock).replace(/^&?(.*(->|\.))?/, '');
}

const offsetOf = (node: AstNode): number => node.$cstNode?.offset ?? 0;

/** The statements behind `from` that come before `node` in the blocks around it, in order. */
function pathTo(node: AstNode, from: number): Statement[] {
	const path: Statement[] = [];
	for (let at = node; at.$container !== undefined; at = at.$container) {
		const block = at.$container;
		if (!isBlock(block)) continue;
		path.unshift(
			...block.statements.slice(0, block.statements.indexOf(at as Statement)).filter((s) => offsetOf(s) > from),
		);
	}
	return path;
}

/** Locks and unlocks of a statement; branches that leave do not lie on the way. */
function follow(statement: Statement, held: Set<string>): void {
	for (const node of [statement, ...AstUtils.streamAllContents(statement)]) {
		if (!isCall(node) || !isNameRef(node.callee) || node.arguments[0] === undefined) continue;
		if (leaves(node, statement)) continue;
		const lock = sourceText(node.arguments[0]).replace(/^&/, '');
		if (LOCK.test(node.callee.target.$refText)) held.add(lock);
		else if (UNLOCK.test(node.callee.target.$refText)) held.delete(lock);
	}
}

/** Is the node in a branch of `outer` that ends with a jump? */
function leaves(node: AstNode, outer: AstNode): boolean {
	for (let at = node; at !== outer && at.$container !== undefined; at = at.$container) {
		if (!isIfStatement(at.$container) || at === at.$container.condition) continue;
		const last = isBlock(at) ? at.statements[at.statements.length - 1] : at;
		if (last !== undefined && /^(Return|Goto|Break|Continue)Statement$/.test(last.$type)) return true;
	}
	return false;
}
