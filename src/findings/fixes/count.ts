import type { AstNode } from 'langium';
import {
	type FunctionDecl,
	isAssignment,
	isExpressionStatement,
	isField,
	isFieldDecl,
	isIfStatement,
	isMember,
	isNameRef,
	isPostfix,
	isUnary,
	isVariable,
	isVariableDecl,
	type Statement,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceText } from '../../language/text.js';
import { callbacksOf } from '../lints/callbacks.js';
import { heldAt, lockText, releaseOf, takeOf } from '../text/locks.js';
import { allOf, offsetOf, returnsOf } from '../text/sketch.js';
import { Edits, rawText } from './edits.js';
import type { Fix, Fixer } from './fix.js';

const STARTS = /^invalidate(_range)?_start$/;
const ENDS = /^invalidate_(range_end|finish)$/;

const callbacks = (program: Program, operation: RegExp): FunctionDecl[] =>
	callbacksOf(program).flatMap((c) => (operation.test(c.operation) ? [c.function] : []));

/** A flag that start sets and end clears says nothing when ranges overlap (S26): they have to be counted. */
export const countRanges: Fixer = ({ program }) => {
	const [starts, ends] = [callbacks(program, STARTS), callbacks(program, ENDS)];
	const flags = new Set(starts.flatMap((f) => sets(f, /^(true|1)$/)).flatMap((set) => declarationOf(set.target) ?? []));
	return [...flags].flatMap((declaration): Fix[] => {
		const name = (declaration as { name?: string }).name ?? '';
		const owner = declaration.$container;
		if (!owner || !(isFieldDecl(owner) || isVariableDecl(owner)) || !owner.type || sourceText(owner.type) !== 'bool')
			return [];
		const writes = allOf(program.root)
			.filter(isAssignment)
			.filter((a) => declarationOf(a.target) === declaration);
		const edits = new Edits().replace(owner.type, 'int');
		for (const write of writes) {
			const within = (functions: readonly FunctionDecl[]) => functions.some((f) => allOf(f).includes(write));
			const on = /^(true|1)$/.test(sourceText(write.value));
			if (!isExpressionStatement(write.$container) || !(on ? within(starts) : within(ends))) return [];
			edits.replace(write, `${sourceText(write.target)}${on ? '++' : '--'}`);
		}
		return [{ title: `Count the ranges in ${name}, instead of a flag`, edits: edits.list }];
	});
};

function sets(f: FunctionDecl, value: RegExp) {
	return allOf(f)
		.filter(isAssignment)
		.filter((a) => a.operator === '=' && value.test(sourceText(a.value)));
}

function declarationOf(node: AstNode): AstNode | undefined {
	const target = isMember(node) ? node.field.ref : isNameRef(node) ? node.target.ref : undefined;
	return target && (isField(target) || isVariable(target)) ? target : undefined;
}

interface Step {
	readonly statement: Statement;
	readonly counter: string;
	readonly up: boolean;
}

/** The statements `x++;`, `x--;` and their like. */
function stepsOf(f: FunctionDecl): Step[] {
	return allOf(f)
		.filter(isExpressionStatement)
		.flatMap((statement): Step[] => {
			const { expression } = statement;
			const isStep = isPostfix(expression) || (isUnary(expression) && /^(\+\+|--)$/.test(expression.operator));
			if (!isStep) return [];
			return [{ statement, counter: sourceText(expression.operand), up: expression.operator === '++' }];
		});
}

/** What is counted under a condition that may have changed by the end is counted always (S22). */
export const countAlways: Fixer = ({ program }) => {
	const conditional = [...callbacks(program, STARTS), ...callbacks(program, ENDS)].flatMap((f) =>
		stepsOf(f).flatMap((step) => {
			const block = step.statement.$container;
			const test = isIfStatement(block) ? block : block?.$container;
			return test && isIfStatement(test) && test.otherwise === undefined ? [{ ...step, test }] : [];
		}),
	);
	return [...new Set(conditional.map(({ counter }) => counter))].map((counter) => {
		const edits = new Edits();
		for (const { statement, test } of conditional.filter((c) => c.counter === counter)) {
			if (test.then === statement) edits.replace(test, rawText(statement));
			else edits.before(test, rawText(statement)).remove(statement);
		}
		return { title: `Count every range in ${counter}, whatever it covers`, edits: edits.list };
	});
};

/** A callback that counts and then refuses gets no end callback: it takes the count back first (S84). */
export const takeBack: Fixer = ({ program }) =>
	callbacks(program, STARTS).flatMap((f): Fix[] =>
		stepsOf(f)
			.filter(({ up }) => up)
			.flatMap(({ statement, counter }): Fix[] => {
				const refusals = returnsOf(f).filter(
					(r) => offsetOf(r) > offsetOf(statement) && r.value && /^(-E\w+|false)$/.test(sourceText(r.value)),
				);
				if (refusals.length === 0) return [];
				const back = new Edits();
				for (const refusal of refusals) {
					const held = heldAt(refusal).map(lockText);
					const locks = heldAt(statement).filter((lock) => !held.includes(lockText(lock)));
					back.before(refusal, ...locks.map(takeOf), `${counter}--;`, ...[...locks].reverse().map(releaseOf));
				}
				return [{ title: `Take ${counter} back before refusing`, edits: back.list }];
			}),
	);
