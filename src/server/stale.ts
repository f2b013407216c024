/** Results for a text that has changed since: they stay, move with the text, and are marked, until the next check is done. */
import { type Diagnostic, DiagnosticTag, type Position, type Range } from 'vscode-languageserver-protocol';
import type { DiagnosticsByFile } from './diagnostics.js';

/** Older results than this look old, in milliseconds: most checks are over before anybody could see a difference. */
export const STALE_MS = 1000;

/** One edit of a document, as the client tells it; without a range it is all of the text. */
export type Change = { readonly range?: Range; readonly text: string };

/** The same diagnostics behind an edit of the file at `uri`; what it has deleted goes. */
export function moved(
	files: DiagnosticsByFile,
	isFile: (uri: string) => boolean,
	{ range, text }: Change,
): DiagnosticsByFile {
	if (range === undefined) return files;
	const move = (r: Range): Range => ({
		start: positionAfter(r.start, range, text, true),
		end: positionAfter(r.end, range, text, false),
	});
	const result = new Map<string, readonly Diagnostic[]>();
	for (const [file, diagnostics] of files) {
		const here = isFile(file);
		result.set(
			file,
			diagnostics.flatMap((diagnostic): Diagnostic[] => {
				const next = here ? { ...diagnostic, range: move(diagnostic.range) } : { ...diagnostic };
				if (here && isEmpty(next.range) && !isEmpty(diagnostic.range)) return [];
				if (diagnostic.relatedInformation)
					next.relatedInformation = diagnostic.relatedInformation.map((related) =>
						isFile(related.location.uri)
							? { ...related, location: { ...related.location, range: move(related.location.range) } }
							: related,
					);
				return [next];
			}),
		);
	}
	return result;
}

/** What an insertion at the position itself moves is the start of a range, not its end. */
function positionAfter(position: Position, { start, end }: Range, text: string, isStart: boolean): Position {
	if (isBefore(position, start) || (!isStart && !isBefore(start, position))) return position;
	const lines = text.split(/\r\n|\r|\n/);
	const last = lines[lines.length - 1] ?? '';
	const after = {
		line: start.line + lines.length - 1,
		character: (lines.length === 1 ? start.character : 0) + last.length,
	};
	// what was deleted leaves its place
	if (isBefore(position, end)) return isStart ? after : start;
	return position.line === end.line
		? { line: after.line, character: after.character + position.character - end.character }
		: { line: position.line + after.line - end.line, character: position.character };
}

const isBefore = (a: Position, b: Position): boolean =>
	a.line < b.line || (a.line === b.line && a.character < b.character);
const isEmpty = ({ start, end }: Range): boolean => !isBefore(start, end);

/** Only findings of runs: what the text itself shows is looked for anew with each letter. */
export function findingsOf(files: DiagnosticsByFile): DiagnosticsByFile {
	return new Map([...files].map(([file, all]) => [file, all.filter(isFinding)]));
}

/** Findings of two checks, in the order of these. */
export function together(earlier: DiagnosticsByFile | undefined, later: DiagnosticsByFile): DiagnosticsByFile {
	if (earlier === undefined) return later;
	const files = new Set([...earlier.keys(), ...later.keys()]);
	return new Map([...files].map((file) => [file, [...(earlier.get(file) ?? []), ...(later.get(file) ?? [])]]));
}

/** Findings of an earlier check, without those that a later one has made again. */
export function notFoundAgain(earlier: DiagnosticsByFile, later: DiagnosticsByFile): DiagnosticsByFile {
	const key = ({ code, range, data }: Diagnostic): string =>
		JSON.stringify([code, range.start, (data as { scenario?: string } | undefined)?.scenario]);
	return new Map(
		[...earlier].map(([file, all]) => {
			const found = new Set((later.get(file) ?? []).map(key));
			return [file, all.filter((d) => !found.has(key(d)))];
		}),
	);
}

const isFinding = ({ data }: Diagnostic): boolean => typeof data === 'object' && data !== null && 'scenario' in data;

/** A diagnostic of an older text. @param faded it is old enough to look so, too */
export function stale(diagnostic: Diagnostic, faded: boolean): Diagnostic {
	const data = { ...(diagnostic.data as object | undefined), stale: true };
	if (!faded) return { ...diagnostic, data };
	const tags = [...new Set([...(diagnostic.tags ?? []), DiagnosticTag.Unnecessary])];
	const { message } = diagnostic;
	return {
		...diagnostic,
		data,
		tags,
		message: `${typeof message === 'string' ? message : message.value} (before the last change)`,
	};
}
