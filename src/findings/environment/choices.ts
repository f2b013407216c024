import { type AstNode, AstUtils } from 'langium';
import {
	type Expression,
	type FunctionDecl,
	isBinaryExpr,
	isCall,
	isCaseLabel,
	isCast,
	isEnumDef,
	isFunctionDecl,
	isNameRef,
	isParenthesized,
	isSwitchStatement,
	type Parameter,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf, sourceText } from '../../language/text.js';
import { Told } from '../../language/told-apart.js';

const COMPARES = /^(==|!=|<|>|<=|>=|&)$/;

/** What the adversary may pass for an integer: what tells its branches apart, and one value more. Empty where nothing does. */
export function choicesOf(program: Program, f: FunctionDecl, n: number): string[] {
	const parameter = f.parameters[n];
	if (parameter === undefined) return [];
	const enumerators = enumeratorsOf(program, parameter);
	if (enumerators.length > 0) return enumerators;
	const compared = comparedWith(program, f, n, new Set());
	const known = new Set([...compared.values()].map((value) => value | 0));
	const parts = inParts(program, f, n).filter((value) => value !== 0 && !known.has(value));
	const all = [...compared.keys(), ...parts.map((value) => String(value >>> 0))];
	const numbers = [...compared.values(), ...parts.map((value) => value >>> 0)];
	return all.length === 0 ? [] : [...new Set(['0', ...all, String(otherThan(numbers))])];
}

/** What it takes to come to all branches where parts of it are looked at: `cmd & MASK`, `_IOC_NR(cmd)`, flags. */
function inParts(program: Program, f: FunctionDecl, n: number): readonly number[] {
	const parameter = program.definitionOf(f).parameters[n];
	if (parameter === undefined) return [];
	const told = new Told(parameter, program.semantics).keptIn(parameter);
	return told.inParts ? told.values : [];
}

/** A number for which none of these stands: above them, where there is room in an int. */
function otherThan(values: readonly number[]): number {
	let other = Math.max(0, ...values) + 1;
	if (other >= 2 ** 31) for (other = 0; values.includes(other); ) other++;
	return other;
}

/** An expression that is any of them. */
export function anyOf(values: readonly string[]): string {
	const [first = '0', ...rest] = values;
	return rest.length === 0 ? first : `(any(0, 1) ? ${first} : ${anyOf(rest)})`;
}

function enumeratorsOf(program: Program, { type, stars, dims }: Parameter): string[] {
	if (type.kind !== 'enum' || stars.length > 0 || dims.length > 0) return [];
	const tag = type.tag?.$refText;
	for (const { root } of program.files)
		for (const node of root.items)
			if (isEnumDef(node) && node.name === tag) return node.constants.map((constant) => constant.name);
	return [];
}

/** Is a number taken for an address of the user's: `(void __user *)arg`, here or where it is handed on? */
export function isUserAddress(program: Program, f: FunctionDecl, n: number, seen = new Set<Parameter>()): boolean {
	const definition = program.definitionOf(f);
	const parameter = definition.parameters[n];
	if (parameter === undefined || seen.has(parameter)) return false;
	seen.add(parameter);
	for (const node of AstUtils.streamAllContents(definition)) {
		if (!isNameRef(node) || node.target.ref !== parameter) continue;
		let at: AstNode = node;
		while (at.$container && isParenthesized(at.$container)) at = at.$container;
		const by = at.$container;
		if (isCast(by)) {
			const type = program.semantics.typeOf(by);
			if (type.kind === 'pointer' && type.user) return true;
		}
		if (!isCall(by) || !isNameRef(by.callee)) continue;
		const callee = by.callee.target.ref;
		if (by.callee.target.$refText === 'u64_to_user_ptr') return true;
		if (isFunctionDecl(callee) && !sourceOf(program.definitionOf(callee)).kernel)
			if (isUserAddress(program, callee, by.arguments.indexOf(at as Expression), seen)) return true;
	}
	return false;
}

/** Constants that a parameter is compared with, also where it is handed on: as they are written, with their values. */
function comparedWith(program: Program, f: FunctionDecl, n: number, seen: Set<Parameter>): Map<string, number> {
	const found = new Map<string, number>();
	const { parameters } = program.definitionOf(f);
	const parameter = parameters[n];
	if (parameter === undefined || seen.has(parameter)) return found;
	seen.add(parameter);
	const names = (e: Expression): boolean =>
		isParenthesized(e) ? names(e.inner) : isNameRef(e) && e.target.ref === parameter;
	const add = (e: Expression): void => {
		// numbers, enumerators, and what #define has made of them: command numbers mostly
		const value = program.semantics.constant(e);
		if (value === undefined) return;
		const text = sourceText(e);
		// what a macro has made has the macro's text
		found.set(isNameRef(e) || /^(0x[\da-f]+|\d+)[ul]*$/i.test(text) ? text : String(value), value);
	};
	for (const node of AstUtils.streamAllContents(program.definitionOf(f))) {
		if (isBinaryExpr(node) && COMPARES.test(node.operator)) {
			if (names(node.left)) add(node.right);
			else if (names(node.right)) add(node.left);
		} else if (isSwitchStatement(node) && names(node.value)) {
			for (const label of AstUtils.streamAllContents(node)) if (isCaseLabel(label)) add(label.value);
		} else if (isCall(node) && isNameRef(node.callee) && isFunctionDecl(node.callee.target.ref)) {
			const callee = node.callee.target.ref;
			node.arguments.forEach((argument, i) => {
				if (names(argument) && !sourceOf(program.definitionOf(callee)).kernel)
					for (const [text, value] of comparedWith(program, callee, i, seen)) found.set(text, value);
			});
		}
	}
	return found;
}
