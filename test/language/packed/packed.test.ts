/** The trees that the build packs are those that a parse of the same texts gives, down to links and places. */
import { type AstNode, type CstNode, isReference } from 'langium';
import { describe, expect, test } from 'vitest';
import { kernelLibraries } from '../../../src/kernel/library.js';
import { structTargets, typedefTargets } from '../../../src/language/links.js';
import type { LinkedFile } from '../../../src/language/load.js';
import { Digits, digits } from '../../../src/language/packed/format.js';
import { packTrees } from '../../../src/language/packed/pack.js';
import { linkedFiles } from '../../../src/language/program.js';
import { sourceOf, spanOf } from '../../../src/language/text.js';
import { walk } from '../../../src/language/tree.js';

const { includable, packed, ...rest } = kernelLibraries;
const parsed = linkedFiles(rest, includable);
const taken = linkedFiles({ ...rest, packed: JSON.stringify(packTrees(parsed)) }, includable);

const nodesOf = (root: AstNode): AstNode[] => {
	const nodes: AstNode[] = [];
	walk(root, (node) => nodes.push(node));
	return nodes;
};

/** A node by file and number; undefined for none. */
function numbered(files: readonly LinkedFile[]): (node: AstNode | undefined) => string | undefined {
	const names = new Map<AstNode, string>();
	for (const { parsed } of files)
		for (const [n, node] of nodesOf(parsed.root).entries()) names.set(node, `${parsed.uri}#${n}`);
	return (node) => node && (names.get(node) ?? 'none of the packed nodes');
}

const nameOf = { parsed: numbered(parsed), taken: numbered(taken) };

/** All that a node says by itself, and whom it names. */
function described(node: AstNode, name: (node: AstNode | undefined) => string | undefined): unknown {
	const values = Object.entries(node).filter(
		([key, value]) => value !== undefined && !['$cstNode', '$container'].includes(key),
	);
	const { $cstNode: cst } = node;
	return {
		container: name(node.$container),
		struct: name(structTargets.get(node as never)),
		typedef: name(typedefTargets.get(node as never)),
		uri: sourceOf(node).uri,
		span: spanOf(node),
		place: cst && [cst.offset, cst.end, cst.length, cst.range, cst.text, cst.hidden],
		values: Object.fromEntries(
			values.map(([key, value]) => {
				if (isReference(value)) return [key, [value.$refText, name(value.ref)]];
				if (Array.isArray(value)) return [key, value.map((v) => (typeof v === 'string' ? v : name(v)))];
				return [key, typeof value === 'object' ? name(value as AstNode) : value];
			}),
		),
		// the order of properties is the order in which a tree is walked
		order: values.map(([key]) => key).filter((key) => !key.startsWith('$')),
	};
}

/** Pieces of syntax, with the rule each is from and the node each is for. */
function pieces(cst: CstNode, name: (node: AstNode | undefined) => string | undefined): unknown {
	const content = (cst as { content?: CstNode[] }).content;
	return [
		cst.offset,
		cst.end,
		cst.grammarSource?.$type,
		name(cst.astNode),
		Array.from(content ?? [], (c) => pieces(c, name)),
	];
}

test('a number is read as it was written', () => {
	const numbers = [0, 1, 31, 32, 33, 1023, 1024, 5000, 2 ** 20, 2 ** 30];
	const text = numbers.map(digits).join('');
	const from = new Digits(text);
	expect(numbers.map(() => from.next())).toEqual(numbers);
	expect(from.done).toBe(true);
	expect(JSON.stringify(text)).toBe(`"${text}"`);
});

test('the tests, as what ships, take the packed trees', () => {
	expect(packed).toBe(JSON.stringify(packTrees(parsed)));
});

test('all files are there', () => {
	expect(taken.map((file) => file.parsed.uri)).toEqual(parsed.map((file) => file.parsed.uri));
	expect(taken.length).toBe(kernelLibraries.prelude.length + includable.length);
});

describe.each(parsed.map((file, n) => [file.parsed.uri, n] as const))('%s', (_uri, n) => {
	const one = parsed[n] as LinkedFile;
	const other = taken[n] as LinkedFile;

	test('nodes, links and places', () => {
		const whole = (file: LinkedFile, name: (node: AstNode | undefined) => string | undefined) =>
			nodesOf(file.parsed.root).map((node) => JSON.stringify(described(node, name)));
		expect(whole(other, nameOf.taken)).toEqual(whole(one, nameOf.parsed));
	});

	test('names that others see', () => {
		const names = (file: LinkedFile, name: (node: AstNode | undefined) => string | undefined) =>
			[file.declarations.own, file.declarations.exported].map(({ names, tags, typedefs }) =>
				[names, tags, typedefs].map((map) => [...map].map(([key, node]) => [key, name(node)])),
			);
		expect(names(other, nameOf.taken)).toEqual(names(one, nameOf.parsed));
	});

	test('pieces of syntax, for who asks', () => {
		const links = (file: LinkedFile) =>
			nodesOf(file.parsed.root).flatMap((node) => Object.values(node).filter(isReference));
		const offsets = (file: LinkedFile) => links(file).map((link) => link.$refNode?.offset);
		expect(offsets(other)).toEqual(offsets(one));
		const whole = ({ parsed: { root } }: LinkedFile, name: (node: AstNode | undefined) => string | undefined) =>
			JSON.stringify(pieces(root.$cstNode as CstNode, name));
		expect(whole(other, nameOf.taken)).toBe(whole(one, nameOf.parsed));
	});
});

test('what cannot be packed stops the build', () => {
	const wrong = { ...(parsed[0] as LinkedFile), problems: [{ message: 'wrong', span: { uri: 'x', line: 1 } }] };
	expect(() => packTrees([wrong as unknown as LinkedFile])).toThrow('wrong');
});
