/** Constant expressions as C has them: their values, or the word that they are none. */
import { binaryValue, charOf, foldedCall, inRange, numberOf, unaryValue, wrap } from './constants.js';
import type * as ast from './generated/ast.js';
import type { Semantics } from './semantics.js';
import { sourceOf } from './text.js';
import { commonType, decay } from './types.js';

/** The size of the address space in pages: its value belongs to the scenario. */
export const PAGES_NAME = 'NR_PAGES';

/** The value of a constant expression, or undefined when it is none. @param pages value of `NR_PAGES`, which has none without */
export function constantValue(semantics: Semantics, e: ast.Expression, pages?: number): number | undefined {
	return constant(semantics, e, pages, 0);
}

function constant(
	semantics: Semantics,
	e: ast.Expression,
	pages: number | undefined,
	depth: number,
): number | undefined {
	if (depth > 64) return undefined;
	const value = (x: ast.Expression) => constant(semantics, x, pages, depth + 1);
	switch (e.$type) {
		case 'NumberLiteral':
			return numberOf(e.text);
		case 'CharLiteral':
			return charOf(e.text);
		case 'Parenthesized':
			return value(e.inner);
		case 'NameRef':
			return namedConstant(semantics, e.target.ref, pages, depth + 1);
		case 'SizeOf': {
			const type = semantics.typeOf(e.operand);
			return type.kind === 'error' ? undefined : semantics.sizeOf(type, pages);
		}
		case 'Cast': {
			const type = semantics.typeOfTypeName(e.type);
			const operand = e.operand ? value(e.operand) : undefined;
			return operand === undefined || type.kind !== 'int' ? undefined : wrap(operand, type);
		}
		case 'Conditional': {
			const condition = value(e.condition);
			if (condition === undefined) return undefined;
			return condition !== 0 ? (e.then ? value(e.then) : condition) : value(e.otherwise);
		}
		case 'Unary': {
			const operand = value(e.operand);
			if (operand === undefined) return undefined;
			const type = semantics.typeOf(e);
			return inRange(unaryValue(e.operator, operand), type);
		}
		case 'BinaryExpr': {
			const left = value(e.left);
			if (left === undefined) return undefined;
			if (e.operator === '&&' && left === 0) return 0;
			if (e.operator === '||' && left !== 0) return 1;
			const right = value(e.right);
			if (right === undefined) return undefined;
			return inRange(binaryValue(e.operator, ...converted(semantics, e, left, right)), semantics.typeOf(e));
		}
		case 'Call': {
			const macro = semantics.macroOf(e);
			if (macro?.name === 'ARRAY_SIZE' && e.arguments[0]) {
				const type = semantics.typeOf(e.arguments[0]);
				return type.kind === 'array' ? semantics.arrayLength(type, pages) : undefined;
			}
			if (macro && /^IS_(ENABLED|BUILTIN|REACHABLE)$/.test(macro.name)) {
				const option = e.arguments[0];
				return option && value(option) ? 1 : 0;
			}
			return folded(semantics, e, value);
		}
		default:
			return undefined;
	}
}

/** ALIGN(3, 2) and its like, unless the sketch means something of its own by the name. */
function folded(
	semantics: Semantics,
	e: ast.Call,
	value: (e: ast.Expression) => number | undefined,
): number | undefined {
	const target = e.callee.$type === 'NameRef' ? e.callee.target.ref : undefined;
	if (target?.$type !== 'FunctionDecl' || !sourceOf(target).kernel) return undefined;
	const args = e.arguments.map(value);
	return args.includes(undefined) ? undefined : inRange(foldedCall(target.name, args as number[]), semantics.typeOf(e));
}

/** Both operands in their common type: `-1 < 1U` is false in C. */
function converted(semantics: Semantics, e: ast.BinaryExpr, left: number, right: number): [number, number] {
	const a = decay(semantics.typeOf(e.left));
	const b = decay(semantics.typeOf(e.right));
	if (a.kind !== 'int' || b.kind !== 'int' || ['&&', '||', '<<', '>>'].includes(e.operator)) return [left, right];
	const type = commonType(a, b);
	return type.signed ? [left, right] : [wrap(left, type), wrap(right, type)];
}

function namedConstant(
	semantics: Semantics,
	target: ast.Named | undefined,
	pages: number | undefined,
	depth: number,
): number | undefined {
	if (target?.$type === 'Define') {
		if (target.name === PAGES_NAME) return pages;
		return target.value && constant(semantics, target.value, pages, depth);
	}
	if (target?.$type !== 'EnumConstant') return undefined;
	const { constants } = target.$container;
	const index = constants.indexOf(target);
	for (let i = index; i >= 0; i--) {
		const explicit = constants[i]?.value;
		if (explicit) {
			const base = constant(semantics, explicit, pages, depth);
			return base === undefined ? undefined : base + (index - i);
		}
	}
	return index;
}
