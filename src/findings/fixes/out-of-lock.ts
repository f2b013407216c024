import type { AstNode } from 'langium';
import {
	type Call,
	isAssignment,
	isExpressionStatement,
	isGotoStatement,
	isIfStatement,
	isNameRef,
	isVariable,
	type Statement,
} from '../../language/generated/ast.js';
import { heldAt, lockLabel, releaseOf, releasesOf, statementOfLock, TAKES, takeOf } from '../text/locks.js';
import { allOf, callsOf, following, nameOf, offsetOf, siblingOf } from '../text/sketch.js';
import { Edits, rawText } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** What may sleep, reclaim, fault or wait for an invalidation, and so for a callback. */
const WAITS =
	/^(k[vmzc]?[a-z]*alloc(_array|_obj)?|(__)?(copy_(from|to)_user|get_user|put_user)|(get|pin)_user_pages\w*|hmm_range_fault\w*|mmu_interval_read_begin|mmu_(interval_)?notifier_(remove|unregister|range_wait\w*)|migrate_vma_\w+|synchronize_s?rcu|(flush|cancel)_(delayed_)?work(_sync)?|flush_workqueue|dma_fence_wait\w*|wait_event\w*|wait_for_completion\w*|handle_mm_fault|mmap_(read|write)_lock|mmput|fault_in_\w+|dev_range_lock|\w*range_lock)$/;
/** What a lock is held for, and locks themselves: those are others' to move. */
const STAYS = new RegExp(
	`^(dev_|assert|READ_ONCE|WRITE_ONCE|container_of|(IS|PTR)_ERR|h?list_|wake_up|smp_|atomic_|refcount_|pte_|min$|max$)|trylock|unlock|^up_|${TAKES.source}`,
);
const NAMES: readonly (readonly [name: RegExp, what: string])[] = [
	[/alloc/, 'the allocation'],
	[/copy_|_user$/, 'the user copy'],
	[/user_pages|hmm_range_fault|fault_in/, 'the lookup of user pages'],
];

/** An allocation, a user copy or a wait under a lock that callbacks take: out with it. */
export const outOfLock: Fixer = ({ functions, blamed }) => {
	const lines = new Set([blamed.span, ...blamed.places].map(({ line }) => line));
	// whatever it is that a run was in when it waited
	const isPlace = (call: Call) => lines.has((call.$cstNode?.range.start.line ?? -1) + 1) && !STAYS.test(nameOf(call));
	return functions.flatMap((f) =>
		callsOf(f, /./)
			.filter((call) => WAITS.test(nameOf(call)) || isPlace(call))
			.flatMap((call) => heldAt(call).flatMap((lock) => (lock === call ? [] : waysOut(call, lock)))),
	);
};

function waysOut(call: Call, lock: Call): Fix[] {
	const group = `${offsetOf(call)} ${offsetOf(lock)}`;
	const taken = statementOfLock(lock);
	const waiting = taken && siblingOf(call, taken);
	const what = NAMES.find(([name]) => name.test(nameOf(call)))?.[1] ?? `${nameOf(call)}()`;
	const fixes: Fix[] = [];
	if (taken && waiting && waiting !== taken) {
		// whoever checks the result under the lock gives the lock back on that way, too
		const bare = following(taken)[0] === waiting;
		const moved = withCheck(waiting);
		const last = moved[moved.length - 1] ?? waiting;
		const [next] = following(last);
		const ends = next !== undefined && isExpressionStatement(next) && releasesOf(next, lock).includes(next);
		// with nothing else under it, the lock has nothing to do here
		if (ends && bare)
			fixes.push({
				title: `Remove ${lockLabel(lock)} around ${what}: nothing else is under it`,
				edits: withoutLock(lock, taken, moved, next),
			});
		else if (!ends)
			fixes.push({ title: `Take ${lockLabel(lock)} only after ${what}`, edits: lockLater(lock, taken, last) });
		if (bare && moved.length > 1)
			fixes.push({ title: `Take ${lockLabel(lock)} only after ${what}`, edits: lockLater(lock, taken, waiting) });
		const round = perRound(call, lock, taken, waiting);
		if (round !== undefined)
			fixes.push({ title: `Take ${lockLabel(lock)} only after ${what}, in each round`, edits: round });
		fixes.push({ title: `Move ${what} before ${lockLabel(lock)}`, edits: moveBefore(lock, taken, moved) });
		const released = following(last).find((s) => releasesOf(s, lock).includes(s));
		if (released && isExpressionStatement(waiting))
			fixes.push({
				title: `Move ${what} behind the unlock of ${lockLabel(lock)}`,
				edits: new Edits().remove(waiting).after(released, rawText(waiting)).list,
			});
		if (!released) return fixes.map((fix) => ({ ...fix, group }));
	}
	const statement = siblingOf(call, waiting ?? (call.$container as Statement));
	if (
		statement &&
		!(taken && following(taken)[0] === statement) &&
		(isExpressionStatement(statement) || isIfStatement(statement)) &&
		!isIfStatement(statement.$container)
	)
		fixes.push({
			title: `Release ${lockLabel(lock)} around ${what}`,
			edits: new Edits().surround(statement, [releaseOf(lock)], [takeOf(lock)]).list,
		});
	return fixes.map((fix) => ({ ...fix, group }));
}

/** A statement, and the test of its result that follows it. */
function withCheck(statement: Statement): Statement[] {
	const assigned = allOf(statement).flatMap((n) =>
		isVariable(n) ? [n.name] : isAssignment(n) && isNameRef(n.target) ? [n.target.target.$refText] : [],
	);
	const [next] = following(statement);
	if (next === undefined || !isIfStatement(next)) return [statement];
	const tests = allOf(next.condition).some((n) => isNameRef(n) && assigned.includes(n.target.$refText));
	return tests ? [statement, next] : [statement];
}

/** The lock is taken behind `last` instead of before it. */
function lockLater(lock: Call, taken: Statement, last: Statement) {
	const edits = new Edits().remove(taken);
	for (const s of [...following(taken)].filter((s) => offsetOf(s) <= offsetOf(last)))
		for (const release of releasesOf(s, lock)) edits.remove(release);
	return edits.after(last, takeOf(lock)).list;
}

/** A lock that all rounds of a retry are under is taken by each behind its lookup, and given back before the next. */
function perRound(call: Call, lock: Call, taken: Statement, waiting: Statement) {
	// another lock that the lookup needs goes first
	const inner = heldAt(call, offsetOf(taken)).filter((l) => l !== lock && l !== call);
	const ends = inner.map((l) => following(waiting).find((s) => releasesOf(s, l).includes(s)) ?? waiting);
	const last = [waiting, ...ends].reduce((a, b) => (offsetOf(a) > offsetOf(b) ? a : b));
	const jumps = following(last)
		.flatMap(allOf)
		.filter(isGotoStatement)
		.filter(({ label }) => {
			const to = label?.ref ? offsetOf(label.ref) : -1;
			return to > offsetOf(taken) && to < offsetOf(last);
		});
	if (jumps.length === 0 || jumps.some((jump) => !heldAt(jump).includes(lock))) return undefined;
	const edits = new Edits().remove(taken).after(last, takeOf(lock));
	for (const jump of jumps) edits.before(jump, releaseOf(lock));
	return edits.list;
}

/** The lock is not taken at all: nothing but `moved` was under it. */
function withoutLock(lock: Call, taken: Statement, moved: readonly Statement[], release: Statement) {
	const edits = new Edits().remove(taken).remove(release);
	for (const s of moved) for (const inner of releasesOf(s, lock)) edits.remove(inner);
	return edits.list;
}

/** `moved` comes before the lock; what it releases on its way out it has not got yet. */
function moveBefore(lock: Call, taken: Statement, moved: readonly Statement[]) {
	const edits = new Edits();
	const texts = moved.map((s) => {
		let text = rawText(s);
		for (const release of releasesOf(s, lock)) text = without(text, offsetOf(s), release);
		return text;
	});
	for (const s of moved) edits.remove(s);
	return edits.before(taken, ...texts).list;
}

function without(text: string, from: number, statement: AstNode): string {
	const raw = rawText(statement);
	const at = text.indexOf(raw, Math.max(0, Math.min(offsetOf(statement) - from, text.length) - raw.length * 4));
	return at < 0
		? text
		: text.slice(0, at).replace(/[ \t]*$/, '') + text.slice(at + raw.length).replace(/^[ \t]*\r?\n/, '');
}
