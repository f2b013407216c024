import { type FunctionDecl, isNameRef, isReturnStatement } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { allOf, callsOf, firstStatement, nameOf, parameterOf, returnsOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** A work item that looks into an address space of which nobody keeps a user (Documentation/mm/hmm.rst): it takes one, or leaves it. */
export const mmget: Fixer = ({ program, functions, blamed }) => {
	if (blamed.code !== 'stale-mapping' && !/mmget_not_zero\(\)/.test(blamed.message)) return [];
	const items = [...program.functions.values()].filter(
		(f) =>
			f.body !== undefined &&
			parameterOf(f, /struct work_struct\b/) !== undefined &&
			sourceText(f.returnType) === 'void',
	);
	const mms = new Set(
		functions.flatMap((f) => callsOf(f, /^mmap_read_(try)?lock$/).flatMap((call) => globalArgument(f, call))),
	);
	return items
		.filter((f) => callsOf(f, /^mmget(_not_zero)?$/).length === 0 && reaches(f, functions))
		.flatMap((f) => [...mms].flatMap((mm) => keeps(f, mm)));
};

/** An argument that says the same in every function: it begins with a global variable. */
function globalArgument(f: FunctionDecl, call: ReturnType<typeof callsOf>[number]): string[] {
	const [argument] = call.arguments;
	const root = argument && allOf(argument).find(isNameRef);
	const own = root?.target.ref;
	return argument && own && !allOf(f).includes(own) ? [sourceText(argument)] : [];
}

/** Does one of the functions stand in `f`, or in what it calls? */
function reaches(f: FunctionDecl, functions: readonly FunctionDecl[]): boolean {
	const names = new Set(functions.map((g) => g.name));
	return names.has(f.name) || callsOf(f, /./).some((call) => names.has(nameOf(call)));
}

function keeps(f: FunctionDecl, mm: string): Fix[] {
	const first = firstStatement(f);
	const last = f.body?.statements.at(-1);
	if (!first || !last) return [];
	const put = `mmput_async(${mm});`;
	const edits = new Edits().before(first, `if (!mmget_not_zero(${mm}))`, '\treturn;');
	for (const way of returnsOf(f)) edits.before(way, put);
	if (!isReturnStatement(last)) edits.after(last, put);
	return [{ title: `Keep a user of ${mm} in ${f.name}(): mmget_not_zero()`, edits: edits.list }];
}
