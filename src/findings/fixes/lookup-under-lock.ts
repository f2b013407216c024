import { isIfStatement } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { heldAt, lockLabel, locksOf } from '../text/locks.js';
import { callsOf, following, nameOf, offsetOf, statementOf } from '../text/sketch.js';
import { CHECKS } from './check-under-lock.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** A page that was looked up before the lock may be old by the time of the check (S05): look it up behind it. */
export const lookupUnderLock: Fixer = ({ functions }) =>
	functions.flatMap((f) =>
		callsOf(f, /^cpu_pte$/).flatMap((call): Fix[] => {
			const lookup = statementOf(call);
			if (lookup?.$type !== 'ExpressionStatement' || heldAt(call).length > 0) return [];
			const lock = locksOf(f).find(
				({ statement }) => statement.$container === lookup.$container && offsetOf(statement) > offsetOf(lookup),
			);
			if (lock === undefined) return [];
			const [next] = following(lock.statement);
			const check = next && isIfStatement(next) && callsOf(next.condition, CHECKS).length > 0 ? next : lock.statement;
			const title = `Look the page up with ${nameOf(call)}() under ${lockLabel(lock.call)}`;
			return [{ title, edits: new Edits().remove(lookup).after(check, sourceText(lookup)).list }];
		}),
	);
