import type { AstNode } from 'langium';
import {
	type Expression,
	isAssignment,
	isCall,
	isMember,
	isNameRef,
	isPostfix,
	isUnary,
	isVariable,
} from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { allOf, nameOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fixer } from './fix.js';

/** Plain accesses that race, where any order will do: marked, so that the compiler may not tear or repeat them. */
export const markOnce: Fixer = ({ functions, blamed }) => {
	const name = /(?:reads|writes) (?:[\w.[\]>-]*[.>])?(\w+) /.exec(blamed.message)?.[1];
	if (name === undefined) return [];
	const lines = new Set([blamed.span, ...blamed.places].map(({ line }) => line));
	const edits = new Edits();
	for (const node of functions.flatMap(allOf)) {
		const line = (node.$cstNode?.range.start.line ?? -1) + 1;
		if (!isAccess(node, name) || !lines.has(line) || isMarked(node)) continue;
		const text = sourceText(node);
		const up = node.$container;
		if (isAssignment(up) && up.target === node) {
			const value =
				up.operator === '=' ? sourceText(up.value) : `${text} ${up.operator.slice(0, -1)} ${sourceText(up.value)}`;
			edits.replace(up, `WRITE_ONCE(${text}, ${value})`);
		} else if (isPostfix(up) || (isUnary(up) && /^(\+\+|--)$/.test(up.operator)))
			edits.replace(up, `WRITE_ONCE(${text}, ${text} ${up.operator[0]} 1)`);
		else edits.replace(node, `READ_ONCE(${text})`);
	}
	const marks = ['READ_ONCE', 'WRITE_ONCE'].filter((mark) => edits.list.some(({ text }) => text.startsWith(mark)));
	return [
		{ title: `Mark the accesses to ${name} with ${marks.map((m) => `${m}()`).join(' and ')}`, edits: edits.list },
	];
};

const isAccess = (node: AstNode, name: string): node is Expression =>
	(isMember(node) && node.field.$refText === name) ||
	(isNameRef(node) && node.target.$refText === name && isVariable(node.target.ref));

/** Inside READ_ONCE() or WRITE_ONCE(), or only its address is taken. */
function isMarked(node: AstNode): boolean {
	for (let at = node.$container; at !== undefined; at = at.$container)
		if (isCall(at)) return /^(READ|WRITE)_ONCE$/.test(nameOf(at));
	const up = node.$container;
	return isUnary(up) && up.operator === '&';
}
