/** Text to linked trees, when a kernel file is first needed. */

import type { AstNode, CompositeCstNode, CstNode } from 'langium';
import type { File, MacroDecl, StructDef, Typedef, TypeRef } from '../generated/ast.js';
import { type Link, structTargets, typedefTargets } from '../links.js';
import { type ParsedFile, parseFile } from '../parser.js';
import { registerSource } from '../text.js';
import { walk } from '../tree.js';
import { Digits, type PackedFile, type PackedTrees } from './format.js';

type Mutable = { [property: string]: unknown };

/** A packed file that is being read. */
class Tree {
	readonly nodes: AstNode[] = [];
	/** Starts of lines. */
	#lines: number[] | undefined;

	constructor(
		readonly uri: string,
		readonly text: string,
	) {}

	position(offset: number): { line: number; character: number } {
		this.#lines ??= [0, ...[...this.text.matchAll(/\n/g)].map(({ index }) => index + 1)];
		let low = 0;
		let high = this.#lines.length;
		while (high - low > 1) {
			const middle = (low + high) >> 1;
			if ((this.#lines[middle] as number) <= offset) low = middle;
			else high = middle;
		}
		return { line: low, character: offset - (this.#lines[low] as number) };
	}

	/** Parses the text after all: whoever asks for the pieces of a node gets those that Langium makes. */
	parse(): void {
		const { root } = parseFile(this.uri, this.text, true);
		const real: AstNode[] = [];
		walk(root, (node) => real.push(node));
		if (real.length !== this.nodes.length) throw new Error(`${this.uri} was packed from another text`);
		const nodes = new Map(real.map((node, n) => [node, this.nodes[n] as unknown as Mutable]));
		const adopt = (cst: CstNode): void => {
			if (!('content' in cst)) return;
			(cst as unknown as Mutable).astNode = nodes.get(cst.astNode) ?? cst.astNode;
			for (const child of (cst as CompositeCstNode).content) adopt(child);
		};
		if (root.$cstNode) adopt(root.$cstNode);
		for (const [from, node] of nodes) {
			node.$cstNode = from.$cstNode;
			for (const [name, value] of Object.entries(from))
				if (isLink(value)) (node[name] as PackedLink).place(value.$refNode);
		}
	}
}

const isLink = (value: unknown): value is Link => typeof value === 'object' && value !== null && '$refText' in value;

/** A reference of a packed tree. */
class PackedLink {
	ref: AstNode | undefined = undefined;
	#tree: Tree | undefined;
	#node: CstNode | undefined;

	constructor(
		readonly $refText: string,
		tree: Tree,
	) {
		this.#tree = tree;
	}

	/** Where the name stands. */
	get $refNode(): CstNode | undefined {
		this.#tree?.parse();
		return this.#node;
	}

	place(node: CstNode | undefined): void {
		this.#tree = undefined;
		this.#node = node;
	}
}

/** Where a node of a packed tree stands. Its pieces are those of the parsed text, which is parsed when one asks for them. */
class PackedPlace implements CompositeCstNode {
	readonly #tree: Tree;

	constructor(
		tree: Tree,
		readonly astNode: AstNode,
		readonly offset: number,
		readonly length: number,
	) {
		this.#tree = tree;
	}

	readonly hidden = false;

	get end(): number {
		return this.offset + this.length;
	}

	get text(): string {
		return this.#tree.text.slice(this.offset, this.end);
	}

	get range(): CstNode['range'] {
		return { start: this.#tree.position(this.offset), end: this.#tree.position(this.end) };
	}

	get #parsed(): CompositeCstNode {
		if (this.astNode.$cstNode === this) this.#tree.parse();
		return this.astNode.$cstNode as CompositeCstNode;
	}

	get content(): CompositeCstNode['content'] {
		return this.#parsed.content;
	}

	get container(): CompositeCstNode {
		return this.#parsed.container as CompositeCstNode;
	}

	get root(): CompositeCstNode['root'] {
		return this.#parsed.root;
	}

	get grammarSource(): NonNullable<CompositeCstNode['grammarSource']> {
		return this.#parsed.grammarSource as NonNullable<CompositeCstNode['grammarSource']>;
	}
}

/** Reads packed trees, file by file. */
export class PackedReader {
	readonly #packed: PackedTrees;
	readonly #shapes: readonly Shape[];
	readonly #read: (uri: string) => string | undefined;
	readonly #trees = new Map<number, Tree>();
	readonly #numbers: ReadonlyMap<string, number>;

	/** `packed` is what `packTrees` gave, as JSON; `read` gives the text that a file was made from. */
	constructor(packed: string, read: (uri: string) => string | undefined) {
		this.#packed = JSON.parse(packed) as PackedTrees;
		this.#read = read;
		this.#numbers = new Map(this.#packed.files.map(({ uri }, number) => [uri, number]));
		this.#shapes = this.#packed.shapes.map(([type = '', ...properties]) => ({
			type,
			properties: properties.map((property) => ({ kind: property.charCodeAt(0), name: property.slice(1) })),
		}));
	}

	/**
	 * The trees of these files, linked. What they refer to has to be among them, or to have been read before. Undefined
	 * when one of them was not packed.
	 */
	files(uris: readonly string[]): ParsedFile[] | undefined {
		const numbers = uris.map((uri) => this.#numbers.get(uri));
		if (numbers.some((number) => number === undefined)) return undefined;
		const pending: Pending[] = [];
		const parsed = uris.map((uri, n): ParsedFile => {
			const text = this.#read(uri) ?? '';
			const tree = new Tree(uri, text);
			this.#trees.set(numbers[n] as number, tree);
			const file = this.#packed.files[numbers[n] as number] as PackedFile;
			const root = this.#nodes(new Digits(file.nodes), tree, pending) as File;
			registerSource(root, { uri, text, kernel: true });
			return { uri, text, kernel: true, root, problems: [] };
		});
		for (const { link, file, node } of pending) link.ref = this.#node(file, node);
		for (const number of numbers) this.#targets(number as number);
		return parsed;
	}

	#node(file: number, node: number): AstNode {
		const found = this.#trees.get(file - 1)?.nodes[node];
		if (!found) throw new Error(`node ${node} of packed file ${file - 1} has not been read`);
		return found;
	}

	#targets(number: number): void {
		const { structs, typedefs } = this.#packed.files[number] as PackedFile;
		const read = (text: string, set: (node: AstNode, target: AstNode) => void) => {
			const from = new Digits(text);
			while (!from.done) {
				const node = this.#node(number + 1, from.next());
				const file = from.next();
				set(node, this.#node(file, from.next()));
			}
		};
		read(structs, (node, target) => structTargets.set(node as TypeRef | MacroDecl, target as StructDef));
		read(typedefs, (node, target) => typedefTargets.set(node as TypeRef, target as Typedef));
	}

	#nodes(from: Digits, tree: Tree, pending: Pending[]): AstNode {
		const { strings } = this.#packed;
		const shapes = this.#shapes;
		const readNode = (start: number): Mutable => {
			const { type, properties } = shapes[from.next()] as Shape;
			const node: Mutable = { $type: type };
			const offset = start + from.next();
			node.$cstNode = new PackedPlace(tree, node as unknown as AstNode, offset, from.next());
			tree.nodes.push(node as unknown as AstNode);
			for (const { kind, name } of properties) node[name] = readValue(kind, name, node, offset);
			return node;
		};
		const readChild = (start: number, container: Mutable, name: string): Mutable => {
			const node = readNode(start);
			node.$container = container;
			node.$containerProperty = name;
			return node;
		};
		const readValue = (kind: number, name: string, node: Mutable, offset: number): unknown => {
			switch (kind) {
				case NODE:
					return readChild(offset, node, name);
				case NODES: {
					const nodes: Mutable[] = [];
					for (let left = from.next(), index = 0; index < left; index++) {
						const child = readChild(offset, node, name);
						child.$containerIndex = index;
						nodes.push(child);
					}
					return nodes;
				}
				case TEXT:
					return strings[from.next()];
				case TEXTS:
					return Array.from({ length: from.next() }, () => strings[from.next()]);
				case NONE:
					return [];
				case REFERENCE: {
					const link = new PackedLink(strings[from.next()] as string, tree);
					const file = from.next();
					if (file > 0) pending.push({ link, file, node: from.next() });
					return link;
				}
				default:
					return kind === TRUE;
			}
		};
		return readNode(0) as unknown as AstNode;
	}
}

interface Shape {
	readonly type: string;
	readonly properties: readonly { readonly kind: number; readonly name: string }[];
}

interface Pending {
	readonly link: PackedLink;
	readonly file: number;
	readonly node: number;
}

const [NODE, NODES, TEXT, TEXTS, NONE, TRUE, REFERENCE] = [...'nNsSetr'].map((kind) => kind.charCodeAt(0));
