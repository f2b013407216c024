import {
	type Call,
	isFieldDecl,
	isMacroDecl,
	isMember,
	isNameRef,
	type MacroDecl,
} from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { lockName, locksOf, lockText } from '../text/locks.js';
import { allOf, callsOf, nameOf } from '../text/sketch.js';
import { Edits, rawText } from './edits.js';
import type { Fix, Fixer } from './fix.js';

const SPIN: Readonly<Record<string, string>> = {
	mutex_lock: 'spin_lock',
	mutex_unlock: 'spin_unlock',
	mutex_trylock: 'spin_trylock',
};

/** A mutex that is taken in atomic context (S91): a spinlock, wherever it is used. */
export const spinlock: Fixer = (context) => [...variables(context), ...fields(context)];

const variables: Fixer = ({ functions, program }) => {
	const mutexes = new Set(
		functions
			.flatMap(locksOf)
			.filter(({ call }) => nameOf(call) === 'mutex_lock')
			.map(({ call }) => lockText(call)),
	);
	return program.root.items
		.filter((item): item is MacroDecl => isMacroDecl(item) && item.macro === 'DEFINE_MUTEX' && mutexes.has(item.name))
		.flatMap((declaration): Fix[] => {
			const uses = allOf(program.root).filter((n) => isNameRef(n) && n.target.ref === declaration);
			const calls: readonly Call[] = callsOf(program.root, /./).filter((call) => lockText(call) === declaration.name);
			if (uses.length !== calls.length || calls.some((call) => SPIN[nameOf(call)] === undefined)) return [];
			const edits = new Edits().replace(declaration, rawText(declaration).replace('DEFINE_MUTEX', 'DEFINE_SPINLOCK'));
			for (const call of calls) edits.replace(call.callee, SPIN[nameOf(call)] ?? nameOf(call));
			return [{ title: `Make ${declaration.name} a spinlock`, edits: edits.list }];
		});
};

/** `struct mutex lock;` of a struct, with its initialisation. */
const fields: Fixer = ({ functions, program }) => {
	const taken = new Set(
		functions
			.flatMap(locksOf)
			.filter(({ call }) => nameOf(call) === 'mutex_lock')
			.map(({ call }) => lockName(call)),
	);
	return allOf(program.root)
		.filter(isFieldDecl)
		.flatMap((declaration): Fix[] => {
			const [field, ...others] = declaration.fields;
			if (!field?.name || others.length > 0 || !taken.has(field.name)) return [];
			if (declaration.type === undefined || sourceText(declaration.type) !== 'struct mutex') return [];
			const uses = allOf(program.root).filter((n) => isMember(n) && n.field.ref === field);
			const calls = callsOf(program.root, /./).filter((call) => {
				const [argument] = call.arguments;
				return argument !== undefined && uses.some((use) => use.$container === argument);
			});
			const names: Readonly<Record<string, string>> = { ...SPIN, mutex_init: 'spin_lock_init' };
			if (uses.length !== calls.length || calls.some((call) => names[nameOf(call)] === undefined)) return [];
			const edits = new Edits().replace(declaration.type, 'spinlock_t');
			for (const call of calls) edits.replace(call.callee, names[nameOf(call)] ?? nameOf(call));
			return [{ title: `Make ${field.name} a spinlock`, edits: edits.list }];
		});
};
