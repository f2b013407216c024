/** What printing and tracing read: their arguments have no effect, but whoever evaluates `p->id` needs `*p` to be there. */

import type { Expression, Member, NameRef } from './generated/ast.js';
import { decay, type Type } from './types.js';

/** A name, a field or an element of something that is one, what one leads to. */
const isPath = (e: Expression): boolean => {
	switch (e.$type) {
		case 'NameRef':
			// nobody's to free
			return e.target.$refText !== 'current';
		case 'Parenthesized':
			return isPath(e.inner);
		case 'Member':
			return isPath(e.object);
		case 'Index':
			return isPath(e.array) && (e.index.$type === 'NumberLiteral' || isPath(e.index));
		case 'Unary':
			return e.operator === '*' && isPath(e.operand);
		default:
			return false;
	}
};

const leads = (e: Expression): boolean => {
	switch (e.$type) {
		case 'Parenthesized':
			return leads(e.inner);
		case 'Member':
			return e.operator === '->' || leads(e.object);
		case 'Index':
			return leads(e.array) || leads(e.index);
		default:
			return e.$type === 'Unary';
	}
};

/**
 * The parts of an argument that are evaluated whatever the rest comes to, and lead through a pointer. Nothing of calls: what is only printed
 * need not be modelled.
 */
export function printedPaths(e: Expression): Expression[] {
	if (isPath(e)) return leads(e) ? [e] : [];
	switch (e.$type) {
		case 'Parenthesized':
			return printedPaths(e.inner);
		case 'BinaryExpr':
			return e.operator === '&&' || e.operator === '||'
				? printedPaths(e.left)
				: [e.left, e.right].flatMap(printedPaths);
		case 'Conditional':
			return printedPaths(e.condition);
		case 'Call':
			return /^(READ_ONCE|data_race)$/.test(e.callee.$type === 'NameRef' ? e.callee.target.$refText : '')
				? e.arguments.flatMap(printedPaths)
				: [];
		case 'Cast':
			return e.operand === undefined ? [] : printedPaths(e.operand);
		default:
			return [];
	}
}

/** What links a path without a word where something is not known: nothing that is only printed has to be declared. */
export interface PathLinker {
	/** Whether it could. */
	name(e: NameRef): boolean;
	/** The type of what has been linked. */
	typeOf(e: Expression): Type;
	/** Whether `type` has the field. */
	field(e: Member, type: Type): boolean;
}

/** Links `path` as far as it is known, and says whether all of it is. */
export function linkPath(path: Expression, by: PathLinker): boolean {
	switch (path.$type) {
		case 'NameRef':
			return by.name(path);
		case 'Parenthesized':
			return linkPath(path.inner, by);
		case 'Member': {
			if (!linkPath(path.object, by)) return false;
			const type = decay(by.typeOf(path.object));
			if ((type.kind === 'pointer') !== (path.operator === '->')) return false;
			return by.field(path, type.kind === 'pointer' ? type.to : type);
		}
		case 'Index':
			return (
				linkPath(path.array, by) &&
				decay(by.typeOf(path.array)).kind === 'pointer' &&
				(path.index.$type === 'NumberLiteral' || linkPath(path.index, by))
			);
		case 'Unary':
			return linkPath(path.operand, by) && decay(by.typeOf(path.operand)).kind === 'pointer';
		default:
			return false;
	}
}

/** Has the whole of `path` been linked? */
export function isLinked(path: Expression): boolean {
	switch (path.$type) {
		case 'NameRef':
			return path.target.ref !== undefined;
		case 'Parenthesized':
			return isLinked(path.inner);
		case 'Member':
			return path.field.ref !== undefined && isLinked(path.object);
		case 'Index':
			return isLinked(path.array) && (path.index.$type === 'NumberLiteral' || isLinked(path.index));
		default:
			return path.$type === 'Unary' && isLinked(path.operand);
	}
}
