/** What type a value should have where it stands, and what it is called there. */

import type { AstNode } from 'langium';
import { argumentKind, eachRule } from './builtins.js';
import type * as ast from './generated/ast.js';
import type { Semantics } from './semantics.js';
import type { Destination } from './stub-body.js';
import { unwrap } from './tree.js';
import { BOOL, decay, INT, pointerTo, type StructType, type Type, ULONG, VOID } from './types.js';

/** A name for what that takes this value. */
export function nameOf(argument: ast.Expression): string | undefined {
	const inner = unwrap(argument);
	switch (inner.$type) {
		case 'NameRef': {
			const kind = inner.target.ref?.$type;
			const name = inner.target.$refText;
			if (/^GFP_/.test(name)) return 'gfp';
			return kind === 'Variable' || kind === 'Parameter' || (!kind && /^[a-z]/.test(name)) ? name : undefined;
		}
		case 'Member':
			return inner.field.$refText;
		case 'Unary':
		case 'Postfix':
			return nameOf(inner.operand);
		case 'Cast':
			return inner.operand && nameOf(inner.operand);
		case 'SizeOf':
			return 'size';
		case 'StringLiteral':
			return 'name';
		case 'Index': {
			// one of the pages is a page
			const all = nameOf(inner.array);
			return all && all.length > 2 ? all.replace(/s$/, '') : all;
		}
		case 'Call':
			return inner.callee.$type === 'NameRef' ? /[a-z]+$/.exec(inner.callee.target.$refText)?.[0] : undefined;
		case 'BinaryExpr':
			return nameOfResult(inner);
		default:
			return undefined;
	}
}

function nameOfResult({ left, operator, right }: ast.BinaryExpr): string | undefined {
	const name = nameOf(left);
	if (operator === '-') {
		const from = nameOf(right);
		if (right.$type === 'NumberLiteral') return name && /end$/.test(name) ? name.replace(/end$/, 'last') : name;
		return from !== undefined && /end$/.test(name ?? '') && /start$/.test(from) ? 'size' : 'offset';
	}
	// an address is a page number
	return /^(<<|>>|\+|&|\|)$/.test(operator) ? name : undefined;
}

export interface Wanted {
	readonly type: Type;
	/** The name of the variable, field or parameter that it goes to. */
	readonly to?: Destination;
	/** Nothing says so but that some value is used there. */
	readonly weak?: boolean;
}

const kernels = new Map<string, StructType>();

/** A struct that the simulated kernel defines, by its name. */
export function kernelStruct(name: string): StructType {
	const type: StructType = kernels.get(name) ?? { kind: 'struct', name, def: undefined, fields: [] };
	kernels.set(name, type);
	return type;
}

export const isKernelStruct = (type: StructType): boolean => kernels.get(type.name) === type;

const ANY: Wanted = { type: INT, weak: true };

/** The type that a value should have where it stands, and where it goes. */
export function wanted(value: ast.Expression, semantics: Semantics): Wanted {
	let node: AstNode = value;
	while (node.$container?.$type === 'Parenthesized') node = node.$container;
	const owner = node.$container as ast.Statement | ast.Expression | ast.Variable | undefined;
	const like = (type: Type, to?: Destination): Wanted =>
		type.kind === 'error' || type.kind === 'array' ? { ...ANY, to } : { type, to };
	switch (owner?.$type) {
		case 'ExpressionStatement':
			return { type: VOID, weak: true };
		case 'Assignment':
			return owner.target === node
				? like(decay(semantics.typeOf(owner.value)))
				: like(semantics.typeOf(owner.target), nameOf(owner.target));
		case 'Variable':
			return like(semantics.declaredType(owner), owner.name);
		case 'Call':
			return argumentOf(owner, node as ast.Expression, semantics);
		case 'Guard':
		case 'ScopedGuard': {
			const lock = GUARDED[owner.guard];
			return lock ? { type: pointerTo(kernelStruct(lock)) } : ANY;
		}
		case 'EachStatement': {
			const rule = eachRule(owner.macro);
			const isHead = rule?.head === owner.arguments.indexOf(node as ast.Expression);
			return rule && isHead && rule.over !== 'bits' ? { type: pointerTo(kernelStruct(HEADS[rule.over])) } : ANY;
		}
		case 'Cast':
			return like(decay(semantics.typeOf(owner)));
		case 'Index':
			return owner.index === node ? { type: ULONG, to: 'offset' } : ANY;
		case 'IfStatement':
		case 'WhileStatement':
		case 'DoStatement':
		case 'ForStatement':
			return { type: BOOL, weak: true };
		case 'Unary':
			return operandOf(owner, semantics);
		case 'ReturnStatement': {
			const of = functionOf(owner);
			const type = of && semantics.declaredType(of);
			return type?.kind === 'function' ? like(type.returns) : ANY;
		}
		case 'Conditional':
			return owner.condition === node ? { type: BOOL, weak: true } : wanted(owner, semantics);
		case 'BinaryExpr': {
			if (owner.operator === '&&' || owner.operator === '||') return { type: BOOL, weak: true };
			const other = owner.left === node ? owner.right : owner.left;
			const is = like(decay(semantics.typeOf(other)));
			// a sum or a part of something, and no error number
			return /^(<<|>>|[-+*/%&|^])$/.test(owner.operator) ? { ...is, to: nameOf(other) ?? 'size' } : is;
		}
		default:
			return ANY;
	}
}

function functionOf(statement: ast.Statement): ast.FunctionDecl | undefined {
	let at: AstNode | undefined = statement;
	while (at && at.$type !== 'FunctionDecl') at = at.$container;
	return at as ast.FunctionDecl | undefined;
}

/** What `&`, `*` and `!` are put before. */
function operandOf(owner: ast.Unary, semantics: Semantics): Wanted {
	if (owner.operator === '!') return { type: BOOL, weak: true };
	if (owner.operator !== '&' && owner.operator !== '*') return ANY;
	const { type, weak } = wanted(owner, semantics);
	if (weak) return ANY;
	if (owner.operator === '*') return { type: pointerTo(type) };
	return type.kind === 'pointer' && type.to.kind !== 'void' ? { type: type.to } : ANY;
}

/** The kernel's struct that the kind of a guard takes. */
const GUARDED: Readonly<Record<string, string>> = {
	mutex: 'mutex',
	spinlock: 'spinlock',
	spinlock_irq: 'spinlock',
	spinlock_irqsave: 'spinlock',
	raw_spinlock: 'raw_spinlock',
	raw_spinlock_irqsave: 'raw_spinlock',
	rwsem_read: 'rw_semaphore',
	rwsem_write: 'rw_semaphore',
	read_lock: 'rwlock',
	write_lock: 'rwlock',
};

const HEADS = { list: 'list_head', hlist: 'hlist_head', xarray: 'xarray', idr: 'idr' } as const;

/** The same for macros that are given an address, the first that fits. */
const TAKES: readonly (readonly [what: RegExp, struct: string])[] = [
	[/^raw_spin_/, 'raw_spinlock'],
	[/^spin_|^wait_event_(interruptible_)?lock_irq$/, 'spinlock'],
	[/^(read|write)_lock_irqsave$/, 'rwlock'],
	[/seqlock/, 'seqlock'],
	[/^list_(first|last)_entry/, 'list_head'],
];

/** Macros that have the type of their first argument. */
const SAME = /^((un)?likely|READ_ONCE|rcu_(dereference|access_pointer)\w*|srcu_dereference\w*|no_free_ptr|WARN_ON\w*)$/;

/** The parameter that a value is passed for. */
function argumentOf(owner: ast.Call, node: ast.Expression, semantics: Semantics): Wanted {
	const index = owner.arguments.indexOf(node);
	if (index < 0) return ANY;
	const macro = semantics.macroOf(owner);
	if (macro) return argumentOfMacro(owner, macro.name, index, semantics);
	const callee = semantics.typeOf(owner.callee);
	const called = callee.kind === 'pointer' ? callee.to : callee;
	const type = called.kind === 'function' ? called.parameters[index] : undefined;
	const target = owner.callee.$type === 'NameRef' ? owner.callee.target.ref : undefined;
	const to = target?.$type === 'FunctionDecl' ? target.parameters[index]?.name : undefined;
	return type && type.kind !== 'error' ? { type: decay(type), to } : { ...ANY, to };
}

function argumentOfMacro(owner: ast.Call, name: string, index: number, semantics: Semantics): Wanted {
	const macro = semantics.macroOf(owner);
	const kind = macro && argumentKind(macro, index);
	if (kind === 'queue') return { type: kernelStruct('wait_queue_head') };
	if (index === 0 && SAME.test(name)) return wanted(owner, semantics);
	const struct = index === 0 ? TAKES.find(([what]) => what.test(name))?.[1] : undefined;
	if (struct !== undefined) return { type: pointerTo(kernelStruct(struct)) };
	if (/^(IS_ERR|PTR_ERR|ERR_CAST)/.test(name)) return { type: pointerTo(VOID) };
	const [first, second] = owner.arguments;
	// what is stored, and where; what is compared
	const other = /^(WRITE_ONCE|rcu_assign_pointer|RCU_INIT_POINTER|min|max)$/.test(name)
		? index === 0
			? second
			: first
		: undefined;
	const type = other
		? decay(semantics.typeOf(other))
		: /^(min|max|clamp)_t$/.test(name) && first
			? semantics.typeOf(first)
			: undefined;
	return type && type.kind !== 'error' ? { type } : ANY;
}
