import type { FileResult, Finding, Problem, RunStep, ScenarioResult, Severity, Span } from '../result.js';
import { nothingThere } from '../vacuous.js';
import { type Paint, paintWith } from './paint.js';
import { mailRowOf } from './rows.js';
import { eachCause, type Told } from './same.js';
import { type Mark, snippet } from './snippet.js';
import { runTable } from './table.js';
import { printable, wrap } from './wrap.js';

/** What the text form needs to know of the world. */
export interface TextOptions {
	/** The name that the user knows a file by. */
	readonly path: (uri: string) => string;
	/** The text of a file, for the lines that are shown; undefined where it is not at hand. */
	readonly source: (uri: string) => string | undefined;
	readonly colour: boolean;
	/** Show each hint, and not only how many there are. */
	readonly hints?: boolean;
	/** Show each assumption, and not only those that matter most. */
	readonly assumptions?: boolean;
	/** One of several files: its lines of verdicts stand below its name. */
	readonly several?: boolean;
}

const WIDTH = 78;
const TABLE_INDENT = 4;
/** After so many problems of text in one file the rest follow from the first. */
const MOST_PROBLEMS = 20;
/** After so many assumptions the rest is what holds for most verdicts. */
const MOST_ASSUMPTIONS = 3;
const WORDS: Record<Severity, string> = { error: 'error', warning: 'warning', info: 'note', hint: 'hint' };

/**
 * What `check` prints for one file: each problem and each finding nobody expected in the manner of a compiler
 * (`file:line:col: error: message [code]`, the lines, the run), then one line for each scenario.
 */
export function textForm(file: FileResult, options: TextOptions): string {
	const paint = paintWith(options.colour);
	const blocks = problemBlocks(file, options, paint);
	const causes = eachCause(file, (scenario, finding) => !isExpected(scenario, finding));
	for (const scenario of file.scenarios) {
		for (const told of causes) if (told.scenario === scenario) blocks.push(findingBlock(told, options, paint));
		for (const code of missing(scenario))
			blocks.push([
				headline(
					scenario.span,
					'error',
					`${scenario.name} expects ${code}, which ${unseen(scenario)}`,
					'expect',
					options,
					paint,
				),
				...snippet(
					[{ span: scenario.span, label: '', primary: true }],
					options.source(scenario.span.uri),
					paint,
					WIDTH,
				),
			]);
	}
	const width = Math.max(0, ...file.scenarios.map((scenario) => scenario.name.length));
	const summary = file.scenarios.map((scenario) => summaryLine(scenario, width, paint));
	if (options.several === true && summary.length > 0) summary.unshift(`${options.path(file.uri)}:`);
	if (file.scenarios.length === 0 && !file.problems.some((problem) => problem.severity === 'error'))
		summary.push(`${paint.dim('none ')}  ${options.path(file.uri)} has no scenario and no fault handler to check`);
	summary.push(...hintLines(file, options, paint));
	if (summary.length > 0) blocks.push(summary);
	return blocks.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

/** One line for all hints, or one for each where they are asked for; notes were asked for in any case. */
function hintLines(file: FileResult, options: TextOptions, paint: Paint, counted = true): string[] {
	const all = file.hints ?? [];
	const shown = all.filter(({ severity }) => options.hints === true || severity !== 'hint');
	const lines = shown.map((h) => headline(h.span, h.severity, h.message, h.code, options, paint));
	const { moreTried: tried } = file;
	if (tried !== undefined) {
		const breaks = shown.some(({ offer }) => offer !== undefined);
		lines.push(
			tried === 0
				? 'more   no scenario to try one thread more in'
				: `more   ${tried} thread${tried === 1 ? '' : 's'} more tried, one at a time: ${breaks ? 'see the notes above' : 'nothing goes wrong'}`,
		);
	}
	const rest = all.filter((h) => !shown.includes(h));
	if (rest.length === 0 || !counted) return lines;
	const codes = [...new Set(rest.map((h) => h.code))].join(', ');
	return [...lines, paint.dim(`hints  ${rest.length} (${codes}); --hints shows them`)];
}

/** The part of the text form that is about the text itself; empty where nothing is wrong with it. */
export function problemsForm(file: FileResult, options: TextOptions): string {
	const blocks = problemBlocks(file, options, paintWith(options.colour));
	return blocks.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

/** What else was asked for, hints and notes, for a form that has no place for them; empty where there is none. */
export function notesForm(file: FileResult, options: TextOptions): string {
	const lines = hintLines(file, options, paintWith(options.colour), false);
	return lines.map((line) => `${line}\n`).join('');
}

/** The end of the text form, for all files: what the verdicts rest on, and one closing line. */
export function textClosing(
	files: readonly FileResult[],
	options: Pick<TextOptions, 'colour' | 'assumptions'>,
): string {
	const paint = paintWith(options.colour);
	const assumed = assumptions(files, options.assumptions === true);
	const lines = assumed.length === 0 ? [] : [paint.dim('assumed:'), ...assumed.map(paint.dim), ''];
	return `${[...lines, closingLine(files, paint)].join('\n')}\n`;
}

/** Whether `expect` of the scenario names this finding. */
export function isExpected(scenario: ScenarioResult, finding: Finding): boolean {
	return scenario.expected.includes(finding.code);
}

/** Codes that the scenario expects and that were not found. */
function missing(scenario: ScenarioResult): string[] {
	const found = new Set(scenario.findings.map((finding) => finding.code));
	return scenario.expected.filter((code) => code !== 'ok' && !found.has(code));
}

function unseen(scenario: ScenarioResult): string {
	return scenario.complete ? 'no interleaving shows' : 'was not found before the search stopped';
}

function problemBlocks(file: FileResult, options: TextOptions, paint: Paint): string[][] {
	const blocks = file.problems
		.slice(0, MOST_PROBLEMS)
		.map((problem: Problem) => [
			headline(problem.span, problem.severity, problem.message, problem.code, options, paint),
			...snippet([{ span: problem.span, label: '', primary: true }], options.source(problem.span.uri), paint, WIDTH),
		]);
	const more = file.problems.length - MOST_PROBLEMS;
	if (more > 0) blocks.push([`${options.path(file.uri)}: ${more} more, which the first ones may have caused`]);
	return blocks;
}

/** The line that editors and `grep` know: file, line, column, severity, message, code. */
function headline(
	span: Span,
	severity: Severity,
	message: string,
	code: string,
	options: TextOptions,
	paint: Paint,
): string {
	const place = `${fileName(span.uri, options)}:${span.line}:${span.column}:`;
	return `${paint.bold(place)} ${severityPaint(severity, paint)(`${WORDS[severity]}:`)} ${paint.bold(printable(message.replace(/\s+/g, ' ')))} ${paint.dim(`[${code}]`)}`;
}

/** A file of the simulated kernel goes by what a sketch includes it as: `<mn/active-ranges>`. */
function fileName(uri: string, options: TextOptions): string {
	const kernel = /^mmn-kernel:\/*(.*?)(?:\.mmn)?$/.exec(uri)?.[1];
	return kernel === undefined ? options.path(uri) : `<${kernel}>`;
}

function severityPaint(severity: Severity, paint: Paint): (text: string) => string {
	return severity === 'error' ? paint.error : severity === 'warning' ? paint.warning : paint.note;
}

function findingBlock({ scenario, finding, others }: Told, options: TextOptions, paint: Paint): string[] {
	const lines = [headline(finding.span, finding.severity, finding.message, finding.code, options, paint)];
	for (const [uri, marks] of marksByFile(finding)) {
		if (uri !== finding.span.uri) lines.push(`     ${paint.dim('in')} ${fileName(uri, options)}`);
		lines.push(...snippet(marks, options.source(uri), paint, WIDTH));
	}
	const table = runTable(finding, scenario.threads, WIDTH - TABLE_INDENT);
	if (table !== '') {
		lines.push('', `  ${paint.bold('shortest run')} ${paint.dim(`in ${scenario.name}`)}`, '');
		lines.push(...table.split('\n').map((line) => (line === '' ? '' : ' '.repeat(TABLE_INDENT) + line)));
	}
	const also = others.length === 0 ? undefined : `the same in ${others.map((o) => o.scenario.name).join(', ')}`;
	const notes = [noReturnNote(finding, options), assumptionNote(finding), also].filter((note) => note !== undefined);
	if (notes.length > 0)
		lines.push('', ...notes.flatMap((note) => wrap(note, WIDTH - 2, '  ').map((line) => `  ${line}`)));
	return lines;
}

/** The places of a finding by file, the blamed one's file first. */
function marksByFile(finding: Finding): Map<string, Mark[]> {
	const files = new Map<string, Mark[]>([[finding.span.uri, [{ span: finding.span, label: '', primary: true }]]]);
	for (const { span, message } of finding.related) {
		const marks = files.get(span.uri) ?? [];
		marks.push({ span, label: message, primary: false });
		files.set(span.uri, marks);
	}
	return files;
}

function noReturnNote(finding: Finding, options: TextOptions): string | undefined {
	if (finding.noReturn === null) return undefined;
	if (finding.noReturn === 0) return 'no return: every run of this scenario leads here';
	const step = finding.run.find((candidate: RunStep) => candidate.step === finding.noReturn && !candidate.blocked);
	if (step === undefined) return undefined;
	const row = mailRowOf(finding, finding.noReturn);
	const place = step.kernel || step.madeUp ? '' : ` (${fileName(step.span.uri, options)}:${step.span.line})`;
	const said = (row?.text ?? step.text).replace(/;$/, '');
	// of a choice nobody has written, what was chosen says more
	const text =
		step.madeUp && /^any(_bool)?\(/.test(step.text) && step.remarks.length > 0 ? step.remarks.join(', ') : said;
	return `no return: after "${step.thread}: ${text}"${place} every continuation ends here`;
}

function assumptionNote(finding: Finding): string | undefined {
	return finding.assumption === null ? undefined : `it ends only under an assumption: ${finding.assumption}`;
}

function summaryLine(scenario: ScenarioResult, nameWidth: number, paint: Paint): string {
	const figures = [
		count(scenario.states, 'state'),
		count(scenario.transitions, 'transition'),
		`${Math.round(scenario.milliseconds)} ms`,
		scenario.complete ? 'complete' : isBounded(scenario) ? 'stopped at a limit' : 'stopped at what was found',
	].join(', ');
	const name = scenario.name.padEnd(nameWidth);
	return `${statusWord(scenario, paint)}  ${name}  ${paint.dim(figures)}${outcome(scenario)}`;
}

/** A limit was hit. A search in the default environment also ends when it has found enough. */
const isBounded = ({ findings, verdict }: ScenarioResult): boolean =>
	verdict !== 'fail' || findings.some((f) => f.code === 'bounded');

function statusWord(scenario: ScenarioResult, paint: Paint): string {
	if (isWrong(scenario)) return paint.error('FAIL ');
	if (!scenario.complete) return paint.warning('limit');
	return hasWarnings(scenario) ? paint.warning('warn ') : paint.ok('ok   ');
}

/** It fails nothing: what the kernel itself does, or what lockdep would say. */
const isNote = ({ severity }: Finding): boolean => severity === 'info' || severity === 'hint';

function outcome(scenario: ScenarioResult): string {
	const codes = (keep: (finding: Finding) => boolean) => [
		...new Set(
			scenario.findings.filter((finding) => finding.code !== 'bounded' && keep(finding)).map((finding) => finding.code),
		),
	];
	const expected = codes((finding) => isExpected(scenario, finding));
	const unexpected = codes((finding) => !isExpected(scenario, finding) && !isNote(finding));
	const noted = codes((finding) => !isExpected(scenario, finding) && isNote(finding)).filter(
		(code) => !unexpected.includes(code),
	);
	const parts = [
		unexpected.join(', '),
		noted.length > 0 ? `noted ${noted.join(', ')}` : '',
		expected.length > 0 ? `${expected.join(', ')} as expected` : '',
		nothingThere(scenario).join('; '),
		missing(scenario).length > 0 ? `${missing(scenario).join(', ')} expected, not found` : '',
	].filter((part) => part !== '');
	return parts.length === 0 ? '' : `: ${parts.join('; ')}`;
}

/** A scenario that fails for certain: an error that is not expected, or a complete search without an expected one. */
export function isWrong(scenario: ScenarioResult): boolean {
	const unexpected = scenario.findings.some(
		(finding) => finding.severity === 'error' && !isExpected(scenario, finding),
	);
	return unexpected || (scenario.complete && !scenario.asExpected);
}

/** Each assumption once, what is special first; those that do not hold for all scenarios say for which. */
function assumptions(files: readonly FileResult[], all: boolean): string[] {
	const scenarios = files.flatMap((file) => file.scenarios);
	const users = new Map<string, Set<string>>();
	for (const scenario of scenarios)
		for (const assumption of scenario.assumptions) {
			const names = users.get(assumption) ?? new Set();
			names.add(scenario.name);
			users.set(assumption, names);
		}
	const count = new Set(scenarios.map((scenario) => scenario.name)).size;
	const list = [...users].sort(([, a], [, b]) => Number(a.size === count) - Number(b.size === count));
	const shown = all || list.length <= MOST_ASSUMPTIONS + 1 ? list : list.slice(0, MOST_ASSUMPTIONS);
	const lines = shown.flatMap(([assumption, names]) => {
		const whose = names.size === count ? '' : ` (${[...names].join(', ')})`;
		return wrap(`- ${assumption}${whose}`, WIDTH - 2, '  ').map((line) => `  ${line}`);
	});
	const rest = list.length - shown.length;
	return rest === 0 ? lines : [...lines, `  - ${rest} more; --assumptions shows them`];
}

function closingLine(files: readonly FileResult[], paint: Paint): string {
	const scenarios = files.flatMap((file) => file.scenarios);
	const broken = files.filter((file) => file.problems.some((problem) => problem.severity === 'error')).length;
	const wrong = scenarios.filter(isWrong).length;
	const limited = scenarios.filter((scenario) => !scenario.complete && !isWrong(scenario)).length;
	const warned = scenarios.filter((scenario) => !isWrong(scenario) && hasWarnings(scenario)).length;
	const checked = `${count(scenarios.length, 'scenario')} in ${count(files.length, 'file')}`;
	const parts = [
		broken > 0 ? `${count(broken, 'file')} with errors` : '',
		wrong > 0 ? `${wrong} failed` : '',
		warned > 0 ? `${scenarios.length === 1 ? '' : `${warned} `}with warnings` : '',
		limited > 0 ? `${limited} stopped at a limit, nothing proved beyond it` : '',
	].filter((part) => part !== '');
	if (parts.length === 0)
		return scenarios.length === 0 ? checked : paint.ok(`${checked}: ${scenarios.length === 1 ? 'ok' : 'all ok'}`);
	const codes = [...unexpectedCodes(scenarios, 'error'), ...unexpectedCodes(scenarios, 'warning')];
	const help = codes.length > 0 ? `; read: notifier-lab explain ${codes[0]}` : '';
	return (broken + wrong > 0 ? paint.error : paint.warning)(`${checked}: ${parts.join(', ')}`) + help;
}

/** Warnings that nobody has expected. */
export const hasWarnings = (scenario: ScenarioResult): boolean => unexpectedCodes([scenario], 'warning').length > 0;

function unexpectedCodes(scenarios: readonly ScenarioResult[], severity: Severity): string[] {
	return scenarios.flatMap((scenario) =>
		scenario.findings
			.filter((finding) => finding.severity === severity && !isExpected(scenario, finding))
			.map((finding) => finding.code),
	);
}

function count(n: number, noun: string): string {
	return `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;
}
