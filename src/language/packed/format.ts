/**
 * Linked trees of the simulated kernel as text: what they are is known when the product is built, so that no start has
 * to parse them. pack.ts writes this, unpack.ts reads it.
 */

/** All kernel files. Numbers of a file are one string of digits (`Digits`). */
export interface PackedTrees {
	/** Names and other texts, each once. */
	readonly strings: readonly string[];
	/** Which properties a node has, in order: `$type`, then `kind name` of each. */
	readonly shapes: readonly (readonly string[])[];
	readonly files: readonly PackedFile[];
}

export interface PackedFile {
	readonly uri: string;
	/** How many nodes it has. A node's number is its place in the order of the text, containers first. */
	readonly size: number;
	readonly nodes: string;
	/** Struct and typedef that a type or a macro means, as triples (node, file, node). */
	readonly structs: string;
	readonly typedefs: string;
}

/**
 * What the value of a property is: a node, an array of nodes, a text, an array of texts, nothing in an array, true, false,
 * a reference.
 */
export type Kind = 'n' | 'N' | 's' | 'S' | 'e' | 't' | 'f' | 'r';

const FIRST = 48;
const BACKSLASH = 92;
const BITS = 5;
const MORE = 1 << BITS;

/** A number as printable characters that need no escaping in a string: five bits each, lowest first. */
export function digits(value: number): string {
	let text = '';
	let rest = value;
	do {
		const more = rest >= MORE ? MORE : 0;
		const code = FIRST + (rest & (MORE - 1)) + more;
		text += String.fromCharCode(code >= BACKSLASH ? code + 1 : code);
		rest >>>= BITS;
	} while (rest > 0);
	return text;
}

/** Reads numbers that `digits` wrote, one behind the other. */
export class Digits {
	#at = 0;

	constructor(private readonly text: string) {}

	get done(): boolean {
		return this.#at >= this.text.length;
	}

	next(): number {
		let value = 0;
		for (let shift = 0; ; shift += BITS) {
			const code = this.text.charCodeAt(this.#at++);
			const digit = (code > BACKSLASH ? code - 1 : code) - FIRST;
			value |= (digit & (MORE - 1)) << shift;
			if (digit < MORE) return value;
		}
	}
}
