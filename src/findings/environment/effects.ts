import { type AstNode, AstUtils } from 'langium';
import {
	type Expression,
	type FunctionDecl,
	isAssignment,
	isCall,
	isFunctionDecl,
	isIndex,
	isInitializerEntry,
	isMember,
	isNameRef,
	isParenthesized,
	isPostfix,
	isStructDef,
	isUnary,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf } from '../../language/text.js';
import type { Type } from '../../language/types.js';

/**
 * What functions of a sketch look at and change, by names: `struct.field`, a global, `*` for what a plain pointer leads to. More than
 * happens, since nobody asks which object it is; what the simulated kernel does behind a pointer that it is handed counts as a change.
 */
export class Effects {
	private readonly known = new Map<FunctionDecl, Effect>();
	/** Functions whose address is taken, in tables by the field that they are the value of. */
	private readonly byField = new Map<AstNode, FunctionDecl[]>();
	/** Those that work items, timers and their like are given. */
	private readonly deferred: FunctionDecl[] = [];

	constructor(private readonly program: Program) {
		for (const { root, kernel } of program.files) {
			if (kernel) continue;
			for (const node of AstUtils.streamAllContents(root)) {
				const f = isNameRef(node) && this.own(node.target.ref);
				if (!f || (isCall(node.$container) && node.$container.callee === node)) continue;
				const entry = node.$container;
				const field = isInitializerEntry(entry) ? entry.designators[0]?.field?.ref : undefined;
				if (field === undefined) this.deferred.push(f);
				else this.byField.set(field, [...(this.byField.get(field) ?? []), f]);
			}
		}
	}

	/** May an earlier call of `before` make a difference to one of `after`? */
	reaches(before: FunctionDecl, after: FunctionDecl): boolean {
		const { changes } = this.of(before);
		const { names } = this.of(after);
		if (changes.has(ANY)) return names.size > 0;
		return names.has(ANY) ? changes.size > 0 : [...changes].some((name) => names.has(name));
	}

	private own(node: AstNode | undefined): FunctionDecl | undefined {
		if (!isFunctionDecl(node)) return undefined;
		const f = this.program.definitionOf(node);
		return f.body === undefined || sourceOf(f).kernel ? undefined : f;
	}

	/** Of `f` and all that it may come to run, also later. */
	private of(f: FunctionDecl): Effect {
		const known = this.known.get(f);
		if (known !== undefined) return known;
		const all = { names: new Set<string>(), changes: new Set<string>() };
		this.known.set(f, all);
		const seen = new Set([f]);
		for (const at of seen)
			for (const node of AstUtils.streamAllContents(at)) {
				if (isNameRef(node)) {
					const callee = this.own(node.target.ref);
					if (callee !== undefined) seen.add(callee);
				}
				const dispatched = isCall(node) && isMember(node.callee) ? node.callee.field.ref : undefined;
				for (const callee of (dispatched && this.byField.get(dispatched)) ?? []) seen.add(callee);
				if (this.note(node, all)) for (const later of this.deferred) seen.add(later);
			}
		return all;
	}

	/** Adds what one expression does; true where it has to do with what runs later. */
	private note(node: AstNode, all: Effect): boolean {
		if (isAssignment(node)) this.change(node.target, all);
		else if (isPostfix(node) && CHANGES.test(node.operator)) this.change(node.operand, all);
		else if (isUnary(node)) {
			if (CHANGES.test(node.operator) || (node.operator === '&' && !isLock(this.typeOf(node.operand))))
				this.change(node.operand, all);
			if (node.operator === '*') all.names.add(ANY);
		} else if (isCall(node))
			this.behind(node.arguments, isNameRef(node.callee) ? node.callee.target.ref : undefined, all);
		const type = isMember(node) || isNameRef(node) ? this.typeOf(node) : undefined;
		if (type === undefined || isLock(type)) return false;
		for (const name of namesOf(node as Expression)) all.names.add(name);
		return type.kind === 'struct' && LATER.test(type.name);
	}

	/** What the kernel is handed a pointer to is changed, whatever it does. */
	private behind(args: readonly Expression[], callee: AstNode | undefined, all: Effect): void {
		if (this.own(callee) !== undefined) return;
		for (const argument of args) {
			const type = this.typeOf(argument);
			if (type?.kind !== 'pointer' || type.user || type.to.kind !== 'struct' || type.to.def === undefined) continue;
			if (!sourceOf(type.to.def).kernel)
				for (const { name } of type.to.fields) all.changes.add(`${type.to.name}.${name}`);
		}
	}

	private change(target: Expression, all: Effect): void {
		for (const name of namesOf(target)) all.changes.add(name);
		if (isParenthesized(target)) this.change(target.inner, all);
		else if (isIndex(target)) this.change(target.array, all);
		else if (isMember(target) && target.operator === '.') this.change(target.object, all);
		else if (isUnary(target) && target.operator === '*') all.changes.add(ANY);
	}

	private typeOf(node: AstNode): Type | undefined {
		return this.program.semantics.typeOf(node as Expression);
	}
}

interface Effect {
	readonly names: Set<string>;
	readonly changes: Set<string>;
}

const ANY = '*';
const CHANGES = /^(\+\+|--)$/;
const LOCKS =
	/^(mutex|(raw_)?spinlock|spinlock_t|raw_spinlock_t|rwlock_t|rw_semaphore|semaphore|srcu_struct|wait_queue_head)$/;
const LATER = /work|timer|tasklet|rcu_head|callback_head|completion/;

const isLock = (type: Type | undefined): boolean => type?.kind === 'struct' && LOCKS.test(type.name);

/** What an expression designates, where threads share it. */
function namesOf(node: Expression): string[] {
	if (isMember(node)) {
		const field = node.field.ref;
		const owner = AstUtils.getContainerOfType(field, isStructDef);
		return field === undefined ? [] : [`${owner?.name ?? ''}.${field.name}`];
	}
	if (!isNameRef(node)) return [];
	const target = node.target.ref;
	if (target === undefined || isFunctionDecl(target)) return [];
	return AstUtils.getContainerOfType(target, isFunctionDecl) === undefined ? [node.target.$refText] : [];
}
