import { type AstNode, AstUtils } from 'langium';
import { type Call, type Expression, type FieldDecl, isFunctionDecl } from '../../language/generated/ast.js';
import { noteBrought, Told } from '../../language/told-apart.js';
import { walk } from '../../language/tree.js';
import { type Type, UINT } from '../../language/types.js';
import type { Operand } from '../ir.js';
import { allocate, allocatedType } from './allocation.js';
import { offset, operands, storeTo } from './expressions.js';
import type { FunctionLowering } from './function.js';
import { Label } from './label.js';
import { define, library, oneOf, orOneOf, primitive, type Rule } from './macro.js';
import { UserObject } from './user-object.js';

const [ENOMEM, EFAULT] = [12, 14];
const GFP_USER = 1024 | 2048 | 64 | 128;
const COPIES = /^_*copy_from_user(_inatomic)?$/;
const COPIES_OUT = /^_*copy_to_user(_inatomic)?$/;
const PARSES = /^kstrto\w+$/;
/** Ways to fill the elements of arrays; those behind are zero. */
const MOST = 64;

/** Behind a sketch's user copy: the object that it was about. */
export function copyOfUser(f: FunctionLowering, e: Call, name: string, args: readonly Operand[], left: Operand): void {
	if (f.code.kernel) return;
	if (COPIES_OUT.test(name)) looksAt(f, e, 1, args, left);
	else if (COPIES.test(name) && !bringFromUser(f, e, 0, args, left)) looksAt(f, e, 0, args, left);
	// the last argument leads to the number
	else if (PARSES.test(name)) bringFromUser(f, e, args.length - 1, args, left);
}

/** What is copied has to be there until the last byte is, however long a fault has slept; what it holds is nobody's business here. */
function looksAt(f: FunctionLowering, e: Call, which: 0 | 1, args: readonly Operand[], left: Operand): void {
	const [object, length] = [args[which], args[2]];
	if (object === undefined || length === undefined) return;
	const [done, copied, some] = [new Label(), new Label(), new Label()];
	f.branch(left, done, copied, e);
	f.place(copied);
	f.branch(length, some, done, e);
	f.place(some);
	primitive(f, '__look_at', [object], e.arguments[which] ?? e);
	f.place(done);
}

/**
 * Behind copy_from_user(): what it has brought is the user's to choose. Each number in the object gets any value that the
 * file tells apart; the rest stays as it was, but is set. False: what was written is not known to be anything.
 */
function bringFromUser(f: FunctionLowering, e: Call, n: number, args: readonly Operand[], left: Operand): boolean {
	const [to, address] = [e.arguments[n], args[n]];
	const bytes = n === 0 ? args[2] : undefined;
	if (to === undefined || address === undefined) return false;
	const types = new UserObject(f.module.semantics, e).behind(to);
	if (types.length === 0) return false;
	const [done, copied] = [new Label(), new Label()];
	f.branch(left, done, copied, e);
	f.place(copied);
	fill(f, e, types, { node: to, address, bytes });
	f.place(done);
	return types.length === 1;
}

/** Where it goes: the expression that leads there, what that gives, and how many bytes. */
interface Place {
	readonly node: Expression | undefined;
	readonly address: Operand;
	readonly bytes: Operand | undefined;
}

/** Fills an object of `bytes` bytes that is one of these types. */
function fill(f: FunctionLowering, e: Call, types: readonly Type[], { node, address, bytes }: Place): void {
	const bySize = new Map<number, Type[]>();
	for (const type of types) {
		const size = f.module.semantics.sizeOf(type, f.module.pages);
		bySize.set(size, [...(bySize.get(size) ?? []), type]);
	}
	for (const [size, alike] of bySize) {
		const next = new Label();
		// a helper that copies for all is told how much
		if (bySize.size > 1 && bytes !== undefined) {
			const same = f.register();
			const right = f.constant(size);
			f.emit({ op: 'binary', to: same, operator: '==', left: bytes, right, kind: undefined, unsigned: false }, e);
			const here = new Label();
			f.branch(same, here, next, e);
			f.place(here);
		}
		bring(f, e, address, alike, variableOf(node));
		const [one, ...others] = alike;
		if (one !== undefined && one.kind !== 'array' && others.length === 0) clearBehind(f, e, address, bytes, one);
		f.place(next);
	}
}

/** memdup_user(): the copy, or an error as a pointer. */
const duplicates: Rule = (f, e) => {
	const [from, size] = operands(f, e.arguments, []) as [Operand, Operand];
	const types = new UserObject(f.module.semantics, e).given(e);
	const type = allocatedType(f, e) ?? (types.length === 1 ? types[0] : undefined);
	const to = f.register();
	f.emit({ op: 'move', to, from: allocate(f, e, type, size, f.constant(GFP_USER), false) }, e);
	const [made, none, copied, fault, done] = [new Label(), new Label(), new Label(), new Label(), new Label()];
	f.branch(to, made, none, e);
	f.place(made);
	f.branch(library(f, 'copy_from_user', [to, from, size], e), fault, copied, e);
	f.place(copied);
	fill(f, e, types, { node: undefined, address: to, bytes: size });
	f.jump(done, e);
	f.place(fault);
	primitive(f, 'kfree', [to], e);
	f.emit({ op: 'move', to, from: f.constant(-EFAULT) }, e);
	f.jump(done, e);
	f.place(none);
	f.emit({ op: 'move', to, from: f.constant(-ENOMEM) }, e);
	f.place(done);
	return to;
};
define('memdup_user vmemdup_user', duplicates);

/** Fills an object that is one of `types`: a cell gets what is told apart in any of them. */
function bring(
	f: FunctionLowering,
	e: Call,
	address: Operand,
	types: readonly Type[],
	variable: AstNode | undefined,
): void {
	const cells = new Map<number, { type: Type; values: Set<number>; inArray: boolean }>();
	for (const whole of types)
		for (const { at, type, declaration, inArray } of numbersIn(f, whole, 0, variable, false)) {
			const values = declaration === undefined ? [0] : valuesOf(f, e, declaration);
			const known = cells.get(at);
			if (known === undefined) cells.set(at, { type, values: new Set(values), inArray });
			else for (const value of values) known.values.add(value);
		}
	let ways = 1;
	for (const [at, { type, values, inArray }] of cells) {
		const few = !inArray || ways * values.size <= MOST;
		if (few && inArray) ways *= values.size;
		storeTo(f, { address: offset(f, address, at, e), type }, oneOf(f, few ? [...values] : [0], e), type, e);
	}
}

/** Zero is what comes behind the first element that a pointer leads to, and in an array at the end of it, where the number of bytes is not the size of one. */
function clearBehind(f: FunctionLowering, e: Call, address: Operand, bytes: Operand | undefined, type: Type): void {
	const [, , count] = e.arguments;
	const { layouts, semantics, pages } = f.module;
	if (bytes === undefined || count === undefined || semantics.constant(count, pages) !== undefined) return;
	const tail = type.kind === 'struct' ? type.fields.at(-1)?.type : undefined;
	const of = tail?.kind === 'array' && semantics.arrayLength(tail, pages) === undefined ? tail.of : type;
	const first = semantics.sizeOf(type, pages);
	const calculate = (operator: '-' | '/' | '*' | '>', left: Operand, right: Operand): number => {
		const to = f.register();
		f.emit({ op: 'binary', to, operator, left, right, kind: UINT, unsigned: true }, e);
		return to;
	};
	const [more, one] = [new Label(), new Label()];
	f.branch(calculate('>', bytes, f.constant(first)), more, one, e);
	f.place(more);
	const elements = calculate(
		'/',
		calculate('-', bytes, f.constant(first)),
		f.constant(Math.max(1, semantics.sizeOf(of, pages))),
	);
	const cells = calculate('*', elements, f.constant(layouts.cells(of)));
	primitive(f, '__memset', [offset(f, address, layouts.cells(type), e), f.constant(0), cells], e);
	f.place(one);
}

/** What get_user() brings: the number on the page, or any other that the file tells apart. A thread of a scenario's knows what it has put there. */
export function numberOfUser(f: FunctionLowering, e: Call, onPage: Operand): Operand {
	const declaration = variableOf(e.arguments[0]);
	const drivers = !f.code.kernel && AstUtils.getContainerOfType(e, isFunctionDecl) !== undefined;
	const values = declaration === undefined || !drivers ? [] : valuesOf(f, e, declaration);
	if (values.length < 2) return onPage;
	noteBrought(e, values);
	return orOneOf(f, onPage, values, e);
}

/** What is called a number of things, and is asked nothing, is one. */
const COUNTS = /(^|_)(len|length|size|count|cnt|num|n?r?_?pages)$/;

function valuesOf(f: FunctionLowering, e: Call, declaration: AstNode): readonly number[] {
	// the first page, or nowhere
	if (isUserAddress(e, declaration, f)) return [0, f.module.pages];
	const { values } = new Told(e, f.module.semantics).keptIn(declaration);
	return values.length === 1 && COUNTS.test((declaration as { name?: string }).name ?? '') ? [1] : values;
}

interface InObject {
	readonly at: number;
	readonly type: Type;
	readonly declaration: AstNode | undefined;
	readonly inArray: boolean;
}

/** So many elements of an array are filled. */
const ELEMENTS = 256;

/** All numbers in an object, and addresses of the user's. */
function numbersIn(
	f: FunctionLowering,
	type: Type,
	at: number,
	declaration: AstNode | undefined,
	inArray: boolean,
): InObject[] {
	const { layouts, semantics, pages } = f.module;
	if (type.kind === 'int' || (type.kind === 'pointer' && type.user)) return [{ at, type, declaration, inArray }];
	if (type.kind === 'array') {
		const length = Math.min(semantics.arrayLength(type, pages) ?? 0, ELEMENTS);
		const size = layouts.cells(type.of);
		return Array.from({ length }, (_, n) => numbersIn(f, type.of, at + n * size, declaration, true)).flat();
	}
	if (type.kind !== 'struct' || type.def === undefined) return [];
	const lines = type.def.$type === 'StructDef' ? type.def.fields : (type.def as FieldDecl).nested;
	return lines.flatMap((line) =>
		line.fields.flatMap((field) => {
			const inside = layouts.offset(type, field.name);
			const of = semantics.declaredType(field);
			return inside === undefined ? [] : numbersIn(f, of, at + inside, field, inArray);
		}),
	);
}

/** `&x`, `x[0]`: what is kept there is kept in x. */
function variableOf(to: AstNode | undefined): AstNode | undefined {
	const node = to as
		| {
				$type: string;
				operand?: AstNode;
				inner?: AstNode;
				array?: AstNode;
				target?: { ref?: AstNode };
				field?: { ref?: AstNode };
		  }
		| undefined;
	const inside = node?.operand ?? node?.inner ?? node?.array;
	if (inside !== undefined) return variableOf(inside);
	return node?.$type === 'NameRef' ? node.target?.ref : node?.$type === 'Member' ? node.field?.ref : undefined;
}

/** Is a field or a variable a pointer of the user's, or taken for one? */
function isUserAddress(e: Call, declaration: AstNode, f: FunctionLowering): boolean {
	const { semantics } = f.module;
	const type = semantics.declaredType(declaration as Parameters<typeof semantics.declaredType>[0]);
	if (type.kind === 'pointer') return type.user;
	let root: AstNode = e;
	while (root.$container) root = root.$container;
	let found = false;
	walk(root, (node) => {
		const inside =
			node.$type === 'Cast' ? node.operand : node.$type === 'Call' && isToUser(node) ? node.arguments[0] : undefined;
		if (found || inside === undefined || variableOf(inside) !== declaration) return;
		const as = semantics.typeOf(node as Expression);
		found = as.kind === 'pointer' && as.user;
	});
	return found;
}

const isToUser = ({ callee }: Call): boolean =>
	callee.$type === 'NameRef' && callee.target.$refText === 'u64_to_user_ptr';
