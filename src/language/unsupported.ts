/** What C has and sketches do not: each construct by its own name, with what to write instead. */

import type { CheckContext } from './checks/context.js';
import type * as ast from './generated/ast.js';
import type { Node } from './tree.js';
import { decay } from './types.js';

export const POINTER_ARITHMETIC =
	'a pointer can only walk along an array: what this one leads to has no elements in the model';
export const TIME_ORDER =
	'time is not counted in the model: ask time_after(), time_before(), ktime_after() or their like, which the adversary answers';

/** Preprocessor lines other than #include and #define, by their word. */
export function directiveMessage(word: string): string {
	if (/^(if|ifdef|ifndef|elif|else|endif)$/.test(word)) {
		return `#${word} is not modelled: a sketch is one version of the code; keep the branch you want to check`;
	}
	if (word === 'pragma') return '#pragma is not modelled, other than #pragma once: remove the line';
	return `#${word} is not modelled: remove the line`;
}

export const ATTRIBUTE =
	'__attribute__((cleanup(…))) is not modelled: use guard(), scoped_guard() or __free(), or release on every way out';

/** Names that are all refused in the same words. */
const words = (message: string, names: string): Record<string, string> =>
	Object.fromEntries(names.split(/\s+/).map((name) => [name, message]));

/** Functions of <linux/rbtree.h>, by what is modelled instead. */
const trees = (instead: string, names: string): Record<string, string> =>
	words(`trees that a driver walks itself are not modelled: use ${instead} and its like, or a list`, names);

/** Words of C and GNU C that the grammar does not know, for the messages of syntax errors and unknown names. */
export const UNSUPPORTED_WORDS: Readonly<Record<string, string>> = {
	typeof_unqual: 'typeof is not modelled: write the type itself',
	__auto_type: '__auto_type is not modelled: write the type itself',
	_Generic: '_Generic is not modelled: call the function that is meant',
	__builtin_choose_expr: '__builtin_choose_expr is not modelled: call the function that is meant',
	va_list: 'va_list is not modelled: give the function a fixed number of parameters',
	va_start: 'variable arguments are not modelled: give the function a fixed number of parameters',
	va_arg: 'variable arguments are not modelled: give the function a fixed number of parameters',
	va_end: 'variable arguments are not modelled: give the function a fixed number of parameters',
	_Atomic: '_Atomic is not modelled: use atomic_t, READ_ONCE() and WRITE_ONCE()',
	_Static_assert: '_Static_assert is not modelled inside a function: write static_assert()',
	_Complex: 'complex numbers are not modelled: use integers',
	register: "'register' has no meaning in a sketch: leave it out",
	auto: "'auto' is not modelled: write the type itself",
	_Thread_local: 'thread-local variables are not modelled: use a local variable',
	__thread: 'thread-local variables are not modelled: use a local variable',
	__int128: '__int128 is not modelled: use unsigned long',
	setjmp: 'setjmp is not modelled: use goto',
	return_ptr: 'return_ptr() is not modelled: write `return no_free_ptr(p);`',
	CLASS: 'CLASS() is not modelled: get the object here and give it back on every way out',
	DEFINE_GUARD:
		'DEFINE_GUARD() is not modelled: use the kinds of guard that there are, or take the lock by its function',
	DEFINE_FREE: 'DEFINE_FREE() is not modelled: give the object back on every way out',
	scoped_cond_guard: 'scoped_cond_guard() is not modelled: try the lock with if, and release it on every way out',
	container_of_const: 'container_of_const() is not modelled: write container_of()',
	__builtin_expect: '__builtin_expect is not modelled: write likely() or unlikely()',
	do_div: 'do_div() is not modelled: write / and %',
	...words(
		'variables of each CPU are not modelled: make an array of two of it, pick the CPU by any(0, 1), and hold a spinlock of that CPU for as long as the thread stays there (the section "A variable of each CPU" in pasting.md)',
		`DEFINE_PER_CPU DEFINE_PER_CPU_ALIGNED DEFINE_PER_CPU_SHARED_ALIGNED DECLARE_PER_CPU alloc_percpu alloc_percpu_gfp free_percpu per_cpu per_cpu_ptr
		get_cpu_var put_cpu_var get_cpu_ptr put_cpu_ptr this_cpu_ptr raw_cpu_ptr this_cpu_read this_cpu_write this_cpu_inc this_cpu_dec this_cpu_add this_cpu_sub
		this_cpu_inc_return this_cpu_dec_return this_cpu_add_return this_cpu_xchg this_cpu_cmpxchg __this_cpu_read __this_cpu_write __this_cpu_inc __this_cpu_dec
		__this_cpu_add __this_cpu_sub raw_cpu_read raw_cpu_write raw_cpu_inc raw_cpu_add`,
	),
	...words(
		'which CPU a thread runs on is not modelled: pick it by any(0, 1), and hold a spinlock of that CPU for as long as the thread stays there (the section "A variable of each CPU" in pasting.md)',
		'get_cpu put_cpu smp_processor_id raw_smp_processor_id',
	),
	...words(
		'local_lock_t is not modelled: use a spinlock for each of two CPUs, and pick the CPU by any(0, 1) (the section "A variable of each CPU" in pasting.md)',
		'local_lock local_unlock local_lock_irq local_unlock_irq local_lock_irqsave local_unlock_irqrestore local_trylock local_lock_init local_lock_nested_bh local_unlock_nested_bh',
	),
	...words(
		'CPUs are not counted in the model: write a loop over the two elements of an array (the section "A variable of each CPU" in pasting.md)',
		'for_each_possible_cpu for_each_online_cpu nr_cpu_ids num_online_cpus num_possible_cpus',
	),
	...words(
		'interrupts sent to other CPUs are not modelled: call the function for the CPUs that are meant, with local_irq_save() around it',
		'on_each_cpu on_each_cpu_mask smp_call_function smp_call_function_single smp_call_function_many',
	),
	...words(
		'counters of each CPU are not modelled: use atomic_long_t',
		'percpu_counter_init percpu_counter_destroy percpu_counter_add percpu_counter_sub percpu_counter_inc percpu_counter_dec percpu_counter_sum percpu_counter_read percpu_counter_read_positive percpu_counter_set percpu_counter_compare',
	),
	...trees('interval_tree_insert()', 'rb_insert_color rb_insert_color_cached rb_link_node rb_add rb_add_cached'),
	...trees('interval_tree_remove()', 'rb_erase rb_erase_cached'),
	...trees('interval_tree_iter_first()', 'rb_first rb_first_cached rb_last rb_next rb_prev rb_find rb_find_first'),
	alloca: 'alloca is not modelled: use an array of fixed size, or kmalloc()',
};

/** Macros that write functions: what they are given is no expression, and what they make nothing that could be called. */
export const WRITES_FUNCTIONS: Readonly<Record<string, string>> = {
	INTERVAL_TREE_DEFINE:
		'INTERVAL_TREE_DEFINE() is not modelled: put a struct interval_tree_node into the struct, and call interval_tree_insert(), interval_tree_iter_first() and their like',
	RB_DECLARE_CALLBACKS: 'RB_DECLARE_CALLBACKS() is not modelled: use interval_tree_insert() and its like, or a list',
	RB_DECLARE_CALLBACKS_MAX:
		'RB_DECLARE_CALLBACKS_MAX() is not modelled: use interval_tree_insert() and its like, or a list',
};

/** Does the field share its word with another bit-field? One that stands alone is like any other field. */
function hasBitNeighbour(field: ast.Field): boolean {
	const decl = field.$container;
	const owner = decl.$container;
	const decls = owner.$type === 'StructDef' ? owner.fields : owner.$type === 'FieldDecl' ? owner.nested : [decl];
	const fields = decls.flatMap((d) => (d.kind ? [undefined] : d.fields));
	const at = fields.indexOf(field);
	return fields[at - 1]?.bits !== undefined || fields[at + 1]?.bits !== undefined;
}

const UNION = 'unions are not modelled: use a struct, whose fields do not share memory';

/** Reports a node that is a construct the model does not have. */
export function checkSupported(node: Node, context: CheckContext): void {
	const refuse = (message: string, property?: string) => context.report.error('unsupported', node, message, property);
	if (node.$type === 'StructDef') {
		if (node.kind === 'union') refuse(UNION, 'kind');
	} else if (node.$type === 'FieldDecl') {
		if (node.kind === 'union') refuse(UNION, 'kind');
	} else if (node.$type === 'TypeRef') {
		if (node.kind === 'union') refuse(UNION);
		const float = node.words.find((word) => word === 'float' || word === 'double');
		if (float) refuse(`floating point ('${float}') is not modelled: use integers`);
	} else if (node.$type === 'Field') {
		if (node.bits && hasBitNeighbour(node))
			refuse(
				`bit-fields that share a word are not modelled, because a write of one is a write of all: write 'bool ${node.name}' or an integer field where they are under one lock`,
			);
	} else if (node.$type === 'FloatLiteral') {
		refuse('floating point is not modelled: use integers');
	} else if (node.$type === 'FunctionDecl') {
		if (node.variadic && !context.kernel) {
			refuse(
				'functions with variable arguments are not modelled: give the function a fixed number of parameters',
				'name',
			);
		}
	} else if (node.$type === 'GotoStatement') {
		if (node.computed) refuse('computed goto is not modelled: use switch and plain goto');
	} else if (node.$type === 'CaseLabel') {
		if (node.last) refuse("case ranges are not modelled: write one 'case' for each value, or use if");
	} else if (node.$type === 'StatementExpression') {
		refuse('statement expressions are not modelled: use a static inline function');
	} else if (node.$type === 'AsmStatement') {
		refuse('inline assembly is not modelled: use the barrier, atomic or lock function it stands for');
	} else if (node.$type === 'Variable') {
		checkVariable(node, context);
	}
}

function checkVariable(node: ast.Variable, context: CheckContext): void {
	const { report, semantics } = context;
	const type = semantics.declaredType(node);
	const pointer = decay(type);
	const characters = pointer.kind === 'pointer' && pointer.to.kind === 'int' && pointer.to.rank === 1;
	if (characters && node.init?.$type === 'StringLiteral') {
		report.error(
			'unsupported',
			node,
			'strings are modelled as arguments of pr_*() and as names only: remove the variable',
		);
	}
}
