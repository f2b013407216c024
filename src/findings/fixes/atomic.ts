import type { AstNode } from 'langium';
import {
	isAssignment,
	isCall,
	isExpressionStatement,
	isField,
	isFieldDecl,
	isMember,
	isNameRef,
	isPostfix,
	isUnary,
	isVariable,
	isVariableDecl,
} from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { allOf, nameOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** A count that several threads change without a lock: an atomic_t, wherever it is used. */
export const atomicCount: Fixer = ({ program, blamed }) => {
	const path = (/Change (\S+) under/.exec(blamed.message) ?? /(?:writes|reads) (\S+)/.exec(blamed.message))?.[1];
	const name = path?.replace(/^.*(\.|->)/, '');
	return allOf(program.root).flatMap((declared): Fix[] => {
		const owner = declared.$container;
		const isOne =
			(isVariable(declared) &&
				isVariableDecl(owner) &&
				owner.$container === program.root &&
				owner.variables.length === 1) ||
			(isField(declared) && isFieldDecl(owner) && owner.fields.length === 1);
		if (!isOne || declared.name !== name || !name || !(isVariableDecl(owner) || isFieldDecl(owner))) return [];
		if (!owner.type || !/^(int|unsigned( int)?|long)$/.test(sourceText(owner.type))) return [];
		if (declared.dims.length > 0 || declared.stars.length > 0 || (isVariable(declared) && declared.init)) return [];
		const uses = allOf(program.root).filter(
			(n) => (isNameRef(n) && n.target.ref === declared) || (isMember(n) && n.field.ref === declared),
		);
		const edits = new Edits().replace(owner.type, 'atomic_t');
		const counts = uses.map((use) => atomically(use, edits));
		// what is only set and read is no count
		if (!counts.includes(true) || counts.includes(undefined)) return [];
		return [{ title: `Make ${name} an atomic_t`, edits: edits.list }];
	});
};

const NULLARY: Readonly<Record<string, string>> = { '++': 'inc', '--': 'dec' };
const BY: Readonly<Record<string, string>> = { '+=': 'add', '-=': 'sub' };

/** One use in the words of atomic_t: true where it counts, undefined where there are none for it. */
function atomically(use: AstNode, edits: Edits): boolean | undefined {
	const around = use.$container;
	const count = `&${sourceText(use)}`;
	if (around === undefined || isMember(around)) return undefined;
	const whole = isExpressionStatement(around.$container);
	if (isPostfix(around) || (isUnary(around) && NULLARY[around.operator] !== undefined)) {
		if (!whole) return undefined;
		edits.replace(around, `atomic_${NULLARY[around.operator]}(${count})`);
		return true;
	}
	if (isUnary(around) && around.operator === '&') return undefined;
	if (isAssignment(around) && around.target === use) {
		const by = BY[around.operator];
		if (!whole || (by === undefined && around.operator !== '=')) return undefined;
		// the value may be made of the old one
		if (allOf(around.value).some((n) => sourceText(n) === sourceText(use))) return undefined;
		const value = sourceText(around.value);
		edits.replace(around, by ? `atomic_${by}(${value}, ${count})` : `atomic_set(${count}, ${value})`);
		return by !== undefined;
	}
	if (isCall(around) && nameOf(around) === 'WRITE_ONCE') {
		const value = around.arguments[1];
		if (around.arguments[0] !== use || !value) return undefined;
		edits.replace(around, `atomic_set(${count}, ${sourceText(value)})`);
	} else if (isCall(around) && nameOf(around) === 'READ_ONCE') edits.replace(around, `atomic_read(${count})`);
	else edits.replace(use, `atomic_read(${count})`);
	return false;
}
