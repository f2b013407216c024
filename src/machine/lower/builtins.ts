import { printsOnly } from '../../language/builtins.js';
import { type Call, isNameRef } from '../../language/generated/ast.js';
import { isLinked, printedPaths } from '../../language/printed.js';
import { READ_LONG_REGISTER, READ_REGISTER, valuesRead } from '../../language/registers.js';
import { sourceText } from '../../language/text.js';
import { decay, isScalar, type Type } from '../../language/types.js';
import type { BinaryOperator, Operand } from '../ir.js';
import { allocate, allocatedType, bytesOfArray } from './allocation.js';
import { link } from './each.js';
import { condition, lvalue, memberOffset, offset, operands, part, rvalue, storeTo } from './expressions.js';
import type { FunctionLowering } from './function.js';
import { Label } from './label.js';
import './kernel-macros.js';
import './driver-macros.js';
import './user-macros.js';
import { arg, define, library, oneOf, primitive, type Rule, rules, typeOf } from './macro.js';
import { CannotLower } from './module.js';
import { askReader } from './readers.js';

/** Code for a call of a macro of language/builtins.ts. */
export function lowerMacro(f: FunctionLowering, e: Call): Operand {
	const name = isNameRef(e.callee) ? e.callee.target.$refText : '';
	const rule = rules.get(name) ?? (printsOnly(name) ? nothing : undefined);
	if (rule === undefined) throw new CannotLower(e, `'${name}' is not modelled yet`);
	return rule(f, e);
}

/** What is printed has no effect, but has to be there. Nobody minds what it meets: a message is no data race. */
const nothing: Rule = (f, e) => {
	for (const path of e.arguments.flatMap(printedPaths)) {
		if (!isLinked(path) || !isScalar(decay(typeOf(f, path)))) continue;
		const start = f.code.code.length;
		rvalue(f, path);
		f.markAll(start);
	}
	return f.constant(0);
};

const pass: Rule = (f, e) => rvalue(f, arg(e, 0));

// ---- C ----

define('likely unlikely', (f, e) => {
	const to = f.register();
	f.emit(
		{
			op: 'binary',
			to,
			operator: '!=',
			left: rvalue(f, arg(e, 0)),
			right: f.constant(0),
			kind: undefined,
			unsigned: false,
		},
		e,
	);
	return to;
});

const containerOf: Rule = (f, e) => {
	const pointer = rvalue(f, arg(e, 0));
	const given = typeOf(f, arg(e, 0));
	const container = typeOf(f, arg(e, 1));
	const by = -memberOffset(f, arg(e, 2), container);
	return part(f, pointer, by, container, given.kind === 'pointer' ? given.to : given, e);
};
define('container_of list_entry list_entry_rcu hlist_entry rb_entry', containerOf);

/** NULL where there is nothing, else what `some` makes. */
function orNull(f: FunctionLowering, e: Call, empty: Operand, some: () => Operand): Operand {
	const to = f.register();
	const [none, there, end] = [new Label(), new Label(), new Label()];
	f.branch(empty, none, there, e);
	f.place(none);
	f.emit({ op: 'move', to, from: f.constant(0) }, e);
	f.jump(end, e);
	f.place(there);
	f.emit({ op: 'move', to, from: some() }, e);
	f.place(end);
	return to;
}

function isEqual(f: FunctionLowering, e: Call, left: Operand, right: Operand): Operand {
	const to = f.register();
	f.emit({ op: 'binary', to, operator: '==', left, right, kind: undefined, unsigned: false }, e);
	return to;
}

define('hlist_entry_safe rb_entry_safe', (f, e) => {
	const pointer = rvalue(f, arg(e, 0));
	const by = -memberOffset(f, arg(e, 2), typeOf(f, arg(e, 1)));
	return orNull(f, e, isEqual(f, e, pointer, f.constant(0)), () => offset(f, pointer, by, e));
});

// of the first argument only the type counts: it is the variable that is being set
define('timer_container_of from_timer from_tasklet', (f, e) => {
	const type = decay(typeOf(f, arg(e, 0)));
	const given = typeOf(f, arg(e, 1));
	const container = type.kind === 'pointer' ? type.to : type;
	const by = -memberOffset(f, arg(e, 2), container);
	return part(f, rvalue(f, arg(e, 1)), by, container, given.kind === 'pointer' ? given.to : given, e);
});

define('offsetof', (f, e) => f.constant(memberOffset(f, arg(e, 1), typeOf(f, arg(e, 0)))));

define('list_first_entry', (f, e) =>
	offset(f, link(f, rvalue(f, arg(e, 0)), 0, e), -memberOffset(f, arg(e, 2), typeOf(f, arg(e, 1))), e),
);
define('list_last_entry', (f, e) =>
	offset(f, link(f, rvalue(f, arg(e, 0)), 1, e), -memberOffset(f, arg(e, 2), typeOf(f, arg(e, 1))), e),
);
define('list_first_entry_or_null list_first_or_null_rcu', (f, e) => {
	const head = rvalue(f, arg(e, 0));
	const first = link(f, head, 0, e);
	const by = -memberOffset(f, arg(e, 2), typeOf(f, arg(e, 1)));
	return orNull(f, e, isEqual(f, e, first, head), () => offset(f, first, by, e));
});
const neighbour =
	(which: 0 | 1): Rule =>
	(f, e) => {
		const type = decay(typeOf(f, arg(e, 0)));
		const at = memberOffset(f, arg(e, 1), type.kind === 'pointer' ? type.to : type);
		return offset(f, link(f, offset(f, rvalue(f, arg(e, 0)), at, e), which, e), -at, e);
	};
define('list_next_entry', neighbour(0));
define('list_prev_entry', neighbour(1));

function select(
	f: FunctionLowering,
	operator: BinaryOperator,
	left: Operand,
	right: Operand,
	unsigned: boolean,
	node: Call,
): Operand {
	const to = f.register();
	const test = f.register();
	const yes = new Label();
	const no = new Label();
	const end = new Label();
	f.emit({ op: 'binary', to: test, operator, left, right, kind: undefined, unsigned }, node);
	f.branch(test, yes, no, node);
	f.place(yes);
	f.emit({ op: 'move', to, from: left }, node);
	f.jump(end, node);
	f.place(no);
	f.emit({ op: 'move', to, from: right }, node);
	f.place(end);
	return to;
}
const isUnsigned = (type: Type): boolean => type.kind === 'int' && !type.signed;
const extremum =
	(operator: '<' | '>', first: number): Rule =>
	(f, e) => {
		const type = typeOf(f, e);
		return e.arguments
			.slice(first)
			.map((a) => rvalue(f, a))
			.reduce((a, b) => select(f, operator, a, b, isUnsigned(type), e));
	};
define('min min3', extremum('<', 0));
define('max max3', extremum('>', 0));
define('min_t', extremum('<', 1));
define('max_t', extremum('>', 1));
const clamp =
	(first: number): Rule =>
	(f, e) => {
		const unsigned = isUnsigned(typeOf(f, e));
		const value = select(f, '>', rvalue(f, arg(e, first)), rvalue(f, arg(e, first + 1)), unsigned, e);
		return select(f, '<', value, rvalue(f, arg(e, first + 2)), unsigned, e);
	};
define('clamp clamp_val', clamp(0));
define('clamp_t', clamp(1));

define('swap', (f, e) => {
	const a = arg(e, 0);
	const b = arg(e, 1);
	const old = f.register();
	f.emit({ op: 'move', to: old, from: rvalue(f, a) }, e);
	storeTo(f, lvalue(f, a), rvalue(f, b), typeOf(f, b), e);
	storeTo(f, lvalue(f, b), old, typeOf(f, a), e);
	return f.constant(0);
});

define('ARRAY_SIZE', (f, e) => {
	const type = typeOf(f, arg(e, 0));
	return f.constant(type.kind === 'array' ? (f.module.semantics.arrayLength(type, f.module.pages) ?? 0) : 0);
});

// ---- memory ----

define(
	'READ_ONCE rcu_dereference rcu_dereference_raw rcu_dereference_bh rcu_dereference_sched rcu_access_pointer rcu_dereference_protected rcu_dereference_check srcu_dereference srcu_dereference_check',
	(f, e) => {
		askReader(f, e);
		const start = f.code.code.length;
		const value = pass(f, e);
		f.mark(start);
		return value;
	},
);
define('WRITE_ONCE rcu_assign_pointer RCU_INIT_POINTER', (f, e) => {
	const value = rvalue(f, arg(e, 1));
	const start = f.code.code.length;
	const stored = storeTo(f, lvalue(f, arg(e, 0)), value, typeOf(f, arg(e, 1)), e);
	f.mark(start);
	return stored;
});
define('smp_load_acquire', (f, e) => {
	const to = f.register();
	f.emit({ op: 'load', to, address: rvalue(f, arg(e, 0)), marked: true }, e);
	return to;
});
define('smp_store_release smp_store_mb', (f, e) => {
	const at = rvalue(f, arg(e, 0));
	f.emit({ op: 'store', address: at, value: rvalue(f, arg(e, 1)), marked: true }, e);
	return f.constant(0);
});
define('xchg xchg_acquire xchg_release xchg_relaxed', (f, e) => {
	const at = rvalue(f, arg(e, 0));
	const value = rvalue(f, arg(e, 1));
	const to = f.register();
	f.emit({ op: 'atomic-begin' }, e);
	f.emit({ op: 'load', to, address: at }, e);
	f.emit({ op: 'store', address: at, value }, e);
	f.emit({ op: 'atomic-end' }, e);
	return to;
});
define('cmpxchg cmpxchg_acquire cmpxchg_release cmpxchg_relaxed', (f, e) => {
	const [at, old, value] = operands(f, e.arguments, []) as [Operand, Operand, Operand];
	const to = f.register();
	const equal = f.register();
	const yes = new Label();
	const no = new Label();
	f.emit({ op: 'atomic-begin' }, e);
	f.emit({ op: 'load', to, address: at }, e);
	f.emit({ op: 'binary', to: equal, operator: '==', left: to, right: old, kind: undefined, unsigned: false }, e);
	f.branch(equal, yes, no, e);
	f.place(yes);
	f.emit({ op: 'store', address: at, value }, e);
	f.place(no);
	f.emit({ op: 'atomic-end' }, e);
	return to;
});

define('kmalloc kvmalloc', (f, e) =>
	allocate(f, e, allocatedType(f, e), rvalue(f, arg(e, 0)), rvalue(f, arg(e, 1)), false),
);
define('kzalloc kvzalloc', (f, e) =>
	allocate(f, e, allocatedType(f, e), rvalue(f, arg(e, 0)), rvalue(f, arg(e, 1)), true),
);
const array =
	(zero: boolean): Rule =>
	(f, e) => {
		const bytes = bytesOfArray(f, rvalue(f, arg(e, 0)), rvalue(f, arg(e, 1)), e);
		return allocate(f, e, allocatedType(f, e), bytes, rvalue(f, arg(e, 2)), zero);
	};
define('kcalloc kvcalloc', array(true));
define('kmalloc_array kvmalloc_array', array(false));

// ---- error pointers ----

const isError =
	(orNull: boolean): Rule =>
	(f, e) => {
		const pointer = rvalue(f, arg(e, 0));
		const low = f.register();
		f.emit(
			{
				op: 'binary',
				to: low,
				operator: '>=',
				left: pointer,
				right: f.constant(-4095),
				kind: undefined,
				unsigned: false,
			},
			e,
		);
		const high = f.register();
		f.emit(
			{
				op: 'binary',
				to: high,
				operator: orNull ? '<=' : '<',
				left: pointer,
				right: f.constant(0),
				kind: undefined,
				unsigned: false,
			},
			e,
		);
		const to = f.register();
		f.emit({ op: 'binary', to, operator: '&', left: low, right: high, kind: undefined, unsigned: false }, e);
		return to;
	};
define('IS_ERR', isError(false));
define('IS_ERR_OR_NULL', isError(true));
define('PTR_ERR ERR_PTR ERR_CAST', pass);
define('PTR_ERR_OR_ZERO', (f, e) => select(f, '<', rvalue(f, arg(e, 0)), f.constant(0), false, e));

// ---- checks ----

define('BUG_ON VM_BUG_ON', (f, e) => check(f, e, true, false));
define('assert', (f, e) => check(f, e, true, true));
define('WARN_ON WARN_ON_ONCE VM_WARN_ON VM_WARN_ON_ONCE WARN WARN_ONCE', (f, e) => check(f, e, false, false));
define('BUG', (f, e) => {
	f.emit({ op: 'check', condition: f.constant(0), fatal: true, what: 'BUG() is reached' }, e);
	return f.constant(0);
});

/** `holds`: the condition has to hold (assert); otherwise it has to be false (BUG_ON). */
function check(f: FunctionLowering, e: Call, fatal: boolean, holds: boolean): Operand {
	const value = rvalue(f, arg(e, 0));
	const fine = f.register();
	f.emit(
		{
			op: 'binary',
			to: fine,
			operator: holds ? '!=' : '==',
			left: value,
			right: f.constant(0),
			kind: undefined,
			unsigned: false,
		},
		e,
	);
	f.emit(
		{
			op: 'check',
			condition: fine,
			fatal,
			what: kernelsWords(f, e) ?? `${sourceText(arg(e, 0))} ${holds ? 'does not hold' : 'is true'}`,
		},
		e,
	);
	return value;
}

/** What a warning of the simulated kernel says: its condition is not the reader's. */
function kernelsWords(f: FunctionLowering, e: Call): string | undefined {
	const format = e.arguments[1];
	if (format?.$type !== 'StringLiteral' || !f.module.isKernel(e)) return undefined;
	return format.parts.join('').replaceAll('"', '');
}

define('might_sleep', (f, e) => primitive(f, '__might_sleep', [], e));
define('might_sleep_if', (f, e) => {
	const yes = new Label();
	const no = new Label();
	condition(f, arg(e, 0), yes, no);
	f.place(yes);
	primitive(f, '__might_sleep', [], e);
	f.place(no);
	return f.constant(0);
});
define('lockdep_assert_held lockdep_assert_held_once', (f, e) =>
	primitive(f, '__assert_held', [rvalue(f, arg(e, 0)), f.constant(0)], e),
);
define('lockdep_assert_held_write', (f, e) => primitive(f, '__assert_held', [rvalue(f, arg(e, 0)), f.constant(1)], e));
define('lockdep_assert_held_read', (f, e) => primitive(f, '__assert_held', [rvalue(f, arg(e, 0)), f.constant(0)], e));
define('lockdep_assert_not_held', (f, e) => primitive(f, '__assert_held', [rvalue(f, arg(e, 0)), f.constant(2)], e));

// ---- the adversary ----

define(`${READ_REGISTER} ${READ_LONG_REGISTER}`, (f, e) => {
	library(f, '__access_register', [rvalue(f, arg(e, 0))], e);
	return oneOf(f, valuesRead(e, f.module.semantics), e);
});

define('any', (f, e) => {
	const to = f.register();
	f.emit({ op: 'pick', to, low: rvalue(f, arg(e, 0)), high: rvalue(f, arg(e, 1)) }, e);
	return to;
});
define('any_bool', (f, e) => {
	const to = f.register();
	f.emit({ op: 'pick', to, low: f.constant(0), high: f.constant(1) }, e);
	return to;
});

// ---- waiting ----

define('wait_until', (f, e) => {
	f.emit({ op: 'atomic-begin' }, e);
	const value = rvalue(f, arg(e, 0));
	f.emit({ op: 'wait-until', condition: value }, e);
	f.emit({ op: 'atomic-end' }, e);
	return f.constant(0);
});
