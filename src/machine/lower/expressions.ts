import {
	type Assignment,
	type BinaryExpr,
	type Call,
	type Expression,
	isFunctionDecl,
	isMacroDecl,
	isNameRef,
	isVariable,
	type NameRef,
} from '../../language/generated/ast.js';
import { decay, INT, type IntType, type StructType, type Type } from '../../language/types.js';
import type { BinaryOperator, IntKind, Operand } from '../ir.js';
import { byValue, compoundLiteral, structInto } from './aggregates.js';
import { arithmetic, isUnsigned, kindOf } from './arithmetic.js';
import { askFirst } from './ask-first.js';
import { lowerMacro } from './builtins.js';
import { copyOfUser } from './from-user.js';
import type { FunctionLowering } from './function.js';
import { Label } from './label.js';
import { leaveModule } from './leave-module.js';
import { CannotLower, pathOffset } from './module.js';
import { operation } from './readers.js';
import { stopsAt } from './saturating.js';

/** Where an lvalue is. */
export type Lvalue =
	| { readonly register: number; readonly type: Type }
	| { readonly address: Operand; readonly type: Type };

/** The value of an expression in a register or constant; aggregates give their address. `unused`: only its effects matter. */
export function rvalue(f: FunctionLowering, e: Expression, unused = false): Operand {
	const { semantics } = f.module;
	const constant = f.module.constant(e);
	if (constant !== undefined) return f.constant(constant);
	switch (e.$type) {
		case 'Parenthesized':
			return rvalue(f, e.inner, unused);
		case 'StringLiteral':
			return f.constant(0);
		case 'NameRef':
		case 'Member':
		case 'Index':
			return load(f, lvalue(f, e), e);
		case 'Unary':
			switch (e.operator) {
				case '&':
					return address(f, e.operand);
				case '*': {
					const type = decay(semantics.typeOf(e.operand));
					if (type.kind === 'pointer' && type.to.kind === 'function') return rvalue(f, e.operand);
					return load(f, lvalue(f, e), e);
				}
				case '++':
				case '--':
					return step(f, e.operand, e.operator === '++' ? '+' : '-', true, e);
				case '+':
					return rvalue(f, e.operand);
				case '!': {
					const to = f.register();
					f.emit(
						{ op: 'unary', to, operator: '!', operand: rvalue(f, e.operand), kind: undefined, unsigned: false },
						e,
					);
					return to;
				}
				default: {
					const type = semantics.typeOf(e);
					const to = f.register();
					f.emit(
						{
							op: 'unary',
							to,
							operator: e.operator as '-' | '~',
							operand: rvalue(f, e.operand),
							kind: kindOf(type),
							unsigned: isUnsigned(type),
						},
						e,
					);
					return to;
				}
			}
		case 'Postfix':
			return step(f, e.operand, e.operator === '++' ? '+' : '-', unused, e);
		case 'Cast': {
			if (e.operand === undefined) return compoundLiteral(f, e);
			const to = semantics.typeOf(e);
			const from = decay(semantics.typeOf(e.operand));
			const value = rvalue(f, e.operand, to.kind === 'void');
			if (to.kind !== 'int' || from.kind !== 'int') return value;
			return narrow(f, value, from, to, false, e);
		}
		case 'CommaExpr':
			rvalue(f, e.left, true);
			return rvalue(f, e.right, unused);
		case 'Assignment':
			return assign(f, e);
		case 'Conditional': {
			const to = f.register();
			const then = new Label();
			const otherwise = new Label();
			const end = new Label();
			const type = semantics.typeOf(e);
			if (e.then === undefined) {
				const value = rvalue(f, e.condition);
				f.emit({ op: 'move', to, from: value }, e);
				f.branch(value, end, otherwise, e);
			} else {
				condition(f, e.condition, then, otherwise);
				f.place(then);
				f.emit({ op: 'move', to, from: convert(f, rvalue(f, e.then), semantics.typeOf(e.then), type, e) }, e);
				f.jump(end, e);
			}
			f.place(otherwise);
			f.emit({ op: 'move', to, from: convert(f, rvalue(f, e.otherwise), semantics.typeOf(e.otherwise), type, e) }, e);
			f.place(end);
			return to;
		}
		case 'BinaryExpr':
			return binary(f, e);
		case 'Call':
			return call(f, e);
		default:
			throw new CannotLower(e, `${e.$type} is not modelled here`);
	}
}

/** Branches on an expression, with the short circuits of `&&`, `||` and `!`. The label placed next may be either. */
export function condition(f: FunctionLowering, e: Expression, then: Label, otherwise: Label): void {
	if (e.$type === 'Parenthesized') {
		condition(f, e.inner, then, otherwise);
		return;
	}
	if (e.$type === 'Unary' && e.operator === '!') {
		condition(f, e.operand, otherwise, then);
		return;
	}
	if (
		e.$type === 'Call' &&
		isNameRef(e.callee) &&
		/^(un)?likely$/.test(e.callee.target.$refText) &&
		e.arguments[0] !== undefined
	) {
		condition(f, e.arguments[0], then, otherwise);
		return;
	}
	if (e.$type === 'BinaryExpr' && (e.operator === '&&' || e.operator === '||')) {
		const middle = new Label();
		if (e.operator === '&&') condition(f, e.left, middle, otherwise);
		else condition(f, e.left, then, middle);
		f.place(middle);
		condition(f, e.right, then, otherwise);
		return;
	}
	f.branch(rvalue(f, e), then, otherwise, e);
}

/** A value as it is stored into something of type `to`: C's implicit conversion. */
export function convert(f: FunctionLowering, value: Operand, from: Type, to: Type, node: Expression): Operand {
	if (to.kind !== 'int') return value;
	const source = decay(from);
	if (source.kind === 'int') return narrow(f, value, source, to, true, node);
	// a pointer as a truth value
	return to.max === 1 ? narrow(f, value, INT, to, true, node) : value;
}

/** Integer conversion; between 32-bit types the cell stays as it is. */
function narrow(
	f: FunctionLowering,
	value: Operand,
	from: IntType,
	to: IntType,
	implicit: boolean,
	node: Expression,
): Operand {
	if (from.min >= to.min && from.max <= to.max) return value;
	if (to.max > 0xffff) return value;
	const register = f.register();
	f.emit(
		{ op: 'convert', to: register, from: value, kind: kindOf(to) as IntKind, implicit, fromUnsigned: !from.signed },
		node,
	);
	return register;
}

/** Reads an lvalue; an array or struct is its address. */
function load(f: FunctionLowering, place: Lvalue, node: Expression): Operand {
	if ('register' in place) return place.register;
	if (place.type.kind === 'array' || place.type.kind === 'struct' || place.type.kind === 'function')
		return place.address;
	const to = f.register();
	f.emit({ op: 'load', to, address: place.address }, node);
	return to;
}

/** The place of an lvalue. */
export function lvalue(f: FunctionLowering, e: Expression): Lvalue {
	const { semantics, layouts } = f.module;
	switch (e.$type) {
		case 'Parenthesized':
			return lvalue(f, e.inner);
		case 'NameRef':
			return name(f, e);
		case 'Unary':
			if (e.operator === '*') return { address: rvalue(f, e.operand), type: semantics.typeOf(e) };
			break;
		case 'Index': {
			const array = semantics.typeOf(e.array);
			const type = semantics.typeOf(e);
			const base = rvalue(f, e.array);
			if (isMapping(array)) return { address: base, type };
			const index = rvalue(f, e.index);
			const to = f.register();
			const length = array.kind === 'array' ? (semantics.arrayLength(array, f.module.pages) ?? -1) : -1;
			f.emit({ op: 'index', to, base, index, stride: layouts.cells(type), length }, e);
			return { address: to, type };
		}
		case 'Member': {
			const type = semantics.typeOf(e);
			const object = semantics.typeOf(e.object);
			let struct = e.operator === '->' ? (object.kind === 'pointer' ? object.to : object) : object;
			// declared in one file, defined in another: the field knows where
			const owner = e.field.ref?.$container.$container;
			if (struct.kind === 'struct' && !struct.def && owner?.$type === 'StructDef') struct = semantics.structType(owner);
			if (struct.kind !== 'struct') throw new CannotLower(e, `'${e.field.$refText}' of something that is no struct`);
			const base = e.operator === '->' ? rvalue(f, e.object) : aggregate(f, e.object);
			if (e.operator === '->' && isMapping(object)) return { address: base, type };
			if (e.operator === '->') askFirst(f, e, struct, base);
			const by = fieldOffset(f, struct, e.field.$refText, e);
			return { address: e.operator === '->' ? part(f, base, by, struct, type, e) : offset(f, base, by, e), type };
		}
		case 'Cast':
			if (e.operand === undefined) return { address: compoundLiteral(f, e), type: semantics.typeOf(e) };
			break;
		case 'Call':
		case 'Conditional':
		case 'Assignment': {
			const type = semantics.typeOf(e);
			if (type.kind === 'struct') return { address: rvalue(f, e), type };
			break;
		}
		default:
	}
	throw new CannotLower(e, 'this has no address');
}

/** A mapping of registers is one object, whatever part of it is meant. */
const isMapping = (type: Type): boolean => type.kind === 'pointer' && type.iomem === true;

/** The address of an aggregate. */
export function aggregate(f: FunctionLowering, e: Expression): Operand {
	const place = lvalue(f, e);
	if ('register' in place) throw new CannotLower(e, 'this has no address');
	return place.address;
}

export function offset(f: FunctionLowering, base: Operand, by: number, node: Expression): Operand {
	if (by === 0) return base;
	const to = f.register();
	f.emit({ op: 'field', to, base, offset: by }, node);
	return to;
}

/** What a cursor of a list stands for at its end is in no object, and may be compared all the same. */
const LINKS = new Set(['list_head', 'hlist_head', 'hlist_node', 'rb_node', 'llist_node']);
const isLink = (type: Type): boolean => type.kind === 'struct' && LINKS.has(type.name);

/**
 * The member at `by` (below zero: the container of such a member) of what a driver takes for a pointer to a struct: it
 * has to be one. The kernel's own code is believed.
 */
export function part(
	f: FunctionLowering,
	base: Operand,
	by: number,
	struct: Type,
	member: Type,
	node: Expression,
): Operand {
	if (f.code.kernel || struct.kind !== 'struct' || isLink(member)) return offset(f, base, by, node);
	const to = f.register();
	const whole = { cells: f.module.layouts.cells(struct), name: struct.name };
	f.emit({ op: 'field', to, base, offset: by, whole }, node);
	return to;
}

function fieldOffset(f: FunctionLowering, struct: StructType, field: string, node: Expression): number {
	const at = f.module.layouts.offset(struct, field);
	if (at === undefined) throw new CannotLower(node, `'struct ${struct.name}' has no field '${field}'`);
	return at;
}

function name(f: FunctionLowering, e: NameRef): Lvalue {
	const target = e.target.ref;
	if (target === undefined) throw new CannotLower(e, `'${e.target.$refText}' is not known`);
	const type = f.module.semantics.typeOf(e);
	if (isFunctionDecl(target))
		return {
			address: f.address(f.module.definition(target)),
			type: { kind: 'function', returns: type, parameters: [], variadic: false },
		};
	const place = f.placeOf(target);
	if (place !== undefined) {
		if ('register' in place) return { register: place.register, type };
		if ('at' in place) return { address: place.at, type };
		const to = f.register();
		f.emit({ op: 'local', to, slot: place.slot }, e);
		return { address: to, type };
	}
	if (isVariable(target) || isMacroDecl(target)) {
		if (target.name === 'current' && f.module.isKernel(target)) return current(f, e, type);
		return { address: f.address(target), type };
	}
	// #define LIMIT (struct xa_limit){ … }
	if (target.$type === 'Define' && target.value?.$type === 'Cast')
		return { address: compoundLiteral(f, target.value), type };
	throw new CannotLower(e, `'${e.target.$refText}' is no variable`);
}

/** `current`: each thread has its own. */
function current(f: FunctionLowering, e: NameRef, type: Type): Lvalue {
	const primitive = f.module.primitive('__current');
	if (primitive === undefined) throw new CannotLower(e, "'current' is not modelled");
	const to = f.register();
	f.emit({ op: 'primitive', to, primitive, args: [] }, e);
	return { register: to, type };
}

/** `&e`. */
export function address(f: FunctionLowering, e: Expression): Operand {
	const inner = e.$type === 'Parenthesized' ? e.inner : e;
	if (inner.$type === 'Unary' && inner.operator === '*') return rvalue(f, inner.operand);
	const place = lvalue(f, inner);
	if ('register' in place) throw new CannotLower(e, 'the address of this cannot be taken');
	return place.address;
}

/** Writes a value of type `from`. Returns what the assignment is worth. */
export function storeTo(f: FunctionLowering, place: Lvalue, value: Operand, from: Type, node: Expression): Operand {
	const converted = convert(f, value, from, place.type, node);
	if ('register' in place) f.emit({ op: 'move', to: place.register, from: converted }, node);
	else f.emit({ op: 'store', address: place.address, value: converted }, node);
	return converted;
}

export function assign(f: FunctionLowering, e: Assignment): Operand {
	const { semantics } = f.module;
	const type = semantics.typeOf(e.target);
	if (type.kind === 'struct') {
		const to = aggregate(f, e.target);
		structInto(f, to, type, e.value);
		return to;
	}
	if (e.operator === '=') {
		const value = rvalue(f, e.value);
		return storeTo(f, lvalue(f, e.target), value, semantics.typeOf(e.value), e);
	}
	const operator = e.operator.slice(0, -1) as BinaryOperator;
	const place = lvalue(f, e.target);
	const old = load(f, place, e.target);
	const result = arithmetic(f, operator, old, type, rvalue(f, e.value), semantics.typeOf(e.value), e);
	return storeTo(f, place, atMost(f, e.target, result.value, e), result.type, e);
}

function step(
	f: FunctionLowering,
	operand: Expression,
	operator: '+' | '-',
	newValue: boolean,
	node: Expression,
): Operand {
	const type = f.module.semantics.typeOf(operand);
	const place = lvalue(f, operand);
	let old = load(f, place, operand);
	if ('register' in place && !newValue) {
		const copy = f.register();
		f.emit({ op: 'move', to: copy, from: old }, node);
		old = copy;
	}
	const result = arithmetic(f, operator, old, type, f.constant(1), INT, node);
	const stored = storeTo(f, place, atMost(f, operand, result.value, node), result.type, node);
	return newValue ? stored : old;
}

/** The value that a counter comes to: not beyond what anybody can tell apart. */
function atMost(f: FunctionLowering, counter: Expression, value: Operand, node: Expression): Operand {
	const most = stopsAt(f.module, counter);
	if (most === undefined) return value;
	const beyond = f.register();
	const [to, yes, no] = [f.register(), new Label(), new Label()];
	f.emit({ op: 'move', to, from: value }, node);
	const limit = f.constant(most);
	f.emit(
		{ op: 'binary', to: beyond, operator: '>', left: value, right: limit, kind: undefined, unsigned: false },
		node,
	);
	f.branch(beyond, yes, no, node);
	f.place(yes);
	f.emit({ op: 'move', to, from: limit }, node);
	f.place(no);
	return to;
}

function binary(f: FunctionLowering, e: BinaryExpr): Operand {
	if (e.operator === '&&' || e.operator === '||') {
		const to = f.register();
		const then = new Label();
		const otherwise = new Label();
		const end = new Label();
		condition(f, e, then, otherwise);
		f.place(then);
		f.emit({ op: 'move', to, from: f.constant(1) }, e);
		f.jump(end, e);
		f.place(otherwise);
		f.emit({ op: 'move', to, from: f.constant(0) }, e);
		f.place(end);
		return to;
	}
	const { semantics } = f.module;
	let left = rvalue(f, e.left);
	// a later ++ in the right operand must not change what was read here
	if (left >= 0 && isNameRef(e.left)) {
		const copy = f.register();
		f.emit({ op: 'move', to: copy, from: left }, e.left);
		left = copy;
	}
	const right = rvalue(f, e.right);
	return arithmetic(f, e.operator, left, semantics.typeOf(e.left), right, semantics.typeOf(e.right), e).value;
}

/** Evaluates arguments in order; a register that a later argument may change is copied. */
export function operands(f: FunctionLowering, args: readonly Expression[], parameters: readonly Type[]): Operand[] {
	const { semantics } = f.module;
	return args.map((argument, n) => {
		const parameter = parameters[n];
		if (parameter?.kind === 'struct') return byValue(f, parameter, argument);
		let value = rvalue(f, argument);
		if (parameter !== undefined) value = convert(f, value, semantics.typeOf(argument), parameter, argument);
		if (value >= 0 && isNameRef(argument) && args.length > 1) {
			const copy = f.register();
			f.emit({ op: 'move', to: copy, from: value }, argument);
			return copy;
		}
		return value;
	});
}

function call(f: FunctionLowering, e: Call): Operand {
	const { module } = f;
	const { semantics } = module;
	if (semantics.macroOf(e) !== undefined) return lowerMacro(f, e);
	const { callee } = e;
	const target = isNameRef(callee) ? callee.target.ref : undefined;
	const calleeType = decay(semantics.typeOf(callee));
	const type = calleeType.kind === 'pointer' ? calleeType.to : calleeType;
	const parameters = type.kind === 'function' ? type.parameters : [];
	const to = f.register();
	if (isFunctionDecl(target)) {
		const ofDevice = semantics.deviceFunctionOf(e);
		const definition = (ofDevice && module.named(ofDevice)) || module.definition(target);
		if (definition.body !== undefined) {
			const args = operands(
				f,
				e.arguments,
				ofDevice ? [semantics.typeOf(e.arguments[0] as Expression), ...parameters] : parameters,
			);
			f.call(definition, to, args, e);
			copyOfUser(f, e, definition.name, args, to);
			leaveModule(f, definition, e);
			return to;
		}
		const primitive = module.primitive(definition.name);
		if (primitive === undefined || !module.isKernel(definition))
			throw new CannotLower(e, `'${definition.name}' has no body: write a stub of it in this file`);
		const args = operands(f, e.arguments, parameters);
		const most = /^atomic\w*_inc$/.test(definition.name) ? stopsAt(module, e.arguments[0]) : undefined;
		const unless = most && module.primitive(definition.name.replace(/inc$/, 'add_unless'));
		if (most === undefined || unless === undefined) return operation(f, primitive, args, e);
		f.emit({ op: 'primitive', to, primitive: unless, args: [...args, f.constant(1), f.constant(most)] }, e);
		return to;
	}
	const pointer = rvalue(f, callee);
	f.emit({ op: 'indirect', to, callee: pointer, args: operands(f, e.arguments, parameters) }, e);
	return to;
}

/** The offset of a member designator (`list`, `inner.list`) in `type`. */
export function memberOffset(f: FunctionLowering, member: Expression, type: Type): number {
	const path = f.module.semantics.memberPath(member, type);
	if (path === undefined) throw new CannotLower(member, 'this names no field');
	return pathOffset(f.module, type, path);
}
