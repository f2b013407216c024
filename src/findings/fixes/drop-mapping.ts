import type { FunctionDecl, Statement } from '../../language/generated/ast.js';
import { isExpressionStatement, isIfStatement, isReturnStatement } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { callbacksOf } from '../lints/callbacks.js';
import { callsOf, firstStatement, parameterOf, returnsOf, statementOf } from '../text/sketch.js';
import { Edits, rawText } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** A callback that accepts a range and keeps the mapping: it drops it, for every event, and flushes what it cleared. */
export const dropMapping: Fixer = ({ functions, program, blamed }) =>
	callbacksOf(program)
		.filter(({ operation, function: f }) => functions.includes(f) && !/_end$|_finish$/.test(operation))
		.flatMap(({ function: f }) => [...otherDevice(f, blamed.message), ...withoutFilter(f), ...drops(f), ...flushes(f)]);

/** Of several devices that mirror the address space, one is forgotten. */
function otherDevice(f: FunctionDecl, message: string): Fix[] {
	const device = /^(?!the device )(\S+) (?:still )?maps page /.exec(message)?.[1];
	if (device === undefined || callsOf(f, /^dev_/).some((c) => c.arguments.some((a) => sourceText(a) === `&${device}`)))
		return [];
	return callsOf(f, /^dev_unmap$/)
		.slice(-1)
		.flatMap((call) => {
			const statement = statementOf(call);
			const line = `dev_unmap(&${device}, ${call.arguments.slice(-2).map(sourceText).join(', ')});`;
			return statement
				? [
						{
							title: `Drop the mapping of ${device} in ${f.name}() too`,
							edits: new Edits().after(statement, line).list,
						},
					]
				: [];
		});
}

/** `if (range->event != MMU_NOTIFY_UNMAP) return 0;`, or `if (range->event == …) dev_unmap(…);` */
function withoutFilter(f: FunctionDecl): Fix[] {
	return (f.body?.statements ?? []).filter(isIfStatement).flatMap((s): Fix[] => {
		if (s.otherwise !== undefined || !/event|flags|owner/.test(sourceText(s.condition))) return [];
		const then = s.then.$type === 'Block' ? s.then.statements : [s.then];
		const title = `Handle every event in ${f.name}()`;
		if (then.some(isReturnStatement)) return [{ title, edits: new Edits().remove(s).list }];
		const [only, ...more] = then;
		if (only === undefined || more.length > 0 || callsOf(only, /^dev_/).length === 0) return [];
		return [{ title, edits: new Edits().replace(s, rawText(only)).list }];
	});
}

function rangeArguments(f: FunctionDecl): string | undefined {
	const range = parameterOf(f, /struct mmu_notifier_range\b/);
	if (range !== undefined) return `${range}->start, ${range}->end`;
	const start = parameterOf(f, /\bstart$/);
	const end = parameterOf(f, /\bend$/);
	return start && end ? `${start}, ${end}` : undefined;
}

function drops(f: FunctionDecl): Fix[] {
	const range = rangeArguments(f);
	if (range === undefined || callsOf(f, /^dev_(unmap|clear)$/).length > 0) return [];
	const line = `dev_unmap(${range});`;
	const title = `Drop the mapping in ${f.name}()`;
	const first = firstStatement(f);
	const last: Statement | undefined = returnsOf(f).at(-1);
	if (first === undefined) return [];
	// under the lock, behind the sequence: who reads it has to find the mapping gone or begin again
	const sequences = callsOf(f, /^mmu_interval_set_seq$/).flatMap((call) => statementOf(call) ?? []);
	const unlock = (f.body?.statements ?? []).findLast(
		(s) => isExpressionStatement(s) && callsOf(s, /unlock/).length > 0,
	);
	return [
		...sequences.slice(-1).map((s) => ({ title, edits: new Edits().after(s, line).list })),
		...(unlock ? [{ title, edits: new Edits().before(unlock, line).list }] : []),
		...(last && last !== first ? [{ title, edits: new Edits().before(last, line).list }] : []),
		{ title, edits: new Edits().before(first, line).list },
	];
}

function flushes(f: FunctionDecl): Fix[] {
	const range = rangeArguments(f);
	const fixes: Fix[] = callsOf(f, /^dev_clear$/).flatMap((call) => {
		const statement = statementOf(call);
		const args = call.arguments.map(sourceText).join(', ');
		return statement
			? [{ title: 'Flush the TLB behind dev_clear()', edits: new Edits().after(statement, `dev_flush(${args});`).list }]
			: [];
	});
	const last = f.body?.statements.at(-1);
	if (range === undefined || callsOf(f, /^dev_(flush|unmap|clear)$/).length > 0) return fixes;
	const first = firstStatement(f);
	const flush = `dev_flush(${range});`;
	if (last === undefined || first === undefined) return fixes;
	return [
		...fixes,
		{
			title: `Flush the TLB in ${f.name}()`,
			edits: (isReturnStatement(last) ? new Edits().before(last, flush) : new Edits().after(last, flush)).list,
		},
	];
}
