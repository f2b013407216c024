import type { CheckOptions } from '../findings/check.js';
import { applyEdits } from '../findings/fixes/edits.js';
import { checkedFixes } from '../findings/fixes/try.js';
import { isExpected } from '../findings/forms/text.js';
import type { FileResult, Problem } from '../findings/result.js';
import { DEFAULT_LIMITS } from '../findings/scenario.js';
import type { Checker } from './check.js';
import type { Console } from './console.js';
import type { DiskSources, Input } from './inputs.js';
import { ProgressLine } from './progress.js';

/** Each round applies one fix: more than this is no repair any more. */
const MOST_ROUNDS = 20;

/** What fixes have made of a sketch. */
export interface Fixed {
	/** The check of `text`. */
	readonly result: FileResult;
	readonly text: string;
	/** How many fixes made it. */
	readonly applied: number;
}

/**
 * Applies to the text of a sketch, one after the other, fixes that were checked: each takes a finding away, or an error of the
 * text, and brings no new one. Says on standard error what was done, and in the end what was not. Writes nothing.
 */
export async function fixSketch(
	input: Input,
	before: FileResult,
	sources: DiskSources,
	checker: Checker,
	console: Console,
	options: CheckOptions,
): Promise<Fixed> {
	let result = before;
	/** What came of those that nothing cured, by what they are; `after`: how many fixes had been applied by then. */
	const refused = new Map<string, { readonly why: string | undefined; readonly after: number }>();
	let applied = 0;
	while (applied < MOST_ROUNDS && !options.signal?.aborted) {
		const text = sources.text(input.uri);
		if (text === undefined) break;
		const wrong = wrongIn(result).filter((p) => p.span.uri === input.uri);
		// what nothing has cured may be curable when something else is out of the way: once more, after all others
		const found =
			wrong.find((p) => !refused.has(keyOf(p, text))) ??
			wrong.find((p) => (refused.get(keyOf(p, text))?.after ?? applied) < applied);
		if (found === undefined) break;
		const progress = new ProgressLine(console);
		const unfinished: string[] = [];
		let tried = 0;
		const [fix] = await checkedFixes(result, found, sources, {
			check: { ...options, onProgress: progress.show },
			checker,
			most: 1,
			// who waits at a terminal has asked for it
			maxSeconds: options.maxSeconds ?? DEFAULT_LIMITS.maxSeconds,
			onTry: (title) => {
				tried++;
				progress.about(`${found.code}: ${title}`);
			},
			onUnfinished: (title) => unfinished.push(title),
			...(options.signal && { signal: options.signal }),
		});
		progress.clear();
		if (fix === undefined || fix.edits.some(({ uri }) => uri !== input.uri)) {
			const [title] = unfinished;
			const why =
				title === undefined
					? // an error of the text says itself what to do
						tried > 0 || !result.problems.includes(found)
						? `no fix that was tried cures this ${found.code}`
						: undefined
					: `'${title}' may cure this ${found.code}, but its check met a limit: raise --max-seconds or --max-states, or write a scenario, which takes less`;
			refused.set(keyOf(found, text), { why, after: applied });
			continue;
		}
		const fixed = applyEdits(text, input.uri, fix.edits);
		sources.replace(input.uri, fixed);
		applied++;
		console.err(`${input.path}:${found.span.line}: ${fix.title}\n`);
		result = await checker(input.uri, sources, { ...options, onProgress: progress.show });
		progress.clear();
	}
	const text = sources.text(input.uri) ?? '';
	const told = new Set<string>();
	for (const found of wrongIn(result)) {
		const why = found.span.uri === input.uri ? refused.get(keyOf(found, text))?.why : undefined;
		const line = `${input.path}:${found.span.line}: ${why}\n`;
		if (why === undefined || told.has(line)) continue;
		told.add(line);
		console.err(line);
	}
	return { result, text, applied };
}

/** What is wrong and where, however many lines were added above. */
function keyOf({ code, message, span }: Problem, text: string): string {
	const line = text.split('\n')[span.line - 1] ?? '';
	return [code, message.replace(/\bline \d+/g, 'line'), span.column, line].join('\n');
}

/** What is wrong with a sketch, errors of the text first. */
function wrongIn({ problems, scenarios }: FileResult): Problem[] {
	return [
		...problems.filter((p) => p.severity === 'error'),
		...scenarios.flatMap((s) => s.findings.filter((f) => f.severity === 'error' && !isExpected(s, f))),
	];
}
