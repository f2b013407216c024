import { type Call, type FunctionDecl, isFunctionDecl, isReturnStatement } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf, sourceText } from '../../language/text.js';
import { callbacksOf } from '../lints/callbacks.js';
import { heldAt, lockName, locksOf, lockText, RELEASES, releaseOf } from '../text/locks.js';
import { callsOf, firstStatement, nameOf, returnsOf } from '../text/sketch.js';
import { Edits, eolOf, rangeOf } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** A lock that start takes and end gives back. */
interface Held {
	readonly start: FunctionDecl;
	readonly end: FunctionDecl;
	readonly take: Call;
	readonly release: Call;
}

/**
 * A lock that is held from the start of a range to its end is taken again by a range inside of it, or of the next
 * subscription (S57): each callback takes it for itself, and between them active ranges are counted.
 */
export const notBetween: Fixer = ({ program }) =>
	heldBetween(program).flatMap((held): Fix[] => [apart(held), ...counted(program, held)].flatMap((f) => f ?? []));

function heldBetween(program: Program): Held[] {
	const callbacks = callbacksOf(program);
	return callbacks
		.filter(({ operation }) => /^invalidate(_range)?_start$/.test(operation))
		.flatMap(({ function: start }) =>
			callbacks
				.filter(({ operation }) => /^invalidate_(range_end|finish)$/.test(operation))
				.flatMap(({ function: end }) =>
					callsOf(end, RELEASES).flatMap((release) => {
						const take = locksOf(start).find(({ call }) => lockName(call) === lockName(release))?.call;
						const own = take && locksOf(end).some(({ call }) => lockName(call) === lockName(release));
						return take && own === false ? [{ start, end, take, release }] : [];
					}),
				),
		);
}

/** Each of the two takes the lock for itself; `up` and `down` are done under it. */
function apart({ start, end, take, release }: Held, up?: string, down?: string): Fix | undefined {
	const last = start.body?.statements.at(-1);
	const first = firstStatement(end);
	if (last === undefined || first === undefined) return undefined;
	const edits = new Edits();
	const exits = returnsOf(start).filter((exit) => heldAt(exit).some((call) => lockText(call) === lockText(take)));
	for (const exit of exits) edits.before(exit, ...(up ? [up] : []), releaseOf(take));
	if (!isReturnStatement(last)) edits.after(last, ...(up ? [up] : []), releaseOf(take));
	const argument = release.arguments[0] ? sourceText(release.arguments[0]) : '';
	edits.before(first, `${nameOf(take)}(${argument});`, ...(down ? [down] : []));
	return { title: `Take ${lockName(take)} in start and in end, not from one to the other`, edits: edits.list };
}

/** What the lock kept out between the callbacks is kept out by a count, which who maps asks for. */
function counted(program: Program, held: Held): Fix[] {
	const counter = `${lockName(held.take)}_ranges`;
	const fix = apart(held, `${counter}++;`, `${counter}--;`);
	if (fix === undefined || program.root.items.length === 0) return [];
	const edits = new Edits();
	edits.list.push(...fix.edits);
	const { uri, text } = sourceOf(program.root);
	const above = program.root.items.find(isFunctionDecl) ?? held.start;
	const eol = eolOf(text);
	edits.insert(
		uri,
		rangeOf(above)[0],
		`/* Ranges between their start and their end. */${eol}static int ${counter};${eol}${eol}`,
	);
	const others = program.root.items.filter(isFunctionDecl).filter((f) => f !== held.start && f !== held.end);
	for (const f of others) {
		if (callsOf(f, /^dev_map(_page)?$/).length === 0) continue;
		if (sourceText(f.returnType) !== 'int' || f.stars.length > 0) return [];
		for (const { call, statement } of locksOf(f).filter(({ call: c }) => lockName(c) === lockName(held.take)))
			edits.after(statement, `if (${counter}) {`, `\t${releaseOf(call)}`, '\treturn -EAGAIN;', '}');
	}
	return [
		{
			title: `Count the active ranges, instead of holding ${lockName(held.take)} from start to end`,
			edits: edits.list,
		},
	];
}
