import type { AstNode } from 'langium';
import {
	type Expression,
	type FunctionDecl,
	isAssignment,
	isCall,
	isMember,
	isNameRef,
	isPostfix,
	isUnary,
	type Member,
	type NameRef,
	type Statement,
} from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { allOf, callsOf, nameOf, offsetOf, ownFunctions, statementOf } from '../text/sketch.js';
import { Edits, rawText } from './edits.js';
import type { Fix, Fixer } from './fix.js';

interface Change {
	readonly f: FunctionDecl;
	readonly to: Member | NameRef;
	readonly statement: Statement;
}

const WAITS = /^wait_event(_\w+)?$/;
const WAKES = /^wake_up(_\w+)?$/;

/**
 * Somebody makes true what another one sleeps for, and wakes nobody, or wakes before it is true: the change comes first,
 * then the wake-up (Documentation/memory-barriers.txt, "Sleep and wake-up functions").
 */
export const wake: Fixer = ({ functions, program }) =>
	functions.flatMap((f) =>
		callsOf(f, WAITS).flatMap((wait): Fix[] => {
			const [queue, condition] = wait.arguments;
			if (!queue || !condition) return [];
			const names = new Set(membersIn(condition).map(nameIn));
			const changes = ownFunctions(program)
				.filter((g) => g !== f)
				.flatMap((g) => changesIn(g, names));
			const ways = changes.map((change) => wakeBehind(change, sourceText(queue)));
			const all = ways.flatMap((way) => way?.edits.list ?? []);
			const title = `Wake up ${sourceText(queue)} wherever that may be true`;
			return [
				...ways.flatMap((way) => (way ? [{ title: way.title, edits: way.edits.list, group: title }] : [])),
				...(changes.length > 1 ? [{ title, edits: all, group: title }] : []),
			];
		}),
	);

/** What an expression looks at, by its last name: waiter and waker reach it by different pointers. */
const membersIn = (node: AstNode): (Member | NameRef)[] =>
	allOf(node).filter(
		(n): n is Member | NameRef =>
			isMember(n) || (isNameRef(n) && !isMember(n.$container) && !(isCall(n.$container) && n.$container.callee === n)),
	);
const nameIn = (n: Member | NameRef): string => (isMember(n) ? n.field.$refText : n.target.$refText);

const CHANGES = /^(WRITE_ONCE|atomic_\w*(set|inc|dec|add|sub)\w*|smp_store_release|list_(add|del)\w*|(set|clear)_bit)$/;

/** The statements of a function that change one of the names, with what they write to. */
function changesIn(f: FunctionDecl, names: ReadonlySet<string>): Change[] {
	const targets = allOf(f).flatMap((n): (Expression | undefined)[] => {
		if (isAssignment(n)) return [n.target];
		if ((isPostfix(n) || isUnary(n)) && /\+\+|--/.test(n.operator)) return [n.operand];
		return isCall(n) && CHANGES.test(nameOf(n)) ? n.arguments : [];
	});
	return targets.flatMap((target) => {
		const [to] = target ? membersIn(target) : [];
		const statement = to && names.has(nameIn(to)) ? statementOf(to) : undefined;
		return to && statement ? [{ f, to, statement }] : [];
	});
}

/** The wake-up right behind a change: a new one, or the one that came too soon. */
function wakeBehind({ f, to, statement }: Change, queue: string): { edits: Edits; title: string } | undefined {
	const own = isMember(to) ? queue.replace(/^\w+(?=->|\.)/, sourceText(to.object)) : queue;
	const there = callsOf(f, WAKES).filter((c) => c.arguments[0] && sourceText(c.arguments[0]) === `&${own}`);
	const [early] = there;
	const old = early && statementOf(early);
	if (there.length > 1 || (old && offsetOf(old) > offsetOf(statement))) return undefined;
	const edits = new Edits();
	if (old) edits.remove(old);
	edits.after(statement, old ? rawText(old) : `wake_up(&${own});`);
	return { edits, title: `Wake up ${own} ${old ? 'only after the change ' : ''}in ${f.name}()` };
}
