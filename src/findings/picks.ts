/** What the adversary has picked, in words. */
import type { AstNode } from 'langium';
import {
	type Call,
	type Expression,
	isCall,
	isCast,
	isConditional,
	isExpression,
	isFunctionDecl,
	isNameRef,
	isNumberLiteral,
	isParenthesized,
	isUnary,
} from '../language/generated/ast.js';
import { knownValues } from '../language/registers.js';
import { sourceText } from '../language/text.js';
import { broughtBy } from '../language/told-apart.js';

/**
 * What has been picked at an `any()` of the sketch's, or for a register that it reads: `picks 1`, or where it makes an argument of a call
 * `picks cmd = 1`. Where a further pick has to say which, it is only known which not: `picks cmd != 0`.
 */
export function pickWords(value: number, node: AstNode): string {
	const read = knownValues(node)?.[value];
	if (read !== undefined) return `reads ${number(read)}`;
	const brought = broughtBy(node);
	if (brought !== undefined)
		return value === 0 ? 'brings what is on the page' : `brings ${number(brought[value - 1] ?? 0)}`;
	const argument = argumentOf(node);
	const parameter = argument && parameterOf(argument);
	const comes = argument && parameter !== undefined ? comesTo(argument, node, value) : undefined;
	return comes === undefined ? `picks ${isBool(node) ? value === 1 : value}` : `picks ${parameter} ${comes}`;
}

/** Picks of one step, without what a later one of them says better. */
export const withoutOpen = (picks: readonly string[]): string[] =>
	picks.filter((words, n) => {
		const open = /^(picks \w+) !=/.exec(words)?.[1];
		return open === undefined || !picks.slice(n + 1).some((later) => later.startsWith(`${open} `));
	});

const number = (n: number): string => (n >= 0 && n < 10 ? String(n) : `0x${(n >>> 0).toString(16)}`);
const isBool = (node: AstNode): boolean => /^any_bool\b/.test(sourceText(node));
const isPick = (node: AstNode): boolean => /^any(_bool)?\s*\(/.test(sourceText(node));

/** The argument of a call that a pick is, or chooses in a row of conditions. */
function argumentOf(node: AstNode): Expression | undefined {
	for (let at = node; isExpression(at); ) {
		const up: AstNode | undefined = at.$container;
		if (isCall(up) && up.callee !== at) return at;
		const chooses = isConditional(up) && up.then !== at;
		if (up === undefined || !(isParenthesized(up) || isCast(up) || chooses)) return undefined;
		at = up;
	}
	return undefined;
}

/** The name of the parameter that an argument is for. */
function parameterOf(argument: Expression): string | undefined {
	const call = argument.$container as Call;
	const target = isNameRef(call.callee) ? call.callee.target.ref : undefined;
	return isFunctionDecl(target) ? target.parameters[call.arguments.indexOf(argument)]?.name : undefined;
}

/** What the argument comes to with this pick, `= 7` or `!= 0`; undefined where it is no plain value. */
function comesTo(argument: Expression, pick: AstNode, value: number): string | undefined {
	const is = (text: string | undefined) => text && `= ${text}`;
	for (let at = bare(argument), no: string | undefined; ; ) {
		if (at === pick) return is(String(isBool(pick) ? value === 1 : value));
		if (!isConditional(at)) return no !== undefined && isPick(at) ? `!= ${no}` : is(plain(at));
		const condition = bare(at.condition);
		if (!isPick(condition) || at.then === undefined) return undefined;
		// what comes behind this pick is open
		if (no !== undefined) return `!= ${no}`;
		const then = plain(at.then);
		if (condition === pick && value !== 0) return is(then);
		if (condition === pick) no = then;
		at = bare(at.otherwise);
	}
}

const bare = (e: Expression): Expression =>
	isParenthesized(e) ? bare(e.inner) : isCast(e) && e.operand !== undefined ? bare(e.operand) : e;

const plain = (e: Expression): string | undefined =>
	// the user's memory ends there
	isNameRef(e) && e.target.$refText === 'NR_PAGES'
		? 'NR_PAGES, where nothing is'
		: isNumberLiteral(e) || isNameRef(e) || (isUnary(e) && isNumberLiteral(e.operand))
			? sourceText(e)
			: undefined;
