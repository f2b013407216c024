/** The names and types at a place of a tree. */
import { type AstNode, CstUtils } from 'langium';
import { type ArgumentKind, argumentKind, builtin } from '../../language/builtins.js';
import type * as ast from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import type { Node } from '../../language/tree.js';
import { walk } from '../../language/tree.js';
import { decay, type Type } from '../../language/types.js';

export type LocalName = ast.Variable | ast.Parameter | ast.MacroDecl | ast.EnumConstant;

/** The node that the text at an offset belongs to, as deep as the tree goes. */
export function nodeAt(root: ast.File, offset: number): Node | undefined {
	const leaf = root.$cstNode && CstUtils.findLeafNodeAtOffset(root.$cstNode, offset);
	return leaf?.astNode as Node | undefined;
}

/** The nearest node of a type, upwards. */
export function enclosing<T extends Node['$type']>(
	node: AstNode | undefined,
	...types: readonly T[]
): Extract<Node, { $type: T }> | undefined {
	let at = node;
	while (at && !(types as readonly string[]).includes(at.$type)) at = at.$container;
	return at as Extract<Node, { $type: T }> | undefined;
}

/** The function or scenario around an offset; where the text is broken, the last one that begins before it. */
export function itemAt(root: ast.File, offset: number): ast.FunctionDecl | ast.Scenario | undefined {
	let found: ast.FunctionDecl | ast.Scenario | undefined;
	for (const item of root.items) {
		if (item.$type !== 'FunctionDecl' && item.$type !== 'Scenario') continue;
		if ((item.$cstNode?.offset ?? 0) <= offset) found = item;
	}
	return found;
}

/** Local names that can be used at an offset, innermost first; each name once. */
export function localsAt(root: ast.File, offset: number): LocalName[] {
	const owner = itemAt(root, offset);
	if (!owner) return [];
	const found = new Map<string, LocalName>();
	const add = (node: LocalName) => {
		if (node.name) found.set(node.name, node);
	};
	if (owner.$type === 'FunctionDecl') for (const parameter of owner.parameters) add(parameter);
	const visit = (node: Node): void => {
		const { $cstNode: cst } = node;
		if (cst && cst.offset > offset) return;
		if (node.$type === 'VariableDecl' || node.$type === 'EnumDef') {
			for (const variable of node.variables) if ((variable.$cstNode?.offset ?? 0) < offset) add(variable);
			if (node.$type === 'EnumDef') for (const constant of node.constants) add(constant);
		} else if (node.$type === 'MacroDecl') add(node);
		const scoped = node.$type === 'Block' || node.$type === 'ForStatement';
		// What an inner block declares ends with it.
		if (scoped && cst && cst.end < offset && !isBroken(cst.text)) return;
		for (const child of childrenOf(node)) visit(child);
	};
	if (owner.$type === 'FunctionDecl' && owner.body) visit(owner.body as Node);
	if (owner.$type === 'Scenario') {
		for (const item of owner.items) {
			const cst = item.$cstNode;
			if ('body' in item && cst && cst.offset <= offset && offset <= cst.end) visit(item.body as Node);
		}
	}
	return [...found.values()].reverse();
}

/** A block that has lost its brace ends somewhere. */
function isBroken(text: string): boolean {
	return text.startsWith('{') && !text.endsWith('}');
}

function* childrenOf(node: Node): Iterable<Node> {
	for (const [key, value] of Object.entries(node)) {
		if (key.startsWith('$')) continue;
		for (const inner of Array.isArray(value) ? value : [value]) {
			if (typeof inner === 'object' && inner !== null && '$type' in inner) yield inner as Node;
		}
	}
}

/** The labels of a function. */
export function labelsOf(owner: AstNode): ast.LabelStatement[] {
	const found: ast.LabelStatement[] = [];
	walk(owner, (node) => {
		if (node.$type === 'LabelStatement') found.push(node);
	});
	return found;
}

/** What kind of argument of a macro stands at this node, and the struct whose member it names. */
export function macroArgument(
	node: AstNode | undefined,
	program: Program,
): { readonly kind: ArgumentKind; readonly struct?: Type | undefined; readonly member?: Type | undefined } | undefined {
	const call = node?.$container as Node | undefined;
	if (call?.$type !== 'Call' || call.callee.$type !== 'NameRef') return undefined;
	const macro = builtin(call.callee.target.$refText);
	const kind = macro && argumentKind(macro, call.arguments.indexOf(node as ast.Expression));
	if (!kind) return undefined;
	const { semantics } = program;
	const typeOf = (index: number | undefined) => {
		const argument = index === undefined ? undefined : call.arguments[index];
		return argument && argument !== node ? semantics.typeOf(argument) : undefined;
	};
	const pointee = (type: Type | undefined) => (type?.kind === 'pointer' ? type.to : undefined);
	const of = macro.memberOf;
	const owner = typeOf(of?.argument);
	// container_of(pointer, type, member): the member that the pointer points to
	const member = of && of.argument > 0 && !of.pointee ? pointee(typeOf(0)) : undefined;
	return { kind, struct: of?.pointee ? pointee(owner) : owner, member };
}

/** The type that a value at this node should have; undefined where nothing is wanted. */
export function expectedType(node: AstNode, program: Program): Type | undefined {
	const { semantics } = program;
	const owner = node.$container as Node | undefined;
	switch (owner?.$type) {
		case 'Call': {
			const index = owner.arguments.indexOf(node as ast.Expression);
			if (index < 0) return undefined;
			let callee = semantics.typeOf(owner.callee);
			if (callee.kind === 'pointer') callee = callee.to;
			return callee.kind === 'function' ? callee.parameters[index] : undefined;
		}
		case 'Assignment':
			return owner.value === node ? semantics.typeOf(owner.target) : undefined;
		case 'BinaryExpr':
			if (owner.operator !== '==' && owner.operator !== '!=') return undefined;
			return owner.right === node ? decay(semantics.typeOf(owner.left)) : undefined;
		case 'Variable':
			return owner.init === node ? semantics.declaredType(owner) : undefined;
		case 'InitializerEntry': {
			const field = owner.designators.at(-1)?.field?.ref;
			return field && semantics.declaredType(field);
		}
		case 'ReturnStatement': {
			const f = enclosing(owner, 'FunctionDecl');
			const type = f && semantics.declaredType(f);
			return type?.kind === 'function' ? type.returns : undefined;
		}
		case 'Unary': {
			if (owner.operator !== '&') return undefined;
			const outer = expectedType(owner, program);
			return outer?.kind === 'pointer' ? outer.to : undefined;
		}
		default:
			return undefined;
	}
}
