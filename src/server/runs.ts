/** Results as a list of tests wants them. */
import { mailTable } from '../findings/forms/table.js';
import type { FileResult, ScenarioResult, Span } from '../findings/result.js';
import { missingFindings, missingMessage, ofProblem, toRange } from './diagnostics.js';
import { shownOf } from './lens.js';
import type { RunResult, ScenarioFailure, ScenarioRun } from './protocol.js';

export function runResult(result: FileResult): RunResult {
	return {
		errors: result.problems
			.filter(({ severity }) => severity === 'error')
			.map((problem) => ({ uri: problem.span.uri, diagnostic: ofProblem(problem) })),
		scenarios: result.scenarios.map(runOf),
	};
}

function runOf(scenario: ScenarioResult): ScenarioRun {
	const { name, span, verdict, asExpected, complete, expected, findings, states, milliseconds } = scenario;
	return {
		name,
		range: toRange(span),
		verdict,
		passed: asExpected && complete,
		complete,
		expected,
		found: [...new Set(findings.filter((f) => f.severity === 'error' || f.severity === 'warning').map((f) => f.code))],
		states,
		milliseconds,
		...findingOf(scenario),
		failures: asExpected && complete ? [] : failuresOf(scenario),
	};
}

function findingOf(scenario: ScenarioResult): { finding?: number } {
	const finding = shownOf(scenario);
	return finding < 0 ? {} : { finding };
}

function failuresOf(scenario: ScenarioResult): ScenarioFailure[] {
	const { expected, findings, threads, complete } = scenario;
	const failure = (message: string, span: Span, table = ''): ScenarioFailure => ({
		message,
		location: { uri: span.uri, range: toRange(span) },
		table,
	});
	const unexpected = findings
		.filter((f) => f.severity === 'error' && !expected.includes(f.code))
		.map((f) => failure(`${f.code}: ${f.message}`, f.span, mailTable(f, threads)));
	const missing = missingFindings(scenario);
	const failures =
		missing.length > 0 ? [...unexpected, failure(missingMessage(scenario.name, missing), scenario.span)] : unexpected;
	if (failures.length > 0 || complete) return failures;
	const bound = findings.find((f) => f.code === 'bounded');
	return [failure(bound?.message ?? 'the search stopped at a limit: nothing was proved beyond it', scenario.span)];
}
