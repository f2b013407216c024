import type { AstNode } from 'langium';
import type { Call, Expression, FunctionDecl } from '../../language/generated/ast.js';
import type { Semantics } from '../../language/semantics.js';
import { type Node, walk } from '../../language/tree.js';
import { decay, type Type } from '../../language/types.js';

/**
 * What copy_from_user() fills: the types of the object behind its first argument. A `void *` or `char *` is followed to where it comes from
 * and to what it is taken for, also in other functions of the file; there may be several, in a helper that copies for all.
 */
export class UserObject {
	private readonly types = new Map<string, Type>();
	private readonly seen = new Set<AstNode>();
	private readonly root: AstNode;

	constructor(
		private readonly semantics: Semantics,
		call: Call,
	) {
		let root: AstNode = call;
		while (root.$container) root = root.$container;
		this.root = root;
	}

	/** The types of what `to` leads to; structs and arrays, or numbers where nothing else is known of it. */
	behind(to: Expression): readonly Type[] {
		this.value(to);
		return this.found;
	}

	/** The types of what a call gives that makes such an object. */
	given(call: Call): readonly Type[] {
		this.taken(call);
		return this.found;
	}

	private get found(): readonly Type[] {
		const all = [...this.types.values()];
		const made = all.filter((type) => !isBytes(type));
		return made.length > 0 ? made : all;
	}

	/** What an expression gives, that is copied to. */
	private value(node: Expression): void {
		const e = node as Node;
		if (e.$type === 'Parenthesized' || (e.$type === 'Cast' && e.operand !== undefined)) {
			this.value(e.$type === 'Cast' ? (e.operand as Expression) : e.inner);
			return;
		}
		const type = this.semantics.typeOf(node);
		const pointed = type.kind === 'array' ? type : type.kind === 'pointer' ? type.to : undefined;
		if (pointed !== undefined) this.add(pointed);
		if (e.$type === 'NameRef' && e.target.ref && pointed !== undefined && isBytes(pointed)) this.kept(e.target.ref);
	}

	private add(type: Type): void {
		if (/^(int|struct|array)$/.test(type.kind)) this.types.set(keyOf(type), type);
	}

	/** All that is kept in a variable or a parameter, and what it is taken for. */
	private kept(declaration: AstNode): void {
		if (this.seen.has(declaration)) return;
		this.seen.add(declaration);
		const owner = declaration.$container as FunctionDecl | undefined;
		const variable = declaration as Node;
		if (variable.$type === 'Variable' && variable.init !== undefined) this.value(variable.init as Expression);
		const nth = variable.$type === 'Parameter' ? (owner?.parameters.indexOf(variable) ?? -1) : -1;
		walk(this.root, (node) => {
			if (node.$type === 'NameRef' && node.target.ref === declaration) this.taken(node);
			else if (nth >= 0 && node.$type === 'Call' && this.calls(node, owner?.name)) {
				const argument = node.arguments[nth];
				if (argument !== undefined) this.value(argument);
			}
		});
	}

	private calls(call: Call, name: string | undefined): boolean {
		return call.callee.$type === 'NameRef' && call.callee.target.$refText === name;
	}

	/** What somebody takes a pointer for. */
	private taken(node: Expression): void {
		const at = node.$container as Node | undefined;
		if (at?.$type === 'Parenthesized') this.taken(at);
		else if (at?.$type === 'Cast') {
			this.pointer(this.semantics.typeOf(at));
			this.taken(at);
		} else if (at?.$type === 'Variable') this.pointer(this.semantics.declaredType(at), at);
		else if (at?.$type === 'Assignment') {
			const target = at.target as Node;
			if (at.target === node) this.value(at.value);
			else this.pointer(this.semantics.typeOf(at.target), target.$type === 'NameRef' ? target.target.ref : undefined);
		} else if (at?.$type === 'Call') this.argument(at, at.arguments.indexOf(node));
	}

	private pointer(type: Type, declaration?: AstNode): void {
		const whole = decay(type);
		if (whole.kind !== 'pointer') return;
		if (!isBytes(whole.to)) this.add(whole.to);
		else if (declaration !== undefined) this.kept(declaration);
	}

	/** The parameter of who is called, by name or through a table of the file's. */
	private argument(call: Call, n: number): void {
		const callee = call.callee as Node;
		const field = callee.$type === 'Member' ? callee.field.ref : undefined;
		const called = new Set<string>(callee.$type === 'NameRef' ? [callee.target.$refText] : []);
		if (field !== undefined)
			walk(this.root, (node) => {
				if (node.$type !== 'InitializerEntry' || node.designators[0]?.field?.ref !== field) return;
				const value = node.value as Node;
				if (value.$type === 'NameRef') called.add(value.target.$refText);
			});
		walk(this.root, (node) => {
			const parameter = node.$type === 'FunctionDecl' && called.has(node.name) ? node.parameters[n] : undefined;
			if (parameter !== undefined) this.pointer(this.semantics.declaredType(parameter), parameter);
		});
	}
}

/** Nothing is known of what is behind such a pointer. */
const isBytes = (type: Type): boolean =>
	type.kind === 'void' || (type.kind === 'int' && type.rank <= 1) || (type.kind === 'array' && isBytes(type.of));

const keyOf = (type: Type): string => {
	if (type.kind === 'array') return `${keyOf(type.of)}[${type.length ?? ''}]`;
	return type.kind === 'struct' ? `struct ${type.name}` : type.kind === 'int' ? type.name : type.kind;
};
