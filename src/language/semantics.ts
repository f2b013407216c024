/**
 * What the linked tree means in C: the types of declarations and expressions, constants, designators.
 * A tree is linked once and never changes after that, so what is found for a node is kept with the node.
 */

import type { AstNode } from 'langium';
import { builtin, deviceFunction } from './builtins.js';
import { constantValue, PAGES_NAME } from './constant-expressions.js';
import { literalType } from './constants.js';
import * as ast from './generated/ast.js';
import { structTargets, typedefTargets } from './links.js';
import { DefinedStruct, opaqueStruct } from './structs.js';
import { sourceOf } from './text.js';
import {
	type ArrayType,
	CHAR,
	commonType,
	decay,
	ERROR,
	enumType,
	type FieldInfo,
	INT,
	intFromWords,
	LONG,
	pointerTo,
	promote,
	type StructType,
	sizeOf,
	type Type,
	ULONG,
	VOID,
} from './types.js';

export type Declaration =
	| ast.Variable
	| ast.Parameter
	| ast.Field
	| ast.FunctionDecl
	| ast.EnumConstant
	| ast.Define
	| ast.MacroDecl
	| ast.Typedef;

/** One value of an initialiser list, and the object it goes to. */
export interface PlacedInitializer {
	/** Fields and indices from the object that the whole list initialises. */
	readonly path: readonly (FieldInfo | number)[];
	readonly type: Type;
	readonly value: ast.Expression;
	readonly entry: ast.InitializerEntry;
}

const types = new WeakMap<AstNode, Type>();
const structs = new WeakMap<AstNode, StructType>();

export class Semantics {
	readonly commonType = commonType;
	readonly promote = promote;

	/** The type of an expression. Arrays and functions are not decayed: see `decay`. */
	typeOf(expression: ast.Expression): Type {
		let type = types.get(expression);
		if (!type) {
			// A type that asks for itself (a #define of itself) is none.
			types.set(expression, ERROR);
			type = this.#expression(expression);
			types.set(expression, type);
		}
		return type;
	}

	/** The type that a declaration gives its name. */
	declaredType(node: Declaration): Type {
		let type = types.get(node);
		if (!type) {
			types.set(node, ERROR);
			type = this.#declaration(node);
			types.set(node, type);
		}
		return type;
	}

	/** The type that a cast or `sizeof` names. */
	typeOfTypeName(node: ast.TypeName): Type {
		return this.#derived(node.type, node.stars, node.dims);
	}

	/** The type before the stars. */
	typeOfRef(ref: ast.TypeRef | undefined): Type {
		if (!ref) return ERROR;
		if (ref.of) return this.typeOf(ref.of);
		const typedef = typedefTargets.get(ref);
		if (typedef) return this.declaredType(typedef);
		if (ref.unknown !== undefined || ref.typedef !== undefined) return ERROR;
		if (ref.kind === 'enum') return enumType(ref.tag?.$refText);
		if (ref.kind) {
			const def = ref.tag?.ref;
			return def?.$type === 'StructDef' ? this.structType(def) : opaqueStruct(ref.tag?.$refText ?? '');
		}
		const target = structTargets.get(ref);
		if (target) return this.structType(target);
		if (ref.words.length === 1 && ref.words[0] === 'void') return VOID;
		return intFromWords(ref.words) ?? ERROR;
	}

	/** The one type of a struct definition. */
	structType(def: ast.StructDef | ast.FieldDecl): StructType {
		let type = structs.get(def);
		if (!type) {
			type = new DefinedStruct(def, (field) => this.declaredType(field));
			structs.set(def, type);
		}
		return type;
	}

	/** The number of elements, for a scenario of so many pages. */
	arrayLength(type: ArrayType, pages?: number): number | undefined {
		return type.length ?? (type.size ? this.constant(type.size, pages) : undefined);
	}

	/** Bytes as on LP64, for a scenario of so many pages. */
	sizeOf(type: Type, pages?: number): number {
		return sizeOf(type, (array) => this.arrayLength(array, pages));
	}

	/**
	 * The value of a constant expression, or undefined when it is none. `NR_PAGES` has the value `pages`, and none
	 * where that is not given.
	 */
	constant(expression: ast.Expression, pages?: number): number | undefined {
		return constantValue(this, expression, pages);
	}

	/** True for what may stand left of `=`, or behind `&`. */
	isLvalue(expression: ast.Expression): boolean {
		switch (expression.$type) {
			case 'NameRef': {
				const target = expression.target.ref;
				return target?.$type === 'Variable' || target?.$type === 'Parameter' || target?.$type === 'MacroDecl';
			}
			case 'Parenthesized':
				return this.isLvalue(expression.inner);
			case 'Member':
				return expression.operator === '->' || this.isLvalue(expression.object);
			case 'Index':
				return true;
			case 'Unary':
				return expression.operator === '*';
			case 'Cast':
				return expression.literal !== undefined;
			case 'StringLiteral':
				return true;
			default:
				return false;
		}
	}

	/** True for an lvalue that `const` forbids to write. */
	isConst(expression: ast.Expression): boolean {
		switch (expression.$type) {
			case 'NameRef':
				return isConstObject(expression.target.ref);
			case 'Parenthesized':
				return this.isConst(expression.inner);
			case 'Member': {
				if (isConstObject(expression.field.ref)) return true;
				return expression.operator === '.' ? this.isConst(expression.object) : this.#pointsToConst(expression.object);
			}
			case 'Index': {
				const array = this.typeOf(expression.array);
				return array.kind === 'array' ? this.isConst(expression.array) : this.#pointsToConst(expression.array);
			}
			case 'Unary':
				return expression.operator === '*' && this.#pointsToConst(expression.operand);
			default:
				return false;
		}
	}

	/** The field of this name. */
	field(type: Type, name: string): FieldInfo | undefined {
		return type.kind === 'struct' ? type.fields.find((f) => f.name === name) : undefined;
	}

	/** A member argument (`member`, `inner.member`, `member[2]`) as a path of fields and indices into `type`. */
	memberPath(expression: ast.Expression, type: Type): readonly (FieldInfo | number)[] | undefined {
		switch (expression.$type) {
			case 'NameRef': {
				const field = this.field(type, expression.target.$refText);
				return field && [field];
			}
			case 'Member': {
				const path = this.memberPath(expression.object, type);
				const field = path && this.field(endOfPath(path, type), expression.field.$refText);
				return field && [...path, field];
			}
			case 'Index': {
				const path = this.memberPath(expression.array, type);
				const index = this.constant(expression.index);
				return path && index !== undefined ? [...path, index] : undefined;
			}
			default:
				return undefined;
		}
	}

	/** The fields and indices that designators lead through, from an object of `type`. Stops where one leads nowhere. */
	fieldsPath(designators: readonly ast.Designator[], type: Type): (FieldInfo | number)[] {
		const path: (FieldInfo | number)[] = [];
		let at = type;
		for (const designator of designators) {
			if (designator.field) {
				const field = this.field(at, designator.field.$refText);
				if (!field) return path;
				path.push(field);
				at = field.type;
			} else {
				const index = designator.index ? this.constant(designator.index) : undefined;
				if (index === undefined || at.kind !== 'array') return path;
				path.push(index);
				at = at.of;
			}
		}
		return path;
	}

	/** Where each value of an initialiser list goes, in order; nested lists stay one value of their object. */
	initializerEntries(list: ast.InitializerList, type: Type): PlacedInitializer[] {
		const placed: PlacedInitializer[] = [];
		let next = 0;
		for (const entry of list.entries) {
			let path: (FieldInfo | number)[];
			if (entry.designators.length > 0) {
				path = this.fieldsPath(entry.designators, type);
				if (path.length < entry.designators.length) continue;
				const first = path[0];
				next = typeof first === 'number' ? first : type.kind === 'struct' && first ? type.fields.indexOf(first) : 0;
			} else {
				const field = type.kind === 'struct' ? type.fields[next] : undefined;
				path = field ? [field] : type.kind === 'array' ? [next] : [];
			}
			next++;
			if (path.length === 0 && type.kind !== 'int' && type.kind !== 'pointer') continue;
			placed.push({ path, type: endOfPath(path, type), value: entry.value, entry });
		}
		return placed;
	}

	#pointsToConst(expression: ast.Expression): boolean {
		const type = this.typeOf(expression);
		return type.kind === 'pointer' ? (type.const ?? false) : type.kind === 'array' && this.isConst(expression);
	}

	#declaration(node: Declaration): Type {
		switch (node.$type) {
			case 'Variable':
				return this.#variable(node);
			case 'Parameter':
				return decay(this.#declarator(node.type, node));
			case 'Field': {
				const decl = node.$container;
				if (decl.kind) return this.#wrap(this.structType(decl), [], node.stars, node.dims);
				return this.#bits(this.#declarator(decl.type, node), node.bits);
			}
			case 'FunctionDecl': {
				const returns = this.#derived(node.returnType, node.stars, []);
				return this.#function(returns, node.parameters, node.variadic);
			}
			case 'EnumConstant':
				return INT;
			case 'Define':
				if (node.name === PAGES_NAME) return ULONG;
				return node.value ? this.typeOf(node.value) : INT;
			case 'MacroDecl': {
				const target = structTargets.get(node);
				return target ? this.structType(target) : ERROR;
			}
			case 'Typedef':
				return this.#typedef(node);
		}
	}

	/** A bit-field holds what its bits can. */
	#bits(type: Type, bits: ast.Expression | undefined): Type {
		const width = bits && this.constant(bits);
		if (width === undefined || type.kind !== 'int' || width < 1 || width >= 32 || type.max <= 2 ** width - 1)
			return type;
		const [min, max] = type.signed ? [-(2 ** (width - 1)), 2 ** (width - 1) - 1] : [0, 2 ** width - 1];
		return { ...type, name: `${type.name}:${width}`, min, max };
	}

	#typedef(node: ast.Typedef): Type {
		if (node.struct) return this.#wrap(this.structType(node.struct), [], node.stars, node.dims);
		if (node.constants) return this.#wrap(enumType(node.constants.name), [], node.stars, node.dims);
		const type = this.#derived(node.type, node.stars, node.function || node.functionType ? [] : node.dims);
		if (!node.function && !node.functionType) return type;
		const function_ = this.#function(type, node.parameters, node.variadic);
		return node.function ? this.#dimensions(pointerTo(function_), node.dims) : function_;
	}

	#variable(node: ast.Variable): Type {
		const decl = node.$container;
		let type: Type;
		if (decl.$type === 'VariableDecl') type = this.#declarator(decl.type, node);
		else if (decl.$type === 'StructDef') type = this.#wrap(this.structType(decl), [], node.stars, node.dims);
		else type = this.#wrap(enumType(decl.name), [], node.stars, node.dims);
		// `int a[] = { … }` has the length of its initialiser.
		if (type.kind === 'array' && type.length === undefined && !type.size && node.init?.$type === 'InitializerList') {
			const ends = this.initializerEntries(node.init, type).map((e) =>
				typeof e.path[0] === 'number' ? e.path[0] + 1 : 0,
			);
			return { ...type, length: Math.max(0, ...ends) };
		}
		return type;
	}

	#declarator(ref: ast.TypeRef | undefined, node: ast.Variable | ast.Parameter | ast.Field): Type {
		if (!node.function) return this.#derived(ref, node.stars, node.dims);
		const returns = this.#derived(ref, node.stars, []);
		return this.#dimensions(pointerTo(this.#function(returns, node.parameters, node.variadic)), node.dims);
	}

	#function(returns: Type, parameters: readonly ast.Parameter[], variadic: boolean): Type {
		return { kind: 'function', returns, parameters: parameters.map((p) => this.declaredType(p)), variadic };
	}

	#derived(ref: ast.TypeRef | undefined, stars: readonly ast.Star[], dims: readonly ast.Dimension[]): Type {
		const qualifiers = ref?.qualifiers ?? [];
		return this.#wrap(this.typeOfRef(ref), qualifiers, stars, dims);
	}

	#wrap(
		base: Type,
		qualifiers: readonly ast.Qualifier[],
		stars: readonly ast.Star[],
		dims: readonly ast.Dimension[],
	): Type {
		let type = base;
		let options = qualified(qualifiers);
		for (const star of stars) {
			type = pointerTo(type, options);
			options = qualified(star.qualifiers);
		}
		return this.#dimensions(type, dims);
	}

	#dimensions(base: Type, dims: readonly ast.Dimension[]): Type {
		let type = base;
		for (const { size } of dims.toReversed()) {
			type = { kind: 'array', of: type, length: size ? this.constant(size) : undefined, size };
		}
		return type;
	}

	#expression(e: ast.Expression): Type {
		switch (e.$type) {
			case 'NumberLiteral':
				return literalType(e.text);
			case 'CharLiteral':
				return INT;
			case 'StringLiteral':
				return pointerTo(CHAR, { const: true });
			case 'NameRef': {
				const target = e.target.ref;
				return target ? this.declaredType(target) : ERROR;
			}
			case 'Parenthesized':
				return this.typeOf(e.inner);
			case 'TypeArgument':
			case 'Cast':
				return this.typeOfTypeName(e.type);
			case 'SizeOf':
				return ULONG;
			case 'Assignment':
				return decay(this.typeOf(e.target));
			case 'CommaExpr':
				return decay(this.typeOf(e.right));
			case 'Conditional':
				return this.#conditional(e);
			case 'BinaryExpr':
				return this.#binary(e);
			case 'Postfix':
				return decay(this.typeOf(e.operand));
			case 'Unary':
				return this.#unary(e);
			case 'Index': {
				const array = decay(this.typeOf(e.array));
				return array.kind === 'pointer' ? array.to : ERROR;
			}
			case 'Member':
				return e.field.ref ? this.declaredType(e.field.ref) : ERROR;
			case 'Call': {
				const macro = e.callee.$type === 'NameRef' ? this.macroOf(e) : undefined;
				if (macro) return macro.type(e.arguments, this);
				let callee = this.typeOf(e.callee);
				if (callee.kind === 'pointer') callee = callee.to;
				return callee.kind === 'function' ? callee.returns : ERROR;
			}
			default:
				return ERROR;
		}
	}

	/** The typing rule of a call of a macro; none when the user has a function of that name. */
	macroOf(call: ast.Call): ReturnType<typeof builtin> {
		if (call.callee.$type !== 'NameRef') return undefined;
		const target = call.callee.target.ref;
		if (target && (target.$type !== 'FunctionDecl' || !(target.variadic || sourceOf(target).kernel))) return undefined;
		return builtin(call.callee.target.$refText);
	}

	/** The kernel's function for another device than the first, where the first argument is one. */
	deviceFunctionOf(call: ast.Call): string | undefined {
		if (call.callee.$type !== 'NameRef') return undefined;
		const target = call.callee.target.ref;
		if (target?.$type !== 'FunctionDecl' || !sourceOf(target).kernel) return undefined;
		return deviceFunction(target.name, call.arguments, this);
	}

	#conditional(e: ast.Conditional): Type {
		const a = decay(this.typeOf(e.then ?? e.condition));
		const b = decay(this.typeOf(e.otherwise));
		if (a.kind === 'int' && b.kind === 'int') return commonType(a, b);
		if (a.kind === 'error') return b;
		if (a.kind === 'pointer' && b.kind === 'pointer') return isVoidPointer(a) ? b : a;
		return b.kind === 'pointer' ? b : a;
	}

	#binary(e: ast.BinaryExpr): Type {
		if (['==', '!=', '<', '>', '<=', '>=', '&&', '||'].includes(e.operator)) return INT;
		const a = decay(this.typeOf(e.left));
		const b = decay(this.typeOf(e.right));
		if (e.operator === '<<' || e.operator === '>>') return a.kind === 'int' ? promote(a) : ERROR;
		if (a.kind === 'int' && b.kind === 'int') return commonType(a, b);
		if (a.kind === 'pointer') return b.kind === 'pointer' && e.operator === '-' ? LONG : a;
		return b.kind === 'pointer' ? b : ERROR;
	}

	#unary(e: ast.Unary): Type {
		const type = this.typeOf(e.operand);
		switch (e.operator) {
			case '!':
				return INT;
			case '*': {
				const pointer = decay(type);
				return pointer.kind === 'pointer' ? pointer.to : ERROR;
			}
			case '&':
				return type.kind === 'error' ? ERROR : pointerTo(type, { const: this.isConst(e.operand) });
			case '++':
			case '--':
				return type;
			default:
				return type.kind === 'int' ? promote(type) : ERROR;
		}
	}
}

function endOfPath(path: readonly (FieldInfo | number)[], type: Type): Type {
	let at = type;
	for (const step of path) {
		if (typeof step !== 'number') at = step.type;
		else at = at.kind === 'array' ? at.of : ERROR;
	}
	return at;
}

function isVoidPointer(type: Type): boolean {
	return type.kind === 'pointer' && type.to.kind === 'void';
}

function isConstObject(node: AstNode | undefined): boolean {
	let stars: readonly ast.Star[] = [];
	let ref: ast.TypeRef | undefined;
	if (ast.isVariable(node) && node.$container.$type === 'VariableDecl') {
		stars = node.stars;
		ref = node.$container.type;
	} else if (ast.isParameter(node)) {
		stars = node.stars;
		ref = node.type;
	} else if (ast.isField(node)) {
		stars = node.stars;
		ref = node.$container.type;
	}
	return ((stars.length > 0 ? stars.at(-1)?.qualifiers : ref?.qualifiers) ?? []).includes('const');
}

const qualified = (qualifiers: readonly ast.Qualifier[]): { const: boolean; user: boolean; iomem: boolean } => ({
	const: qualifiers.includes('const'),
	user: qualifiers.includes('__user'),
	iomem: qualifiers.includes('__iomem'),
});
