/** Questions that fixes ask of a sketch. */
import { type AstNode, AstUtils, CstUtils } from 'langium';
import {
	type Call,
	type FunctionDecl,
	isBlock,
	isCall,
	isDoStatement,
	isExpressionStatement,
	isForStatement,
	isFunctionDecl,
	isIfStatement,
	isNameRef,
	isReturnStatement,
	isVariableDecl,
	isWhileStatement,
	type ReturnStatement,
	type Statement,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf, sourceText, spanOf } from '../../language/text.js';
import type { Span } from '../result.js';

/** The name of the function that is called; empty for a call through a pointer. */
export const nameOf = (call: Call): string => (isNameRef(call.callee) ? call.callee.target.$refText : '');
export const offsetOf = (node: AstNode): number => node.$cstNode?.offset ?? 0;

/** A node and all that it contains, in the order of the text. */
export const allOf = (node: AstNode): AstNode[] => [node, ...AstUtils.streamAllContents(node)];

/** The calls in a node of functions whose name matches. */
export function callsOf(node: AstNode, name: RegExp): Call[] {
	return allOf(node).filter((n): n is Call => isCall(n) && name.test(nameOf(n)));
}

/** The innermost whole statement around a node: one of a block's, or the body of a branch or loop. */
export function statementOf(node: AstNode): Statement | undefined {
	for (let at: AstNode | undefined = node; at?.$container !== undefined; at = at.$container) {
		const up: AstNode = at.$container;
		if (isBlock(up)) return at as Statement;
		if (isIfStatement(up) && at !== up.condition) return at as Statement;
		if ((isWhileStatement(up) || isDoStatement(up) || isForStatement(up)) && at === up.body) return at as Statement;
	}
	return undefined;
}

/** The statement of the block around a function's locks that `node` is part of: a sibling of `sibling`. */
export function siblingOf(node: AstNode, sibling: Statement): Statement | undefined {
	for (let at: AstNode | undefined = node; at !== undefined; at = at.$container)
		if (at.$container === sibling.$container) return at as Statement;
	return undefined;
}

/** The statements that follow in the same block. */
export function following(statement: Statement): Statement[] {
	const block = statement.$container;
	return isBlock(block) ? block.statements.slice(block.statements.indexOf(statement) + 1) : [];
}

export function functionOf(node: AstNode): FunctionDecl | undefined {
	return AstUtils.getContainerOfType(node, isFunctionDecl);
}

/** The functions of the sketch with a body, without the simulated kernel's. */
export const ownFunctions = (program: Program): FunctionDecl[] =>
	program.files
		.filter(({ kernel }) => !kernel)
		.flatMap(({ root }) => root.items.filter(isFunctionDecl))
		.filter(({ body }) => body !== undefined);

/** The user's function in which a place lies. */
export function functionAt(program: Program, { uri, line }: Span): FunctionDecl | undefined {
	return program.files
		.filter((file) => file.uri === uri && !file.kernel)
		.flatMap((file) => file.root.items.filter(isFunctionDecl))
		.find((f) => {
			const span = spanOf(f);
			return f.body !== undefined && span.line <= line && line <= span.endLine;
		});
}

/** The innermost node of the tree at the beginning of a span. */
export function nodeAt(program: Program, span: Span): AstNode | undefined {
	const file = program.files.find(({ uri, kernel }) => uri === span.uri && !kernel);
	if (file?.root.$cstNode === undefined) return undefined;
	const offset = offsetAt(sourceOf(file.root).text, span.line, span.column);
	return CstUtils.findLeafNodeAtOffset(file.root.$cstNode, offset)?.astNode;
}

/** Line and column count from 1. */
export function offsetAt(text: string, line: number, column: number): number {
	let start = 0;
	for (let n = 1; n < line; n++) {
		const end = /\r\n|\r|\n/g;
		end.lastIndex = start;
		const found = end.exec(text);
		if (!found) return text.length;
		start = found.index + found[0].length;
	}
	return Math.min(text.length, start + column - 1);
}

/** The returns of a function, in the order of the text. */
export const returnsOf = (f: FunctionDecl): ReturnStatement[] => allOf(f).filter(isReturnStatement);

/** Does a call make up the whole of its statement? */
export const isWhole = (call: Call): boolean => isExpressionStatement(call.$container);

/** The first statement of a function behind its declarations. */
export function firstStatement(f: FunctionDecl): Statement | undefined {
	return f.body?.statements.find((s) => !isVariableDecl(s));
}

/** The name of the parameter whose type reads so. */
export function parameterOf(f: FunctionDecl, type: RegExp): string | undefined {
	return f.parameters.find((p) => type.test(sourceText(p)))?.name;
}

/** What a callback returns to say that it cannot do now what may block; undefined where it cannot say so. */
export function refusal(f: FunctionDecl): string | undefined {
	const type = sourceText(f.returnType);
	if (f.stars.length > 0) return undefined;
	return type === 'bool' ? 'false' : type === 'int' ? '-EAGAIN' : undefined;
}

/** How a callback asks whether it may block. */
export function blockable(f: FunctionDecl): string | undefined {
	const range = parameterOf(f, /struct mmu_notifier_range\b/);
	if (range !== undefined) return `mmu_notifier_range_blockable(${range})`;
	// v4.19: `bool blockable`; another flag says something else
	return parameterOf(f, /^bool \w*block\w*$/);
}
