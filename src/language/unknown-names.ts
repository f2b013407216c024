/** What to say of a name that nothing declares. */

import type { AstNode } from 'langium';
import { signatureOf } from './checks/calls.js';
import type * as ast from './generated/ast.js';
import type { Unresolved } from './link-expressions.js';
import type { FileScope } from './names.js';
import type { Report } from './report.js';
import { Semantics } from './semantics.js';
import { stubForCall } from './stub.js';
import { closest, didYouMean } from './suggest.js';
import { UNSUPPORTED_WORDS } from './unsupported.js';

/**
 * Reports names that nothing declares, each once in a function.
 */
export function reportUnknownNames(unresolved: readonly Unresolved[], scope: FileScope, report: Report): void {
	const semantics = new Semantics();
	const told = new Set<string>();
	const owners = new Map<AstNode, number>();
	for (const { node, locals } of unresolved) {
		const name = node.target.$refText;
		const called = node.$container.$type === 'Call' && node.$containerProperty === 'callee';
		const owner = called ? undefined : enclosingItem(node);
		if (owner && !owners.has(owner)) owners.set(owner, owners.size);
		const key = `${owner ? owners.get(owner) : ''} ${name}`;
		if (told.has(key)) continue;
		told.add(key);
		const pointer = declaredPointer(node);
		if (pointer) {
			// Its declaration is not understood, so nothing is to be said of the name it declares.
			told.add(`${owner ? owners.get(owner) : ''} ${pointer}`);
			report.error('type', node, `unknown type name '${name}'${typeHint(name, scope)}`);
			continue;
		}
		const word = Object.hasOwn(UNSUPPORTED_WORDS, name) ? UNSUPPORTED_WORDS[name] : undefined;
		if (word) {
			report.error('unsupported', node, word);
		} else if (scope.libraries.declaring(name).length > 0) {
			report.missing(node, undefined, { name, isTag: false });
		} else if (called && /^(DEFINE|DECLARE)_/.test(name)) {
			report.error('unsupported', node, `${name}() is not modelled: declare the object, and initialise it in setup`);
		} else if (called) {
			report.error('name', node, unknownFunction(node.$container as ast.Call, name, locals, scope, semantics));
		} else {
			report.error('name', node, unknownObject(node, name, locals, scope));
		}
	}
}

/** `foo_t *p;` and `foo_t *p = x;` read as products: the name they would declare. */
function declaredPointer(node: ast.NameRef): string | undefined {
	const product = node.$container;
	if (product.$type !== 'BinaryExpr' || product.operator !== '*' || product.left !== node) return undefined;
	const owner = product.$container;
	const isStatement =
		owner.$type === 'ExpressionStatement' ||
		(owner.$type === 'Assignment' && owner.target === product && owner.$container.$type === 'ExpressionStatement');
	return isStatement && product.right.$type === 'NameRef' ? product.right.target.$refText : undefined;
}

function typeHint(name: string, scope: FileScope): string {
	return scope.tag(name)
		? `; did you mean 'struct ${name}'?`
		: ": use one of C's or the kernel's types, or a struct of your own";
}

function enclosingItem(node: AstNode): AstNode {
	let at = node;
	while (at.$container && at.$container.$type !== 'File') at = at.$container;
	return at;
}

function unknownFunction(
	call: ast.Call,
	name: string,
	locals: readonly string[],
	scope: FileScope,
	semantics: Semantics,
): string {
	const functions = [...scope.allNames()].filter((n) => n.$type === 'FunctionDecl');
	const guess = closest(
		name,
		[...functions.map((n) => n.name ?? ''), ...locals].filter((other) => !areOpposite(name, other)),
	);
	const like = functions.find((n) => n.name === guess);
	if (call.arguments.some((a) => a.$type === 'TypeArgument')) {
		const mean = guess === undefined ? '' : `; did you mean '${guess}'?`;
		return `'${name}' is not declared${mean}${mean ? ' Else' : ':'} it is given a type, so it is a macro: write its #define, or what it stands for, e.g. container_of()`;
	}
	const stub = stubMessage(stubForCall(call, name, semantics, like));
	if (guess) return `'${name}' is not declared; did you mean '${guess}'? Else ${stub}`;
	return `the simulated kernel does not model '${name}': ${stub}`;
}

/** `reserve` and `unreserve` are no slip of the hand. */
const areOpposite = (a: string, b: string): boolean => a !== b && positive(a) === positive(b);
const positive = (name: string): string => name.replace(/(^|_)un(?=[a-z])/g, '$1');

/** A stub whose parameters nobody can know yet would have to be written twice. */
function stubMessage(stub: ReturnType<typeof stubForCall>): string {
	if ('needs' in stub) return `define struct ${stub.needs}, which tells the parameters of its stub`;
	return `write a stub, e.g. \`${stub.line}\``;
}

function unknownObject(node: ast.NameRef, name: string, locals: readonly string[], scope: FileScope): string {
	const field = callbackField(node);
	if (field) return `'${name}' is not declared: write \`static ${signatureOf(field, name)} { … }\``;
	if (scope.tag(name)) return `'${name}' is a type here, not a value: did you mean 'struct ${name}'?`;
	const candidates = [...locals, ...[...scope.allNames()].map((n) => n.name ?? '')];
	return `'${name}' is not declared${didYouMean(name, candidates) || ': declare it above, or include the file that does'}`;
}

/** The field of an operation table that this name is given to. */
function callbackField(node: ast.NameRef): ast.Field | undefined {
	const entry = node.$container;
	if (entry.$type !== 'InitializerEntry') return undefined;
	const field = entry.designators.at(-1)?.field?.ref;
	return field?.function ? field : undefined;
}
