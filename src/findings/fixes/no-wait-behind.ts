import { isExpressionStatement } from '../../language/generated/ast.js';
import { callsOf, following, nameOf, statementOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/**
 * Unregistration has waited for the callbacks that ran, and none runs behind it: who waits for one then waits for ever
 * (S83; umem_odp.c of 2014 to 2019 says so of its count).
 */
export const noWaitBehind: Fixer = ({ functions }) =>
	functions.flatMap((f) =>
		callsOf(f, /^mmu_(notifier_unregister|interval_notifier_remove)$/).flatMap((call): Fix[] => {
			const statement = statementOf(call);
			if (!statement) return [];
			return following(statement)
				.filter((s) => isExpressionStatement(s) && callsOf(s, /^wait_(event|for_completion)/).length > 0)
				.map((wait) => ({ title: `Do not wait behind ${nameOf(call)}()`, edits: new Edits().remove(wait).list }));
		}),
	);
