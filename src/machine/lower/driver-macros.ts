import type { Call, Expression } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { decay, type Type, UINT } from '../../language/types.js';
import type { Operand } from '../ir.js';
import { allocate, allocatedType, bytesOfArray, needsInitialiser } from './allocation.js';
import { lvalue, memberOffset, offset, operands, rvalue, storeTo } from './expressions.js';
import type { FunctionLowering } from './function.js';
import { Label } from './label.js';
import { arg, define, library, primitive, type Rule, typeOf } from './macro.js';

/* Macros that drivers use: warnings of subsystems, whole objects, ownership of pointers. */

/** Bytes of a value of this type: 1 where nothing is known of it. */
const bytesOf = (f: FunctionLowering, type: Type): number =>
	Math.max(1, f.module.semantics.sizeOf(type, f.module.pages));

/** `bytes` in cells of what a pointer leads to. */
function cellsFor(f: FunctionLowering, pointer: Type, bytes: Operand, e: Call): Operand {
	const to = pointer.kind === 'pointer' && pointer.to.kind !== 'void' ? pointer.to : undefined;
	if (to === undefined) return bytes;
	const count = f.register();
	f.emit(
		{
			op: 'binary',
			to: count,
			operator: '/',
			left: bytes,
			right: f.constant(bytesOf(f, to)),
			kind: UINT,
			unsigned: true,
		},
		e,
	);
	const cells = f.register();
	const each = f.constant(f.module.layouts.cells(to));
	f.emit({ op: 'binary', to: cells, operator: '*', left: count, right: each, kind: UINT, unsigned: true }, e);
	return cells;
}

/** The type of a pointer before it was cast to `void *`. */
function pointerType(f: FunctionLowering, e: Expression): Type {
	if (e.$type === 'Parenthesized') return pointerType(f, e.inner);
	if (e.$type === 'Cast' && e.operand !== undefined) return pointerType(f, e.operand);
	const type = typeOf(f, e);
	// `&array`, as `array`, leads to elements
	if (type.kind === 'pointer' && type.to.kind === 'array') return { ...type, to: type.to.of };
	return decay(type);
}

define('memset', (f, e) => {
	const [at, byte, bytes] = operands(f, e.arguments, []) as [Operand, Operand, Operand];
	const pointer = pointerType(f, arg(e, 0));
	const wide = !(pointer.kind === 'pointer' && pointer.to.kind === 'int' && pointer.to.rank <= 1);
	const known = f.module.constant(arg(e, 1));
	// every byte of a cell
	const value = wide && known !== undefined ? f.constant((known & 0xff) * 0x01010101) : byte;
	const cells = cellsFor(f, pointer, bytes, e);
	const filled = primitive(f, '__memset', [at, value, cells], e);
	if (known === 0 && pointer.kind === 'pointer') needsInitialiser(f, e, pointer.to, at, cells);
	return filled;
});
define('memcpy memmove', (f, e) => {
	const [to, from, bytes] = operands(f, e.arguments, []) as [Operand, Operand, Operand];
	return primitive(f, '__memcpy', [to, from, cellsFor(f, pointerType(f, arg(e, 0)), bytes, e)], e);
});

// ---- allocation ----

const bytes =
	(zero: boolean): Rule =>
	(f, e) =>
		allocate(f, e, allocatedType(f, e), rvalue(f, arg(e, 0)), f.constant(GFP_KERNEL), zero);
const GFP_KERNEL = 1024 | 2048 | 64 | 128;
define('vmalloc', bytes(false));
define('vzalloc', bytes(true));

/** One object of the type that the pointer it is given to leads to. */
const fromCache =
	(zero: boolean): Rule =>
	(f, e) => {
		const type = allocatedType(f, e);
		const cache = rvalue(f, arg(e, 0), true);
		const gfp = rvalue(f, arg(e, 1));
		const check = f.module.named('__kmem_cache_is_there');
		if (check !== undefined) f.call(check, f.register(), [cache], e);
		return allocate(f, e, type, f.constant(type === undefined ? 1 : bytesOf(f, type)), gfp, zero);
	};
define('kmem_cache_alloc', fromCache(false));
define('kmem_cache_zalloc', fromCache(true));

/** kmalloc_obj(*p), kzalloc_objs(struct foo, n, gfp): GFP_KERNEL where nothing is said. */
const objects =
	(zero: boolean, many: boolean): Rule =>
	(f, e) => {
		const type = typeOf(f, arg(e, 0));
		const size = f.constant(bytesOf(f, type));
		const total = many ? bytesOfArray(f, rvalue(f, arg(e, 1)), size, e) : size;
		const flags = e.arguments[many ? 2 : 1];
		return allocate(f, e, type, total, flags === undefined ? f.constant(GFP_KERNEL) : rvalue(f, flags), zero);
	};
define('kmalloc_obj kvmalloc_obj', objects(false, false));
define('kzalloc_obj kvzalloc_obj', objects(true, false));
define('kmalloc_objs kvmalloc_objs', objects(false, true));
define('kzalloc_objs kvzalloc_objs', objects(true, true));

/** The device gives it back when its driver leaves it. */
const managed =
	(zero: boolean, many: boolean): Rule =>
	(f, e) => {
		const [device, ...sizes] = operands(f, e.arguments, []) as [Operand, Operand, Operand, Operand];
		const [first, second, third] = sizes;
		const bytes = many ? bytesOfArray(f, first, second, e) : first;
		const object = f.register();
		const from = allocate(f, e, allocatedType(f, e), bytes, many ? third : second, zero);
		f.emit({ op: 'move', to: object, from }, e);
		library(f, '__devm_keep', [device, object], e);
		return object;
	};
define('devm_kmalloc', managed(false, false));
define('devm_kzalloc', managed(true, false));
define('devm_kmalloc_array', managed(false, true));
define('devm_kcalloc', managed(true, true));

define('kmemdup', (f, e) => {
	const source = pointerType(f, arg(e, 0));
	const [from, size, gfp] = operands(f, e.arguments, []) as [Operand, Operand, Operand];
	const type = source.kind === 'pointer' && source.to.kind !== 'void' ? source.to : allocatedType(f, e);
	const to = f.register();
	f.emit({ op: 'move', to, from: allocate(f, e, type, size, gfp, false) }, e);
	const copy = new Label();
	const done = new Label();
	f.branch(to, copy, done, e);
	f.place(copy);
	primitive(f, '__memcpy', [to, from, cellsFor(f, source, size, e)], e);
	f.place(done);
	return to;
});

define('sizeof_field', (f, e) => {
	const path = f.module.semantics.memberPath(arg(e, 1), typeOf(f, arg(e, 0)));
	const last = path?.at(-1);
	return f.constant(typeof last === 'object' ? bytesOf(f, last.type) : 1);
});
// of a flexible array: its elements behind the struct
define('struct_size', (f, e) => {
	const type = decay(typeOf(f, arg(e, 0)));
	const struct = type.kind === 'pointer' ? type.to : type;
	const path = f.module.semantics.memberPath(arg(e, 1), struct);
	const last = path?.at(-1);
	const of = typeof last === 'object' && last.type.kind === 'array' ? last.type.of : struct;
	const tail = f.register();
	const size = f.constant(bytesOf(f, of));
	f.emit(
		{ op: 'binary', to: tail, operator: '*', left: rvalue(f, arg(e, 2)), right: size, kind: UINT, unsigned: true },
		e,
	);
	const to = f.register();
	f.emit(
		{ op: 'binary', to, operator: '+', left: tail, right: f.constant(bytesOf(f, struct)), kind: UINT, unsigned: true },
		e,
	);
	return to;
});

// ---- pointers ----

define('no_free_ptr retain_and_null_ptr', (f, e) => {
	const value = f.register();
	f.emit({ op: 'move', to: value, from: rvalue(f, arg(e, 0)) }, e);
	storeTo(f, lvalue(f, arg(e, 0)), f.constant(0), typeOf(f, arg(e, 0)), e);
	return value;
});

define('rcu_replace_pointer', (f, e) => {
	const old = f.register();
	f.emit({ op: 'move', to: old, from: rvalue(f, arg(e, 0)) }, e);
	const value = rvalue(f, arg(e, 1));
	const start = f.code.code.length;
	storeTo(f, lvalue(f, arg(e, 0)), value, typeOf(f, arg(e, 1)), e);
	f.mark(start);
	return old;
});

/** try_cmpxchg(ptr, &old, new): `old` gets what was there instead. */
define('try_cmpxchg try_cmpxchg_acquire try_cmpxchg_release try_cmpxchg_relaxed', (f, e) => {
	const [at, oldAt, value] = operands(f, e.arguments, []) as [Operand, Operand, Operand];
	const old = f.register();
	const was = f.register();
	const equal = f.register();
	const yes = new Label();
	const no = new Label();
	const end = new Label();
	f.emit({ op: 'load', to: old, address: oldAt }, e);
	f.emit({ op: 'atomic-begin' }, e);
	f.emit({ op: 'load', to: was, address: at }, e);
	f.emit({ op: 'binary', to: equal, operator: '==', left: was, right: old, kind: undefined, unsigned: false }, e);
	f.branch(equal, yes, no, e);
	f.place(yes);
	f.emit({ op: 'store', address: at, value }, e);
	f.emit({ op: 'atomic-end' }, e);
	f.jump(end, e);
	f.place(no);
	f.emit({ op: 'atomic-end' }, e);
	f.emit({ op: 'store', address: oldAt, value: was }, e);
	f.place(end);
	return equal;
});

define('list_entry_is_head', (f, e) => {
	const type = decay(typeOf(f, arg(e, 0)));
	const at = memberOffset(f, arg(e, 2), type.kind === 'pointer' ? type.to : type);
	const node = offset(f, rvalue(f, arg(e, 0)), at, e);
	const to = f.register();
	f.emit(
		{ op: 'binary', to, operator: '==', left: node, right: rvalue(f, arg(e, 1)), kind: undefined, unsigned: false },
		e,
	);
	return to;
});

// ---- warnings of subsystems ----

/** Warns, or ends the run, when the argument at `index` is true (false for assertions). */
const check =
	(index: number, fatal: boolean, holds: boolean): Rule =>
	(f, e) => {
		const value = rvalue(f, arg(e, index));
		const fine = f.register();
		const operator = holds ? '!=' : '==';
		f.emit(
			{ op: 'binary', to: fine, operator, left: value, right: f.constant(0), kind: undefined, unsigned: false },
			e,
		);
		const text = sourceText(arg(e, index));
		f.emit({ op: 'check', condition: fine, fatal, what: holds ? `${text} does not hold` : `${text} is true` }, e);
		return value;
	};
define('GEM_BUG_ON VM_BUG_ON_FOLIO VM_BUG_ON_PAGE VM_BUG_ON_MM VM_BUG_ON_VMA', check(0, true, false));
define('VM_WARN_ON_FOLIO VM_WARN_ON_ONCE_FOLIO KVM_BUG_ON KVM_MMU_WARN_ON GEM_WARN_ON', check(0, false, false));
define('drm_WARN_ON drm_WARN_ON_ONCE drm_WARN drm_WARN_ONCE dev_WARN_ONCE', check(1, false, false));
define('xe_assert xe_tile_assert xe_gt_assert', check(1, false, true));
define('lockdep_assert', check(0, false, true));
define('dev_WARN', (f, e) => {
	f.emit({ op: 'check', condition: f.constant(0), fatal: false, what: 'dev_WARN() is reached' }, e);
	return f.constant(1);
});
define('BUILD_BUG_ON BUILD_BUG_ON_ZERO static_assert lockdep_set_class', (f) => f.constant(0));
define('dev_err_probe', (f, e) => rvalue(f, arg(e, 1)));
define('might_lock might_lock_read', (f, e) => primitive(f, '__might_lock', [rvalue(f, arg(e, 0)), f.constant(0)], e));
define('might_lock_nested', (f, e) => primitive(f, '__might_lock', [rvalue(f, arg(e, 0)), f.constant(1)], e));
define('lockdep_is_held', (f, e) => primitive(f, '__holds', [rvalue(f, arg(e, 0))], e));
define('mutex_lock_nest_lock', (f, e) => primitive(f, 'mutex_lock', [rvalue(f, arg(e, 0))], e));
define('down_write_nest_lock', (f, e) => library(f, 'down_write', [rvalue(f, arg(e, 0))], e));

define('IS_ENABLED IS_BUILTIN IS_REACHABLE', (f, e) => f.constant(f.module.constant(e) ?? 0));

/** What is written to a buffer of characters is read; how much it is nobody knows. */
define('sysfs_emit sysfs_emit_at sprintf snprintf scnprintf', (f, e) => {
	for (const argument of e.arguments) if (argument.$type !== 'StringLiteral') rvalue(f, argument);
	return f.constant(1);
});
