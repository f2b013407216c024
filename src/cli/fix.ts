import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { CheckOptions } from '../findings/check.js';
import { applyEdits } from '../findings/fixes/edits.js';
import { checkedFixes } from '../findings/fixes/try.js';
import { isExpected } from '../findings/forms/text.js';
import type { FileResult, Problem } from '../findings/result.js';
import { DEFAULT_LIMITS } from '../findings/scenario.js';
import type { Checker } from './check.js';
import type { Console } from './console.js';
import type { DiskSources, Input } from './inputs.js';

/** Each round applies one fix: more than this is no repair any more. */
const MOST_ROUNDS = 20;

/**
 * Applies to a sketch, one after the other, fixes that were checked: each takes a finding away, or an error of the
 * text, and brings no new one. Writes the file, and says on standard error what was done.
 *
 * @returns the result of the check of what stands there now
 */
export async function fixSketch(
	input: Input,
	before: FileResult,
	sources: DiskSources,
	checker: Checker,
	console: Console,
	options: CheckOptions,
): Promise<FileResult> {
	let result = before;
	const tried = new Set<string>();
	for (let round = 0; round < MOST_ROUNDS && !options.signal?.aborted; round++) {
		const found = wrongIn(result).find((p) => p.span.uri === input.uri && !tried.has(keyOf(p)));
		if (found === undefined) break;
		const unfinished: string[] = [];
		const [fix] = await checkedFixes(result, found, sources, {
			check: options,
			checker,
			most: 1,
			// who waits at a terminal has asked for it
			maxSeconds: options.maxSeconds ?? DEFAULT_LIMITS.maxSeconds,
			onUnfinished: (title) => unfinished.push(title),
			...(options.signal && { signal: options.signal }),
		});
		const text = sources.text(input.uri);
		if (fix === undefined || text === undefined || fix.edits.some(({ uri }) => uri !== input.uri)) {
			tried.add(keyOf(found));
			const [title] = unfinished;
			const what =
				title === undefined
					? `no fix that was tried cures this ${found.code}`
					: `'${title}' may cure this ${found.code}, but its check met a limit: raise --max-seconds or --max-states, or write a scenario, which takes less`;
			console.err(`${input.path}:${found.span.line}: ${what}\n`);
			continue;
		}
		const fixed = applyEdits(text, input.uri, fix.edits);
		await writeFile(fileURLToPath(input.uri), fixed);
		sources.replace(input.uri, fixed);
		console.err(`${input.path}:${found.span.line}: ${fix.title}\n`);
		result = await checker(input.uri, sources, options);
	}
	return result;
}

const keyOf = ({ code, message, span }: Problem): string => `${code} ${span.line} ${message}`;

/** What is wrong with a sketch, errors of the text first. */
function wrongIn({ problems, scenarios }: FileResult): Problem[] {
	return [
		...problems.filter((p) => p.severity === 'error'),
		...scenarios.flatMap((s) => s.findings.filter((f) => f.severity === 'error' && !isExpected(s, f))),
	];
}
