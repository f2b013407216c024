/**
 * Judges a reader's text by the goal of a lesson. The verdicts are the checker's; nothing here knows what is right.
 *
 * Conditions, one a line:
 *   SCENARIO is ok                  every interleaving explored, nothing found (`every scenario` for all of them)
 *   SCENARIO finds CODE, …          at least these findings
 *   SCENARIO finds no CODE, …       none of these, every interleaving explored
 *   SCENARIO finds CODE in the original   run against the functions that the lesson began with
 *   NAME is unchanged               a function, scenario or variable reads as it did, comments and blanks aside
 *   NAME calls FUNCTION             anywhere in its text; `does not call`
 *   NAME is yours                   a scenario that the reader writes; holds as soon as it is there
 *   SCENARIO has a second thread    one that the reader changes
 * Every scenario of the lesson that is not the reader's has to stay as it was.
 */
import { type CheckOptions, checkSketch } from '../findings/check.js';
import { runTable } from '../findings/forms/table.js';
import type { FileResult, Finding, ScenarioResult } from '../findings/result.js';
import type { Item } from '../language/generated/ast.js';
import { parseFile } from '../language/parser.js';
import type { Condition, Judged, Judgement, Lesson, Told } from './lesson.js';

/** The texts that a condition speaks of. */
interface Texts {
	readonly start: ReadonlyMap<string, string>;
	readonly now: ReadonlyMap<string, string>;
	readonly result: FileResult;
	/** Lines that the reader sees; what follows is the judge's. */
	readonly lines: number;
	/** The judge's own scenarios by name. */
	readonly judges: ReadonlyMap<string, string>;
	/** The lesson's own functions with the reader's scenario. */
	original(scenario: string): Promise<FileResult>;
}

/** That a condition is met, or why not. */
type Answer = true | string | { readonly why: string; readonly told: Told };

/** Columns of a run that fit beside the sketch, at the size that the page gives it (extension/pages.ts). */
const PAGE_WIDTH = 58;

/** Judges `text`, which the reader made of `start`. Never throws on what was typed. */
export async function judge(
	lesson: Lesson,
	start: string,
	text: string,
	options: CheckOptions = {},
): Promise<Judgement> {
	const before = itemsOf(start);
	const now = itemsOf(text);
	const texts: Texts = {
		start: before,
		now,
		result: await check(`${text}\n\n${lesson.scenarios}`, options),
		lines: text.split('\n').length,
		judges: textsOf(lesson.scenarios),
		original: (scenario) => check(`${start}\n\n${now.get(scenario) ?? ''}\n`, options),
	};
	const conditions: Judged[] = [];
	for (const condition of [...lesson.goal, ...kept(lesson, start, text, before)]) {
		const answer = await answerTo(condition, texts);
		const { words } = condition;
		if (answer === true) conditions.push({ words, met: true, why: '' });
		else conditions.push({ words, met: false, ...(typeof answer === 'string' ? { why: answer } : answer) });
	}
	const reached = conditions.every(({ met }) => met);
	return {
		conditions: withoutSolution(lesson, conditions, before),
		reached,
		begun: text.trim() !== start.trim(),
		...(reached ? await runOf(lesson, start, texts, options) : {}),
	};
}

/** The run that a lesson is about: the one that the goal asks for, or the one that there was to cure. */
async function runOf(lesson: Lesson, start: string, texts: Texts, options: CheckOptions) {
	const sought = lesson.goal.map(({ rule }) => RULE.exec(rule)).find((match) => match?.[2] === 'finds');
	const name = sought?.[1];
	const original = sought?.[3]?.endsWith(' in the original') === true;
	const result =
		name === undefined ? await check(start, options) : original ? await texts.original(name) : texts.result;
	const where = original ? {} : { where: name === undefined ? ('start' as const) : ('now' as const) };
	for (const scenario of result.scenarios) {
		const finding = name === undefined || scenario.name === name ? worst(scenario) : undefined;
		if (finding && finding.run.length > 0) return { run: tell(texts, scenario, finding), ...where };
	}
	return {};
}

function tell({ judges }: Texts, { name, threads }: ScenarioResult, finding: Finding): Told {
	const source = judges.get(name);
	return {
		scenario: name,
		...(source === undefined ? {} : { source }),
		message: finding.message,
		table: runTable(finding, threads, PAGE_WIDTH),
	};
}

const worst = ({ findings }: ScenarioResult): Finding | undefined =>
	findings.find(({ severity }) => severity === 'error') ?? findings[0];

/** As long as the reader is to find the bug alone, what the judge's own scenarios find is not told. */
function withoutSolution(lesson: Lesson, conditions: Judged[], start: ReadonlyMap<string, string>): Judged[] {
	const hunt = lesson.goal.findIndex(({ rule }) => rule.endsWith(' in the original'));
	if (hunt < 0 || conditions[hunt]?.met) return conditions;
	return conditions.map((condition) => {
		const { words, met, told } = condition;
		return told && (told.source || start.has(told.scenario)) ? { words, met, why: 'find it first' } : condition;
	});
}

/** The lesson's scenarios that were changed though they are not the reader's: told only then. */
function kept(lesson: Lesson, start: string, text: string, before: ReadonlyMap<string, string>): Condition[] {
	const own = new Set(
		lesson.goal.flatMap(({ rule }) => /^(\S+) (?:is yours|has a second thread)$/.exec(rule)?.[1] ?? []),
	);
	const now = itemsOf(text);
	return scenariosOf(start)
		.filter((name) => !own.has(name) && now.get(name) !== before.get(name))
		.map((name) => ({ rule: `${name} is unchanged`, words: `The scenario \`${name}\` is the lesson's.` }));
}

async function answerTo({ rule }: Condition, texts: Texts): Promise<Answer> {
	const [, name = '', verb, rest = ''] = RULE.exec(rule) ?? [];
	switch (verb) {
		case 'is ok':
			return withResult(texts.result, name, (s) => isOk(texts, s));
		case 'finds no':
			return withResult(texts.result, name, (s) => findsNone(texts, s, codesOf(rest)));
		case 'finds': {
			const codes = codesOf(rest.replace(/ in the original$/, ''));
			if (!texts.now.has(name) && !texts.result.scenarios.some((s) => s.name === name))
				return noErrors(texts.result) ?? `there is no scenario ${name}`;
			const result = rest.endsWith(' in the original') ? await texts.original(name) : texts.result;
			return withResult(result, name, (s) => findsAll(s, codes));
		}
		case 'is unchanged':
			if (!texts.now.has(name)) return `${name} is gone`;
			return texts.now.get(name) === texts.start.get(name) || `${name} was changed; in this lesson it stays as it was`;
		case 'calls':
			return calls(texts, name, rest) || `${name} does not call ${rest}`;
		case 'does not call':
			return !calls(texts, name, rest) || `${name} calls ${rest}`;
		case 'has a second thread':
			return withResult(texts.result, name, ({ threads }) => threads.length > 1 || 'it has one thread');
		case 'is yours':
			return texts.now.has(name) || `there is no scenario ${name}`;
		default:
			throw new Error(`a goal says what nobody can judge: ${rule}`);
	}
}

const RULE =
	/^(every scenario|\w+) (is ok|finds no|finds|is unchanged|is yours|has a second thread|calls|does not call)(?: (\S.*))?$/;

const codesOf = (list: string): string[] => list.split(/, */);

/** @param ask of each scenario of that name, or of every one */
function withResult(result: FileResult, name: string, ask: (scenario: ScenarioResult) => Answer): Answer {
	const error = noErrors(result);
	if (error !== undefined) return error;
	const scenarios = result.scenarios.filter((s) => name === 'every scenario' || s.name === name);
	if (scenarios.length === 0) return `there is no scenario ${name}`;
	return scenarios.map(ask).find((answer) => answer !== true) ?? true;
}

function noErrors({ problems }: FileResult): string | undefined {
	const error = problems.find(({ severity }) => severity === 'error');
	return error && `line ${error.span.line}: ${error.message}`;
}

function isOk(texts: Texts, scenario: ScenarioResult): Answer {
	return found(texts, scenario, worst(scenario)) ?? explored(texts, scenario);
}

function findsNone(texts: Texts, scenario: ScenarioResult, codes: readonly string[]): Answer {
	const finding = scenario.findings.find(({ code }) => codes.includes(code));
	return found(texts, scenario, finding) ?? explored(texts, scenario);
}

function found(texts: Texts, scenario: ScenarioResult, finding: Finding | undefined): Answer | undefined {
	if (!finding) return undefined;
	const { line } = finding.span;
	const where = line <= texts.lines ? `, line ${line}` : '';
	return { why: `${called(texts, scenario)}: ${finding.code}${where}`, told: tell(texts, scenario, finding) };
}

const explored = (texts: Texts, scenario: ScenarioResult): Answer =>
	scenario.complete || `${called(texts, scenario)}: a limit was hit before everything was explored`;

/** The reader's text has none of that name. */
const called = ({ judges }: Texts, { name }: ScenarioResult): string =>
	judges.has(name) ? `${name}, a scenario of the judge's own` : name;

function findsAll({ name, findings }: ScenarioResult, codes: readonly string[]): Answer {
	const missing = codes.find((code) => !findings.some((f) => f.code === code));
	if (missing === undefined) return true;
	const found = [...new Set(findings.map(({ code }) => code))].join(', ');
	return `${name}: ${found === '' ? 'every interleaving is fine' : `${found}, but no ${missing}`}`;
}

function calls({ now }: Texts, name: string, callee: string): boolean {
	return new RegExp(`\\b${callee}\\(`).test(now.get(name) ?? '');
}

/** The items of a text by name, each without comments and with single blanks. */
function itemsOf(text: string): Map<string, string> {
	const items = new Map<string, string>();
	for (const item of parseFile(SKETCH, text, false).root.items) {
		const plain = (item.$cstNode?.text ?? '')
			.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
			.replace(/\s+/g, ' ')
			.trim();
		for (const name of namesOf(item)) items.set(name, plain);
	}
	return items;
}

/** Scenarios of a text by name, as they are written. */
function textsOf(text: string): Map<string, string> {
	const items = parseFile(SKETCH, text, false).root.items;
	return new Map(items.flatMap((item) => (item.$type === 'Scenario' ? [[item.name, item.$cstNode?.text ?? '']] : [])));
}

function scenariosOf(text: string): string[] {
	return parseFile(SKETCH, text, false).root.items.flatMap((item) => (item.$type === 'Scenario' ? [item.name] : []));
}

function namesOf(item: Item): string[] {
	if (item.$type === 'VariableDecl') return item.variables.map(({ name }) => name);
	return 'name' in item && typeof item.name === 'string' ? [item.name] : [];
}

const SKETCH = 'lesson:/sketch.mmn';

function check(text: string, options: CheckOptions): Promise<FileResult> {
	return checkSketch(SKETCH, { read: async (uri) => (uri === SKETCH ? text : undefined) }, options);
}
