/** guard(), scoped_guard() and __free(): kinds that are modelled, with what they take. */

import type * as ast from '../generated/ast.js';
import { freeFunctions, guardKind, guardKinds } from '../guards.js';
import { didYouMean } from '../suggest.js';
import { checkAssign } from './assign.js';
import type { CheckContext } from './context.js';

/** Checks a guard: its kind, and how many arguments it has. What it locks is checked like an argument. */
export function checkGuard(s: ast.Guard | ast.ScopedGuard, context: CheckContext): void {
	const { report } = context;
	const kind = guardKind(s.guard);
	if (s.guard === '') return;
	if (!kind) {
		const way = didYouMean(s.guard, guardKinds) || `: take the lock by its function, and release it on every way out`;
		report.error('unsupported', s, `a guard of kind '${s.guard}' is not modelled${way}`, 'guard');
		return;
	}
	if (s.arguments.length !== kind.takes) {
		const wants = kind.takes === 1 ? 'the address of its lock' : 'no arguments';
		report.error(
			'type',
			s,
			`a guard of kind '${s.guard}' takes ${wants}, not ${s.arguments.length} arguments`,
			'guard',
		);
		return;
	}
	const unlock = context.scope.name(kind.unlock);
	const type = unlock?.$type === 'FunctionDecl' ? context.semantics.declaredType(unlock) : undefined;
	const wanted = type?.kind === 'function' ? type.parameters[0] : undefined;
	const [lock] = s.arguments;
	if (lock && wanted) checkAssign(lock, wanted, context, `the lock of guard(${s.guard})`);
}

/** Checks `__free(NAME)`. */
export function checkCleanup(node: ast.Variable, context: CheckContext): void {
	const { report, semantics } = context;
	if (!node.cleanup) return;
	if (!freeFunctions.includes(node.cleanup)) {
		const way = `: there are ${freeFunctions.join(', ')}; else release it on every way out`;
		report.error('unsupported', node, `__free(${node.cleanup}) is not modelled${way}`, 'cleanup');
	} else if (semantics.declaredType(node).kind !== 'pointer') {
		report.error('type', node, `__free() belongs to a pointer, and '${node.name}' is none`, 'cleanup');
	} else if (!node.init) {
		report.error(
			'type',
			node,
			`'${node.name}' is given back at the end of its block, whatever is in it by then: initialise it here, with NULL where there is nothing yet`,
			'name',
		);
	}
}
