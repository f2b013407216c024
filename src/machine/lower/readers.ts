import type { AstNode } from 'langium';
import { READERS } from '../../kernel/primitives/rcu.js';
import { type Call, type EachStatement, isNameRef, type Variable } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf } from '../../language/text.js';
import type { Operand } from '../ir.js';
import { rvalue } from './expressions.js';
import type { FunctionLowering } from './function.js';
import type { ModuleLowering } from './module.js';

/* RCU readers are counted only where somebody waits for grace periods: src/kernel/primitives/rcu.ts says who is one. */

const WAITS_FOR_READERS =
	'synchronize_rcu synchronize_rcu_expedited synchronize_net call_rcu call_rcu_hurry kfree_rcu kvfree_rcu kfree_rcu_mightsleep dma_fence_put percpu_ref_kill percpu_ref_kill_and_confirm'.split(
		' ',
	);

const domains = new WeakMap<Program, Variable | undefined>();

/** `rcu` of lib/kernel/rcu.mmn. */
function domainOf(program: Program): Variable | undefined {
	if (!domains.has(program))
		domains.set(
			program,
			program.globals.find((g) => g.name === 'rcu' && sourceOf(g).uri.endsWith(':/kernel/rcu.mmn')) as
				| Variable
				| undefined,
		);
	return domains.get(program);
}

const counted = (module: ModuleLowering): boolean => WAITS_FOR_READERS.some((name) => module.uses(name));

function settle(f: FunctionLowering, over: boolean, node?: AstNode): void {
	const primitive = f.module.primitive('__rcu_reader');
	const domain = domainOf(f.module.program);
	if (primitive === undefined || domain === undefined) return;
	f.emit({ op: 'primitive', to: f.register(), primitive, args: [f.address(domain), f.constant(over ? 1 : 0)] }, node);
}

/**
 * An operation of the simulated kernel. The reader that it makes of its thread, or that is none any more, belongs to the same step; where the operation is
 * no step of its own, it is one then.
 */
export function operation(f: FunctionLowering, primitive: number, args: readonly Operand[], node: AstNode): Operand {
	const to = f.register();
	const { preemption, visible } = f.module.primitives[primitive] ?? {};
	if (preemption !== true || !counted(f.module)) {
		f.emit({ op: 'primitive', to, primitive, args }, node);
		return to;
	}
	if (!visible) f.emit({ op: 'atomic-begin' }, node);
	f.emit({ op: 'primitive', to, primitive, args }, node);
	settle(f, false, node);
	if (!visible) f.emit({ op: 'atomic-end' }, node);
	return to;
}

/** An interrupt handler: a reader from its coming to its end. That it comes is a step of its own, since the thread below it stands still from there on. */
export function handler(f: FunctionLowering): void {
	const reads = counted(f.module);
	f.emit({ op: 'atomic-begin' });
	if (reads) settle(f, false);
	f.emit({ op: 'atomic-end' });
	if (reads)
		f.beforeReturn = () => {
			f.emit({ op: 'atomic-begin' });
			settle(f, true);
			f.emit({ op: 'atomic-end' });
		};
}

/** Which reader a pointer is read by, and where in the call an SRCU domain and a condition stand that will do instead. */
const ASKS: Readonly<Record<string, { readonly kind: number; readonly domain?: number; readonly unless?: number }>> = {
	rcu_dereference: { kind: READERS.rcu },
	rcu_dereference_check: { kind: READERS.rcu, unless: 1 },
	rcu_dereference_protected: { kind: READERS.none, unless: 1 },
	rcu_dereference_bh: { kind: READERS.atomic },
	rcu_dereference_sched: { kind: READERS.atomic },
	srcu_dereference: { kind: READERS.srcu, domain: 1 },
	srcu_dereference_check: { kind: READERS.srcu, domain: 1, unless: 2 },
	list_for_each_entry_rcu: { kind: READERS.any, unless: 3 },
	hlist_for_each_entry_rcu: { kind: READERS.any, unless: 3 },
};

/** What lockdep asks before a pointer is read for what it leads to. */
export function askReader(f: FunctionLowering, e: Call | EachStatement): void {
	const name = e.$type === 'EachStatement' ? e.macro : isNameRef(e.callee) ? e.callee.target.$refText : '';
	const ask = ASKS[name];
	const primitive = f.module.primitive('__rcu_dereferences');
	if (ask === undefined || primitive === undefined || f.code.kernel) return;
	const at = (n: number | undefined): Operand => {
		const argument = n === undefined ? undefined : e.arguments[n];
		return argument === undefined ? f.constant(0) : rvalue(f, argument);
	};
	const args = [f.constant(ask.kind), at(ask.unless), at(ask.domain)];
	f.emit({ op: 'primitive', to: f.register(), primitive, args }, e);
}
