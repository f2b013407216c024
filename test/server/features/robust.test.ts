import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FeatureClient, positionIn, URI } from './client.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const TEXTS = globSync(
	['test/corpus/drivers/{kvm,xe_userptr,gntdev}.mmn', 'media/sketches/*.mmn', 'test/language/fixtures/**/*.mmn'],
	{
		cwd: ROOT,
	},
).map((file) => readFileSync(path.join(ROOT, file), 'utf8'));

const AT_A_PLACE = [
	'textDocument/completion',
	'textDocument/hover',
	'textDocument/signatureHelp',
	'textDocument/definition',
	'textDocument/documentHighlight',
	'textDocument/prepareCallHierarchy',
];
const OF_ALL = [
	'textDocument/documentSymbol',
	'textDocument/foldingRange',
	'textDocument/semanticTokens/full',
	'textDocument/documentLink',
	'textDocument/formatting',
];

test('no feature fails on a text with a hole in it, or with something strange', async () => {
	const client = await FeatureClient.start({}, { check: { when: 'manual' } });
	const options = { tabSize: 8, insertSpaces: false };
	const strange = fc.constantFrom(
		'',
		'{',
		'}',
		'(',
		')',
		'->',
		'.',
		'"',
		"'",
		'/*',
		'#define X(',
		'\0',
		'é😀',
		'struct',
		'scenario',
		'\r\n',
		';;',
		'::',
		'[',
		'#include <',
	);
	await fc.assert(
		fc.asyncProperty(
			fc.nat(TEXTS.length - 1),
			fc.nat(),
			fc.nat(400),
			strange,
			fc.nat(),
			async (which, from, length, put, place) => {
				const text = TEXTS[which] ?? '';
				const at = from % (text.length + 1);
				const broken = text.slice(0, at) + put + text.slice(at + length);
				const { textDocument } = client.show(broken, URI, 0);
				// Half of the time where the text is broken.
				const offset = place % 2 === 0 ? Math.min(broken.length, at + put.length) : place % (broken.length + 1);
				const position = positionIn(broken, offset);
				for (const method of AT_A_PLACE) await client.ask({ method }, { textDocument, position });
				for (const method of OF_ALL) await client.ask({ method }, { textDocument, options });
				await client.ask({ method: 'textDocument/selectionRange' }, { textDocument, positions: [position] });
				await client.ask(
					{ method: 'textDocument/references' },
					{ textDocument, position, context: { includeDeclaration: true } },
				);
			},
		),
		{ numRuns: 60 },
	);
	expect(client.text()).not.toBe('');
}, 120_000);
