/** Text to tree. The parser is Langium's; names are linked by link.ts, once for each tree. */

import {
	type AstNode,
	type CstNode,
	createDefaultCoreModule,
	createDefaultSharedCoreModule,
	type DeepPartial,
	EmptyFileSystem,
	inject,
	type LangiumCoreServices,
	type LangiumSharedCoreServices,
	type Linker,
	type Module,
} from 'langium';
import type { File } from './generated/ast.js';
import { MmnGeneratedModule, MmnGeneratedSharedModule, MmnLanguageMetaData } from './generated/module.js';
import { type Link, makeLink } from './links.js';
import type { Problem } from './problem.js';
import { repair } from './repair.js';
import { expectations, syntaxProblems } from './syntax-errors.js';
import { registerSource } from './text.js';

function buildReference(_node: AstNode, _property: string, refNode: CstNode | undefined, refText: string): Link {
	return makeLink(refText, refNode);
}

/** Langium asks its linker for reference objects while it parses; all else here is never called. */
const plainLinker: Linker = {
	buildReference,
	buildMultiReference: () => {
		throw new Error('the grammar has no multi-references');
	},
	link: async () => {},
	unlink: () => {},
	getCandidate: (info) => ({ info, message: '' }),
	getCandidates: (info) => ({ info, message: '' }),
};

const module: Module<LangiumCoreServices, DeepPartial<LangiumCoreServices>> = {
	// Production: the grammar is validated when it is generated, not at every start.
	LanguageMetaData: () => ({ ...MmnLanguageMetaData, mode: 'production' as const }),
	parser: { ParserErrorMessageProvider: () => expectations },
	references: { Linker: () => plainLinker },
};

/** The Langium services of the language, for editor features that want the parser or the grammar. */
export function createServices(): LangiumCoreServices {
	const shared: LangiumSharedCoreServices = inject(
		createDefaultSharedCoreModule(EmptyFileSystem),
		MmnGeneratedSharedModule,
	);
	const services = inject(createDefaultCoreModule({ shared }), MmnGeneratedModule, module);
	shared.ServiceRegistry.register(services);
	return services;
}

let services: LangiumCoreServices | undefined;

/** A text as a tree, with what is wrong with its syntax. Names are not linked yet. */
export interface ParsedFile {
	readonly uri: string;
	readonly text: string;
	readonly kernel: boolean;
	readonly root: File;
	readonly problems: readonly Problem[];
}

/** Parses one file. Never throws; the tree has what could be understood. */
export function parseFile(uri: string, text: string, kernel: boolean): ParsedFile {
	services ??= createServices();
	const result = services.parser.LangiumParser.parse<File>(text);
	const root = result.value;
	if (result.parserErrors.length > 0) repair(root);
	registerSource(root, { uri, text, kernel });
	return { uri, text, kernel, root, problems: syntaxProblems(uri, text, result) };
}
