import { AstUtils } from 'langium';
import { type FunctionDecl, isCall, isNameRef, type MacroDecl, type Variable } from '../language/generated/ast.js';
import type { Program } from '../language/program.js';
import { sourceOf } from '../language/text.js';
import type { Type } from '../language/types.js';

/**
 * The default environment (language.md, Scenarios): what a sketch without scenarios is checked against. Smaller ones
 * call wrong drivers right (domain/semantics.md, part 6), so it has every adversary that a real driver meets:
 * an invalidator that holds mmap_lock for write, one that holds no mmap_lock at all, a writer that queues for
 * mmap_lock, and the OOM reaper, which must not be made to sleep.
 */
export interface Environment {
	/** The sketch's text of the environment: one file that includes the user's. */
	readonly text: string;
	/** Uri of that file; next to the user's, so that the include works. */
	readonly uri: string;
	/** Names of the threads that run the sketch's fault handlers. */
	readonly handlers: readonly string[];
	/** Names of the threads that are the environment's, with what each of them is. */
	readonly adversaries: ReadonlyMap<string, string>;
}

/** The name under which results of the default environment appear. */
export const DEFAULT_ENVIRONMENT = 'default_environment';

const PAGES = 2;

/** The environment for a program without scenarios; undefined when the program has no fault handler to run in it. */
export function defaultEnvironment(program: Program): Environment | undefined {
	const handlers = [...program.functions.values()].filter(
		(f) => f.body !== undefined && !sourceOf(f).kernel && callOf(program, f) !== undefined,
	);
	if (handlers.length === 0) return undefined;
	const registrations = registrationsOf(program);
	const names = handlers.map((_, n) => (handlers.length === 1 ? 'F' : `F${n + 1}`));
	const threads = handlers.map((f, n) => `\tthread ${names[n]} { ${callOf(program, f)}; }`);
	const adversaries: [name: string, what: string, body: string][] = [
		['I', 'mmap(MAP_FIXED), which holds mmap_lock for write', `mmap_fixed(0, ${PAGES});`],
		['R', 'reclaim, which holds no mmap_lock', `reclaim(1, ${PAGES});`],
		['W', 'a writer that queues for mmap_lock', 'mmap_write_lock(mm); mmap_write_unlock(mm);'],
		['O', 'the OOM reaper, which must not sleep', `oom_reap(0, ${PAGES});`],
	];
	const file = program.uri.replace(/^.*\//, '');
	const text = [
		`#include "${file}"`,
		...registrations.declarations,
		`scenario ${DEFAULT_ENVIRONMENT} {`,
		`\tpages ${PAGES};`,
		`\tsetup { ${registrations.calls.join(' ')} }`,
		...threads,
		...adversaries.map(([name, , body]) => `\tthread ${name} { ${body} }`),
		'}',
		'',
	].join('\n');
	return {
		text,
		uri: `${program.uri.slice(0, -file.length)}.${DEFAULT_ENVIRONMENT}.${file}`,
		handlers: names,
		adversaries: new Map(adversaries.map(([name, what]) => [name, what])),
	};
}

/**
 * The call of a fault handler: a function whose name ends in `fault`, by `(addr)`, `(start, end)` or `(start, end, flags)`,
 * behind pointers to what the sketch has as globals (`struct gpu *gpu`, `struct mm_struct *mm`).
 */
function callOf(program: Program, f: FunctionDecl): string | undefined {
	if (!/fault$/.test(f.name)) return undefined;
	const type = program.semantics.declaredType(f);
	if (type.kind !== 'function') return undefined;
	const pointers = type.parameters.filter((p) => p.kind === 'pointer').map((p) => argumentFor(program, p));
	const numbers = type.parameters.slice(pointers.length);
	if (pointers.includes(undefined) || numbers.some((p) => p.kind !== 'int')) return undefined;
	const places = [undefined, `any(0, ${PAGES - 1})`, `0, ${PAGES}`, `0, ${PAGES}, any(0, 1)`][numbers.length];
	return places === undefined ? undefined : `${f.name}(${[...pointers, places].join(', ')})`;
}

/** Something of the sketch's own to point to; the `nth` global of its type. */
function argumentFor(program: Program, pointer: Type, nth = 0): string | undefined {
	if (pointer.kind !== 'pointer' || pointer.to.kind !== 'struct') return undefined;
	const { name } = pointer.to;
	if (name === 'mm_struct') return 'mm';
	const global = program.globals.filter(
		(g) => !sourceOf(g).kernel && isStruct(program.semantics.declaredType(g), name),
	)[nth];
	return global === undefined ? undefined : `&${global.name}`;
}

const REGISTERS = /^_*mmu_(interval_)?notifier_(register|insert|insert_locked|get)(_locked)?$/;

/** The sketch's own functions that register a notifier, outermost callers only: they know what else has to be set up. */
function registrars(program: Program): FunctionDecl[] {
	const own = [...program.functions.values()].filter((f) => f.body !== undefined && !sourceOf(f).kernel);
	const callees = new Map(
		own.map((f) => [
			f,
			new Set(
				AstUtils.streamAllContents(f)
					.filter(isCall)
					.map((c) => (isNameRef(c.callee) ? c.callee.target.$refText : '')),
			),
		]),
	);
	const registers = new Set(own.filter((f) => [...(callees.get(f) ?? [])].some((name) => REGISTERS.test(name))));
	for (let size = -1; size !== registers.size; ) {
		size = registers.size;
		for (const f of own) if ([...registers].some((r) => callees.get(f)?.has(r.name))) registers.add(f);
	}
	return [...registers].filter(
		(f) => ![...registers].some((caller) => caller !== f && callees.get(caller)?.has(f.name)),
	);
}

/** Calls of a registering function: for each of the sketch's objects that it can be given, two at the most. */
function registrationCalls(program: Program, f: FunctionDecl): string[] {
	const type = program.semantics.declaredType(f);
	if (type.kind !== 'function') return [];
	const calls: string[] = [];
	for (let nth = 0; nth < 2; nth++) {
		const args = type.parameters.map((parameter, n) => {
			if (parameter.kind === 'pointer') return argumentFor(program, parameter, nth);
			const name = f.parameters[n]?.name ?? '';
			return /last/.test(name) ? 'NR_PAGES - 1' : /end|len|size|pages|^nr/.test(name) ? 'NR_PAGES' : '0';
		});
		if (args.includes(undefined)) break;
		const call = `${f.name}(${args.join(', ')});`;
		if (!calls.includes(call)) calls.push(call);
	}
	return calls;
}

/** Registers every notifier among the user's globals, and for subscriptions a second one that shares the driver's locks. */
function registrationsOf(program: Program): { calls: string[]; declarations: string[] } {
	const own = registrars(program).flatMap((f) => registrationCalls(program, f));
	if (own.length > 0) return { calls: own, declarations: [] };
	const calls: string[] = [];
	const declarations: string[] = [];
	const globals = program.globals.filter((g): g is Variable => g.$type === 'Variable' && !sourceOf(g).kernel);
	const ops = globals.find((g) => isStruct(program.semantics.declaredType(g), 'mmu_interval_notifier_ops'));
	for (const global of globals) {
		for (const { path, type } of notifiersIn(program, global)) {
			if (type === 'mmu_notifier') calls.push(`mmu_notifier_register(&${path}, mm);`);
			else if (ops !== undefined) calls.push(`mmu_interval_notifier_insert(&${path}, mm, 0, NR_PAGES, &${ops.name});`);
		}
		if (ops !== undefined && isStruct(program.semantics.declaredType(global), 'mmu_interval_notifier')) {
			declarations.push(`static struct mmu_interval_notifier second_${global.name};`);
			calls.push(`mmu_interval_notifier_insert(&second_${global.name}, mm, 0, NR_PAGES, &${ops.name});`);
		}
	}
	return { calls, declarations };
}

const isStruct = (type: Type, name: string): boolean => type.kind === 'struct' && type.name === name;

/** The notifiers in a global: itself, or the fields of a driver's own struct. */
function notifiersIn(program: Program, global: Variable | MacroDecl): { path: string; type: string }[] {
	const found: { path: string; type: string }[] = [];
	const visit = (type: Type, path: string, depth: number): void => {
		if (type.kind !== 'struct') return;
		if (type.name === 'mmu_notifier' || type.name === 'mmu_interval_notifier') found.push({ path, type: type.name });
		else if (depth < 3) for (const field of type.fields) visit(field.type, `${path}.${field.name}`, depth + 1);
	};
	visit(program.semantics.declaredType(global), global.name, 0);
	return found;
}
