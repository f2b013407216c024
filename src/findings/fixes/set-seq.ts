import { type FunctionDecl, isExpressionStatement } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { callbacksOf } from '../lints/callbacks.js';
import { locksOf } from '../text/locks.js';
import { callsOf, firstStatement, parameterOf, statementOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** An interval callback has to note the sequence before it accepts a range, also where there is nothing to zap (S31). */
export const setSeq: Fixer = ({ functions, program }) =>
	callbacksOf(program)
		.filter(({ operation, function: f }) => /^invalidate(_start)?$/.test(operation) && functions.includes(f))
		.flatMap(({ function: f }) => waysToSet(f));

/** The ways for one callback, the likeliest first; none where it does that already, and cannot do it elsewhere. */
export function waysToSet(f: FunctionDecl): Fix[] {
	const sub = parameterOf(f, /struct mmu_interval_notifier\b/);
	const seq = parameterOf(f, /^unsigned long \w+$/);
	const first = firstStatement(f);
	if (sub === undefined || seq === undefined || first === undefined) return [];
	const set = `mmu_interval_set_seq(${sub}, ${seq});`;
	const there = callsOf(f, /^mmu_interval_set_seq$/);
	const [call] = there;
	const old = there.length === 1 && call && isExpressionStatement(call.$container) ? call.$container : undefined;
	if (there.length > 0 && old === undefined) return [];
	const moves = old !== undefined;
	const edits = () => (old ? new Edits().remove(old) : new Edits());
	const fixes: Fix[] = [];
	const title = moves ? 'Move mmu_interval_set_seq()' : 'Call mmu_interval_set_seq()';
	// `if (blockable) lock(); else if (!trylock()) return false;` is one statement
	const tries = callsOf(f, /trylock/).flatMap((c) => statementOf(c) ?? []);
	const plain = locksOf(f).map(({ statement }) => statement);
	const lock = f.body?.statements.find((s) => tries.some((t) => isWithin(t, s)) || plain.includes(s));
	if (lock !== undefined) fixes.push({ title: `${title} under the lock`, edits: edits().after(lock, set).list });
	const filter = f.body?.statements.find(
		(s) => s.$type === 'IfStatement' && /return true/.test(sourceText(s)) && s !== lock,
	);
	if (lock !== undefined && filter !== undefined && isWithinOrder(filter, lock))
		fixes.push({
			title: `${title} under the lock, before the filter`,
			edits: edits()
				.remove(filter)
				.after(lock, set, ...filterLines(f, sourceText(filter))).list,
		});
	fixes.push({ title: `${title} ${moves ? 'to the top' : 'first of all'}`, edits: edits().before(first, set).list });
	return fixes.map((fix) => ({ ...fix, group: f.name }));
}

/** `if (…) return true;` with the unlock that it needs behind the lock. */
function filterLines(f: FunctionDecl, filter: string): string[] {
	const condition = /^if \((.*)\) (?:\{ )?return true;(?: \})?$/.exec(filter)?.[1];
	const unlock = callsOf(f, /unlock|^up_/).map((c) => `${sourceText(c)};`)[0];
	if (condition === undefined || unlock === undefined) return [filter];
	return [`if (${condition}) {`, `\t${unlock}`, '\treturn true;', '}'];
}

const isWithin = (node: { $container?: unknown }, outer: unknown): boolean => {
	for (let at: { $container?: unknown } | undefined = node; at !== undefined; at = at.$container as typeof at)
		if (at === outer) return true;
	return false;
};
const isWithinOrder = (a: { $cstNode?: { offset: number } }, b: { $cstNode?: { offset: number } }): boolean =>
	(a.$cstNode?.offset ?? 0) < (b.$cstNode?.offset ?? 0);
