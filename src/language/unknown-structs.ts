/** Structs that a sketch uses and nobody defines: one error each, with a definition that has the fields it uses. */

import type { AstNode } from 'langium';
import { builtin, eachRule, memberStruct } from './builtins.js';
import type * as ast from './generated/ast.js';
import type { FileScope } from './names.js';
import type { Span } from './problem.js';
import type { Report } from './report.js';
import { Semantics } from './semantics.js';
import { opaqueStruct } from './structs.js';
import { closest } from './suggest.js';
import { type Node, unwrap, walk } from './tree.js';
import { BOOL, decay, ERROR, INT, pointerTo, type Type, typeToString, ULONG, VOID_POINTER } from './types.js';
import { isKernelStruct, kernelStruct, wanted } from './wanted.js';

/** A use of such a struct: an object of it, or a field. */
export interface UndefinedUse {
	readonly name: string;
	readonly span: Span;
}

/** Reports what `report` has collected. */
export function reportUndefinedStructs(report: Report, root: ast.File, scope: FileScope): void {
	const uses = [...report.undefinedStructs].sort((a, b) => a.span.line - b.span.line || a.span.column - b.span.column);
	if (uses.length === 0) return;
	const shapes = shapesOf(root, new Semantics());
	const told = new Set<string>();
	for (const { name, span } of uses) {
		if (told.has(name)) continue;
		told.add(name);
		const guess = closest(name, scope.allTags());
		const fields = [...(shapes.get(name)?.fields ?? [])];
		const define = `define it with the fields the sketch uses${exampleOf(name, fields)}`;
		const way =
			guess === undefined
				? `: ${define}`
				: `; did you mean 'struct ${guess}'?${fields.length > 0 ? ` Else ${define}` : ''}`;
		report.error('type', span, `'struct ${name}' is not defined${way}`);
	}
}

/** As many fields as can be read in a message. */
const MOST_FIELDS = 8;

function exampleOf(name: string, fields: readonly [string, Slot][]): string {
	if (fields.length === 0) return '';
	const shown = fields.slice(0, MOST_FIELDS).map(([field, slot]) => `${inline(slot, field)};`);
	const more = fields.length - shown.length;
	return `, e.g. \`struct ${name} { ${shown.join(' ')} }\`${more > 0 ? ` and ${more} more` : ''}`;
}

/** What is known of a field by how it is used. */
class Slot {
	/** What uses of it say, the first of them. */
	said: Type | undefined;
	/** It is only asked whether it is there. */
	onlyAsked = true;
	/** Its fields, where nothing says what struct it is. */
	inner: Shape | undefined;
	reached: '.' | '->' = '.';
	indexed = false;

	constructor(readonly name: string) {}

	get type(): Type {
		if (this.said) return this.said;
		if (/(start|end|last|addr|address|seq|gfn|pfn|iova)$/.test(this.name)) return ULONG;
		return this.onlyAsked && !/^nr?_|pages|count|num|size|len|refs/.test(this.name) ? BOOL : INT;
	}
}

class Shape {
	readonly fields = new Map<string, Slot>();
	/** Fields that point to structs whose names only we have given. */
	readonly invented = new Set<Slot>();
}

type Shapes = ReadonlyMap<string, Shape>;

/** The definitions that a struct needs: its own, above it those of structs that lie in it and nobody defines. */
export function definitionOf(name: string, root: ast.File, semantics: Semantics): string {
	const shapes = shapesOf(root, semantics);
	const done = new Set<string>();
	const texts: string[] = [];
	const define = (tag: string): void => {
		if (done.has(tag)) return;
		done.add(tag);
		const fields = [...(shapes.get(tag)?.fields ?? [])];
		for (const [, slot] of fields) {
			const inside = slot.said?.kind === 'pointer' && shapes.get(tag)?.invented.has(slot) ? slot.said.to : slot.said;
			if (inside?.kind === 'struct' && inside.def === undefined && !isKernelStruct(inside)) define(inside.name);
		}
		const lines = fields.length > 0 ? fields.flatMap(([field, slot]) => spread(slot, field, '\t')) : ['\tint id;'];
		texts.push([`struct ${tag} {`, ...lines, '};'].join('\n'));
	};
	define(name);
	return texts.join('\n\n');
}

/** A field on one line. */
function inline(slot: Slot, name: string): string {
	if (!isAnonymous(slot)) return typeToString(slot.type, name);
	const fields = [...slot.inner.fields].map(([field, inner]) => `${inline(inner, field)}; `);
	return `struct { ${fields.join('')}} ${declarator(slot, name)}`;
}

/** The same on lines of its own. */
function spread(slot: Slot, name: string, indent: string): string[] {
	if (!isAnonymous(slot)) return [`${indent}${typeToString(slot.type, name)};`];
	const fields = [...slot.inner.fields].flatMap(([field, inner]) => spread(inner, field, `${indent}\t`));
	return [`${indent}struct {`, ...fields, `${indent}} ${declarator(slot, name)};`];
}

const declarator = (slot: Slot, name: string): string =>
	slot.indexed ? `${name}[4]` : slot.reached === '->' ? `*${name}` : name;

const isAnonymous = (slot: Slot): slot is Slot & { inner: Shape } =>
	slot.said === undefined && slot.inner !== undefined;

/** Each brings one more struct on the way to a field: nobody writes longer ways. */
const MOST_ROUNDS = 32;

/** What is used of structs without a definition. What one use tells of a field, all others are read with. */
function shapesOf(root: ast.File, semantics: Semantics): Shapes {
	let known: ReadonlyMap<string, Type> = new Map();
	for (let left = MOST_ROUNDS; ; left--) {
		const round = new Round(semantics, known);
		walk(root, (node) => round.visit(node));
		if (left === 0 || (round.said.size === known.size && !round.name())) return round.shapes;
		known = round.said;
	}
}

class Round {
	readonly shapes = new Map<string, Shape>();
	/** The types of fields by their paths. */
	readonly said = new Map<string, Type>();
	readonly #paths = new Map<Slot, string>();
	/** What variables and parameters of a name point to. */
	readonly #pointers = new Map<string, Type>();

	constructor(
		readonly semantics: Semantics,
		readonly known: ReadonlyMap<string, Type>,
	) {}

	visit(node: Node): void {
		if (node.$type === 'Member') {
			const slot = this.#slot(node);
			if (slot) this.#use(slot, node);
		} else if (node.$type === 'Call') this.#macro(node);
		else if (node.$type === 'EachStatement') this.#each(node);
		else if (node.$type === 'Parameter') this.#pointer(node);
		else if (node.$type === 'Variable') {
			this.#pointer(node);
			if (node.init?.$type === 'InitializerList') this.#initializer(node.init, this.semantics.declaredType(node));
		} else if (node.$type === 'Cast') {
			if (node.literal?.$type === 'InitializerList')
				this.#initializer(node.literal, this.semantics.typeOfTypeName(node.type));
		}
	}

	#pointer(node: ast.Variable | ast.Parameter): void {
		const type = this.semantics.declaredType(node);
		if (node.name && type.kind === 'pointer' && type.to.kind === 'struct') this.#pointers.set(node.name, type.to);
	}

	/**
	 * Gives a name to what fields point to, where nothing has said one: that of other pointers called like the field, or
	 * one of our own. True if there was such a field.
	 */
	name(): boolean {
		const before = this.said.size;
		for (const [tag, shape] of this.shapes)
			for (const [field, slot] of shape.fields) {
				if (slot.said !== undefined || slot.inner === undefined || slot.reached === '.' || slot.indexed) continue;
				this.#say(slot, pointerTo(this.#pointers.get(field) ?? opaqueStruct(`${tag}_${field}`)));
			}
		return this.said.size > before;
	}

	/** The field that a member expression means, if its struct is unknown. */
	#slot(node: ast.Member): Slot | undefined {
		const name = node.field.$refText;
		if (!name || node.field.ref) return undefined;
		let object = unwrap(node.object);
		const index = object.$type === 'Index';
		let owner = this.semantics.typeOf(object);
		if (owner.kind === 'error') {
			if (object.$type === 'Index') object = unwrap(object.array);
			const slot = object.$type === 'Member' ? this.#slot(object) : undefined;
			if (!slot) return undefined;
			if (!slot.said) {
				slot.inner ??= new Shape();
				slot.reached = node.operator === '->' ? '->' : '.';
				slot.indexed ||= index;
				return this.#field(slot.inner, name, this.#paths.get(slot) ?? '');
			}
			owner = slot.said;
		}
		const struct = owner.kind === 'pointer' ? owner.to : owner.kind === 'array' ? owner.of : owner;
		return this.#fieldOf(struct, name);
	}

	#fieldOf(struct: Type, name: string): Slot | undefined {
		if (struct.kind !== 'struct' || struct.def || struct.name === '') return undefined;
		const shape = this.shapes.get(struct.name) ?? new Shape();
		this.shapes.set(struct.name, shape);
		return this.#field(shape, name, struct.name);
	}

	#field(shape: Shape, name: string, path: string): Slot {
		const there = shape.fields.get(name);
		if (there) return there;
		const slot = new Slot(name);
		const own = `${path}.${name}`;
		this.#paths.set(slot, own);
		shape.fields.set(name, slot);
		const type = this.known.get(own);
		if (type) this.#say(slot, type);
		if (type?.kind === 'pointer' && type.to === opaqueStruct(own.replace('.', '_'))) shape.invented.add(slot);
		return slot;
	}

	#say(slot: Slot, type: Type): void {
		const own = this.#paths.get(slot) ?? '';
		// what is nothing but a number elsewhere is a pointer, or an object; what is NULL at first points to something
		const worth = (t: Type) => (t.kind === 'int' ? 0 : t.kind === 'pointer' && t.to.kind === 'void' ? 1 : 2);
		if (slot.said !== undefined && worth(slot.said) >= worth(type)) return;
		slot.said = type;
		this.said.set(own, type);
	}

	/** What the place of a field says of its type. */
	#use(slot: Slot, node: ast.Member): void {
		let at: AstNode = node;
		while (at.$container?.$type === 'Parenthesized') at = at.$container;
		const owner = at.$container as ast.Expression;
		if (owner.$type === 'Member' || (owner.$type === 'Index' && owner.array === at && isMember(owner))) {
			slot.onlyAsked = false;
			return;
		}
		if (owner.$type === 'Call' && owner.callee === at) {
			const { type, weak } = wanted(owner, this.semantics);
			const parameters = owner.arguments.map((a) => decay(this.#typeOf(a)));
			const returns = weak && type.kind !== 'void' ? INT : type;
			this.#say(slot, pointerTo({ kind: 'function', returns, parameters, variadic: false }));
			return;
		}
		if (owner.$type === 'Index' && owner.array === at) {
			const { type, weak } = wanted(owner, this.semantics);
			this.#say(slot, pointerTo(weak ? INT : type));
			return;
		}
		const { type, weak } = wanted(node, this.semantics);
		if (isNull(owner, at)) this.#say(slot, VOID_POINTER);
		else if (!weak && type.kind !== 'void') this.#say(slot, type.kind === 'function' ? pointerTo(type) : type);
		else if (type !== BOOL) slot.onlyAsked = false;
	}

	#typeOf(argument: ast.Expression): Type {
		const type = this.semantics.typeOf(argument);
		return type.kind === 'error' || type.kind === 'void' ? INT : type;
	}

	/** `{ .field = value }` */
	#initializer(list: ast.InitializerList, type: Type): void {
		const struct = type.kind === 'array' ? type.of : type;
		for (const { designators, value } of list.entries) {
			const name = designators.at(-1)?.field?.$refText;
			if (value.$type === 'InitializerList') {
				if (name === undefined) this.#initializer(value, struct);
				continue;
			}
			const slot = name && designators.length === 1 ? this.#fieldOf(struct, name) : undefined;
			if (!slot) continue;
			const is = decay(this.semantics.typeOf(value));
			const unknown = value.$type === 'NameRef' && !value.target.ref && /^[a-z]/.test(value.target.$refText);
			if (unknown || isNullName(value)) this.#say(slot, VOID_POINTER);
			else if (is.kind === 'int' || (is.kind === 'pointer' && is.to.kind !== 'void')) this.#say(slot, is);
			else slot.onlyAsked = false;
		}
	}

	/** container_of(work, struct foo, work) and its like name fields, too. */
	#macro(call: ast.Call): void {
		const name = call.callee.$type === 'NameRef' ? call.callee.target.$refText : '';
		const macro = builtin(name) && this.semantics.macroOf(call);
		const struct = macro && memberStruct(macro, call.arguments, this.semantics);
		const member = macro && call.arguments[macro.arguments.indexOf('member')];
		if (!struct || !member) return;
		const [first] = call.arguments;
		const link = LINKS.find(([what]) => what.test(name))?.[1];
		const pointer = first ? decay(this.semantics.typeOf(first)) : ERROR;
		const type = link ? kernelStruct(link) : pointer.kind === 'pointer' ? pointer.to : ERROR;
		this.#member(member, struct, type);
	}

	#each(each: ast.EachStatement): void {
		const rule = eachRule(each.macro);
		const member = rule?.member === undefined ? undefined : each.arguments[rule.member];
		const cursor = rule && each.arguments[rule.position];
		if (!member || !cursor) return;
		const pointer = decay(this.semantics.typeOf(cursor));
		if (pointer.kind === 'pointer')
			this.#member(member, pointer.to, kernelStruct(rule.over === 'hlist' ? 'hlist_node' : 'list_head'));
	}

	/** `member` or `inner.member` of a struct, which is of this type. */
	#member(member: ast.Expression, struct: Type, type: Type): void {
		let slot: Slot | undefined;
		if (member.$type === 'NameRef') slot = this.#fieldOf(struct, member.target.$refText);
		else if (member.$type === 'Member' && member.object.$type === 'NameRef') {
			const outer = this.#fieldOf(struct, member.object.target.$refText);
			if (!outer) return;
			if (outer.said) slot = this.#fieldOf(outer.said, member.field.$refText);
			else {
				outer.inner ??= new Shape();
				slot = this.#field(outer.inner, member.field.$refText, this.#paths.get(outer) ?? '');
			}
		}
		if (!slot) return;
		if (type.kind === 'struct' || type.kind === 'int') this.#say(slot, type);
		else slot.onlyAsked = false;
	}
}

const isMember = (index: ast.Index): boolean => index.$container.$type === 'Member';

/** Compared with, or given, NULL. */
function isNull(owner: ast.Expression, at: AstNode): boolean {
	const other =
		owner.$type === 'BinaryExpr'
			? owner.left === at
				? owner.right
				: owner.left
			: owner.$type === 'Assignment'
				? owner.value
				: undefined;
	return other !== undefined && isNullName(other);
}

function isNullName(value: ast.Expression): boolean {
	const inner = unwrap(value);
	return inner.$type === 'NameRef' && inner.target.$refText === 'NULL';
}

/** What member a macro wants, where that is no pointer's business. */
const LINKS: readonly (readonly [what: RegExp, struct: string])[] = [
	[/^list_/, 'list_head'],
	[/^hlist_/, 'hlist_node'],
	[/^rb_/, 'rb_node'],
	[/^k[v]?free_rcu$/, 'rcu_head'],
	[/^(timer_container_of|from_timer)$/, 'timer_list'],
	[/^from_tasklet$/, 'tasklet_struct'],
];
