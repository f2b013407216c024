/** The types of sketches: C's on LP64, with the ranges of the model, in which no integer has more than 32 bits. */

import type { Expression, Field, FieldDecl, StructDef } from './generated/ast.js';

export type Type = VoidType | IntType | PointerType | ArrayType | StructType | FunctionType | ErrorType;

export interface VoidType {
	readonly kind: 'void';
}

/** Integers, enums, and kernel types that are integers to a model (`pte_t`, `gfp_t`). */
export interface IntType {
	readonly kind: 'int';
	readonly name: string;
	readonly signed: boolean;
	/** bool 0, char 1, short 2, int 3, long 4, long long 5. */
	readonly rank: number;
	/** The range of the model: 32 bits at most. */
	readonly min: number;
	readonly max: number;
}

export interface PointerType {
	readonly kind: 'pointer';
	readonly to: Type;
	/** A `__user` pointer: its value is a page number, not an object of the sketch. */
	readonly user: boolean;
	/** An `__iomem` pointer: to a mapping of registers, whatever part of it is meant. */
	readonly iomem?: boolean;
	/** What it points to is not to be written through it. */
	readonly const?: boolean;
}

export interface ArrayType {
	readonly kind: 'array';
	readonly of: Type;
	/** Undefined when it has no size, or one that depends on the scenario (see `size`). */
	readonly length: number | undefined;
	/** The size as written; `Semantics.arrayLength` gives its value for a scenario's number of pages. */
	readonly size?: Expression | undefined;
}

/** A field by its path-free name: fields of anonymous inner structs stand among their owner's. */
export interface FieldInfo {
	readonly name: string;
	readonly type: Type;
	readonly node: Field;
}

/** There is one object for each definition, and one for each name that is never defined. */
export interface StructType {
	readonly kind: 'struct';
	readonly name: string;
	/** Undefined for an opaque struct. */
	readonly def: StructDef | FieldDecl | undefined;
	readonly fields: readonly FieldInfo[];
}

export interface FunctionType {
	readonly kind: 'function';
	readonly returns: Type;
	readonly parameters: readonly Type[];
	readonly variadic: boolean;
}

/** The type of what could not be understood: fits everywhere, so that one mistake is reported once. */
export interface ErrorType {
	readonly kind: 'error';
}

export const VOID: VoidType = { kind: 'void' };
export const ERROR: ErrorType = { kind: 'error' };

function int(name: string, signed: boolean, rank: number, bits: number): IntType {
	const [min, max] = signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
	return { kind: 'int', name, signed, rank, min, max };
}

export const BOOL = int('bool', false, 0, 1);
export const CHAR = int('char', true, 1, 8);
export const SCHAR = int('signed char', true, 1, 8);
export const UCHAR = int('unsigned char', false, 1, 8);
export const SHORT = int('short', true, 2, 16);
export const USHORT = int('unsigned short', false, 2, 16);
export const INT = int('int', true, 3, 32);
export const UINT = int('unsigned int', false, 3, 32);
export const LONG = int('long', true, 4, 32);
export const ULONG = int('unsigned long', false, 4, 32);
export const LLONG = int('long long', true, 5, 32);
export const ULLONG = int('unsigned long long', false, 5, 32);

/** The integer types that are one word. */
const NAMED: ReadonlyMap<string, IntType> = new Map(
	(
		[
			[false, 1, 8, ['u8', '__u8', 'uint8_t']],
			[true, 1, 8, ['s8', 'int8_t']],
			[false, 2, 16, ['u16', '__u16', 'uint16_t']],
			[true, 2, 16, ['s16', 'int16_t']],
			[false, 3, 32, ['u32', '__u32', 'uint32_t', 'gfp_t', 'vm_fault_t', 'fmode_t']],
			[true, 3, 32, ['s32', '__s32', 'int32_t']],
			[true, 4, 32, ['ssize_t']],
			[false, 4, 32, ['size_t', 'uintptr_t', 'pgoff_t', 'pte_t', 'pfn_t', 'gfn_t', 'hva_t', 'kvm_pfn_t']],
			[true, 5, 32, ['s64', '__s64', 'int64_t', 'loff_t', 'ktime_t']],
			[false, 5, 32, ['u64', '__u64', 'uint64_t', 'dma_addr_t', 'phys_addr_t']],
		] as const
	).flatMap(([signed, rank, bits, names]) =>
		names.map((name): [string, IntType] => [name, int(name, signed, rank, bits)]),
	),
);

/** Typedefs of the kernel that name a struct of the simulated kernel. */
export const STRUCT_TYPEDEFS: Readonly<Record<string, string>> = {
	spinlock_t: 'spinlock',
	raw_spinlock_t: 'raw_spinlock',
	rwlock_t: 'rwlock',
	seqcount_t: 'seqcount',
	seqlock_t: 'seqlock',
	wait_queue_head_t: 'wait_queue_head',
	wait_queue_entry_t: 'wait_queue_entry',
	atomic_t: 'atomic',
	atomic_long_t: 'atomic_long',
	atomic64_t: 'atomic_long',
	refcount_t: 'refcount',
	mm_context_t: 'mm_context',
};

const TYPEDEF_OF: ReadonlyMap<string, string> = new Map(
	Object.entries(STRUCT_TYPEDEFS)
		.reverse()
		.map(([typedef, struct]) => [struct, typedef]),
);

/** The arithmetic type that these words name (`unsigned long`), or undefined when C has no such combination. */
export function intFromWords(words: readonly string[]): IntType | undefined {
	if (words.length === 1) {
		const named = NAMED.get(words[0] ?? '');
		if (named) return named;
	}
	const count = (word: string) => words.filter((w) => w === word).length;
	const unsigned = count('unsigned');
	const signed = count('signed');
	const [long, short, char, bool, plain] = [count('long'), count('short'), count('char'), count('bool'), count('int')];
	if (unsigned + signed + long + short + char + bool + plain !== words.length) return undefined;
	if (unsigned + signed > 1 || short > 1 || char > 1 || bool > 1 || plain > 1 || long > 2) return undefined;
	if (bool) return words.length === 1 ? BOOL : undefined;
	if (char) return long + short + plain > 0 ? undefined : unsigned ? UCHAR : signed ? SCHAR : CHAR;
	if (short) return long > 0 ? undefined : unsigned ? USHORT : SHORT;
	if (long === 2) return unsigned ? ULLONG : LLONG;
	if (long === 1) return unsigned ? ULONG : LONG;
	return unsigned ? UINT : INT;
}

/** The type of an enum: an int with a name of its own. */
export function enumType(name: string | undefined): IntType {
	return name ? { ...INT, name: `enum ${name}` } : INT;
}

/** A pointer to `to`. */
export function pointerTo(to: Type, options: { user?: boolean; iomem?: boolean; const?: boolean } = {}): PointerType {
	return {
		kind: 'pointer',
		to,
		user: options.user ?? false,
		const: options.const ?? false,
		...(options.iomem && { iomem: true }),
	};
}

export const VOID_POINTER: PointerType = pointerTo(VOID);

/** What an array or a function becomes when it is used as a value. */
export function decay(type: Type): Type {
	if (type.kind === 'array') return pointerTo(type.of);
	if (type.kind === 'function') return pointerTo(type);
	return type;
}

/** Integer or pointer: what a condition may be. */
export function isScalar(type: Type): boolean {
	return type.kind === 'int' || type.kind === 'pointer' || type.kind === 'error';
}

/** The integer promotions: what is smaller than int becomes int. */
export function promote(type: IntType): IntType {
	return type.rank < INT.rank ? INT : type;
}

/** The usual arithmetic conversions, with the ranks of LP64: what `a + b` has for a type. */
export function commonType(a: IntType, b: IntType): IntType {
	const x = promote(a);
	const y = promote(b);
	if (x.rank === y.rank && x.signed === y.signed) return x.name === y.name ? x : plain(x);
	if (x.signed === y.signed) return x.rank > y.rank ? x : y;
	const [unsigned, signed] = x.signed ? [y, x] : [x, y];
	if (unsigned.rank >= signed.rank) return unsigned;
	// long and long long are both 64 bits wide: the signed one cannot hold every unsigned long.
	if (unsigned.rank >= LONG.rank) return ULLONG;
	return signed;
}

/** The type without a name of its own. */
function plain(type: IntType): IntType {
	const table = type.signed ? [INT, LONG, LLONG] : [UINT, ULONG, ULLONG];
	return table[type.rank - INT.rank] ?? type;
}

/** The same type, qualifiers and names of integers aside. */
export function sameType(a: Type, b: Type): boolean {
	if (a === b || a.kind === 'error' || b.kind === 'error') return true;
	if (a.kind === 'int' && b.kind === 'int') return a.signed === b.signed && a.rank === b.rank;
	if (a.kind === 'pointer' && b.kind === 'pointer') return a.user === b.user && sameType(a.to, b.to);
	if (a.kind === 'array' && b.kind === 'array') {
		return sameType(a.of, b.of) && (a.length === undefined || b.length === undefined || a.length === b.length);
	}
	if (a.kind === 'struct' && b.kind === 'struct') {
		return a.name === b.name && a.name !== '' && (a.def === undefined || b.def === undefined);
	}
	if (a.kind === 'function' && b.kind === 'function') {
		return (
			a.variadic === b.variadic &&
			a.parameters.length === b.parameters.length &&
			sameType(a.returns, b.returns) &&
			a.parameters.every((p, i) => sameType(p, b.parameters[i] ?? ERROR))
		);
	}
	return a.kind === b.kind;
}

/** A type as C spells it: `const struct mmu_notifier_range *`. With `name`, the declaration of that name. */
export function typeToString(type: Type, name = ''): string {
	return declare(type, name, false);
}

function declare(type: Type, declarator: string, isConst: boolean): string {
	const gap = declarator && !declarator.startsWith('[') ? ' ' : '';
	const qualified = (base: string) => `${isConst ? 'const ' : ''}${base}${gap}${declarator}`;
	switch (type.kind) {
		case 'void':
			return qualified('void');
		case 'int':
			return qualified(type.name);
		case 'struct':
			return qualified(TYPEDEF_OF.get(type.name) ?? (type.name ? `struct ${type.name}` : 'struct { … }'));
		case 'error':
			return qualified('?');
		case 'pointer': {
			const star = `${type.user ? '__user ' : type.iomem ? '__iomem ' : ''}*${isConst ? `const${gap}` : ''}${declarator}`;
			const grouped = type.to.kind === 'function' || type.to.kind === 'array' ? `(${star})` : star;
			return declare(type.to, grouped, type.const ?? false);
		}
		case 'array':
			return declare(type.of, `${declarator}[${type.length ?? ''}]`, isConst);
		case 'function': {
			const parameters = type.parameters.map((p) => typeToString(p));
			if (type.variadic) parameters.push('...');
			return declare(type.returns, `${declarator}(${parameters.join(', ') || 'void'})`, false);
		}
	}
}

const INT_BYTES = [1, 1, 2, 4, 8, 8];

/** Bytes as on LP64. Undefined for what has no size, or a size that depends on the scenario. */
export function sizeOf(type: Type, lengthOf: (array: ArrayType) => number | undefined = (a) => a.length): number {
	switch (type.kind) {
		case 'int':
			return INT_BYTES[type.rank] ?? 8;
		case 'pointer':
			return 8;
		case 'array':
			return (lengthOf(type) ?? 0) * sizeOf(type.of, lengthOf);
		case 'struct': {
			let bytes = 0;
			let widest = 1;
			for (const field of type.fields) {
				const align = alignOf(field.type);
				bytes = Math.ceil(bytes / align) * align + sizeOf(field.type, lengthOf);
				widest = Math.max(widest, align);
			}
			return Math.ceil(bytes / widest) * widest;
		}
		default:
			return 1;
	}
}

function alignOf(type: Type): number {
	if (type.kind === 'array') return alignOf(type.of);
	if (type.kind === 'struct') return type.fields.reduce((a, f) => Math.max(a, alignOf(f.type)), 1);
	return sizeOf(type);
}
