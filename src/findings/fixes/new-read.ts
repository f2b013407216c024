import type { AstNode } from 'langium';
import {
	isAssignment,
	isBlock,
	isDoStatement,
	isExpressionStatement,
	isForStatement,
	isGotoStatement,
	isLabelStatement,
	isMember,
	isNameRef,
	isVariable,
	isVariableDecl,
	isWhileStatement,
	type Statement,
} from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { allOf, callsOf, nameOf, offsetOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** What a reader notes before it looks pages up: a sequence by call, or by reading a counter. */
const BEGINS = /^mmu_interval_read_begin$/;
const COUNTER = /(^|_)seq(uence)?$/;

interface Snapshot {
	/** `seq = mmu_interval_read_begin(&sub);` */
	readonly line: string;
	readonly statement: Statement;
	/** What is read: `READ_ONCE(seq)`. */
	readonly counter: string;
	/** Where the variable is initialised with it: the declaration without it. */
	readonly declaration: { readonly node: AstNode; readonly text: string } | undefined;
}

/** A retry that keeps its old snapshot collides for ever (S34): each round begins with a new one. */
export const newRead: Fixer = ({ functions }) =>
	functions.flatMap((f) => {
		const snapshots = allOf(f).flatMap(snapshotOf);
		return snapshots.flatMap((snapshot): Fix[] =>
			roundsOf(f)
				.filter(
					(round) =>
						offsetOf(round.first) > offsetOf(snapshot.statement) && !allOf(round.whole).includes(snapshot.statement),
				)
				.map((round) => {
					const edits = new Edits();
					if (snapshot.declaration) edits.replace(snapshot.declaration.node, snapshot.declaration.text);
					else edits.remove(snapshot.statement);
					if (isLabelStatement(round.first)) edits.after(round.first, snapshot.line);
					else edits.before(round.first, snapshot.line);
					const begin = callsOf(snapshot.statement, BEGINS)[0];
					const what = begin
						? `${nameOf(begin)}()`
						: `reading ${snapshot.counter.replace(/^READ_ONCE\((.*)\)$/, '$1')}`;
					return { title: `Begin each round with ${what}`, edits: edits.list };
				}),
		);
	});

function snapshotOf(node: AstNode): Snapshot[] {
	if (isVariable(node) && node.init !== undefined && isVariableDecl(node.$container) && isSnapshot(node.init)) {
		if (!isBlock(node.$container.$container)) return [];
		const statement = node.$container as Statement;
		const bare = sourceText(node).replace(/\s*=[\s\S]*$/, '');
		return [
			{
				line: `${node.name} = ${sourceText(node.init)};`,
				statement,
				counter: sourceText(node.init),
				declaration: { node, text: bare },
			},
		];
	}
	if (!isExpressionStatement(node) || !isBlock(node.$container)) return [];
	const value = assignedBy(node);
	return value && isSnapshot(value)
		? [{ line: sourceText(node), statement: node, counter: sourceText(value), declaration: undefined }]
		: [];
}

function assignedBy(statement: Statement): AstNode | undefined {
	return isExpressionStatement(statement) && isAssignment(statement.expression)
		? statement.expression.value
		: undefined;
}

function isSnapshot(value: AstNode): boolean {
	if (callsOf(value, BEGINS).length > 0) return true;
	return allOf(value).some(
		(n) =>
			(isMember(n) && COUNTER.test(n.field.$refText)) ||
			(isNameRef(n) &&
				isVariable(n.target.ref) &&
				COUNTER.test(n.target.$refText) &&
				n.target.ref.$container.$container?.$type === 'File'),
	);
}

/** Where rounds begin: labels that a later `goto` leads back to, and the bodies of loops. */
function roundsOf(f: AstNode): { whole: AstNode; first: Statement }[] {
	return allOf(f).flatMap((node): { whole: AstNode; first: Statement }[] => {
		if (isGotoStatement(node)) {
			const label = node.label?.ref;
			return label && offsetOf(label) < offsetOf(node) ? [{ whole: label, first: label }] : [];
		}
		if (!isWhileStatement(node) && !isDoStatement(node) && !isForStatement(node)) return [];
		const [first] = isBlock(node.body) ? node.body.statements : [];
		return first ? [{ whole: node, first }] : [];
	});
}
