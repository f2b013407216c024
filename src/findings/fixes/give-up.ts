import type { AstNode } from 'langium';
import {
	type FunctionDecl,
	isBlock,
	isContinueStatement,
	isDoStatement,
	isForStatement,
	isGotoStatement,
	isWhileStatement,
	type Statement,
} from '../../language/generated/ast.js';
import { sourceOf, sourceText } from '../../language/text.js';
import { callbacksOf } from '../lints/callbacks.js';
import { heldAt, lockLabel, locksOf, releaseOf } from '../text/locks.js';
import { allOf, nameOf, offsetOf } from '../text/sketch.js';
import { Edits, eolOf, indentOf } from './edits.js';
import type { Fix, Fixer } from './fix.js';

const TRIES: Readonly<Record<string, string>> = {
	mutex_lock: 'mutex_trylock',
	down_read: 'down_read_trylock',
	down_write: 'down_write_trylock',
	mmap_read_lock: 'mmap_read_trylock',
	mmap_write_lock: 'mmap_write_trylock',
	lock_page: 'trylock_page',
	folio_lock: 'folio_trylock',
};
/** As many as drivers give a fault before they let the device wait. */
const ROUNDS = 3;

/**
 * What waits for somebody who waits for it has to be able to give up: a work item that only tries mmap_lock can be
 * flushed by who holds it (S66, S67). Not for callbacks: what they may refuse is `trylock`'s.
 */
export const giveUp: Fixer = ({ functions, program, blamed }) => {
	// who has the lock itself would give up each time
	if (blamed.code === 'self-deadlock') return [];
	const callbacks = new Set(callbacksOf(program).map((c) => c.function));
	return functions
		.filter((f) => !callbacks.has(f))
		.flatMap((f) =>
			locksOf(f).flatMap(({ call, statement }): Fix[] => {
				const attempt = TRIES[nameOf(call)];
				const out = wayOut(f, '-EAGAIN');
				const held = heldAt(statement);
				if (attempt === undefined || out === undefined) return [];
				const tried = `${attempt}(${call.arguments.map(sourceText).join(', ')})`;
				const lines =
					held.length === 0
						? [`if (!${tried})`, `\t${out}`]
						: [`if (!${tried}) {`, ...[...held].reverse().map((lock) => `\t${releaseOf(lock)}`), `\t${out}`, '}'];
				return [
					{
						title: `Only try ${lockLabel(call)} in ${f.name}(), and give up where it is taken`,
						edits: new Edits().replace(statement, lines.join(`${eolOf(sourceOf(f).text)}${indentOf(statement)}`)).list,
					},
				];
			}),
		);
};

/** A retry that others can put off for ever ends after some rounds, with -EBUSY for the caller (S03). */
export const boundedRetry: Fixer = ({ functions }) =>
	functions.flatMap((f): Fix[] => {
		const out = wayOut(f, '-EBUSY');
		if (out === undefined || /\brounds\b/.test(sourceText(f))) return [];
		return roundsOf(f).flatMap((round): Fix[] => {
			if (heldAt(round).length > 0) return [];
			const edits = new Edits().declare(f, 'int rounds = 0;');
			edits.before(round, `if (++rounds == ${ROUNDS})`, `\t${out}`);
			return [{ title: `Give up after ${ROUNDS} rounds in ${f.name}()`, edits: edits.list }];
		});
	});

/** Statements that a round passes: jumps back, and the first of a loop. */
function roundsOf(f: FunctionDecl): Statement[] {
	return allOf(f).flatMap((node): Statement[] => {
		if (isGotoStatement(node)) return node.label?.ref && offsetOf(node.label.ref) < offsetOf(node) ? [node] : [];
		if (isContinueStatement(node)) return isInLoop(node) ? [node] : [];
		if (!isWhileStatement(node) && !isDoStatement(node) && !isForStatement(node)) return [];
		const [first] = isBlock(node.body) ? node.body.statements : [node.body];
		return first ? [first] : [];
	});
}

const isInLoop = (node: AstNode): boolean => {
	for (let at = node.$container; at !== undefined; at = at.$container)
		if (isWhileStatement(at) || isDoStatement(at) || isForStatement(at)) return true;
	return false;
};

/** How a function leaves with nothing done; undefined where its value would have to say more. */
export function wayOut(f: FunctionDecl, error: string): string | undefined {
	const type = sourceText(f.returnType);
	if (f.stars.length > 0) return undefined;
	if (type === 'void') return 'return;';
	if (type === 'vm_fault_t') return 'return VM_FAULT_RETRY;';
	return /^(int|long|ssize_t)$/.test(type) ? `return ${error};` : undefined;
}
