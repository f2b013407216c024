import { kernelLibraries } from '../../kernel/library.js';
import { isExpectItem } from '../../language/generated/ast.js';
import { loadProgram, type Program } from '../../language/program.js';
import { type CheckOptions, checkSketch, type Sources } from '../check.js';
import type { FileResult, Problem, ScenarioResult, Span } from '../result.js';
import { turn } from '../scenario.js';
import { addScenario } from './add-scenario.js';
import { applyEdits, type Edit, Edits } from './edits.js';
import type { Blamed, Fix } from './fix.js';
import { fixesFor } from './index.js';
import { renameApi } from './rename-api.js';

/** A fix whose edits were applied to a copy of the sketch, and the copy checked. */
export interface CheckedFix {
	/** What it does and what came of it: `Unlock fault_lock before the retry (checked: 51 states, ok)`. */
	readonly title: string;
	readonly edits: readonly Edit[];
	/** Nothing at all is left to find. */
	readonly ok: boolean;
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
	{ check = {}, checker = checkSketch, signal, maxSeconds = 10, most = 3, onUnfinished }: FixOptions = {},
): Promise<CheckedFix[]> {
	const end = performance.now() + maxSeconds * 1000;
	const program = await loadProgram(before.uri, sources, kernelLibraries);
	const fixes: CheckedFix[] = [];
	const done = new Set<string>();
	for (const fix of fixesFor(program, blamedOf(found))) {
		if (fix.group !== undefined && done.has(fix.group)) continue;
		await turn();
		const left = (end - performance.now()) / 1000;
		if (signal?.aborted || left <= 0 || fixes.length >= most) break;
		const options = { ...check, maxSeconds: Math.min(check.maxSeconds ?? left, left), ...(signal && { signal }) };
		const tried = await tryFix(program, before, found, fix, sources, options, checker, onUnfinished);
		if (tried && !fixes.some(({ title }) => title === tried.title)) fixes.push(tried);
		if (tried?.ok && fix.group !== undefined) done.add(fix.group);
	}
	if (signal?.aborted) return [];
	return fixes.sort((a, b) => Number(b.ok) - Number(a.ok));
}

/** What can be done for a whole file, whatever is found in it: checked, but not against a finding. */
export async function checkedActions(
	uri: string,
	sources: Sources,
	{ check = {}, checker = checkSketch, signal, maxSeconds = 10 }: FixOptions = {},
): Promise<{ readonly rename?: CheckedFix; readonly scenario?: CheckedFix }> {
	const program = await loadProgram(uri, sources, kernelLibraries);
	const options = { ...check, maxSeconds, ...(signal && { signal }) };
	const tried = async (fix: Fix | undefined): Promise<CheckedFix | undefined> => {
		const after = fix && (await checker(uri, changedBy(fix, sources), options));
		if (!fix || !after || signal?.aborted || after.problems.some((p) => p.severity === 'error')) return undefined;
		return told(program, fix, after, [], 'finds');
	};
	const rename = await tried(renameApi(program));
	const scenario = await tried(addScenario(program));
	return { ...(rename && { rename }), ...(scenario && { scenario }) };
}

async function tryFix(
	program: Program,
	before: FileResult,
	found: Problem,
	fix: Fix,
	sources: Sources,
	options: CheckOptions,
	checker: typeof checkSketch,
	onUnfinished: FixOptions['onUnfinished'],
): Promise<CheckedFix | undefined> {
	const changed = changedBy(fix, sources);
	const failed = (after: FileResult): undefined => {
		if (!options.signal?.aborted && isUnfinished(after)) onUnfinished?.(fix.title);
	};
	// where it was found says soonest that a fix is none
	const shown = before.scenarios.filter((s) => s.findings.some((f) => isSame(f, found))).map((s) => s.name);
	const others = before.scenarios.map((s) => s.name).filter((name) => !shown.includes(name));
	if (shown.length > 0 && others.length > 0) {
		const part = await checker(before.uri, changed, { ...options, scenarios: shown });
		if (options.signal?.aborted || !cures(only(before, shown), part, found)) return failed(part);
		const rest = await checker(before.uri, changed, { ...options, scenarios: others });
		const after = { ...part, scenarios: inOrder(before, [...part.scenarios, ...rest.scenarios]) };
		return options.signal?.aborted || !cures(before, after, found)
			? failed(after)
			: told(program, fix, after, newHints(before, after));
	}
	const after = await checker(before.uri, changed, options);
	return options.signal?.aborted || !cures(before, after, found)
		? failed(after)
		: told(program, fix, after, newHints(before, after));
}

/** Nothing was found, as far as the searches came. */
const isUnfinished = ({ problems, scenarios }: FileResult): boolean =>
	problems.every((p) => p.severity !== 'error') &&
	scenarios.some((s) => s.bounds !== undefined) &&
	scenarios.every((s) => s.findings.every((f) => f.severity !== 'error'));

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

/** Lines move with a fix, so findings are counted by code: one less of this in each scenario, no more of any other. */
function cures(before: FileResult, after: FileResult, found: Problem): boolean {
	const errors = (r: FileResult) => r.problems.filter((p) => p.severity === 'error' || p.severity === 'warning');
	const wasProblem = before.problems.some((p) => isSame(p, found));
	const told = (r: FileResult) => counts(errors(r).map((p) => `${p.code} ${p.message}`));
	// what was missing as a whole is right or wrong in its parts only when it is there
	if (found.code !== 'include' && more(told(after), told(before))) return false;
	if (wasProblem) {
		const key = `${found.code} ${found.message}`;
		return (told(after).get(key) ?? 0) < (told(before).get(key) ?? 0);
	}
	if (after.scenarios.length !== before.scenarios.length) return false;
	for (const [n, was] of before.scenarios.entries()) {
		const is = after.scenarios[n];
		if (is === undefined || is.name !== was.name || !is.complete) return false;
		// nobody is cured by not being there any more
		if (was.bounds === undefined && is.vacuous?.some((what) => !was.vacuous?.includes(what))) return false;
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
	program: Program,
	fix: Fix,
	after: FileResult,
	hints: readonly string[],
	verb: 'finds' | 'remains' = 'remains',
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
				: `${states.toLocaleString('en-US')} states, ${ok ? 'ok' : leftWords(left, verb)}${hints.length > 0 ? `, a hint of ${hints.join(' and ')} is left` : ''}`;
	return {
		title: `${fix.title} (checked: ${verdict})`,
		edits: [...fix.edits, ...(errors > 0 ? [] : expectations(program, after))],
		ok: ok && hints.length === 0,
		states,
	};
}

function leftWords(left: readonly string[], verb: 'finds' | 'remains'): string {
	if (verb === 'finds') return `finds ${left.join(', ')}`;
	return `${left.join(', ')} ${left.length === 1 ? 'remains' : 'remain'}`;
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
