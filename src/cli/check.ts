import type { CheckOptions, checkSketch } from '../findings/check.js';
import { keeper } from '../findings/explorer/explorer.js';
import { githubForm } from '../findings/forms/github.js';
import { jsonForm } from '../findings/forms/json.js';
import { tableForm } from '../findings/forms/table.js';
import { hasWarnings, isWrong, notesForm, problemsForm, textClosing, textForm } from '../findings/forms/text.js';
import type { FileResult } from '../findings/result.js';
import { kernelLibraries } from '../kernel/library.js';
import { type Console, Status, UsageError, worst } from './console.js';
import { unifiedDiff } from './diff.js';
import { type CheckedRuns, htmlOf, sarifOf } from './documents.js';
import { picturesOf } from './explored.js';
import { type Fixed, fixSketch } from './fix.js';
import { collectInputs, DiskSources, type Input, pathNames } from './inputs.js';
import { findingCodes } from './manual.js';
import { didYouMean } from './nearest.js';
import { parseOptions, positive } from './options.js';
import { ProgressLine } from './progress.js';

export type Checker = typeof checkSketch;

const FORMATS = ['text', 'table', 'json', 'sarif', 'html', 'github'] as const;
/** One document, that comes at the end. */
const DOCUMENTS: readonly string[] = ['json', 'sarif', 'html'];
/** With the states of every run. */
const WITH_RUNS: readonly string[] = ['sarif', 'html'];
type Format = (typeof FORMATS)[number];

/** What the command line of `check` asks for. */
export interface CheckRequest {
	readonly paths: readonly string[];
	readonly format: Format;
	readonly watch: boolean;
	/** Apply fixes that were checked, and write the files. */
	readonly fix: boolean;
	/** Show what that would change, instead of results, and write nothing. */
	readonly diff: boolean;
	/** Warnings that nobody expects make the exit status that of errors. */
	readonly werror: boolean;
	/** Show hints one by one. */
	readonly hints: boolean;
	/** Show every assumption. */
	readonly assumptions: boolean;
	/** Sketches checked at once, each in a thread of its own. */
	readonly jobs: number;
	readonly options: CheckOptions;
}

/** What one round of checking came to. */
export interface CheckOutcome {
	readonly status: Status;
	/** Absolute paths of all files that had a part in it. */
	readonly files: readonly string[];
}

/** @throws UsageError for a command line that cannot be meant. */
export async function parseCheck(args: readonly string[], console: Console): Promise<CheckRequest> {
	const { values, positionals } = parseOptions('check', args, {
		scenario: { type: 'string', multiple: true },
		format: { type: 'string' },
		'max-states': { type: 'string' },
		'max-seconds': { type: 'string' },
		'max-memory': { type: 'string' },
		only: { type: 'string', multiple: true },
		ignore: { type: 'string', multiple: true },
		'no-reduction': { type: 'boolean' },
		'one-more': { type: 'boolean' },
		hints: { type: 'boolean' },
		assumptions: { type: 'boolean' },
		werror: { type: 'boolean' },
		fix: { type: 'boolean' },
		diff: { type: 'boolean' },
		watch: { type: 'boolean' },
		jobs: { type: 'string' },
	});
	if (positionals.length === 0)
		throw new UsageError('check: which sketch? Name files or folders, or - for standard input');
	if (positionals.includes('')) throw new UsageError('check: a file name is empty');
	const format = values.format ?? 'text';
	if (!isFormat(format))
		throw new UsageError(
			`check: unknown format '${format}'${didYouMean(format, FORMATS)}; there are ${FORMATS.join(', ')}`,
		);
	if (format === 'html' && positionals.length > 1)
		throw new UsageError('check: an HTML page is about one sketch: name one file');
	if (format === 'html' && values.watch === true)
		throw new UsageError('check: an HTML page is written once: no --watch');
	if (values.watch === true && positionals.includes('-'))
		throw new UsageError('check: standard input cannot be watched');
	if (values.diff === true && values.format !== undefined)
		throw new UsageError('check: --diff prints what fixes change, and no results: no --format');
	if (values.diff === true && values.watch === true) throw new UsageError('check: a diff is printed once: no --watch');
	if (values.fix === true && values.diff !== true && positionals.includes('-'))
		throw new UsageError('check: standard input cannot be fixed; --diff shows what would be');
	if (values.fix === true && values.watch === true)
		throw new UsageError('check: --fix changes the files that --watch watches; use one of them');
	const options: CheckOptions = {
		...defined('scenarios', values.scenario),
		...defined('maxStates', positive('max-states', values['max-states'], true)),
		...defined('maxSeconds', positive('max-seconds', values['max-seconds'], false)),
		...defined('maxMemoryMB', positive('max-memory', values['max-memory'], true)),
		...defined('only', await codes('only', values.only, console)),
		...defined('ignore', await codes('ignore', values.ignore, console)),
		...(values['no-reduction'] === true ? { reduction: false } : {}),
		...(values['one-more'] === true ? { larger: true } : {}),
	};
	return {
		paths: positionals,
		format,
		watch: values.watch === true,
		fix: values.fix === true || values.diff === true,
		diff: values.diff === true,
		werror: values.werror === true,
		hints: values.hints === true,
		assumptions: values.assumptions === true,
		jobs: positive('jobs', values.jobs, true) ?? 1,
		options,
	};
}

/**
 * Checks what `request` names and prints the results: files in the order of their names, each as soon as it is done
 * (JSON at the end, it is one document). A signal ends the search; what was found up to then is printed.
 */
export async function runCheck(
	request: CheckRequest,
	console: Console,
	checker: Checker,
	signal: AbortSignal,
): Promise<CheckOutcome> {
	const { inputs, errors, folders } = await collectInputs(request.paths, console);
	for (const error of errors) complain(console, error);
	const statuses: Status[] = errors.length > 0 ? [Status.usage] : [];
	const sources = new DiskSources(inputs);
	const path = pathNames(inputs, console.cwd);
	const view = {
		path,
		source: (uri: string) => sources.text(uri) ?? kernelLibraries.read(uri),
		colour: console.colour,
		hints: request.hints,
		assumptions: request.assumptions,
		several: inputs.length > 1,
	};
	const results: FileResult[] = [];
	const runs: CheckedRuns[] = [];
	const news: FileResult[] = [];
	const started: Promise<FileResult | undefined>[] = [];
	for (const [n, input] of inputs.entries()) {
		if (signal.aborted) break;
		const withRuns = WITH_RUNS.includes(request.format);
		// formats with runs need the graphs, which stay in this thread
		const ahead = withRuns && !request.fix ? 0 : n + request.jobs;
		for (const next of inputs.slice(started.length, ahead)) {
			// one line of progress: for the sketch whose turn it is to be printed
			const first = started.length === n;
			started.push(
				checkOne(next, request.options, sources, first ? console : { ...console, live: false }, checker, signal),
			);
		}
		let result = await started[n];
		if (request.fix && result !== undefined) {
			const fixed = await fixSketch(input, result, sources, checker, console, { ...request.options, signal });
			if (request.diff) sources.replace(input.uri, input.text);
			else if (await keep(input, fixed, sources, console)) result = fixed.result;
			else statuses.push(Status.usage);
			if (request.diff) console.out(unifiedDiff(input.path, input.text, fixed.text));
		}
		if (withRuns) {
			const kept = keeper();
			const options = { ...request.options, onExplored: kept.onExplored };
			result = await checkOne(input, options, sources, console, checker, signal);
			if (result !== undefined) runs.push({ result, pictures: picturesOf(kept.exploration(result)) });
			kept.release();
		}
		if (result === undefined) {
			statuses.push(Status.usage);
			continue;
		}
		results.push(result);
		if (request.diff || DOCUMENTS.includes(request.format) || !hasNews(result, request)) continue;
		if (news.length > 0 && request.format !== 'github') console.out('\n');
		news.push(result);
		if (request.format === 'github') console.out(githubForm(result, path));
		else if (request.format === 'text') console.out(textForm(result, view));
		else
			console.out(
				[problemsForm(result, view), tableForm(result, input.path), notesForm(result, view)]
					.filter((part) => part !== '')
					.join('\n'),
			);
	}
	for (const [uri, problem] of sources.failures) complain(console, `${path(uri)}: ${problem}`);
	if (request.format === 'json') console.out(jsonForm(results, path));
	else if (request.format === 'sarif') console.out(await sarifOf(runs, path, console));
	else if (request.format === 'html') {
		const page = await htmlOf(runs, view.source, console);
		if (page === undefined) for (const result of results) console.err(problemsForm(result, view));
		else console.out(page);
	} else if (request.format === 'text' && news.length > 0) console.out(`\n${textClosing(news, view)}`);
	if (signal.aborted) {
		statuses.push(Status.limit);
		if (!request.watch) complain(console, `interrupted: ${results.length} of ${inputs.length} files checked`);
	}
	const missing = missingScenarios(request, inputs, results);
	if (missing.length > 0 && !signal.aborted) {
		for (const line of missing) complain(console, line);
		statuses.push(Status.usage);
	}
	if (!signal.aborted && errors.length === 0 && missing.length === 0 && isNothing(results)) {
		complain(
			console,
			`nothing to check: ${inputs.length === 1 ? 'the sketch has' : 'the sketches have'} no scenario and no fault handler`,
		);
		// what to do about it, where something is there that could run
		for (const { hints = [] } of results)
			for (const { code, message, span } of hints)
				if (code === 'bounded') console.err(`${path(span.uri)}:${span.line}:${span.column}: note: ${message}\n`);
		// a folder may hold what others include
		if (!folders) statuses.push(Status.usage);
	}
	return {
		status: worst([...statuses, ...results.map((result) => statusOf(result, request.werror))]),
		files: sources.files(),
	};
}

/** Writes what fixes have made of a sketch, and shows the difference; the text stays as it is where that cannot be. */
async function keep(input: Input, { text, applied }: Fixed, sources: DiskSources, console: Console): Promise<boolean> {
	if (text === input.text) return true;
	const problem = await sources.write(input.uri, input.text, text);
	if (problem === undefined) {
		console.err(
			`${unifiedDiff(input.path, input.text, text)}${input.path}: ${applied} fix${applied === 1 ? '' : 'es'} written\n`,
		);
		return true;
	}
	sources.replace(input.uri, input.text);
	complain(console, `${input.path} ${problem}`);
	return false;
}

/** That all is well says nothing where nothing ran. */
function isNothing(results: readonly FileResult[]): boolean {
	return results.every(
		({ scenarios, problems }) => scenarios.length === 0 && !problems.some((p) => p.severity === 'error'),
	);
}

/** The exit status that one file asks for; with `werror` also for its warnings. */
export function statusOf(file: FileResult, werror = false): Status {
	if (file.problems.some((problem) => problem.severity === 'error')) return Status.usage;
	if (file.scenarios.some(isWrong)) return Status.unexpected;
	if (werror && (file.scenarios.some(hasWarnings) || file.problems.some((problem) => problem.severity === 'warning')))
		return Status.unexpected;
	return file.scenarios.some((scenario) => !scenario.complete) ? Status.limit : Status.ok;
}

async function checkOne(
	input: Input,
	options: CheckOptions,
	sources: DiskSources,
	console: Console,
	checker: Checker,
	signal: AbortSignal,
): Promise<FileResult | undefined> {
	const progress = new ProgressLine(console);
	try {
		return await checker(input.uri, sources, { ...options, signal, onProgress: progress.show });
	} catch (error) {
		// A mistake of ours, not of the sketch: the other files still deserve their results.
		const what = error instanceof Error ? error.message : String(error);
		complain(console, `${input.path}: internal error, please report it with this sketch: ${what}`);
		return undefined;
	} finally {
		progress.clear();
	}
}

/** With `--scenario`, files that have none of them are no news. */
function hasNews(result: FileResult, request: CheckRequest): boolean {
	return request.options.scenarios === undefined || result.scenarios.length > 0 || result.problems.length > 0;
}

/** A line for each `--scenario` that no file has, with what there is. */
function missingScenarios(request: CheckRequest, inputs: readonly Input[], results: readonly FileResult[]): string[] {
	const wanted = request.options.scenarios ?? [];
	const broken = results.some((result) => result.problems.some((problem) => problem.severity === 'error'));
	if (wanted.length === 0 || inputs.length === 0 || broken) return [];
	const checked = new Set(results.flatMap((result) => result.scenarios.map((scenario) => scenario.name)));
	const there = inputs.flatMap((input) => [...input.text.matchAll(/^\s*scenario\s+(\w+)/gm)].map((m) => m[1] ?? ''));
	const list = there.length > 0 ? `; there are ${[...new Set(there)].sort().join(', ')}` : '';
	return wanted
		.filter((name) => !checked.has(name))
		.map((name) => `check: no scenario is called ${name}${didYouMean(name, there)}${list}`);
}

function complain(console: Console, line: string): void {
	console.err(`notifier-lab: ${line}\n`);
}

function isFormat(text: string): text is Format {
	return (FORMATS as readonly string[]).includes(text);
}

/** The codes of a `--only` or `--ignore`, which takes several with commas between them. */
async function codes(option: string, values: readonly string[] | undefined, console: Console) {
	if (values === undefined) return undefined;
	const known = await findingCodes(console.root);
	const wanted = values.flatMap((value) => value.split(',').map((code) => code.trim())).filter((code) => code !== '');
	for (const code of wanted)
		if (!known.includes(code))
			throw new UsageError(
				`check: --${option}: no finding has the code '${code}'${didYouMean(code, known)}; notifier-lab explain lists them`,
			);
	return wanted;
}

function defined<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
	return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
