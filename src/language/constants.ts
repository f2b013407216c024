/** Arithmetic on constants. */

import { BOOL, INT, type IntType, LLONG, LONG, type Type, UINT, ULLONG, ULONG } from './types.js';

/** The value of a number as written. */
export function numberOf(text: string): number {
	const value = Number(text.replace(/[uUlL]+$/, '').replace(/^0+(?=[0-7]+$)/, (zeros) => (zeros ? '0o' : '')));
	// ULONG_MAX and the like: all ones are all ones in any width.
	return value === 2 ** 64 ? ULONG.max : value;
}

/** The type of a number as written: the first of C's list that holds it. */
export function literalType(text: string): IntType {
	const suffix = /[uUlL]*$/.exec(text)?.[0].toLowerCase() ?? '';
	const unsigned = suffix.includes('u');
	const long = suffix.includes('ll') ? 2 : suffix.includes('l') ? 1 : 0;
	const wide = numberOf(text) > INT.max;
	if (long === 2) return unsigned || wide ? ULLONG : LLONG;
	if (long === 1) return unsigned || wide ? ULONG : LONG;
	if (unsigned) return UINT;
	return wide ? (/^0[xXbB]/.test(text) ? UINT : ULONG) : INT;
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, 0: 0, a: 7, b: 8, f: 12, v: 11 };

/** The value of a character constant. */
export function charOf(text: string): number {
	const inner = text.slice(1, -1);
	if (inner[0] !== '\\') return inner.charCodeAt(0);
	if (inner[1] === 'x') return Number.parseInt(inner.slice(2), 16) || 0;
	if (/^\\[0-7]+$/.test(inner)) return Number.parseInt(inner.slice(1), 8);
	return ESCAPES[inner[1] ?? ''] ?? inner.charCodeAt(1);
}

/** What an operator makes of a value; undefined for operators of objects. */
export function unaryValue(operator: string, value: number): number | undefined {
	switch (operator) {
		case '!':
			return value === 0 ? 1 : 0;
		case '~':
			return -value - 1;
		case '-':
			return -value;
		case '+':
			return value;
		default:
			return undefined;
	}
}

/** What an operator makes of two values; undefined when that has no value. */
export function binaryValue(operator: string, a: number, b: number): number | undefined {
	const bits = (f: (x: bigint, y: bigint) => bigint) =>
		Number.isInteger(a) && Number.isInteger(b) ? Number(f(BigInt(a), BigInt(b))) : undefined;
	switch (operator) {
		case '+':
			return a + b;
		case '-':
			return a - b;
		case '*':
			return a * b;
		case '/':
			return b === 0 ? undefined : Math.trunc(a / b);
		case '%':
			return b === 0 ? undefined : a % b;
		case '<<':
			return b < 0 || b > 63 ? undefined : a * 2 ** b;
		case '>>':
			return b < 0 || b > 63 ? undefined : Math.floor(a / 2 ** b);
		case '&':
			return bits((x, y) => x & y);
		case '|':
			return bits((x, y) => x | y);
		case '^':
			return bits((x, y) => x ^ y);
		case '&&':
			return a !== 0 && b !== 0 ? 1 : 0;
		case '||':
			return a !== 0 || b !== 0 ? 1 : 0;
		case '==':
			return a === b ? 1 : 0;
		case '!=':
			return a !== b ? 1 : 0;
		case '<':
			return a < b ? 1 : 0;
		case '>':
			return a > b ? 1 : 0;
		case '<=':
			return a <= b ? 1 : 0;
		case '>=':
			return a >= b ? 1 : 0;
		default:
			return undefined;
	}
}

/** A value of an unsigned type is taken modulo its range; a signed one is what it is, and may be out of range. */
export function inRange(value: number | undefined, type: Type): number | undefined {
	if (value === undefined || !Number.isFinite(value)) return undefined;
	return type.kind === 'int' && !type.signed ? wrap(value, type) : value + 0;
}

/** A value converted to an integer type, as a cast does. */
export function wrap(value: number, type: IntType): number {
	if (type.rank === BOOL.rank) return value === 0 ? 0 : 1;
	if (!Number.isFinite(value)) return 0;
	const size = type.max - type.min + 1;
	return ((((value - type.min) % size) + size) % size) + type.min;
}

const up = (x: number, y: number): number => Math.ceil(x / y) * y;
const down = (x: number, y: number): number => Math.floor(x / y) * y;
const highest = (x: number): number => (x <= 0 ? 0 : Math.floor(Math.log2(x)) + 1);

/** Functions of lib/kernel/{math,atomic}.mmn that are macros in the kernel, so that they may stand where a constant has to. */
const FOLDED: Readonly<Record<string, (...args: number[]) => number>> = {
	BIT: (n = 0) => 2 ** n,
	BIT_ULL: (n = 0) => 2 ** n,
	GENMASK: (h = 0, l = 0) => 2 ** (h + 1) - 2 ** l,
	GENMASK_ULL: (h = 0, l = 0) => 2 ** (h + 1) - 2 ** l,
	ALIGN: (x = 0, a = 1) => up(x, a),
	ALIGN_DOWN: (x = 0, a = 1) => down(x, a),
	IS_ALIGNED: (x = 0, a = 1) => (x % a === 0 ? 1 : 0),
	round_up: (x = 0, y = 1) => up(x, y),
	round_down: (x = 0, y = 1) => down(x, y),
	roundup: (x = 0, y = 1) => up(x, y),
	rounddown: (x = 0, y = 1) => down(x, y),
	DIV_ROUND_UP: (n = 0, d = 1) => Math.ceil(n / d),
	DIV_ROUND_UP_ULL: (n = 0, d = 1) => Math.ceil(n / d),
	PFN_DOWN: (x = 0) => x,
	PFN_UP: (x = 0) => x,
	PFN_PHYS: (x = 0) => x,
	PHYS_PFN: (x = 0) => x,
	PAGE_ALIGN: (x = 0) => x,
	ilog2: (n = 0) => highest(n) - 1,
	get_order: (n = 0) => (n <= 1 ? 0 : highest(n - 1)),
	order_base_2: (n = 0) => (n <= 1 ? 0 : highest(n - 1)),
	roundup_pow_of_two: (n = 0) => 2 ** (n <= 1 ? 0 : highest(n - 1)),
	msecs_to_jiffies: (n = 0) => n,
	usecs_to_jiffies: (n = 0) => n,
	secs_to_jiffies: (n = 0) => n,
	min: (a = 0, b = 0) => Math.min(a, b),
	max: (a = 0, b = 0) => Math.max(a, b),
	MIN: (a = 0, b = 0) => Math.min(a, b),
	MAX: (a = 0, b = 0) => Math.max(a, b),
};

/** The value of a call of one of the kernel's macros with constants; undefined when it is none of them, or has no value. */
export function foldedCall(name: string, args: readonly number[]): number | undefined {
	const fold = Object.hasOwn(FOLDED, name) ? FOLDED[name] : undefined;
	const value = fold?.(...args);
	return value === undefined || !Number.isInteger(value) || Math.abs(value) > 2 ** 53 ? undefined : value;
}
