import type { AstNode } from 'langium';
import {
	type Call,
	type Expression,
	type FileMacro,
	type FunctionDecl,
	isBlock,
	isFileMacro,
	isGotoStatement,
	isInitializerEntry,
	isInitializerList,
	isLabelStatement,
	isNameRef,
	isParameter,
	isVariable,
	isVariableDecl,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf, sourceText } from '../../language/text.js';
import {
	allOf,
	callsOf,
	firstStatement,
	following,
	functionOf,
	nameOf,
	ownFunctions,
	statementOf,
} from '../text/sketch.js';
import { Edits, eolOf, indentOf, rangeOf, rawText } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** What makes something known to others, or lets it run, and what takes it back and waits until nobody uses it. */
const PAIRS: readonly (readonly [start: RegExp, end: string, args: readonly number[]])[] = [
	[/^request_(threaded_)?irq$/, 'free_irq', [0, -1]],
	[/^misc_register$/, 'misc_deregister', [0]],
	[/^cdev_add$/, 'cdev_del', [0]],
	[/^INIT_WORK$/, 'cancel_work_sync', [0]],
	[/^INIT_DELAYED_WORK$/, 'cancel_delayed_work_sync', [0]],
	[/^timer_setup$/, 'timer_shutdown_sync', [0]],
	[/^mmu_interval_notifier_insert(_locked)?$/, 'mmu_interval_notifier_remove', [0]],
	[/^mmu_notifier_register$/, 'mmu_notifier_unregister', [0]],
];
const ENDS = new RegExp(
	`^(${PAIRS.map(([, end]) => end).join('|')}|tasklet_kill|hrtimer_cancel|flush_work|kthread_stop)$`,
);
const STARTS =
	/^((devm_)?request_(threaded_)?irq|misc_register|cdev_add|mmu_(interval_)?notifier_(register|insert)\w*|\w+_queue_work|schedule_(delayed_)?work|queue_(delayed_)?work|mod_timer|add_timer|kthread_run)$/;
/** What gives memory up, besides kfree(), which before-free.ts looks after. */
const FREES = /^(kref_put|(pci_)?iounmap|kmem_cache_free)$/;
const ANY_FREE = new RegExp(`${FREES.source}|^(k|kv|v)free$`);

/** `iounmap(); free_irq();`: first what still uses it is ended, then it is given up. */
export const endFirst: Fixer = ({ program }) =>
	ownFunctions(program).flatMap((f) =>
		callsOf(f, FREES).flatMap((call): Fix[] => {
			const free = statementOf(call);
			if (!free || !isBlock(free.$container)) return [];
			return following(free).flatMap((statement): Fix[] => {
				const [end] = callsOf(statement, ENDS);
				if (end === undefined) return [];
				const edits = new Edits().remove(statement).before(free, rawText(statement));
				return [{ title: `Call ${nameOf(end)}() before ${nameOf(call)}()`, edits: edits.list }];
			});
		}),
	);

/** What others may use from here on has to be ready: `mutex_init()` comes before `misc_register()`. */
export const initFirst: Fixer = ({ program, blamed }) => {
	const init = /nobody has called (\w+)\(\)/.exec(blamed.message)?.[1];
	if (init === undefined) return [];
	return ownFunctions(program).flatMap((f) =>
		callsOf(f, new RegExp(`^${init}$`)).flatMap((call): Fix[] => {
			const statement = statementOf(call);
			const block = statement?.$container;
			if (!statement || !block || !isBlock(block)) return [];
			const before = block.statements.slice(0, block.statements.indexOf(statement));
			const published = before.find((s) => callsOf(s, STARTS).length > 0);
			const [start] = published ? callsOf(published, STARTS) : [];
			if (!published || !start) return [];
			const edits = new Edits().remove(statement).before(published, rawText(statement));
			return [{ title: `Call ${init}() before ${nameOf(start)}()`, edits: edits.list }];
		}),
	);
};

/** What was made known, and is not taken back: by who removes the device, or ends the module, or on the way out of an error. */
export const endIt: Fixer = ({ program, blamed }) => {
	const own = ownFunctions(program);
	const ends = counterparts(program);
	const isNamed = PAIRS.some(([, end]) => blamed.message.includes(`${end}()`));
	return own.flatMap((f) =>
		PAIRS.filter(([, end]) =>
			// a count that is used too late does not say who came to it
			isNamed ? blamed.message.includes(`${end}()`) : /^(free_irq|misc_deregister)$/.test(end),
		).flatMap(([pattern, end, args]) =>
			callsOf(f, pattern).flatMap((start): Fix[] => [
				...onError(f, start, end, args),
				...inRemoval(program, ends.get(f), start, end, args),
			]),
		),
	);
};

/** By the functions that begin with something, those that end it: of the same table, or of the module. */
function counterparts(program: Program): Map<FunctionDecl, FunctionDecl> {
	const own = ownFunctions(program);
	const found = new Map<FunctionDecl, FunctionDecl>();
	const pair = (begin: string | undefined, end: string | undefined): void => {
		const [from, to] = [begin, end].map((name) => own.find((f) => f.name === name));
		if (to === undefined) return;
		// and what it calls
		const open = from ? [from] : [];
		for (const f of open) {
			if (found.has(f)) continue;
			found.set(f, to);
			open.push(...callsOf(f, /./).flatMap((c) => own.find(({ name }) => name === nameOf(c)) ?? []));
		}
	};
	const nodes = allOf(program.root);
	const macro = (name: string): string | undefined => {
		const [arg] = nodes.find((n): n is FileMacro => isFileMacro(n) && n.name === name)?.arguments ?? [];
		return arg && sourceText(arg);
	};
	pair(macro('module_init'), macro('module_exit'));
	for (const list of nodes.filter(isInitializerList)) {
		const field = (name: string): string | undefined => {
			const entry = list.entries.find((e) => isInitializerEntry(e) && e.designators[0]?.field?.$refText === name);
			return entry && isInitializerEntry(entry) ? sourceText(entry.value) : undefined;
		};
		pair(field('probe'), field('remove'));
		pair(field('open'), field('release'));
	}
	return found;
}

/** The statement that takes back what was started with these arguments. */
const ending = (end: string, args: readonly string[]): string =>
	// not the mm of who happens to run then
	end === 'mmu_notifier_unregister'
		? `${end}(${args[0]}, ${/^&/.test(args[0] ?? '') ? `${args[0]?.slice(1)}.` : `${args[0]}->`}mm);`
		: `${end}(${args.join(', ')});`;

const argumentsOf = (call: Call, which: readonly number[]): Expression[] =>
	which.flatMap((n) => call.arguments.at(n) ?? []);

function inRemoval(
	program: Program,
	g: FunctionDecl | undefined,
	start: Call,
	end: string,
	which: readonly number[],
): Fix[] {
	if (g === undefined) return [];
	const args = argumentsOf(start, which);
	if (args.some((arg) => /\bcurrent\b/.test(sourceText(arg)))) return [];
	const given = new Map<string, string>();
	let declaration: string | undefined;
	for (const { name, type } of args.flatMap(localsIn)) {
		const known = variablesOf(g).find((v) => v.type === type);
		const data = known ? undefined : fromDriverData(program, g, name);
		if (known === undefined && (data === undefined || declaration !== undefined)) return [];
		if (known !== undefined) given.set(name, known.name);
		else declaration = `${type}${name} = ${data};`;
	}
	const texts = args.map((arg) =>
		sourceText(arg).replace(/(?<![\w.>])[A-Za-z_]\w*/g, (word) => given.get(word) ?? word),
	);
	const line = ending(end, texts);
	// where it is there, only the order may be wrong
	if (callsOf(g, new RegExp(`^${end}$`)).length > 0) return [];
	const title = `Call ${end}() in ${g.name}()`;
	const first = firstStatement(g);
	if (first === undefined) {
		const last = g.body?.statements.at(-1);
		if (last) return [{ title, edits: new Edits().after(last, ...(declaration ? [declaration] : []), '', line).list }];
		return g.body ? [{ title, edits: intoEmpty(g, g.body, [...(declaration ? [declaration, ''] : []), line]) }] : [];
	}
	const ways = [first, g.body?.statements.find((s) => callsOf(s, ANY_FREE).length > 0)].filter((s) => s !== undefined);
	return [...new Set(ways)].map((at): Fix => {
		const edits = new Edits().before(at, line);
		return { title, edits: declaration ? edits.declare(g, declaration).list : edits.list };
	});
}

/** Lines for a function without any, in kernel style. */
function intoEmpty(g: FunctionDecl, body: AstNode, lines: readonly string[]): Edits['list'] {
	const { uri, text } = sourceOf(g);
	const [start, end] = rangeOf(body);
	const head = text.slice(0, start).trimEnd().length;
	const inside = lines.map((line) => (line === '' ? '' : `\t${line}`));
	return new Edits().replaceRange(uri, head, end, ['', '{', ...inside, '}'].join(eolOf(text))).list;
}

/** `goto err;` behind what was made known: a label of its own, that takes it back first. */
function onError(f: FunctionDecl, start: Call, end: string, which: readonly number[]): Fix[] {
	const statement = statementOf(start);
	if (!statement || !isBlock(statement.$container) || statement.$container !== f.body) return [];
	const [check, ...rest] = following(statement);
	// the first jump is that of the failure itself
	const own = check && allOf(check).some(isGotoStatement) ? rest : [...(check ? [check] : []), ...rest];
	const line = ending(end, argumentsOf(start, which).map(sourceText));
	// what the handler has started may still run
	const more = PAIRS.filter(([, name]) => /^(cancel|timer)_/.test(name) && name !== end).flatMap(([pattern, name]) =>
		callsOf(f, pattern).map((call) => ending(name, [sourceText(call.arguments[0] as Expression)])),
	);
	const ways = [[line], ...(more.length > 0 ? [[line, ...more]] : [])];
	const jumps = own.flatMap((s) => allOf(s).filter(isGotoStatement));
	return [...new Set(jumps.map((g) => g.label?.ref))].flatMap((label): Fix[] => {
		if (!label || label.$container !== f.body) return [];
		const name = `err_${end.replace(/_sync$/, '')}`;
		const all = f.body.statements;
		const before = all[all.indexOf(label) - 1];
		if (before === undefined || allOf(f).some((n) => isLabelStatement(n) && n.name === name)) return [];
		const falls = !/^(Return|Goto)Statement$/.test(before.$type);
		if (falls && !isLabelStatement(before) && callsOf(before, ENDS).length === 0) return [];
		const indent = indentOf(statement);
		const { uri, text } = sourceOf(f);
		const eol = eolOf(text);
		return ways.map((lines): Fix => {
			const edits = new Edits();
			for (const jump of jumps) if (jump.label?.ref === label) edits.replace(jump, `goto ${name};`);
			const text = lines.map((l) => `${indent}${l}${eol}`).join('');
			edits.insert(uri, rangeOf(label)[0], `${name}:${eol}${text}`);
			const calls = lines.map((l) => l.replace(/\(.*$/, '()')).join(' and ');
			return { title: `Call ${calls} on the way out of ${f.name}()`, edits: edits.list };
		});
	});
}

interface Local {
	readonly name: string;
	/** As it is declared, with its stars: `struct npu *`. */
	readonly type: string;
}

const typed = (type: AstNode | undefined, stars: readonly unknown[], name: string): Local => ({
	name,
	type: `${type ? sourceText(type) : ''} ${'*'.repeat(stars.length)}`,
});

/** The parameters and locals of their function that an expression names. */
function localsIn(e: Expression): Local[] {
	return allOf(e).flatMap((n): Local[] => {
		const target = isNameRef(n) ? n.target.ref : undefined;
		return target && functionOf(target) ? localOf(target) : [];
	});
}

function localOf(target: AstNode): Local[] {
	if (isParameter(target)) return target.name ? [typed(target.type, target.stars, target.name)] : [];
	if (!isVariable(target)) return [];
	const decl = target.$container;
	return isVariableDecl(decl) ? [typed(decl.type, target.stars, target.name)] : [];
}

const variablesOf = (f: FunctionDecl): Local[] => [
	...f.parameters.flatMap(localOf),
	...allOf(f).filter(isVariable).flatMap(localOf),
];

/** `platform_get_drvdata(pdev)`, where what bears the name was set as that. */
function fromDriverData(program: Program, g: FunctionDecl, name: string): string | undefined {
	for (const f of ownFunctions(program))
		for (const call of callsOf(f, /^\w+_set_drvdata$/)) {
			const [device, data] = call.arguments;
			const [local] = device ? localsIn(device) : [];
			if (!data || sourceText(data) !== name || !local || !device) continue;
			const own = variablesOf(g).find((v) => v.type === local.type);
			if (own) return `${nameOf(call).replace('_set_', '_get_')}(${sourceText(device).replace(local.name, own.name)})`;
		}
	return undefined;
}
