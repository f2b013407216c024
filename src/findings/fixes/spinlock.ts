import { type Call, isMacroDecl, isNameRef, type MacroDecl } from '../../language/generated/ast.js';
import { locksOf, lockText } from '../text/locks.js';
import { allOf, callsOf, nameOf } from '../text/sketch.js';
import { Edits, rawText } from './edits.js';
import type { Fix, Fixer } from './fix.js';

const SPIN: Readonly<Record<string, string>> = {
	mutex_lock: 'spin_lock',
	mutex_unlock: 'spin_unlock',
	mutex_trylock: 'spin_trylock',
};

/** A mutex that is taken in atomic context (S91): a spinlock, wherever it is used. */
export const spinlock: Fixer = ({ functions, program }) => {
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
