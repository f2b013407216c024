/** The parser's complaints in the words of a C compiler: short, one for each spot. */

import { AbstractParserErrorMessageProvider, type ParseResult } from 'langium';
import { type LexerDiagnostic, startsItem, type Token } from './lexer.js';
import { MACRO_STRUCTS } from './links.js';
import type { Problem, ProblemCode, Span } from './problem.js';
import { didYouMean } from './suggest.js';
import { UNSUPPORTED_WORDS } from './unsupported.js';

type ParserError = ParseResult['parserErrors'][number];

/** Keeps of a mismatch only what was expected; the sentence is made below, where more is known. */
class Expectations extends AbstractParserErrorMessageProvider {
	override buildMismatchTokenMessage({ expected }: { expected: { name: string } }): string {
		return expected.name;
	}
	override buildNotAllInputParsedMessage(): string {
		return '';
	}
	override buildNoViableAltMessage(): string {
		return '';
	}
	override buildEarlyExitMessage(): string {
		return '';
	}
}

export const expectations = new Expectations();

/** What one error is about, ready to be put into words. */
interface Complaint {
	/** What stands there, and what stands before it. */
	readonly token: Token;
	readonly previous: Token | undefined;
	/** Its place among the tokens. */
	readonly index: number;
	readonly tokens: readonly Token[];
	/** The name of the token that was expected, if it was a single one. */
	readonly expected: string;
	/** The rules the parser was in, innermost last. */
	readonly rules: readonly string[];
	readonly text: string;
}

interface Words {
	readonly message: string;
	readonly code?: ProblemCode;
	/** `after`: below the token before. */
	readonly at?: 'after' | Token;
}

/** What is wrong with the syntax of a file, in order, one problem for each spot. */
export function syntaxProblems(
	uri: string,
	text: string,
	result: Pick<ParseResult, 'lexerErrors' | 'parserErrors' | 'lexerReport'>,
	tokens: readonly Token[],
): Problem[] {
	const problems: Problem[] = [];
	// Where something is shown, and where the parser was when it went wrong.
	const spots: number[] = [];
	const lostFrom: { offset: number; item: boolean }[] = [];
	for (const error of result.lexerErrors) {
		const line = error.line ?? 1;
		const column = error.column ?? 1;
		if (spots.some((spot) => sameLine(text, spot, error.offset))) continue;
		spots.push(error.offset);
		lostFrom.push({ offset: error.offset, item: false });
		const span = { uri, line, column, endLine: line, endColumn: column + error.length };
		const message = unexpectedText(text.slice(error.offset, error.offset + error.length), text.slice(error.offset + 1));
		problems.push({ code: 'syntax', severity: 'error', message, span });
	}
	for (const found of (result.lexerReport?.diagnostics ?? []) as LexerDiagnostic[]) {
		const line = found.line ?? 1;
		const column = found.column ?? 1;
		const span = { uri, line, column, endLine: line, endColumn: column + (found.length ?? 1) };
		problems.push({ code: found.code, severity: 'error', message: found.message, span });
		if (found.code === 'syntax') spots.push(found.offset ?? 0);
	}
	for (const error of result.parserErrors) {
		const complaint = complaintOf(error, tokens, text);
		const offset = complaint.index < tokens.length ? complaint.token.startOffset : text.length;
		const { message, code, at } = wordsFor(complaint);
		const shown = at === 'after' ? (complaint.previous?.startOffset ?? offset) : offset;
		if (
			spots.some((spot) => sameLine(text, spot, shown)) ||
			lostFrom.some((spot) => followsFrom(spot, offset, error, tokens))
		) {
			continue;
		}
		spots.push(shown);
		lostFrom.push({ offset, item: ruleNames(error).length <= 2 });
		problems.push({ code: code ?? 'syntax', severity: 'error', message, span: spanFor(uri, complaint, at) });
	}
	return problems;
}

function sameLine(text: string, a: number, b: number): boolean {
	return !text.slice(Math.min(a, b), Math.max(a, b)).includes('\n');
}

/** The parser has lost its way since an earlier error, and has not come to the next item yet. */
function followsFrom(
	from: { offset: number; item: boolean },
	offset: number,
	error: ParserError,
	tokens: readonly Token[],
): boolean {
	if (offset < from.offset) return false;
	const between = tokens.filter((t) => t.startOffset >= from.offset && t.startOffset <= offset);
	if (between.some((t) => startsItem(t) || (t.image === '}' && t.startColumn === 1 && t.startOffset < offset)))
		return false;
	const lost = error.name === 'NotAllInputParsedException' || ruleNames(error).length <= 2;
	// An item that could not be understood was left out: what comes next is a mistake of its own.
	return (lost && !from.item) || !between.some((t) => /^[;{}]$/.test(t.image));
}

function ruleNames(error: ParserError): string[] {
	return (error.context?.ruleStack ?? []).map((rule) => rule.replace('\u200b', ''));
}

function complaintOf(error: ParserError, tokens: readonly Token[], text: string): Complaint {
	const atEnd = error.token.tokenType?.name === 'EOF' || Number.isNaN(error.token.startOffset);
	const found = atEnd
		? -1
		: tokens.findIndex((t) => t.startOffset >= error.token.startOffset && !t.isInsertedInRecovery);
	const index = found < 0 ? tokens.length : found;
	return {
		token: tokens[index] ?? error.token,
		previous: tokens[index - 1],
		index,
		tokens,
		expected: error.name === 'MismatchedTokenException' ? error.message : '',
		rules: ruleNames(error),
		text,
	};
}

/** Finds the words for an error: the most telling rule first. */
function wordsFor(c: Complaint): Words {
	return (
		unsupportedWord(c) ??
		unknownType(c) ??
		telling(c) ??
		(c.index >= c.tokens.length ? endOfFile(c) : undefined) ??
		expectedToken(c) ??
		expectedRule(c)
	);
}

/** The statement around the error, up to it, begins or goes on with a word that C has and we do not. */
function unsupportedWord({ tokens, index }: Complaint): Words | undefined {
	for (let i = index; i >= 0 && i > index - 24; i--) {
		const image = tokens[i]?.image ?? '';
		if (i < index && (image === ';' || image === '{' || image === '}')) return undefined;
		const message = Object.hasOwn(UNSUPPORTED_WORDS, image) ? UNSUPPORTED_WORDS[image] : undefined;
		if (message) return { message, code: 'unsupported', ...(tokens[i] ? { at: tokens[i] as Token } : {}) };
	}
	return undefined;
}

const isName = (token: Token | undefined) => token?.tokenType.name === 'ID';

/** `(foo_t)x` and `(foo_t *)x`: a cast to a type that there is not. */
function unknownType({ tokens, index, token }: Complaint): Words | undefined {
	let i = index - 1;
	if (token.image !== ')' && tokens[i]?.image === ')') i--;
	else if (token.image !== ')' || tokens[i]?.image !== '*') return undefined;
	while (tokens[i]?.image === '*') i--;
	const name = tokens[i];
	const opening = tokens[i - 1];
	const called = tokens[i - 2];
	if (!name || !isName(name) || opening?.image !== '(' || called?.image === ')') return undefined;
	if (called?.image !== 'return' && /^\w/.test(called?.image ?? '')) return undefined;
	return { message: `unknown type name '${name.image}'`, code: 'type', at: name };
}

/** Mistakes that a C programmer would name at once. */
function telling(c: Complaint): Words | undefined {
	const { token, previous, text, tokens, index } = c;
	const before = tokens[index - 2];
	if (text.startsWith('/*', token.startOffset)) return { message: "this comment is not closed: end it with '*/'" };
	const macro = loopMacro(c) ?? declaringMacro(c);
	if (macro) return macro;
	if (token.image === 'else') return { message: "'else' without an 'if' before it" };
	if (token.image === '...' && c.rules.includes('Designator')) {
		return { message: 'ranges of elements are not modelled: write one element after the other', code: 'unsupported' };
	}
	if (token.image === '&&' && c.rules.at(-1) === 'UnaryExpr') {
		return { message: 'addresses of labels are not modelled: use switch and plain goto', code: 'unsupported' };
	}
	if (token.image === '{' && isName(previous) && /^(struct|union|enum)$/.test(before?.image ?? '')) {
		return {
			message: `'${before?.image} ${previous?.image}' is defined inside a function: move the definition to the top of the file`,
			code: 'unsupported',
		};
	}
	if (token.image === '{' && previous?.image === ')' && c.rules.at(-1) === 'VariableDecl') {
		return { message: 'functions inside functions are not modelled: move it out', code: 'unsupported' };
	}
	if (token.image === '}' && c.rules.length <= 1) return { message: "this '}' closes nothing: remove it" };
	if (previous?.image.startsWith('#') && previous.tokenType.name === 'DEFINE') {
		return { message: 'expected a name after #define', at: 'after' };
	}
	return undefined;
}

/** `static DEFINE_MUTX(lock);`: behind `static`, what is no declaring macro reads as the type of a function pointer. */
function declaringMacro({ tokens, index, rules }: Complaint): Words | undefined {
	const name = tokens[index - 2];
	if (tokens[index - 1]?.image !== '(' || !isName(name) || rules.includes('Block')) return undefined;
	if (!name || !/^(DEFINE|DECLARE)_/.test(name.image)) return undefined;
	const guess = didYouMean(name.image, Object.keys(MACRO_STRUCTS));
	return {
		message: `${name.image}() is not modelled${guess || ': declare the object, and initialise it in setup'}`,
		code: 'unsupported',
		at: name,
	};
}

/** `for_each_thing(…) { … }`: a loop of the kernel that the language does not have. */
function loopMacro({ tokens, index }: Complaint): Words | undefined {
	if (tokens[index - 1]?.image !== ')') return undefined;
	let depth = 0;
	for (let i = index - 1; i > 0; i--) {
		if (tokens[i]?.image === ')') depth++;
		else if (tokens[i]?.image === '(') depth--;
		if (depth > 0) continue;
		const name = tokens[i - 1];
		if (!name || !/for_each/.test(name.image)) return undefined;
		return {
			message: `the loop '${name.image}()' is not modelled: write a for or while loop`,
			code: 'unsupported',
			at: name,
		};
	}
	return undefined;
}

function endOfFile(c: Complaint): Words {
	const open: Token[] = [];
	for (const token of c.tokens) {
		if (token.image === '{' || token.image === '(') open.push(token);
		else if (token.image === '}' || token.image === ')') open.pop();
	}
	const last = open.at(-1);
	if (!last) return { message: `the file ends too early: expected ${quoted(c.expected) || 'more'}`, at: 'after' };
	const close = last.image === '{' ? '}' : ')';
	return {
		message: `expected '${close}' at the end: the '${last.image}' in line ${last.startLine} is not closed`,
		at: 'after',
	};
}

const TYPE_WORD = /^(void|bool|char|short|int|long|unsigned|signed|[us](8|16|32|64)|[a-z_0-9]+_t)$/;

function expectedToken(c: Complaint): Words | undefined {
	const { expected, previous } = c;
	const rule = c.rules.at(-1) ?? '';
	const after = previous ? ` after ${quote(previous.image)}` : '';
	switch (expected) {
		case ';': {
			if (previous && TYPE_WORD.test(previous.image)) return { message: `expected a name${after}`, at: 'after' };
			const what = /StructDef|EnumDef/.test(rule)
				? `this ${/EnumDef/.test(rule) ? 'enum' : 'struct'}`
				: /Decl|Variable|Field/.test(rule)
					? 'this declaration'
					: /Item/.test(rule)
						? `this '${rule.replace('Item', '').toLowerCase()}'`
						: 'this statement';
			return { message: `expected ';' after ${what}`, at: 'after' };
		}
		case '}':
			if (rule === 'EnumDef' || rule === 'InitializerList')
				return { message: `expected ',' or '}'${after}`, at: 'after' };
			if (rule === 'Scenario') return { message: scenarioWords(c) };
			return { message: `expected a statement before ${quote(c.token.image)}` };
		case '...':
			return { message: 'expected a parameter after this', at: 'after' };
		case ')':
			return { message: `expected ')'${after}`, at: 'after' };
		case 'EOF':
			return undefined;
		case '':
			return undefined;
		default:
			return { message: `expected ${quoted(expected)}${after}`, at: 'after' };
	}
}

const scenarioWords = (c: Complaint) =>
	`expected pages, setup, thread, daemon, interrupt, finally, environment, config or expect, not ${quote(c.token.image)}`;

/** `scenario s8 {`, `thread for {`: a name that has a meaning already. */
function takenName({ tokens }: Complaint, block: Token | undefined, name: Token | undefined): Words | undefined {
	if (!block || !name || !/^(scenario|thread|daemon|interrupt)$/.test(block.image)) return undefined;
	const follows = tokens[tokens.indexOf(name) + 1]?.image;
	if (!/^\w+$/.test(name.image) || (follows !== '{' && follows !== 'on')) return undefined;
	const what = TYPE_WORD.test(name.image) ? 'the name of a type' : 'a word of the language';
	return { message: `'${name.image}' is ${what}: choose another name for the ${block.image}`, at: name };
}

function expectedRule(c: Complaint): Words {
	const here = quote(c.token.image);
	const has = (name: string) => c.rules.includes(name);
	switch (c.rules.at(-1)) {
		case 'File':
		case 'Item':
			return (
				takenName(c, c.token, c.tokens[c.index + 1]) ?? {
					message: `expected a declaration, a function or a scenario, not ${here}`,
				}
			);
		case 'ScenarioItem':
			return { message: scenarioWords(c) };
		case 'Statement':
			return { message: `expected a statement before ${here}` };
		case 'TypeRef':
		case 'DeclaredTypeRef':
			return { message: `expected a type before ${here}` };
		case 'Name':
		case 'Code':
		case 'Variable':
		case 'Field':
		case 'Parameter':
		case 'GotoStatement':
			return takenName(c, c.previous, c.token) ?? { message: `expected a name before ${here}` };
		default:
	}
	if (has('Expression') || has('AssignmentExpr') || has('UnaryExpr') || has('ConditionalExpr') || has('Initializer')) {
		return { message: `expected an expression before ${here}` };
	}
	return { message: `unexpected ${here}` };
}

function unexpectedText(text: string, rest: string): string {
	const first = text[0] ?? '';
	if (first === '"') return 'this string is not closed: end it in its line';
	if (first === "'") return 'this character constant is not closed: write one character between two quotes';
	if (first === '#') {
		if (/^[ \t]*include\b/.test(rest)) return 'expected <library> or "file.mmn" after #include';
		return 'this preprocessor line is not modelled: only #include and #define NAME value are';
	}
	if (first === '\\') return 'a line cannot be continued here: join the lines';
	if ((first.codePointAt(0) ?? 0) > 127)
		return `unexpected character ${quote(text)}: sketches are written in plain ASCII outside of comments and strings`;
	return `unexpected character ${quote(text)}`;
}

function spanFor(uri: string, c: Complaint, at: Words['at']): Span {
	if (at === 'after' && c.previous) {
		const line = c.previous.endLine ?? c.previous.startLine ?? 1;
		const column = c.previous.endColumn ?? 1;
		return { uri, line, column, endLine: line, endColumn: column + 1 };
	}
	const token = typeof at === 'object' ? at : c.index < c.tokens.length ? c.token : c.previous;
	const line = token?.startLine ?? 1;
	const column = token?.startColumn ?? 1;
	return { uri, line, column, endLine: token?.endLine ?? line, endColumn: (token?.endColumn ?? column) + 1 };
}

function quoted(tokenName: string): string {
	const names: Record<string, string> = { ID: 'a name', NUMBER: 'a number', STRING: 'a string' };
	return tokenName ? (names[tokenName] ?? `'${tokenName}'`) : '';
}

function quote(text: string): string {
	const line = text.split('\n', 1)[0] ?? '';
	return `'${line.length > 20 ? `${line.slice(0, 20)}…` : line}'`;
}
