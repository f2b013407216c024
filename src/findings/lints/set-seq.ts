import { type AstNode, AstUtils } from 'langium';
import { isIfStatement, isMember, isNameRef, isReturnStatement } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { spanOf } from '../../language/text.js';
import type { Problem } from '../result.js';
import { callbacksOf, callsIn, foretell } from './callbacks.js';

/** An interval callback that accepts a range before mmu_interval_set_seq(), or never calls it. */
export function setSeq(program: Program): Problem[] {
	return callbacksOf(program).flatMap(({ operation, function: f }) => {
		if (operation !== 'invalidate' && operation !== 'invalidate_start') return [];
		const sets = callsIn(program, f).filter((c) => c.name === 'mmu_interval_set_seq');
		const first = Math.min(...sets.map((c) => c.at.$cstNode?.offset ?? 0));
		const accepts = [...AstUtils.streamAllContents(f)].filter(
			(n) =>
				isReturnStatement(n) &&
				n.value !== undefined &&
				isNameRef(n.value) &&
				n.value.target.$refText === 'true' &&
				!isOwnDoing(n),
		);
		const last = accepts[accepts.length - 1];
		if (last === undefined) return [];
		if (sets.length === 0)
			return [foretell('contract', spanOf(last), `${f.name}() accepts ranges and never calls mmu_interval_set_seq()`)];
		return accepts
			.filter((n) => (n.$cstNode?.offset ?? 0) < first)
			.map((n) =>
				foretell(
					'contract',
					spanOf(n),
					`${f.name}() accepts a range before mmu_interval_set_seq(): whoever began to read cannot tell`,
				),
			);
	});
}

/** Under a test of `->owner`: what the driver itself has started takes no pages from it (include/linux/mmu_notifier.h). */
function isOwnDoing(node: AstNode): boolean {
	for (let at: AstNode | undefined = node; at !== undefined; at = at.$container) {
		if (!isIfStatement(at)) continue;
		const asks = [at.condition, ...AstUtils.streamAllContents(at.condition)];
		if (asks.some((n) => isMember(n) && n.field.$refText === 'owner')) return true;
	}
	return false;
}
