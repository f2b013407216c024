import type { AstNode } from 'langium';
import type { Call, FieldDecl } from '../../language/generated/ast.js';
import { Told } from '../../language/told-apart.js';
import { decay, type Type } from '../../language/types.js';
import type { Operand } from '../ir.js';
import { offset, storeTo } from './expressions.js';
import type { FunctionLowering } from './function.js';
import { Label } from './label.js';
import { oneOf, typeOf } from './macro.js';

const COPIES = /^_*copy_from_user(_inatomic)?$/;

/**
 * Behind a sketch's copy_from_user(): what it has brought is the user's to choose. Each number in the object gets any value that the
 * file tells apart; the rest stays as it was, but is set.
 */
export function bringFromUser(
	f: FunctionLowering,
	e: Call,
	name: string,
	args: readonly Operand[],
	left: Operand,
): void {
	const [to] = e.arguments;
	const [address] = args;
	if (f.code.kernel || !COPIES.test(name) || to === undefined || address === undefined) return;
	const pointer = decay(typeOf(f, to));
	const type = pointer.kind === 'pointer' ? pointer.to : undefined;
	if (type === undefined || (type.kind !== 'int' && type.kind !== 'struct')) return;
	const [done, copied] = [new Label(), new Label()];
	f.branch(left, done, copied, e);
	f.place(copied);
	for (const { at, type: number, declaration } of numbersIn(f, type, to, 0)) {
		const values = declaration === undefined ? [0] : valuesOf(f, e, declaration);
		storeTo(f, { address: offset(f, address, at, e), type: number }, oneOf(f, values, e), number, e);
	}
	f.place(done);
}

/** What is called a number of things, and is asked nothing, is one. */
const COUNTS = /(^|_)(len|length|size|count|cnt|num|n?r?_?pages)$/;

function valuesOf(f: FunctionLowering, e: Call, declaration: AstNode): readonly number[] {
	const { values } = new Told(e, f.module.semantics).keptIn(declaration);
	return values.length === 1 && COUNTS.test((declaration as { name?: string }).name ?? '') ? [1] : values;
}

interface InObject {
	readonly at: number;
	readonly type: Type;
	readonly declaration: AstNode | undefined;
}

/** All numbers in an object, but for those in arrays. */
function numbersIn(f: FunctionLowering, type: Type, to: AstNode, at: number, declaration?: AstNode): InObject[] {
	if (type.kind === 'int') return [{ at, type, declaration: declaration ?? variableOf(to) }];
	if (type.kind !== 'struct' || type.def === undefined) return [];
	const lines = type.def.$type === 'StructDef' ? type.def.fields : (type.def as FieldDecl).nested;
	return lines.flatMap((line) =>
		line.fields.flatMap((field) => {
			const inside = f.module.layouts.offset(type, field.name);
			const of = f.module.semantics.declaredType(field);
			return inside === undefined ? [] : numbersIn(f, of, to, at + inside, field);
		}),
	);
}

/** `&x`: what is kept there is kept in x. */
function variableOf(to: AstNode): AstNode | undefined {
	const node = to as { $type: string; operand?: AstNode; target?: { ref?: AstNode } };
	if (node.$type === 'Unary' && node.operand) return variableOf(node.operand);
	return node.$type === 'NameRef' ? node.target?.ref : undefined;
}
