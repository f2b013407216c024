/** Calls: of functions, through fields of operation tables, and of the macros of builtins.ts. */

import { argumentKind, type Builtin, type EachRule, eachRule, memberStruct } from '../builtins.js';
import type * as ast from '../generated/ast.js';
import type { Expression } from '../generated/ast.js';
import { sourceText } from '../text.js';
import { unwrap } from '../tree.js';
import { decay, sameType, type Type, typeToString } from '../types.js';
import { checkAssign, checkCondition } from './assign.js';
import type { CheckContext } from './context.js';
import { checkWritable } from './expressions.js';
import { checkStaticAssert } from './static-assert.js';

/** Checks what is called and with what. */
export function checkCall(call: ast.Call, context: CheckContext): void {
	const macro = context.semantics.macroOf(call);
	if (macro) {
		checkMacro(call, macro, context);
		if (/^(static_assert|BUILD_BUG_ON)$/.test(macro.name)) checkStaticAssert(call, macro.name, context);
		return;
	}
	const { report, semantics } = context;
	let callee = semantics.typeOf(call.callee);
	if (callee.kind === 'error') return;
	if (callee.kind === 'pointer') callee = callee.to;
	const name = sourceText(call.callee);
	if (callee.kind !== 'function') {
		report.error('type', call, `'${name}' is '${typeToString(semantics.typeOf(call.callee))}', not a function`);
		return;
	}
	const wanted = callee.parameters.length;
	// dev_map(&gpu1, start, end): the device stands before the arguments
	const args = semantics.deviceFunctionOf(call) ? call.arguments.slice(1) : call.arguments;
	const given = args.length;
	if (given < wanted || (given > wanted && !callee.variadic)) {
		const signature = declarationOf(call.callee) ?? typeToString(callee, name);
		report.error('type', call, `'${name}' takes ${count(wanted)}, not ${given}: it is '${signature}'`);
		return;
	}
	args.forEach((argument, index) => {
		const parameter = callee.parameters[index];
		if (name === 'INIT_HLIST_NODE' && isOnNotifierList(argument, context)) return;
		if (parameter) checkAssign(argument, parameter, context, `argument ${index + 1} of '${name}'`);
	});
}

/** `&sub->hlist`: notifiers are on a list of the other kind here. */
function isOnNotifierList(argument: Expression, { semantics }: CheckContext): boolean {
	const inner = unwrap(argument);
	const field = inner.$type === 'Unary' && inner.operator === '&' ? unwrap(inner.operand) : inner;
	if (field.$type !== 'Member' || field.field.$refText !== 'hlist') return false;
	const owner = decay(semantics.typeOf(field.object));
	const struct = owner.kind === 'pointer' ? owner.to : owner;
	return struct.kind === 'struct' && struct.name === 'mmu_notifier';
}

function count(n: number): string {
	return n === 0 ? 'no arguments' : n === 1 ? '1 argument' : `${n} arguments`;
}

/** The head of the called function as its author wrote it, with the names of its parameters. */
function declarationOf(callee: ast.Expression): string | undefined {
	const target =
		callee.$type === 'NameRef' ? callee.target.ref : callee.$type === 'Member' ? callee.field.ref : undefined;
	if (target?.$type === 'FunctionDecl') return signatureOf(target, target.name);
	if (target?.$type === 'Field' && target.function) return signatureOf(target, `(*${target.name})`);
	return undefined;
}

/** `int name(struct foo *f, unsigned long addr)`, from the words of a declaration. */
export function signatureOf(node: ast.FunctionDecl | ast.Field, name: string): string {
	const parameters = node.parameters.map(sourceText);
	if (node.variadic) parameters.push('...');
	const type = node.$type === 'FunctionDecl' ? node.returnType : node.$container.type;
	const returns = `${type ? sourceText(type) : 'void'} ${'*'.repeat(node.stars.length)}`;
	return `${returns}${name}(${parameters.join(', ') || 'void'})`;
}

function checkMacro(call: ast.Call, macro: Builtin, context: CheckContext): void {
	const { report } = context;
	const most = macro.arguments.length;
	const least = most - macro.optional;
	const given = call.arguments.length;
	if (given < least || (given > most && !macro.rest)) {
		const takes = macro.rest ? `at least ${count(least)}` : least === most ? count(most) : `${least} to ${count(most)}`;
		report.error('type', call, `'${macro.name}' takes ${takes}, not ${given}: ${usage(macro)}`);
		return;
	}
	call.arguments.forEach((argument, index) => {
		const kind = argumentKind(macro, index);
		if (kind === 'ignored' || kind === 'member' || kind === undefined) return;
		checkMacroArgument(argument, index, macro, context);
	});
	checkRelations(call, macro, context);
}

function usage(macro: Builtin): string {
	const words: Record<string, string> = { queue: 'wait queue', lvalue: 'object', object: 'type' };
	const list = macro.arguments.map((kind) => words[kind] ?? kind);
	if (macro.rest) list.push('…');
	return `write ${macro.name}(${list.join(', ')})`;
}

function checkMacroArgument(argument: ast.Expression, index: number, macro: Builtin, context: CheckContext): void {
	const { report, semantics } = context;
	const kind = argumentKind(macro, index);
	const which = `argument ${index + 1} of '${macro.name}'`;
	const isType = argument.$type === 'TypeArgument';
	if (kind === 'type') {
		if (!isType) report.error('type', argument, `${which} must be a type, as in 'struct foo' or 'unsigned long'`);
		return;
	}
	if (isType) {
		if (kind !== 'object') report.error('type', argument, `${which}: '${sourceText(argument)}' is a type, not a value`);
		return;
	}
	const type = decay(semantics.typeOf(argument));
	if (type.kind === 'error') return;
	if (kind === 'queue') {
		const isQueue = (t: Type) => t.kind === 'struct' && /wait_queue_head|^rcuwait$/.test(t.name);
		const text = sourceText(argument);
		if (type.kind === 'pointer' && isQueue(type.to)) {
			const fix = text.startsWith('&') ? text.slice(1).trim() : `*${text}`;
			report.error('type', argument, `${which} is the wait queue itself, not its address: write '${fix}'`);
		} else if (!isQueue(type)) {
			report.error('type', argument, `${which} must be a wait_queue_head_t, but '${text}' is '${typeToString(type)}'`);
		}
	} else if (kind === 'condition') {
		checkCondition(argument, context);
	} else if (kind === 'lvalue') {
		const writes = /^(WRITE_ONCE|swap|rcu_assign_pointer|RCU_INIT_POINTER|rcu_replace_pointer)$/.test(macro.name);
		if (writes) checkWritable(argument, context, 'assigned to');
		else if (!semantics.isLvalue(argument) && macro.name !== 'READ_ONCE') {
			report.error('type', argument, `${which} must be a variable, a field or an element`);
		}
	} else if (type.kind === 'void') {
		report.error('type', argument, `${which}: '${sourceText(argument)}' has no value: what it calls returns void`);
	} else if (/^(BUG_ON|assert|VM_BUG_ON|WARN|VM_WARN|likely|unlikely|might_sleep_if)/.test(macro.name)) {
		if (index === 0) checkCondition(argument, context);
	}
}

const STORES = new Set(['WRITE_ONCE', 'rcu_assign_pointer', 'RCU_INIT_POINTER']);
const ATOMIC_STORES = /^(xchg|cmpxchg|smp_store_release|smp_store_mb)/;
const CONTAINERS = /^(container_of|list_entry(_rcu)?|(hlist|rb)_entry(_safe)?)$/;
const NUMERIC = /^(min|max|min3|max3|clamp|clamp_val|min_t|max_t|clamp_t|any|kmalloc|kzalloc|kvmalloc|kcalloc)$/;

/** What the arguments of one macro must have to do with each other. */
function checkRelations(call: ast.Call, macro: Builtin, context: CheckContext): void {
	const { report, semantics } = context;
	const [first, second] = call.arguments;
	if (!first) return;
	if (STORES.has(macro.name) && second) {
		checkAssign(second, semantics.typeOf(first), context, `argument 2 of '${macro.name}'`);
	} else if (ATOMIC_STORES.test(macro.name)) {
		const pointer = decay(semantics.typeOf(first));
		if (pointer.kind === 'error') return;
		if (pointer.kind !== 'pointer') {
			report.error('type', first, `argument 1 of '${macro.name}' is an address: write '&${sourceText(first)}'`);
			return;
		}
		call.arguments.slice(1).forEach((value, i) => {
			checkAssign(value, pointer.to, context, `argument ${i + 2} of '${macro.name}'`);
		});
	} else if (macro.memberOf) {
		checkMemberMacro(call, macro, context);
	} else if (NUMERIC.test(macro.name)) {
		for (const argument of call.arguments) {
			const type = decay(semantics.typeOf(argument));
			if (argument.$type === 'TypeArgument' || type.kind === 'int' || type.kind === 'error') continue;
			report.error(
				'type',
				argument,
				`'${macro.name}' needs integers, but '${sourceText(argument)}' is '${typeToString(type)}'`,
			);
		}
	} else if (macro.name === 'ARRAY_SIZE') {
		const type = semantics.typeOf(first);
		if (type.kind !== 'array' && type.kind !== 'error') {
			report.error('type', first, `'${sourceText(first)}' is '${typeToString(type)}', not an array`);
		}
	}
}

function checkMemberMacro(call: ast.Call, macro: Builtin, context: CheckContext): void {
	const { report, semantics } = context;
	const index = macro.arguments.indexOf('member');
	const member = call.arguments[index];
	const owner = call.arguments[macro.memberOf?.argument ?? 0];
	if (!member || !owner || (owner.$type !== 'TypeArgument' && !macro.memberOf?.pointee)) return;
	const struct = memberStruct(macro, call.arguments, semantics);
	if (!struct) {
		const type = semantics.typeOf(owner);
		if (type.kind !== 'error')
			report.error('type', owner, `'${typeToString(type)}' has no members: '${macro.name}' needs a struct`);
		return;
	}
	const pointer = call.arguments[0];
	if (!CONTAINERS.test(macro.name) || !pointer) return;
	const from = decay(semantics.typeOf(pointer));
	const path = semantics.memberPath(member, struct);
	const last = path?.at(-1);
	const to = typeof last === 'object' ? last.type : undefined;
	if (!to || from.kind === 'error') return;
	if (from.kind !== 'pointer') {
		report.error(
			'type',
			pointer,
			`argument 1 of '${macro.name}' must be a pointer, but '${sourceText(pointer)}' is '${typeToString(from)}'`,
		);
	} else if (from.to.kind !== 'void' && !sameType(from.to, to)) {
		report.error(
			'type',
			pointer,
			`'${sourceText(pointer)}' is '${typeToString(from)}', but '${sourceText(member)}' of 'struct ${struct.name}' is '${typeToString(to)}': name the member it points to`,
		);
	}
}

/** Checks `list_for_each_entry(pos, head, member)` and its like. */
export function checkEach(s: ast.EachStatement, context: CheckContext): void {
	const { report, semantics } = context;
	const rule = eachRule(s.macro);
	if (!rule) return;
	if (s.arguments.length !== rule.count) {
		// list_for_each_entry_rcu() takes a lockdep condition at the end.
		if (/_s?rcu$/.test(s.macro) && s.arguments.length > rule.count) return;
		report.error(
			'type',
			s,
			`'${s.macro}' takes ${rule.count} arguments, not ${s.arguments.length}: write ${s.macro}(${rule.usage})`,
			'macro',
		);
		return;
	}
	if (rule.over !== 'list' && rule.over !== 'hlist') {
		checkIndexed(s, rule, context);
		return;
	}
	for (const index of [rule.position, rule.next]) {
		const cursor = index === undefined ? undefined : s.arguments[index];
		if (!cursor) continue;
		const type = semantics.typeOf(cursor);
		if (type.kind === 'error') continue;
		if (type.kind !== 'pointer' || type.to.kind !== 'struct') {
			report.error(
				'type',
				cursor,
				`'${sourceText(cursor)}' must be a pointer to the struct in the list, not '${typeToString(type)}'`,
			);
		} else checkWritable(cursor, context, 'assigned to');
	}
	const head = s.arguments[rule.head];
	const headType = head && decay(semantics.typeOf(head));
	if (headType && headType.kind !== 'error') {
		const tag = `${rule.over}_head`;
		const fits = headType.kind === 'pointer' && headType.to.kind === 'struct' && headType.to.name === tag;
		if (!fits)
			report.error('type', head, `'${sourceText(head)}' must be a 'struct ${tag} *', not '${typeToString(headType)}'`);
	}
}

/** Loops over an xarray, an idr, or the bits of a word: what they count with has to be writable. */
function checkIndexed(s: ast.EachStatement, rule: EachRule, context: CheckContext): void {
	for (const index of [rule.position, rule.next]) {
		const cursor = index === undefined ? undefined : s.arguments[index];
		if (cursor) checkWritable(cursor, context, 'assigned to');
	}
	const owner = s.arguments[rule.head];
	const type = owner && decay(context.semantics.typeOf(owner));
	if (!owner || !type || type.kind === 'error') return;
	const fits =
		type.kind === 'pointer' &&
		(rule.over === 'bits' ? type.to.kind === 'int' : type.to.kind === 'struct' && type.to.name === rule.over);
	const wanted = rule.over === 'bits' ? "an 'unsigned long *'" : `a 'struct ${rule.over} *'`;
	if (!fits)
		context.report.error('type', owner, `'${sourceText(owner)}' must be ${wanted}, not '${typeToString(type)}'`);
}
