import type { AstNode } from 'langium';
import {
	type Call,
	isFieldDecl,
	isMacroDecl,
	isMember,
	isNameRef,
	type MacroDecl,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceText } from '../../language/text.js';
import { lockName, locksOf, lockText } from '../text/locks.js';
import { allOf, callsOf, nameOf } from '../text/sketch.js';
import { Edits, rawText } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** A kind of lock, and the one that it is made. */
interface Change {
	readonly word: string;
	readonly macro: readonly [from: string, to: string];
	readonly type: readonly [from: string, to: string];
	/** The call that stands for another; undefined where there is none. */
	readonly call: (name: string) => string | undefined;
}

const SPIN: Readonly<Record<string, string>> = {
	mutex_lock: 'spin_lock',
	mutex_unlock: 'spin_unlock',
	mutex_trylock: 'spin_trylock',
	mutex_init: 'spin_lock_init',
};
const TO_SPINLOCK: Change = {
	word: 'a spinlock',
	macro: ['DEFINE_MUTEX', 'DEFINE_SPINLOCK'],
	type: ['struct mutex', 'spinlock_t'],
	call: (name) => SPIN[name],
};
const TO_RAW: Change = {
	word: 'a raw_spinlock_t',
	macro: ['DEFINE_SPINLOCK', 'DEFINE_RAW_SPINLOCK'],
	type: ['spinlock_t', 'raw_spinlock_t'],
	call: (name) => (/^spin_/.test(name) ? `raw_${name}` : undefined),
};

/** A lock that sleeps where that is not allowed (S91; a spinlock_t with PREEMPT_RT): one that spins, wherever it is used. */
export const spinlock: Fixer = ({ functions, program, blamed }) => {
	const change = /PREEMPT_RT/.test(blamed.message) ? TO_RAW : TO_SPINLOCK;
	const taken = functions.flatMap(locksOf).filter(({ call }) => change.call(nameOf(call)) !== undefined);
	return [
		...variables(program, new Set(taken.map(({ call }) => lockText(call))), change),
		...fields(program, new Set(taken.map(({ call }) => lockName(call))), change),
	];
};

const variables = (program: Program, taken: ReadonlySet<string>, change: Change): Fix[] =>
	program.root.items
		.filter((item): item is MacroDecl => isMacroDecl(item) && item.macro === change.macro[0] && taken.has(item.name))
		.flatMap((declaration) => {
			const uses = allOf(program.root).filter((n) => isNameRef(n) && n.target.ref === declaration);
			const calls = callsOf(program.root, /./).filter((call) => lockText(call) === declaration.name);
			const edits = new Edits().replace(declaration, rawText(declaration).replace(...change.macro));
			return changed(declaration.name, uses, calls, edits, change);
		});

/** A field of a struct, with its initialisation. */
const fields = (program: Program, taken: ReadonlySet<string>, change: Change): Fix[] =>
	allOf(program.root)
		.filter(isFieldDecl)
		.flatMap((declaration): Fix[] => {
			const [field, ...others] = declaration.fields;
			if (!field?.name || others.length > 0 || !taken.has(field.name)) return [];
			if (declaration.type === undefined || sourceText(declaration.type) !== change.type[0]) return [];
			const uses = allOf(program.root).filter((n) => isMember(n) && n.field.ref === field);
			const calls = callsOf(program.root, /./).filter((call) => {
				const [argument] = call.arguments;
				return argument !== undefined && uses.some((use) => use.$container === argument);
			});
			return changed(field.name, uses, calls, new Edits().replace(declaration.type, change.type[1]), change);
		});

/** With all calls that name the lock; nothing where it is named elsewhere, too. */
function changed(name: string, uses: readonly AstNode[], calls: readonly Call[], edits: Edits, change: Change): Fix[] {
	if (uses.length !== calls.length) return [];
	for (const call of calls) {
		const other = change.call(nameOf(call));
		if (other === undefined) return [];
		edits.replace(call.callee, other);
	}
	return [{ title: `Make ${name} ${change.word}`, edits: edits.list }];
}
