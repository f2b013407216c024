/** The names that files declare, and which of them others see. */

import type { EnumDef, Field, File, MacroDecl, Named, StructDef, TagDef, Typedef, Variable } from './generated/ast.js';
import type { ParsedFile } from './parser.js';
import type { Report } from './report.js';
import { spanOf } from './text.js';

/** The names a file, or a group of files, offers. */
export interface Names {
	readonly names: Map<string, Named>;
	readonly tags: Map<string, TagDef>;
	readonly typedefs: Map<string, Typedef>;
}

/** What one file declares: all of it, what other files of the kernel see, and what users see. */
export interface Declarations {
	readonly own: Names;
	readonly exported: Names;
}

/** Functions with two underscores that drivers do call; all others are their library's own. */
const PUBLIC_UNDERSCORES =
	/^__([A-Z]|mmu_notifier_|mmu_interval_notifier_|get_user_pages|get_free_page|free_page|set_current_state|set_page_dirty|wake_up|add_wait_queue|remove_wait_queue|copy_(to|from)_user|xa_(store|erase)$|(test_and_)?(set|clear)_bit$|ffs$|get_user$|put_user$)/;

/** False for what a file of the simulated kernel keeps from sketches. */
export function isPublic(node: Named): boolean {
	if (node.$type === 'Define' || node.$type === 'EnumConstant') return true;
	const name = node.name ?? '';
	return !name.startsWith('__') || PUBLIC_UNDERSCORES.test(name);
}

/** True for what `static` keeps to its file. */
export function isStatic(node: Named): boolean {
	if (node.$type === 'FunctionDecl' || node.$type === 'MacroDecl') return node.storage.includes('static');
	if (node.$type === 'Variable' && node.$container.$type === 'VariableDecl')
		return node.$container.storage.includes('static');
	return false;
}

function isExtern(node: Named): boolean {
	return (
		node.$type === 'Variable' && node.$container.$type === 'VariableDecl' && node.$container.storage.includes('extern')
	);
}

/** No names at all. */
export function noNames(): Names {
	return { names: new Map(), tags: new Map(), typedefs: new Map() };
}

/** All names declared at file scope, with what is declared twice reported. */
export function declarationsOf(file: ParsedFile, report: Report): Declarations {
	const own = noNames();
	const add = (node: Named) => {
		const name = node.name;
		if (!name) return;
		const before = own.names.get(name);
		if (!before) {
			own.names.set(name, node);
			return;
		}
		const bothFunctions = before.$type === 'FunctionDecl' && node.$type === 'FunctionDecl';
		if (bothFunctions && !(before.body && node.body)) {
			if (node.body) own.names.set(name, node);
			return;
		}
		if (before.$type === node.$type && (isExtern(before) || isExtern(node))) {
			if (isExtern(before)) own.names.set(name, node);
			return;
		}
		report.error(
			'duplicate',
			node,
			`'${name}' is already declared in line ${spanOf(before).line}: rename one of them`,
			'name',
		);
	};
	const addTag = (node: TagDef) => {
		if (!node.name) return;
		const before = own.tags.get(node.name);
		if (!before) own.tags.set(node.name, node);
		else
			report.error(
				'duplicate',
				node,
				`'${kindOf(node)} ${node.name}' is already defined in line ${spanOf(before).line}: rename one of them`,
				'name',
			);
	};
	for (const item of file.root.items) {
		switch (item.$type) {
			case 'StructDef':
				addTag(item);
				item.variables.forEach(add);
				break;
			case 'EnumDef':
				addTag(item);
				item.constants.forEach(add);
				item.variables.forEach(add);
				break;
			case 'VariableDecl':
				item.variables.forEach(add);
				break;
			case 'Define':
			case 'FunctionDecl':
			case 'MacroDecl':
				add(item);
				break;
			case 'Typedef':
				if (!own.typedefs.has(item.name)) own.typedefs.set(item.name, item);
				if (item.struct) addTag(item.struct);
				if (item.constants) addTag(item.constants);
				item.constants?.constants.forEach(add);
				break;
			default:
		}
	}
	return { own, exported: exportsOf(file, own) };
}

function exportsOf(file: ParsedFile, own: Names): Names {
	if (!file.kernel) return own;
	return {
		names: new Map([...own.names].filter(([, node]) => !isStatic(node))),
		tags: own.tags,
		typedefs: own.typedefs,
	};
}

/** `struct`, `union` or `enum`. */
export function kindOf(node: StructDef | EnumDef): string {
	return node.$type === 'EnumDef' ? 'enum' : node.kind;
}

/** Adds the names of `from`; a definition replaces a prototype, and nothing else is replaced. */
export function mergeNames(into: Names, from: Names): void {
	for (const [name, node] of from.names) {
		const before = into.names.get(name);
		if (!before || (before.$type === 'FunctionDecl' && !before.body && node.$type === 'FunctionDecl' && node.body)) {
			into.names.set(name, node);
		}
	}
	for (const [name, node] of from.tags) if (!into.tags.has(name)) into.tags.set(name, node);
	for (const [name, node] of from.typedefs) if (!into.typedefs.has(name)) into.typedefs.set(name, node);
}

/** What libraries declare, for files that do not include them. */
export interface LibraryNames {
	/** In the order in which they are proposed. */
	readonly names: readonly string[];
	/** The libraries that declare a name or a tag, themselves or by their core. */
	declaring(name: string): readonly string[];
	/** Whether a file that includes this library sees that name or tag. */
	shows(library: string, name: string): boolean;
	/** The field of the struct with this tag that such a file sees. */
	field(library: string, tag: string, name: string): Field | undefined;
}

/** What a file sees at file scope: its own names first, then those of the layers, in order. */
export class FileScope {
	constructor(
		readonly own: Names,
		readonly layers: readonly Names[],
		/** Files of the kernel see each other's names with two underscores. */
		readonly kernel: boolean,
		/** The libraries that this file could include. */
		readonly libraries: LibraryNames,
	) {}

	/** The declaration of a name; a function's definition rather than a prototype of it. */
	name(name: string): Named | undefined {
		const own = this.own.names.get(name);
		if (own && (own.$type !== 'FunctionDecl' || own.body)) return own;
		let found: Named | undefined = own;
		for (const layer of this.layers) {
			const node = layer.names.get(name);
			if (!node || !(this.kernel || isPublic(node))) continue;
			if (found === undefined) found = node;
			if (node.$type !== 'FunctionDecl') return found;
			if (node.body) return node;
		}
		return found;
	}

	/** The struct or enum of a tag. */
	tag(name: string): TagDef | undefined {
		const own = this.own.tags.get(name);
		if (own) return own;
		for (const layer of this.layers) {
			const node = layer.tags.get(name);
			if (node) return node;
		}
		return undefined;
	}

	/** The typedef of a name. */
	typedef(name: string): Typedef | undefined {
		const own = this.own.typedefs.get(name);
		if (own) return own;
		for (const layer of this.layers) {
			const node = layer.typedefs.get(name);
			if (node) return node;
		}
		return undefined;
	}

	/** Every name that could stand here, for suggestions. */
	*allNames(): Iterable<Named> {
		yield* this.own.names.values();
		for (const layer of this.layers) {
			for (const node of layer.names.values()) if (this.kernel || isPublic(node)) yield node;
		}
	}

	*allTags(): Iterable<string> {
		yield* this.own.tags.keys();
		for (const layer of this.layers) yield* layer.tags.keys();
	}
}

/** The variables of a file in order, with those that stand behind a struct or enum. */
export function variablesOf(root: File): (Variable | MacroDecl)[] {
	return root.items.flatMap((item): (Variable | MacroDecl)[] => {
		switch (item.$type) {
			case 'VariableDecl':
			case 'StructDef':
			case 'EnumDef':
				return item.variables;
			case 'MacroDecl':
				return [item];
			default:
				return [];
		}
	});
}
