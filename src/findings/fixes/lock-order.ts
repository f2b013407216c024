import { type Call, type Expression, isBlock, isCall, isExpressionStatement } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { lockLabel, TAKES } from '../text/locks.js';
import { callsOf, nameOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

const RANGE = /range_lock$/;

/** Two locks that are taken one after the other: in the other order, or, of one kind, the lower one first (S12, S13). */
export const lockOrder: Fixer = ({ functions }) =>
	functions.flatMap((f) =>
		callsOf(f, new RegExp(`${TAKES.source}|${RANGE.source}`)).flatMap((second): Fix[] => {
			const statement = second.$container;
			if (!isExpressionStatement(statement) || !isBlock(statement.$container)) return [];
			const { statements } = statement.$container;
			const before = statements[statements.indexOf(statement) - 1];
			if (before === undefined || !isExpressionStatement(before) || !isCall(before.expression)) return [];
			const first = before.expression;
			if (!TAKES.test(nameOf(first)) && !RANGE.test(nameOf(first))) return [];
			if (nameOf(first) === nameOf(second) && RANGE.test(nameOf(first))) return lowerFirst(first, second);
			const edits = new Edits().replace(first, sourceText(second)).replace(second, sourceText(first)).list;
			return [{ title: `Take ${labelOf(second)} before ${labelOf(first)} in ${f.name}()`, edits }];
		}),
	);

const labelOf = (call: Call): string => (RANGE.test(nameOf(call)) ? 'the range lock' : lockLabel(call));

/** `range_lock(mm, src, src + 1); range_lock(mm, dst, dst + 1);`: whoever takes both takes the lower one first. */
function lowerFirst(first: Call, second: Call): Fix[] {
	const at = first.arguments.findIndex((a, n) => sourceText(a) !== textOf(second.arguments[n]));
	const [one, other] = [textOf(first.arguments[at]), textOf(second.arguments[at])];
	if (!/^\w+$/.test(one) || !/^\w+$/.test(other)) return [];
	const edits = new Edits();
	for (const [call, name, word] of [
		[first, one, 'min'],
		[second, other, 'max'],
	] as const) {
		const text = sourceText(call).replace(new RegExp(`\\b${name}\\b`, 'g'), `${word}(${one}, ${other})`);
		edits.replace(call, text);
	}
	return [{ title: 'Take the lower range first', edits: edits.list }];
}

const textOf = (expression: Expression | undefined): string => (expression ? sourceText(expression) : '');
