/** Every place of a file where a name stands, with what it names: what definition, references, rename and colours go by. */
import { type AstNode, type CstNode, GrammarUtils, type Reference } from 'langium';
import type * as ast from '../../language/generated/ast.js';
import { structTargets, typedefTargets } from '../../language/links.js';
import type { Program } from '../../language/program.js';
import { sourceOf } from '../../language/text.js';
import { children, type Node } from '../../language/tree.js';

/** What has a name. */
export type Declared =
	| ast.Named
	| ast.TagDef
	| ast.LabelStatement
	| ast.ThreadItem
	| ast.InterruptItem
	| ast.Scenario
	| ast.Typedef;

export interface Occurrence {
	/** The declaration itself, or what refers to it. */
	readonly node: AstNode;
	readonly cst: CstNode;
	/** Undefined where nothing declares the name. */
	readonly target: Declared | undefined;
	readonly declares: boolean;
	/** What is done with it. `type`: a word such as `spinlock_t` that stands for a struct of another name. */
	readonly use: 'declare' | 'read' | 'write' | 'call' | 'type';
}

const known = new WeakMap<ast.File, readonly Occurrence[]>();

/** All occurrences of a linked file, in the order of the text. */
export function occurrencesOf(root: ast.File): readonly Occurrence[] {
	let list = known.get(root);
	if (!list) {
		const found: Occurrence[] = [];
		collect(root as Node, found);
		// What a macro of the sketch has put in place of its use has no text of its own.
		list = found.filter(hasText).sort((a, b) => a.cst.offset - b.cst.offset);
		known.set(root, list);
	}
	return list;
}

function hasText({ cst, target, use }: Occurrence): boolean {
	return use === 'type' || !target?.name || cst.text === target.name;
}

/** The occurrence that covers an offset, its end included: a cursor stands behind what was typed. */
export function occurrenceAt(root: ast.File, offset: number): Occurrence | undefined {
	const list = occurrencesOf(root);
	let low = 0;
	let high = list.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((list[middle]?.cst.offset ?? 0) <= offset) low = middle + 1;
		else high = middle;
	}
	const found = list[low - 1];
	if (found && offset <= found.cst.end) return found;
	return undefined;
}

/** The one declaration that stands for all: a function's definition rather than its prototypes. */
export function canonical(target: Declared, program: Program): Declared {
	return target.$type === 'FunctionDecl' ? program.definitionOf(target) : target;
}

/** The same for the same declaration in every tree that was made of its file. */
export function keyOf(target: Declared): string {
	return `${sourceOf(target).uri}#${nameNode(target)?.offset ?? target.$cstNode?.offset ?? 0}`;
}

/** Where the name of a declaration stands. */
export function nameNode(target: Declared): CstNode | undefined {
	return GrammarUtils.findNodeForProperty(target.$cstNode, 'name');
}

const DECLARING = new Set([
	'FunctionDecl',
	'Variable',
	'Parameter',
	'EnumConstant',
	'Define',
	'MacroDecl',
	'Field',
	'StructDef',
	'EnumDef',
	'LabelStatement',
	'ThreadItem',
	'InterruptItem',
	'Scenario',
	'Typedef',
]);

function collect(node: Node, found: Occurrence[]): void {
	if (DECLARING.has(node.$type) && (node as Declared).name) {
		const cst = nameNode(node as Declared);
		if (cst) found.push({ node, cst, target: node as Declared, declares: true, use: 'declare' });
	}
	if (node.$type === 'TypeRef') {
		const target = typedefTargets.get(node);
		const cst = GrammarUtils.findNodeForProperty(node.$cstNode, node.typedef === undefined ? 'unknown' : 'typedef');
		if (target && cst) found.push({ node, cst, target, declares: false, use: 'read' });
	}
	if (node.$type === 'TypeRef' || node.$type === 'MacroDecl') {
		const target = structTargets.get(node);
		const cst = GrammarUtils.findNodeForProperty(node.$cstNode, node.$type === 'TypeRef' ? 'words' : 'macro');
		if (target && cst) found.push({ node, cst, target, declares: false, use: 'type' });
	}
	for (const key of Object.keys(node)) {
		if (key.startsWith('$')) continue;
		const value: unknown = node[key as keyof Node];
		if (isReference(value) && value.$refNode && value.$refText !== '') {
			found.push({
				node,
				cst: value.$refNode,
				target: value.ref as Declared | undefined,
				declares: false,
				use: useOf(node),
			});
		}
	}
	for (const child of children(node)) collect(child as Node, found);
}

function isReference(value: unknown): value is Reference {
	return typeof value === 'object' && value !== null && '$refText' in value;
}

const CHANGES = new Set(['++', '--']);

/** What an expression does with the object it names. */
function useOf(node: Node): Occurrence['use'] {
	const parent = node.$container as Node | undefined;
	if (node.$type === 'Designator') return 'write';
	if (node.$type !== 'NameRef' && node.$type !== 'Member') return 'read';
	if (parent?.$type === 'Call' && node.$containerProperty === 'callee') return 'call';
	if (parent?.$type === 'Assignment' && node.$containerProperty === 'target') return 'write';
	if ((parent?.$type === 'Unary' || parent?.$type === 'Postfix') && CHANGES.has(parent.operator)) return 'write';
	return 'read';
}
