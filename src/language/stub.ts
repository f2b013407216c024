/** Stubs for functions that nobody models: a line to paste above the sketch. */

import type { AstNode } from 'langium';
import type * as ast from './generated/ast.js';
import type { Semantics } from './semantics.js';
import { type StubParameter, stubBody } from './stub-body.js';
import { sourceText } from './text.js';
import { unwrap } from './tree.js';
import { BOOL, decay, INT, pointerTo, type Type, typeToString, VOID } from './types.js';

/** A stub for a declared function, with its own parameters. */
export function stubFor(node: ast.FunctionDecl, semantics: Semantics): string {
	const type = semantics.declaredType(node);
	const returns = type.kind === 'function' ? type.returns : INT;
	const parameters = node.parameters.map((p) => ({ name: p.name ?? '', type: decay(semantics.declaredType(p)) }));
	return stub(node.name, returns, parameters, node.parameters.map(sourceText));
}

/**
 * A stub for a function that only its call is known of: its parameters are what it is called with, or where that is not
 * known either those of `like`, which has nearly the same name.
 */
export function stubForCall(call: ast.Call, name: string, semantics: Semantics, like?: ast.FunctionDecl): string {
	const used = new Set<string>();
	const wanted = (index: number): Type | undefined => {
		const parameter = like?.parameters[index];
		return parameter && semantics.declaredType(parameter);
	};
	const parameters = call.arguments.map((argument, index) => {
		const type = decay(semantics.typeOf(argument));
		let parameter = nameOf(argument) ?? String.fromCharCode(97 + (index % 26));
		while (used.has(parameter)) parameter += '2';
		used.add(parameter);
		const known = type.kind !== 'error' && type.kind !== 'void';
		return { name: parameter, type: known ? type : (wanted(index) ?? guess(argument)) };
	});
	const texts = parameters.map((p) => typeToString(p.type, p.name));
	return stub(name, wantedType(call, semantics), parameters, texts);
}

/** The type of what nothing is known of but how it is written. */
function guess(argument: ast.Expression): Type {
	const inner = unwrap(argument);
	return inner.$type === 'Unary' && inner.operator === '&' ? pointerTo(VOID) : INT;
}

/** A name for the parameter that takes this value. */
function nameOf(argument: ast.Expression): string | undefined {
	const inner = unwrap(argument);
	if (inner.$type === 'NameRef') {
		const kind = inner.target.ref?.$type;
		return kind === 'Variable' || kind === 'Parameter' ? inner.target.$refText : undefined;
	}
	if (inner.$type === 'Member') return inner.field.$refText;
	if (inner.$type === 'Unary' || inner.$type === 'Postfix') return nameOf(inner.operand);
	if (inner.$type === 'Cast' && inner.operand) return nameOf(inner.operand);
	// an address is a page number
	if (inner.$type === 'BinaryExpr' && /^(<<|>>)$/.test(inner.operator)) return nameOf(inner.left);
	if (inner.$type === 'BinaryExpr' && inner.operator === '-') return isDistance(inner) ? 'size' : undefined;
	return undefined;
}

/** `end - start` */
const isDistance = ({ left, right }: ast.BinaryExpr): boolean =>
	/end$/.test(nameOf(left) ?? '') && /start$/.test(nameOf(right) ?? '');

/** The type that a call should have where it stands. */
function wantedType(call: ast.Call, semantics: Semantics): Type {
	let node: AstNode = call;
	while (node.$container?.$type === 'Parenthesized') node = node.$container;
	const owner = node.$container as ast.Statement | ast.Expression | ast.Variable | undefined;
	const known = (type: Type) => (type.kind === 'error' || type.kind === 'array' ? INT : type);
	switch (owner?.$type) {
		case 'ExpressionStatement':
			return VOID;
		case 'Assignment':
			return known(semantics.typeOf(owner.target));
		case 'Variable':
			return known(semantics.declaredType(owner));
		case 'IfStatement':
		case 'WhileStatement':
		case 'DoStatement':
		case 'ForStatement':
			return BOOL;
		case 'Unary':
			return owner.operator === '!' ? BOOL : INT;
		case 'ReturnStatement': {
			let at: AstNode | undefined = owner;
			while (at && at.$type !== 'FunctionDecl') at = at.$container;
			const type = at ? semantics.declaredType(at as ast.FunctionDecl) : VOID;
			return type.kind === 'function' ? known(type.returns) : INT;
		}
		case 'BinaryExpr': {
			const other = owner.left === node ? owner.right : owner.left;
			return owner.operator === '&&' || owner.operator === '||' ? BOOL : known(decay(semantics.typeOf(other)));
		}
		default:
			return INT;
	}
}

function stub(name: string, returns: Type, parameters: readonly StubParameter[], texts: readonly string[]): string {
	const head = `static ${typeToString(returns, name)}(${texts.join(', ') || 'void'})`;
	const body = stubBody(name, parameters, returns);
	return body ? `${head} { ${body} }` : `${head} { }`;
}
