import { type EachRule, eachRule } from '../../language/builtins.js';
import type { EachStatement, Expression } from '../../language/generated/ast.js';
import { decay, LONG, ULONG, VOID_POINTER } from '../../language/types.js';
import type { Operand } from '../ir.js';
import { lvalue, memberOffset, offset, rvalue, storeTo } from './expressions.js';
import type { FunctionLowering } from './function.js';
import { Label } from './label.js';
import { typeOf } from './macro.js';
import { CannotLower } from './module.js';
import { askReader } from './readers.js';

/* Loops over lists, xarrays and bits (include/linux/{list,rculist,xarray,find}.h). */

/** Reads the next (0) or previous (1) link of a list head. */
export function link(f: FunctionLowering, head: Operand, which: 0 | 1, node: Expression | EachStatement): Operand {
	const to = f.register();
	const at = which === 0 ? head : f.register();
	if (which === 1) f.emit({ op: 'field', to: at as number, base: head, offset: 1 }, node);
	const marked = node.$type === 'EachStatement' && /_s?rcu$/.test(node.macro);
	f.emit({ op: 'load', to, address: at, marked }, node);
	return to;
}

const argument = (s: EachStatement, n: number): Expression => {
	const a = s.arguments[n];
	if (a === undefined) throw new CannotLower(s, 'an argument is missing');
	return a;
};

/** The cursor is set from the links, each read a step of its own where others may write them. */
export function lowerEach(f: FunctionLowering, s: EachStatement): void {
	const rule = eachRule(s.macro);
	if (rule === undefined) throw new CannotLower(s, `'${s.macro}' is not modelled`);
	if (rule.over !== 'list' && rule.over !== 'hlist') indexed(f, s, rule);
	else {
		askReader(f, s);
		linked(f, s, rule);
	}
}

function linked(f: FunctionLowering, s: EachStatement, rule: EachRule): void {
	const cursor = argument(s, rule.position);
	const type = decay(typeOf(f, cursor));
	const struct = type.kind === 'pointer' ? type.to : type;
	const by = rule.member === undefined ? 0 : memberOffset(f, argument(s, rule.member), struct);
	const which = rule.reverse ? 1 : 0;
	const headExpression = argument(s, rule.head);
	const head = f.register();
	f.emit({ op: 'move', to: head, from: rvalue(f, headExpression) }, s);
	// an hlist ends with NULL, a list where it begins
	const last = rule.over === 'hlist' ? f.constant(0) : head;
	const move = (to: number, from: Operand): void => void f.emit({ op: 'move', to, from }, s);
	const store = (to: Expression, node: Operand): void =>
		void storeTo(f, lvalue(f, to), offset(f, node, -by, s.arguments[0] as Expression), typeOf(f, to), to);
	const nodeOf = (e: Expression): Operand => offset(f, rvalue(f, e), by, e);
	const current = f.register();
	if (rule.from === 'cursor') move(current, nodeOf(cursor));
	else move(current, link(f, rule.from === 'behind' ? nodeOf(cursor) : head, which, s));
	const start = new Label();
	const next = new Label();
	const end = new Label();
	const body = new Label();
	f.place(start);
	const done = f.register();
	if (rule.over === 'list') store(cursor, current);
	f.emit({ op: 'binary', to: done, operator: '==', left: current, right: last, kind: undefined, unsigned: false }, s);
	f.branch(done, end, body, s);
	f.place(body);
	if (rule.over === 'hlist') store(cursor, current);
	const ahead = f.register();
	if (rule.next !== undefined) {
		move(ahead, link(f, current, which, s));
		const lookahead = argument(s, rule.next);
		// hlist_for_each_entry_safe() looks ahead with a node
		if (rule.over === 'hlist') storeTo(f, lvalue(f, lookahead), ahead, typeOf(f, lookahead), lookahead);
		else store(lookahead, ahead);
	}
	f.loopBody(s.body, end, next);
	f.place(next);
	// the cursor may have been set by the body; the kernel's macro goes on from it
	if (rule.next !== undefined) move(current, ahead);
	else move(current, link(f, nodeOf(cursor), which, s));
	f.jump(start, s);
	f.place(end);
	if (rule.over === 'hlist') storeTo(f, lvalue(f, cursor), f.constant(0), type, cursor);
}

/** xa_for_each(xa, index, entry), idr_for_each_entry(idr, entry, id), for_each_set_bit(bit, addr, size): what comes next is found by the simulated kernel. */
function indexed(f: FunctionLowering, s: EachStatement, rule: EachRule): void {
	const bits = rule.over === 'bits';
	const index = argument(s, bits ? rule.position : (rule.next as number));
	const kernel = (name: string, args: readonly Operand[]): number => {
		const declaration = f.module.named(name);
		if (declaration === undefined) throw new CannotLower(s, `'${name}' is not modelled`);
		const to = f.register();
		f.call(declaration, to, args, s);
		return to;
	};
	const start = new Label();
	const some = new Label();
	const next = new Label();
	const end = new Label();
	const from = f.register();
	f.emit({ op: 'move', to: from, from: f.constant(0) }, s);
	f.place(start);
	const owner = rvalue(f, argument(s, rule.head));
	const found = f.register();
	const size = bits ? rvalue(f, argument(s, 2)) : f.constant(0);
	f.emit(
		{
			op: 'move',
			to: found,
			from: bits ? kernel('__next_bit', [owner, size, from]) : kernel('__xa_next', [owner, from]),
		},
		s,
	);
	const done = f.register();
	f.emit(
		{ op: 'binary', to: done, operator: '<', left: found, right: f.constant(0), kind: undefined, unsigned: false },
		s,
	);
	f.branch(done, end, some, s);
	f.place(some);
	storeTo(f, lvalue(f, index), found, LONG, index);
	if (!bits) {
		const entry = argument(s, rule.position);
		storeTo(f, lvalue(f, entry), kernel('xa_load', [owner, found]), VOID_POINTER, entry);
	}
	f.loopBody(s.body, end, next);
	f.place(next);
	f.emit(
		{
			op: 'binary',
			to: from,
			operator: '+',
			left: rvalue(f, index),
			right: f.constant(1),
			kind: undefined,
			unsigned: true,
		},
		s,
	);
	f.jump(start, s);
	f.place(end);
	const after = bits ? size : f.constant(0);
	if (bits) storeTo(f, lvalue(f, index), after, ULONG, index);
	else storeTo(f, lvalue(f, argument(s, rule.position)), after, VOID_POINTER, argument(s, rule.position));
}
