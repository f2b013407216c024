import { INITIALISERS } from '../../kernel/initialisers.js';
import { type Call, type Expression, isReturnStatement, isVariable } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { type Type, UINT } from '../../language/types.js';
import type { Operand } from '../ir.js';
import type { Layouts } from '../layout.js';
import type { FunctionLowering } from './function.js';
import { primitive, typeOf } from './macro.js';

/* What kmalloc() and its like have in common: how many cells, of what. */

/** What an allocation is assigned to says what it allocates. */
export function allocatedType(f: FunctionLowering, e: Call): Type | undefined {
	let node: Expression = e;
	for (;;) {
		const parent: unknown = node.$container;
		const p = parent as Expression | NonNullable<Expression['$container']>;
		let type: Type | undefined;
		if (p.$type === 'Parenthesized') {
			node = p;
			continue;
		}
		if (p.$type === 'Cast') type = typeOf(f, p);
		else if (p.$type === 'Assignment') type = typeOf(f, p.target);
		else if (isVariable(p)) type = f.module.semantics.declaredType(p);
		else if (isReturnStatement(p) && f.code.node.$type === 'FunctionDecl') {
			const owner = f.module.semantics.declaredType(
				f.code.node as Parameters<typeof f.module.semantics.declaredType>[0],
			);
			type = owner.kind === 'function' ? owner.returns : undefined;
		}
		return type?.kind === 'pointer' && type.to.kind !== 'void' ? type.to : undefined;
	}
}

/** A struct that ends in `T items[]` is one object, with as many elements behind it as there is room for. */
function flexibleTail(
	f: FunctionLowering,
	e: Call,
	type: Type | undefined,
	bytes: Operand,
	size: number,
	total: number,
): void {
	const last = type?.kind === 'struct' ? type.fields.at(-1)?.type : undefined;
	if (type === undefined || last?.kind !== 'array' || last.length !== undefined || last.size !== undefined) return;
	const { layouts, semantics } = f.module;
	const element = Math.max(1, semantics.sizeOf(last.of, f.module.pages));
	const calculate = (operator: '-' | '/' | '*' | '+', left: Operand, right: Operand): number => {
		const to = f.register();
		f.emit({ op: 'binary', to, operator, left, right, kind: UINT, unsigned: true }, e);
		return to;
	};
	const rest = calculate('-', bytes, f.constant(size));
	const elements = calculate('/', rest, f.constant(element));
	const behind = calculate('*', elements, f.constant(layouts.cells(last.of)));
	f.emit({ op: 'move', to: total, from: calculate('+', behind, f.constant(layouts.cells(type))) }, e);
}

/** Bytes of `many` elements of `size` bytes. */
export function bytesOfArray(f: FunctionLowering, many: Operand, size: Operand, e: Call): Operand {
	const to = f.register();
	f.emit({ op: 'binary', to, operator: '*', left: many, right: size, kind: UINT, unsigned: true }, e);
	return to;
}

/** `count` objects of `bytes` bytes together; a void pointer gets a cell for each byte. */
export function allocate(
	f: FunctionLowering,
	e: Call,
	type: Type | undefined,
	bytes: Operand,
	gfp: Operand,
	zero: boolean,
): Operand {
	const { layouts, semantics } = f.module;
	const cells = type === undefined ? 1 : layouts.cells(type);
	const size = type === undefined ? 1 : Math.max(1, semantics.sizeOf(type, f.module.pages));
	const count = f.register();
	f.emit(
		{ op: 'binary', to: count, operator: '/', left: bytes, right: f.constant(size), kind: UINT, unsigned: true },
		e,
	);
	const total = f.register();
	f.emit(
		{ op: 'binary', to: total, operator: '*', left: count, right: f.constant(cells), kind: UINT, unsigned: true },
		e,
	);
	flexibleTail(f, e, type, bytes, size, total);
	const layout = f.layout(sourceText(e), type, cells);
	const reclaim = f.module.named('__alloc_enter');
	if (reclaim !== undefined) f.call(reclaim, f.register(), [gfp], e);
	const object = primitive(f, '__allocate', [layout, total, f.constant(zero ? 1 : 0), gfp], e);
	if (type !== undefined) needsInitialiser(f, e, type, object, total);
	return object;
}

/** Zeros make no lock: what has to be initialised is left unset, in every element of an object of `total` cells. */
export function needsInitialiser(f: FunctionLowering, e: Call, type: Type, object: Operand, total: Operand): void {
	const stride = f.constant(f.module.layouts.cells(type));
	for (const cell of unsetCells(f.module.layouts, type))
		primitive(f, '__unset', [object, f.constant(cell), stride, total], e);
}

function unsetCells(layouts: Layouts, type: Type): number[] {
	if (type.kind === 'array') {
		const inside = unsetCells(layouts, type.of);
		const size = layouts.cells(type.of);
		const length = inside.length === 0 ? 0 : Math.floor(layouts.cells(type) / size);
		return Array.from({ length }, (_, n) => inside.map((cell) => n * size + cell)).flat();
	}
	if (type.kind !== 'struct') return [];
	const own = INITIALISERS.get(type.name)?.fields ?? [];
	return type.fields.flatMap((field) => {
		const at = layouts.offset(type, field.name) ?? 0;
		return own.includes(field.name) ? [at] : unsetCells(layouts, field.type).map((cell) => at + cell);
	});
}
