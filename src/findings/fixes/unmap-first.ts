import { isBlock, isFunctionDecl, isReturnStatement } from '../../language/generated/ast.js';
import { callsOf, following, nameOf, statementOf } from '../text/sketch.js';
import { Edits, rawText } from './edits.js';
import type { Fix, Fixer } from './fix.js';

const REMOVES = /^(mmu_(interval_)?notifier_(remove|unregister|put)|unpin_user_page|put_page)$/;

/** Once the notifier is gone, nobody tells of what is still mapped (S39), and without a pin the page may go: unmap first. */
export const unmapFirst: Fixer = ({ program }) =>
	program.root.items
		.filter(isFunctionDecl)
		.flatMap((f) => callsOf(f, REMOVES))
		.flatMap((call): Fix[] => {
			const statement = statementOf(call);
			if (!statement || !isBlock(statement.$container)) return [];
			const later = following(statement).filter((s) => !isReturnStatement(s));
			const unmap = later.findIndex((s) => callsOf(s, /^dev_(unmap|clear)$/).length > 0);
			// the lock around it, too
			const last = later.slice(unmap).find((_, n, all) => {
				const next = all[n + 1];
				return next === undefined || callsOf(next, /unlock|^up_/).length === 0;
			});
			if (unmap < 0 || last === undefined) return [];
			return [
				{
					title: `Unmap before ${nameOf(call)}()`,
					edits: new Edits().remove(statement).after(last, rawText(statement)).list,
				},
			];
		});
