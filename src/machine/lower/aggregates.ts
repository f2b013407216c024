/** Structs and arrays as values: copied, built, passed. */
import { isEmptyInitializer } from '../../language/builtins.js';
import { type Expression, isAssignment, isInitializerList } from '../../language/generated/ast.js';
import type { StructType } from '../../language/types.js';
import type { Operand } from '../ir.js';
import { aggregate, assign, offset } from './expressions.js';
import type { FunctionLowering } from './function.js';

/** Copies a struct, or builds one from its initialiser, at `to`. */
export function structInto(f: FunctionLowering, to: Operand, type: StructType, value: Expression): void {
	if (isInitializerList(value)) {
		zero(f, to, f.module.layouts.cells(type), value);
		f.initialise(to, 0, type, value);
		return;
	}
	if (isEmptyInitializer(value)) {
		zero(f, to, f.module.layouts.cells(type), value);
		return;
	}
	const from = isAssignment(value) ? assign(f, value) : aggregate(f, value);
	for (let n = 0; n < f.module.layouts.cells(type); n++) {
		const cell = f.register();
		f.emit({ op: 'load', to: cell, address: offset(f, from, n, value) }, value);
		f.emit({ op: 'store', address: offset(f, to, n, value), value: cell }, value);
	}
}

/** A struct as an argument: the address of a copy, which the function that is called has for itself. */
export function byValue(f: FunctionLowering, type: StructType, argument: Expression): Operand {
	const slot = f.memoryLocal('(argument)', type);
	f.emit({ op: 'fresh', slot, zero: false }, argument);
	const to = f.register();
	f.emit({ op: 'local', to, slot }, argument);
	structInto(f, to, type, argument);
	return to;
}

function zero(f: FunctionLowering, to: Operand, cells: number, node: Expression): void {
	for (let n = 0; n < cells; n++) f.emit({ op: 'store', address: offset(f, to, n, node), value: f.constant(0) }, node);
}

/** `(struct foo){ … }`: an unnamed local. */
export function compoundLiteral(f: FunctionLowering, e: Expression & { $type: 'Cast' }): Operand {
	const type = f.module.semantics.typeOf(e);
	const slot = f.memoryLocal('(literal)', type);
	f.emit({ op: 'fresh', slot, zero: true }, e);
	const to = f.register();
	f.emit({ op: 'local', to, slot }, e);
	if (e.literal !== undefined) f.initialise(to, 0, type, e.literal);
	if (type.kind === 'struct' || type.kind === 'array') return to;
	const value = f.register();
	f.emit({ op: 'load', to: value, address: to }, e);
	return value;
}
