/** Stubs for functions that nobody models: text to paste above the sketch. */

import type { AstNode } from 'langium';
import type * as ast from './generated/ast.js';
import type { Semantics } from './semantics.js';
import { opaqueStruct } from './structs.js';
import { GIVES_PAGES, isMap, type StubParameter, stubBody } from './stub-body.js';
import { sourceText } from './text.js';
import { unwrap, walk } from './tree.js';
import { BOOL, decay, INT, intFromWords, pointerTo, type Type, typeToString, VOID } from './types.js';
import { nameOf, wanted } from './wanted.js';

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
	return written(
		node.name,
		returns,
		node.parameters.map(sourceText),
		stubBody(node.name, parameters, returns, undefined, { gives: givesPages(node) }),
	);
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
	const owner = call.$container;
	if (owner?.$type === 'Member' && (owner as ast.Member).operator === '.')
		return stubOfStruct(call, name, parameters, semantics);
	const { type, to } = wanted(call, semantics);
	const texts = parameters.map((p) => typeToString(p.type, p.name));
	// what allocates any number of bytes is called for more than one type
	const bytes = type.kind === 'pointer' && call.arguments.some((a) => unwrap(a).$type === 'SizeOf');
	const failure = isAskedForErrors(call) ? 'ERR_PTR(-ENOMEM)' : 'NULL';
	return written(
		name,
		bytes ? pointerTo(VOID) : type,
		texts,
		stubBody(name, parameters, bytes ? pointerTo(VOID) : type, to, { failure, gives: givesPages(call) }),
	);
}

const givesPages = (node: AstNode): boolean => GIVES_PAGES.test(sourceText(rootOf(node)));

/** Does the caller ask IS_ERR() of what the call has returned? */
function isAskedForErrors(call: ast.Call): boolean {
	const owner = call.$container;
	const kept =
		owner?.$type === 'Variable'
			? (owner as ast.Variable).name
			: owner?.$type === 'Assignment'
				? sourceText((owner as ast.Assignment).target)
				: undefined;
	if (kept === undefined) return owner?.$type === 'Call' && /^IS_ERR\b/.test(sourceText(owner));
	let at: AstNode | undefined = owner;
	while (at && at.$type !== 'FunctionDecl') at = at.$container;
	return at !== undefined && sourceText(at).includes(`IS_ERR(${kept})`);
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

/** A name for a parameter of whose value only the type is known. */
function nameFor(type: Type): string {
	if (type.kind === 'int') return type === BOOL ? 'flag' : 'value';
	const to = type.kind === 'pointer' ? type.to : type;
	return (to.kind === 'struct' && /[a-z]+$/.exec(to.name)?.[0]) || 'arg';
}

/** A stub that returns a struct of which only fields are known: both, one above the other. */
function stubOfStruct(call: ast.Call, name: string, parameters: readonly StubParameter[], semantics: Semantics): Stub {
	const fields = new Map<string, Type>();
	walk(rootOf(call), (node) => {
		const object = node.$type === 'Member' && node.operator === '.' ? unwrap(node.object) : undefined;
		if (object?.$type !== 'Call' || object.callee.$type !== 'NameRef' || object.callee.target.$refText !== name) return;
		if (node.$type === 'Member') fields.set(node.field.$refText, wanted(node, semantics).type);
	});
	const type = opaqueStruct(`${name}_result`);
	const values = [...fields].map(
		([field, is]) => `.${field} = ${is === BOOL ? 'any_bool()' : is.kind === 'pointer' ? 'NULL' : '0'}`,
	);
	const body = [`${typeToString(type, 'result')} = { ${values.join(', ')} };`, '', 'return result;'];
	const texts = parameters.map((p) => typeToString(p.type, p.name));
	const declared = [...fields].map(([field, is]) => `${typeToString(is, field)};`);
	const { line, text } = written(name, type, texts, body);
	return {
		line: `struct ${type.name} { ${declared.join(' ')} }; ${line}`,
		text: [`struct ${type.name} {`, ...declared.map((field) => `\t${field}`), '};', '', text].join('\n'),
	};
}

function rootOf(node: AstNode): AstNode {
	let at = node;
	while (at.$container) at = at.$container;
	return at;
}

/** Where the kernel breaks lines. */
const WIDTH = 80;
const TAB = 8;

function written(name: string, returns: Type, texts: readonly string[], body: readonly string[]): Stub {
	const whole = `static ${typeToString(returns, name)}(`;
	const all = texts.length === 0 ? ['void'] : texts;
	const line = `${whole}${all.join(', ')}) { ${body.map((part) => part && `${part} `).join('')}}`;
	// the name begins a line of its own where a parameter does not fit behind what it returns
	const head = whole.length + Math.max(...all.map((text) => text.length)) < WIDTH ? whole : `${name}(`;
	const indent = '\t'.repeat(head.length / TAB) + ' '.repeat(head.length % TAB);
	const lines: string[] = head === whole ? [] : [whole.slice(0, -head.length).trimEnd()];
	const above = lines.length;
	let last = head;
	for (const [n, text] of all.entries()) {
		const piece = `${text}${n === all.length - 1 ? ')' : ','}`;
		const room = WIDTH - (lines.length === above ? last.length : head.length + last.trimStart().length);
		if (n > 0 && piece.length + 1 > room) {
			lines.push(last);
			last = `${indent}${piece}`;
		} else last += n === 0 ? piece : ` ${piece}`;
	}
	// a comment goes above what it is about
	const statements = body.flatMap((part) => part.replace(/^(.*;) (\/\*.*\*\/)$/, '$2\n$1').split('\n'));
	return { line, text: [...lines, last, '{', ...statements.map((part) => part && `\t${part}`), '}'].join('\n') };
}
