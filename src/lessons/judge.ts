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
 *   NAME is yours                   a scenario that the reader writes or changes; holds as soon as it is there
 * Every scenario of the lesson that is not the reader's has to stay as it was.
 */
import { type CheckOptions, checkSketch } from '../findings/check.js';
import type { FileResult, ScenarioResult } from '../findings/result.js';
import type { Item } from '../language/generated/ast.js';
import { parseFile } from '../language/parser.js';
import type { Condition, Judged, Judgement, Lesson } from './lesson.js';

/** The texts that a condition speaks of. */
interface Texts {
	readonly start: ReadonlyMap<string, string>;
	readonly now: ReadonlyMap<string, string>;
	readonly result: FileResult;
	/** The lesson's own functions with the reader's scenario. */
	original(scenario: string): Promise<FileResult>;
}

type Answer = true | string;

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
		original: (scenario) => check(`${start}\n\n${now.get(scenario) ?? ''}\n`, options),
	};
	const conditions: Judged[] = [];
	for (const condition of [...lesson.goal, ...kept(lesson, start, text, before)]) {
		const answer = await answerTo(condition, texts);
		conditions.push({ words: condition.words, met: answer === true, why: answer === true ? '' : answer });
	}
	return { conditions, reached: conditions.every(({ met }) => met) };
}

/** The lesson's scenarios that were changed though they are not the reader's: told only then. */
function kept(lesson: Lesson, start: string, text: string, before: ReadonlyMap<string, string>): Condition[] {
	const own = new Set(lesson.goal.flatMap(({ rule }) => /^(\S+) is yours$/.exec(rule)?.[1] ?? []));
	const now = itemsOf(text);
	return scenariosOf(start)
		.filter((name) => !own.has(name) && now.get(name) !== before.get(name))
		.map((name) => ({ rule: `${name} is unchanged`, words: `The scenario \`${name}\` is the lesson's.` }));
}

async function answerTo({ rule }: Condition, texts: Texts): Promise<Answer> {
	const [, name = '', verb, rest = ''] = RULE.exec(rule) ?? [];
	switch (verb) {
		case 'is ok':
			return withResult(texts.result, name, isOk);
		case 'finds no':
			return withResult(texts.result, name, (s) => findsNone(s, codesOf(rest)));
		case 'finds': {
			const codes = codesOf(rest.replace(/ in the original$/, ''));
			if (!texts.now.has(name) && !texts.result.scenarios.some((s) => s.name === name))
				return noErrors(texts.result) ?? `there is no scenario ${name}`;
			const result = rest.endsWith(' in the original') ? await texts.original(name) : texts.result;
			return withResult(result, name, (s) => findsAll(s, codes));
		}
		case 'is unchanged':
			if (!texts.now.has(name)) return `${name} is gone`;
			return texts.now.get(name) === texts.start.get(name) || `${name} was changed`;
		case 'calls':
			return calls(texts, name, rest) || `${name} does not call ${rest}`;
		case 'does not call':
			return !calls(texts, name, rest) || `${name} calls ${rest}`;
		case 'is yours':
			return texts.now.has(name) || `there is no scenario ${name}`;
		default:
			throw new Error(`a goal says what nobody can judge: ${rule}`);
	}
}

const RULE = /^(every scenario|\w+) (is ok|finds no|finds|is unchanged|is yours|calls|does not call)(?: (\S.*))?$/;

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

function isOk({ name, complete, findings }: ScenarioResult): Answer {
	const finding = findings.find(({ severity }) => severity === 'error') ?? findings[0];
	if (finding) return `${name}: ${finding.code}, line ${finding.span.line}`;
	return complete || `${name}: a limit was hit before everything was explored`;
}

function findsNone({ name, complete, findings }: ScenarioResult, codes: readonly string[]): Answer {
	const finding = findings.find(({ code }) => codes.includes(code));
	if (finding) return `${name}: ${finding.code}, line ${finding.span.line}`;
	return complete || `${name}: a limit was hit before everything was explored`;
}

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
