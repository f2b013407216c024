import { AstUtils } from 'langium';
import { type FunctionDecl, isReturnStatement, isUnary } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceText, spanOf } from '../../language/text.js';
import type { Problem } from '../result.js';
import { callbacksOf, foretell } from './callbacks.js';

/** A start callback that refuses: whatever it is asked, or with an end callback beside it. */
export function refuses(program: Program): Problem[] {
	// before c2655835fd8c the caller of a start that failed called no end
	const endFollows = program.files.some((file) => /\/mn\/list\.mmn$/.test(file.uri));
	return callbacksOf(program).flatMap(({ operation, function: f, beside }) => {
		if (operation !== 'invalidate_range_start') return [];
		return refusalsIn(f).flatMap((refusal) => {
			const hints: Problem[] = [];
			if (!/blockable/i.test(sourceText(f)))
				hints.push(
					foretell(
						'contract',
						spanOf(refusal),
						`${f.name}() refuses without asking mmu_notifier_range_blockable(): the kernel goes on with a blockable invalidation all the same`,
					),
				);
			if (endFollows && beside.includes('invalidate_range_end'))
				hints.push(
					foretell(
						'contract',
						spanOf(refusal),
						`${f.name}() can fail, and there is an end callback, which is called all the same (c2655835fd8c)`,
					),
				);
			return hints;
		});
	});
}

/** `return -EAGAIN;` and its like. */
const refusalsIn = (f: FunctionDecl) =>
	[...AstUtils.streamAllContents(f)].filter(
		(n) => isReturnStatement(n) && n.value !== undefined && isUnary(n.value) && n.value.operator === '-',
	);
