import { type FunctionDecl, isIfStatement, type Statement } from '../../language/generated/ast.js';
import { sourceOf, sourceText } from '../../language/text.js';
import { lockLabel, locksOf } from '../text/locks.js';
import { blockable, callsOf, firstStatement, nameOf, refusal, statementOf } from '../text/sketch.js';
import { Edits, eolOf, indentOf } from './edits.js';
import type { Fix, Fixer } from './fix.js';

const TRY: Readonly<Record<string, string>> = {
	mutex_lock: 'mutex_trylock',
	mutex_lock_killable: 'mutex_trylock',
	down_read: 'down_read_trylock',
	down_write: 'down_write_trylock',
};
const SLEEPS =
	/^(might_sleep|msleep|schedule\w*|wait_event\w*|wait_for_completion\w*|dma_fence_wait\w*|flush_work|cancel_work_sync|synchronize_s?rcu|k[vmzc]?[a-z]*alloc\w*|dma_resv_lock\w*)$/;

/** A callback that sleeps, or refuses, whatever it is asked: it may sleep where the range is blockable, and only there. */
export const trylock: Fixer = ({ functions }) =>
	functions.flatMap((f): Fix[] => {
		const may = blockable(f);
		const no = refusal(f);
		if (may === undefined || no === undefined) return [];
		const asks = callsOf(f, /blockable$/).length > 0;
		const tried = asks ? [] : [...tries(f, may, no), ...waits(f, may, no)];
		const first = firstStatement(f);
		if (first === undefined || (tried.length === 0 && callsOf(f, SLEEPS).length === 0)) return tried;
		const early = new Edits().before(first, `if (!${may})`, `\treturn ${no};`).list;
		return [...tried, { title: `Return ${no} where the range is not blockable`, edits: early }];
	});

/** `mutex_lock(&l);` */
function tries(f: FunctionDecl, may: string, no: string): Fix[] {
	return locksOf(f).flatMap(({ call, statement }) => {
		const attempt = TRY[nameOf(call)];
		return attempt === undefined
			? []
			: [
					{
						title: `Try ${lockLabel(call)} where the range is not blockable, and return ${no}`,
						edits: lockOrRefuse(statement, may, sourceText(call), `${attempt}(${argument(call)})`, no),
					},
				];
	});
}

/** `if (!mutex_trylock(&l)) return -EAGAIN;` */
function waits(f: FunctionDecl, may: string, no: string): Fix[] {
	return callsOf(f, /trylock$/).flatMap((call) => {
		const lock = Object.keys(TRY).find((name) => TRY[name] === nameOf(call));
		const statement = statementOf(call);
		if (lock === undefined || !statement || !isIfStatement(statement) || statement.otherwise) return [];
		if (!/^if \(!\w+\([^()]*\)\) (\{ )?return [-\w]+;( \})?$/.test(sourceText(statement))) return [];
		return [
			{
				title: `Wait for ${argument(call).replace(/^&/, '')} where the range is blockable`,
				edits: lockOrRefuse(statement, may, `${lock}(${argument(call)})`, sourceText(call), no),
			},
		];
	});
}

const argument = (call: { arguments: readonly Parameters<typeof sourceText>[0][] }): string =>
	call.arguments[0] ? sourceText(call.arguments[0]) : '';

function lockOrRefuse(statement: Statement, may: string, lock: string, attempt: string, no: string) {
	const indent = indentOf(statement);
	const lines = [`if (${may})`, `\t${lock};`, `else if (!${attempt})`, `\treturn ${no};`];
	return new Edits().replace(statement, lines.join(`${eolOf(sourceOf(statement).text)}${indent}`)).list;
}
