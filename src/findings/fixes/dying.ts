import { type Call, type FunctionDecl, isFieldDecl, isMember, isVariableDecl } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf, sourceText } from '../../language/text.js';
import { heldAt, lockName, lockText, releaseOf, statementOfLock } from '../text/locks.js';
import { allOf, callsOf, ownFunctions } from '../text/sketch.js';
import { Edits, eolOf, indentOf, rangeOf } from './edits.js';
import type { Fix, Fixer } from './fix.js';
import { wayOut } from './give-up.js';

const FLAG = 'dying';
const ENDS = /^mmu_(interval_)?notifier_(remove|unregister|put)$/;

/**
 * Who takes the mappings away for good says so under the lock, and who maps asks there (S82): behind release(), or the
 * removal of the notifier, nobody is told of anything.
 */
export const notWhenDying: Fixer = ({ program, functions }) => {
	const released = new Set(
		allOf(program.root).flatMap((n) =>
			n.$type === 'InitializerEntry' && /^\.release\s*=/.test(sourceText(n))
				? sourceText(n).replace(/^.*=\s*/, '')
				: [],
		),
	);
	const enders = ownFunctions(program)
		.filter((f) => released.has(f.name) || callsOf(f, ENDS).length > 0)
		.flatMap((f) => locksAt(f, /^dev_unmap$/).map((take) => ({ f, take })));
	return functions.flatMap((f) =>
		locksAt(f, /^dev_map(_page)?$/).flatMap((lock): Fix[] => {
			const ender = enders.find(({ take, f: other }) => other !== f && lockName(take) === lockName(lock));
			return ender ? asks(program, f, lock, ender.take, ender.f) : [];
		}),
	);
};

/** The locks under which a function calls one of these. */
const locksAt = (f: FunctionDecl, name: RegExp): Call[] => callsOf(f, name).flatMap((c) => heldAt(c).slice(-1));

function asks(program: Program, f: FunctionDecl, lock: Call, take: Call, ender: FunctionDecl): Fix[] {
	const taken = statementOfLock(lock);
	const end = statementOfLock(take);
	const out = wayOut(f, '-ESRCH');
	const edits = taken && end && out ? declared(program, lock) : undefined;
	if (!taken || !end || !edits || new RegExp(`\\b${FLAG}\\b`).test(sourceText(f))) return [];
	edits.after(taken, `if (${flagBeside(lock)}) {`, `\t${releaseOf(lock)}`, `\t${out}`, '}');
	if (!new RegExp(`\\b${FLAG} = true`).test(sourceText(ender))) edits.after(end, `${flagBeside(take)} = true;`);
	return [{ title: `Do not map in ${f.name}() once ${ender.name}() has begun`, edits: edits.list }];
}

/** The flag stands beside the lock: `ctx->dying` for `ctx->lock`. */
const flagBeside = (lock: Call): string => lockText(lock).replace(/\w+$/, FLAG);

/** The declaration of the flag, where there is none. */
function declared(program: Program, lock: Call): Edits | undefined {
	const member = lock.arguments[0] && allOf(lock.arguments[0]).find(isMember);
	if (member === undefined) {
		const macro = program.root.items.find((i) => 'name' in i && i.name === lockText(lock));
		if (macro === undefined) return undefined;
		const known = program.root.items.some((i) => isVariableDecl(i) && i.variables.some((v) => v.name === FLAG));
		const { uri, text } = sourceOf(macro);
		return known ? new Edits() : new Edits().insert(uri, rangeOf(macro)[1], `${eolOf(text)}static bool ${FLAG};`);
	}
	const field = allOf(program.root)
		.filter(isFieldDecl)
		.find((d) => d.fields.some((n) => n === member.field.ref));
	if (field === undefined) return undefined;
	const siblings = field.$container.$type === 'StructDef' ? field.$container.fields : [];
	if (siblings.some((d) => d.fields.some((n) => n.name === FLAG))) return new Edits();
	const { uri, text } = sourceOf(field);
	return new Edits().insert(uri, rangeOf(field)[1], `${eolOf(text)}${indentOf(field) || '\t'}bool ${FLAG};`);
}
