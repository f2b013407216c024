// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are placeholders of LSP snippets
/** Larger pieces of a sketch, fitted to what it includes and declares: callbacks, fault handler, tables, scenarios. */
import { signatureOf } from '../../language/checks/calls.js';
import type * as ast from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf } from '../../language/text.js';
import { sameType, typeToString } from '../../language/types.js';
import { GENERATIONS, type Generation, generationOf } from './generations.js';

export interface Snippet {
	readonly label: string;
	readonly detail: string;
	/** In LSP's snippet syntax. */
	readonly body: string;
	readonly filter?: string;
	/** What is to be written next. */
	readonly first?: boolean;
}

/** What can stand at file scope. */
export function fileSnippets(program: Program): Snippet[] {
	const generation = generationOf(program.files.map(({ uri }) => uri));
	const snippets: Snippet[] = [];
	if (!generation) {
		for (const whole of GENERATIONS) snippets.push(wholeSketch(whole, program));
	}
	snippets.push(...callbackSnippets(program, generation), ...tableSnippets(program));
	if (generation) {
		snippets.push({
			label: 'fault handler',
			detail: `device_fault() for ${generation.title}`,
			body: tabStops(generation.fault),
			filter: 'fault handler device_fault static',
		});
		if (generation.state)
			snippets.push({
				label: 'driver state',
				detail: 'the lock that callback and fault handler share',
				body: generation.state,
				filter: 'driver state static lock',
			});
		if (generation.object)
			snippets.push({
				label: 'notifier',
				detail: 'the notifier that is registered',
				body: generation.object,
				filter: 'notifier struct mmu_notifier static',
			});
	}
	snippets.push({
		label: 'scenario',
		detail: 'threads that race, and what is expected of them',
		body: scenarioBody(program, generation),
	});
	snippets.push({
		label: 'function',
		detail: 'a function of the driver',
		body: 'static int ${1:name}(${2:void})\n{\n\t$0\n\treturn 0;\n}',
		filter: 'function static int',
	});
	return snippets;
}

/** What can stand in a scenario. */
export function scenarioSnippets(program: Program): Snippet[] {
	const generation = generationOf(program.files.map(({ uri }) => uri));
	const setup = generation && hasNames(program, generation) ? generation.setup : '$0';
	return [
		{ label: 'pages', detail: 'the size of the address space, 1 to 64 pages', body: 'pages ${1:2};' },
		{ label: 'setup', detail: 'runs before the threads, alone', body: `setup { ${setup} }` },
		{ label: 'thread', detail: 'runs once, against all others', body: 'thread ${1:A} { $0 }' },
		{ label: 'daemon', detail: 'runs again and again, and may stop between two rounds', body: 'daemon ${1:D} { $0 }' },
		{
			label: 'interrupt',
			detail: 'may come at any time while its thread runs',
			body: 'interrupt ${1:irq} on ${2:A} { $0 }',
		},
		{ label: 'finally', detail: 'runs when all threads have ended', body: 'finally { assert($0); }' },
		{ label: 'environment', detail: 'adversaries from the menu', body: 'environment $0;' },
		{ label: 'config', detail: 'preempt_rt, cpus N, vma_lock, no_errors', body: 'config $0;' },
		{ label: 'expect', detail: 'ok, or the codes of the findings that are meant', body: 'expect ${1:ok};' },
	];
}

/** Statements with their parts. */
export const STATEMENT_SNIPPETS: readonly Snippet[] = [
	{ label: 'if', detail: 'statement', body: 'if ($1)\n\t$0' },
	{ label: 'else', detail: 'statement', body: 'else\n\t$0' },
	{ label: 'while', detail: 'statement', body: 'while ($1) {\n\t$0\n}' },
	{ label: 'do', detail: 'statement', body: 'do {\n\t$0\n} while ($1);' },
	{ label: 'for', detail: 'statement', body: 'for ($1; $2; $3) {\n\t$0\n}' },
	{ label: 'switch', detail: 'statement', body: 'switch ($1) {\ncase $2:\n\t$0\n\tbreak;\n}' },
	{ label: 'case', detail: 'label', body: 'case $1:' },
	{ label: 'default', detail: 'label', body: 'default:' },
	{ label: 'return', detail: 'statement', body: 'return$0;' },
	{ label: 'goto', detail: 'statement', body: 'goto $0;' },
	{ label: 'break', detail: 'statement', body: 'break;' },
	{ label: 'continue', detail: 'statement', body: 'continue;' },
	{
		label: 'list_for_each_entry',
		detail: 'for each entry of a list',
		body: 'list_for_each_entry(${1:pos}, ${2:&head}, ${3:member}) {\n\t$0\n}',
	},
	{
		label: 'list_for_each_entry_safe',
		detail: 'the same, and entries may be removed',
		body: 'list_for_each_entry_safe(${1:pos}, ${2:next}, ${3:&head}, ${4:member}) {\n\t$0\n}',
	},
	{ label: 'with_mm', detail: 'runs as a thread of another address space', body: 'with_mm (${1:mm}) {\n\t$0\n}' },
];

/** A call of a macro that defines something. */
export const definition = (macro: string): string =>
	`${macro}(${macro === 'DEFINE_SEMAPHORE' ? '${1:name}, ${2:1}' : '${1:name}'})`;

/** A sketch that is right, whole. */
export function wholeSketch(generation: Generation, program: Program): Snippet {
	const callbacks = generation.first
		.map((name) => callbackText(undefined, name, generation))
		.filter((text) => text !== '');
	const table = `static const struct ${generation.ops} ops = {\n${generation.first.map((name) => `\t.${name} = ${name},`).join('\n')}\n};`;
	const parts = [
		`#include <${generation.library}>`,
		generation.state,
		...callbacks,
		table,
		generation.object,
		generation.fault,
		scenarioBody(program, generation, true),
	];
	return {
		label: `sketch: ${generation.library.replace('mn/', '')}`,
		detail: generation.title,
		body: parts.filter((part) => part !== '').join('\n\n'),
		filter: `${generation.library.replace('mn/', '')} sketch driver #include ${generation.library}`,
	};
}

/** Heads of callbacks where the library is not loaded: a sketch that is yet to include it. */
const HEADS: Readonly<Record<string, string>> = {
	'mn/interval invalidate':
		'static bool invalidate(struct mmu_interval_notifier *interval_sub, const struct mmu_notifier_range *range, unsigned long cur_seq)',
	'mn/list invalidate_range_start':
		'static int invalidate_range_start(struct mmu_notifier *subscription, const struct mmu_notifier_range *range)',
	'mn/list invalidate_range_end':
		'static void invalidate_range_end(struct mmu_notifier *subscription, const struct mmu_notifier_range *range)',
	'mn/active-ranges invalidate_range_start':
		'static void invalidate_range_start(struct mmu_notifier *mn, struct mm_struct *mm, const struct mmu_notifier_range *range)',
	'mn/range-lock invalidate_range_start':
		'static void invalidate_range_start(struct mmu_notifier *mn, struct mm_struct *mm, const struct mmu_notifier_range *range)',
};

/** A callback as C; `field` is its declaration in the table of operations, where that is known. */
function callbackText(field: ast.Field | undefined, operation: string, generation: Generation | undefined): string {
	const head = wrapHead(
		field ? `static ${signatureOf(field, operation)}` : (HEADS[`${generation?.library} ${operation}`] ?? ''),
	);
	const body = generation?.callbacks[operation];
	return head && `${head}\n{\n\t${body ?? bodyFor(field)}\n}`;
}

function bodyFor(field: ast.Field | undefined): string {
	const returns = field?.$container.type;
	const isVoid = returns?.words[0] === 'void' && (field?.stars.length ?? 0) === 0;
	if (isVoid || !field) return '$0';
	if (returns?.words[0] === 'bool') return '$0\n\treturn true;';
	return field.stars.length > 0 ? '$0\n\treturn NULL;' : '$0\n\treturn 0;';
}

/** A function's head, broken behind a comma and aligned where it is longer than a line. */
function wrapHead(head: string): string {
	const open = head.indexOf('(');
	const indent = '\t'.repeat(Math.floor((open + 1) / 8)) + ' '.repeat((open + 1) % 8);
	const lines: string[] = [];
	let line = head.slice(0, open + 1);
	const parameters = head.slice(open + 1).split(/(?<=,) /);
	parameters.forEach((parameter, index) => {
		const width = line.replace(/\t/g, '        ').length + parameter.length + 1;
		if (index > 0 && width > 100) {
			lines.push(line);
			line = indent + parameter;
		} else line += (index > 0 ? ' ' : '') + parameter;
	});
	return [...lines, line].join('\n');
}

/** The operations of the tables that are in sight, other than those that the sketch has. */
function callbackSnippets(program: Program, generation: Generation | undefined): Snippet[] {
	const snippets: Snippet[] = [];
	for (const def of operationTables(program)) {
		for (const field of def.fields.flatMap((decl) => decl.fields)) {
			if (!field.function || program.scope.own.names.has(field.name)) continue;
			const mine = generation?.ops === def.name ? generation : undefined;
			snippets.push({
				label: `callback: ${field.name}`,
				detail: `struct ${def.name}`,
				body: withOwnState(tabStops(callbackText(field, field.name, mine)), mine, program),
				filter: `callback ${field.name} static`,
				first: mine?.first.includes(field.name) ?? false,
			});
		}
	}
	return snippets;
}

/** A callback with the sketch's own lock; what it needs and the sketch has not is a tab stop. */
function withOwnState(body: string, generation: Generation | undefined, program: Program): string {
	const own = program.scope.own.names;
	const missing = Object.keys(generation?.shared ?? {}).filter((name) => !own.has(name));
	return missing.reduce((text, name) => {
		const type = generation?.shared[name];
		const locks = [...own.values()].filter(
			(node) =>
				(node.$type === 'Variable' || node.$type === 'MacroDecl') &&
				typeToString(program.semantics.declaredType(node)) === type,
		);
		const stop = `\${${missing.indexOf(name) + 1}:${(locks.length === 1 && locks[0]?.name) || name}}`;
		return text.replace(new RegExp(`\\b${name}\\b`, 'g'), () => stop);
	}, body);
}

function operationTables(program: Program): ast.StructDef[] {
	return [...program.structs.values()].filter(
		(def) => /^mmu_\w*notifier_ops$/.test(def.name ?? '') && program.scope.tag(def.name ?? '') === def,
	);
}

/** Tables of operations, filled with the functions of the sketch that fit. */
function tableSnippets(program: Program): Snippet[] {
	const own = [...program.scope.own.names.values()].filter((node) => node.$type === 'FunctionDecl');
	return operationTables(program).flatMap((def) => {
		const fields = def.fields.flatMap((decl) => decl.fields);
		const entries = fields.flatMap((field) => {
			const fits = callbackFor(field, fields, own, program);
			return fits ? [`\t.${field.name} = ${fits.name},`] : [];
		});
		if (entries.length === 0) return [];
		return [
			{
				label: `table: ${def.name}`,
				detail: 'with the callbacks of this sketch',
				body: `static const struct ${def.name} \${1:ops} = {\n${entries.join('\n')}\n};`,
				filter: `table ops struct ${def.name} static const`,
			},
		];
	});
}

/** The function that is called like an operation; else the one of its type, if no other operation could be meant. */
function callbackFor(
	field: ast.Field,
	fields: readonly ast.Field[],
	own: readonly ast.FunctionDecl[],
	program: Program,
): ast.FunctionDecl | undefined {
	const { semantics } = program;
	const fits = (f: ast.FunctionDecl, operation: ast.Field): boolean => {
		const wanted = semantics.declaredType(operation);
		return wanted.kind === 'pointer' && sameType(wanted.to, semantics.declaredType(f));
	};
	const all = own.filter((f) => fits(f, field));
	// gpu_invalidate_range_start, or gpu_start
	const word = new RegExp(`(^|_)${field.name.replace(/^.*_/, '')}(_|$)`);
	const named = all.find((f) => f.name.endsWith(field.name)) ?? all.find((f) => word.test(f.name));
	if (named) return named;
	const [only, ...more] = all.filter((f) => fields.filter((other) => fits(f, other)).length === 1);
	return more.length === 0 ? only : undefined;
}

function hasNames(program: Program, generation: Generation): boolean {
	const used = generation.setup.match(/&(\w+)/g) ?? [];
	return used.every((name) => program.scope.own.names.has(name.slice(1)));
}

/** A fault against an invalidator, with the names that the sketch has. */
function scenarioBody(program: Program, generation: Generation | undefined, whole = false): string {
	const fits = generation !== undefined && (whole || hasNames(program, generation));
	const handler = [...program.scope.own.names.values()].find(
		(node): node is ast.FunctionDecl =>
			node.$type === 'FunctionDecl' && /fault$/.test(node.name) && !sourceOf(node).kernel,
	);
	const call = whole
		? 'device_fault(0);'
		: handler
			? `${handler.name}(${handler.parameters.length > 1 ? '0, 2' : '0'});`
			: '$2';
	return [
		'scenario ${1:fault_races_munmap} {',
		'\tpages 2;',
		`\tsetup    { ${fits ? generation.setup : '$3'} }`,
		`\tthread A { ${call} }`,
		'\tthread B { munmap(0, 1); }',
		...(fits && generation.refuses ? ['\tthread O { oom_reap(0, 1); }'] : []),
		'\texpect ok;',
		'}',
	].join('\n');
}

/** Text as a snippet that ends where it ends. */
function tabStops(text: string): string {
	return text.includes('$') ? text : text.replace(/[\\}$]/g, (c) => (c === '}' ? c : `\\${c}`));
}

/** A snippet for a client that knows none: its placeholders as text. */
export function plainText(snippet: string): string {
	return snippet
		.replace(/\$\{\d+:([^}]*)\}/g, '$1')
		.replace(/\$\d+/g, '')
		.replace(/\\([$}\\])/g, '$1');
}
