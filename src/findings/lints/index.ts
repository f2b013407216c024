import type { Program } from '../../language/program.js';
import type { Problem, ScenarioResult } from '../result.js';
import { backEdge } from './back-edge.js';
import { inCallback } from './in-callback.js';
import { refuses } from './refuses.js';
import { retry } from './retry.js';
import { setSeq } from './set-seq.js';

/** What the text alone foretells, without any search. */
const lints: readonly ((program: Program) => Problem[])[] = [refuses, setSeq, inCallback, retry, backEdge];

/** Hints from the text; what some run has shown at the same place needs no hint. */
export function lintsOf(program: Program, scenarios: readonly ScenarioResult[]): Problem[] {
	const shown = scenarios.flatMap((s) => s.findings);
	const hints = lints.flatMap((lint) => lint(program));
	return hints.filter(
		(hint, n) =>
			!shown.some(
				(f) => f.span.uri === hint.span.uri && f.span.line >= hint.span.line && f.span.line <= hint.span.endLine,
			) && hints.findIndex((h) => h.message === hint.message && h.span.line === hint.span.line) === n,
	);
}
