import { isBlock, isReturnStatement, type Statement } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { heldAt, lockLabel, lockText, RELEASES, releaseOf } from '../text/locks.js';
import { callsOf, returnsOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** A way out of a function with a lock that other ways out release (S59). */
export const unlockOnError: Fixer = ({ functions, blamed }) =>
	functions.flatMap((f): Fix[] => {
		const exits: Statement[] = returnsOf(f);
		const fixes: Fix[] = [];
		const all = new Edits();
		const locks = new Set<string>();
		for (const exit of exits) {
			const held = heldAt(exit);
			if (held.length === 0) continue;
			all.before(exit, ...held.map(releaseOf).reverse());
			for (const call of held) locks.add(lockLabel(call));
		}
		if (locks.size > 0) fixes.push({ title: `Unlock ${[...locks].join(' and ')} on the way out`, edits: all.list });
		const blamedExit = exits.find(
			(s) => s.$cstNode !== undefined && s.$cstNode.range.start.line + 1 === blamed.span.line,
		);
		const releases = new Set(callsOf(f, RELEASES).map((call) => `${sourceText(call)};`));
		for (const release of blamedExit ? releases : [])
			fixes.push({
				title: `Unlock on the way out: ${release.replace(/;$/, '')}`,
				edits: new Edits().before(blamedExit as Statement, release).list,
			});
		const last = f.body?.statements.at(-1);
		if (last !== undefined && isBlock(last.$container) && !isReturnStatement(last)) {
			const held = heldAt(last).filter((call) => callsOf(last, RELEASES).every((r) => lockText(r) !== lockText(call)));
			if (held.length > 0)
				fixes.push({
					title: `Unlock ${held.map(lockLabel).join(' and ')} at the end`,
					edits: new Edits().after(last, ...held.map(releaseOf).reverse()).list,
				});
		}
		return fixes.map((fix) => ({ ...fix, group: f.name }));
	});
