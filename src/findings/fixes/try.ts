import { kernelLibraries } from '../../kernel/library.js';
import { isExpectItem } from '../../language/generated/ast.js';
import { loadProgram, type Program } from '../../language/program.js';
import { type CheckOptions, checkSketch, type Sources } from '../check.js';
import type { Combination, FileResult, Finding, Problem, ScenarioResult, Span } from '../result.js';
import { turn } from '../scenario.js';
import { addScenario } from './add-scenario.js';
import { applyEdits, type Edit, Edits } from './edits.js';
import type { Blamed, Fix } from './fix.js';
import { fixesFor } from './index.js';
import { undefinedStruct } from './names.js';
import { renameApi } from './rename-api.js';

/** A fix whose edits were applied to a copy of the sketch, and the copy checked. */
export interface CheckedFix {
	/** What it does and what came of it: `Unlock fault_lock before the retry (checked: 51 states, ok)`. */
	readonly title: string;
	readonly edits: readonly Edit[];
	/** Nothing at all is left to find. */
	readonly ok: boolean;
	/** Kinds of findings that it leaves, as far as the check has come. */
	readonly left: number;
	/** States explored, in all scenarios. */
	readonly states: number;
}

export interface FixOptions {
	readonly check?: CheckOptions;
	/** What checks the changed sketch, where it is done elsewhere. */
	readonly checker?: typeof checkSketch;
	/** Ends the search at its next slice. */
	readonly signal?: AbortSignal;
	/** Stop to look for more after this many seconds (default 10). */
	readonly maxSeconds?: number;
	/** Stop to look for more when so many were found (default 3). */
	readonly most?: number;
	/** Offer also what cures the finding where it was found, in the default environment, and met a limit in the rest. */
	readonly partly?: boolean;
	/** Called with the title of a fix before it is tried. */
	readonly onTry?: (title: string) => void;
	/** Called with the title of a fix that may be one: its check met a limit, and had found nothing so far. */
	readonly onUnfinished?: (title: string) => void;
}

/** What a finding, hint or problem asks to be fixed. */
export function blamedOf(
	found: Problem & { related?: readonly { span: Span }[]; run?: readonly { span: Span }[] },
): Blamed {
	const { code, message, span } = found;
	return { code, message, span, places: [...(found.related ?? []), ...(found.run ?? [])].map((r) => r.span) };
}

/**
 * The fixes that do cure `found`, one of the findings, hints or problems of `before`: each was applied and the sketch
 * checked again, with nothing found that was not there before. Empty when there is none, or `signal` was aborted.
 */
export async function checkedFixes(
	before: FileResult,
	found: Problem,
	sources: Sources,
	{ check = {}, checker = checkSketch, signal, maxSeconds = 10, most = 3, ...told }: FixOptions = {},
): Promise<CheckedFix[]> {
	const end = performance.now() + maxSeconds * 1000;
	const program = await loadProgram(before.uri, sources, kernelLibraries);
	const attempt: Attempt = { program, before, found, sources, checker, there: new Map(), ...told };
	const fixes: CheckedFix[] = [];
	const done = new Set<string>();
	const texts = new Set<string>();
	for (const fix of fixesFor(program, blamedOf(found))) {
		if (fix.group !== undefined && done.has(fix.group)) continue;
		await turn();
		// two ways to the same text are one fix
		const text = await textAfter(fix, sources);
		if (texts.has(text)) continue;
		texts.add(text);
		const left = (end - performance.now()) / 1000;
		if (signal?.aborted || left <= 0 || fixes.length >= most) break;
		const options = { ...check, maxSeconds: Math.min(check.maxSeconds ?? left, left), ...(signal && { signal }) };
		told.onTry?.(fix.title);
		const tried = await tryFix(attempt, fix, options);
		if (tried && !fixes.some(({ title }) => title === tried.title)) fixes.push(tried);
		if (tried?.ok && fix.group !== undefined) done.add(fix.group);
	}
	if (signal?.aborted) return [];
	return fixes.sort((a, b) => Number(b.ok) - Number(a.ok) || a.left - b.left);
}

/** What can be done for a whole file, checked, but not against a finding; `found`: for a scenario that shows the same. */
export async function checkedActions(
	uri: string,
	sources: Sources,
	{ check = {}, checker = checkSketch, signal, maxSeconds = 10 }: FixOptions = {},
	found: readonly Finding[] = [],
): Promise<{ readonly rename?: CheckedFix; readonly scenario?: CheckedFix }> {
	const program = await loadProgram(uri, sources, kernelLibraries);
	const options = { ...check, maxSeconds, ...(signal && { signal }) };
	const tried = async (fix: Fix | undefined): Promise<CheckedFix | undefined> => {
		const after = fix && (await checker(uri, changedBy(fix, sources), options));
		if (!fix || !after || signal?.aborted || after.problems.some((p) => p.severity === 'error')) return undefined;
		return told({ program }, fix, after, []);
	};
	const rename = await tried(renameApi(program));
	const scenario = await tried(addScenario(program, found));
	return { ...(rename && { rename }), ...(scenario && { scenario }) };
}

/** One finding that fixes are tried against. */
interface Attempt extends Pick<FixOptions, 'onUnfinished' | 'partly'> {
	readonly program: Program;
	readonly before: FileResult;
	readonly found: Problem;
	readonly sources: Sources;
	readonly checker: typeof checkSketch;
	/** The sketch as it is, in combinations of the environment, by their words. */
	readonly there: Map<string, Promise<FileResult>>;
}

async function tryFix(attempt: Attempt, fix: Fix, options: CheckOptions): Promise<CheckedFix | undefined> {
	const { before, found, sources, checker, onUnfinished, partly } = attempt;
	const changed = changedBy(fix, sources);
	const over = (): boolean => options.signal?.aborted === true;
	const failed = (after: FileResult): undefined => {
		if (!over() && isUnfinished(after)) onUnfinished?.(fix.title);
	};
	// where it was found says soonest that a fix is none
	const combination = before.scenarios.flatMap((s) => s.findings).find((f) => isSame(f, found))?.combination;
	if (combination !== undefined) {
		const was = await asItIs(attempt, combination, options);
		const part = await checker(before.uri, changed, { ...options, combination });
		if (over()) return undefined;
		// a fix that brings functions to run has other combinations
		const known = part.scenarios.length > 0 && was.scenarios.some((s) => s.findings.some((f) => isSame(f, found)));
		if (known && !cures(was, part, found, true)) return failed(part);
		const after = await checker(before.uri, changed, options);
		if (over()) return undefined;
		if (known ? await isNoWorse(attempt, after, options) : cures(before, after, found))
			return told(attempt, fix, after, newHints(before, after));
		if (!known || !partly || !isUnfinished(after)) return failed(after);
		return told(attempt, fix, part, newHints(before, part), 'where it failed');
	}
	const shown = before.scenarios.filter((s) => s.findings.some((f) => isSame(f, found))).map((s) => s.name);
	const others = before.scenarios.map((s) => s.name).filter((name) => !shown.includes(name));
	if (shown.length > 0 && others.length > 0) {
		const part = await checker(before.uri, changed, { ...options, scenarios: shown });
		if (over() || !cures(only(before, shown), part, found)) return failed(part);
		const rest = await checker(before.uri, changed, { ...options, scenarios: others });
		const after = { ...part, scenarios: inOrder(before, [...part.scenarios, ...rest.scenarios]) };
		return over() || !cures(before, after, found) ? failed(after) : told(attempt, fix, after, newHints(before, after));
	}
	const after = await checker(before.uri, changed, options);
	return over() || !cures(before, after, found) ? failed(after) : told(attempt, fix, after, newHints(before, after));
}

/** The sketch without the fix, in one combination. */
function asItIs(attempt: Attempt, combination: Combination, options: CheckOptions): Promise<FileResult> {
	const { before, sources, checker, there } = attempt;
	const key = JSON.stringify(combination);
	const known = there.get(key) ?? checker(before.uri, sources, { ...options, combination });
	there.set(key, known);
	return known;
}

/**
 * A fix has cured a finding where the environment had shown it. What else is wrong then ends the search as before, and may
 * be something that the finding had kept it from: no worse, where the sketch without the fix shows it, too.
 */
async function isNoWorse(attempt: Attempt, after: FileResult, options: CheckOptions): Promise<boolean> {
	const [was] = attempt.before.scenarios;
	const [is] = after.scenarios;
	if (was === undefined || is === undefined || !isNoMoreEmpty(was, is) || toldMore(attempt.before, after)) return false;
	if (!is.complete && is.verdict !== 'fail') return false;
	const before = counts(was.findings.map((f) => f.code));
	const now = counts(is.findings.map((f) => f.code));
	const others = (code: string): number => (before.get(code) ?? 0) - (code === attempt.found.code ? 1 : 0);
	for (const { code, combination } of is.findings) {
		if ((now.get(code) ?? 0) <= others(code)) continue;
		if (combination === undefined) return false;
		const there = await asItIs(attempt, combination, options);
		const same = (f: Finding) => f.code === code && f.combination?.words === combination.words;
		if ((there.scenarios[0]?.findings.filter(same).length ?? 0) < is.findings.filter(same).length) return false;
	}
	return true;
}

/** Nothing was found, as far as the searches came. */
const isUnfinished = ({ problems, scenarios }: FileResult): boolean =>
	problems.every((p) => p.severity !== 'error') &&
	scenarios.some((s) => s.bounds !== undefined) &&
	scenarios.every((s) => s.findings.every((f) => f.severity !== 'error'));

/** What a fix makes of the files that it changes. */
async function textAfter({ edits }: Fix, sources: Sources): Promise<string> {
	const uris = [...new Set(edits.map((e) => e.uri))].sort();
	const texts = await Promise.all(uris.map(async (uri) => applyEdits((await sources.read(uri)) ?? '', uri, edits)));
	return JSON.stringify([uris, texts]);
}

/** The files as they would be with the fix. */
function changedBy(fix: Fix, sources: Sources): Sources {
	return {
		read: async (uri) => {
			const text = await sources.read(uri);
			return text === undefined ? undefined : applyEdits(text, uri, fix.edits);
		},
	};
}

const only = (result: FileResult, names: readonly string[]): FileResult => ({
	...result,
	scenarios: result.scenarios.filter((s) => names.includes(s.name)),
});

const inOrder = (before: FileResult, scenarios: readonly ScenarioResult[]): ScenarioResult[] =>
	before.scenarios.flatMap(({ name }) => scenarios.find((s) => s.name === name) ?? []);

const isSame = (a: Problem, b: Problem): boolean =>
	a.code === b.code && a.span.uri === b.span.uri && a.span.line === b.span.line && a.span.column === b.span.column;

const textErrors = (r: FileResult) =>
	counts(r.problems.filter((p) => p.severity === 'error' || p.severity === 'warning').map(textKey));

/** A problem of the text. What is proposed for an unknown name or struct changes with what is known. */
const textKey = ({ code, message }: Problem): string =>
	`${code} ${code === 'name' || undefinedStruct(message) !== undefined ? (/'([^']+)'/.exec(message)?.[1] ?? message) : message}`;

/** Whether the text has errors that it had not. */
const toldMore = (before: FileResult, after: FileResult): boolean => more(textErrors(after), textErrors(before));

/** Nobody is cured by not being there any more. */
const isNoMoreEmpty = (was: ScenarioResult, is: ScenarioResult): boolean =>
	was.bounds !== undefined || !is.vacuous?.some((what) => !was.vacuous?.some((w) => anyLine(w) === anyLine(what)));

/**
 * Lines move with a fix, so findings are counted by code: one less of this in each scenario, no more of any other. `part`: of
 * the environment, one combination, which is looked at to its end also where something is wrong.
 */
function cures(before: FileResult, after: FileResult, found: Problem, part = false): boolean {
	const wasProblem = before.problems.some((p) => isSame(p, found));
	// what was missing as a whole is right or wrong in its parts only when it is there
	if (found.code !== 'include' && toldMore(before, after)) return false;
	if (wasProblem) {
		const key = textKey(found);
		return (textErrors(after).get(key) ?? 0) < (textErrors(before).get(key) ?? 0);
	}
	if (after.scenarios.length !== before.scenarios.length) return false;
	for (const [n, was] of before.scenarios.entries()) {
		const is = after.scenarios[n];
		if (is === undefined || is.name !== was.name) return false;
		if (!is.complete && !(part && is.bounds === undefined && is.verdict === 'fail')) return false;
		if (!isNoMoreEmpty(was, is)) return false;
		const is_ = counts(is.findings.map((f) => f.code));
		const was_ = counts(was.findings.map((f) => f.code));
		if (more(is_, was_)) return false;
		if (was.findings.some((f) => isSame(f, found)) && (is_.get(found.code) ?? 0) >= (was_.get(found.code) ?? 0))
			return false;
	}
	const wasHint = before.hints?.some((h) => isSame(h, found)) ?? false;
	return !wasHint || (hintsOf(after).get(found.code) ?? 0) < (hintsOf(before).get(found.code) ?? 0);
}

const hintsOf = (result: FileResult): Map<string, number> =>
	counts((result.hints ?? []).filter((h) => h.code !== 'unreachable').map((h) => h.code));

function counts(keys: readonly string[]): Map<string, number> {
	const map = new Map<string, number>();
	for (const key of keys) map.set(key, (map.get(key) ?? 0) + 1);
	return map;
}

const more = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean =>
	[...a].some(([key, n]) => n > (b.get(key) ?? 0));

/** What no run shows any more, and the text still hints at where a finding stood in its place. */
const newHints = (before: FileResult, after: FileResult): string[] =>
	[...hintsOf(after).keys()].filter((code) => !hintsOf(before).has(code));

function told(
	{ program, found }: { readonly program: Program; readonly found?: Problem },
	fix: Fix,
	after: FileResult,
	hints: readonly string[],
	where = '',
): CheckedFix {
	const states = after.scenarios.reduce((sum, s) => sum + s.states, 0);
	const errors = after.problems.filter((p) => p.severity === 'error').length;
	const left = [
		...new Set(after.scenarios.flatMap((s) => s.findings.filter((f) => f.severity !== 'hint').map((f) => f.code))),
	];
	const ok =
		errors === 0 && left.length === 0 && after.scenarios.length > 0 && after.scenarios.every((s) => s.complete);
	const verdict =
		errors > 0
			? `${errors} other error${errors === 1 ? '' : 's'} remain${errors === 1 ? 's' : ''}`
			: after.scenarios.length === 0
				? 'no error'
				: `${states.toLocaleString('en-US')} states, ${ok ? 'ok' : leftWords(left, found)}${hints.length > 0 ? `, a hint of ${hints.join(' and ')} is left` : ''}`;
	const whole = where === '';
	return {
		title: `${fix.title} (checked${whole ? '' : ` ${where}`}: ${verdict}${whole ? '' : '; the rest met a limit'})`,
		edits: [...fix.edits, ...(errors > 0 ? [] : expectations(program, after))],
		ok: ok && hints.length === 0 && whole,
		left: errors + left.length,
		states,
	};
}

function leftWords(left: readonly string[], found: Problem | undefined): string {
	if (found === undefined) return `finds ${left.join(', ')}`;
	const others = left.map((code) => (code === found.code ? `another ${code}` : code));
	return `${others.join(', ')} ${left.length === 1 ? 'remains' : 'remain'}`;
}

/** What was expected and is cured is expected no longer. */
function expectations(program: Program, after: FileResult): Edit[] {
	const edits = new Edits();
	for (const scenario of program.scenarios) {
		const result = after.scenarios.find((s) => s.name === scenario.name);
		const items = scenario.items.filter(isExpectItem);
		const [first, ...more] = items;
		if (result === undefined || first === undefined) continue;
		const words = items.flatMap((item) => item.words);
		const left = words.filter((word) => word === 'ok' || result.findings.some((f) => f.code === word));
		if (left.length === words.length) continue;
		edits.replace(first, `expect ${left.length === 0 ? 'ok' : left.join(', ')};`);
		for (const item of more) edits.replace(item, '');
	}
	return edits.list;
}

/** An edit moves lines. */
const anyLine = (what: string): string => what.replace(/ line \d+$/, '');
