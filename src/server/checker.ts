/** Keeps the diagnostics of open sketches up to date. Knows documents and results, not how they travel. */
import { type Diagnostic, DiagnosticSeverity } from 'vscode-languageserver-protocol';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { URI } from 'vscode-uri';
import type { CheckOptions, checkSketch, Sources } from '../findings/check.js';
import { mergeHeld } from '../findings/held.js';
import { mayGrow } from '../findings/larger.js';
import type { FileResult, Finding, HeldAt } from '../findings/result.js';
import { type Checked, scenariosOf } from './checked.js';
import { count, type DiagnosticsByFile, stateOf, toDiagnostics, withoutRepeats } from './diagnostics.js';
import { LargerLooks } from './larger.js';
import { type CheckState, type FindingReference, KERNEL_SCHEME, type Settings, type Status } from './protocol.js';
import { JobQueue } from './queue.js';
import { type Change, findingsOf, moved, notFoundAgain, STALE_MS, stale, together } from './stale.js';

/** Between the last keystroke and the start of a check, in milliseconds: a burst of typing is one edit. */
export const DEBOUNCE_MS = 30;
/** Between two reports on a check that takes long, in milliseconds. */
const PROGRESS_MS = 200;

/** What is not the user's to edit is not checked: the left side of a diff, the simulated kernel itself. */
const NOT_CHECKED = new Set([KERNEL_SCHEME, 'git']);

/** The editor as the checker sees it. */
export interface Editor {
	/** The open document at `uri`, as the client spells it. */
	get(uri: string): TextDocument | undefined;
	all(): readonly TextDocument[];
	/** The text of a file that is not open; undefined when there is none. */
	read(uri: string): Promise<string | undefined>;
	settings(): Settings;
	/** Whether the client can open pages of the manual. */
	links(): boolean;
	/** A sketch that came with the client: it means what it leaves out. */
	shipped(uri: string): boolean;
	publish(file: { uri: string; version?: number; diagnostics: readonly Diagnostic[] }): void;
	status(status: Status): void;
	/** What is known of a sketch is of an older text from now on. */
	aged(uri: string): void;
	/** What is known of a sketch has changed. */
	changed(uri: string): void;
	/** For the log: a defect of the checker, not of a sketch. */
	crash(message: string): void;
}

export class Checker {
	private readonly queue = new JobQueue((uri, signal) => this.run(uri, signal));
	private readonly larger = new LargerLooks((uri, scenarios, signal) => this.lookFurther(uri, scenarios, signal));
	private readonly checked = new Map<string, Checked>();
	/** Which files the check of a sketch reads: itself and what it includes, there or not. */
	private readonly reads = new Map<string, Set<string>>();
	/** Sketches that are not open and whose findings are shown all the same: the workspace was checked. */
	private readonly pinned = new Set<string>();
	private readonly waiters = new Map<string, (() => void)[]>();
	private readonly crashes = new Set<string>();
	/** Open documents whose text has changed since it was last settled, where only settled texts are checked. */
	private readonly unsettled = new Set<string>();
	/** The version in which a document was settled last. */
	private readonly settledVersions = new Map<string, number | undefined>();
	/** Texts that such documents are about to have: their files were written elsewhere, and the editor reads them anew. */
	private readonly expected = new Map<string, string>();
	/** Since when what is shown of a sketch is older than its text, and what will say so. */
	private readonly old = new Map<string, { since: number; timer: ReturnType<typeof setTimeout> }>();

	constructor(
		private readonly editor: Editor,
		private readonly check: typeof checkSketch,
	) {}

	/** To be called for each new version of an open document. */
	edited(uri: string): void {
		this.pinned.delete(uri);
		for (const root of new Set([uri, ...this.dependents(uri)])) {
			this.larger.drop(root);
			this.age(root);
			this.editor.aged(root);
		}
		if (this.editor.settings().check.when === 'onType') this.recheck(uri, DEBOUNCE_MS);
		else if (this.expected.has(uri) && this.expected.get(uri) === this.editor.get(uri)?.getText()) this.settled(uri);
		else {
			// who opens a document tells its first version as well
			const opened = this.settledVersions.get(uri) === this.editor.get(uri)?.version;
			if (opened && this.editor.settings().check.when === 'onSave') return;
			// a check that has not begun yet would be of a text that nobody has saved, or asked about
			this.queue.cancel(uri);
			this.finish(uri);
			if (!opened) this.unsettled.add(uri);
			this.tell(uri, 'unchecked');
		}
	}

	/** To be called for each change of a text, before `edited`: what is shown moves with it, as it does on the screen. */
	moved(uri: string, change: Change): void {
		const file = normalise(uri);
		const isFile = (other: string) => normalise(other) === file;
		for (const [root, checked] of this.checked) {
			const { files, earlier } = checked;
			if (![...files.keys(), ...(earlier?.files.keys() ?? [])].some(isFile)) continue;
			this.checked.set(root, {
				...checked,
				files: moved(files, isFile, change),
				...(earlier && { earlier: { ...earlier, files: moved(earlier.files, isFile, change) } }),
			});
		}
	}

	/** To be called when a document was opened or saved. */
	settled(uri: string): void {
		this.unsettled.delete(uri);
		this.expected.delete(uri);
		this.settledVersions.set(uri, this.editor.get(uri)?.version);
		if (this.editor.settings().check.when === 'onSave') this.recheck(uri, 0);
	}

	/** To be called when a document was closed: its findings go, and its text is the disk's again for those that include it. */
	closed(uri: string): void {
		this.unsettled.delete(uri);
		this.expected.delete(uri);
		this.settledVersions.delete(uri);
		this.queue.cancel(uri);
		this.larger.drop(uri);
		this.forget(uri);
		this.finish(uri);
		this.changedOnDisk(uri);
	}

	/** To be called when a file was written, made or removed. */
	changedOnDisk(uri: string): void {
		const { when } = this.editor.settings().check;
		const document = this.open(uri);
		if (when === 'onSave' && document) void this.writtenElsewhere(document);
		if (when === 'manual' || document) return;
		for (const root of this.dependents(uri)) this.queue.schedule(root);
	}

	/** An open document that is as its file is was settled, although nobody has saved it here. */
	private async writtenElsewhere({ uri }: TextDocument): Promise<void> {
		const text = await this.editor.read(uri);
		const document = this.editor.get(uri);
		if (text === undefined || document === undefined) return;
		if (document.getText() !== text) this.expected.set(uri, text);
		else if (this.unsettled.has(uri)) this.settled(uri);
	}

	/** To be called when settings have changed. */
	reconfigured(): void {
		const { when } = this.editor.settings().check;
		if (when === 'manual') return;
		for (const { uri } of this.editor.all())
			if (isChecked(uri) && !(when === 'onSave' && this.unsettled.has(uri))) this.queue.schedule(uri);
	}

	/** Checks an open document now. @returns whether it is open; resolves when its diagnostics are published */
	async now(uri: string): Promise<boolean> {
		if (!this.editor.get(uri) || !isChecked(uri)) return false;
		const done = new Promise<void>((resolve) => {
			this.waiters.set(uri, [...(this.waiters.get(uri) ?? []), resolve]);
		});
		this.queue.schedule(uri, { urgent: true });
		await done;
		return true;
	}

	/** The finding a diagnostic was made from, as of the last finished check. */
	finding({
		uri,
		scenario,
		index,
		stale,
	}: FindingReference): { finding: Finding; threads: readonly string[] } | undefined {
		const known = this.checked.get(uri);
		const results = stale === true ? known?.earlier?.result.scenarios : undefined;
		const found = (results ?? scenariosOf(known)).find(({ name }) => name === scenario);
		const finding = found?.findings[index];
		return found && finding && { finding, threads: found.threads };
	}

	/** The last finished checks in which the file at `uri` had a part, its own first, and whether they are of what stands there now. */
	checksOf(uri: string): { root: string; checked: Checked; fresh: boolean }[] {
		const file = normalise(uri);
		return [...this.checked]
			.filter(([root, { versions }]) => normalise(root) === file || versions.has(file))
			.map(([root, checked]) => ({ root, checked, fresh: this.isFresh(checked) }))
			.sort((a, b) => Number(normalise(b.root) === file) - Number(normalise(a.root) === file));
	}

	/** What the last finished check of a sketch has found. */
	result(uri: string): FileResult | undefined {
		return this.checked.get(uri)?.result;
	}

	/** The text of a file, as open editors have it. */
	read(uri: string): Promise<string | undefined> {
		const document = this.open(uri);
		return document ? Promise.resolve(document.getText()) : this.editor.read(uri);
	}

	/**
	 * Checks a sketch, open or not, apart from the checks as it is edited.
	 *
	 * @param publish show what was found also where the sketch is not open, until it is opened and closed, or removed
	 * @returns undefined when it cannot be read, or `signal` was aborted
	 */
	async checkApart(
		uri: string,
		signal: AbortSignal,
		{ scenarios, publish = false }: { scenarios?: readonly string[]; publish?: boolean } = {},
	): Promise<FileResult | undefined> {
		if ((await this.read(uri)) === undefined) return undefined;
		const versions = new Map<string, number | undefined>();
		const result = await this.check(uri, this.sources(versions), {
			...this.limits(),
			...(scenarios && { scenarios }),
			signal,
		});
		if (signal.aborted) return undefined;
		if (publish && !scenarios && !this.open(uri)) {
			this.pinned.add(uri);
			this.reads.set(uri, new Set(versions.keys()));
			this.keep(uri, result, versions);
		}
		return result;
	}

	/** The locks that the last checks have seen held in a file, by line. */
	held(uri: string): { lines: ReadonlyMap<number, HeldAt>; stale: boolean } | undefined {
		const file = normalise(uri);
		const version = this.open(uri)?.version;
		const checks = [...this.checked.values()].filter(({ versions }) => versions.has(file));
		const seen = checks.flatMap(({ result }) => result.scenarios.flatMap(({ held }) => held ?? []));
		if (seen.length === 0) return undefined;
		const lines = mergeHeld(seen.filter((entry) => normalise(entry.uri) === file));
		return { lines, stale: checks.some(({ versions }) => versions.get(file) !== version) };
	}

	/** Resolves when no check is running or waiting. */
	idle(): Promise<void> {
		return this.queue.idle();
	}

	private recheck(uri: string, delay: number): void {
		if (isChecked(uri)) this.queue.schedule(uri, { delay, urgent: true });
		for (const root of this.dependents(uri)) if (root !== uri) this.queue.schedule(root, { delay });
	}

	private async run(uri: string, signal: AbortSignal): Promise<void> {
		this.larger.pause();
		try {
			await this.checkOne(uri, signal);
		} catch (error) {
			if (!signal.aborted) this.crashed(uri, error);
		} finally {
			if (!signal.aborted) this.finish(uri);
			this.larger.resume();
		}
	}

	/** What goes wrong with one thread more joins what is known of a sketch, where that is still of the same text. */
	private async lookFurther(uri: string, scenarios: readonly string[], signal: AbortSignal): Promise<void> {
		const known = this.checked.get(uri);
		if (known === undefined || !this.isFresh(known)) return;
		try {
			const options = { ...this.limits(), larger: 'only', scenarios, signal } as const;
			const { hints = [] } = await this.check(uri, this.sources(new Map()), options);
			if (signal.aborted || hints.length === 0 || this.checked.get(uri) !== known || !this.isFresh(known)) return;
			const { result, versions } = known;
			this.keep(uri, { ...result, hints: [...(result.hints ?? []), ...hints] }, versions);
		} catch (error) {
			if (!signal.aborted) this.crashed(uri, error);
		}
	}

	private async checkOne(uri: string, signal: AbortSignal): Promise<void> {
		if (!this.editor.get(uri) && !(await this.stillPinned(uri))) return;
		this.tell(uri, 'checking');
		const versions = new Map<string, number | undefined>();
		const result = await this.check(
			uri,
			this.sources(versions, this.readsOf(uri)),
			this.options(uri, signal, versions),
		);
		if (signal.aborted) return;
		// An edit plans the next check by itself, when settings want one; this result is for old text.
		if ([...versions].some(([file, version]) => this.open(file)?.version !== version)) {
			this.tell(uri, 'unchecked');
			return;
		}
		this.reads.set(uri, new Set(versions.keys()));
		this.tell(uri, stateOf(result, this.keep(uri, result, versions)));
		if (this.editor.settings().check.oneThreadMore && !this.editor.shipped(uri))
			this.larger.add(
				uri,
				result.scenarios.filter(mayGrow).map(({ name }) => name),
			);
	}

	/** A sketch that is not open is shown for as long as it is there. */
	private async stillPinned(uri: string): Promise<boolean> {
		if (!this.pinned.has(uri)) return false;
		if ((await this.editor.read(uri)) !== undefined) return true;
		this.forget(uri);
		return false;
	}

	/** The texts of files, with a note of which version of which was read. */
	private sources(versions: Map<string, number | undefined>, files?: Set<string>): Sources {
		return {
			read: async (wanted) => {
				const file = normalise(wanted);
				const document = this.open(wanted);
				versions.set(file, document?.version);
				files?.add(file);
				return document ? document.getText() : this.editor.read(wanted);
			},
		};
	}

	/** Keeps a result, and shows it in place of the one before. @param early its scenarios are still to be run, or to be run to the end */
	private keep(
		uri: string,
		result: FileResult,
		versions: ReadonlyMap<string, number | undefined>,
		early = false,
	): DiagnosticsByFile {
		const known = this.checked.get(uri);
		const before = [...(known?.files.keys() ?? []), ...(known?.earlier?.files.keys() ?? [])];
		const files = toDiagnostics(result, {
			links: this.editor.links(),
			severity: this.editor.settings().findings.severity,
		});
		const ran = !early && (result.scenarios.length > 0 || result.problems.every((p) => p.severity !== 'error'));
		const scenarios = scenariosOf(known);
		const earlier =
			ran || known === undefined || scenarios.length === 0
				? undefined
				: {
						result: { ...known.result, scenarios },
						// what is found again is no old finding; what is not may be found still
						files: notFoundAgain(together(known.earlier?.files, findingsOf(known.files)), files),
					};
		this.checked.set(uri, { result, files, versions, ...(earlier && { earlier }) });
		if (ran) this.renewed(uri);
		for (const file of new Set([...files.keys(), ...before])) this.publish(file);
		this.editor.changed(uri);
		return files;
	}

	private forget(uri: string): void {
		const known = this.checked.get(uri);
		this.renewed(uri);
		this.checked.delete(uri);
		this.reads.delete(uri);
		this.pinned.delete(uri);
		for (const file of new Set([...(known?.files.keys() ?? []), ...(known?.earlier?.files.keys() ?? [])]))
			this.publish(file);
	}

	/** What is shown of a sketch is of an older text from now on; after a while it looks so. */
	private age(root: string): void {
		const known = this.checked.get(root);
		if (known === undefined || this.old.has(root)) return;
		const timer = setTimeout(() => {
			const { files, earlier } = this.checked.get(root) ?? known;
			for (const file of new Set([...files.keys(), ...(earlier?.files.keys() ?? [])])) this.publish(file);
		}, STALE_MS);
		this.old.set(root, { since: Date.now(), timer });
	}

	private renewed(root: string): void {
		clearTimeout(this.old.get(root)?.timer);
		this.old.delete(root);
	}

	private isFresh({ versions }: Checked): boolean {
		return [...versions].every(([file, version]) => this.open(file)?.version === version);
	}

	/** What settings say of how far a check goes. */
	limits(): CheckOptions {
		const { check, environment } = this.editor.settings();
		const { when: _, oneThreadMore: __, ...limits } = check;
		return { ...limits, environment };
	}

	private options(uri: string, signal: AbortSignal, versions: ReadonlyMap<string, number | undefined>): CheckOptions {
		const start = Date.now();
		let told = start;
		let text: FileResult | undefined;
		return {
			...this.limits(),
			signal,
			held: true,
			onProgress: ({ states, frontier, milliseconds }) => {
				const now = Date.now();
				if (signal.aborted || now - told < PROGRESS_MS) return;
				told = now;
				// a long search must not keep back what the text alone shows; a short one brings all in one go
				if (text !== undefined) this.keep(uri, text, new Map(versions), true);
				text = undefined;
				const rate = Math.round((1000 * states) / Math.max(1, milliseconds));
				this.editor.status({ ...this.status(uri, 'checking'), states, milliseconds: now - start, frontier, rate });
			},
			onEarly: (scenario) => {
				if (signal.aborted) return;
				this.keep(uri, { uri, problems: [], ...text, scenarios: [scenario] }, new Map(versions), true);
				text = undefined;
			},
			onText: (result) => {
				if ((result.hints ?? []).length > 0) text = result;
			},
		};
	}

	/** A defect of ours must not take away what the user sees, nor fill the log at every keystroke. */
	private crashed(uri: string, error: unknown): void {
		this.tell(uri, 'crashed');
		const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
		if (this.crashes.has(message)) return;
		this.crashes.add(message);
		this.editor.crash(`The check of ${uri} failed: ${message}`);
	}

	/** Sends all that is known of one file, whichever sketches it comes from, in one go. */
	private publish(file: string): void {
		const key = normalise(file);
		const document = this.open(file);
		const diagnostics = [...this.checked].flatMap(([root, { files, versions, earlier }]) => {
			const since = this.old.get(root)?.since;
			const faded = since !== undefined && Date.now() - since >= STALE_MS;
			const own = files.get(file) ?? [];
			const fresh = !versions.has(key) || versions.get(key) === document?.version;
			const past = earlier?.files.get(file) ?? [];
			return [...(fresh ? own : own.map((d) => stale(d, faded))), ...past.map((d) => stale(d, faded))];
		});
		this.editor.publish({
			uri: document?.uri ?? file,
			...(document && { version: document.version }),
			diagnostics: withoutRepeats(diagnostics),
		});
	}

	private tell(uri: string, state: CheckState): void {
		if (isChecked(uri)) this.editor.status(this.status(uri, state));
	}

	private status(uri: string, state: CheckState): Status {
		const known = this.checked.get(uri);
		const diagnostics = [...(known?.files.values() ?? [])].flat();
		const scenarios = known?.result.scenarios ?? [];
		return {
			uri,
			state,
			errors: count(diagnostics, DiagnosticSeverity.Error),
			warnings: count(diagnostics, DiagnosticSeverity.Warning),
			states: scenarios.reduce((sum, { states }) => sum + states, 0),
			milliseconds: scenarios.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
		};
	}

	private finish(uri: string): void {
		const waiting = this.waiters.get(uri) ?? [];
		this.waiters.delete(uri);
		for (const resolve of waiting) resolve();
	}

	private dependents(uri: string): string[] {
		const file = normalise(uri);
		return [...this.reads].filter(([, files]) => files.has(file)).map(([root]) => root);
	}

	private readsOf(root: string): Set<string> {
		const known = this.reads.get(root);
		if (known) return known;
		const fresh = new Set<string>();
		this.reads.set(root, fresh);
		return fresh;
	}

	/** Includes are resolved by us and may be spelt otherwise than by the client: `%3A` for `:`. */
	private open(uri: string): TextDocument | undefined {
		const file = normalise(uri);
		return this.editor.get(uri) ?? this.editor.all().find((document) => normalise(document.uri) === file);
	}
}

function isChecked(uri: string): boolean {
	return !NOT_CHECKED.has(uri.slice(0, uri.indexOf(':')));
}

function normalise(uri: string): string {
	try {
		return URI.parse(uri).toString();
	} catch {
		return uri; // no uri at all, but still a name
	}
}
