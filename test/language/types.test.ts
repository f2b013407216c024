import { expect, test } from 'vitest';
import {
	BOOL,
	CHAR,
	commonType,
	enumType,
	INT,
	type IntType,
	intFromWords,
	LLONG,
	LONG,
	pointerTo,
	promote,
	sameType,
	sizeOf,
	type Type,
	typeToString,
	UINT,
	ULLONG,
	ULONG,
	VOID,
} from '../../src/language/types.js';

const named = (words: string): IntType => {
	const type = intFromWords(words.split(' '));
	if (!type) throw new Error(`${words} is no type`);
	return type;
};

test.each<[IntType, IntType, IntType]>([
	[INT, INT, INT],
	[BOOL, CHAR, INT],
	[UINT, INT, UINT],
	[UINT, LONG, LONG],
	[INT, ULONG, ULONG],
	[LONG, ULONG, ULONG],
	[LLONG, ULONG, ULLONG],
	[LONG, LLONG, LLONG],
	[named('u32'), LONG, LONG],
	[named('u8'), named('u16'), INT],
])('the common type of $0.name and $1.name', (a, b, expected) => {
	expect(commonType(a, b)).toBe(expected);
	expect(commonType(b, a)).toBe(expected);
});

test('a type with a name of its own keeps it only with itself', () => {
	expect(commonType(named('gfp_t'), named('gfp_t')).name).toBe('gfp_t');
	expect(commonType(named('gfp_t'), UINT).name).toBe('unsigned int');
	expect(promote(named('u8'))).toBe(INT);
});

test('no integer has more than 32 bits', () => {
	expect([named('u64').min, named('u64').max]).toEqual([0, 2 ** 32 - 1]);
	expect([LONG.min, LONG.max]).toEqual([-(2 ** 31), 2 ** 31 - 1]);
	expect([named('u8').max, BOOL.max, named('pte_t').signed]).toEqual([255, 1, false]);
});

test('words name the types of C in any order, and nothing else', () => {
	expect(intFromWords(['long', 'unsigned', 'int'])).toBe(ULONG);
	expect(intFromWords(['long', 'int', 'long'])).toBe(LLONG);
	for (const words of ['short long', 'unsigned signed', 'long char', 'bool int', 'long long long', 'u8 int', '']) {
		expect(intFromWords(words.split(' ')), words).toBeUndefined();
	}
});

const foo: Type = { kind: 'struct', name: 'foo', def: undefined, fields: [] };
const lock: Type = { kind: 'struct', name: 'spinlock', def: undefined, fields: [] };
const callback: Type = {
	kind: 'function',
	returns: BOOL,
	parameters: [pointerTo(foo, { const: true }), ULONG],
	variadic: false,
};

test.each<[Type, string, string]>([
	[pointerTo(foo, { const: true }), '', 'const struct foo *'],
	[pointerTo(pointerTo(CHAR)), 'p', 'char **p'],
	[pointerTo(pointerTo(CHAR), { const: true }), 'p', 'char *const *p'],
	[{ kind: 'array', of: pointerTo(foo), length: 3 }, 'a', 'struct foo *a[3]'],
	[pointerTo({ kind: 'array', of: INT, length: 2 }), 'p', 'int (*p)[2]'],
	[pointerTo(callback), 'f', 'bool (*f)(const struct foo *, unsigned long)'],
	[callback, '', 'bool (const struct foo *, unsigned long)'],
	[{ kind: 'function', returns: VOID, parameters: [], variadic: false }, 'f', 'void f(void)'],
	[pointerTo(VOID, { user: true }), 'u', 'void __user *u'],
	[lock, 'l', 'spinlock_t l'],
	[enumType('state'), '', 'enum state'],
])('C spells %#', (type, name, expected) => {
	expect(typeToString(type, name)).toBe(expected);
});

test('sizes are those of LP64', () => {
	expect([BOOL, CHAR, INT, ULONG, LLONG, pointerTo(VOID)].map((t) => sizeOf(t))).toEqual([1, 1, 4, 8, 8, 8]);
	expect(sizeOf({ kind: 'array', of: INT, length: 3 })).toBe(12);
});

test('types are the same by structure', () => {
	expect(sameType(pointerTo(ULONG), pointerTo(named('pgoff_t')))).toBe(true);
	expect(sameType(pointerTo(INT), pointerTo(UINT))).toBe(false);
	expect(sameType(pointerTo(VOID), pointerTo(VOID, { user: true }))).toBe(false);
	expect(sameType(callback, { ...callback, returns: INT })).toBe(false);
});
