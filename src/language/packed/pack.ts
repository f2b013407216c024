/** Linked trees to text, when the product is built. */

import { type AstNode, isAstNode, isReference } from 'langium';
import type { MacroDecl, TypeRef } from '../generated/ast.js';
import { structTargets, typedefTargets } from '../links.js';
import type { LinkedFile } from '../load.js';
import { walk } from '../tree.js';
import { digits, type Kind, type PackedFile, type PackedTrees } from './format.js';

/** Numbers by value, in the order in which they were first asked for. */
class Numbered {
	readonly values: string[] = [];
	readonly #numbers = new Map<string, number>();

	of(value: string): number {
		let number = this.#numbers.get(value);
		if (number === undefined) {
			number = this.values.push(value) - 1;
			this.#numbers.set(value, number);
		}
		return number;
	}
}

/** Packs files that refer to nothing but each other. Throws on what the format has no place for, and on a mistake in the text. */
export function packTrees(files: readonly LinkedFile[]): PackedTrees {
	const strings = new Numbered();
	const shapes = new Numbered();
	const places = new Map<AstNode, string>();
	const sizes = files.map(({ parsed, problems }, file) => {
		const [problem] = problems;
		if (problem) throw new Error(`${parsed.uri}:${problem.span.line}: ${problem.message}`);
		let size = 0;
		walk(parsed.root, (node) => places.set(node, digits(file + 1) + digits(size++)));
		return size;
	});

	const place = (target: AstNode | undefined): string => {
		if (target === undefined) return digits(0);
		const found = places.get(target);
		if (found === undefined) throw new Error(`a reference leads out of the packed files, to a ${target.$type}`);
		return found;
	};

	const nodeText = (node: AstNode, from: number): string => {
		const cst = node.$cstNode;
		if (!cst) throw new Error(`a ${node.$type} has no place in the text`);
		const shape = [node.$type];
		let text = digits(cst.offset - from) + digits(cst.end - cst.offset);
		for (const [name, value] of Object.entries(node)) {
			if (name.startsWith('$') || value === undefined) continue;
			const [kind, values] = valueText(value, cst.offset);
			shape.push(`${kind}${name}`);
			text += values;
		}
		return digits(shapes.of(shape.join(' '))) + text;
	};

	const valueText = (value: unknown, from: number): [Kind, string] => {
		if (value === true) return ['t', ''];
		if (value === false) return ['f', ''];
		if (typeof value === 'string') return ['s', digits(strings.of(value))];
		if (isAstNode(value)) return ['n', nodeText(value, from)];
		if (isReference(value)) return ['r', digits(strings.of(value.$refText)) + place(value.ref)];
		if (Array.isArray(value)) {
			if (value.length === 0) return ['e', ''];
			if (value.every((item) => typeof item === 'string'))
				return ['S', digits(value.length) + value.map((item) => digits(strings.of(item))).join('')];
			if (value.every(isAstNode))
				return ['N', digits(value.length) + value.map((item) => nodeText(item, from)).join('')];
		}
		throw new Error(`the format has no place for ${JSON.stringify(value)}`);
	};

	const targets = (of: WeakMap<AstNode, AstNode>, root: AstNode): string => {
		let text = '';
		let number = 0;
		walk(root, (node) => {
			const target = of.get(node);
			if (target) text += digits(number) + place(target);
			number++;
		});
		return text;
	};

	const packed = files.map(
		({ parsed: { uri, root } }, file): PackedFile => ({
			uri,
			size: sizes[file] ?? 0,
			nodes: nodeText(root, 0),
			structs: targets(structTargets as WeakMap<TypeRef | MacroDecl, AstNode>, root),
			typedefs: targets(typedefTargets as WeakMap<TypeRef, AstNode>, root),
		}),
	);
	return { strings: strings.values, shapes: shapes.values.map((shape) => shape.split(' ')), files: packed };
}
