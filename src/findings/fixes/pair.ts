import { lockLabel, locksOf, lockText, RELEASES, releaseOf, TAKES } from '../text/locks.js';
import { callsOf, isWhole, nameOf, statementOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** A lock is given back as it was taken: down_read() by up_read(), spin_lock_irq() by spin_unlock_irq(). */
export const pairUnlock: Fixer = ({ functions }) =>
	functions.flatMap((f) =>
		locksOf(f).flatMap(({ call }): Fix[] => {
			const own = (other: typeof call) => lockText(other) === lockText(call);
			// of two modes in one function the text does not say which it is
			if (new Set(callsOf(f, TAKES).filter(own).map(nameOf)).size > 1) return [];
			const release = releaseOf(call);
			const others = callsOf(f, RELEASES).filter((c) => own(c) && isWhole(c) && !release.startsWith(`${nameOf(c)}(`));
			const edits = new Edits();
			for (const other of others) edits.replace(other, release.replace(/;$/, ''));
			return others.length === 0
				? []
				: [{ title: `Pair ${nameOf(call)}() with ${release.replace(/\(.*$/, '')}()`, edits: edits.list }];
		}),
	);

/** A lock that is released once too often: not there. */
export const noUnlock: Fixer = ({ functions: [f], blamed }) =>
	(f ? callsOf(f, RELEASES) : []).flatMap((call): Fix[] => {
		const statement = statementOf(call);
		if (!statement || !isWhole(call) || (call.$cstNode?.range.start.line ?? -1) + 1 !== blamed.span.line) return [];
		return [{ title: `Do not release ${lockLabel(call)} here`, edits: new Edits().remove(statement).list }];
	});
