/** What the kernel allows at a place of a function: may it sleep there, and if not, why. Told from the text alone. */
import type { AstNode } from 'langium';
import type * as ast from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceText } from '../../language/text.js';
import { type Node, walk } from '../../language/tree.js';

/** Why nothing may sleep, in words that go on "sleeps, but …"; undefined where it may. */
export type NoSleep = string | undefined;

/** Takes a lock that makes its holder atomic; the argument says which. */
const ENTERS =
	/^((raw_)?spin_lock(_irq|_bh|_irqsave|_nested)*|(read|write)_lock(_irq|_bh|_irqsave)*|write_seqlock\w*)$/;
const LEAVES =
	/^((raw_)?spin_unlock(_irq|_bh|_irqrestore)*|(read|write)_unlock(_irq|_bh|_irqrestore)*|write_sequnlock\w*)$/;
/** Enters a section that has no object. */
const SECTIONS: readonly (readonly [enter: string, leave: string, words: string])[] = [
	['rcu_read_lock', 'rcu_read_unlock', 'this is inside rcu_read_lock()'],
	['preempt_disable', 'preempt_enable', 'preemption is disabled here'],
	['local_irq_disable', 'local_irq_enable', 'interrupts are off here'],
	['local_bh_disable', 'local_bh_enable', 'bottom halves are off here'],
	['pagefault_disable', 'pagefault_enable', 'page faults are disabled here'],
	['non_block_start', 'non_block_end', 'this is inside non_block_start()'],
];
/** Kinds of guard() that make atomic (include/linux/cleanup.h). */
const ATOMIC_GUARDS =
	/^((raw_)?spinlock(_irq|_bh|_irqsave|_try)*|(read|write)_lock(_irq|_irqsave)*|rcu|preempt|irq|irqsave|bh)$/;
/** Operations that run under the page-table lock, by their names in tables of operations. */
const ATOMIC_OPERATIONS = /^(invalidate_range|arch_invalidate_secondary_tlbs)$/;
/** Operations that also run for the OOM reaper, which must not sleep. */
const NONBLOCK_OPERATIONS = /^(invalidate_range_start|invalidate|invalidate_start)$/;
const ASKS = /\bmmu_notifier_range_blockable\b|\bblockable\b|MMU_NOTIFIER_RANGE_BLOCKABLE/;

/** Why nothing may sleep at an offset of a program's own file. */
export function noSleepAt(program: Program, offset: number): NoSleep {
	const owner = program.root.items.find((item) => contains(item, offset));
	if (owner?.$type === 'Scenario') {
		const interrupt = owner.items.find((item) => item.$type === 'InterruptItem' && contains(item, offset));
		if (interrupt) return 'an interrupt handler must not sleep';
		return owner.items
			.map((item) => ('body' in item && contains(item, offset) ? heldBefore(item.body, offset) : undefined))
			.find((why) => why);
	}
	if (owner?.$type !== 'FunctionDecl' || !owner.body) return undefined;
	return heldBefore(owner.body, offset) ?? callbackRule(owner, program, offset);
}

function contains(node: AstNode, offset: number): boolean {
	const cst = node.$cstNode;
	return cst !== undefined && cst.offset <= offset && offset <= cst.end;
}

/**
 * Goes through the calls before an offset in the order of the text. A lock that is let go in a branch that leaves the
 * function is still held behind it.
 */
function heldBefore(body: ast.Block, offset: number): NoSleep {
	const held = new Map<string, string>();
	walk(body, (node: Node) => {
		const cst = node.$cstNode;
		if (node.$type === 'Guard' || node.$type === 'ScopedGuard') {
			// guard() holds up to the end of its block, scoped_guard() for its statement.
			const scope = node.$type === 'Guard' ? node.$container : node.body;
			const lock = node.arguments[0] ? sourceText(node.arguments[0]).replace(/^&/, '') : node.guard;
			const holds = (cst?.offset ?? 0) < offset && scope !== undefined && contains(scope, offset);
			if (holds && ATOMIC_GUARDS.test(node.guard)) held.set(lock, `${lock} is held here, which makes this atomic`);
			return;
		}
		if (node.$type !== 'Call' || node.callee.$type !== 'NameRef' || !cst || cst.end > offset) return;
		const name = node.callee.target.$refText;
		const lock = node.arguments[0] ? sourceText(node.arguments[0]) : '';
		const section = SECTIONS.find(([enter, leave]) => enter === name || leave === name);
		if (ENTERS.test(name)) held.set(lock, `${lock.replace(/^&/, '')} is held here, which makes this atomic`);
		else if (section?.[0] === name) held.set(section[0], section[2]);
		else if ((LEAVES.test(name) || section) && !leavesBefore(node, offset)) held.delete(section?.[0] ?? lock);
	});
	return [...held.values()].at(-1);
}

/** What lets go of a lock, by what takes it. */
const RELEASES: readonly (readonly [takes: RegExp, lets: string])[] = [
	[/^mutex_(try)?lock(_\w+)?$/, 'mutex_unlock'],
	[/^((?:raw_)?spin|read|write)_(?:try)?lock_irqsave$/, '$1_unlock_irqrestore'],
	[/^((?:raw_)?spin|read|write)_(?:try)?lock(_irq|_bh|)$/, '$1_unlock$2'],
	[/^down_(read|write)(_\w+)?$/, 'up_$1'],
	[/^mmap_(read|write)_(try)?lock(_\w+)?$/, 'mmap_$1_unlock'],
	[/^(s?rcu_read)_lock$/, '$1_unlock'],
];

/** The calls that would let go of what was taken before an offset of a body. */
export function releasesAt(program: Program, offset: number): ReadonlySet<string> {
	const owner = program.root.items.find((item) => contains(item, offset));
	const body =
		owner?.$type === 'Scenario'
			? owner.items.flatMap((item) => ('body' in item && contains(item, offset) ? [item.body] : []))[0]
			: owner?.$type === 'FunctionDecl'
				? owner.body
				: undefined;
	const taken = new Map<string, number>();
	if (body)
		walk(body, (node: Node) => {
			const cst = node.$cstNode;
			if (node.$type !== 'Call' || node.callee.$type !== 'NameRef' || !cst || cst.end > offset) return;
			const name = node.callee.target.$refText;
			const rule = RELEASES.find(([takes]) => takes.test(name));
			if (rule) {
				const lets = name.replace(...rule);
				taken.set(lets, (taken.get(lets) ?? 0) + 1);
			} else if (taken.has(name) && !leavesBefore(node, offset)) taken.set(name, (taken.get(name) ?? 0) - 1);
		});
	return new Set([...taken].flatMap(([lets, times]) => (times > 0 ? [lets] : [])));
}

/** Does the block that a call stands in end in a jump before `offset` is reached? */
function leavesBefore(call: AstNode, offset: number): boolean {
	let at: AstNode | undefined = call;
	while (at && at.$type !== 'Block') at = at.$container;
	if (!at || contains(at, offset)) return false;
	const last = (at as ast.Block).statements.at(-1)?.$type;
	return (
		last === 'ReturnStatement' || last === 'GotoStatement' || last === 'BreakStatement' || last === 'ContinueStatement'
	);
}

/** The operations that a program's tables give a function to. */
export function operationsOf(f: ast.FunctionDecl, program: Program): string[] {
	const found: string[] = [];
	walk(program.root, (node: Node) => {
		if (node.$type !== 'InitializerEntry' || node.value.$type !== 'NameRef') return;
		if (node.value.target.$refText !== f.name) return;
		const field = node.designators.at(-1)?.field?.$refText;
		if (field) found.push(field);
	});
	return found;
}

function callbackRule(f: ast.FunctionDecl, program: Program, offset: number): NoSleep {
	// While it is being written nobody names it yet: then its own name has to do.
	const named = operationsOf(f, program);
	const operations = named.length > 0 ? named : operationInName(f.name);
	if (operations.some((name) => ATOMIC_OPERATIONS.test(name))) {
		return 'this callback runs under the page-table lock, in atomic context';
	}
	if (!operations.some((name) => NONBLOCK_OPERATIONS.test(name)) || !hasBlockable(f, program)) return undefined;
	const guard = guardBefore(f, offset);
	if (guard === 'open') return undefined;
	if (guard === 'refused') return 'the range is not blockable in this branch';
	return 'this callback also runs for ranges that are not blockable: ask mmu_notifier_range_blockable() first, or use a trylock';
}

function operationInName(name: string): string[] {
	const match =
		/(invalidate_range_start|invalidate_range|invalidate_start|invalidate|arch_invalidate_secondary_tlbs)$/.exec(name);
	return match?.[1] ? [match[1]] : [];
}

/** Does this generation tell its callbacks whether they may block? They can answer no where they return something. */
function hasBlockable(f: ast.FunctionDecl, program: Program): boolean {
	const type = program.semantics.declaredType(f);
	return type.kind === 'function' && type.returns.kind !== 'void';
}

/**
 * What a test of `blockable` before or around an offset says: `open` in its blockable branch or behind a refusal,
 * `refused` in the other branch.
 */
function guardBefore(f: ast.FunctionDecl, offset: number): 'open' | 'refused' | undefined {
	let found: 'open' | 'refused' | undefined;
	walk(f, (node: Node) => {
		if (node.$type !== 'IfStatement' || !ASKS.test(sourceText(node.condition))) return;
		const start = node.$cstNode?.offset ?? 0;
		if (start > offset) return;
		const negated = /!\s*(mmu_notifier_range_blockable|\(?[\w>.-]*blockable|\([^()]*BLOCKABLE)/.test(
			sourceText(node.condition),
		);
		// `if (!blockable && …)` says nothing about its other branch.
		const plain = !/&&|\|\|/.test(sourceText(node.condition));
		if (contains(node.then, offset)) found = negated ? 'refused' : 'open';
		else if (node.otherwise && contains(node.otherwise, offset))
			found = negated && plain ? 'open' : plain ? 'refused' : found;
		else if ((node.$cstNode?.end ?? 0) <= offset && negated && plain && jumps(node.then)) found = 'open';
	});
	return found;
}

function jumps(statement: ast.Statement): boolean {
	if (statement.$type === 'Block') {
		const last = statement.statements.at(-1);
		return last !== undefined && jumps(last);
	}
	return statement.$type === 'ReturnStatement' || statement.$type === 'GotoStatement';
}
