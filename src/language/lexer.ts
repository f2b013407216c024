/**
 * Text to tokens. What is no part of the language, but must not hide the text around it, is taken out here and said by
 * name: preprocessor lines, attributes, a `}` that is missing before the next function.
 */

import { DefaultLexer, type LexerResult, type LexingDiagnostic } from 'langium';
import { closingParenthesis, dropAnnotations } from './annotations.js';
import { includeGuards } from './include-guards.js';
import { expandMacros, KERNEL_MACROS, macroRefusal } from './macros.js';
import { nameTypes } from './typedefs.js';
import { ATTRIBUTE, directiveMessage, WRITES_FUNCTIONS } from './unsupported.js';

export type Token = LexerResult['tokens'][number];

/** A part of the text that the parser shall not see, from and up to an offset. */
export type Gap = readonly [from: number, to: number];

/** What this lexer reports besides unexpected characters; `code` is that of the problem. */
export interface LexerDiagnostic extends LexingDiagnostic {
	readonly code: 'syntax' | 'unsupported';
}

/** Words that begin an item of a file when they stand at the start of a line. */
const ITEM_STARTS =
	/^(static|extern|inline|struct|union|enum|typedef|scenario|void|bool|char|short|int|long|unsigned|signed|u8|u16|u32|u64|size_t|vm_fault_t|#.*|DEFINE_.*|DECLARE_.*)$/s;

/** True for a token that looks like the begin of an item of a file. */
export function startsItem(token: Token): boolean {
	return token.startColumn === 1 && startsItemWord(token.image);
}

/** True for a word that begins an item of a file when it stands at the start of a line. */
export function startsItemWord(word: string): boolean {
	return ITEM_STARTS.test(word);
}

export class SketchLexer extends DefaultLexer {
	/** Set for the next call: parts that an earlier attempt found to be beyond understanding. */
	gaps: readonly Gap[] = [];
	/** The tokens of the last call. */
	tokens: readonly Token[] = [];

	override tokenize(text: string): LexerResult {
		const result = super.tokenize(text);
		const diagnostics: LexerDiagnostic[] = [];
		const directives = result.hidden.filter((t) => t.tokenType.name === 'DIRECTIVE');
		const plain = includeGuards(directives, result.tokens);
		for (const token of result.hidden) {
			const message = plain.has(token) ? undefined : refusal(token);
			if (message) diagnostics.push(diagnostic(token, message, 'unsupported'));
		}
		let tokens = plain.size === 0 ? result.tokens : result.tokens.filter((t) => !plain.has(t));
		if (this.gaps.length > 0) {
			tokens = tokens.filter((t) => !this.gaps.some(([from, to]) => t.startOffset >= from && t.startOffset < to));
		}
		refuseDepth(tokens);
		const definitions = result.hidden.filter((t) => t.tokenType.name === 'FUNCTION_MACRO');
		if (definitions.length > 0 || tokens.some((t) => Object.hasOwn(KERNEL_MACROS, t.image)))
			tokens = expandMacros(tokens, definitions, (body) => super.tokenize(body).tokens);
		tokens = refuseWriters(dropAnnotations(tokens), diagnostics);
		const { TYPE_NAME } = this.definition;
		if (TYPE_NAME) tokens = nameTypes(tokens, TYPE_NAME);
		tokens = closeBlocks(tokens, diagnostics);
		this.tokens = tokens;
		return { ...result, tokens, report: { diagnostics } };
	}
}

/** The longest text that is taken for a sketch. */
export const LONGEST = 1_000_000;
/** How deep brackets may be nested, and how many tokens an expression may have, before the stack is in danger. */
export const DEEPEST = 200;
const LONGEST_EXPRESSION = 2000;

/** Throws a RangeError, as the end of the stack would, long before it and at once. */
function refuseDepth(tokens: readonly Token[]): void {
	let depth = 0;
	let length = 0;
	for (const { image } of tokens) {
		length++;
		if (image === '(' || image === '[' || image === '{') depth++;
		else if (image === ')' || image === ']' || image === '}') depth--;
		if (image === ';' || image === ',' || image === '{' || image === '}') length = 0;
		if (depth > DEEPEST || length > LONGEST_EXPRESSION) throw new RangeError('nested too deeply');
	}
}

function refusal(token: Token): string | undefined {
	switch (token.tokenType.name) {
		case 'DIRECTIVE':
			return directiveMessage(/[a-z]+/.exec(token.image)?.[0] ?? '');
		case 'FUNCTION_MACRO':
			return macroRefusal(token.image);
		case 'ATTRIBUTE':
			return /\bcleanup\b/.test(token.image) ? ATTRIBUTE : undefined;
		default:
			return undefined;
	}
}

/** The tokens without calls of macros that write functions, each of which is one error in the place of many. */
function refuseWriters(tokens: Token[], diagnostics: LexerDiagnostic[]): Token[] {
	if (!tokens.some(({ image }) => Object.hasOwn(WRITES_FUNCTIONS, image))) return tokens;
	const kept: Token[] = [];
	for (let i = 0; i < tokens.length; i++) {
		const token = tokens[i] as Token;
		const message = Object.hasOwn(WRITES_FUNCTIONS, token.image) ? WRITES_FUNCTIONS[token.image] : undefined;
		if (message === undefined || tokens[i + 1]?.image !== '(') {
			kept.push(token);
			continue;
		}
		diagnostics.push(diagnostic(token, message, 'unsupported'));
		i = closingParenthesis(tokens, i + 1);
		if (tokens[i + 1]?.image === ';') i++;
	}
	return kept;
}

function diagnostic(token: Token, message: string, code: LexerDiagnostic['code']): LexerDiagnostic {
	return {
		severity: 'error',
		message,
		code,
		line: token.startLine ?? 1,
		column: token.startColumn ?? 1,
		offset: token.startOffset,
		// A macro may go on for lines; its first line says enough.
		length: token.image.split('\n', 1)[0]?.trimEnd().length ?? 1,
	};
}

/**
 * When `{` and `}` do not match, an item at the start of a line closes what is open: the function above has lost its
 * `}`, and what follows is not part of it. The tokens put in have no place in the text.
 */
function closeBlocks(tokens: Token[], diagnostics: LexerDiagnostic[]): Token[] {
	let balance = 0;
	for (const { image } of tokens) balance += image === '{' ? 1 : image === '}' ? -1 : 0;
	if (balance <= 0) return tokens;
	const brace = tokens.find((t) => t.image === '{');
	const closing = tokens.find((t) => t.image === '}')?.tokenType ?? undefined;
	if (!brace || !closing) return tokens;
	const open: Token[] = [];
	const result: Token[] = [];
	tokens.forEach((token, index) => {
		if (open.length > 0 && startsItem(token)) {
			const innermost = open.at(-1);
			const line = innermost?.startLine ?? 1;
			const before = tokens[index - 1] ?? token;
			diagnostics.push(diagnostic(before, `expected '}' after this: the '{' in line ${line} is not closed`, 'syntax'));
			for (const _ of open.splice(0)) result.push(insertedToken(token, closing));
		}
		if (token.image === '{') open.push(token);
		else if (token.image === '}') open.pop();
		result.push(token);
	});
	return result;
}

function insertedToken(before: Token, tokenType: Token['tokenType']): Token {
	return {
		image: '}',
		startOffset: before.startOffset,
		endOffset: before.startOffset - 1,
		startLine: before.startLine ?? 1,
		endLine: before.startLine ?? 1,
		startColumn: before.startColumn ?? 1,
		endColumn: before.startColumn ?? 1,
		tokenType,
		tokenTypeIdx: tokenType.tokenTypeIdx ?? 0,
		isInsertedInRecovery: true,
	};
}
