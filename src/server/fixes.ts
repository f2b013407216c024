/** Quick fixes, each checked before it is offered. Searching never blocks: it is done in slices, and ends with the next edit. */
import {
	type CodeAction,
	CodeActionKind,
	type CodeActionParams,
	type Diagnostic,
	type Range,
	type WorkspaceEdit,
} from 'vscode-languageserver-protocol';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type checkSketch, SUPERSEDED } from '../findings/check.js';
import { addScenario } from '../findings/fixes/add-scenario.js';
import type { Edit } from '../findings/fixes/edits.js';
import { type CheckedFix, checkedActions, checkedFixes } from '../findings/fixes/try.js';
import type { FileResult, Finding, Hint, Problem } from '../findings/result.js';
import { kernelLibraries } from '../kernel/library.js';
import { isFindingCode } from '../language/finding-codes.js';
import { loadProgram } from '../language/program.js';
import type { Checker } from './checker.js';
import { toldBy } from './diagnostics.js';

const RENAME_KIND = `${CodeActionKind.Source}.notifierLab.newNames`;
const RENAME_HERE_KIND = `${CodeActionKind.RefactorRewrite}.newNames`;
const SCENARIO_KIND = `${CodeActionKind.RefactorRewrite}.scenario`;
const OLD_NAMES = /\bmmu_notifier_range_(wait|is)_valid\b/;
/** A cursor is seldom in more findings than this. */
const MOST_FINDINGS = 4;

/** A sign that fixes are being tried, ms after they were asked for: what is known, or tried at once, needs none. */
const QUIET_MS = 300;

/** A sign of work that the client shows. */
export interface Sign {
	report(message: string): void;
	done(): void;
}

/** The documents as the client has them open. */
export interface Documents {
	get(uri: string): TextDocument | undefined;
}

export class Fixes {
	/** What was found for this state of the texts; begun searches among them. */
	private known = new Map<string, Promise<readonly CheckedFix[]>>();
	private actions = new Map<string, ReturnType<typeof checkedActions>>();
	private abort = new AbortController();
	/** One search at a time: they share the one thread with everything else. */
	private last: Promise<unknown> = Promise.resolve();

	constructor(
		private readonly checker: Checker,
		private readonly documents: Documents,
		/** Whether the client takes edits that name the version they are for. */
		private readonly versioned: () => boolean,
		private readonly check: typeof checkSketch,
		/** Shows such a sign, where the client can. */
		private readonly begin: (title: string) => Promise<Sign | undefined> = async () => undefined,
	) {}

	/** To be called when any text has changed: what was searched for is of no use any more. */
	changed(): void {
		this.abort.abort(SUPERSEDED);
		this.abort = new AbortController();
		this.known = new Map();
		this.actions = new Map();
	}

	/** The actions for a range of an open document; none while its findings are of an older text. */
	async for({ textDocument: { uri }, range, context }: CodeActionParams): Promise<CodeAction[]> {
		const document = this.documents.get(uri);
		const wants = (kind: string) =>
			!context.only || context.only.some((only) => kind === only || kind.startsWith(`${only}.`));
		if (document === undefined) return [];
		const { signal } = this.abort;
		const actions: CodeAction[] = [];
		const ignores: CodeAction[] = [];
		if (wants(CodeActionKind.QuickFix))
			for (const { root, found, diagnostic, result } of this.found(uri, range)) {
				if (found.offer !== undefined) {
					const { title, edits } = found.offer;
					const kind = CodeActionKind.QuickFix;
					actions.push({ title, kind, diagnostics: [diagnostic], edit: await this.workspaceEdit(edits) });
					continue;
				}
				const fixes = await this.fixesOf(root, result, found);
				if (signal.aborted) return [];
				for (const [n, fix] of fixes.entries()) {
					// one change often cures several findings of a line
					const known = actions.find(({ title }) => title === fix.title);
					if (known) known.diagnostics?.push(diagnostic);
					else
						actions.push({
							title: fix.title,
							kind: CodeActionKind.QuickFix,
							diagnostics: [diagnostic],
							isPreferred: fix.ok && n === 0,
							edit: await this.workspaceEdit(fix.edits),
						});
				}
				// what is expected is not ignored; a comment is for all of its code in the line
				if (!isFindingCode(found.code) || toldBy(diagnostic).expected) continue;
				const ignore = this.ignore(document, found, diagnostic);
				const same = ignores.find((i) => i.title === ignore.title && sameLine(i.diagnostics?.[0], diagnostic));
				if (same) same.diagnostics?.push(diagnostic);
				else ignores.push(ignore);
			}
		// a range of several lines can have the same in two of them
		for (const ignore of ignores.filter(({ title }, n) => ignores.some((i, m) => m !== n && i.title === title))) {
			const line = (ignore.diagnostics?.[0]?.range.start.line ?? 0) + 1;
			ignore.title = ignore.title.replace('this', 'the').replace(' by ', ` in line ${line} by `);
		}
		// what is for the whole file costs a check: not for every place that the cursor comes to
		const asked =
			context.only?.some((only) => CodeActionKind.Source.startsWith(only) || only.startsWith('source.')) ?? false;
		actions.push(...ignores, ...(await this.forFile(document, range, wants, asked)));
		return signal.aborted ? [] : actions;
	}

	/** New names for the whole file, and a scenario for a file without one. */
	private async forFile(
		document: TextDocument,
		range: Range,
		wants: (kind: string) => boolean,
		asked: boolean,
	): Promise<CodeAction[]> {
		const text = document.getText();
		const [own] = this.checker.checksOf(document.uri);
		if (!own?.fresh || own.root !== document.uri) return [];
		const line = { start: { line: range.start.line, character: 0 }, end: { line: range.end.line + 1, character: 0 } };
		const here = wants(RENAME_HERE_KIND) && OLD_NAMES.test(document.getText(line));
		const renames = here || (asked && wants(RENAME_KIND) && OLD_NAMES.test(text));
		const adds = wants(SCENARIO_KIND) && !/^[ \t]*scenario\b/m.test(text);
		if (!renames && !adds) return [];
		const { uri } = document;
		let known = this.actions.get(uri);
		if (!known) {
			const { signal } = this.abort;
			known = this.inTurn(() =>
				checkedActions(
					uri,
					{ read: (u) => this.checker.read(u) },
					{ check: this.checker.limits(), checker: this.check, signal },
					this.foundIn(uri),
				),
			);
			this.actions.set(uri, known);
		}
		const { rename, scenario } = await known;
		const action = async (fix: CheckedFix | undefined, kind: string): Promise<CodeAction[]> =>
			fix ? [{ title: fix.title, kind, edit: await this.workspaceEdit(fix.edits) }] : [];
		return [
			...(renames ? await action(rename, asked ? RENAME_KIND : RENAME_HERE_KIND) : []),
			...(adds ? await action(scenario, SCENARIO_KIND) : []),
		];
	}

	/** A scenario for a sketch without any, at once, and the line that it will begin in. */
	async scenario(uri: string): Promise<{ edit: WorkspaceEdit; line: number } | undefined> {
		const sources = { read: (u: string) => this.checker.read(u) };
		const program = await loadProgram(uri, sources, kernelLibraries);
		const [edit] = addScenario(program, this.foundIn(uri))?.edits ?? [];
		const text = await sources.read(uri);
		if (edit === undefined || text === undefined) return undefined;
		const before = text.slice(0, edit.start) + edit.text.slice(0, edit.text.search(/^scenario /m));
		return { edit: await this.workspaceEdit([edit]), line: before.split('\n').length - 1 };
	}

	/** What is found in a sketch as it stands. */
	private foundIn(uri: string): Finding[] {
		const [own] = this.checker.checksOf(uri);
		return own?.fresh && own.root === uri ? own.checked.result.scenarios.flatMap((s) => s.findings) : [];
	}

	/** What was found in a range, each once, with the diagnostic that shows it. */
	private found(uri: string, range: Range) {
		return this.checker
			.checksOf(uri)
			.filter(({ fresh }) => fresh)
			.flatMap(({ root, checked: { result, files } }) => {
				const all: Hint[] = [
					...result.problems,
					...(result.hints ?? []),
					...result.scenarios.flatMap((s) => s.findings),
				];
				return (files.get(uri) ?? [])
					.filter((d) => overlaps(d.range, range))
					.flatMap((diagnostic) => {
						const { message } = toldBy(diagnostic);
						const found = all.find((f) => f.code === diagnostic.code && f.span.uri === uri && f.message === message);
						return found ? [{ root, result, found, diagnostic }] : [];
					});
			})
			.slice(0, MOST_FINDINGS);
	}

	private fixesOf(root: string, result: FileResult, found: Problem): Promise<readonly CheckedFix[]> {
		const key = JSON.stringify([root, found.code, found.span, found.message]);
		const known = this.known.get(key);
		if (known) return known;
		const { signal } = this.abort;
		const search = this.inTurn(() =>
			this.shown((onTry) =>
				checkedFixes(
					result,
					found,
					{ read: (uri) => this.checker.read(uri) },
					{ check: this.checker.limits(), checker: this.check, signal, partly: true, onTry },
				),
			),
		);
		this.known.set(key, search);
		return search;
	}

	/** With a sign of what is being tried. */
	private async shown<T>(search: (onTry: (title: string) => void) => Promise<T>): Promise<T> {
		let sign: Sign | undefined;
		let last: string | undefined;
		let over = false;
		const timer = setTimeout(async () => {
			const shown = await this.begin('Checking fixes').catch(() => undefined);
			if (over) shown?.done();
			else {
				sign = shown;
				if (last !== undefined) shown?.report(last);
			}
		}, QUIET_MS);
		try {
			return await search((title) => {
				last = title;
				sign?.report(title);
			});
		} finally {
			over = true;
			clearTimeout(timer);
			sign?.done();
		}
	}

	private inTurn<T>(search: () => Promise<T>): Promise<T> {
		const mine = this.last.then(search, search);
		this.last = mine.catch(() => {});
		return mine;
	}

	private async workspaceEdit(edits: readonly Edit[]): Promise<WorkspaceEdit> {
		const files = [...new Set(edits.map((e) => e.uri))];
		const changes = await Promise.all(
			files.map(async (uri) => {
				const open = this.documents.get(uri);
				const text = open ?? TextDocument.create(uri, 'mmn', 0, (await this.checker.read(uri)) ?? '');
				const range = ({ start, end }: Edit) => ({ start: text.positionAt(start), end: text.positionAt(end) });
				const own = edits.filter((e) => e.uri === uri).map((e) => ({ range: range(e), newText: e.text }));
				return { uri, version: open?.version ?? null, edits: own };
			}),
		);
		if (!this.versioned()) return { changes: Object.fromEntries(changes.map(({ uri, edits: own }) => [uri, own])) };
		return {
			documentChanges: changes.map(({ uri, version, edits: own }) => ({ textDocument: { uri, version }, edits: own })),
		};
	}

	/** A comment above the line; the reason is the author's to write. */
	private ignore(document: TextDocument, { code }: Problem, diagnostic: Diagnostic): CodeAction {
		const { line } = diagnostic.range.start;
		const start = { line, character: 0 };
		const indent = /^[ \t]*/.exec(document.getText({ start, end: { line: line + 1, character: 0 } }))?.[0] ?? '';
		const eol = document.getText().includes('\r\n') ? '\r\n' : '\n';
		const edits = [{ range: { start, end: start }, newText: `${indent}// notifier-lab-ignore: ${code} ${eol}` }];
		const { uri, version } = document;
		return {
			title: `Ignore this ${code} by a comment`,
			kind: CodeActionKind.QuickFix,
			diagnostics: [diagnostic],
			edit: this.versioned()
				? { documentChanges: [{ textDocument: { uri, version }, edits }] }
				: { changes: { [uri]: edits } },
		};
	}
}

const sameLine = (a: Diagnostic | undefined, b: Diagnostic): boolean => a?.range.start.line === b.range.start.line;

function overlaps(a: Range, b: Range): boolean {
	const before = (p: Range['start'], q: Range['start']) =>
		p.line < q.line || (p.line === q.line && p.character < q.character);
	return !before(a.end, b.start) && !before(b.end, a.start);
}
