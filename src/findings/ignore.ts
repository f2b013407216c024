/** `// notifier-lab-ignore: CODE reason`: a finding that the author knows of and has a reason to live with. */
import { isFindingCode } from '../language/finding-codes.js';
import type { Program } from '../language/program.js';
import { sourceOf } from '../language/text.js';
import type { FileResult, Finding, Problem, ScenarioResult, Span } from './result.js';

/** One comment, and the line that it speaks of. */
interface Ignore {
	readonly span: Span;
	readonly codes: readonly string[];
	readonly reason: string;
	/** The comment's own line and the first one of code behind it. */
	readonly lines: readonly number[];
}

const COMMENT = /(\/\/|\/\*)[ \t]*notifier-lab-ignore\b:?[ \t]*(.*?)[ \t]*(?:\*\/[ \t]*)?$/;
const CODES = /^([a-z]+(?:-[a-z]+)*(?:[ \t]*,[ \t]*[a-z]+(?:-[a-z]+)*)*)(?:[ \t:]+(.*))?$/;

/**
 * The result without what the sketch's own comments ignore. An expected finding is not ignored: it is what the scenario
 * is for. What was ignored is said in the scenario's assumptions; a comment without a reason, or without effect, is a
 * hint.
 *
 * @param judge a scenario's result from those of its findings that are left
 * @param all whether everything was looked for, so that a comment that ignores nothing can be told from one whose
 *   finding was not looked for
 */
export function withoutIgnored(
	result: FileResult,
	program: Program,
	judge: (scenario: ScenarioResult, findings: readonly Finding[]) => ScenarioResult,
	all: boolean,
): FileResult {
	const ignores = program.files.flatMap(({ root, kernel }) => (kernel ? [] : ignoresIn(sourceOf(root))));
	if (ignores.length === 0) return result;
	const used = new Set<Ignore>();
	const ignoreOf = ({ code, span }: Problem): Ignore | undefined => {
		const found = ignores.find((i) => i.span.uri === span.uri && i.lines.includes(span.line) && i.codes.includes(code));
		if (found !== undefined) used.add(found);
		return found;
	};
	const scenarios = result.scenarios.map((scenario) => {
		const ignored = scenario.findings.filter((f) => !scenario.expected.includes(f.code) && ignoreOf(f) !== undefined);
		if (ignored.length === 0) return scenario;
		const judged = judge(
			scenario,
			scenario.findings.filter((f) => !ignored.includes(f)),
		);
		const words = ignored.map(
			(f) => `${f.code} in line ${f.span.line} is ignored: ${ignoreOf(f)?.reason || 'no reason given'}`,
		);
		return { ...judged, assumptions: [...new Set(words), ...judged.assumptions] };
	});
	const hints = (result.hints ?? []).filter((hint) => ignoreOf(hint) === undefined);
	const complete = all && result.scenarios.length > 0 && result.scenarios.every((s) => s.complete);
	// at the head of a scenario may stand what only a look with one thread more shows (larger.ts)
	const atHead = ({ lines }: Ignore): boolean => result.scenarios.some(({ span }) => lines.includes(span.line));
	const own = ignores.filter(({ span }) => span.uri === result.uri);
	hints.push(...own.flatMap((i) => remark(i, used.has(i), complete && !atHead(i))));
	const { hints: _, ...rest } = result;
	return { ...rest, scenarios, ...(hints.length > 0 && { hints }) };
}

function ignoresIn({ uri, text }: { uri: string; text: string }): Ignore[] {
	if (!text.includes('notifier-lab-ignore')) return [];
	const lines = text.split(/\r\n|\r|\n/);
	return lines.flatMap((line, n): Ignore[] => {
		const found = COMMENT.exec(line);
		if (found === null) return [];
		const [, codes = '', reason = ''] = CODES.exec(found[2] ?? '') ?? [];
		let next = n + 1;
		while (/^\s*(\/\/.*|\/\*.*\*\/\s*)?$/.test(lines[next] ?? 'end')) next++;
		const alone = line.slice(0, found.index).trim() === '';
		return [
			{
				span: { uri, line: n + 1, column: found.index + 1, endLine: n + 1, endColumn: line.trimEnd().length + 1 },
				codes: codes.split(',').map((code) => code.trim()),
				reason,
				lines: alone ? [n + 1, next + 1] : [n + 1],
			},
		];
	});
}

function remark({ span, codes, reason }: Ignore, used: boolean, complete: boolean): Problem[] {
	const hint = (message: string): Problem[] => [{ code: 'ignore', severity: 'hint', message, span }];
	const unknown = codes.filter((code) => !isFindingCode(code));
	if (unknown.length > 0)
		return hint(
			unknown[0] === ''
				? 'say what to ignore and why: `// notifier-lab-ignore: deadlock the reason`'
				: `no finding has the code '${unknown.join("', '")}': nothing is ignored for it`,
		);
	if (!used) return complete ? hint(`nothing to ignore here: no run shows ${codes.join(' or ')} at this line`) : [];
	return reason === '' ? hint(`say why ${codes.join(' and ')} may be ignored here, behind the code`) : [];
}
