/** Who calls whom: functions, threads, and callbacks that the kernel calls through a table of operations. */
import type { AstNode } from 'langium';
import {
	type CallHierarchyIncomingCall,
	type CallHierarchyItem,
	type CallHierarchyOutgoingCall,
	type Position,
	type Range,
	SymbolKind,
} from 'vscode-languageserver-protocol';
import type * as ast from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf } from '../../language/text.js';
import { headOf, originOf } from './describe.js';
import { targetAt } from './navigate.js';
import {
	canonical,
	type Declared,
	keyOf,
	nameNode,
	type Occurrence,
	occurrenceAt,
	occurrencesOf,
} from './occurrences.js';
import { enclosing } from './scope-at.js';
import { rangeOf, type View, type Workspace } from './workspace.js';

/** What runs: it can call, and most of it can be called. */
type Caller = ast.FunctionDecl | ast.ThreadItem | ast.InterruptItem | ast.Scenario;

/** The function, thread or interrupt at a position; where a callback is meant, its function. */
export function prepareCalls(workspace: Workspace, view: View, position: Position): CallHierarchyItem[] {
	const found = targetAt(view, position)?.target;
	if (found?.$type !== 'FunctionDecl' && found?.$type !== 'ThreadItem' && found?.$type !== 'InterruptItem') return [];
	const item = itemOf(workspace, view.program, found);
	return item ? [item] : [];
}

function itemOf(workspace: Workspace, program: Program, node: Caller): CallHierarchyItem | undefined {
	const name = nameNode(node);
	if (!name || !node.$cstNode) return undefined;
	const head =
		node.$type === 'FunctionDecl'
			? (headOf(node, program).split('\n', 1)[0] ?? '')
			: node.$type === 'Scenario'
				? 'scenario'
				: headOf(node, program);
	return {
		name: node.name,
		kind:
			node.$type === 'FunctionDecl'
				? SymbolKind.Function
				: node.$type === 'Scenario'
					? SymbolKind.Class
					: SymbolKind.Event,
		detail: `${head} · ${originOf(node)}`,
		uri: workspace.spell(sourceOf(node).uri),
		range: rangeOf(node.$cstNode),
		selectionRange: rangeOf(name),
	};
}

/** The declaration that an item was made of. */
async function targetOf(
	workspace: Workspace,
	item: CallHierarchyItem,
): Promise<{ view: View; target: Declared } | undefined> {
	const view = await workspace.view(item.uri);
	const target = view && occurrenceAt(view.root, view.document.offsetAt(item.selectionRange.start))?.target;
	return view && target ? { view, target: canonical(target, view.program) } : undefined;
}

function callerAt(node: AstNode): Caller | undefined {
	return enclosing(node, 'FunctionDecl', 'ThreadItem', 'InterruptItem', 'Scenario');
}

class Calls<T extends Caller> {
	readonly #found = new Map<string, { node: T; program: Program; ranges: Range[]; seen: Set<string> }>();

	add(node: T, program: Program, occurrence: Occurrence): void {
		const key = keyOf(node);
		const entry = this.#found.get(key) ?? { node, program, ranges: [], seen: new Set<string>() };
		const at = `${sourceOf(occurrence.node).uri}#${occurrence.cst.offset}`;
		if (!entry.seen.has(at)) entry.ranges.push(rangeOf(occurrence.cst));
		entry.seen.add(at);
		this.#found.set(key, entry);
	}

	list(workspace: Workspace): { item: CallHierarchyItem; ranges: Range[] }[] {
		return [...this.#found.values()].flatMap(({ node, program, ranges }) => {
			const item = itemOf(workspace, program, node);
			return item ? [{ item, ranges }] : [];
		});
	}
}

/** Calls of an item, those through a table of operations among them. */
export async function incomingCalls(
	workspace: Workspace,
	item: CallHierarchyItem,
): Promise<CallHierarchyIncomingCall[]> {
	const found = await targetOf(workspace, item);
	if (!found) return [];
	const key = keyOf(found.target);
	const calls = new Calls<Caller>();
	const collect = (program: Program) => {
		const fields = tableFields(program, key);
		for (const { root } of program.files) {
			for (const occurrence of occurrencesOf(root)) {
				if (occurrence.use !== 'call' || !occurrence.target) continue;
				const called = keyOf(canonical(occurrence.target, program));
				const caller = called === key || fields.has(called) ? callerAt(occurrence.node) : undefined;
				if (caller) calls.add(caller, program, occurrence);
			}
		}
	};
	collect(found.view.program);
	for (const uri of await workspace.withWord(found.target.name ?? '')) collect(await workspace.program(uri));
	return calls.list(workspace).map(({ item: from, ranges }) => ({ from, fromRanges: ranges }));
}

/** The fields that a function is given to in the sketches' tables of operations. */
function tableFields(program: Program, key: string): Set<string> {
	const fields = new Set<string>();
	eachTableEntry(program, (field, f) => {
		if (keyOf(canonical(f, program)) === key) fields.add(keyOf(field));
	});
	return fields;
}

function eachTableEntry(program: Program, visit: (field: ast.Field, f: ast.FunctionDecl) => void): void {
	for (const { root, kernel } of program.files) {
		if (kernel) continue;
		for (const { node, target, declares } of occurrencesOf(root)) {
			if (declares || target?.$type !== 'FunctionDecl' || node.$container?.$type !== 'InitializerEntry') continue;
			const field = (node.$container as ast.InitializerEntry).designators.at(-1)?.field?.ref;
			if (field) visit(field, target);
		}
	}
}

/** What an item calls; through a table of operations, the functions that the sketch has put there. */
export async function outgoingCalls(
	workspace: Workspace,
	item: CallHierarchyItem,
): Promise<CallHierarchyOutgoingCall[]> {
	const found = await targetOf(workspace, item);
	if (!found) return [];
	const { program } = found.view;
	const { target } = found;
	const root = program.files.find(({ uri }) => uri === sourceOf(target).uri)?.root;
	const cst = target.$cstNode;
	if (!root || !cst) return [];
	const calls = new Calls<ast.FunctionDecl>();
	for (const occurrence of occurrencesOf(root)) {
		if (occurrence.use !== 'call' || occurrence.cst.offset < cst.offset || occurrence.cst.end > cst.end) continue;
		const called = occurrence.target;
		if (called?.$type === 'FunctionDecl') calls.add(program.definitionOf(called), program, occurrence);
		else if (called?.$type === 'Field') {
			eachTableEntry(program, (field, f) => {
				if (keyOf(field) === keyOf(called)) calls.add(program.definitionOf(f), program, occurrence);
			});
		}
	}
	return calls.list(workspace).map(({ item: to, ranges }) => ({ to, fromRanges: ranges }));
}
