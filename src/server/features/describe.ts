/** Declarations in words: the head as C, and what is to be known of them. */
import { kernelRule } from '../../kernel/rules.js';
import { argumentKind, builtin } from '../../language/builtins.js';
import { signatureOf } from '../../language/checks/calls.js';
import type { Program } from '../../language/program.js';
import { fileName, sourceOf, sourceText } from '../../language/text.js';
import { typeToString } from '../../language/types.js';
import { commentOf } from './comments.js';
import type { Declared } from './occurrences.js';
import { neverSleeps, sleepWords } from './sleeps.js';

const KIND_WORDS: Readonly<Record<string, string>> = {
	lvalue: 'variable',
	expression: 'value',
	type: 'type',
	object: 'type_or_object',
	member: 'member',
	condition: 'condition',
	queue: 'wait_queue',
	ignored: 'format',
};

/** The names that the parameters of a macro are shown by; undefined for what is no macro. */
export function macroParameters(name: string): readonly string[] | undefined {
	const macro = builtin(name);
	if (!macro) return undefined;
	const kinds = macro.arguments.map((_, index) => argumentKind(macro, index) ?? 'expression');
	const words = kinds.map((kind) => KIND_WORDS[kind] ?? kind);
	const named = words.map((word, index) =>
		words.filter((w) => w === word).length > 1
			? `${word}${words.slice(0, index + 1).filter((w) => w === word).length}`
			: word,
	);
	return macro.rest ? [...named, '…'] : named;
}

const parameters = new WeakMap<Declared, readonly string[] | undefined>();

/** The parameters of a function or callback as they were written. */
export function parametersOf(target: Declared): readonly string[] | undefined {
	if (!parameters.has(target)) parameters.set(target, findParameters(target));
	return parameters.get(target);
}

function findParameters(target: Declared): readonly string[] | undefined {
	if (target.$type === 'FunctionDecl') {
		const macro = target.variadic ? macroParameters(target.name) : undefined;
		if (macro) return macro;
		return [...target.parameters.map(sourceText), ...(target.variadic ? ['...'] : [])];
	}
	if (target.$type === 'Field' && target.function) return target.parameters.map(sourceText);
	return undefined;
}

const heads = new WeakMap<Declared, string>();

/** The head of a declaration: what C needs to know to use it. */
export function headOf(target: Declared, program: Program): string {
	let head = heads.get(target);
	if (head === undefined) {
		head = findHead(target, program);
		heads.set(target, head);
	}
	return head;
}

function findHead(target: Declared, program: Program): string {
	switch (target.$type) {
		case 'FunctionDecl': {
			const macro = target.variadic ? macroParameters(target.name) : undefined;
			const storage = target.storage.filter((word) => word === 'static' || word === 'inline').join(' ');
			if (macro) return `${target.name}(${macro.join(', ')})`;
			return `${storage ? `${storage} ` : ''}${signatureOf(target, target.name)}`;
		}
		case 'Field':
			return target.function
				? signatureOf(target, `(*${target.name})`)
				: typeToString(program.semantics.declaredType(target), target.name);
		case 'Variable':
		case 'Parameter':
			return typeToString(program.semantics.declaredType(target), target.name ?? '');
		case 'MacroDecl':
			return sourceText(target).replace(/;$/, '');
		case 'Define':
			return sourceText(target);
		case 'EnumConstant':
			return sourceText(target);
		case 'StructDef': {
			const fields = target.fields.flatMap((decl) => (decl.kind ? [] : decl.fields));
			const shown = fields.slice(0, 12).map((field) => `\t${headOf(field, program)};`);
			if (fields.length > 12) shown.push('\t/* … */');
			return `${target.kind} ${target.name ?? ''} {\n${shown.join('\n')}\n}`;
		}
		case 'EnumDef': {
			const names = target.constants.map(({ name }) => `\t${name},`);
			return `enum ${target.name ?? ''} {\n${names.join('\n')}\n}`;
		}
		case 'LabelStatement':
			return `${target.name}:`;
		case 'ThreadItem':
			return `${target.kind} ${target.name}`;
		case 'InterruptItem':
			return `interrupt ${target.name} on ${target.thread.$refText}`;
		case 'Scenario':
			return `scenario ${target.name}`;
		case 'Typedef':
			return sourceText(target);
	}
}

/** `<mn/list>` for a file of the simulated kernel, the file's name for any other. */
export function originOf(target: Declared): string {
	const { uri, kernel } = sourceOf(target);
	const library = /^mmn-kernel:\/*(.*?)(?:\.mmn)?$/.exec(uri)?.[1];
	return kernel && library ? `<${library}>` : fileName(uri);
}

/** What is to be known of a declaration, as Markdown; empty where there is nothing. */
export function notesOf(target: Declared, program: Program): string[] {
	const notes: string[] = [];
	const definition = target.$type === 'FunctionDecl' ? program.definitionOf(target) : target;
	const comment = commentOf(target) ?? (definition === target ? undefined : commentOf(definition));
	if (comment) notes.push(markdown(comment));
	if (target.$type === 'FunctionDecl') {
		const sleeps = sleepWords(target, program);
		if (sleeps) notes.push(`*${sleeps}*`);
		const { kernel } = sourceOf(target);
		if (kernel && !sleeps && neverSleeps(target, program)) notes.push('*never sleeps*');
		const rule = kernel ? kernelRule(target.name) : undefined;
		if (rule) notes.push(`**Rule.** ${rule.rule}  \n*Source: ${markdown(rule.source)}*`);
	}
	return notes;
}

/** Plain text in Markdown: names have underscores, comments have stars, and a commit of the kernel can be read. */
export function markdown(text: string): string {
	return text
		.replace(/[\\`*_<>[\]#]/g, '\\$&')
		.replace(/\b(?=[a-f]*\d)[\da-f]{12}\b/g, '[$&](https://git.kernel.org/linus/$&)')
		.replace(/\n/g, '  \n');
}
