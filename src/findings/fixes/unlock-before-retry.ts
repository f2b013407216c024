import type { AstNode } from 'langium';
import {
	type FunctionDecl,
	isContinueStatement,
	isDoStatement,
	isForStatement,
	isGotoStatement,
	isWhileStatement,
	type Statement,
} from '../../language/generated/ast.js';
import { heldAt, lockLabel, releaseOf } from '../text/locks.js';
import { allOf, offsetOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** `goto again` with a lock that is taken again there: the lock has to be released first (S01). */
export const unlockBeforeRetry: Fixer = ({ functions }) =>
	functions.flatMap((f): Fix[] => {
		const jumps = retriesOf(f).filter(({ held }) => held.length > 0);
		const [first] = jumps;
		if (first === undefined) return [];
		const edits = new Edits();
		for (const { jump, held } of jumps) edits.before(jump, ...held.map(releaseOf).reverse());
		const locks = [...new Set(jumps.flatMap(({ held }) => held.map(lockLabel)))].join(' and ');
		return [{ title: `Unlock ${locks} before the retry`, edits: edits.list }];
	});

/** The jumps against the text, with the locks that were taken since where they lead. */
function retriesOf(f: FunctionDecl) {
	return allOf(f).flatMap((node) => {
		const target = isGotoStatement(node) ? node.label?.ref : isContinueStatement(node) ? loopOf(node) : undefined;
		if (target === undefined || offsetOf(target) >= offsetOf(node)) return [];
		return [{ jump: node as Statement, held: heldAt(node, offsetOf(target)) }];
	});
}

function loopOf(node: AstNode): AstNode | undefined {
	let at: AstNode | undefined = node.$container;
	while (at !== undefined && !isWhileStatement(at) && !isDoStatement(at) && !isForStatement(at)) at = at.$container;
	return at;
}
