/** The shape of a file: symbols, folding, selection. */
import type { AstNode, CstNode } from 'langium';
import {
	type DocumentSymbol,
	type FoldingRange,
	FoldingRangeKind,
	type Position,
	type Range,
	type SelectionRange,
	SymbolKind,
	type WorkspaceSymbol,
} from 'vscode-languageserver-protocol';
import { isComment, piecesOf } from '../../language/format/tokens.js';
import type * as ast from '../../language/generated/ast.js';
import { isPublic } from '../../language/names.js';
import type { Node } from '../../language/tree.js';
import { headOf, originOf } from './describe.js';
import { type Declared, nameNode } from './occurrences.js';
import { rangeOf, type View, type Workspace } from './workspace.js';

/** The symbols of a document, as a tree. */
export function documentSymbols(view: View): DocumentSymbol[] {
	return view.root.items.flatMap((item) => symbolsOf(item as Node, view));
}

function symbolsOf(node: Node, view: View): DocumentSymbol[] {
	switch (node.$type) {
		case 'FunctionDecl':
			return one(node, SymbolKind.Function, view, signature(node, view), [], node.body ? [] : ['prototype']);
		case 'StructDef':
			return [
				...one(
					node,
					SymbolKind.Struct,
					view,
					node.kind,
					node.fields.flatMap((decl) => fieldSymbols(decl, view)),
				),
				...node.variables.flatMap((variable) => symbolsOf(variable as Node, view)),
			];
		case 'EnumDef':
			return [
				...one(
					node,
					SymbolKind.Enum,
					view,
					'enum',
					node.constants.flatMap((constant) => symbolsOf(constant as Node, view)),
				),
				...node.variables.flatMap((variable) => symbolsOf(variable as Node, view)),
			];
		case 'EnumConstant':
			return one(node, SymbolKind.EnumMember, view);
		case 'Define':
			return one(node, SymbolKind.Constant, view);
		case 'Typedef':
			return one(node, SymbolKind.Struct, view, 'typedef');
		case 'MacroDecl':
			return one(node, SymbolKind.Variable, view, node.macro);
		case 'VariableDecl':
			return node.variables.flatMap((variable) => symbolsOf(variable as Node, view));
		case 'Variable':
			return one(node, SymbolKind.Variable, view, signature(node, view));
		case 'Scenario': {
			const inner = node.items.flatMap((item) => symbolsOf(item as Node, view));
			return one(node, SymbolKind.Class, view, 'scenario', inner);
		}
		case 'ThreadItem':
			return one(node, SymbolKind.Event, view, node.kind);
		case 'InterruptItem':
			return one(node, SymbolKind.Event, view, `interrupt on ${node.thread.$refText}`);
		default:
			return [];
	}
}

function fieldSymbols(decl: ast.FieldDecl, view: View): DocumentSymbol[] {
	const nested = decl.nested.flatMap((inner) => fieldSymbols(inner, view));
	if (decl.fields.length === 0) return nested;
	return decl.fields.flatMap((field) => one(field, SymbolKind.Field, view, signature(field, view), nested));
}

function signature(node: Declared, view: View): string {
	return headOf(node, view.program).split('\n', 1)[0] ?? '';
}

function one(
	node: Declared,
	kind: SymbolKind,
	_view: View,
	detail = '',
	children: DocumentSymbol[] = [],
	marks: readonly string[] = [],
): DocumentSymbol[] {
	const name = nameNode(node);
	if (!node.name || !name || !node.$cstNode) return [];
	return [
		{
			name: node.name,
			detail: marks.length > 0 ? `${detail} (${marks.join(', ')})` : detail,
			kind,
			range: rangeOf(whole(node)),
			selectionRange: rangeOf(name),
			children,
		},
	];
}

/** A name's declaration with its type: the range of the symbol. */
function whole(node: Declared): CstNode {
	const owner =
		node.$type === 'Variable' && node.$container?.$type === 'VariableDecl' && node.$container.variables.length === 1
			? node.$container
			: node;
	return (owner.$cstNode ?? node.$cstNode) as CstNode;
}

/** More than these are no help. */
const MOST_SYMBOLS = 200;

/** The names of the workspace and of the simulated kernel that match a query. */
export async function workspaceSymbols(workspace: Workspace, query: string): Promise<WorkspaceSymbol[]> {
	const found = new Map<string, WorkspaceSymbol>();
	const wanted = query.toLowerCase();
	const add = (node: Declared, kind: SymbolKind) => {
		const location = node.name?.toLowerCase().includes(wanted) ? workspace.locationOf(node) : undefined;
		if (!location || !node.name) return;
		found.set(`${location.uri}#${location.range.start.line}:${location.range.start.character}`, {
			name: node.name,
			kind,
			location,
			containerName: originOf(node),
		});
	};
	const uris = new Set(await workspace.withWord(''));
	for (const uri of uris) {
		const view = await workspace.view(uri);
		if (!view) continue;
		for (const item of view.root.items) named(item, add);
	}
	const [first] = uris;
	// Any program knows the prelude, and what it includes.
	const kernel = wanted && first ? (await workspace.view(first))?.program.files.filter((file) => file.kernel) : [];
	for (const { root } of kernel ?? []) {
		for (const item of root.items) {
			if (item.$type === 'FunctionDecl' ? isPublic(item) : item.$type === 'StructDef') named(item, add);
		}
	}
	return [...found.values()].slice(0, MOST_SYMBOLS);
}

function named(item: ast.Item, add: (node: Declared, kind: SymbolKind) => void): void {
	switch (item.$type) {
		case 'FunctionDecl':
			add(item, SymbolKind.Function);
			break;
		case 'StructDef':
			add(item, SymbolKind.Struct);
			for (const variable of item.variables) add(variable, SymbolKind.Variable);
			break;
		case 'EnumDef':
			add(item, SymbolKind.Enum);
			for (const constant of item.constants) add(constant, SymbolKind.EnumMember);
			break;
		case 'VariableDecl':
			for (const variable of item.variables) add(variable, SymbolKind.Variable);
			break;
		case 'MacroDecl':
			add(item, SymbolKind.Variable);
			break;
		case 'Typedef':
			add(item, SymbolKind.Struct);
			break;
		case 'Define':
			add(item, SymbolKind.Constant);
			break;
		case 'Scenario':
			add(item, SymbolKind.Class);
			break;
		default:
	}
}

/** What can be folded: braces, comments of several lines, runs of includes. */
export function foldingRanges(view: View): FoldingRange[] {
	const { document } = view;
	const ranges: FoldingRange[] = [];
	const open: { offset: number; text: string }[] = [];
	const lineOf = (offset: number) => document.positionAt(offset).line;
	let includes: { first: number; last: number } | undefined;
	const flush = () => {
		if (includes && includes.last > includes.first) {
			ranges.push({ startLine: includes.first, endLine: includes.last, kind: FoldingRangeKind.Imports });
		}
		includes = undefined;
	};
	for (const piece of piecesOf(document.getText())) {
		const line = lineOf(piece.offset);
		if (piece.kind === 'directive' && /^#\s*include\b/.test(piece.text)) {
			if (includes && line === includes.last + 1) includes.last = line;
			else {
				flush();
				includes = { first: line, last: line };
			}
			continue;
		}
		if (isComment(piece)) {
			const end = lineOf(piece.offset + piece.text.length);
			if (end > line) ranges.push({ startLine: line, endLine: end, kind: FoldingRangeKind.Comment });
		} else if (piece.text === '{' || piece.text === '(') open.push(piece);
		else if (piece.text === '}' || piece.text === ')') {
			const start = open.findLastIndex(({ text }) => text === (piece.text === '}' ? '{' : '('));
			if (start < 0) continue;
			const startLine = lineOf(open[start]?.offset ?? 0);
			open.length = start;
			// The closing brace stays in sight.
			const endLine = piece.text === '}' ? line - 1 : line;
			if (endLine > startLine && piece.text === '}') ranges.push({ startLine, endLine });
		}
	}
	flush();
	return ranges;
}

/** From the word under the cursor outwards: expression, statement, block, function. */
export function selectionRange(view: View, position: Position): SelectionRange {
	const offset = view.document.offsetAt(position);
	const ranges: Range[] = [];
	const add = (range: Range) => {
		const last = ranges.at(-1);
		if (last && same(last, range)) return;
		if (!last || contains(range, last)) ranges.push(range);
	};
	const word = wordAt(view, offset);
	if (word) add(word);
	let node: AstNode | undefined = innermost(view.root, offset);
	for (; node; node = node.$container) if (node.$cstNode) add(rangeOf(node.$cstNode));
	const end = view.document.positionAt(view.document.getText().length);
	add({ start: { line: 0, character: 0 }, end });
	const [first = { start: position, end: position }] = ranges;
	return (
		ranges
			.slice(1)
			.reverse()
			.concat([first])
			.reduce<SelectionRange | undefined>((parent, range) => (parent ? { range, parent } : { range }), undefined) ?? {
			range: first,
		}
	);
}

function wordAt(view: View, offset: number): Range | undefined {
	const piece = piecesOf(view.document.getText()).find((p) => p.offset <= offset && offset <= p.offset + p.text.length);
	if (!piece) return undefined;
	return {
		start: view.document.positionAt(piece.offset),
		end: view.document.positionAt(piece.offset + piece.text.length),
	};
}

function innermost(root: ast.File, offset: number): AstNode {
	let at: AstNode = root;
	for (;;) {
		const inner = childAt(at, offset);
		if (!inner) return at;
		at = inner;
	}
}

function childAt(node: AstNode, offset: number): AstNode | undefined {
	for (const [key, value] of Object.entries(node)) {
		if (key.startsWith('$')) continue;
		for (const child of Array.isArray(value) ? value : [value]) {
			const cst = (child as AstNode | undefined)?.$cstNode;
			if (cst && (child as AstNode).$type && cst.offset <= offset && offset <= cst.end && cst.end > cst.offset)
				return child as AstNode;
		}
	}
	return undefined;
}

function before(a: Position, b: Position): boolean {
	return a.line < b.line || (a.line === b.line && a.character <= b.character);
}

function contains(outer: Range, inner: Range): boolean {
	return before(outer.start, inner.start) && before(inner.end, outer.end);
}

function same(a: Range, b: Range): boolean {
	return contains(a, b) && contains(b, a);
}
