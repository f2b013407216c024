import { type AstNode, AstUtils } from 'langium';
import { isCall, isFunctionDecl, isNameRef } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { spanOf } from '../../language/text.js';
import type { Problem } from '../result.js';
import { heldAt, lockName, TAKES } from '../text/locks.js';
import { callbacksOf, callsIn, foretell } from './callbacks.js';

/** mmu_interval_read_retry() without any lock that a callback takes: an invalidation may come right behind it (S29). */
export function unlockedCheck(program: Program): Problem[] {
	const taken = new Set(
		callbacksOf(program)
			.filter(({ operation }) => operation === 'invalidate')
			.flatMap(({ function: f }) => callsIn(program, f).filter((c) => TAKES.test(c.name)))
			.flatMap(({ call }) => lockName(call)),
	);
	if (taken.size === 0) return [];
	const functions = program.root.items.filter(isFunctionDecl);
	// whoever calls it may have the lock
	const called = new Set<AstNode>(
		functions.flatMap((f) =>
			[...AstUtils.streamAllContents(f)].flatMap((n) => (isNameRef(n) && n.target.ref ? [n.target.ref] : [])),
		),
	);
	return functions
		.filter((f) => !called.has(f))
		.flatMap((f) =>
			[...AstUtils.streamAllContents(f)].flatMap((node) => {
				if (!isCall(node) || !isNameRef(node.callee)) return [];
				if (node.callee.target.$refText !== 'mmu_interval_read_retry') return [];
				if (heldAt(node).some((lock) => taken.has(lockName(lock)))) return [];
				return [
					foretell(
						'stale-mapping',
						spanOf(node),
						`${f.name}() checks without ${[...taken].join(' or ')}, which the callback takes: an invalidation may come right behind the check`,
					),
				];
			}),
		);
}
