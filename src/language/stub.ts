/** Stubs for functions that nobody models: text to paste above the sketch. */

import type { AstNode } from 'langium';
import type * as ast from './generated/ast.js';
import type { Semantics } from './semantics.js';
import { type Destination, isMap, type StubParameter, stubBody } from './stub-body.js';
import { sourceText } from './text.js';
import { unwrap, walk } from './tree.js';
import { BOOL, decay, INT, intFromWords, pointerTo, type Type, typeToString, ULONG, VOID } from './types.js';

/** A stub on one line, as messages have it, and in kernel style. */
export interface Stub {
	readonly line: string;
	readonly text: string;
}

/** A stub for a declared function, with its own parameters. */
export function stubFor(node: ast.FunctionDecl, semantics: Semantics): Stub {
	const type = semantics.declaredType(node);
	const returns = type.kind === 'function' ? type.returns : INT;
	const parameters = node.parameters.map((p) => ({ name: p.name ?? '', type: decay(semantics.declaredType(p)) }));
	return stub(node.name, returns, parameters, node.parameters.map(sourceText));
}

/**
 * A stub for a function that only its call is known of: its parameters are what it is called with, or where that is not
 * known either those of `like`, which has nearly the same name. Where a struct has to be defined before anything can be
 * said of an argument, the name of that struct.
 */
export function stubForCall(
	call: ast.Call,
	name: string,
	semantics: Semantics,
	like?: ast.FunctionDecl,
): Stub | { readonly needs: string } {
	const used = new Set<string>();
	const parameters: StubParameter[] = [];
	for (const [index, argument] of call.arguments.entries()) {
		const wanted = like?.parameters[index];
		const known = typeOfArgument(argument, semantics) ?? (wanted && semantics.declaredType(wanted));
		const needs = known ? undefined : undefinedStruct(argument, semantics);
		if (needs !== undefined) return { needs };
		const type = known ?? guess(argument);
		const first = nameOf(argument) ?? (type === BOOL && isMap(name) ? 'write' : nameFor(type));
		let parameter = first;
		for (let n = 2; used.has(parameter); n++) parameter = `${first}${n}`;
		used.add(parameter);
		parameters.push({ name: parameter, type });
	}
	const { type, to } = wanted(call, semantics);
	const texts = parameters.map((p) => typeToString(p.type, p.name));
	// what allocates any number of bytes is called for more than one type
	const bytes = type.kind === 'pointer' && call.arguments.some((a) => unwrap(a).$type === 'SizeOf');
	return stub(name, bytes ? pointerTo(VOID) : type, parameters, texts, to);
}

function typeOfArgument(argument: ast.Expression, semantics: Semantics): Type | undefined {
	const inner = unwrap(argument);
	if (inner.$type === 'SizeOf') return intFromWords(['size_t']);
	if (inner.$type === 'NameRef' && /^(true|false)$/.test(inner.target.$refText)) return BOOL;
	if (inner.$type === 'NameRef' && /^GFP_/.test(inner.target.$refText)) return intFromWords(['gfp_t']);
	const type = decay(semantics.typeOf(argument));
	return type.kind === 'error' || type.kind === 'void' ? undefined : type;
}

/** The struct whose fields an argument asks for and nobody has defined. */
function undefinedStruct(argument: ast.Expression, semantics: Semantics): string | undefined {
	let found: string | undefined;
	if (guess(argument).kind === 'pointer') return undefined;
	walk(argument, (node) => {
		if (node.$type !== 'Member') return;
		let owner = decay(semantics.typeOf(node.object));
		if (owner.kind === 'pointer') owner = owner.to;
		if (owner.kind === 'struct' && owner.def === undefined) found = owner.name;
	});
	return found;
}

/** The type of what nothing is known of but how it is written. */
function guess(argument: ast.Expression): Type {
	const inner = unwrap(argument);
	return inner.$type === 'Unary' && inner.operator === '&' ? pointerTo(VOID) : INT;
}

/** A name for the parameter that takes this value. */
function nameOf(argument: ast.Expression): string | undefined {
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

/** A name for a parameter of whose value only the type is known. */
function nameFor(type: Type): string {
	if (type.kind === 'int') return type === BOOL ? 'flag' : 'value';
	const to = type.kind === 'pointer' ? type.to : type;
	return (to.kind === 'struct' && /[a-z]+$/.exec(to.name)?.[0]) || 'arg';
}

interface Wanted {
	readonly type: Type;
	readonly to?: Destination;
}

/** The type that a call should have where it stands, and where its value goes. */
function wanted(call: ast.Call, semantics: Semantics): Wanted {
	let node: AstNode = call;
	while (node.$container?.$type === 'Parenthesized') node = node.$container;
	const owner = node.$container as ast.Statement | ast.Expression | ast.Variable | undefined;
	const known = (type: Type) => (type.kind === 'error' || type.kind === 'array' ? INT : type);
	switch (owner?.$type) {
		case 'ExpressionStatement':
			return { type: VOID };
		case 'Assignment':
			return { type: known(semantics.typeOf(owner.target)), to: nameOf(owner.target) };
		case 'Variable':
			return { type: known(semantics.declaredType(owner)), to: owner.name };
		case 'Call':
			return parameterOf(owner, node, semantics);
		case 'Cast':
			return { type: known(decay(semantics.typeOf(owner))) };
		case 'Index':
			return { type: ULONG, to: 'offset' };
		case 'IfStatement':
		case 'WhileStatement':
		case 'DoStatement':
		case 'ForStatement':
			return { type: BOOL };
		case 'Unary':
			return { type: owner.operator === '!' ? BOOL : INT };
		case 'ReturnStatement': {
			let at: AstNode | undefined = owner;
			while (at && at.$type !== 'FunctionDecl') at = at.$container;
			const type = at ? semantics.declaredType(at as ast.FunctionDecl) : VOID;
			return { type: type.kind === 'function' ? known(type.returns) : INT };
		}
		case 'BinaryExpr': {
			if (owner.operator === '&&' || owner.operator === '||') return { type: BOOL };
			const other = owner.left === node ? owner.right : owner.left;
			const type = known(decay(semantics.typeOf(other)));
			// a sum or a part of something, and no error number
			return /^(<<|>>|[-+*/%&|^])$/.test(owner.operator) ? { type, to: nameOf(other) ?? 'size' } : { type };
		}
		default:
			return { type: INT };
	}
}

/** The parameter that the call's value is passed for. */
function parameterOf(owner: ast.Call, node: AstNode, semantics: Semantics): Wanted {
	const index = owner.arguments.indexOf(node as ast.Expression);
	const callee = semantics.typeOf(owner.callee);
	const type = callee.kind === 'function' ? callee.parameters[index] : undefined;
	const target = owner.callee.$type === 'NameRef' ? owner.callee.target.ref : undefined;
	const to = target?.$type === 'FunctionDecl' ? target.parameters[index]?.name : undefined;
	return { type: type && type.kind !== 'error' ? decay(type) : INT, to };
}

/** Where the kernel breaks lines. */
const WIDTH = 80;
const TAB = 8;

function stub(
	name: string,
	returns: Type,
	parameters: readonly StubParameter[],
	texts: readonly string[],
	to?: Destination,
): Stub {
	const body = stubBody(name, parameters, returns, to);
	const head = `static ${typeToString(returns, name)}(`;
	const all = texts.length === 0 ? ['void'] : texts;
	const line = `${head}${all.join(', ')}) { ${body.map((part) => `${part} `).join('')}}`;
	const indent = '\t'.repeat(head.length / TAB) + ' '.repeat(head.length % TAB);
	const lines: string[] = [];
	let last = head;
	for (const [n, text] of all.entries()) {
		const piece = `${text}${n === all.length - 1 ? ')' : ','}`;
		const room = WIDTH - (lines.length === 0 ? last.length : head.length + last.trimStart().length);
		if (n > 0 && piece.length + 1 > room) {
			lines.push(last);
			last = `${indent}${piece}`;
		} else last += n === 0 ? piece : ` ${piece}`;
	}
	// a comment goes above what it is about
	const statements = body.flatMap((part) => part.replace(/^(.*;) (\/\*.*\*\/)$/, '$2\n$1').split('\n'));
	return { line, text: [...lines, last, '{', ...statements.map((part) => `\t${part}`), '}'].join('\n') };
}
