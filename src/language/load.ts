/**
 * Files and what they include. Files of the simulated kernel are parsed, linked and checked once in a process; a
 * user's file is kept until its text, or what it includes, changes.
 */

import { URI, Utils } from 'vscode-uri';
import { checkFile } from './checks/file.js';
import type { Call, Field, File, Include } from './generated/ast.js';
import { FileLinker } from './link.js';
import { reportMissing } from './missing-includes.js';
import {
	type Declarations,
	declarationsOf,
	FileScope,
	isPublic,
	type LibraryNames,
	mergeNames,
	type Names,
	noNames,
} from './names.js';
import { PackedReader } from './packed/unpack.js';
import { type ParsedFile, parseFile } from './parser.js';
import type { Problem } from './problem.js';
import type { Libraries, Sources } from './program.js';
import { Report } from './report.js';
import { didYouMean } from './suggest.js';
import { fileName, spanOf } from './text.js';
import { reportUnknownNames } from './unknown-names.js';
import { reportUndefinedStructs } from './unknown-structs.js';

/** A file with its names linked. It never changes: what it means depends on what stands above it only. */
export interface LinkedFile {
	readonly id: number;
	readonly parsed: ParsedFile;
	readonly declarations: Declarations;
	readonly scope: FileScope;
	readonly problems: readonly Problem[];
	/** Calls of a user's file by name, for the checks that need the whole program. */
	readonly calls: readonly Call[];
}

let nextId = 1;

/** What the prelude can include. */
const NO_LIBRARIES: LibraryNames = { names: [], declaring: () => [], shows: () => false, field: () => undefined };

/** Declarations and scopes of files that see each other, on top of `layers`. */
function scopesOf(group: readonly ParsedFile[], layers: readonly Names[], libraries: LibraryCache | undefined) {
	const reports = group.map(() => new Report());
	const declared = group.map((file, i) => declarationsOf(file, reports[i] ?? new Report()));
	const shared = noNames();
	if (group.length > 1) for (const { exported } of declared) mergeNames(shared, exported);
	return group.map((parsed, i) => {
		const declarations = declared[i] ?? { own: noNames(), exported: noNames() };
		const report = reports[i] ?? new Report();
		const above = group.length > 1 ? [shared, ...layers] : layers;
		const scope = new FileScope(declarations.own, above, parsed.kernel, libraries ?? NO_LIBRARIES);
		return { parsed, declarations, report, scope };
	});
}

/** Links files that see each other, on top of `layers`; checks them unless told otherwise. */
function linkGroup(
	group: readonly ParsedFile[],
	layers: readonly Names[],
	libraries: LibraryCache | undefined,
	checked = true,
): LinkedFile[] {
	const files = scopesOf(group, layers, libraries).map((file) => ({
		...file,
		linker: new FileLinker(file.scope, file.report),
	}));
	for (const { linker, parsed } of files) linker.linkTags(parsed.root);
	for (const { linker, parsed } of files) linker.linkConstants(parsed.root);
	for (const { linker, parsed } of files) linker.linkBodies(parsed.root);
	return files.map(({ parsed, declarations, report, scope, linker }) => {
		if (checked) reportUnknownNames(linker.unresolved, scope, report);
		const calls = checked ? checkFile(parsed.root, scope, report) : [];
		if (checked) reportMissing(report, scope);
		if (checked) reportUndefinedStructs(report, parsed.root, scope);
		return {
			id: nextId++,
			parsed,
			declarations,
			scope,
			problems: together(parsed.problems, report.problems),
			calls,
		};
	});
}

/** As linkGroup, for files of the simulated kernel that were linked and checked when the product was built. */
function takeGroup(
	group: readonly ParsedFile[],
	layers: readonly Names[],
	libraries: LibraryCache | undefined,
): LinkedFile[] {
	return scopesOf(group, layers, libraries).map(({ parsed, declarations, scope }) => ({
		id: nextId++,
		parsed,
		declarations,
		scope,
		problems: [],
		calls: [],
	}));
}

/** Where the syntax is wrong, the same spot is told once, and doubts about what is only half there are kept back. */
function together(syntax: readonly Problem[], checks: readonly Problem[]): Problem[] {
	if (syntax.length === 0) return [...checks];
	const broken = syntax.some((problem) => problem.code === 'syntax');
	const lines = new Set(syntax.filter(({ code }) => code === 'syntax').map(({ span }) => span.line));
	const told = new Set(syntax.map(({ span }) => `${span.line}:${span.column}`));
	const kept = checks.filter(
		({ span, severity }) =>
			!lines.has(span.line) && !told.has(`${span.line}:${span.column}`) && !(broken && severity !== 'error'),
	);
	return [...syntax, ...kept];
}

const tooDeep = (uri: string): Problem => ({
	code: 'syntax',
	severity: 'error',
	message: 'this file is nested too deeply to be understood: split its expressions and blocks',
	span: { uri, line: 1, column: 1, endLine: 1, endColumn: 2 },
});

/** As linkGroup, but a tree so deep that the stack ends is a problem instead of an exception. */
function linkSafely(file: ParsedFile, layers: readonly Names[], libraries: LibraryCache, checked = true): LinkedFile {
	try {
		const [linked] = linkGroup([file], layers, libraries, checked);
		if (linked) return linked;
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
	}
	const empty = parseFile(file.uri, '', file.kernel);
	const [linked] = linkGroup([{ ...empty, text: file.text, problems: [tooDeep(file.uri)] }], layers, libraries);
	if (!linked) throw new Error('a group of one file links to one file');
	return linked;
}

/** An include line of a file of the simulated kernel. */
const INCLUDED = /^#include <([^>]+)>/gm;

/** The files of the simulated kernel, each loaded once. */
export class LibraryCache implements LibraryNames {
	readonly #libraries: Libraries;
	readonly #packed: PackedReader | undefined;
	readonly #files = new Map<string, { linked: LinkedFile; layers: readonly LinkedFile[] } | undefined>();
	#prelude: { files: readonly LinkedFile[]; names: Names } | undefined;
	readonly #declaredBy = new Map<string, readonly string[]>();

	constructor(libraries: Libraries) {
		this.#libraries = libraries;
		this.#packed = libraries.packed ? new PackedReader(libraries.packed, (uri) => libraries.read(uri)) : undefined;
	}

	prelude(): { files: readonly LinkedFile[]; names: Names } {
		if (!this.#prelude) {
			const uris = this.#libraries.prelude;
			const packed = this.#packed?.files(uris);
			const parsed = packed ?? uris.map((uri) => parseFile(uri, this.#libraries.read(uri) ?? '', true));
			const files = packed ? takeGroup(packed, [], undefined) : linkGroup(parsed, [], undefined);
			const names = noNames();
			for (const file of files) mergeNames(names, file.declarations.exported);
			this.#prelude = { files, names };
		}
		return this.#prelude;
	}

	/** A library with the libraries it includes, innermost first; undefined when there is none at `uri`. */
	library(uri: string): readonly LinkedFile[] | undefined {
		if (this.#prelude?.files.some((file) => file.parsed.uri === uri)) return [];
		if (!this.#files.has(uri)) {
			this.#files.set(uri, undefined);
			const text = this.#libraries.read(uri);
			if (text === undefined) return undefined;
			const { names: prelude } = this.prelude();
			const layers: LinkedFile[] = [];
			for (const [, name = ''] of text.matchAll(INCLUDED)) {
				const inner = this.#libraries.resolve(name);
				for (const file of (inner && this.library(inner)) || []) if (!layers.includes(file)) layers.push(file);
			}
			const names = [...layers.map((file) => file.declarations.exported).reverse(), prelude];
			const packed = this.#packed?.files([uri]);
			const [taken] = packed ? takeGroup(packed, names, this) : [];
			this.#files.set(uri, { linked: taken ?? linkSafely(parseFile(uri, text, true), names, this), layers });
		}
		const entry = this.#files.get(uri);
		return entry && [...entry.layers, entry.linked];
	}

	/** A library and its own core, which nobody includes by itself. */
	#partsOf(uri: string): readonly string[] {
		const core = this.#libraries.resolve(uri.replace(/^.*:\/|\.mmn$/g, '').concat('-core'));
		return core === undefined ? [uri] : [uri, core];
	}

	get names(): readonly string[] {
		return this.#libraries.names;
	}

	declaring(name: string): readonly string[] {
		let found = this.#declaredBy.get(name);
		if (!found) {
			this.#declaredBy.set(name, []);
			found = this.names.filter((library) => {
				const uri = this.#libraries.resolve(library);
				// Most libraries do not contain the word at all, and need not be linked to know it.
				if (!uri || !this.#partsOf(uri).some((part) => this.#libraries.read(part)?.includes(name))) return false;
				const own = this.library(uri)?.filter(({ parsed }) => this.#partsOf(uri).includes(parsed.uri)) ?? [];
				return own.some(({ declarations: { exported } }) => isDeclared(exported, name));
			});
			this.#declaredBy.set(name, found);
		}
		return found;
	}

	shows(library: string, name: string): boolean {
		return this.#named(library).some((exported) => isDeclared(exported, name));
	}

	field(library: string, tag: string, name: string): Field | undefined {
		for (const { tags } of this.#named(library)) {
			const struct = tags.get(tag);
			if (struct?.$type !== 'StructDef') continue;
			return struct.fields.flatMap((decl) => decl.fields).find((field) => field.name === name);
		}
		return undefined;
	}

	/** What a file sees that includes this library. */
	#named(library: string): Names[] {
		const files = this.library(this.#libraries.resolve(library) ?? '') ?? [];
		return files.map(({ declarations }) => declarations.exported);
	}
}

function isDeclared({ names, tags, typedefs }: Names, name: string): boolean {
	const named = names.get(name);
	return tags.has(name) || typedefs.has(name) || (named !== undefined && isPublic(named));
}

interface IncludeLine {
	readonly node: Include;
	/** Undefined when the line names nothing. */
	readonly path: { readonly name: string; readonly library: boolean } | undefined;
}

function includesOf(root: File): IncludeLine[] {
	return root.items.flatMap((node) => {
		if (node.$type !== 'Include') return [];
		const match = /(?:<([^>]*)>|"([^"]*)")/.exec(node.path);
		const name = (match?.[1] ?? match?.[2] ?? '').trim();
		return [{ node, path: name ? { name, library: match?.[1] !== undefined } : undefined }];
	});
}

const KEPT = 64;
const userFiles = new Map<string, LinkedFile>();

function keep(key: string, linked: LinkedFile): void {
	userFiles.delete(key);
	userFiles.set(key, linked);
	for (const old of userFiles.keys()) {
		if (userFiles.size <= KEPT) break;
		userFiles.delete(old);
	}
}

/** What declares the API of the notifiers, as it was at some time. */
const GENERATION = /^mn\/|^hmm$|^migrate$/;

/** For texts that nobody typed. */
export interface LoadOptions {
	/** The tree of the file itself is not worth keeping for the next call. */
	readonly scratch?: boolean;
	/** Nor does anybody ask what is wrong with it: only its names are linked. */
	readonly unchecked?: boolean;
}

/** A header of the kernel: `linux/mm.h`, `xen/grant_table.h`. */
const HEADER = /^(?!mn\/).+\/.+\.h$/;

/** Loads a sketch with all it includes. */
export class Loader {
	/** In the order of a C compiler: what is included stands before what includes it. The prelude is not among them. */
	readonly files: LinkedFile[] = [];
	readonly problems: Problem[] = [];
	/** A header of the kernel that was taken for a library. */
	header: { readonly name: string; readonly library: string } | undefined;
	readonly #sources: Sources;
	readonly #libraries: Libraries;
	readonly #cache: LibraryCache;
	readonly #open: string[] = [];
	readonly #done = new Set<string>();
	/** Some file says which generation of the API it means. */
	#generation = false;

	constructor(sources: Sources, libraries: Libraries, cache: LibraryCache) {
		this.#sources = sources;
		this.#libraries = libraries;
		this.#cache = cache;
	}

	/** Loads the file at `uri`; `from` is the line that includes it. */
	async load(
		uri: string,
		{ from, scratch = false, unchecked = false }: LoadOptions & { readonly from?: Include } = {},
	): Promise<LinkedFile | undefined> {
		const text = await this.#read(uri);
		if (text === undefined) {
			if (from) return undefined;
			this.#problem('this file cannot be read: check that it exists and that you may read it', {
				span: { uri, line: 1, column: 1, endLine: 1, endColumn: 2 },
			});
		}
		this.#open.push(uri);
		const probe = userFile(uri, text ?? '');
		const lines = includesOf(probe.root);
		this.#generation ||= lines.some(({ path }) => path?.library && GENERATION.test(path.name));
		for (const line of lines) await this.#include(line, uri);
		this.#open.pop();
		this.#done.add(uri);
		this.#includeHeaders(lines);
		this.#includeBesides(lines, probe.root);
		const layers = [...this.files].reverse();
		const key = `${uri}\n${layers.map((file) => file.id).join(' ')}`;
		let linked = userFiles.get(key);
		if (linked?.parsed.text !== probe.text) {
			const parsed = probe.fresh();
			const names = [...layers.map((file) => file.declarations.exported), this.#cache.prelude().names];
			linked = linkSafely(parsed, names, this.#cache, !unchecked);
		}
		if (!linked) return undefined;
		if (!scratch && !unchecked) keep(key, linked);
		this.files.push(linked);
		return linked;
	}

	async #read(uri: string): Promise<string | undefined> {
		try {
			return await this.#sources.read(uri);
		} catch {
			return undefined;
		}
	}

	async #include({ node, path }: IncludeLine, uri: string): Promise<void> {
		if (!path) {
			this.#problem('#include names no file: write #include <mn/active-ranges> or #include "file.mmn"', { node });
			return;
		}
		if (path.library) {
			this.#includeLibrary(node, path.name);
			return;
		}
		if (!path.name.endsWith('.mmn')) {
			this.#problem(
				`"${path.name}" is no sketch: copy the structs and constants that this sketch needs from it, and remove the line`,
				{ node },
			);
			return;
		}
		const target = this.#sources.resolve?.(uri, path.name) ?? resolveFile(uri, path.name);
		if (target === undefined) {
			this.#problem(`"${path.name}" cannot be found from here: save this file first, or give a path relative to it`, {
				node,
			});
		} else if (this.#open.includes(target)) {
			const cycle = [...this.#open.slice(this.#open.indexOf(target)), target].map(fileName).join(' → ');
			this.#problem(`"${path.name}" includes itself (${cycle}): remove one of these includes`, { node });
		} else if (!this.#done.has(target) && !(await this.load(target, { from: node }))) {
			this.#problem(
				`"${path.name}" cannot be read (looked for ${target}): check the path, which is relative to this file`,
				{ node },
			);
		}
	}

	#includeLibrary(node: Include, name: string): void {
		const uri = this.#libraries.resolve(name);
		const files = uri === undefined ? undefined : this.#cache.library(uri);
		if (files) {
			this.#add(files);
			return;
		}
		// of the kernel's headers there is nothing to say: what they declare is known, or is missed where it is used
		if (HEADER.test(name)) return;
		const guess = didYouMean(name, this.#libraries.names).replace(/'(.*)'/, '<$1>');
		this.#problem(`no library <${name}>${guess || `: there are ${this.#menu()}`}`, { node });
	}

	/** Where nobody says which generation is meant, a header of the API means today's. */
	#includeHeaders(lines: readonly IncludeLine[]): void {
		if (this.#generation) return;
		for (const { path } of lines) {
			const library = path?.library ? this.#libraries.headers?.[path.name] : undefined;
			const files = library && this.#cache.library(this.#libraries.resolve(library) ?? '');
			if (!path || !library || !files) continue;
			this.header ??= { name: path.name, library };
			this.#add(files);
		}
	}

	/** Who has written a stub of what the header declares goes on with that. */
	#includeBesides(lines: readonly IncludeLine[], root: File): void {
		for (const { path } of lines) {
			for (const library of (path?.library && this.#libraries.besides?.[path.name]) || []) {
				const files = this.#cache.library(this.#libraries.resolve(library) ?? '') ?? [];
				const declared = files.filter((file) => !this.files.includes(file)).map((file) => file.declarations.exported);
				if (!definedIn(root).some((name) => declared.some((names) => isDeclared(names, name)))) this.#add(files);
			}
		}
	}

	#add(files: readonly LinkedFile[]): void {
		for (const file of files) if (!this.files.includes(file)) this.files.push(file);
	}

	#menu(): string {
		const names = this.#libraries.names.filter((name) => !name.startsWith('environment/'));
		return names.map((name) => `<${name}>`).join(', ');
	}

	#problem(message: string, at: { node?: Include; span?: Problem['span'] }): void {
		const span = at.span ?? (at.node ? spanOf(at.node) : undefined);
		if (span) this.problems.push({ code: 'include', severity: 'error', message, span });
	}
}

/** Structs, constants and functions that a file gives a meaning of its own. */
const definedIn = (root: File): string[] =>
	root.items.flatMap((item) => {
		if (item.$type === 'StructDef') return item.fields.length > 0 && item.name !== undefined ? [item.name] : [];
		if (item.$type === 'FunctionDecl') return item.body === undefined ? [] : [item.name];
		return item.$type === 'Define' ? [item.name] : [];
	});

interface Probe {
	readonly text: string;
	readonly root: File;
	/** A tree that no program has linked. */
	fresh(): ParsedFile;
}

/** The tree of a user's file; one that is linked already serves to read the includes. */
function userFile(uri: string, text: string): Probe {
	for (const linked of userFiles.values()) {
		if (linked.parsed.uri === uri && linked.parsed.text === text) {
			return { text, root: linked.parsed.root, fresh: () => parseFile(uri, text, false) };
		}
	}
	const parsed = parseFile(uri, text, false);
	return { text, root: parsed.root, fresh: () => parsed };
}

function resolveFile(from: string, path: string): string | undefined {
	try {
		return Utils.resolvePath(Utils.dirname(URI.parse(from)), path).toString();
	} catch {
		return undefined;
	}
}
