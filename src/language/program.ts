/** A sketch with everything it includes: parsed, linked and checked. The entry of this folder. */

import { checkProgram } from './checks/program.js';
import type { File, FunctionDecl, MacroDecl, Scenario, StructDef, Variable } from './generated/ast.js';
import { LibraryCache, type LinkedFile, Loader, type LoadOptions } from './load.js';
import { type FileScope, isStatic, variablesOf } from './names.js';
import type { Problem } from './problem.js';
import { Semantics } from './semantics.js';

export { sourceText, spanOf } from './text.js';

/** The files of the simulated kernel. */
export interface Libraries {
	/** Files that every sketch includes without saying so, in order. */
	readonly prelude: readonly string[];
	/** The uri of `#include <name>`. */
	resolve(name: string): string | undefined;
	/** Which of them a header of the kernel means, where the sketch does not say. */
	readonly headers?: Readonly<Record<string, string>>;
	/** The same whatever generation is meant, but where the sketch declares itself what the library has. */
	readonly besides?: Readonly<Record<string, readonly string[]>>;
	/** Names that could be meant, for did-you-mean. */
	readonly names: readonly string[];
	read(uri: string): string | undefined;
	/** Trees of these files, as `packTrees` made them of these very texts; empty where the build has made none. */
	readonly packed?: string;
}

/** Where the text of users' files comes from. */
export interface Sources {
	read(uri: string): Promise<string | undefined>;
	/** The file that an include in `from` names, where that is not a path from there. */
	resolve?(from: string, name: string): string | undefined;
}

/** One file of a program. `kernel`: it belongs to the simulated kernel. */
export interface ProgramFile {
	readonly uri: string;
	readonly root: File;
	readonly kernel: boolean;
}

export interface Program {
	readonly uri: string;
	readonly root: File;
	/** Prelude first, then includes in order, then the sketch. */
	readonly files: readonly ProgramFile[];
	readonly problems: readonly Problem[];
	/** A header of the kernel that was taken for a library, because no file says which generation of the API it means. */
	readonly header?: { readonly name: string; readonly library: string };
	readonly semantics: Semantics;
	/** What the sketch sees at file scope, for proposals. */
	readonly scope: FileScope;
	/** The scenarios of the sketch itself; those of files it includes are not run. */
	readonly scenarios: readonly Scenario[];
	/** By name: the definition if there is one, else a prototype. */
	readonly functions: ReadonlyMap<string, FunctionDecl>;
	readonly structs: ReadonlyMap<string, StructDef>;
	/** Of all files, in order. */
	readonly globals: readonly (Variable | MacroDecl)[];
	/** The function that a call of `declaration` runs: its definition, wherever that stands. */
	definitionOf(declaration: FunctionDecl): FunctionDecl;
}

const caches = new WeakMap<Libraries, LibraryCache>();

function cacheOf(libraries: Libraries): LibraryCache {
	let cache = caches.get(libraries);
	if (!cache) {
		cache = new LibraryCache(libraries);
		caches.set(libraries, cache);
	}
	return cache;
}

/**
 * Loads the sketch at `uri` with all it includes. Never throws on what a user typed: what is wrong is in `problems`.
 * Trees are shared between calls and must not be changed.
 */
export async function loadProgram(
	uri: string,
	sources: Sources,
	libraries: Libraries,
	options: LoadOptions = {},
): Promise<Program> {
	const cache = cacheOf(libraries);
	const prelude = cache.prelude().files;
	const loader = new Loader(sources, libraries, cache);
	const sketch = await loader.load(uri, options);
	if (!sketch) throw new Error('the first file is always loaded');
	return makeProgram(uri, sketch, [...prelude, ...loader.files], loader.problems, loader.header);
}

/** A file of the simulated kernel with all it sees, as the programs that include it see it; undefined for any other uri. */
export function loadKernelFile(uri: string, libraries: Libraries): Program | undefined {
	if (libraries.read(uri) === undefined) return undefined;
	const cache = cacheOf(libraries);
	const prelude = cache.prelude().files;
	const files = prelude.some(({ parsed }) => parsed.uri === uri)
		? prelude
		: [...prelude, ...(cache.library(uri) ?? [])];
	const file = files.find(({ parsed }) => parsed.uri === uri);
	return file && makeProgram(uri, file, files, []);
}

/** The prelude, and the files at `uris` with all they include, for the build to pack. */
export function linkedFiles(libraries: Libraries, uris: readonly string[]): LinkedFile[] {
	const cache = cacheOf(libraries);
	const files = new Set(cache.prelude().files);
	for (const uri of uris) for (const file of cache.library(uri) ?? []) files.add(file);
	return [...files];
}

/** As one reads: within a file from top to bottom; what is said of one place stays in its order. */
function byPlace({ span: a }: Problem, { span: b }: Problem): number {
	return a.uri !== b.uri ? 0 : a.line - b.line || a.column - b.column;
}

function makeProgram(
	uri: string,
	sketch: LinkedFile,
	files: readonly LinkedFile[],
	more: readonly Problem[],
	header?: Program['header'],
): Program {
	const { functions, structs, globals } = declared(files);
	const program: Program = {
		uri,
		root: sketch.parsed.root,
		files: files.map(({ parsed }) => ({ uri: parsed.uri, root: parsed.root, kernel: parsed.kernel })),
		problems: [],
		...(header && { header }),
		semantics: new Semantics(),
		scope: sketch.scope,
		scenarios: sketch.parsed.root.items.filter((item) => item.$type === 'Scenario'),
		functions,
		structs,
		globals,
		definitionOf: (declaration) => {
			if (declaration.body || isStatic(declaration)) return declaration;
			return functions.get(declaration.name) ?? declaration;
		},
	};
	let problems: readonly Problem[] | undefined;
	return {
		...program,
		// who only proposes names at a cursor never asks
		get problems() {
			problems ??= [...files.flatMap((file) => file.problems), ...more, ...checkProgram(program, files)].sort(byPlace);
			return problems;
		},
	};
}

/** What files declare together. */
interface Declared {
	readonly functions: Map<string, FunctionDecl>;
	readonly structs: Map<string, StructDef>;
	readonly globals: (Variable | MacroDecl)[];
}

/** By the last of the files that begin a list: those of the kernel are the same in most programs. */
const begun = new WeakMap<LinkedFile, { readonly files: readonly LinkedFile[]; readonly declared: Declared }>();

function declared(files: readonly LinkedFile[]): Declared {
	const own = files.findIndex(({ parsed }) => !parsed.kernel);
	const kernel = own < 0 ? files : files.slice(0, own);
	const last = kernel.at(-1);
	let known = last && begun.get(last);
	if (!known || known.files.length !== kernel.length || known.files.some((file, n) => file !== kernel[n])) {
		known = { files: kernel, declared: { functions: new Map(), structs: new Map(), globals: [] } };
		for (const file of kernel) declareAll(known.declared, file);
		if (last) begun.set(last, known);
	}
	const { functions, structs, globals } = known.declared;
	const all = { functions: new Map(functions), structs: new Map(structs), globals: [...globals] };
	for (const file of files.slice(kernel.length)) declareAll(all, file);
	return all;
}

function declareAll({ functions, structs, globals }: Declared, { parsed: { root } }: LinkedFile): void {
	for (const item of root.items) {
		if (item.$type === 'FunctionDecl') addFunction(functions, item);
		else if (item.$type === 'StructDef' && item.name && !structs.has(item.name)) structs.set(item.name, item);
	}
	globals.push(...variablesOf(root));
}

/** A definition beats a prototype, and a public one beats another file's static. */
function addFunction(functions: Map<string, FunctionDecl>, node: FunctionDecl): void {
	const before = functions.get(node.name);
	const rank = (f: FunctionDecl) => (f.body ? 2 : 0) + (isStatic(f) ? 0 : 1);
	if (!before || rank(node) > rank(before)) functions.set(node.name, node);
}
