import type { AstNode } from 'langium';
import { expect, test } from 'vitest';
import type { Expression, Variable } from '../../src/language/generated/ast.js';
import type { Program } from '../../src/language/program.js';
import { sourceText, spanOf } from '../../src/language/text.js';
import { walk } from '../../src/language/tree.js';
import { typeToString } from '../../src/language/types.js';
import { load, MAIN } from './fixture.js';

const DECLARATIONS = `
#include <mn/list>
#define FOUR 4
enum { ZERO, ONE, NINE = 9, TEN };
struct in { int i; };
struct s { u8 c; unsigned long l; struct in in; int a[3]; struct in *p; int (*cb)(struct s *s); struct { int anon; }; };
static struct s s, *p;
static const struct s cs;
static u32 u; static long l; static u64 q; static u8 c; static int i; static bool b; static pte_t pte;
static int *ip; static int m[2][3]; static unsigned long pages[NR_PAGES + 1];
static struct mmu_notifier mn;
struct box { struct mmu_notifier mn; int x; };
static void nothing(void) { }
static struct s *find(int x) { return p; }
`;

/** The expression that initialises `probe` in a function behind the declarations. */
async function probe(text: string): Promise<{ expression: Expression; program: Program }> {
	const program = await load(`${DECLARATIONS}static void f(void) { PROBE(${text}); }\n`);
	let expression: Expression | undefined;
	const body = program.functions.get('f');
	if (body) {
		walk(body, (node) => {
			if (node.$type === 'Call' && sourceText(node.callee) === 'PROBE') expression = node.arguments[0];
		});
	}
	if (!expression) throw new Error(`no expression in ${text}`);
	return { expression, program };
}

test.each([
	['1', 'int'],
	['1u', 'unsigned int'],
	['1UL', 'unsigned long'],
	['0xffffffff', 'unsigned int'],
	['4294967295', 'unsigned long'],
	["'a'", 'int'],
	['"a"', 'const char *'],
	['u + l', 'long'],
	['i + q', 'u64'],
	['c + c', 'int'],
	['c << 3', 'int'],
	['l < q', 'int'],
	['-c', 'int'],
	['!p', 'int'],
	['&s', 'struct s *'],
	['&cs', 'const struct s *'],
	['*p', 'struct s'],
	['p->in.i', 'int'],
	['s.a', 'int[3]'],
	['s.a[1]', 'int'],
	['&s.a[1]', 'int *'],
	['m[1]', 'int[3]'],
	['p->cb(p)', 'int'],
	['p->anon', 'int'],
	['find(1)->p', 'struct in *'],
	['i ? p : NULL', 'struct s *'],
	['i ? NULL : p', 'struct s *'],
	['i ? c : u', 'u32'],
	['i ?: l', 'long'],
	['(i, p)', 'struct s *'],
	['i = l', 'int'],
	['i++', 'int'],
	['(u8)l', 'u8'],
	['(struct in){ .i = 1 }', 'struct in'],
	['sizeof(struct s)', 'unsigned long'],
	['sizeof p + 1', 'unsigned long'],
	['nothing()', 'void'],
	['pte', 'pte_t'],
	['container_of(&mn, struct box, mn)', 'struct box *'],
	['container_of(&mn, struct box, mn)->x', 'int'],
	['min(c, l)', 'long'],
	['min_t(u8, 1, l)', 'u8'],
	['READ_ONCE(p->l)', 'unsigned long'],
	['smp_load_acquire(&p->in)', 'struct in'],
	['xchg(&s.l, 3)', 'unsigned long'],
	['IS_ERR(p)', 'bool'],
	['PTR_ERR(p)', 'long'],
	['ERR_PTR(-EINVAL)', 'void *'],
	['kzalloc(sizeof(*p), GFP_KERNEL)', 'void *'],
	['kzalloc_obj(*p)', 'struct s *'],
	['wait_event_interruptible(x, 1)', 'int'],
	['any(0, 3UL)', 'unsigned long'],
	['any_bool()', 'bool'],
	['offsetof(struct s, in.i)', 'unsigned long'],
	['mutex_trylock', 'int (struct mutex *)'],
	['undeclared + 1', '?'],
])('%s is %s', async (text, expected) => {
	const { expression, program } = await probe(text);
	expect(typeToString(program.semantics.typeOf(expression))).toBe(expected);
});

test.each<[string, number | undefined]>([
	['1 + 2 * 3', 7],
	['-7 / 2', -3],
	['-7 % 3', -1],
	['FOUR << 2 | 1', 17],
	['ZERO + ONE * 10 + TEN', 20],
	['~0u', 2 ** 32 - 1],
	['~0', -1],
	['0u - 1', 2 ** 32 - 1],
	['0xFFFFFFFFFFFFFFFFUL', 2 ** 32 - 1],
	['-1 < 1u', 0],
	['-1 < 1', 1],
	['(u8)300', 44],
	['(bool)3', 1],
	['(int)0xffffffff', -1],
	['010 + 0b11', 11],
	["'a' + '\\n' + '\\x10' + '\\0'", 97 + 10 + 16],
	['1 ? 2 : i', 2],
	['0 && i', 0],
	['5 ?: i', 5],
	['0x7 & 5 ^ 1', 4],
	['sizeof(struct s)', 56],
	['sizeof(m)', 24],
	['sizeof(u16) * 2', 4],
	['ARRAY_SIZE(m)', 2],
	['-EINVAL', -22],
	['PAGE_SIZE', 1],
	['1 / 0', undefined],
	['i', undefined],
	['find(1)', undefined],
	['NR_PAGES', undefined],
	['1 << 100', undefined],
])('the constant %s is %s', async (text, expected) => {
	const { expression, program } = await probe(text);
	expect(program.semantics.constant(expression)).toBe(expected);
});

test('NR_PAGES has the value of the scenario', async () => {
	const { expression, program } = await probe('NR_PAGES * 2');
	expect(program.semantics.constant(expression, 6)).toBe(12);
	const pages = await probe('pages');
	const type = pages.program.semantics.typeOf(pages.expression);
	if (type.kind !== 'array') throw new Error('an array');
	expect(type.length).toBeUndefined();
	expect(pages.program.semantics.arrayLength(type, 4)).toBe(5);
	expect(pages.program.semantics.sizeOf(type, 4)).toBe(40);
});

test.each([
	['s', true],
	['s.in.i', true],
	['find(1)->l', true],
	['*ip', true],
	['m[1][2]', true],
	['(s)', true],
	['i + 1', false],
	['find(1)', false],
	['FOUR', false],
	['nothing', false],
])('%s is an lvalue: %s', async (text, expected) => {
	const { expression, program } = await probe(text);
	expect(program.semantics.isLvalue(expression)).toBe(expected);
});

function variable(program: Program, name: string): Variable {
	const found = program.globals.find((g) => g.name === name);
	if (found?.$type !== 'Variable') throw new Error(`no variable ${name}`);
	return found;
}

test('initialisers find their places as in C', async () => {
	const program = await load(`${DECLARATIONS}
static struct s init = { 1, .in.i = 5, .a = { 1, [2] = 3 }, &s.in, .l = 2, };
static int list[] = { 1, [4] = 2, 3 };
`);
	expect(program.problems).toEqual([]);
	const { semantics } = program;
	const places = (name: string) => {
		const node = variable(program, name);
		if (node.init?.$type !== 'InitializerList') throw new Error('a list');
		return semantics
			.initializerEntries(node.init, semantics.declaredType(node))
			.map(
				(e) =>
					`${e.path.map((p) => (typeof p === 'number' ? p : p.name)).join('.')}: ${typeToString(e.type)} = ${sourceText(e.value)}`,
			);
	};
	expect(places('init')).toEqual([
		'c: u8 = 1',
		'in.i: int = 5',
		'a: int[3] = { 1, [2] = 3 }',
		'p: struct in * = &s.in',
		'l: unsigned long = 2',
	]);
	expect(places('list')).toEqual(['0: int = 1', '4: int = 2', '5: int = 3']);
	expect(typeToString(semantics.declaredType(variable(program, 'list')))).toBe('int[6]');
});

test('there is one type for each struct, and fields of anonymous structs are their owner’s', async () => {
	const program = await load(DECLARATIONS);
	const { semantics } = program;
	const def = program.structs.get('s');
	if (!def) throw new Error('struct s');
	const type = semantics.structType(def);
	expect(semantics.declaredType(variable(program, 's'))).toBe(type);
	const pointer = semantics.declaredType(variable(program, 'p'));
	expect(pointer.kind === 'pointer' && pointer.to).toBe(type);
	expect(type.fields.map((f) => f.name)).toEqual(['c', 'l', 'in', 'a', 'p', 'cb', 'anon']);
});

test('a node knows its place and its text', async () => {
	const program = await load(
		'static int f(int a,\n\t/* why */ int b)\n{\n\treturn a + // sum\n\t\tb + "/* // */"[0];\n}\n',
	);
	let sum: AstNode | undefined;
	walk(program.root, (node) => {
		if (node.$type === 'ReturnStatement') sum = node.value;
	});
	if (!sum) throw new Error('a sum');
	expect(sourceText(sum)).toBe('a + b + "/* // */"[0]');
	expect(spanOf(sum)).toEqual({ uri: MAIN, line: 4, column: 9, endLine: 5, endColumn: 20 });
});
