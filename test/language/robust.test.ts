import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { walk } from '../../src/language/tree.js';
import { load, withoutMarkers } from './fixture.js';

const folder = new URL('./fixtures/', import.meta.url);
const samples = readdirSync(folder).map((name) => withoutMarkers(readFileSync(new URL(name, folder), 'utf8')));

const snippets = [
	'{',
	'}',
	'(',
	')',
	';',
	',',
	'*',
	'&',
	'"',
	"'",
	'/*',
	'*/',
	'#define ',
	'#include "',
	'=',
	'?',
	':',
	'...',
	'.',
	'->',
	'[',
	']',
	'struct ',
	'int ',
	'scenario ',
	'thread ',
	'sizeof',
	'return ',
	'case ',
	'0x',
	'\\',
	'\0',
	'é',
	'\n',
	'container_of(',
	'static ',
];

const mutation = fc.record({
	at: fc.double({ min: 0, max: 1, noNaN: true }),
	remove: fc.nat({ max: 60 }),
	insert: fc.oneof(fc.constant(''), fc.constantFrom(...snippets), fc.string({ maxLength: 6 })),
});

const mutated = fc
	.record({
		sample: fc.constantFrom(...samples),
		mutations: fc.array(mutation, { minLength: 1, maxLength: 5 }),
		keep: fc.double({ min: 0.05, max: 1, noNaN: true }),
	})
	.map(({ sample, mutations, keep }) => {
		let text = sample;
		for (const { at, remove, insert } of mutations) {
			const index = Math.floor(at * text.length);
			text = text.slice(0, index) + insert + text.slice(index + remove);
		}
		return text.slice(0, Math.ceil(text.length * keep));
	});

test('no text throws, whatever a user types, and every problem has a place in it', async () => {
	await fc.assert(
		fc.asyncProperty(mutated, async (text) => {
			const program = await load(text);
			const lines = text.split('\n');
			for (const { span, message } of program.problems) {
				expect(message).not.toMatch(/\bundefined\b|\[object|(^| )''( |$|:)/);
				if (span.uri !== program.uri) continue;
				expect(span.line).toBeGreaterThan(0);
				expect(span.line).toBeLessThanOrEqual(lines.length);
				expect(span.endLine).toBeGreaterThanOrEqual(span.line);
				expect(span.column).toBeGreaterThan(0);
			}
			// What reads the tree finds a value where the grammar promises one.
			walk(program.root, (node) => {
				if ('statements' in node) expect(Array.isArray(node.statements)).toBe(true);
				if (node.$type === 'BinaryExpr') expect([typeof node.left, typeof node.right]).toEqual(['object', 'object']);
				if (node.$type === 'NameRef') expect(node.target).toBeDefined();
				if (node.$type === 'Variable') expect(typeof node.name).toBe('string');
			});
		}),
		{ numRuns: 150, ...(process.env.FUZZ ? { numRuns: Number(process.env.FUZZ) } : {}) },
	);
}, 60_000);
