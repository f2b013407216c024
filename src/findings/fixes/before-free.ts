import type { AstNode } from 'langium';
import {
	type FunctionDecl,
	isBlock,
	isExpressionStatement,
	isFieldDecl,
	isFunctionDecl,
	isInitializerEntry,
	isInitializerList,
	isNameRef,
	isReturnStatement,
	isStructDef,
	isVariable,
	isVariableDecl,
	type Statement,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf, sourceText } from '../../language/text.js';
import { allOf, callsOf, following, nameOf, parameterOf, statementOf } from '../text/sketch.js';
import { aboveComment, Edits, eolOf, rangeOf, rawText } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** After these, nobody else uses what they were called for. */
const ENDS =
	/^(mmu_(interval_)?notifier_(unregister|remove|synchronize)|(flush|cancel)_(delayed_)?work(_sync)?|flush_workqueue|destroy_workqueue|synchronize_s?rcu|srcu_barrier|rcu_barrier|timer_(delete|shutdown)_sync|free_irq|misc_deregister|cdev_del)$/;

/** Memory that is freed while somebody may still use it: first wait for them, or leave it to who is last. */
export const beforeFree: Fixer = ({ functions, program }) =>
	functions.flatMap((f) =>
		callsOf(f, /^(k|kv|v)free$/).flatMap((call): Fix[] => {
			const statement = call.$container;
			const object = call.arguments[0];
			if (!isExpressionStatement(statement) || !isBlock(statement.$container) || object === undefined) return [];
			return [
				...putInRelease(program, f, statement, sourceText(object)),
				...later(statement),
				...afterLastUse(statement, sourceText(object), nameOf(call)),
				...waits(program, sourceText(object)).map(([line, title]) => ({
					title: `${title} before ${nameOf(call)}()`,
					edits: new Edits().before(statement, line).list,
				})),
				...byTheLast(program, f, statement, sourceText(object)),
			];
		}),
	);

/** `kfree(x); cancel_work_sync(&x->work);` */
function later(statement: Statement): Fix[] {
	const last = following(statement)
		.filter((s) => callsOf(s, ENDS).length > 0)
		.at(-1);
	const [waits] = last ? callsOf(last, ENDS) : [];
	if (last === undefined || waits === undefined) return [];
	return [
		{
			title: `Free it only after ${nameOf(waits)}()`,
			edits: new Edits().remove(statement).after(last, rawText(statement)).list,
		},
	];
}

/** `kfree(x); x->n = 1;` */
function afterLastUse(statement: Statement, object: string, free: string): Fix[] {
	const uses = new RegExp(`(?<![\\w.>])${object.replace(/[^\w]/g, '\\$&')}(?!\\w)`);
	const rest = following(statement);
	const last = rest.findLast((s) => uses.test(sourceText(s)));
	if (!last || isReturnStatement(last) || rest.some((s) => allOf(s).some(jumps))) return [];
	return [
		{
			title: `Call ${free}() behind the last use`,
			edits: new Edits().remove(statement).after(last, rawText(statement)).list,
		},
	];
}

const jumps = (n: AstNode): boolean => /^(Goto|Break|Continue)Statement$/.test(n.$type);

/**
 * release() may not free the notifier that the core still has on its list: it gives it up, and free_notifier() frees it when
 * nobody uses it any more (amdkfd: kfd_process_notifier_release(), kfd_process_free_notifier()).
 */
function putInRelease(program: Program, f: FunctionDecl, statement: Statement, object: string): Fix[] {
	const entry = allOf(program.root)
		.filter(isInitializerEntry)
		.find((e) => e.designators[0]?.field?.$refText === 'release' && sourceText(e.value) === f.name);
	const list = entry?.$container;
	const operations = isInitializerList(list)
		? list.entries.map((e) => (isInitializerEntry(e) ? e.designators[0]?.field?.$refText : undefined))
		: [];
	const parameter = parameterOf(f, /struct mmu_notifier\b/);
	const own = callsOf(f, /^container_of$/).find((c) => isVariable(c.$container) && c.$container.name === object);
	const [, type, field] = own?.arguments.map(sourceText) ?? [];
	const name = `${f.name.replace(/_?release$/, '').replace(/^on$/, '') || type?.replace(/^struct /, '')}_free_notifier`;
	if (!entry || !parameter || !type || !field || operations.includes('free_notifier') || program.functions.has(name))
		return [];
	const { uri, text } = sourceOf(f);
	const eol = eolOf(text);
	const [start, end] = rangeOf(entry);
	const between = /\n([ \t]*)$/.exec(text.slice(0, start));
	const lines = [
		`static void ${name}(struct mmu_notifier *${parameter})`,
		'{',
		`\tkfree(container_of(${parameter}, ${type}, ${field}));`,
		'}',
	];
	const edits = new Edits()
		.insert(uri, aboveComment(text, rangeOf(f)[0]), `${lines.join(eol)}${eol}${eol}`)
		.replace(statement, `mmu_notifier_put(${parameter});`)
		.insert(uri, end, `,${between ? `${eol}${between[1]}` : ' '}.free_notifier = ${name}`);
	const decl = own && statementOf(own);
	const uses = allOf(f).filter((n) => isNameRef(n) && n.target.$refText === object).length;
	// what was only there to be freed
	if (decl && isVariableDecl(decl) && decl.variables.length === 1 && uses === 1) edits.remove(decl);
	return [{ title: `Call mmu_notifier_put() in ${f.name}(), and free it in ${name}()`, edits: edits.list }];
}

/** What can be waited for: work items and notifiers in the object, grace periods. */
function waits(program: Program, object: string): [line: string, title: string][] {
	const fields = allOf(program.root)
		.filter(isStructDef)
		.flatMap((s) => s.fields)
		.filter(isFieldDecl)
		.flatMap(({ type, fields: own }) => own.map(({ name }) => ({ type: type ? sourceText(type) : '', name })));
	const lines = fields.flatMap(({ type, name }): [string, string][] => {
		const field = `&${object}->${name}`;
		if (type === 'struct work_struct') return [[`cancel_work_sync(${field});`, 'Cancel the work']];
		if (type === 'struct delayed_work') return [[`cancel_delayed_work_sync(${field});`, 'Cancel the work']];
		if (type === 'struct mmu_interval_notifier')
			return [[`mmu_interval_notifier_remove(${field});`, 'Remove the notifier']];
		if (type === 'struct mmu_notifier') return [[`mmu_notifier_unregister(${field}, mm);`, 'Unregister the notifier']];
		return [];
	});
	return [
		...lines,
		['mmu_notifier_synchronize();', 'Wait with mmu_notifier_synchronize()'],
		['synchronize_rcu();', 'Wait for a grace period'],
	];
}

/** What was given back with mmu_notifier_put() is freed by free_notifier, which comes when nobody uses it any more. */
function byTheLast(program: Program, f: FunctionDecl, statement: Statement, object: string): Fix[] {
	const put = callsOf(f, /^mmu_notifier_put$/)[0]?.arguments[0];
	const field = put && new RegExp(`^&${object}->(\\w+)$`).exec(sourceText(put))?.[1];
	const entry = allOf(program.root)
		.filter(isInitializerEntry)
		.find((e) => e.designators[0]?.field?.$refText === 'free_notifier');
	const target = entry && isNameRef(entry.value) ? entry.value.target.ref : undefined;
	const free = target && isFunctionDecl(target) ? program.definitionOf(target) : undefined;
	const parameter = free?.parameters[0]?.name;
	if (field === undefined || free?.body === undefined || parameter === undefined) return [];
	const struct = allOf(program.root)
		.filter(isStructDef)
		.find((s) =>
			s.fields.some(
				(d) => d.type && sourceText(d.type) === 'struct mmu_notifier' && d.fields.some((n) => n.name === field),
			),
		);
	if (struct?.name === undefined) return [];
	const line = `kfree(container_of(${parameter}, struct ${struct.name}, ${field}));`;
	const edits = new Edits().remove(statement);
	const last = free.body.statements.at(-1);
	if (last) edits.after(last, line);
	else edits.replace(free.body, `{\n\t${line}\n}`);
	return [{ title: `Free it in ${free.name}(), when nobody uses it any more`, edits: edits.list }];
}
