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
	type LangiumParser,
	type LangiumSharedCoreServices,
	type Linker,
	type Module,
	prepareLangiumParser,
} from 'langium';
import type { File } from './generated/ast.js';
import { MmnGeneratedModule, MmnGeneratedSharedModule, MmnLanguageMetaData } from './generated/module.js';
import { type Gap, LONGEST, SketchLexer, startsItem, type Token } from './lexer.js';
import { type Link, makeLink } from './links.js';
import { decideLate, type Lookahead } from './lookahead.js';
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

/**
 * Before chevrotain reports that no alternative fits, it lists every path of `maxLookahead` tokens for its message: with
 * its default of 3 that takes minutes in the rules of C's expressions. Nothing else uses the number once the parser is
 * made: decisions look ahead as far as they need.
 */
function createParser(services: LangiumCoreServices): LangiumParser {
	const parser = prepareLangiumParser(services);
	const { wrapper } = parser as unknown as { wrapper: { maxLookahead: number; lookaheadStrategy: Lookahead } };
	decideLate(wrapper.lookaheadStrategy);
	parser.finalize();
	wrapper.maxLookahead = 1;
	return parser;
}

const module: Module<LangiumCoreServices, DeepPartial<LangiumCoreServices>> = {
	// Production: the grammar is validated when it is generated, not at every start.
	LanguageMetaData: () => ({ ...MmnLanguageMetaData, mode: 'production' as const }),
	parser: {
		ParserErrorMessageProvider: () => expectations,
		LangiumParser: createParser,
		Lexer: (services) => new SketchLexer(services),
	},
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

/** How often a text is parsed again without the item that stopped the parser. */
const ATTEMPTS = 16;

/** Parses one file. Never throws; the tree has what could be understood. */
export function parseFile(uri: string, text: string, kernel: boolean): ParsedFile {
	const refused = refusal(text);
	if (refused) return unread(uri, text, kernel, refused);
	try {
		return understood(uri, text, kernel);
	} catch (error) {
		// The end of the stack shows in many ways: the parser takes a RangeError for a syntax error of its own, and stumbles
		// over what that leaves behind. It is left in the middle of its work; the next file gets a new one.
		services = undefined;
		if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
		return unread(
			uri,
			text,
			kernel,
			'this file is nested too deeply to be understood: split its expressions and blocks',
		);
	}
}

function understood(uri: string, text: string, kernel: boolean): ParsedFile {
	services ??= createServices();
	const lexer = services.parser.Lexer as SketchLexer;
	const parser = services.parser.LangiumParser;
	lexer.gaps = [];
	let result = parser.parse<File>(text);
	const first = result.parserErrors;
	const errors = [...first];
	const tokens = lexer.tokens;
	// An item that the parser cannot begin with stops it: what follows is understood by leaving that item out.
	for (let i = 0; i < ATTEMPTS; i++) {
		const stop = result.parserErrors.find((error) => error.name === 'NotAllInputParsedException');
		if (!stop) break;
		const gap = gapAt(lexer.tokens, stop.token.startOffset);
		lexer.gaps = [...lexer.gaps, gap];
		result = parser.parse<File>(text);
		// Right behind the gap the parser may miss what was left out: that is no mistake of the text.
		errors.push(
			...result.parserErrors.filter((error) => {
				const before = 'previousToken' in error ? (error.previousToken as Token).startOffset : gap[1];
				return error.token.startOffset >= gap[1] && !(before < gap[1]);
			}),
		);
	}
	lexer.gaps = [];
	if (errors.length > 0) repair(result.value);
	registerSource(result.value, { uri, text, kernel });
	const { lexerErrors, lexerReport } = result;
	const found = { lexerErrors, parserErrors: errors, ...(lexerReport ? { lexerReport } : {}) };
	return { uri, text, kernel, root: result.value, problems: syntaxProblems(uri, text, found, tokens) };
}

/** From a token that cannot begin an item to the end of what it may have meant. */
function gapAt(tokens: readonly Token[], offset: number): Gap {
	const from = tokens.findIndex((t) => t.startOffset >= offset && !t.isInsertedInRecovery);
	let depth = 0;
	for (let i = from; i >= 0 && i < tokens.length; i++) {
		const token = tokens[i];
		if (!token) break;
		if (i > from && depth <= 0 && startsItem(token)) return [offset, token.startOffset];
		if (/^[({[]$/.test(token.image)) depth++;
		else if (/^[)}\]]$/.test(token.image)) depth--;
		const ends = depth <= 0 && (token.image === ';' || token.image === '}');
		if (ends && tokens[i + 1]?.image !== ';') return [offset, token.startOffset + 1];
	}
	return [offset, Number.POSITIVE_INFINITY];
}

function refusal(text: string): string | undefined {
	if (text.length > LONGEST) {
		return `this file is too large for a sketch: it has ${(text.length / 1e6).toFixed(1)} MB, and 1 MB is the limit`;
	}
	if (text.includes('\0')) return 'this is not a text file: a sketch is UTF-8 text';
	return undefined;
}

function unread(uri: string, text: string, kernel: boolean, message: string): ParsedFile {
	services ??= createServices();
	const root = services.parser.LangiumParser.parse<File>('').value;
	registerSource(root, { uri, text: '', kernel });
	const span = { uri, line: 1, column: 1, endLine: 1, endColumn: 2 };
	return { uri, text, kernel, root, problems: [{ code: 'syntax', severity: 'error', message, span }] };
}
