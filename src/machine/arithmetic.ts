import type { BinaryOperator, IntKind } from './ir.js';
import { UNINITIALISED } from './memory.js';

/**
 * C's operators on 32-bit cells. A result that does not fit the kind is told as a string, for `overflow`
 * ('divide' for a division by zero). Cells hold unsigned values as their signed bit pattern.
 */
export function binary(
	operator: BinaryOperator,
	a: number,
	b: number,
	kind: IntKind | undefined,
	unsigned: boolean,
): number | string {
	const x = unsigned ? a >>> 0 : a;
	const y = unsigned ? b >>> 0 : b;
	switch (operator) {
		case '==':
			return a === b ? 1 : 0;
		case '!=':
			return a !== b ? 1 : 0;
		case '<':
			return x < y ? 1 : 0;
		case '>':
			return x > y ? 1 : 0;
		case '<=':
			return x <= y ? 1 : 0;
		case '>=':
			return x >= y ? 1 : 0;
		case '&':
			return a & b;
		case '|':
			return a | b;
		case '^':
			return a ^ b;
		case '>>':
			if (b < 0 || b > 31) return `shift by ${b}`;
			return unsigned ? (a >>> b) | 0 : a >> b;
		case '<<':
			if (b < 0 || b > 31) return `shift by ${b}`;
			return fitted(x * 2 ** b, kind, `${x} << ${y}`);
		case '+':
			return fitted(x + y, kind, `${x} + ${y}`);
		case '-':
			return fitted(x - y, kind, `${x} - ${y}`);
		case '*':
			return fitted(x * y, kind, `${x} * ${y}`);
		case '/':
			if (y === 0) return 'divide';
			return fitted(Math.trunc(x / y), kind, `${x} / ${y}`);
		case '%':
			if (y === 0) return 'divide';
			return (x % y) | 0;
	}
}

export function unary(
	operator: '-' | '~' | '!',
	a: number,
	kind: IntKind | undefined,
	unsigned: boolean,
): number | string {
	switch (operator) {
		case '!':
			return a === 0 ? 1 : 0;
		case '~':
			return ~a;
		case '-':
			// -1UL and its like are how C writes the largest value
			return unsigned ? -a | 0 : fitted(-a, kind, `-(${a})`);
	}
}

/** A value as another kind of integer. What does not fit is told as `overflow` where nobody wrote a cast, and cut off as C does. */
export function convert(cell: number, kind: IntKind, implicit: boolean, unsigned: boolean): number | string {
	if (cell === UNINITIALISED) return cell;
	const value = unsigned ? cell >>> 0 : cell;
	if (kind.max === 1 && kind.min === 0) return value === 0 ? 0 : 1;
	if ((value >= kind.min && value <= kind.max) || kind.max > 0xffff) return value | 0;
	if (implicit) return `${value} does not fit ${kind.name} (${kind.min} … ${kind.max})`;
	const span = kind.max - kind.min + 1;
	return ((((value - kind.min) % span) + span) % span) + kind.min;
}

function fitted(value: number, kind: IntKind | undefined, what: string): number | string {
	if (kind !== undefined && (value < kind.min || value > kind.max))
		return `${what} does not fit ${kind.name}, which has 32 bits in the model`;
	const cell = value | 0;
	return cell === UNINITIALISED ? `${what} is a value the model reserves` : cell;
}
