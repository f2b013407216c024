import { isUnary } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { allOf, callsOf, following, functionAt, returnsOf, statementOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

const TAKES = /^(get|pin)_user_pages(_fast|_remote)?$/;

/** A page that was got hold of, and that a way out with an error forgets. */
export const givePageBack: Fixer = ({ program, blamed }) => {
	const f = functionAt(program, blamed.span);
	const gives = /Call (unpin_user_page|put_page)\(\) on every way out/.exec(blamed.message)?.[1];
	if (f === undefined || gives === undefined) return [];
	return callsOf(f, TAKES).flatMap((take): Fix[] => {
		const page = take.arguments.find((a) => isUnary(a) && a.operator === '&');
		const statement = statementOf(take);
		if (page === undefined || statement === undefined) return [];
		const later = new Set(following(statement).flatMap(allOf));
		const errors = returnsOf(f).filter(
			(r) => later.has(r) && r.value !== undefined && /^(-|[a-z]\w*$)/.test(sourceText(r.value)),
		);
		const edits = new Edits();
		const call = `${gives}(${sourceText(page).replace(/^&\s*/, '')});`;
		// what is given back already needs no second time
		const given = new Set(callsOf(f, new RegExp(`^${gives}$`)).flatMap((c) => following(statementOf(c) ?? statement)));
		const open = errors.filter((r) => !given.has(r));
		for (const exit of open) edits.before(exit, call);
		return open.length > 0 ? [{ title: `Call ${gives}() on the way out`, edits: edits.list }] : [];
	});
};
