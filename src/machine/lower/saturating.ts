import type { AstNode } from 'langium';
import { printsOnly } from '../../language/builtins.js';
import { contentsOf } from '../../language/contents.js';
import {
	type Expression,
	isAssignment,
	isBinaryExpr,
	isCall,
	isConditional,
	isExpressionStatement,
	isField,
	isIndex,
	isInitializerEntry,
	isMember,
	isNameRef,
	isParenthesized,
	isPostfix,
	isUnary,
	isVariable,
	type NameRef,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf } from '../../language/text.js';
import type { ModuleLowering } from './module.js';

/*
 * Counters that a handler or daemon counts up without end: a global or field of the sketch's that only goes up, is set, and is compared with
 * constants, also in variables that it is copied to, or handed to users. All values above the largest of those constants are the same to
 * whoever asks, so that it need not go further than one above: what is found is the same, in finitely many states. One other use, such
 * as a sum or an address that somebody keeps, and it is a number like any other.
 */

/** Beside a scenario's `config` words: counters do not stop. For comparison. */
export const ENDLESS = 'endless counters';

/** Where the counter stops that an expression designates; undefined: it is none, and goes on. */
export function stopsAt(module: ModuleLowering, e: Expression | undefined): number | undefined {
	const entity = e && !module.config.has(ENDLESS) ? entityOf(e) : undefined;
	return entity && countersOf(module).get(entity);
}

/** By program and pages, which constants depend on. */
const known = new WeakMap<Program, Map<number, ReadonlyMap<AstNode, number>>>();

function countersOf(module: ModuleLowering): ReadonlyMap<AstNode, number> {
	const { program, pages } = module;
	const byPages = known.get(program) ?? new Map<number, ReadonlyMap<AstNode, number>>();
	known.set(program, byPages);
	let found = byPages.get(pages);
	if (found === undefined) {
		found = collect(module);
		byPages.set(pages, found);
	}
	return found;
}

interface Counter {
	/** Uses of any other kind. */
	bad: boolean;
	counts: boolean;
	/** Somebody sets it or asks for it: a counter that nobody does is a sequence (sequence-classes.ts). */
	asked: boolean;
	most: number;
	/** What it is copied to: its uses are the counter's, too. */
	readonly copies: Set<AstNode>;
	/** A local: such a one is only copied to. */
	readonly local: boolean;
}

function collect(module: ModuleLowering): ReadonlyMap<AstNode, number> {
	const counters = new Map<AstNode, Counter>();
	for (const { root, kernel } of module.program.files) {
		if (kernel) continue;
		for (const node of contentsOf(root)) {
			if (!isNameRef(node) && !isMember(node)) continue;
			const entity = entityOf(node);
			const kind = entity && kindOf(module, entity);
			if (entity === undefined || kind === undefined) continue;
			const counter = counters.get(entity) ?? {
				bad: false,
				counts: false,
				asked: kind === 'atomic',
				most: 0,
				copies: new Set(),
				local: kind === 'local',
			};
			counters.set(entity, counter);
			if (kind === 'atomic') atomicUse(module, counter, node);
			else use(module, counter, node);
		}
	}
	for (let changed = true; changed; ) {
		changed = false;
		for (const counter of counters.values())
			for (const copy of counter.copies) {
				const { bad, most } = counters.get(copy) ?? { bad: true, most: 0 };
				if ((!bad || counter.bad) && most <= counter.most) continue;
				counter.bad ||= bad;
				counter.most = Math.max(counter.most, most);
				changed = true;
			}
	}
	const stop = ({ counts, asked, bad, local }: Counter): boolean => counts && asked && !bad && !local;
	return new Map([...counters].flatMap(([e, c]) => (stop(c) ? [[e, c.most + 1] as const] : [])));
}

/** The global or field that an expression designates, or an element of. */
function entityOf(e: Expression): AstNode | undefined {
	if (isParenthesized(e)) return entityOf(e.inner);
	if (isIndex(e)) return entityOf(e.array);
	if (isUnary(e) && e.operator === '&') return entityOf(e.operand);
	return isNameRef(e) ? e.target.ref : isMember(e) ? e.field.ref : undefined;
}

const ATOMICS = new Set(['atomic', 'atomic_long', 'atomic64']);

function kindOf(module: ModuleLowering, node: AstNode): 'plain' | 'local' | 'atomic' | undefined {
	const variable = isVariable(node) && !node.function;
	const local = variable && node.$container.$container?.$type !== 'File';
	if (!(variable || isField(node)) || sourceOf(node).kernel) return undefined;
	let type = module.semantics.declaredType(node as Parameters<typeof module.semantics.declaredType>[0]);
	while (type.kind === 'array') type = type.of;
	if (type.kind === 'struct') return ATOMICS.has(type.name) && !local ? 'atomic' : undefined;
	// in a byte or two it may overflow, which is a finding
	if (type.kind !== 'int' || type.max <= 0xffff) return undefined;
	return local ? 'local' : 'plain';
}

/** The largest expression that is the same thing: in parentheses, an element. */
function whole(node: AstNode): AstNode {
	let top = node;
	for (let up = top.$container; up !== undefined; up = top.$container) {
		if (!isParenthesized(up) && !(isIndex(up) && up.array === top)) break;
		top = up;
	}
	return top;
}

const isDropped = (node: AstNode): boolean =>
	isExpressionStatement(node.$container) ||
	(node.$container?.$type === 'ForStatement' && node.$containerProperty === 'step');

const calls = (node: AstNode | undefined): string =>
	isCall(node) && isNameRef(node.callee as NameRef) ? (node.callee as NameRef).target.$refText : '';

function use(module: ModuleLowering, counter: Counter, node: AstNode): void {
	const top = whole(node);
	const at = top.$container;
	if ((isPostfix(at) || (isUnary(at) && at.operator === '++')) && at.operator === '++' && isDropped(at))
		counter.counts = true;
	else if (isAssignment(at) && at.target === top && isDropped(at) && at.operator === '=') counter.asked = true;
	else if (isAssignment(at) && at.target === top && isDropped(at) && at.operator === '+=') {
		if ((module.constant(at.value) ?? 0) > 0) counter.counts = true;
		else counter.bad = true;
	} else if (calls(at) === 'WRITE_ONCE' && top.$containerIndex === 0 && at && isDropped(at)) counter.asked = true;
	else value(module, counter, top);
}

/** Calls that hand a user what an argument is, or leads to: by name, which argument. */
const TO_USER: Readonly<Record<string, number>> = { put_user: 0, __put_user: 0, copy_to_user: 1, __copy_to_user: 1 };

/** What a value goes to that is assigned, or is somebody's first. */
function copiedTo(node: AstNode): AstNode | undefined {
	const at = node.$container;
	if (isVariable(at) && at.init === node) return at;
	if (isInitializerEntry(at) && at.value === node) return at.designators.at(-1)?.field?.ref;
	if (isAssignment(at) && at.value === node && at.operator === '=' && isDropped(at)) return entityOf(at.target);
	return undefined;
}

/** Calls that write it into a buffer, of which nothing is known but its length. */
const WRITES = /^(sysfs_emit(_at)?|s[cn]*printf)$/;
const TESTS = /^(assert|BUG_ON|WARN_ON(_ONCE)?|wait_event\w*|wait_until)$/;
const COMPARES = new Set(['==', '!=', '<', '>', '<=', '>=']);
const BRANCHES = new Set(['IfStatement', 'WhileStatement', 'DoStatement', 'ForStatement']);

/** What is done with its value: it may only be asked for zero, or how it compares with a constant. */
function value(module: ModuleLowering, counter: Counter, node: AstNode): void {
	const top = whole(node);
	const at = top.$container;
	const called = calls(at);
	if (at !== undefined && /^(READ_ONCE|(un)?likely)$/.test(called)) {
		value(module, counter, at);
		return;
	}
	counter.asked = true;
	const copy = copiedTo(top);
	if (copy !== undefined) {
		counter.copies.add(copy);
		return;
	}
	if (at?.$type === 'SizeOf') return;
	const handed = isUnary(at) && at.operator === '&' ? at : top;
	const to = TO_USER[calls(handed.$container)];
	if (to !== undefined && handed.$containerIndex === to && (handed !== top || to === 0)) return;
	if (TESTS.test(called) || printsOnly(called) || WRITES.test(called)) return;
	if (isUnary(at) && at.operator === '!') return;
	if (isConditional(at) && at.condition === top) return;
	if (at !== undefined && BRANCHES.has(at.$type) && top.$containerProperty === 'condition') return;
	if (isBinaryExpr(at)) {
		if (at.operator === '&&' || at.operator === '||') return;
		const constant = module.constant(at.left === top ? at.right : at.left);
		if (COMPARES.has(at.operator) && constant !== undefined && constant < 1000) {
			counter.most = Math.max(counter.most, constant);
			return;
		}
	}
	counter.bad = true;
}

/** The calls that an atomic counter may be handed to. */
function atomicUse(module: ModuleLowering, counter: Counter, node: AstNode): void {
	const top = whole(node);
	const pointer = top.$container;
	const at = isUnary(pointer) && pointer.operator === '&' ? whole(pointer).$container : undefined;
	const [, operation] = /^atomic(?:_long|64)?_(inc|set|read)$/.exec(calls(at)) ?? [];
	const to = isCall(at) && operation === 'set' ? module.constant(at.arguments[1] as Expression) : undefined;
	if (at !== undefined && operation === 'inc' && isDropped(at)) counter.counts = true;
	else if (at !== undefined && operation === 'read') value(module, counter, at);
	// it is counted up unless it is there: it must not be beyond
	else if (to !== undefined && to >= 0 && to < 1000) counter.most = Math.max(counter.most, to);
	else counter.bad = true;
}
