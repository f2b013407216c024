/**
 * Macros of C and of the kernel that no prototype can express: what their arguments are, and what type they have.
 * Their names resolve through prototypes with `(...)` in the prelude; this table says the rest.
 */

import type { Expression } from './generated/ast.js';
import { READ_LONG_REGISTER, READ_REGISTER } from './registers.js';
import {
	BOOL,
	commonType,
	decay,
	ERROR,
	INT,
	LONG,
	pointerTo,
	type StructType,
	type Type,
	UINT,
	ULLONG,
	ULONG,
	VOID,
	VOID_POINTER,
} from './types.js';

/**
 * What an argument of a macro is.
 * `object` is a type, or an expression that stands for its type; `condition` is evaluated again and again; `queue` is a wait queue head by name, not by address; `ignored` is never
 * evaluated by the model (formats and what they print).
 */
export type ArgumentKind = 'expression' | 'lvalue' | 'type' | 'object' | 'member' | 'condition' | 'queue' | 'ignored';

/** What a typing rule may ask. */
export interface Typing {
	typeOf(expression: Expression): Type;
}

export interface Builtin {
	readonly name: string;
	readonly arguments: readonly ArgumentKind[];
	/** How many of `arguments` may be left out at the end. */
	readonly optional: number;
	/** What further arguments are; none are allowed when undefined. */
	readonly rest: ArgumentKind | undefined;
	/** Where the struct of a `member` argument comes from: an argument, or what that argument points to. */
	readonly memberOf: { readonly argument: number; readonly pointee: boolean } | undefined;
	/** The type of the whole. */
	type(args: readonly Expression[], typing: Typing): Type;
}

type Rule = Builtin['type'];

const as =
	(type: Type): Rule =>
	() =>
		type;

/** The type of an argument, as a value. */
const argument =
	(index: number): Rule =>
	(args, typing) => {
		const arg = args[index];
		return arg ? decay(typing.typeOf(arg)) : ERROR;
	};

/** What an argument points to. */
const pointee =
	(index: number): Rule =>
	(args, typing) => {
		const type = argument(index)(args, typing);
		return type.kind === 'pointer' ? type.to : ERROR;
	};

/** A pointer to the type an argument names. */
const pointerToArgument =
	(index: number): Rule =>
	(args, typing) => {
		const arg = args[index];
		return arg ? pointerTo(typing.typeOf(arg)) : ERROR;
	};

/** The arithmetic type that all the arguments convert to. */
const common: Rule = (args, typing) => {
	const types = args.map((a) => decay(typing.typeOf(a)));
	if (types.length === 0) return ERROR;
	return types.reduce((a, b) => (a.kind === 'int' && b.kind === 'int' ? commonType(a, b) : a.kind === 'int' ? b : a));
};

const table = new Map<string, Builtin>();

function define(
	names: string,
	args: string,
	type: Rule,
	more: { optional?: number; rest?: ArgumentKind; memberOf?: Builtin['memberOf'] } = {},
): void {
	const kinds = args.split(' ').filter((a) => a !== '') as ArgumentKind[];
	for (const name of names.trim().split(/\s+/)) {
		table.set(name, {
			name,
			arguments: kinds,
			optional: more.optional ?? 0,
			rest: more.rest,
			memberOf: more.memberOf,
			type,
		});
	}
}

define(
	'container_of list_entry list_entry_rcu hlist_entry hlist_entry_safe rb_entry rb_entry_safe',
	'expression type member',
	pointerToArgument(1),
	{ memberOf: { argument: 1, pointee: false } },
);
define(
	'list_first_entry list_last_entry list_first_entry_or_null list_first_or_null_rcu',
	'expression type member',
	pointerToArgument(1),
	{ memberOf: { argument: 1, pointee: false } },
);
define('list_next_entry list_prev_entry', 'expression member', argument(0), {
	memberOf: { argument: 0, pointee: true },
});
define('timer_container_of from_timer from_tasklet', 'expression expression member', argument(0), {
	memberOf: { argument: 0, pointee: true },
});
define('list_entry_is_head', 'expression expression member', as(BOOL), { memberOf: { argument: 0, pointee: true } });
define('offsetof sizeof_field', 'type member', as(ULONG), { memberOf: { argument: 0, pointee: false } });
define('struct_size', 'expression member expression', as(ULONG), { memberOf: { argument: 0, pointee: true } });

define('min max', 'expression expression', common);
define('min3 max3 clamp', 'expression expression expression', common);
define('min_t max_t', 'type expression expression', argument(0));
define('clamp_t', 'type expression expression expression', argument(0));
define('clamp_val', 'expression expression expression', argument(0));
define('swap', 'lvalue lvalue', as(VOID));
define('ARRAY_SIZE', 'expression', as(ULONG));

define('READ_ONCE rcu_access_pointer', 'lvalue', argument(0));
define(
	'rcu_dereference rcu_dereference_raw rcu_dereference_bh rcu_dereference_sched srcu_dereference_check',
	'lvalue',
	argument(0),
	{ rest: 'expression' },
);
define('rcu_dereference_protected rcu_dereference_check srcu_dereference', 'lvalue expression', argument(0));
define('get_user __get_user', 'lvalue expression', as(INT));
define('put_user __put_user', 'expression expression', as(INT));
define('WRITE_ONCE', 'lvalue expression', argument(0));
define('rcu_assign_pointer RCU_INIT_POINTER', 'lvalue expression', as(VOID));
define('rcu_replace_pointer', 'lvalue expression expression', argument(0));
define('smp_load_acquire', 'expression', pointee(0));
define('smp_store_release smp_store_mb', 'expression expression', as(VOID));
define('xchg xchg_acquire xchg_release xchg_relaxed', 'expression expression', pointee(0));
define('cmpxchg cmpxchg_acquire cmpxchg_release cmpxchg_relaxed', 'expression expression expression', pointee(0));
define(
	'try_cmpxchg try_cmpxchg_acquire try_cmpxchg_release try_cmpxchg_relaxed',
	'expression expression expression',
	as(BOOL),
);

define('likely unlikely', 'expression', as(INT));
define('IS_ERR IS_ERR_OR_NULL', 'expression', as(BOOL));
define('PTR_ERR', 'expression', as(LONG));
define('PTR_ERR_OR_ZERO', 'expression', as(INT));
define('ERR_PTR ERR_CAST', 'expression', as(VOID_POINTER));

define('BUG_ON assert VM_BUG_ON GEM_BUG_ON', 'expression', as(VOID));
define('VM_BUG_ON_FOLIO VM_BUG_ON_PAGE VM_BUG_ON_MM VM_BUG_ON_VMA', 'expression ignored', as(VOID));
define('VM_WARN_ON_FOLIO VM_WARN_ON_ONCE_FOLIO KVM_BUG_ON', 'expression ignored', as(INT));
define('KVM_MMU_WARN_ON GEM_WARN_ON', 'expression', as(INT));
define('drm_WARN_ON drm_WARN_ON_ONCE drm_WARN drm_WARN_ONCE', 'ignored expression', as(INT), { rest: 'ignored' });
define('dev_WARN_ONCE', 'ignored expression', as(INT), { rest: 'ignored' });
define('dev_WARN', 'ignored', as(INT), { rest: 'ignored' });
define('xe_assert xe_tile_assert xe_gt_assert', 'ignored expression', as(VOID));
define('BUILD_BUG_ON BUILD_BUG_ON_ZERO static_assert', 'ignored', as(VOID), { rest: 'ignored' });
define('IS_ENABLED IS_BUILTIN IS_REACHABLE', 'ignored', as(BOOL));
define('WARN_ON WARN_ON_ONCE VM_WARN_ON VM_WARN_ON_ONCE', 'expression', as(INT));
define('WARN WARN_ONCE', 'expression ignored', as(INT), { rest: 'ignored' });
define('might_sleep BUG', '', as(VOID));
define('spin_lock_irqsave raw_spin_lock_irqsave read_lock_irqsave write_lock_irqsave', 'expression lvalue', as(VOID));
define('write_seqlock_irqsave read_seqlock_excl_irqsave', 'expression lvalue', as(VOID));
define('spin_lock_irqsave_nested', 'expression lvalue expression', as(VOID));
define('spin_trylock_irqsave raw_spin_trylock_irqsave', 'expression lvalue', as(INT));
define('local_irq_save', 'lvalue', as(VOID));
define('might_sleep_if', 'expression', as(VOID));
define('lockdep_assert_held lockdep_assert_held_write lockdep_assert_held_read', 'expression', as(VOID));
define('lockdep_assert_not_held lockdep_assert_held_once lockdep_assert', 'expression', as(VOID));
define('lockdep_is_held', 'expression', as(INT));
define('might_lock might_lock_read', 'expression', as(VOID));
define('might_lock_nested', 'expression ignored', as(VOID));
define('lockdep_set_class', 'ignored ignored', as(VOID));
define('mutex_lock_nest_lock down_write_nest_lock', 'expression ignored', as(VOID));

define('wait_event io_wait_event wait_event_idle', 'queue condition', as(VOID));
define('wait_event_interruptible wait_event_freezable wait_event_killable', 'queue condition', as(INT));
define('wait_event_exclusive', 'queue condition', as(VOID));
define('wait_event_interruptible_exclusive wait_event_killable_exclusive', 'queue condition', as(INT));
define('wait_event_timeout wait_event_idle_timeout', 'queue condition expression', as(LONG));
define(
	'wait_event_interruptible_timeout wait_event_freezable_timeout wait_event_killable_timeout',
	'queue condition expression',
	as(LONG),
);
define('wait_event_lock_irq', 'queue condition lvalue', as(VOID));
define('wait_event_interruptible_lock_irq', 'queue condition lvalue', as(INT));
// for the simulated kernel: the third argument says what the sleeper waits for
define('wait_event_for', 'queue condition condition', as(VOID));
define('wait_var_event', 'expression condition', as(VOID));
define('wait_var_event_killable wait_var_event_interruptible', 'expression condition', as(INT));
define('wait_var_event_timeout', 'expression condition expression', as(LONG));
define('rcuwait_wait_event', 'expression condition expression', as(INT));
define('wait_until', 'condition', as(VOID));
define('wait_until_timeout wait_until_signal', 'condition', as(BOOL));
// does the sketch, or a library it includes, use one of these?
define('__uses', 'expression', as(BOOL), { rest: 'expression' });
// is this `config` item of the scenario on?
define('__config', 'ignored', as(BOOL));
define('kfree_rcu kvfree_rcu', 'expression member', as(VOID), { memberOf: { argument: 0, pointee: true } });

define('kmalloc kzalloc kvmalloc kvzalloc', 'expression expression', as(VOID_POINTER));
define('kcalloc kmalloc_array kvcalloc kvmalloc_array', 'expression expression expression', as(VOID_POINTER));
define('kmemdup', 'expression expression expression', argument(0));
define('sysfs_emit sprintf', 'expression ignored', as(INT), { rest: 'expression' });
define('sysfs_emit_at snprintf scnprintf', 'expression expression ignored', as(INT), { rest: 'expression' });
define('memdup_user vmemdup_user', 'expression expression', as(VOID_POINTER));
define('devm_kmalloc devm_kzalloc', 'expression expression expression', as(VOID_POINTER));
define('devm_kcalloc devm_kmalloc_array', 'expression expression expression expression', as(VOID_POINTER));
define('vmalloc vzalloc', 'expression', as(VOID_POINTER));
define('kmem_cache_alloc kmem_cache_zalloc', 'expression expression', as(VOID_POINTER));
define('memset memcpy memmove', 'expression expression expression', as(VOID));
define('no_free_ptr', 'lvalue', argument(0));
define('retain_and_null_ptr', 'lvalue', as(VOID));
define('kmalloc_obj kzalloc_obj kvmalloc_obj kvzalloc_obj', 'object expression', pointerToArgument(0), { optional: 1 });
define('kmalloc_objs kzalloc_objs kvmalloc_objs kvzalloc_objs', 'object expression expression', pointerToArgument(0), {
	optional: 1,
});

define('pr_debug pr_info pr_notice pr_warn pr_err pr_crit pr_alert pr_emerg', 'ignored', as(INT), { rest: 'ignored' });
define('pr_info_once pr_warn_once pr_err_once pr_warn_ratelimited pr_err_ratelimited', 'ignored', as(INT), {
	rest: 'ignored',
});
// what it prints is an error that it also returns
define('dev_err_probe', 'ignored expression', argument(1), { rest: 'ignored' });
define('printk pr_info_ratelimited trace_printk', 'ignored', as(INT), { rest: 'ignored' });
define('dev_dbg dev_info dev_notice dev_warn dev_err dev_crit dev_warn_once', 'ignored ignored', as(VOID), {
	rest: 'ignored',
});

// Initialisers of kernel objects: what they make is known from what they initialise.
define('ATOMIC_INIT ATOMIC_LONG_INIT ATOMIC64_INIT REFCOUNT_INIT KREF_INIT', 'expression', as(ERROR));
define('LIST_HEAD_INIT __MUTEX_INITIALIZER __RWSEM_INITIALIZER __WAIT_QUEUE_HEAD_INITIALIZER', 'ignored', as(ERROR));
define('__SPIN_LOCK_UNLOCKED __RAW_SPIN_LOCK_UNLOCKED __RW_LOCK_UNLOCKED __SEQLOCK_UNLOCKED', 'ignored', as(ERROR));
define('SEQCNT_ZERO COMPLETION_INITIALIZER __RCUWAIT_INITIALIZER __SRCU_STRUCT_INIT', 'ignored', as(ERROR));

define(READ_REGISTER, 'expression', as(UINT));
define(READ_LONG_REGISTER, 'expression', as(ULLONG));

define('any', 'expression expression', common);
define('any_bool', '', as(BOOL));

/**
 * Printing and tracing of subsystems and drivers: it has no effect on what is checked. Of its arguments what leads through a pointer is
 * read (printed.ts). A sketch that declares such a name itself means its own.
 */
const LEVEL = '(dbg|vdbg|debug|info|notice|note|warn|err|error|crit|alert|emerg|printk)';
const OF = '(dev|netdev|drm|kvm|vcpu|ibdev|ib|gt|guc|xe|xe_gt|xe_tile|xe_vm|mlx5_ib|mlx5_core|amdgpu|iommu|pci|vfio)';
const MORE = '(_once|_ratelimited|_client|_kms|_core|_driver|_prime|_atomic|_state|_vbl|_lease|_dp)*';
const PRINTING = new RegExp(
	`^(trace_\\w+|printk(_once|_ratelimited|_deferred)?|pr_(cont|devel|${LEVEL.slice(1, -1)})${MORE}|${OF}_${LEVEL}${MORE}|drm_(printf|puts)|DRM_(DEV_)?(ERROR|DEBUG|INFO|NOTE|WARN)(_[A-Z]+)*|` +
		'GEM_TRACE(_[A-Z]+)*|print_hex_dump(_debug|_bytes)?|dump_stack|hfi1_cdbg|vm_dbg|NV_(DEBUG|ERROR|INFO|WARN|PRINTK)|SVMM_(DBG|ERR)|kvm_pr_unimpl|vcpu_unimpl)$',
);

/** True for names of printing and tracing, which nobody has to declare. */
export const printsOnly = (name: string): boolean => PRINTING.test(name);

const printing = (name: string): Builtin => ({
	name,
	arguments: [],
	optional: 0,
	rest: 'ignored',
	memberOf: undefined,
	// what asks whether a tracepoint is on gets no for an answer
	type: as(name.endsWith('_enabled') ? BOOL : INT),
});

/** The rule for a macro of this name, if it is one. */
export function builtin(name: string): Builtin | undefined {
	return table.get(name) ?? (printsOnly(name) ? printing(name) : undefined);
}

/** The names of all macros with a rule here, EachStatement's aside. */
export function builtinNames(): IterableIterator<string> {
	return table.keys();
}

/** `RB_ROOT_CACHED` and its like: an initialiser that leaves a struct all zero. */
export function isEmptyInitializer(expression: Expression): boolean {
	const target = expression.$type === 'NameRef' ? expression.target.ref : undefined;
	return target?.$type === 'Define' && target.value === undefined && /^(RB_ROOT|RB_ROOT_CACHED)$/.test(target.name);
}

/** What an argument of a macro is. */
export function argumentKind(macro: Builtin, index: number): ArgumentKind | undefined {
	return macro.arguments[index] ?? macro.rest;
}

/** The arguments of `list_for_each_entry` and its like: where the cursor, the lookahead, the head and the member stand. */
export interface EachRule {
	readonly over: 'list' | 'hlist' | 'xarray' | 'idr' | 'bits';
	readonly position: number;
	readonly next: number | undefined;
	readonly head: number;
	/** Undefined where the cursor is the link itself, or there are no links. */
	readonly member: number | undefined;
	readonly count: number;
	readonly reverse: boolean;
	/** Where it begins: at the first entry, behind the cursor, or at the cursor. */
	readonly from: 'head' | 'behind' | 'cursor';
	/** What to write. */
	readonly usage: string;
}

const list = (
	usage: string,
	{ reverse = false, from = 'head', over = 'list' }: Partial<Pick<EachRule, 'reverse' | 'from' | 'over'>> = {},
): EachRule => {
	const words = usage.split(', ');
	const place = (word: string): number | undefined => (words.includes(word) ? words.indexOf(word) : undefined);
	return {
		over,
		position: 0,
		next: place('next'),
		head: place('head') ?? 1,
		member: place('member'),
		count: words.length,
		reverse,
		from,
		usage,
	};
};

const ENTRY = 'pos, head, member';
const SAFE = 'pos, next, head, member';

const EACH: Readonly<Record<string, EachRule>> = {
	list_for_each: list('pos, head'),
	list_for_each_safe: list('pos, next, head'),
	list_for_each_entry: list(ENTRY),
	list_for_each_entry_reverse: list(ENTRY, { reverse: true }),
	list_for_each_entry_rcu: list(ENTRY),
	list_for_each_entry_srcu: list(ENTRY),
	hlist_for_each_entry_srcu: list(ENTRY, { over: 'hlist' }),
	list_for_each_entry_continue: list(ENTRY, { from: 'behind' }),
	list_for_each_entry_from: list(ENTRY, { from: 'cursor' }),
	list_for_each_entry_safe: list(SAFE),
	list_for_each_entry_safe_reverse: list(SAFE, { reverse: true }),
	hlist_for_each_entry: list(ENTRY, { over: 'hlist' }),
	hlist_for_each_entry_rcu: list(ENTRY, { over: 'hlist' }),
	hlist_for_each_entry_safe: list(SAFE, { over: 'hlist' }),
	xa_for_each: { ...list('xarray, index, entry', { over: 'xarray' }), head: 0, position: 2, next: 1 },
	idr_for_each_entry: { ...list('idr, entry, id', { over: 'idr' }), head: 0, position: 1, next: 2 },
	for_each_set_bit: { ...list('bit, address, size', { over: 'bits' }), head: 1 },
};

/** How the arguments of a list loop are to be read. */
export function eachRule(macro: string): EachRule | undefined {
	return EACH[macro];
}

/** The struct that the member argument of a macro names a field of. */
export function memberStruct(macro: Builtin, args: readonly Expression[], typing: Typing): StructType | undefined {
	if (!macro.memberOf) return undefined;
	const arg = args[macro.memberOf.argument];
	if (!arg) return undefined;
	let type = typing.typeOf(arg);
	if (macro.memberOf.pointee) type = type.kind === 'pointer' ? type.to : type;
	return type.kind === 'struct' ? type : undefined;
}

/** The functions of the device (language.md, "The device") that take another device as a first argument. */
const OF_A_DEVICE = /^dev_(map|map_page|map_huge|unmap|clear|flush|mapped|read|write|bind_mm|submit)$/;

/**
 * The function that is meant by `dev_map(&gpu1, start, end)`: it has the device before the parameters of the function
 * that is named. Undefined where the first argument is no device.
 */
export function deviceFunction(name: string, args: readonly Expression[], typing: Typing): string | undefined {
	if (!OF_A_DEVICE.test(name) || !args[0]) return undefined;
	const type = decay(typing.typeOf(args[0]));
	const isDevice = type.kind === 'pointer' && type.to.kind === 'struct' && type.to.name === 'device';
	return isDevice ? `__${name}` : undefined;
}
