import type { FunctionDecl } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { locksOf, lockText } from '../text/locks.js';
import { callsOf, isWhole, nameOf, ownFunctions } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** A lock that a handler takes, too, is taken with interrupts off (Documentation/locking/spinlocks.rst, lesson 3). */
export const interruptsOff: Fixer = ({ program, functions, blamed }) => {
	const interrupts = /^(?:.*? in (\w+)\(\) )?.*the thread that it interrupts/.exec(blamed.message);
	const handler = interrupts ? (functions.find((f) => f.name === interrupts[1]) ?? functions[0]) : undefined;
	const locks = new Set(functions.flatMap(plainLocks));
	if (handler === undefined) return [];
	return [...locks].flatMap((lock): Fix[] => {
		const users = ownFunctions(program).filter((f) => plainLocks(f).includes(lock));
		// a function that only ever runs in the handler has them off
		const others = users.filter((f) => f !== handler);
		return [
			{
				title: `Take ${lock} with interrupts off, where no handler has them off`,
				edits: others.flatMap((f) => off(f, lock)),
			},
			{ title: `Take ${lock} with interrupts off everywhere`, edits: users.flatMap((f) => off(f, lock)) },
		];
	});
};

const PLAIN = /^((raw_)?spin|read|write)_lock$/;

const plainLocks = (f: FunctionDecl): string[] =>
	locksOf(f)
		.filter(({ call }) => PLAIN.test(nameOf(call)))
		.map(({ call }) => lockText(call));

function off(f: FunctionDecl, lock: string): Edits['list'] {
	const edits = new Edits();
	const calls = callsOf(f, /^((raw_)?spin|read|write)_(un)?lock$/).filter((c) => lockText(c) === lock && isWhole(c));
	for (const call of calls) {
		const name = nameOf(call)
			.replace(/unlock$/, 'unlock_irqrestore')
			.replace(/_lock$/, '_lock_irqsave');
		edits.replace(call, `${name}(${call.arguments.map(sourceText).join(', ')}, flags)`);
	}
	return /\bflags\b/.test(sourceText(f)) ? [] : edits.declare(f, 'unsigned long flags;').list;
}
