import type { AstNode } from 'langium';
import { paintWith } from '../findings/forms/paint.js';
import { kernelLibraries } from '../kernel/library.js';
import { isDefine, isFunctionDecl, isStructDef, isVariable, isVariableDecl } from '../language/generated/ast.js';
import { loadProgram } from '../language/program.js';
import { UNSUPPORTED_WORDS, WRITES_FUNCTIONS } from '../language/unsupported.js';
import { headOf, notesOf } from '../server/features/describe.js';
import type { Declared } from '../server/features/occurrences.js';
import { type Console, Status, UsageError } from './console.js';
import { findingCodes, findingPage } from './manual.js';
import { plainMarkdown } from './markdown.js';
import { didYouMean } from './nearest.js';
import { parseOptions } from './options.js';

/**
 * `explain NAME`: the manual's page of a finding, or what a function, struct or macro of the simulated kernel is. Without
 * a name, all findings with what they mean in a line.
 */
export async function explain(args: readonly string[], console: Console): Promise<Status> {
	const { positionals } = parseOptions('explain', args, {});
	const known = await findingCodes(console.root);
	if (known.length === 0) throw new UsageError(`explain: the manual is missing: no pages under ${console.root}`);
	const paint = paintWith(console.colour);
	if (positionals.length === 0) {
		const width = Math.max(...known.map((code) => code.length));
		for (const code of known) {
			const title = /^#\s+(.*)$/m.exec(await findingPage(console.root, code))?.[1] ?? '';
			const meaning = title.replace(/^`?[\w-]+`?\s*[:–—-]\s*/, '');
			console.out(`${paint.bold(code.padEnd(width))}  ${meaning}\n`);
		}
		return Status.ok;
	}
	const pages: string[] = [];
	for (const name of positionals) {
		const code = known.find((c) => c === name.toLowerCase());
		const page = code ? await findingPage(console.root, code) : await kernelPage(name);
		if (page === undefined) throw unknown(name, known);
		pages.push(page);
	}
	console.out(pages.map((page) => plainMarkdown(page, paint)).join('\n'));
	return Status.ok;
}

function unknown(name: string, codes: readonly string[]): UsageError {
	const plain = name.replace(/\(.*/, '');
	const refused = [UNSUPPORTED_WORDS, WRITES_FUNCTIONS].find((words) => Object.hasOwn(words, plain))?.[plain];
	if (refused !== undefined) return new UsageError(`explain: ${refused}`);

	// what is written like a function is none of the codes
	const lists = /[_(]/.test(name) ? [kernelNames()] : [codes, kernelNames()];
	const guess = lists.map((names) => didYouMean(plain, names)).find((words) => words !== '') ?? '';
	return new UsageError(
		`explain: neither a finding nor anything in the simulated kernel is called '${name}'${guess}; notifier-lab explain lists the findings, the manual's functions.md the rest`,
	);
}

/** What can be included, today's first, and what always is. */
const FILES = [undefined, ...kernelLibraries.names];

const textsOf = (library: string | undefined): string[] => {
	const uris =
		library === undefined
			? kernelLibraries.prelude
			: [library, `${library}-core`].flatMap((name) => kernelLibraries.resolve(name) ?? []);
	return uris.map((uri) => kernelLibraries.read(uri) ?? '');
};

const kernelNames = (): string[] => FILES.flatMap(textsOf).flatMap((text) => text.match(/\b[a-z]\w+(?=\()/g) ?? []);

/** A declaration of the simulated kernel as hovers in an editor have it; undefined where there is none of that name. */
async function kernelPage(asked: string): Promise<string | undefined> {
	const name = asked.replace(/^(struct|enum)\s+|\(.*$/g, '');
	const word = new RegExp(`\\b${name.replace(/\W/g, '\\$&')}\\b`);
	for (const library of FILES) {
		if (!textsOf(library).some((text) => word.test(text))) continue;
		const text = library === undefined ? '' : `#include <${library}>\n`;
		const program = await loadProgram(URI, { read: async (uri) => (uri === URI ? text : undefined) }, kernelLibraries);
		const found = program.files
			.flatMap(({ root }) => root.items)
			.flatMap((item): AstNode[] => (isVariableDecl(item) ? item.variables : [item]))
			.find(
				(item) =>
					(isFunctionDecl(item) || isStructDef(item) || isDefine(item) || isVariable(item)) && item.name === name,
			) as Declared | undefined;
		if (found === undefined) continue;
		const notes = notesOf(found, program).map((note) =>
			note.replace(/(?<![\\*])\*([^*]+)\*(?!\*)/g, '$1').replace(/\\([\\`*_<>[\]#])/g, '$1'),
		);
		const include = library === undefined ? 'Needs no include' : `Needs #include <${library}>`;
		return [`# ${name}`, `\`\`\`\n${headOf(found, program)}\n\`\`\``, ...notes, `${include}.`].join('\n\n');
	}
	return undefined;
}

const URI = 'file:///explain.mmn';
