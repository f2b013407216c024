/** From what a check returns to what an editor shows. */
import { type Diagnostic, DiagnosticSeverity, DiagnosticTag, type Range } from 'vscode-languageserver-protocol';
import type { FileResult, Finding, Problem, ScenarioResult, Severity, Span } from '../findings/result.js';
import { isFindingCode } from '../language/finding-codes.js';
import { type CheckState, type FindingReference, manualUri, type ShownSeverity } from './protocol.js';

const SOURCE = 'notifier-lab';

const SEVERITY: Record<Severity, DiagnosticSeverity> = {
	error: DiagnosticSeverity.Error,
	warning: DiagnosticSeverity.Warning,
	info: DiagnosticSeverity.Information,
	hint: DiagnosticSeverity.Hint,
};

/** Before the message of a finding that its scenario expects, as above the scenario and in the explorer. */
const AS_EXPECTED = '✓ as expected: ';

/** The diagnostics of one check, by the file they stand in. */
export type DiagnosticsByFile = ReadonlyMap<string, readonly Diagnostic[]>;

export interface DiagnosticsOptions {
	/** Whether the client can open pages of the manual. */
	readonly links: boolean;
	/** How findings and hints of a code are shown, other than as what they are. */
	readonly severity?: Readonly<Record<string, ShownSeverity>>;
}

export function toDiagnostics(result: FileResult, { links, severity = {} }: DiagnosticsOptions): DiagnosticsByFile {
	const files = new Map<string, Diagnostic[]>([[result.uri, []]]);
	const add = (span: Span, diagnostic: Diagnostic) => {
		const known = files.get(span.uri);
		if (known) known.push(diagnostic);
		else files.set(span.uri, [diagnostic]);
	};
	const addShown = (span: Span, code: string, diagnostic: Diagnostic, expected = false) => {
		const shown = Object.hasOwn(severity, code) ? severity[code] : undefined;
		// what a scenario is meant to show is no error by any setting
		if (shown === 'off') return;
		add(span, shown === undefined || expected ? diagnostic : { ...diagnostic, severity: SEVERITY[shown] });
	};
	for (const problem of result.problems) add(problem.span, ofProblem(problem));
	for (const hint of result.hints ?? []) addShown(hint.span, hint.code, ofHint(hint, links));
	for (const scenario of result.scenarios) {
		scenario.findings.forEach((finding, index) => {
			const reference = { uri: result.uri, scenario: scenario.name, index };
			const expected = scenario.expected.includes(finding.code);
			addShown(finding.span, finding.code, ofFinding(finding, scenario, reference, links), expected);
		});
		const missing = missingFindings(scenario);
		if (missing.length > 0) add(scenario.span, ofMissing(scenario, missing));
	}
	for (const [uri, diagnostics] of files) files.set(uri, withoutRepeats(diagnostics));
	return files;
}

/** The same finding of two scenarios, or of two files that include a third, is shown once, as bad as the worst of them. */
export function withoutRepeats(diagnostics: readonly Diagnostic[]): Diagnostic[] {
	const worst = new Map<string, Diagnostic>();
	for (const diagnostic of diagnostics) {
		const key = JSON.stringify([diagnostic.range, diagnostic.code, toldBy(diagnostic).message]);
		const known = worst.get(key);
		if (!known || rank(diagnostic) < rank(known)) worst.set(key, diagnostic);
	}
	return [...worst.values()];
}

/** The message of the finding that a diagnostic shows, and whether that is expected. */
export function toldBy({ message }: Diagnostic): { message: string; expected: boolean } {
	const text = (typeof message === 'string' ? message : message.value).replace(/\n/g, ' ');
	const expected = text.startsWith(AS_EXPECTED);
	return { message: expected ? text.slice(AS_EXPECTED.length) : text, expected };
}

/** About what "Next Problem" shows of a message, which it does not wrap; and what is too short for a line of its own. */
const LONGEST = 100;
const SHORTEST = 40;

/** Text up to the end of a clause, or of a part of one; what stands in brackets is not divided. */
const BRACKETS = /\((?:[^()]|\([^()]*\))*\)|\[[^\])]*[\])]/;
const CLAUSE = new RegExp(`(?:${BRACKETS.source}|.)+?(?:[:;.] |$)`, 'g');
const PART = new RegExp(`(?:${BRACKETS.source}|.)+?(?:[,:;.] |$)`, 'g');

/** A long message in lines that end with a clause: the first says what is wrong, if no more is seen. */
export function inLines(message: string): string {
	const lines = [''];
	for (const clause of message.match(CLAUSE) ?? [])
		for (const piece of clause.length > LONGEST ? (clause.match(PART) ?? []) : [clause]) {
			const line = lines.at(-1) ?? '';
			if (line.length >= SHORTEST && line.length + piece.trimEnd().length > LONGEST) lines.push(piece);
			else lines[lines.length - 1] = line + piece;
		}
	return lines.map((line) => line.trimEnd()).join('\n');
}

/** LSP counts severities from the worst. */
function rank({ severity }: Diagnostic): number {
	return severity ?? DiagnosticSeverity.Error;
}

export function ofProblem({ code, severity, message, span }: Problem): Diagnostic {
	return { range: toRange(span), severity: SEVERITY[severity], code, source: SOURCE, message: inLines(message) };
}

/** Code that no run reaches is shown faded. */
function ofHint(hint: Problem, links: boolean): Diagnostic {
	const diagnostic = ofProblem(hint);
	if (links && isFindingCode(hint.code)) diagnostic.codeDescription = { href: manualUri(hint.code) };
	if (hint.code === 'unreachable') diagnostic.tags = [DiagnosticTag.Unnecessary];
	return diagnostic;
}

function ofFinding(finding: Finding, scenario: ScenarioResult, data: FindingReference, links: boolean): Diagnostic {
	// What a scenario is meant to show is no error of the sketch, but stays visible where it happens.
	const expected = scenario.expected.includes(finding.code);
	const wrong = finding.severity === 'error' || finding.severity === 'warning';
	const severity = expected && wrong ? 'info' : finding.severity;
	const diagnostic: Diagnostic = {
		range: toRange(finding.span),
		severity: SEVERITY[severity],
		code: finding.code,
		source: SOURCE,
		message: `${expected ? AS_EXPECTED : ''}${inLines(finding.message)}`,
		relatedInformation: finding.related.map(({ span, message }) => ({
			location: { uri: span.uri, range: toRange(span) },
			message,
		})),
		data,
	};
	if (links) diagnostic.codeDescription = { href: manualUri(finding.code) };
	if (finding.code === 'unreachable') diagnostic.tags = [DiagnosticTag.Unnecessary];
	return diagnostic;
}

/** Expected codes that a complete search did not find; one that stopped at a limit proves nothing missing. */
export function missingFindings({ asExpected, complete, expected, findings }: ScenarioResult): string[] {
	if (asExpected || !complete) return [];
	return expected.filter((code) => code !== 'ok' && !findings.some((finding) => finding.code === code));
}

function ofMissing({ name, span }: ScenarioResult, missing: readonly string[]): Diagnostic {
	return {
		// The scenario's first line: a squiggle under all of it would hide everything else.
		range: toRange({ ...span, endLine: span.line, endColumn: span.column + `scenario ${name}`.length }),
		severity: DiagnosticSeverity.Error,
		code: 'expect',
		source: SOURCE,
		message: missingMessage(name, missing),
	};
}

export const missingMessage = (name: string, missing: readonly string[]): string =>
	`${name} is expected to show ${missing.join(', ')}, but no run of it does`;

export function toRange({ line, column, endLine, endColumn }: Span): Range {
	return {
		start: { line: line - 1, character: column - 1 },
		end: { line: endLine - 1, character: endColumn - 1 },
	};
}

/** How many of them are so bad. */
export function count(diagnostics: readonly Diagnostic[], severity: DiagnosticSeverity): number {
	return diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
}

/** What a check that is over has come to. */
export function stateOf(result: FileResult, files: DiagnosticsByFile): CheckState {
	const diagnostics = [...files.values()].flat();
	if (count(diagnostics, DiagnosticSeverity.Error) > 0) return 'errors';
	if (result.scenarios.some(({ complete }) => !complete)) return 'bounded';
	return count(diagnostics, DiagnosticSeverity.Warning) > 0 ? 'warnings' : 'ok';
}
