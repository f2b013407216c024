import { AstUtils } from 'langium';
import {
	type Call,
	type Expression,
	type FunctionDecl,
	type Guard,
	isCall,
	isGuard,
	isMember,
	isNameRef,
	isScopedGuard,
	isUnary,
	type ScopedGuard,
} from '../../language/generated/ast.js';
import { guardKinds } from '../../language/guards.js';
import { fileOf, sourceOf, sourceText } from '../../language/text.js';
import { allOf, callsOf, isWhole, nameOf, ownFunctions } from '../text/sketch.js';
import { Edits, rangeOf } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** What a lock is taken with, by what it keeps out: `_bh` softirqs, `_irqsave` and `_irq` interrupts, too. */
type Form = 'bh' | 'irqsave' | 'irq';

const OFF: Readonly<Record<Form, string>> = {
	bh: 'softirqs off',
	irqsave: 'interrupts off',
	irq: 'interrupts off (_irq)',
};
/** Taking or releasing a spinning lock with interrupts on: what it is of which lock, and what keeps softirqs out. */
const PLAIN =
	/^((?:raw_)?spin|read|write)_(lock|unlock|trylock)(?:_bh)?$|^(write)_(seqlock|sequnlock)(?:_bh)?$|^(read)_(seqlock|sequnlock)_excl(?:_bh)?$/;
const GUARDS = /^((?:raw_)?spinlock|(?:read|write)_lock)(?:_bh)?$/;

/**
 * A lock that a handler takes, too, is taken with interrupts off, or with softirqs off where it is the handler of one
 * (Documentation/locking/spinlocks.rst, lesson 3; Documentation/kernel-hacking/locking.rst, "Table of Minimum Requirements").
 */
export const interruptsOff: Fixer = (context) => {
	const { message } = context.blamed;
	const by =
		/^(?:.*? in (\w+)\(\) )?.*the thread that it interrupts/.exec(message) ??
		/ is taken in an? [^,]*, by (\w+)\(\).*inconsistent lock state/.exec(message);
	if (by === null) return [];
	const handler = context.functions.find((f) => f.name === by[1]) ?? context.functions[0];
	const own = ownFunctions(context.program);
	const inHandlers = calledFrom(own, own.find((f) => f.name === by[1]) ?? handler);
	// without a word about it, the handler may be any
	const softirq = /with \w+_bh\(\) there/.test(message);
	const name = /(?:waits for |^)(?:\S*(?:->|\.))?(\w+)(?: | is taken )/.exec(message)?.[1];
	return locksIn(context.functions, name).flatMap((lock): Fix[] => {
		const users = own.filter((f) => takings(f).some((t) => isSame(t, lock)));
		const others = users.filter((f) => !inHandlers.has(f));
		const fix = (form: Form, where: string, of: readonly FunctionDecl[]): Fix => ({
			title: `Take ${lockLabelOf(lock)} with ${OFF[form]}${where}`,
			edits: of.flatMap((f) => off(f, lock, form)),
			group: `off ${lockLabelOf(lock)}`,
		});
		return [
			...(softirq ? [fix('bh', ' outside of the handler', others), fix('bh', ' everywhere', users)] : []),
			fix('irqsave', ', where no handler has them off', others),
			fix('irqsave', ' everywhere', users),
			// who takes it in one function and releases it in another has no flags in common
			fix('irq', ', where no handler has them off', others),
		];
	});
};

/** A place that takes, tries or releases a lock, and the lock as it stands there. */
interface Taking {
	readonly at: Call | Guard | ScopedGuard;
	readonly lock: Expression;
}

const takings = (f: FunctionDecl): Taking[] =>
	allOf(f).flatMap((n): Taking[] => {
		const plain = isCall(n) ? PLAIN.test(nameOf(n)) : (isGuard(n) || isScopedGuard(n)) && GUARDS.test(n.guard);
		const [lock] = plain ? (n as Taking['at']).arguments : [];
		return lock === undefined ? [] : [{ at: n as Taking['at'], lock }];
	});

/** What is declared as the lock: the same field of a struct, whatever points to the struct; a variable. */
function declared({ lock }: Taking): unknown {
	const of = isUnary(lock) && lock.operator === '&' ? lock.operand : lock;
	return isMember(of) ? of.field.ref : isNameRef(of) ? of.target.ref : sourceText(of);
}

const isSame = (a: Taking, b: Taking): boolean => declared(a) !== undefined && declared(a) === declared(b);

const lockLabelOf = ({ lock }: Taking): string => sourceText(lock).replace(/^&/, '');

/** The locks that are taken there, each once; only those of the name that the finding says, where there are some. */
function locksIn(functions: readonly FunctionDecl[], name: string | undefined): Taking[] {
	const all = functions.flatMap(takings).filter((t, n, list) => list.findIndex((other) => isSame(other, t)) === n);
	const named = all.filter((t) => lockLabelOf(t).replace(/^.*(->|\.)/, '') === name);
	return named.length > 0 ? named : all;
}

/** A function, and those that nobody else calls or points to. */
function calledFrom(own: readonly FunctionDecl[], handler: FunctionDecl | undefined): Set<FunctionDecl> {
	const found = new Set(handler ? [handler] : []);
	for (const f of found)
		for (const call of callsOf(f, /./)) {
			const called = own.find(({ name }) => name === nameOf(call));
			if (called === undefined || found.has(called)) continue;
			const uses = own.filter((user) => allOf(user).some((n) => isNameRef(n) && n.target.ref === called));
			if (uses.every((user) => found.has(user)) && isOnlyCalled(called)) found.add(called);
		}
	return found;
}

/** Is a function in no table of callbacks? */
function isOnlyCalled(f: FunctionDecl): boolean {
	return AstUtils.streamAllContents(fileOf(f))
		.filter((n) => isNameRef(n) && n.target.ref === f)
		.every((n) => isCall(n.$container) && n.$container.callee === n);
}

/** The same calls in another form, and a variable for the flags. */
function off(f: FunctionDecl, lock: Taking, form: Form): Edits['list'] {
	const edits = new Edits();
	const flags = /\bflags\b/.test(sourceText(f)) ? 'irqflags' : 'flags';
	if (form === 'irqsave' && new RegExp(`\\b${flags}\\b`).test(sourceText(f))) return [];
	let saves = false;
	for (const { at, lock: taken } of takings(f).filter((t) => isSame(t, lock))) {
		if (!isCall(at)) {
			if (!guardOff(edits, at, form)) return [];
			continue;
		}
		const name = nameOf(at);
		if (!/_trylock/.test(name) && !isWhole(at)) return [];
		const [text, save] = callOff(name.replace(/_bh$/, ''), sourceText(taken), form, flags);
		edits.replace(at, text);
		saves ||= save;
	}
	return saves ? edits.declare(f, `unsigned long ${flags};`).list : edits.list;
}

function callOff(name: string, lock: string, form: Form, flags: string): [text: string, saves: boolean] {
	if (form !== 'irqsave') return [`${name}_${form}(${lock})`, false];
	return [`${name}_${/_(seq)?unlock|_sequnlock/.test(name) ? 'irqrestore' : 'irqsave'}(${lock}, ${flags})`, true];
}

/** Another kind of guard, where there is one. */
function guardOff(edits: Edits, guard: Guard | ScopedGuard, form: Form): boolean {
	const plain = guard.guard.replace(/_bh$/, '');
	const kind = [`${plain}_${form}`, ...(form === 'irqsave' ? [`${plain}_irq`] : [])].find((k) =>
		guardKinds.includes(k),
	);
	if (kind === undefined) return false;
	const [start] = rangeOf(guard);
	const at = start + (guard.$cstNode?.text.indexOf(guard.guard, guard.$cstNode.text.indexOf('(')) ?? 0);
	edits.replaceRange(sourceOf(guard).uri, at, at + guard.guard.length, kind);
	return true;
}
