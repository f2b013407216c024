import { isFunctionDecl } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { spanOf } from '../../language/text.js';
import type { Problem, ScenarioResult, Span } from '../result.js';
import { backEdge } from './back-edge.js';
import { inCallback } from './in-callback.js';
import { refuses } from './refuses.js';
import { retry } from './retry.js';
import { setSeq } from './set-seq.js';
import { unlockedCheck } from './unlocked-check.js';

/** What the text alone foretells, without any search. */
const lints: readonly ((program: Program) => Problem[])[] = [
	refuses,
	setSeq,
	inCallback,
	retry,
	backEdge,
	unlockedCheck,
];

/** Hints from the text; what some run has shown at the same line, or with the same code in the same function, needs none. */
export function lintsOf(program: Program, scenarios: readonly ScenarioResult[]): Problem[] {
	const shown = scenarios.flatMap((s) => s.findings);
	const functions = program.root.items.filter(isFunctionDecl).map(spanOf);
	const functionAt = (span: Span): Span | undefined =>
		functions.find((f) => f.uri === span.uri && f.line <= span.line && span.line <= f.endLine);
	const hints = lints.flatMap((lint) => lint(program));
	return hints.filter(({ code, message, span }, n) => {
		const proved = shown.some(
			(f) =>
				f.span.uri === span.uri &&
				(f.span.line === span.line || (f.code === code && functionAt(f.span) === functionAt(span))),
		);
		return !proved && hints.findIndex((h) => h.message === message && h.span.line === span.line) === n;
	});
}
