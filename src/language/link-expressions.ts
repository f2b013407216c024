/** Links the names in types, initialisers and expressions, where fields need the types of what they belong to. */

import { argumentKind, builtin, memberStruct, printsOnly } from './builtins.js';
import type * as ast from './generated/ast.js';
import { MACRO_STRUCTS, setLink, structTargets, typedefTargets } from './links.js';
import { type FileScope, kindOf } from './names.js';
import { linkPath, type PathLinker, printedPaths } from './printed.js';
import type { Report } from './report.js';
import { Semantics } from './semantics.js';
import { didYouMean } from './suggest.js';
import { sourceText } from './text.js';
import { STRUCT_TYPEDEFS, type Type, typeToString } from './types.js';
import { UNSUPPORTED_WORDS } from './unsupported.js';

/** A name that nothing declares, with the names that were in scope; what to say of it is decided by unknown-names.ts. */
export interface Unresolved {
	readonly node: ast.NameRef;
	readonly locals: readonly string[];
}

/** What a block can declare. */
export type Local = ast.Variable | ast.Parameter | ast.MacroDecl | ast.EnumConstant;

export class ExpressionLinker {
	readonly unresolved: Unresolved[] = [];
	readonly semantics = new Semantics();
	readonly #scope: FileScope;
	readonly #report: Report;
	readonly #blocks: Map<string, Local>[] = [];
	readonly #missingFields = new Set<string>();
	/** Links the block of a statement expression. */
	readonly #blockOf: (block: ast.Block) => void;

	constructor(scope: FileScope, report: Report, blockOf: (block: ast.Block) => void) {
		this.#scope = scope;
		this.#report = report;
		this.#blockOf = blockOf;
	}

	/** The types of parameters. */
	parameterTypes(parameters: readonly ast.Parameter[]): void {
		for (const parameter of parameters) {
			this.typeRef(parameter.type);
			this.parameterTypes(parameter.parameters);
		}
	}

	/** The struct that a DEFINE_ macro makes an object of. */
	macroStruct(decl: ast.MacroDecl): void {
		const def = this.#scope.tag(MACRO_STRUCTS[decl.macro] ?? '');
		if (def?.$type === 'StructDef') structTargets.set(decl, def);
	}

	/** The tag or the typedef of a type. */
	typeRef(ref: ast.TypeRef): void {
		if (ref.of) {
			this.expression(ref.of);
			return;
		}
		if (ref.tag) {
			const def = this.#scope.tag(ref.tag.$refText);
			if (!def) return;
			if (kindOf(def) === ref.kind) setLink(ref.tag, def);
			else
				this.#report.error(
					'type',
					ref,
					`'${ref.tag.$refText}' is a ${kindOf(def)}: write '${kindOf(def)} ${def.name}'`,
				);
			return;
		}
		const word = ref.words[0];
		const struct = ref.words.length === 1 && word ? STRUCT_TYPEDEFS[word] : undefined;
		const def = struct ? this.#scope.tag(struct) : undefined;
		if (def?.$type === 'StructDef') structTargets.set(ref, def);
		const name = ref.typedef ?? ref.unknown;
		if (!name) return;
		const typedef = this.#scope.typedef(name);
		if (typedef) typedefTargets.set(ref, typedef);
		else this.#unknownType(ref, name);
	}

	#unknownType(ref: ast.TypeRef, name: string): void {
		if (this.#scope.tag(name)) {
			const kind = kindOf(this.#scope.tag(name) as ast.StructDef);
			this.#report.error('type', ref, `unknown type name '${name}'; did you mean '${kind} ${name}'?`, 'unknown');
			return;
		}
		const word = Object.hasOwn(UNSUPPORTED_WORDS, name) ? UNSUPPORTED_WORDS[name] : undefined;
		if (word) {
			this.#report.error('unsupported', ref, word, 'unknown');
			return;
		}
		if (this.#scope.libraries.declaring(name).length > 0) {
			this.#report.missing(ref, 'unknown', { name, isTag: false });
			return;
		}
		const guess = didYouMean(name, TYPE_WORDS);
		const way = guess || ": use one of C's or the kernel's types, or a struct of your own";
		this.#report.error('type', ref, `unknown type name '${name}'${way}`, 'unknown');
	}

	/** The sizes of an array. */
	dims(dims: readonly ast.Dimension[]): void {
		for (const { size } of dims) this.expression(size);
	}

	/** The initialiser of a variable, whose own name is in scope already. */
	initializer(variable: ast.Variable): void {
		if (variable.init) this.#initialize(variable.init, this.semantics.declaredType(variable));
	}

	/** Links an initialiser for an object of `type`: designators name its fields. */
	#initialize(value: ast.Expression, type: Type): void {
		if (value.$type !== 'InitializerList') {
			this.expression(value);
			return;
		}
		for (const entry of value.entries) this.#designators(entry.designators, type);
		const types = new Map(this.semantics.initializerEntries(value, type).map((e) => [e.entry, e.type]));
		for (const entry of value.entries) this.#initialize(entry.value, types.get(entry) ?? { kind: 'error' });
	}

	#designators(designators: readonly ast.Designator[], type: Type): void {
		let at = type;
		for (const designator of designators) {
			if (designator.field) {
				const field = this.semantics.field(at, designator.field.$refText);
				if (field) setLink(designator.field, field.node);
				else this.#noField(designator, at, designator.field.$refText);
				at = field?.type ?? { kind: 'error' };
			} else {
				this.expression(designator.index);
				if (at.kind !== 'array' && at.kind !== 'error') {
					this.#report.error('type', designator, `'${typeToString(at)}' is no array: [ ] cannot initialise it`);
				}
				at = at.kind === 'array' ? at.of : { kind: 'error' };
			}
		}
	}

	/** Begins a block. */
	open(): void {
		this.#blocks.push(new Map());
	}

	/** Ends a block. */
	close(): void {
		this.#blocks.pop();
	}

	/** Adds a name to the innermost block. */
	declare(node: Local): void {
		const block = this.#blocks.at(-1);
		if (!block || !node.name) return;
		if (block.has(node.name)) {
			this.#report.error(
				'duplicate',
				node,
				`'${node.name}' is already declared in this block: rename one of them`,
				'name',
			);
		}
		block.set(node.name, node);
	}

	/** An expression, or nothing. */
	expression(e: ast.Expression | undefined): void {
		if (!e) return;
		switch (e.$type) {
			case 'NameRef':
				this.#name(e);
				break;
			case 'Parenthesized':
				this.expression(e.inner);
				break;
			case 'BinaryExpr':
			case 'CommaExpr':
				this.expression(e.left);
				this.expression(e.right);
				break;
			case 'Assignment':
				this.expression(e.target);
				this.expression(e.value);
				break;
			case 'Conditional':
				this.expression(e.condition);
				this.expression(e.then);
				this.expression(e.otherwise);
				break;
			case 'Unary':
			case 'Postfix':
			case 'SizeOf':
				this.expression(e.operand);
				break;
			case 'Cast':
				this.#typeName(e.type);
				if (e.literal) this.#initialize(e.literal, this.semantics.typeOfTypeName(e.type));
				this.expression(e.operand);
				break;
			case 'TypeArgument':
				this.#typeName(e.type);
				break;
			case 'Index':
				this.expression(e.array);
				this.expression(e.index);
				break;
			case 'Member':
				this.expression(e.object);
				this.#field(e);
				break;
			case 'Call':
				this.#call(e);
				break;
			case 'InitializerList':
				for (const entry of e.entries) this.expression(entry.value);
				break;
			case 'StatementExpression':
				this.#blockOf(e.body);
				break;
			default:
		}
	}

	#typeName(name: ast.TypeName): void {
		this.typeRef(name.type);
		this.dims(name.dims);
	}

	/** Is there something of this name here? */
	#declares(name: string): boolean {
		return this.#blocks.some((block) => block.has(name)) || this.#scope.name(name) !== undefined;
	}

	#name(e: ast.NameRef): void {
		const name = e.target.$refText;
		if (!name) return;
		for (let i = this.#blocks.length - 1; i >= 0; i--) {
			const local = this.#blocks[i]?.get(name);
			if (local) {
				setLink(e.target, local);
				return;
			}
		}
		const node = this.#scope.name(name);
		if (node) {
			setLink(e.target, node);
			return;
		}
		this.unresolved.push({ node: e, locals: this.#blocks.flatMap((block) => [...block.keys()]) });
	}

	#field(e: ast.Member): void {
		const name = e.field.$refText;
		if (!name) return;
		const type = this.semantics.typeOf(e.object);
		const struct = this.#defined(
			type.kind === 'pointer' || type.kind === 'array' ? (type.kind === 'pointer' ? type.to : type.of) : type,
		);
		const field = this.semantics.field(struct, name);
		if (field) {
			setLink(e.field, field.node);
			const wanted = type.kind === 'struct' ? '.' : '->';
			if (wanted !== e.operator) {
				const what = type.kind === 'struct' ? 'a struct' : 'a pointer';
				this.#report.error(
					'type',
					e,
					`'${sourceText(e.object)}' is ${what}: write '${sourceText(e.object)}${wanted}${name}'`,
				);
			}
			return;
		}
		this.#noField(e, struct, name);
	}

	/** What another file only declares (`struct foo;`) may be defined where it is used. */
	#defined(type: Type): Type {
		if (type.kind !== 'struct' || type.def) return type;
		const def = this.#scope.tag(type.name);
		return def?.$type === 'StructDef' ? this.semantics.structType(def) : type;
	}

	#noField(at: ast.Member | ast.Designator | ast.NameRef, type: Type, name: string): void {
		const property = at.$type === 'NameRef' ? 'target' : 'field';
		if (type.kind === 'error' || !name) return;
		if (type.kind !== 'struct') {
			this.#report.error('type', at, `'${typeToString(type)}' has no fields: '${name}' cannot be one`, property);
		} else if (!type.def) {
			// What a pasted driver has is missing as a whole: each field is told once.
			const key = `${type.name} ${name}`;
			if (this.#missingFields.has(key)) return;
			this.#missingFields.add(key);
			if (this.#scope.libraries.declaring(type.name).length > 0) {
				this.#report.missing(at, property, { name: type.name, isTag: true, field: name });
				return;
			}
			this.#report.undefinedStruct(at, property, type.name);
		} else {
			const guess = didYouMean(
				name,
				type.fields.map((f) => f.name),
			);
			this.#report.error(
				'name',
				at,
				`'${typeToString(type)}' has no field '${name}'${guess || ': add it, or use one that is there'}`,
				property,
			);
		}
	}

	#call(e: ast.Call): void {
		const macroName = e.callee.$type === 'NameRef' ? e.callee.target.$refText : '';
		// whose value is used does more than to print
		const aside = e.$container.$type === 'ExpressionStatement' || macroName.endsWith('_enabled');
		if (aside && printsOnly(macroName) && !this.#declares(macroName)) {
			this.#printed(e);
			return;
		}
		this.expression(e.callee);
		const macro = builtin(macroName) && this.semantics.macroOf(e);
		if (!macro) {
			// what is given a type is a macro, and may be given the name of a field
			const unknown = e.arguments.some((a) => a.$type === 'TypeArgument') && !this.#declares(macroName);
			for (const argument of e.arguments)
				if (!(unknown && argument.$type === 'NameRef' && !this.#declares(argument.target.$refText)))
					this.expression(argument);
			return;
		}
		e.arguments.forEach((argument, index) => {
			const kind = argumentKind(macro, index);
			// what is never evaluated need not be declared: the object that a message is about
			if (kind !== 'member' && kind !== 'ignored') this.expression(argument);
		});
		if (printsOnly(macroName)) this.#printed(e);
		if (CONFIG_MACROS.has(macroName)) this.#config(e.arguments[0], macroName);
		const struct = memberStruct(macro, e.arguments, this.semantics);
		e.arguments.forEach((argument, index) => {
			if (argumentKind(macro, index) === 'member' && struct) this.member(argument, struct);
		});
	}

	#printed(e: ast.Call): void {
		for (const path of e.arguments.flatMap(printedPaths)) linkPath(path, this.#quietly);
	}

	readonly #quietly: PathLinker = {
		name: (e) => {
			if (!this.#declares(e.target.$refText)) return false;
			this.#name(e);
			return true;
		},
		typeOf: (e) => this.semantics.typeOf(e),
		field: (e, type) => {
			const field = this.semantics.field(this.#defined(type), e.field.$refText);
			if (field) setLink(e.field, field.node);
			return field !== undefined;
		},
	};

	/** IS_ENABLED(CONFIG_X): what is not defined is off, as in the kernel. */
	#config(option: ast.Expression | undefined, macro: string): void {
		if (option?.$type !== 'NameRef') return;
		const name = option.target.$refText;
		if (this.#declares(name)) this.expression(option);
		else
			this.#report.warning(
				'name',
				option,
				`'${name}' is not defined, so ${macro}() says no: '#define ${name} 1' makes it yes`,
			);
	}

	/** A member argument: its names are fields. */
	member(argument: ast.Expression, type: Type): Type {
		switch (argument.$type) {
			case 'NameRef': {
				const field = this.semantics.field(type, argument.target.$refText);
				if (field) setLink(argument.target, field.node);
				else if (argument.target.$refText) this.#noField(argument, type, argument.target.$refText);
				return field?.type ?? { kind: 'error' };
			}
			case 'Member': {
				const inner = this.member(argument.object, type);
				const field = this.semantics.field(inner, argument.field.$refText);
				if (field) setLink(argument.field, field.node);
				else this.#noField(argument, inner, argument.field.$refText);
				return field?.type ?? { kind: 'error' };
			}
			case 'Index': {
				this.expression(argument.index);
				const array = this.member(argument.array, type);
				return array.kind === 'array' ? array.of : { kind: 'error' };
			}
			default:
				this.#report.error(
					'type',
					argument,
					`'${sourceText(argument)}' must be the name of a field of '${typeToString(type)}'`,
				);
				return { kind: 'error' };
		}
	}
}

const CONFIG_MACROS = new Set(['IS_ENABLED', 'IS_BUILTIN', 'IS_REACHABLE']);

/** The words that name a type, for suggestions. */
const TYPE_WORDS = [
	...Object.keys(STRUCT_TYPEDEFS),
	...['void', 'bool', 'char', 'short', 'int', 'long', 'unsigned', 'u8', 'u16', 'u32', 'u64', 's8', 's16', 's32', 's64'],
	...['size_t', 'ssize_t', 'gfp_t', 'pfn_t', 'pgoff_t', 'pte_t', 'vm_fault_t', 'dma_addr_t', 'uint32_t', 'uint64_t'],
];
