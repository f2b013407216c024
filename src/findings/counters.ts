import type { AstNode } from 'langium';
import { contentsOf } from '../language/contents.js';
import {
	type Expression,
	isAssignment,
	isCall,
	isFunctionDecl,
	isInitializerEntry,
	isMember,
	isNameRef,
	isParenthesized,
	isPostfix,
	isUnary,
	isVariable,
} from '../language/generated/ast.js';
import type { Program } from '../language/program.js';
import { sourceOf } from '../language/text.js';

/** A variable or field that start callbacks count up and end callbacks count down, and that nobody else counts. */
export interface Counter {
	/** Declaration of the variable or field. */
	readonly node: AstNode;
	readonly name: string;
	/** Statements that count up, and down. */
	readonly up: ReadonlySet<AstNode>;
	readonly down: ReadonlySet<AstNode>;
}

/** What a sketch has of them, with the functions that are end callbacks. */
export interface Counters {
	readonly counters: readonly Counter[];
	/** Variables and fields that start callbacks count up, and nobody else changes: sequences, if anybody compares them. */
	readonly rising: ReadonlySet<AstNode>;
	readonly ends: ReadonlySet<AstNode>;
}

const START = 'invalidate_range_start';
const END = 'invalidate_range_end';
const ATOMIC = /^(?:atomic|atomic_long|atomic64|refcount)_(?:fetch_)?(inc|dec|add|sub)(?:_|$)/;

interface Change {
	readonly how: 'up' | 'down' | 'zero' | 'other';
	readonly node: AstNode;
	readonly function: AstNode;
}

/**
 * Counters of active ranges, as far as the text tells (findings.md): counted up only where nothing but start callbacks
 * leads, down only where nothing but end callbacks leads. Setting one to zero elsewhere is how it begins, or is forgotten.
 */
export function countersOf(program: Program): Counters {
	let known = counted.get(program);
	if (known === undefined) {
		known = count(program);
		counted.set(program, known);
	}
	return known;
}

const counted = new WeakMap<Program, Counters>();

function count(program: Program): Counters {
	const user = program.files.filter((f) => !f.kernel).map((f) => f.root);
	const functions = user.flatMap((root) => root.items.filter(isFunctionDecl)).filter((f) => f.body !== undefined);
	const starts = new Set<AstNode>();
	const ends = new Set<AstNode>();
	const others = new Set<AstNode>();
	const calls = new Map<AstNode, AstNode[]>();
	const changes = new Map<AstNode, Change[]>();
	for (const root of user)
		for (const node of contentsOf(root)) {
			if (isNameRef(node) && isFunctionDecl(node.target.ref)) {
				const callee = program.definitionOf(node.target.ref);
				const role = roleOf(node);
				if (role !== undefined) (role === START ? starts : role === END ? ends : others).add(callee);
				else calls.set(ownerOf(node), [...(calls.get(ownerOf(node)) ?? []), callee]);
				continue;
			}
			const change = changeOf(node);
			if (change === undefined) continue;
			const variable = declarationOf(change.target);
			if (variable === undefined || sourceOf(variable).kernel) continue;
			const all = changes.get(variable) ?? [];
			changes.set(variable, [...all, { how: change.how, node, function: ownerOf(node) }]);
		}
	if (starts.size === 0 || ends.size === 0) return { counters: [], rising: new Set(), ends };
	const called = new Set([...calls.values()].flat());
	// what runs in threads, and what nobody calls in a way that can be seen
	for (const caller of calls.keys()) if (!isFunctionDecl(caller)) others.add(caller);
	for (const f of functions) if (!called.has(f) && !starts.has(f) && !ends.has(f)) others.add(f);
	const fromStart = reach(starts, calls);
	const fromEnd = reach(ends, calls);
	const fromOther = reach(others, calls);
	const counters: Counter[] = [];
	const rising = new Set<AstNode>();
	for (const [node, all] of changes) {
		const up = all.filter((c) => c.how === 'up');
		const down = all.filter((c) => c.how === 'down');
		const fits = all.every(({ how, function: f }) => {
			if (how === 'up') return fromStart.has(f) && !fromEnd.has(f) && !fromOther.has(f);
			if (how === 'down') return fromEnd.has(f) && !fromStart.has(f) && !fromOther.has(f);
			return how === 'zero' && !fromStart.has(f) && !fromEnd.has(f);
		});
		if (fits && up.length > 0 && down.length === 0) rising.add(node);
		if (!fits || up.length === 0 || down.length === 0) continue;
		counters.push({
			node,
			name: (node as AstNode & { name: string }).name,
			up: new Set(up.map((c) => c.node)),
			down: new Set(down.map((c) => c.node)),
		});
	}
	return { counters, rising, ends };
}

/** The operation that a function is named for in a table of operations; undefined where the name is called or kept elsewhere. */
function roleOf(node: AstNode): string | undefined {
	for (let at: AstNode | undefined = node.$container; at !== undefined; at = at.$container) {
		if (isCall(at)) return undefined;
		if (isInitializerEntry(at)) return at.designators[0]?.field?.$refText ?? '';
	}
	return undefined;
}

/** The function around a node, or the block of a scenario. */
function ownerOf(node: AstNode): AstNode {
	let at = node;
	while (at.$container !== undefined && !isFunctionDecl(at) && !/Item$|^Scenario$/.test(at.$type)) at = at.$container;
	return at;
}

function reach(from: ReadonlySet<AstNode>, calls: ReadonlyMap<AstNode, readonly AstNode[]>): Set<AstNode> {
	const reached = new Set(from);
	for (const node of reached) for (const callee of calls.get(node) ?? []) reached.add(callee);
	return reached;
}

/** How a node changes a variable, when it does. */
function changeOf(node: AstNode): { how: Change['how']; target: Expression } | undefined {
	if ((isUnary(node) || isPostfix(node)) && /^(\+\+|--)$/.test(node.operator))
		return { how: node.operator === '++' ? 'up' : 'down', target: node.operand };
	if (isAssignment(node)) {
		if (node.operator === '+=' || node.operator === '-=')
			return { how: node.operator === '+=' ? 'up' : 'down', target: node.target };
		const zero = node.operator === '=' && node.value.$type === 'NumberLiteral' && Number(node.value.text) === 0;
		return { how: zero ? 'zero' : 'other', target: node.target };
	}
	if (isCall(node) && isNameRef(node.callee)) {
		const name = node.callee.target.$refText;
		const pointers = node.arguments.filter((a) => isUnary(a) && a.operator === '&');
		const [pointer] = pointers;
		if (pointer === undefined || !isUnary(pointer)) return undefined;
		const operation = ATOMIC.exec(name)?.[1];
		if (operation !== undefined)
			return { how: operation === 'inc' || operation === 'add' ? 'up' : 'down', target: pointer.operand };
		if (/^(atomic|atomic_long|atomic64|refcount)_set$/.test(name)) {
			const value = node.arguments[1];
			const zero = value?.$type === 'NumberLiteral' && Number(value.text) === 0;
			return { how: zero ? 'zero' : 'other', target: pointer.operand };
		}
		if (/^(WRITE_ONCE|xchg|cmpxchg|smp_store_release)$/.test(name)) return { how: 'other', target: pointer.operand };
	}
	if (isCall(node) && isNameRef(node.callee) && node.callee.target.$refText === 'WRITE_ONCE' && node.arguments[0])
		return { how: 'other', target: node.arguments[0] };
	return undefined;
}

/** The declaration of a global or field that an expression designates. */
export function declarationOf(expression: Expression): AstNode | undefined {
	if (isParenthesized(expression)) return declarationOf(expression.inner);
	if (isMember(expression)) return expression.field.ref;
	if (
		isCall(expression) &&
		isNameRef(expression.callee) &&
		expression.callee.target.$refText === 'READ_ONCE' &&
		expression.arguments[0]
	)
		return declarationOf(expression.arguments[0]);
	if (isNameRef(expression)) {
		const target = expression.target.ref;
		return isVariable(target) && ownerOf(target).$type === 'File' ? target : undefined;
	}
	return undefined;
}
