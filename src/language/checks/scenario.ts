/** What a scenario may say, and how often. */

import { AstUtils } from 'langium';
import { FINDING_CODES } from '../finding-codes.js';
import type * as ast from '../generated/ast.js';
import { CONFIG_WORDS, ENVIRONMENT_WORDS, INVALIDATORS, PAGES } from '../scenario-words.js';
import { closest, didYouMean } from '../suggest.js';
import { sourceOf, sourceText, spanOf } from '../text.js';
import type { CheckContext } from './context.js';
import { checkFunctionBody } from './statements.js';

const ONCE: Readonly<Record<string, string>> = {
	PagesItem: 'pages',
	SetupItem: 'setup',
	FinallyItem: 'finally',
	ExpectItem: 'expect',
	EnvironmentItem: 'environment',
};

/** Reports scenarios of one name. */
export function checkScenarioNames(root: ast.File, context: CheckContext): void {
	const seen = new Map<string, ast.Scenario>();
	for (const item of root.items) {
		if (item.$type !== 'Scenario' || !item.name) continue;
		const before = seen.get(item.name);
		if (before) {
			const line = spanOf(before).line;
			context.report.error(
				'duplicate',
				item,
				`scenario '${item.name}' stands in line ${line} already: rename one of them`,
				'name',
			);
		} else seen.set(item.name, item);
	}
}

/** Checks one scenario. */
export function checkScenario(scenario: ast.Scenario, context: CheckContext): void {
	const { report } = context;
	const once = new Map<string, ast.ScenarioItem>();
	const threads = new Map<string, ast.ScenarioItem>();
	for (const item of scenario.items) {
		const word = ONCE[item.$type];
		const before = word ? once.get(word) : undefined;
		if (word && before) {
			report.error(
				'scenario',
				item,
				`'${word}' stands in line ${spanOf(before).line} already: a scenario has it once, join them`,
			);
		} else if (word) once.set(word, item);
		if ((item.$type === 'ThreadItem' || item.$type === 'InterruptItem') && item.name) {
			const other = threads.get(item.name);
			if (other)
				report.error(
					'duplicate',
					item,
					`'${item.name}' stands in line ${spanOf(other).line} already: rename one of them`,
					'name',
				);
			else threads.set(item.name, item);
		}
		checkItem(item, scenario, context);
		if (!('body' in item)) continue;
		checkFunctionBody(item.body, context);
		checkRanges(item.body, pagesOf(scenario, context), context);
	}
}

/** A range in which no page of the scenario lies would be no invalidation at all, and the verdict ok for nothing. */
function checkRanges(body: ast.Block, pages: number, { report, semantics }: CheckContext): void {
	for (const node of AstUtils.streamAllContents(body)) {
		if (node.$type !== 'Call' || (node as ast.Call).callee.$type !== 'NameRef') continue;
		const { callee, arguments: args } = node as ast.Call;
		const target = (callee as ast.NameRef).target.ref;
		if (target?.$type !== 'FunctionDecl' || !INVALIDATORS.test(sourceOf(target).uri)) continue;
		const at = target.parameters.findIndex(({ name }) => name === 'start');
		const [first, last] = [args[at], args[at + 1]];
		if (at < 0 || target.parameters[at + 1]?.name !== 'end' || first === undefined || last === undefined) continue;
		const start = semantics.constant(first, pages);
		const end = semantics.constant(last, pages);
		if (start === undefined || end === undefined) continue;
		if (start >= end)
			report.error(
				'scenario',
				node,
				`there is no page in [${start}, ${end}): a range is (start, end), and does not hold its end`,
			);
		else if (start >= pages)
			report.error(
				'scenario',
				node,
				`page ${start} is none of the scenario's ${pages}, which are numbered from 0: an address is the number of a page here. Use a lower one, or 'pages ${end};'`,
			);
	}
}

function pagesOf(scenario: ast.Scenario, { semantics }: CheckContext): number {
	const item = scenario.items.find((one) => one.$type === 'PagesItem');
	return (item && semantics.constant(item.count)) ?? PAGES.standard;
}

function checkItem(item: ast.ScenarioItem, scenario: ast.Scenario, context: CheckContext): void {
	const { report } = context;
	switch (item.$type) {
		case 'PagesItem':
			checkPages(item, context);
			break;
		case 'InterruptItem': {
			const name = item.thread.$refText;
			if (item.thread.ref || !name) break;
			const threads = scenario.items.flatMap((other) => (other.$type === 'ThreadItem' ? [other.name] : []));
			const way = didYouMean(name, threads) || `: name one of ${threads.join(', ') || 'its threads'}`;
			report.error('scenario', item, `this scenario has no thread '${name}'${way}`, 'thread');
			break;
		}
		case 'EnvironmentItem':
			item.words.forEach((word, index) => {
				if (ENVIRONMENT_WORDS.includes(word)) return;
				const way = didYouMean(word, ENVIRONMENT_WORDS) || `: there are ${ENVIRONMENT_WORDS.join(', ')}`;
				report.error('scenario', item, `the menu has no adversary '${word}'${way}`, 'words', index);
			});
			if (item.words.includes('none') && item.words.length > 1) {
				report.error('scenario', item, "'none' means no adversary at all: leave out the others, or 'none'");
			}
			break;
		case 'ConfigItem':
			for (const word of item.words) checkConfig(word, context);
			break;
		case 'ExpectItem':
			checkExpect(item, context);
			break;
		default:
	}
}

function checkPages(item: ast.PagesItem, { report, semantics }: CheckContext): void {
	const value = semantics.constant(item.count);
	if (semantics.typeOf(item.count).kind === 'error') return;
	if (value === undefined) {
		report.error(
			'scenario',
			item.count,
			`the number of pages must be a constant, and '${sourceText(item.count)}' is none`,
		);
	} else if (value < PAGES.least || value > PAGES.most) {
		report.error('scenario', item.count, `a scenario has ${PAGES.least} to ${PAGES.most} pages, not ${value}`);
	}
}

function checkConfig(word: ast.ConfigWord, { report }: CheckContext): void {
	const takes = CONFIG_WORDS[word.name];
	if (!takes) {
		const way =
			didYouMean(word.name, Object.keys(CONFIG_WORDS)) || `: there are ${Object.keys(CONFIG_WORDS).join(', ')}`;
		report.error('scenario', word, `there is no config '${word.name}'${way}`);
	} else if (takes === 'number' && word.value === undefined) {
		report.error('scenario', word, `config '${word.name}' needs a number, as in '${word.name} 1'`);
	} else if (takes === 'nothing' && word.value !== undefined) {
		report.error('scenario', word, `config '${word.name}' takes no number: remove it`);
	}
}

function checkExpect(item: ast.ExpectItem, { report }: CheckContext): void {
	const seen = new Set<string>();
	item.words.forEach((word, index) => {
		if (seen.has(word)) report.error('scenario', item, `'${word}' stands here twice: remove one`, 'words', index);
		seen.add(word);
		if (word === 'ok' || FINDING_CODES.some((code) => code === word)) return;
		const underscored = word.replaceAll('_', '-');
		const exact = FINDING_CODES.find((code) => code === underscored);
		const guess = exact ?? closest(word, FINDING_CODES);
		const way = guess ? `; did you mean '${guess}'?` : `: there are ok, ${FINDING_CODES.join(', ')}`;
		report.error('scenario', item, `there is no finding '${word}'${way}`, 'words', index);
	});
	if (seen.has('ok') && seen.size > 1) {
		report.error('scenario', item, "'ok' means no finding at all: leave out the others, or 'ok'");
	}
}
