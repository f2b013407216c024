/** Where a node of the tree stands in its file, and the text it was made from. */

import type { AstNode, CstNode } from 'langium';
import type { File } from './generated/ast.js';
import type { Span } from './problem.js';

/** The text a tree was made from. */
export interface SourceFile {
	readonly uri: string;
	readonly text: string;
	/** A file of the simulated kernel. */
	readonly kernel: boolean;
}

const sources = new WeakMap<AstNode, SourceFile>();

/** Notes where the tree of `root` comes from. */
export function registerSource(root: File, source: SourceFile): void {
	sources.set(root, source);
}

/** The file a node belongs to. */
export function sourceOf(node: AstNode): SourceFile {
	let root = node;
	while (root.$container) root = root.$container;
	return sources.get(root) ?? { uri: '', text: '', kernel: false };
}

/** The root of the tree a node belongs to. */
export function fileOf(node: AstNode): File {
	let root = node;
	while (root.$container) root = root.$container;
	return root as File;
}

/** Where a node stands. A node that recovery made up stands where its container does. */
export function spanOf(node: AstNode): Span {
	let at: AstNode | undefined = node;
	while (at && !at.$cstNode) at = at.$container;
	return cstSpan(sourceOf(node).uri, at?.$cstNode);
}

/** The range of a piece of concrete syntax, counted from 1. */
export function cstSpan(uri: string, cst: CstNode | undefined): Span {
	if (!cst) return { uri, line: 1, column: 1, endLine: 1, endColumn: 1 };
	const { start, end } = cst.range;
	return {
		uri,
		line: start.line + 1,
		column: start.character + 1,
		endLine: end.line + 1,
		endColumn: end.character + 1,
	};
}

/** Where the `index`th value of a property stands; the node itself when the property has no text of its own. */
export function spanOfProperty(node: AstNode, property: string, index = 0): Span {
	const cst = node.$cstNode ? childOfProperty(node.$cstNode, node, property, index) : undefined;
	return cst ? cstSpan(sourceOf(node).uri, cst) : spanOf(node);
}

function childOfProperty(cst: CstNode, node: AstNode, property: string, index: number): CstNode | undefined {
	let seen = 0;
	const visit = (current: CstNode): CstNode | undefined => {
		if ('content' in current) {
			for (const child of (current as unknown as { content: CstNode[] }).content) {
				if (child.astNode !== node) continue;
				if (assignedProperty(child) === property) {
					if (seen++ === index) return child;
					continue;
				}
				const found = visit(child);
				if (found) return found;
			}
		}
		return undefined;
	};
	return visit(cst);
}

interface GrammarElement {
	readonly $type: string;
	readonly $container?: GrammarElement;
	readonly feature?: string;
}

/** The property the grammar assigns this piece of syntax to. */
function assignedProperty(cst: CstNode): string | undefined {
	let element = cst.grammarSource as GrammarElement | undefined;
	// A keyword in a data type rule belongs to the rule call that assigns it, which is an ancestor in the syntax.
	while (element) {
		if (element.$type === 'Assignment') return element.feature;
		if (element.$type.endsWith('Rule')) return undefined;
		element = element.$container;
	}
	return undefined;
}

const NOISE = /"(?:\\.|[^"\\\r\n])*"|'(?:\\.|[^'\\\r\n])*'|\/\*[\s\S]*?\*\/|\/\/[^\r\n]*|\s+/g;

/** The text of a node on one line: white space folded, comments dropped. */
export function sourceText(node: AstNode): string {
	const cst = node.$cstNode;
	if (!cst) return '';
	return sourceOf(node)
		.text.slice(cst.offset, cst.end)
		.replace(NOISE, (piece) => (piece[0] === '"' || piece[0] === "'" ? piece : ' '))
		.replace(/ {2,}/g, ' ')
		.trim();
}

/** The last part of a uri, for messages. */
export function fileName(uri: string): string {
	return uri.slice(uri.lastIndexOf('/') + 1);
}
