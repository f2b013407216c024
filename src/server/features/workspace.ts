/** Documents with their linked trees, as the features see them. */
import type { CstNode } from 'langium';
import type { Location, Position, Range } from 'vscode-languageserver-protocol';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { URI } from 'vscode-uri';
import { kernelLibraries } from '../../kernel/library.js';
import type { File } from '../../language/generated/ast.js';
import { loadKernelFile, loadProgram, type Program } from '../../language/program.js';
import { sourceOf } from '../../language/text.js';
import { type Declared, nameNode } from './occurrences.js';

/** What the features ask of the server. */
export interface Host {
	/** The open document at `uri`, however it is spelt. */
	open(uri: string): TextDocument | undefined;
	all(): readonly TextDocument[];
	/** The text of a file that is not open; undefined when there is none. */
	read(uri: string): Promise<string | undefined>;
	/** The sketches of the workspace, open or not. */
	list(): Promise<readonly string[]>;
}

/** A document with the program it is the root of. */
export interface View {
	readonly uri: string;
	readonly document: TextDocument;
	readonly program: Program;
	readonly root: File;
	/** A file of the simulated kernel: to be read, not written. */
	readonly kernel: boolean;
}

interface Loaded {
	readonly program: Program;
	/** The texts it was made of; undefined for a file that was not there. */
	readonly texts: ReadonlyMap<string, string | undefined>;
}

/** How many programs are kept. */
const KEPT = 32;

export class Workspace {
	readonly #programs = new Map<string, Loaded>();
	#thought: (Loaded & { readonly uri: string; readonly text: string }) | undefined;

	constructor(readonly host: Host) {}

	/** The text at `uri`; undefined when there is none. */
	async document(uri: string): Promise<TextDocument | undefined> {
		const text = (await this.text(uri)) ?? kernelLibraries.read(uri);
		return text === undefined ? undefined : TextDocument.create(uri, 'mmn', 0, text);
	}

	/** The document at `uri`, parsed and linked; undefined when there is none. */
	async view(uri: string): Promise<View | undefined> {
		const kernel = loadKernelFile(uri, kernelLibraries);
		if (kernel) {
			const text = this.host.open(uri)?.getText() ?? kernelLibraries.read(uri) ?? '';
			return viewOf(uri, text, kernel, true);
		}
		const text = await this.text(uri);
		if (text === undefined) return undefined;
		return viewOf(uri, text, await this.program(uri), false);
	}

	/** The text of a file: of its open document, or of what is stored. */
	async text(uri: string): Promise<string | undefined> {
		return this.host.open(uri)?.getText() ?? (await this.host.read(uri));
	}

	/** The program of the sketch at `uri`, as its files are now. */
	async program(uri: string): Promise<Program> {
		const known = this.#programs.get(uri);
		if (known && (await this.#fresh(known))) return known.program;
		const texts = new Map<string, string | undefined>();
		const read = async (wanted: string) => {
			const text = await this.text(wanted);
			texts.set(wanted, text);
			return text;
		};
		const program = await loadProgram(uri, { read }, kernelLibraries);
		this.#programs.delete(uri);
		this.#programs.set(uri, { program, texts });
		for (const old of this.#programs.keys()) {
			if (this.#programs.size <= KEPT) break;
			this.#programs.delete(old);
		}
		return program;
	}

	/** The program that `text` would make at `uri`, for its names: for texts that are only thought of. */
	async thoughtOf(uri: string, text: string): Promise<Program> {
		const last = this.#thought;
		// The next letter of a word leaves the text around it as it was.
		if (last?.uri === uri && last.text === text && (await this.#fresh(last))) return last.program;
		const texts = new Map<string, string | undefined>();
		const read = async (wanted: string) => {
			if (wanted === uri) return text;
			const found = await this.text(wanted);
			texts.set(wanted, found);
			return found;
		};
		const program = await loadProgram(uri, { read }, kernelLibraries, { unchecked: true });
		this.#thought = { uri, text, program, texts };
		return program;
	}

	/** The sketches among the documents and in the workspace that contain a word. */
	async withWord(word: string): Promise<string[]> {
		const uris = new Map<string, string>();
		for (const uri of await this.host.list()) uris.set(normalise(uri), uri);
		for (const { uri } of this.host.all()) {
			if (kernelLibraries.read(uri) === undefined) uris.set(normalise(uri), uri);
		}
		const found: string[] = [];
		for (const uri of uris.values()) {
			const text = await this.text(uri);
			if (text?.includes(word)) found.push(uri);
		}
		return found;
	}

	/** The uri of a file as the client spells it. */
	spell(uri: string): string {
		return this.host.open(uri)?.uri ?? uri;
	}

	/** Where the name of a declaration stands. */
	locationOf(target: Declared): Location | undefined {
		const cst = nameNode(target) ?? target.$cstNode;
		return cst && { uri: this.spell(sourceOf(target).uri), range: rangeOf(cst) };
	}

	async #fresh({ texts }: Loaded): Promise<boolean> {
		for (const [uri, text] of texts) if ((await this.text(uri)) !== text) return false;
		return true;
	}
}

function viewOf(uri: string, text: string, program: Program, kernel: boolean): View {
	return { uri, document: TextDocument.create(uri, 'mmn', 0, text), program, root: program.root, kernel };
}

/** The range of a piece of syntax. */
export function rangeOf(cst: CstNode): Range {
	const { start, end } = cst.range;
	return {
		start: { line: start.line, character: start.character },
		end: { line: end.line, character: end.character },
	};
}

/** The offset of a position, kept inside the text. */
export function offsetOf(view: View, position: Position): number {
	return view.document.offsetAt(position);
}

/** One spelling for each file. */
export function normalise(uri: string): string {
	try {
		return URI.parse(uri).toString();
	} catch {
		return uri; // no uri at all, but still a name
	}
}
