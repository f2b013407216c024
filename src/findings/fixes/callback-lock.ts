import type { FunctionDecl, Statement } from '../../language/generated/ast.js';
import { callbacksOf } from '../lints/callbacks.js';
import { heldAt, lockLabel, lockName, locksOf, lockText, releaseOf, takeOf } from '../text/locks.js';
import { allOf, callsOf, offsetOf, siblingOf, statementOf } from '../text/sketch.js';
import { CHECKS } from './check-under-lock.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

const DROPS = /^(dev_(unmap|clear|flush)|mmu_interval_set_seq)$/;
const MAPS = /^dev_map(_page)?$/;

/**
 * Check and map have to be one step to a callback (S06): whoever maps and whoever unmaps take the same lock. Either of
 * them may be the one that does not.
 */
export const callbackLock: Fixer = ({ functions, program }) => {
	const callbacks = new Set(callbacksOf(program).map((c) => c.function));
	const readers = functions.filter((f) => !callbacks.has(f) && callsOf(f, MAPS).length > 0);
	const droppers = [...callbacks].filter((f) => callsOf(f, DROPS).length > 0);
	const fixes: Fix[] = [];
	for (const { call } of readers.flatMap(locksOf).filter(isGlobalLock))
		for (const f of droppers) {
			if (locksOf(f).some((l) => lockName(l.call) === lockName(call))) continue;
			const edits = around(
				f,
				callsOf(f, DROPS).flatMap((c) => statementOf(c) ?? []),
				takeOf(call),
				releaseOf(call),
			);
			if (edits) fixes.push({ title: `Take ${lockLabel(call)} in ${f.name}() too`, edits: edits.list });
		}
	for (const { call } of droppers.flatMap(locksOf).filter(isGlobalLock))
		for (const f of readers) {
			if (locksOf(f).some((l) => lockName(l.call) === lockName(call))) continue;
			const maps = callsOf(f, MAPS).flatMap((c) => statementOf(c) ?? []);
			const checks = callsOf(f, CHECKS)
				.filter((c) => heldAt(c).length === 0)
				.flatMap((c) => statementOf(c) ?? []);
			const edits = around(f, [...checks, ...maps], takeOf(call), releaseOf(call));
			if (edits) fixes.push({ title: `Take ${lockLabel(call)} around check and map`, edits: edits.list });
		}
	return fixes;
};

/** A lock that any function can name: no parameter or local stands before it. */
const isGlobalLock = ({ call }: { call: Parameters<typeof lockText>[0] }): boolean => !/->/.test(lockText(call));

/** The lock from the first of some statements to the last, and released on every way out between them. */
function around(f: FunctionDecl, inside: readonly Statement[], take: string, release: string): Edits | undefined {
	const body = f.body?.statements ?? [];
	const [model] = body;
	if (model === undefined) return undefined;
	const indices = inside.map((s) => siblingOf(s, model)).flatMap((s) => (s ? [body.indexOf(s)] : []));
	const first = body[Math.min(...indices)];
	const last = body[Math.max(...indices)];
	// a loop around all of it would take the lock once for all rounds
	const [only] = inside;
	if (first === undefined || last === undefined || only === undefined) return undefined;
	const edits = new Edits();
	if (first === last) return edits.surround(first, [take], [release]);
	edits.before(first, take);
	const exits = body
		.slice(body.indexOf(first), body.indexOf(last) + 1)
		.flatMap(allOf)
		.filter((n): n is Statement => /^(Return|Goto)Statement$/.test(n.$type));
	for (const exit of exits) if (offsetOf(exit) > offsetOf(first)) edits.before(exit, release);
	return edits.after(last, release);
}
