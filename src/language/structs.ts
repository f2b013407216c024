/** Struct types: one for each definition, and one for each name without one. */

import type * as ast from './generated/ast.js';
import type { FieldInfo, StructType, Type } from './types.js';

const opaque = new Map<string, StructType>();

/** The type of a definition. Its fields are found when they are asked for: a struct may point to itself. */
export class DefinedStruct implements StructType {
	readonly kind = 'struct';
	readonly name: string;
	#fields: readonly FieldInfo[] | undefined;
	readonly #typeOf: (field: ast.Field) => Type;
	readonly def: ast.StructDef | ast.FieldDecl;

	constructor(def: ast.StructDef | ast.FieldDecl, typeOf: (field: ast.Field) => Type) {
		this.def = def;
		this.name = (def.$type === 'StructDef' ? def.name : def.tag) ?? '';
		this.#typeOf = typeOf;
	}

	get fields(): readonly FieldInfo[] {
		if (!this.#fields) {
			const decls = this.def.$type === 'StructDef' ? this.def.fields : this.def.nested;
			const flatten = (list: readonly ast.FieldDecl[]): FieldInfo[] =>
				list.flatMap((decl) =>
					decl.kind && decl.fields.length === 0
						? flatten(decl.nested)
						: decl.fields.map((node) => ({
								name: node.name,
								type: this.#typeOf(node),
								node,
							})),
				);
			// A struct that contains itself by value must not be asked for its fields while they are made.
			this.#fields = [];
			this.#fields = flatten(decls);
		}
		return this.#fields;
	}
}

/** The type of a struct that nobody has defined. */
export function opaqueStruct(name: string): StructType {
	let type = opaque.get(name);
	if (!type) {
		type = { kind: 'struct', name, def: undefined, fields: [] };
		opaque.set(name, type);
	}
	return type;
}
