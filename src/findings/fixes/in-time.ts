import { isBlock, isExpressionStatement, isWhileStatement } from '../../language/generated/ast.js';
import { heldAt, lockLabel, RELEASES, releaseOf, takeOf } from '../text/locks.js';
import { allOf, callsOf, nameOf, siblingOf } from '../text/sketch.js';
import { Edits, rawText } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** A page of hmm_range_fault() has no reference: it is there for as long as the lock keeps the callback out (hmm.rst). */
export const referenceUnderLock: Fixer = ({ functions, blamed }) =>
	/has no reference to it/.test(blamed.message)
		? functions.flatMap((f) =>
				callsOf(f, /^(get_page|folio_get)$/).flatMap((call): Fix[] => {
					const unlock = callsOf(f, RELEASES)
						.map((c) => c.$container)
						.findLast((s) => isExpressionStatement(s) && siblingOf(call, s) !== undefined);
					if (!unlock || !isExpressionStatement(unlock) || !isBlock(unlock.$container)) return [];
					const statement = siblingOf(call, unlock);
					const { statements } = unlock.$container;
					if (!statement || statements.indexOf(statement) < statements.indexOf(unlock)) return [];
					return [
						{
							title: `Take the reference before ${nameOf(callsOf(unlock, RELEASES)[0] as typeof call)}()`,
							edits: new Edits().remove(statement).before(unlock, rawText(statement)).list,
						},
					];
				}),
			)
		: [];

/** Who spins for what others do under a lock lets go of it between two looks. */
export const releaseWhileSpinning: Fixer = ({ functions }) =>
	functions.flatMap((f) =>
		allOf(f)
			.filter(isWhileStatement)
			.flatMap((loop): Fix[] => {
				const [lock, ...more] = heldAt(loop);
				const body = isBlock(loop.body) ? loop.body.statements : [loop.body];
				const [only] = body;
				if (!lock || more.length > 0 || !only || body.length > 1) return [];
				if (!isExpressionStatement(only) || callsOf(only, /^(cpu_relax|cond_resched|schedule)$/).length === 0)
					return [];
				const edits = new Edits().surround(only, [releaseOf(lock)], [takeOf(lock)]);
				return [{ title: `Release ${lockLabel(lock)} between two looks`, edits: edits.list }];
			}),
	);
