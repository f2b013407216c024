import { expect, test, vi } from 'vitest';
import { type Libraries, loadProgram } from '../../src/language/program.js';
import { load, MAIN, ownProblems, testLibraries } from './fixture.js';

const messages = (program: { problems: readonly { message: string }[] }) => program.problems.map((p) => p.message);

test('files come in the order of a C compiler', async () => {
	const program = await load('#include <mn/interval>\n#include "sub/a.mmn"\nstatic int main_var = A_VALUE;\n', {
		'sub/a.mmn': '#include "../b.mmn"\n#define A_VALUE B_VALUE\n',
		'b.mmn': '#define B_VALUE 7\nstatic int b_var;\n',
	});
	expect(messages(program)).toEqual([]);
	expect(program.files.map((f) => `${f.uri.replace(/.*\//, '')}${f.kernel ? ' (kernel)' : ''}`)).toEqual([
		'prelude.mmn (kernel)',
		'list.mmn (kernel)',
		'interval.mmn (kernel)',
		'b.mmn',
		'a.mmn',
		'sketch.mmn',
	]);
	expect(program.globals.map((g) => g.name).slice(-2)).toEqual(['b_var', 'main_var']);
	expect(program.root).toBe(program.files.at(-1)?.root);
});

test('a file that is included twice is there once', async () => {
	const program = await load('#include "a.mmn"\n#include "b.mmn"\n', {
		'a.mmn': '#include "b.mmn"\nstatic int a = B;\n',
		'b.mmn': '#define B 1\n',
	});
	expect(messages(program)).toEqual([]);
	expect(program.files).toHaveLength(4);
});

test('an included file sees what stands above its include', async () => {
	const files = { 'helper.mmn': 'static int helper(struct driver *d) { return d->x; }\n' };
	const good = await load('struct driver { int x; };\nstatic struct driver d;\n#include <mn/list>\n', files);
	expect(messages(good)).toEqual([]);
	const bad = await load('#include "helper.mmn"\nstruct driver { int x; };\n', files);
	expect(bad.problems.map((p) => p.span.uri)).toEqual(['file:///helper.mmn']);
});

test.each([
	['#include "gone.mmn"', /^"gone\.mmn" cannot be read \(looked for file:\/\/\/gone\.mmn\): check the path/],
	['#include <mn/lsit>', /^no library <mn\/lsit>; did you mean <mn\/list>\?$/],
	['#include <something>', /^no library <something>: there are <mn\/list>, <mn\/interval>$/],
	['#include "radeon.h"', /^"radeon\.h" is no sketch: copy the structs and constants/],
	['#include ""', /^#include names no file/],
	['#include "sketch.mmn"', /^"sketch\.mmn" includes itself \(sketch\.mmn → sketch\.mmn\): remove/],
])('%s', async (line, expected) => {
	const program = await load(
		`static int before;\n${line}\nstatic int after = before_is_known;\n#define before_is_known 1\n`,
	);
	const includes = program.problems.filter((p) => p.code === 'include');
	expect(includes).toHaveLength(1);
	expect(includes[0]?.message).toMatch(expected);
	expect(includes[0]?.span).toEqual({ uri: MAIN, line: 2, column: 1, endLine: 2, endColumn: line.length + 1 });
	expect(program.globals.map((g) => g.name)).toContain('after');
});

test('headers of the kernel say nothing; where no generation is included, one of the API means today’s', async () => {
	const headed: Libraries = { ...testLibraries, headers: { 'linux/mmu_notifier.h': 'mn/interval' } };
	const loaded = async (text: string, others = {}) => {
		const { problems, files, header } = await load(text, others, headed);
		expect(problems).toEqual([]);
		return { header, libraries: files.filter((f) => f.kernel).map((f) => f.uri.replace(/.*:/, '')) };
	};
	const header = { name: 'linux/mmu_notifier.h', library: 'mn/interval' };
	const today = ['/prelude.mmn', '/mn/list.mmn', '/mn/interval.mmn'];
	expect(await loaded('#include <linux/mm.h>\n#include <xen/grant_table.h>\n')).toEqual({
		header: undefined,
		libraries: ['/prelude.mmn'],
	});
	expect(await loaded('#include <linux/mmu_notifier.h>\n#include <linux/mm.h>\n')).toEqual({
		header,
		libraries: today,
	});
	const older = { header: undefined, libraries: ['/prelude.mmn', '/mn/list.mmn'] };
	expect(await loaded('#include <linux/mmu_notifier.h>\n#include <mn/list>\n')).toEqual(older);
	// the sketch has the word, whichever of its files comes first
	const files = { 'a.mmn': '#include <linux/mmu_notifier.h>\n', 'b.mmn': '#include <mn/list>\n' };
	expect(await loaded('#include "a.mmn"\n#include <mn/list>\n', files)).toEqual(older);
	expect(await loaded('#include <linux/mmu_notifier.h>\n#include "b.mmn"\n', files)).toEqual(older);
	expect(await loaded('#include "a.mmn"\n', files)).toEqual({ header, libraries: today });
});

test('a header beside the API means its library in each generation, but for a sketch that has stubs of its own', async () => {
	const beside: Libraries = { ...testLibraries, besides: { 'linux/fs.h': ['mn/list'] } };
	const loaded = async (text: string) => {
		const { problems, files } = await load(text, {}, beside);
		expect(problems).toEqual([]);
		return files.filter((f) => f.kernel).map((f) => f.uri.replace(/.*:/, ''));
	};
	expect(await loaded('#include <linux/fs.h>\nstruct file;\n')).toEqual(['/prelude.mmn', '/mn/list.mmn']);
	const stub = 'struct mmu_notifier_ops { int mine; };\n';
	expect(await loaded(`#include <linux/fs.h>\n${stub}`)).toEqual(['/prelude.mmn']);
});

test.each([
	[
		'one name',
		'static void f(void) { mmu_interval_read_begin(NULL); }',
		"'mmu_interval_read_begin' is declared in <mn/interval>",
	],
	[
		'names, structs and their fields',
		`static struct mmu_interval_notifier sub;
static struct mmu_interval_notifier_ops ops = { .invalidate = NULL };
static void f(void) { sub.mm = NULL; sub.mm = NULL; mmu_interval_read_begin(&sub); mmu_interval_set_seq(&sub, 1); }`,
		"'struct mmu_interval_notifier', 'struct mmu_interval_notifier_ops' and 2 other names are declared in <mn/interval>",
	],
	[
		'names of a library and of one that it includes',
		'static struct mmu_notifier mn;\nstatic void f(void) { mmu_notifier_register(&mn, mm); mmu_interval_read_begin(NULL); }',
		"'struct mmu_notifier', 'mmu_notifier_register' and 'mmu_interval_read_begin' are declared in <mn/interval>",
	],
])('a missing include is one error: %s', async (_, text, message) => {
	const { problems } = await load(text);
	expect(problems.map((p) => `${p.code}: ${p.message}`)).toEqual([`include: ${message}: add #include <mn/interval>`]);
	expect((await load(`#include <mn/interval>\n${text}`)).problems).toEqual([]);
});

test('problems come in the order of their lines', async () => {
	const { problems } = await load(
		'#include <nowhere>\nstatic int f(void) { return nowhere; }\nstatic unknown_t x;\nint y\n',
	);
	const lines = problems.map(({ span }) => span.line);
	expect(new Set(lines).size).toBeGreaterThan(2);
	expect(lines).toEqual([...lines].sort((a, b) => a - b));
});

test('an include cycle is told at the line that closes it', async () => {
	const program = await load('#include "a.mmn"\n', { 'a.mmn': '#include "b.mmn"\n', 'b.mmn': '\n#include "a.mmn"\n' });
	expect(program.problems.map(({ message, span }) => `${span.uri}:${span.line} ${message}`)).toEqual([
		'file:///b.mmn:2 "a.mmn" includes itself (a.mmn → b.mmn → a.mmn): remove one of these includes',
	]);
});

test('a source that fails is a file that cannot be read', async () => {
	const program = await loadProgram(MAIN, { read: () => Promise.reject(new Error('no disk')) }, testLibraries);
	expect(messages(program)).toEqual(['this file cannot be read: check that it exists and that you may read it']);
	expect(program.scenarios).toEqual([]);
});

test.each([
	['binary rubbish', 'static int x;\0\0\0', 'this is not a text file: a sketch is UTF-8 text'],
	['a file of 5 MB', 'int x;\n'.repeat(750_000), /too large for a sketch: it has 5\.3 MB/],
	['deep nesting', `static int x = ${'('.repeat(20_000)}1${')'.repeat(20_000)};`, /nested too deeply/],
	['a long chain of else if', `static void f(int x)\n{\n${'if (x) ; else '.repeat(5000)};\n}\n`, /nested too deeply/],
	['a long sum', `static int x = 1${' + 1'.repeat(30_000)};`, /nested too deeply/],
])('%s is one problem', async (_, text, expected) => {
	const program = await load(text);
	expect(messages(program)).toEqual([expect.stringMatching(expected)]);
	expect(ownProblems(await load('static int x = y;\n'))).toHaveLength(1);
});

test('a mistake in a library is reported with the library’s uri', async () => {
	const libraries = {
		...testLibraries,
		read: (uri: string) =>
			uri.endsWith('list.mmn')
				? `${testLibraries.read(uri)}void broken(void) { not_there(); }\n`
				: testLibraries.read(uri),
	};
	const program = await load('#include <mn/list>\n', {}, libraries);
	expect(program.problems.map((p) => p.span.uri)).toEqual(['mmn-kernel:/mn/list.mmn']);
});

test('a library keeps its statics, and its definition stands for the prototype of the prelude', async () => {
	const program = await load(
		'#include <mn/list>\nstatic int count_notifiers(void) { return 2; }\nstatic int registered;\n',
	);
	expect(messages(program)).toEqual([]);
	const prototype = program.files[0]?.root.items.find(
		(i) => i.$type === 'FunctionDecl' && i.name === 'invalidate_start',
	);
	if (prototype?.$type !== 'FunctionDecl') throw new Error('a prototype');
	expect(prototype.body).toBeUndefined();
	expect(program.definitionOf(prototype).body).toBeDefined();
	expect(program.functions.get('invalidate_start')?.body).toBeDefined();
});

test('library files are parsed once, an unchanged sketch too', async () => {
	const read = vi.fn(testLibraries.read);
	const libraries = { ...testLibraries, read };
	const text = '#include <mn/interval>\nstatic int x;\n';
	const first = await load(text, {}, libraries);
	const calls = read.mock.calls.length;
	const second = await load(text, {}, libraries);
	const third = await load(`${text}static int y;\n`, {}, libraries);
	expect(read.mock.calls.length).toBe(calls);
	expect(second.root).toBe(first.root);
	expect(third.files.slice(0, -1).map((f) => f.root)).toEqual(first.files.slice(0, -1).map((f) => f.root));
});

test('an include whose surroundings change is linked anew, and the old program keeps its own', async () => {
	const helper = { 'helper.mmn': 'static int helper(void) { return LIMIT; }\n' };
	const text = (limit: number) => `#include "limit.mmn"\n#include "helper.mmn"\n/* ${limit} */`;
	const one = await load(text(1), { ...helper, 'limit.mmn': '#define LIMIT 1\n' });
	const two = await load(text(2), { ...helper, 'limit.mmn': '#define LIMIT 2\n' });
	const limit = (program: typeof one) => {
		const statement = program.functions.get('helper')?.body?.statements[0];
		if (statement?.$type !== 'ReturnStatement' || !statement.value) throw new Error('a return');
		return program.semantics.constant(statement.value);
	};
	expect([limit(one), limit(two)]).toEqual([1, 2]);
});

test('after every syntax error the functions below are understood', async () => {
	const broken = [
		'x = ;',
		'if (',
		'{ {',
		'for (;;',
		'} }',
		'int a[3] = { [0 ... 2] = 1 };',
		'foo(1, ;',
		'"open',
		'@',
		'do {',
		'case:',
	];
	for (const text of broken) {
		const program = await load(
			`static int first(int x)\n{\n\t${text}\n\treturn 0;\n}\n\nstatic int second(void)\n{\n\treturn missing;\n}\n`,
		);
		expect(program.functions.get('second')?.body, text).toBeDefined();
		expect(messages(program), text).toContainEqual(expect.stringMatching(/^'missing' is not declared/));
		expect(
			program.problems.filter((p) => p.code === 'syntax' || p.code === 'unsupported').length,
			text,
		).toBeGreaterThan(0);
	}
});

test('two generations of the API in one sketch are one problem at the include', async () => {
	const libraries = {
		...testLibraries,
		names: ['mn/list', 'mn/other'],
		resolve: (name: string) => (name === 'mn/other' ? 'mmn-kernel:/mn/other.mmn' : testLibraries.resolve(name)),
		read: (uri: string) =>
			uri.endsWith('other.mmn')
				? 'void invalidate_start(struct mmu_notifier_range *range)\n{\n}\n'
				: testLibraries.read(uri),
	};
	const program = await load('#include <mn/list>\n#include <mn/other>\n', {}, libraries);
	expect(program.problems.map(({ message, span }) => `${span.line}: ${message}`)).toEqual([
		"2: list.mmn and other.mmn both define 'invalidate_start': a sketch uses one generation of the API, remove one include",
	]);
});

test('a struct that one file declares may be defined in a later one', async () => {
	const program = await load('#include "b.mmn"\nstatic int f(struct bar *b) { return b->foo->x + get(b)->y; }\n', {
		'a.mmn':
			'struct foo;\nstruct bar { struct foo *foo; };\nstatic inline struct foo *get(struct bar *b) { return b->foo; }\n',
		'b.mmn': '#include "a.mmn"\nstruct foo { int x; };\n',
	});
	expect(program.problems.map((p) => p.message)).toEqual([
		"'struct foo' has no field 'y': add it, or use one that is there",
	]);
});
