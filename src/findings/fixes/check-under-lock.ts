import { type IfStatement, isIfStatement, type Statement } from '../../language/generated/ast.js';
import { sourceOf, sourceText } from '../../language/text.js';
import { heldAt, lockLabel, locksOf, releaseOf } from '../text/locks.js';
import { callsOf, statementOf } from '../text/sketch.js';
import { Edits, indentOf, rangeOf } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** The calls that say whether what was looked up still counts. */
export const CHECKS =
	/^(mmu_interval_read_retry|mmu_notifier_range_(is_valid|inactive)(_locked)?|mmu_(invalidate|notifier)_retry\w*)$/;

/** `if (retry) goto again; lock();`: an invalidation may come in between (S17, S29). The check belongs under the lock. */
export const checkUnderLock: Fixer = ({ functions }) =>
	functions.flatMap((f) =>
		callsOf(f, /./).flatMap((call): Fix[] => {
			const check = statementOf(call);
			if (check === undefined || !isIfStatement(check) || check.otherwise !== undefined) return [];
			const name = call.callee.$type === 'NameRef' ? call.callee.target.$refText : '';
			if (!CHECKS.test(name) && !/retry|valid|inactive|stale/.test(name)) return [];
			if (!isIn(call, check) || heldAt(check).length > 0) return [];
			const lock = locksOf(f).find(
				({ statement }) => statement.$container === check.$container && rangeOf(statement)[0] > rangeOf(check)[0],
			);
			if (lock === undefined) return [];
			const moved = retryText(check, releaseOf(lock.call));
			return [
				{
					title: `Check again under ${lockLabel(lock.call)}`,
					edits: new Edits().remove(check).after(lock.statement, ...moved).list,
				},
			];
		}),
	);

const isIn = (node: Statement['$container'] | IfStatement['condition'], statement: IfStatement): boolean => {
	for (let at = node as { $container?: unknown } | undefined; at !== undefined; at = at.$container as typeof at)
		if (at === statement.condition) return true;
	return false;
};

/** The lines of an `if` whose branch first releases the lock. */
function retryText(check: IfStatement, release: string): string[] {
	const { then } = check;
	const inner = then.$type === 'Block' ? then.statements : [then];
	const indent = indentOf(check);
	const { text } = sourceOf(check);
	const lines = inner.flatMap((s) => text.slice(...rangeOf(s)).split(/\r?\n/));
	return [
		`if (${sourceText(check.condition)}) {`,
		`\t${release}`,
		...lines.map((line) => `\t${line.startsWith(`${indent}\t`) ? line.slice(indent.length + 1) : line}`),
		'}',
	];
}
