/** What the extension shows at run time can be translated: l10n/bundle.l10n.json has all of it (`UPDATE_GOLDEN=1` writes it). */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../build.js';
import { expectGolden } from '../golden.js';

const sources = globSync('src/extension/*.ts', { cwd: root })
	.sort()
	.map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }));
/** The literals that are translated; `new-sketch.ts` translates those of the templates. */
const CALL = /\bl10n\.t\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g;
const templates = readFileSync(path.join(root, 'src/templates/templates.ts'), 'utf8');
const TEMPLATE = /\b(?:label|detail): (?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g;
const literals = (text: string, pattern: RegExp): string[] =>
	[...text.matchAll(pattern)].map(([, single, double]) => (single ?? double ?? '').replace(/\\(.)/g, '$1'));

test('the bundle has every text', () => {
	const texts = [...sources.flatMap(({ text }) => literals(text, CALL)), ...literals(templates, TEMPLATE)];
	const bundle = Object.fromEntries([...new Set(texts)].sort().map((text) => [text, text]));
	expectGolden(`${JSON.stringify(bundle, null, '\t')}\n`, path.join(root, 'l10n/bundle.l10n.json'));
});

test.each(sources)('$file: what is translated is a literal', ({ text }) => {
	expect(text.match(/\bl10n\.t\(/g)?.length ?? 0).toBe(literals(text, CALL).length);
});

/** Names are the same in every language. */
const NAMES = /^['"](SVG|PNG|Mermaid|SARIF|Notifier Lab)?['"]$/;
const SHOWN = [
	/\b(?:title|placeHolder|detail|label|text|tooltip|message|description|prompt): (['"`](?:[^'"`\\]|\\.)*['"`])/g,
	/\b(?:show\w+Message|setStatusBarMessage|createRunProfile)\(\s*(['"`](?:[^'"`\\]|\\.)*['"`])/g,
];

test.each(sources)('$file: what is shown is translated', ({ text }) => {
	const bare = SHOWN.flatMap((pattern) => [...text.matchAll(pattern)].map(([, literal]) => literal ?? ''));
	expect(bare.filter((literal) => /[a-z]/i.test(literal.replace(/\$\{[^}]*\}/g, '')) && !NAMES.test(literal))).toEqual(
		[],
	);
});
