import type { FileResult, Problem, Span } from '../result.js';
import { isExpected } from './text.js';

const COMMANDS = { error: 'error', warning: 'warning', info: 'notice', hint: 'notice' } as const;

/**
 * What GitHub shows beside the lines of a pull request: a workflow command for each problem and for each finding that
 * nobody expected. Hints are left out. The commands are those of docs.github.com, "Workflow commands".
 */
export function githubForm(file: FileResult, path: (uri: string) => string): string {
	const lines = file.problems.filter((p) => p.severity !== 'hint').map((p) => command(p, p.code, path));
	for (const scenario of file.scenarios) {
		const { name, expected, findings, complete } = scenario;
		for (const finding of findings)
			if (!isExpected(scenario, finding)) lines.push(command(finding, `${finding.code} in ${name}`, path));
		for (const code of expected)
			if (code !== 'ok' && complete && !findings.some((f) => f.code === code)) {
				const message = `${name} expects ${code}, which no interleaving shows`;
				const span = { ...scenario.span, endLine: scenario.span.line };
				lines.push(command({ code: 'expect', severity: 'error', message, span }, `expect in ${name}`, path));
			}
	}
	return [...new Set(lines)].map((line) => `${line}\n`).join('');
}

function command({ severity, message, span }: Problem, title: string, path: (uri: string) => string): string {
	const properties = Object.entries({ file: path(span.uri), ...places(span), title: `notifier-lab: ${title}` });
	const list = properties.map(([key, value]) => `${key}=${escapeProperty(String(value))}`).join(',');
	return `::${COMMANDS[severity]} ${list}::${escapeData(message)}`;
}

/** Columns only where the range is in one line: GitHub refuses others. */
function places({ line, column, endLine, endColumn }: Span): Record<string, number> {
	return line === endLine ? { line, endLine, col: column, endColumn } : { line, endLine };
}

const escapeData = (text: string): string =>
	text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
