import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
	format,
	formatOnType,
	formatRange,
	formatText,
	type WhiteSpaceEdit,
} from '../../../src/language/format/format.js';
import { createServices } from '../../../src/language/parser.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const lexer = createServices().parser.Lexer;
const CORPUS = globSync(['test/corpus/**/*.mmn', 'media/sketches/*.mmn', 'src/kernel/lib/**/*.mmn'], { cwd: ROOT }).map(
	(file) => readFileSync(path.join(ROOT, file), 'utf8'),
);

interface Piece {
	readonly image: string;
	readonly offset: number;
	readonly name: string;
}

/** The tokens of the real lexer, comments among them. */
function tokensOf(text: string): Piece[] {
	const { tokens, hidden } = lexer.tokenize(text);
	return [...tokens.filter((t) => !t.isInsertedInRecovery), ...hidden]
		.filter((t) => t.tokenType.name !== 'WS')
		.map((t) => ({ image: t.image, offset: t.startOffset, name: t.tokenType.name }))
		.sort((a, b) => a.offset - b.offset);
}

const images = (text: string): string[] => tokensOf(text).map(({ image }) => image.trimEnd());

/** The same tokens with other white space between them. */
function scramble(text: string, pick: () => number): string {
	const tokens = tokensOf(text);
	const white = [' ', '\n', '\n\n\n', '\t', '    ', ' \n\t'];
	return tokens
		.map((token, index) => {
			const next = tokens[index + 1];
			// A line comment and a preprocessor line end with their line.
			if (token.name === 'LINE_COMMENT' || (token.image.startsWith('#') && token.name !== 'DEFINE'))
				return `${token.image}\n`;
			const apart = next !== undefined && next.offset > token.offset + token.image.length;
			return apart || pick() % 8 === 0 ? token.image + white[pick() % white.length] : token.image;
		})
		.join('');
}

function apply(text: string, edits: readonly WhiteSpaceEdit[]): string {
	const lines = text.split('\n');
	const offset = ({ line, character }: { line: number; character: number }) =>
		lines.slice(0, line).reduce((sum, l) => sum + l.length + 1, 0) + character;
	return [...edits]
		.sort((a, b) => offset(b.range.start) - offset(a.range.start))
		.reduce((t, { range, newText }) => t.slice(0, offset(range.start)) + newText + t.slice(offset(range.end)), text);
}

describe('the formatter', () => {
	test('changes nothing but white space, and nothing at all the second time, whatever the white space was', () => {
		fc.assert(
			fc.property(fc.nat(CORPUS.length - 1), fc.infiniteStream(fc.nat(1000)), (which, stream) => {
				const original = CORPUS[which] as string;
				const scrambled = scramble(original, () => stream.next().value as number);
				const before = images(scrambled);
				expect(before).not.toEqual([]);
				const once = formatText(scrambled);
				expect(images(once)).toEqual(before);
				expect(formatText(once)).toBe(once);
			}),
			{ numRuns: 150 },
		);
	});

	test('leaves alone what nobody can understand, and is through with a line of any length', () => {
		const braces = '{'.repeat(50_000);
		expect(formatText(braces)).toBe(braces);
		expect(formatText(`${'{'.repeat(50)}${'}'.repeat(50)}`)).toContain('\n\t\t\t');
		const large = `int  a;\n/* ${'x'.repeat(1_000_000)} */`;
		expect(formatText(large)).toBe(large);
		const line = `int a = ${'1+'.repeat(2_000)}1;\n`;
		expect(apply(line, format(line))).toBe(formatText(line));
	});

	test('holds for text that is no sketch', () => {
		const broken = fc.array(
			fc.constantFrom(
				'{',
				'}',
				'(',
				')',
				';',
				',',
				'if',
				'else',
				'x',
				'*',
				'&',
				'"',
				"'",
				'/*',
				'*/',
				'//',
				'\n',
				'#if',
				'\\',
				'=',
				'struct',
				'for',
				':',
				'?',
				'-',
				'->',
				'1.',
				'é',
				'@',
			),
			{
				maxLength: 40,
			},
		);
		fc.assert(
			fc.property(broken, (parts) => {
				const text = parts.join(' ');
				const once = formatText(text);
				expect(once.replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
				expect(formatText(once)).toBe(once);
			}),
			{
				numRuns: 2000,
				// found by millions of runs
				examples: [
					['(', '#if', '\n', '*/', '\n', '1.'],
					['(', '\n', ';', '\n', '/*'],
					[',', '{', '#if', '\n', '}', '{'],
					[',', '{', ';', '\n', '}', '?'],
					[',', '{', '\n', ')', '}'],
				].map((parts): [string[]] => [parts]),
			},
		);
	});

	test('its edits make the text that it promises', () => {
		for (const text of CORPUS.slice(0, 40)) expect(apply(text, format(text))).toBe(formatText(text));
	});

	test('writes kernel style', () => {
		expect(
			formatText(`#include <mn/list>
static DEFINE_MUTEX( lock ) ;
struct  foo{int a;struct bar*next;};
static int f(struct foo*p,unsigned long addr){int i=0;again:if(!p||-i==~1){goto again;}else if(i){i++;}else{ i--; }
for(i=0;i<3;i++)if(a)b();else c();
do{x=(int)y*2;}while(*p&&&q);
switch(i){case 1:f(p,2);break;default:return(1);}
return sizeof(struct foo)*2;}
scenario s{pages 2;thread A{f(&x,0);}expect stale-mapping,ok;}`),
		).toBe(`#include <mn/list>
static DEFINE_MUTEX(lock);
struct foo { int a; struct bar *next; };
static int f(struct foo *p, unsigned long addr)
{
	int i = 0;
again:
	if (!p || -i == ~1) {
		goto again;
	} else if (i) {
		i++;
	} else {
		i--;
	}
	for (i = 0; i < 3; i++)
		if (a)
			b();
		else
			c();
	do {
		x = (int)y * 2;
	} while (*p && &q);
	switch (i) {
	case 1:
		f(p, 2);
		break;
	default:
		return (1);
	}
	return sizeof(struct foo) * 2;
}

scenario s {
	pages 2;
	thread A { f(&x, 0); }
	expect stale-mapping, ok;
}
`);
	});

	test('tells a star behind a block from a product', () => {
		const text = `struct box { int n; } *boxes;

static void f(int x, int *out)
{
	if (x) {
		x = 1;
	}
	*out = x;
	for (x = 0; x < 3; x++) {
		g(x);
	}
	--*out;
	do {
		x++;
	} while (x < 3);
	*out = (x + 1) * 2;
	{
		x--;
	}
	(void)x;
}
`;
		expect(formatText(text)).toBe(text);
	});

	test('breaks what is too long behind a comma or an operator, and aligns it with its parenthesis', () => {
		const text = `static int device_invalidate_range(struct mmu_notifier *subscription, const struct mmu_notifier_range *range, unsigned long seq)
{
	if (a_condition_that_is_long(range->start) && another_condition(range->end) || the_last_one_of_them(seq))
		return 0;
}
`;
		expect(formatText(text)).toBe(`static int device_invalidate_range(struct mmu_notifier *subscription,
				   const struct mmu_notifier_range *range, unsigned long seq)
{
	if (a_condition_that_is_long(range->start) && another_condition(range->end) ||
	    the_last_one_of_them(seq))
		return 0;
}
`);
	});

	test('gives each field of a table its line where they do not fit on one', () => {
		const table =
			'static const struct mmu_notifier_ops device_ops = { .invalidate_range_start = device_start, .release = device_release };';
		expect(formatText(table)).toBe(`static const struct mmu_notifier_ops device_ops = {
	.invalidate_range_start = device_start,
	.release = device_release
};
`);
		// on one line nothing is aligned: with its tab this one did not fit, and was broken behind its sign
		expect(
			formatText('static const struct mmu_notifier_ops right = { .invalidate_range_start\t= zaps_what_overlaps };'),
		).toBe('static const struct mmu_notifier_ops right = { .invalidate_range_start = zaps_what_overlaps };\n');
		expect(formatText('struct a x = { .a = 1, .b = { 2, 3 } };')).toBe('struct a x = { .a = 1, .b = { 2, 3 } };\n');
	});

	test('leaves an empty body its two lines', () => {
		const text = 'static void f(void)\n{\n\tfor (i = 0; i < 3; i++) {\n\t}\n\twhile (f()) {}\n}\n';
		expect(formatText(text)).toBe(text);
		expect(formatText(text.replace('{}', '{ }').replace('\t}\n', '\n}\n'))).toBe(text);
	});

	test('keeps comments where they are, and what was aligned by hand', () => {
		const text = `/* head */

static DEFINE_MUTEX(lock);	/* behind */

static const struct mmu_notifier_ops ops = {
	.release	= gone,
	.invalidate	= invalidate,	// last
};

scenario s {
	setup    { a(); }
	thread A { b(); }
}
`;
		expect(formatText(text)).toBe(text);
	});

	test('keeps the line ends of Windows', () => {
		expect(formatText('int a;\r\nint  b;\r\n')).toBe('int a;\r\nint b;\r\n');
	});

	test('formats the lines of a range only', () => {
		const text = 'int  a;\nint  b;\nint  c;\n';
		const edits = formatRange(text, { start: { line: 1, character: 0 }, end: { line: 2, character: 0 } });
		expect(apply(text, edits)).toBe('int  a;\nint b;\nint  c;\n');
	});

	test('formats the line that a semicolon, a brace or a new line ends, and leaves what is being typed', () => {
		const typed = 'int f(void)\n{\n  a=b;\n  c=d\n}\n';
		const semicolon = formatOnType(typed, { line: 2, character: 6 }, ';');
		expect(apply(typed, semicolon)).toBe('int f(void)\n{\n\ta = b;\n  c=d\n}\n');
		const entered = 'int f(void)\n{\n  a=b;\n\t\n}\n';
		expect(apply(entered, formatOnType(entered, { line: 3, character: 1 }, '\n'))).toBe(
			'int f(void)\n{\n\ta = b;\n\t\n}\n',
		);
		const closed = 'int f(void)\n{\n\tif (x) {\n\t\ty();\n\t\t}\n}\n';
		expect(apply(closed, formatOnType(closed, { line: 4, character: 3 }, '}'))).toBe(
			'int f(void)\n{\n\tif (x) {\n\t\ty();\n\t}\n}\n',
		);
	});
});
