import type { FileResult, Finding, Problem, Related, RunStep, ScenarioResult, Span } from '../result.js';

/**
 * `--format json`, version 1, a contract with scripts outside this repository: extend, never rename.
 * Lines and columns count from 1. `path` names a file as the user named it.
 */
export interface Report {
	readonly version: 1;
	readonly tool: 'notifier-lab';
	readonly files: readonly ReportFile[];
}

export interface Range {
	readonly line: number;
	readonly column: number;
	readonly endLine: number;
	readonly endColumn: number;
}

/** A range that may lie in another file than the checked one: an included file, or one of the simulated kernel. */
export interface Place extends Range {
	readonly path: string;
}

export interface ReportFile {
	readonly path: string;
	readonly diagnostics: readonly (Place & Pick<Problem, 'code' | 'severity' | 'message'>)[];
	readonly scenarios: readonly ReportScenario[];
	readonly hints?: ReportFile['diagnostics'];
}

export interface ReportScenario extends Omit<ScenarioResult, 'span' | 'findings'>, Range {
	readonly findings: readonly ReportFinding[];
}

export interface ReportFinding extends Omit<Finding, 'span' | 'related' | 'run'>, Place {
	readonly related: readonly (Place & Pick<Related, 'message'>)[];
	readonly run: readonly (Omit<RunStep, 'span'> & Place)[];
}

/** The report of a check. `path` turns a `uri` into the name that the user knows the file by. */
export function jsonReport(files: readonly FileResult[], path: (uri: string) => string): Report {
	const place = (span: Span): Place => ({ path: path(span.uri), ...range(span) });
	return {
		version: 1,
		tool: 'notifier-lab',
		files: files.map((file) => ({
			path: path(file.uri),
			diagnostics: file.problems.map(({ code, severity, message, span }) => ({
				code,
				severity,
				message,
				...place(span),
			})),
			scenarios: file.scenarios.map((scenario) => reportScenario(scenario, place)),
			...(file.hints === undefined
				? {}
				: {
						hints: file.hints.map(({ code, severity, message, span }) => ({ code, severity, message, ...place(span) })),
					}),
		})),
	};
}

function reportScenario(scenario: ScenarioResult, place: (span: Span) => Place): ReportScenario {
	return {
		name: scenario.name,
		...range(scenario.span),
		verdict: scenario.verdict,
		expected: scenario.expected,
		asExpected: scenario.asExpected,
		states: scenario.states,
		transitions: scenario.transitions,
		milliseconds: scenario.milliseconds,
		complete: scenario.complete,
		assumptions: scenario.assumptions,
		threads: scenario.threads,
		...(scenario.unfinished && { unfinished: scenario.unfinished }),
		...(scenario.verdict !== 'fail' && scenario.vacuous && { vacuous: scenario.vacuous }),
		findings: scenario.findings.map((finding) => reportFinding(finding, place)),
	};
}

function reportFinding(finding: Finding, place: (span: Span) => Place): ReportFinding {
	return {
		code: finding.code,
		severity: finding.severity,
		message: finding.message,
		...place(finding.span),
		threads: finding.threads,
		related: finding.related.map(({ span, message }) => ({ ...place(span), message })),
		assumption: finding.assumption,
		noReturn: finding.noReturn,
		cycleStart: finding.cycleStart ?? null,
		closing: finding.closing,
		run: finding.run.map(({ span, step, thread, text, kernel, blocked, remarks, depth, stack, choice }) => ({
			step,
			thread,
			...place(span),
			text,
			kernel,
			blocked,
			remarks,
			depth,
			stack,
			choice,
		})),
	};
}

function range(span: Span): Range {
	return { line: span.line, column: span.column, endLine: span.endLine, endColumn: span.endColumn };
}

/** The text of `--format json`: one document, ended by a newline. */
export function jsonForm(files: readonly FileResult[], path: (uri: string) => string): string {
	return `${JSON.stringify(jsonReport(files, path), null, '\t')}\n`;
}
