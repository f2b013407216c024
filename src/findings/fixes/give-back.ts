import { callsOf, functionAt, nameOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** Pins and references are given back by different calls (Documentation/core-api/pin_user_pages.rst). */
const OTHER: Readonly<Record<string, string>> = { put_page: 'unpin_user_page', unpin_user_page: 'put_page' };

/** A page that is given back by the call for the other kind. */
export const giveBack: Fixer = ({ program, blamed }) => {
	const f = functionAt(program, blamed.span);
	return callsOf(f ?? program.root, /^(put_page|unpin_user_page)$/)
		.filter((call) => (call.$cstNode?.range.start.line ?? -1) + 1 === blamed.span.line)
		.map((call): Fix => {
			const other = OTHER[nameOf(call)] ?? '';
			return { title: `Give it back with ${other}()`, edits: new Edits().replace(call.callee, other).list };
		});
};
