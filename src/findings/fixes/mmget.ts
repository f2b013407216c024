import {
	type Expression,
	type FunctionDecl,
	isCall,
	isMacroDecl,
	isNameRef,
	isReturnStatement,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf, sourceText } from '../../language/text.js';
import { heldAt, locksOf, lockText, releasesOf } from '../text/locks.js';
import {
	allOf,
	callsOf,
	firstStatement,
	isWhole,
	nameOf,
	parameterOf,
	returnsOf,
	statementOf,
} from '../text/sketch.js';
import { Edits, eolOf, indentOf } from './edits.js';
import type { Fix, Fixer } from './fix.js';
import { wayOut } from './give-up.js';

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
	return [
		...items
			.filter((f) => callsOf(f, /^mmget(_not_zero)?$/).length === 0 && reaches(f, functions))
			.flatMap((f) => [...mms].flatMap((mm) => keeps(f, mm))),
		...functions.flatMap(aroundLookup),
	];
};

/** Where only the function that looks can name the address space: around its mmap_lock (iommufd, pfn_reader_user_pin()). */
function aroundLookup(f: FunctionDecl): Fix[] {
	const out = wayOut(f, '-EFAULT');
	if (out === undefined || callsOf(f, /^mmget(_not_zero)?$/).length > 0) return [];
	return locksOf(f)
		.filter(({ call }) => nameOf(call) === 'mmap_read_lock')
		.flatMap(({ call, statement }): Fix[] => {
			const mm = lockText(call);
			const [last, ...more] = releasesOf(f, call);
			if (!last || more.length > 0 || heldAt(statement).length > 0) return [];
			const edits = new Edits()
				.before(statement, `if (!mmget_not_zero(${mm}))`, `\t${out}`)
				.after(last, `mmput(${mm});`);
			return [{ title: `Keep a user of ${mm} while ${f.name}() looks: mmget_not_zero()`, edits: edits.list }];
		});
}

/** A work item that uses the struct itself of an address space: who queues it keeps that for it (mmgrab()). */
export const mmgrab: Fixer = ({ program, functions, blamed }) => {
	if (!/mm_struct is used after the last mmdrop/.test(blamed.message)) return [];
	const mms = new Set(functions.flatMap((f) => callsOf(f, /^mmap_/).flatMap((call) => globalArgument(f, call))));
	return functions
		.filter((f) => parameterOf(f, /struct work_struct\b/) !== undefined && callsOf(f, /^mmdrop$/).length === 0)
		.flatMap((f) => [...mms].flatMap((mm) => grabs(program, f, mm)));
};

/** It is given up by the work item, or at once where that is on its way already. */
function grabs(program: Program, f: FunctionDecl, mm: string): Fix[] {
	const last = f.body?.statements.at(-1);
	const works = allOf(program.root).flatMap((n) => {
		if (isMacroDecl(n) && n.macro === 'DECLARE_WORK') return n.arguments.some(names(f)) ? [n.name] : [];
		return isCall(n) && nameOf(n) === 'INIT_WORK' && n.arguments.some(names(f)) ? [lockText(n)] : [];
	});
	const queues = callsOf(program.root, /^(schedule|queue)_work$/).flatMap((call) => {
		const work = call.arguments.at(-1);
		const statement = statementOf(call);
		const own = work && works.includes(sourceText(work).replace(/^&/, ''));
		return own && statement && isWhole(call) ? [{ call, statement }] : [];
	});
	if (!last || returnsOf(f).length > 0 || queues.length === 0) return [];
	const edits = new Edits().after(last, `mmdrop(${mm});`);
	for (const { call, statement } of queues) {
		const { text } = sourceOf(statement);
		const indent = `${eolOf(text)}${indentOf(statement)}`;
		edits.replace(statement, [`mmgrab(${mm});`, `if (!${sourceText(call)})`, `\tmmdrop(${mm});`].join(indent));
	}
	return [{ title: `Keep ${mm} for ${f.name}(): mmgrab()`, edits: edits.list }];
}

const names = (f: FunctionDecl) => (argument: Expression) => sourceText(argument) === f.name;

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
