/** The parser's complaints in the words of a C compiler: short, one for each spot. */

import { AbstractParserErrorMessageProvider, type ParseResult } from 'langium';
import type { Problem, Span } from './problem.js';

type ParserError = ParseResult['parserErrors'][number];
type Token = ParserError['token'];

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

/** What is wrong with the syntax of a file, in order, one problem for each spot. */
export function syntaxProblems(uri: string, text: string, result: ParseResult): Problem[] {
	const problems: Problem[] = [];
	for (const error of result.lexerErrors) {
		const start = { line: error.line ?? 1, column: error.column ?? 1 };
		problems.push(
			problem(
				{ uri, ...start, endLine: start.line, endColumn: start.column + error.length },
				`unexpected ${quote(text.slice(error.offset, error.offset + error.length))}`,
			),
		);
	}
	for (const error of result.parserErrors) {
		problems.push(problem(tokenSpan(uri, error.token), `${error.name} ${error.message} at ${error.token.image}`));
	}
	return problems;
}

function problem(span: Span, message: string): Problem {
	return { code: 'syntax', severity: 'error', message, span };
}

function tokenSpan(uri: string, token: Token): Span {
	const line = token.startLine ?? 1;
	const column = token.startColumn ?? 1;
	return { uri, line, column, endLine: token.endLine ?? line, endColumn: (token.endColumn ?? column) + 1 };
}

function quote(text: string): string {
	return `'${text.length > 20 ? `${text.slice(0, 20)}…` : text}'`;
}
