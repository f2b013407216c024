/** Locks in the text of a sketch: who takes them, what gives them back. */
import { type AstNode, AstUtils } from 'langium';
import {
	type Call,
	type FunctionDecl,
	isBlock,
	isCall,
	isExpressionStatement,
	isIfStatement,
	type Statement,
} from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { callsOf, nameOf, offsetOf, statementOf } from './sketch.js';

/** What takes a lock, and what releases what it took. */
const PAIRS: readonly (readonly [take: RegExp, release: string])[] = [
	[/^mutex_lock(?:_killable|_interruptible|_nested|_io)?$/, 'mutex_unlock'],
	[/^((?:raw_)?spin)_lock_irqsave$/, '$1_unlock_irqrestore'],
	[/^((?:raw_)?spin|read|write)_lock(_irq|_bh)?(?:_nested)?$/, '$1_unlock$2'],
	[/^down_(read|write)(?:_killable|_interruptible|_nested)?$/, 'up_$1'],
	[/^mmap_(read|write)_lock(?:_killable)?$/, 'mmap_$1_unlock'],
	[/^dma_resv_lock(?:_interruptible)?$/, 'dma_resv_unlock'],
	[/^lock_page$/, 'unlock_page'],
	[/^folio_lock$/, 'folio_unlock'],
];
export const TAKES = new RegExp(PAIRS.map(([take]) => take.source).join('|'));
export const RELEASES =
	/^(mutex_unlock|((raw_)?spin|read|write)_unlock(_irq|_bh|_irqrestore)?|up_(read|write)|mmap_(read|write)_unlock|dma_resv_unlock|unlock_page|folio_unlock)$/;

/** The lock of a call as it is written, without `&`: `dev->lock`. */
export const lockText = (call: Call): string =>
	call.arguments[0] ? sourceText(call.arguments[0]).replace(/^&/, '') : '';

/** The lock of a call in words: `dev->lock`, `mmap_lock`. */
export const lockLabel = (call: Call): string =>
	/^mmap_/.test(nameOf(call))
		? 'mmap_lock'
		: /_page$|^folio_/.test(nameOf(call))
			? `the lock of ${lockText(call)}`
			: lockText(call);

/** The last name of a lock: callback and reader reach it by different pointers. */
export const lockName = (call: Call): string => lockText(call).replace(/^.*(->|\.)/, '');

/** The call that gives back what `call` takes, as a statement. */
export function releaseOf(call: Call): string {
	const name = nameOf(call);
	const [take, release] = PAIRS.find(([pattern]) => pattern.test(name)) ?? [/$/, ''];
	const flags = /_irqsave$/.test(name) ? call.arguments.slice(0, 2) : call.arguments.slice(0, 1);
	return `${name.replace(take, release)}(${flags.map(sourceText).join(', ')});`;
}

/** The call that takes it again, as a statement. */
export const takeOf = (call: Call): string => `${sourceText(call)};`;

/** The calls in a function that take a lock and are statements of their own. */
export function locksOf(f: FunctionDecl): { call: Call; statement: Statement }[] {
	return callsOf(f, TAKES).flatMap((call) =>
		isExpressionStatement(call.$container) ? [{ call, statement: call.$container }] : [],
	);
}

/** Statements in a node that do nothing but release the lock that `taken` takes. */
export function releasesOf(node: AstNode, taken: Call): Statement[] {
	return callsOf(node, RELEASES)
		.filter((call) => lockText(call) === lockText(taken) && isExpressionStatement(call.$container))
		.map((call) => call.$container as Statement);
}

/** The calls whose locks are held at `node`: taken behind the offset `from` and not released since, innermost last. */
export function heldAt(node: AstNode, from = 0): Call[] {
	const held = new Map<string, Call>();
	for (const statement of pathTo(node, from))
		for (const call of AstUtils.streamAst(statement).filter(isCall)) {
			if (leaves(call, statement)) continue;
			if (TAKES.test(nameOf(call))) held.set(lockText(call), call);
			else if (RELEASES.test(nameOf(call))) held.delete(lockText(call));
		}
	return [...held.values()];
}

/** The statements behind `from` that come before `node` in the blocks around it, in order. */
function pathTo(node: AstNode, from: number): Statement[] {
	const path: Statement[] = [];
	for (let at = node; at.$container !== undefined; at = at.$container) {
		const block = at.$container;
		if (!isBlock(block)) continue;
		path.unshift(
			...block.statements.slice(0, block.statements.indexOf(at as Statement)).filter((s) => offsetOf(s) > from),
		);
	}
	return path;
}

/** Is the node in a branch of `outer` that ends with a jump? It does not lie on the way then. */
function leaves(node: AstNode, outer: AstNode): boolean {
	for (let at = node; at !== outer && at.$container !== undefined; at = at.$container) {
		if (!isIfStatement(at.$container) || at === at.$container.condition) continue;
		const last = isBlock(at) ? at.statements[at.statements.length - 1] : at;
		if (last !== undefined && /^(Return|Goto|Break|Continue)Statement$/.test(last.$type)) return true;
	}
	return false;
}

/** The statement of a lock call, where it is one by itself. */
export const statementOfLock = (call: Call): Statement | undefined =>
	isExpressionStatement(call.$container) ? statementOf(call) : undefined;
