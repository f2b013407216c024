import type { AstNode } from 'langium';
import type { Expression, Guard, ScopedGuard, Statement, Variable } from '../../language/generated/ast.js';
import { guardKind } from '../../language/guards.js';
import { sourceText } from '../../language/text.js';
import type { Operand } from '../ir.js';
import { rvalue } from './expressions.js';
import type { FunctionLowering } from './function.js';
import { Label } from './label.js';
import { CannotLower } from './module.js';
import { operation } from './readers.js';

/* guard(), scoped_guard() and __free(): what their block does at its end, however it is left (include/linux/cleanup.h). */

/** Calls a function of the simulated kernel, or its primitive. */
function kernelCall(f: FunctionLowering, name: string, args: readonly Operand[], node: AstNode): Operand {
	const primitive = f.module.primitive(name);
	if (primitive !== undefined) return operation(f, primitive, args, node);
	const declaration = f.module.named(name);
	if (declaration === undefined) throw new CannotLower(node, `'${name}' is not modelled`);
	const to = f.register();
	f.call(declaration, to, args, node);
	return to;
}

/** Where a block ends, and something is given back that nobody has written down: what it says in a run. */
export interface GuardEnd extends AstNode {
	readonly $type: 'GuardEnd';
	readonly text: string;
}

/** It stands where the guard does: that is the line which explains it. */
const guardEnd = (guard: AstNode, text: string): GuardEnd => ({
	$type: 'GuardEnd',
	$container: guard,
	...(guard.$cstNode ? { $cstNode: guard.$cstNode } : {}),
	text,
});

/** Takes the lock; returns what gives it back. */
export function takeGuard(f: FunctionLowering, s: Guard | ScopedGuard): () => void {
	const kind = guardKind(s.guard);
	if (kind === undefined) throw new CannotLower(s, `a guard of kind '${s.guard}' is not modelled`);
	const args = s.arguments.map((a) => {
		// the lock is that of now, also when the variable that led to it has changed
		const lock = f.register();
		f.emit({ op: 'move', to: lock, from: rvalue(f, a) }, s);
		return lock;
	});
	const state = kernelCall(f, kind.lock, args, s);
	const back = kind.state === 'only' ? [state] : kind.state === 'last' ? [...args, state] : args;
	const end = guardEnd(s, `${kind.unlock}(${s.arguments.map(sourceText).join(', ')})`);
	return () => void kernelCall(f, kind.unlock, back, end);
}

/** Goes on with another address space as `current->mm`; returns what goes back to the one before. */
export function takeMm(f: FunctionLowering, mm: Expression): () => void {
	const old = kernelCall(f, '__use_mm', [rvalue(f, mm)], mm);
	return () => void kernelCall(f, '__use_mm', [old], mm);
}

/** What gives back a variable with `__free()`, unless it is NULL or an error by then. */
export function freeAtEnd(f: FunctionLowering, node: Variable): () => void {
	const name = node.cleanup ?? '';
	return () => {
		const place = f.placeOf(node);
		// a parameter has no __free()
		if (place === undefined || 'at' in place) return;
		let value: Operand;
		if ('register' in place) value = place.register;
		else {
			const at = f.register();
			f.emit({ op: 'local', to: at, slot: place.slot }, node);
			value = f.register();
			f.emit({ op: 'load', to: value, address: at }, node);
		}
		const some = f.register();
		const free = new Label();
		const done = new Label();
		f.emit(
			{ op: 'binary', to: some, operator: '>', left: value, right: f.constant(0), kind: undefined, unsigned: false },
			node,
		);
		f.branch(some, free, done, node);
		f.place(free);
		kernelCall(f, name, [value], guardEnd(node, `${name}(${node.name})`));
		f.place(done);
	};
}

/** Does a statement leave something to the end of its block? */
const leavesWork = (s: Statement): boolean =>
	s.$type === 'Guard' || (s.$type === 'VariableDecl' && s.variables.some((v) => v.cleanup !== undefined));

/** The scopes that a place in the text is in: blocks with an end of their own, and guards that stand before it. */
export function scopesAround(target: AstNode): Set<AstNode> {
	const around = new Set<AstNode>();
	for (let node: AstNode | undefined = target; node !== undefined; node = node.$container) {
		if (node.$type === 'AtomicStatement' || node.$type === 'WithMmStatement' || node.$type === 'ScopedGuard')
			around.add(node);
		const block: AstNode | undefined = node.$container;
		if (block?.$type !== 'Block') continue;
		for (const s of (block as unknown as { statements: Statement[] }).statements) {
			if (s === node) break;
			if (leavesWork(s)) around.add(s);
		}
	}
	return around;
}
