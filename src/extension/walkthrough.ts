/**
 * The walkthrough's steps are ticked by what the checker said, not by clicks: each has a context key
 * `notifierLab.walkthrough.STEP`, kept from one session to the next.
 */
import * as vscode from 'vscode';
import { COURSE } from '../lessons/lesson.js';
import type { Status } from '../server/protocol.js';
import { isOwn } from './shipped.js';

const STEPS = ['deadlock', 'explore', 'fix', 'own'] as const;
type Step = (typeof STEPS)[number];

const KEY = 'notifierLab.walkthrough';
const SEED = 'seed-wait-valid.mmn';
/** After how long VS Code may have the walkthrough at hand: it does not say when, and a busy machine takes its time. */
const SETTLED_MS = [1000, 3000, 10_000, 30_000];
const [FIRST, , THIRD] = COURSE;

export function registerWalkthrough(
	context: vscode.ExtensionContext,
	onStatus: vscode.Event<Status>,
	onRun: vscode.Event<void>,
): vscode.Disposable[] {
	const walkthrough = new Walkthrough(context);
	return [
		walkthrough,
		onStatus((status) => walkthrough.checked(status)),
		onRun(() => walkthrough.seen()),
		vscode.commands.registerCommand('notifierLab.openWalkthrough', () => walkthrough.open()),
		vscode.commands.registerCommand('notifierLab.resetWalkthrough', () => walkthrough.reset()),
		vscode.commands.registerCommand('notifierLab.openSeedSketch', () => walkthrough.openSeed()),
		vscode.commands.registerCommand('notifierLab.exploreSeedSketch', () => walkthrough.exploreSeed()),
	];
}

class Walkthrough {
	/** Sketches that were seen to deadlock. */
	private readonly deadlocked = new Set<string>();
	private timers: ReturnType<typeof setTimeout>[] = [];

	constructor(private readonly context: vscode.ExtensionContext) {
		for (const step of STEPS) this.tell(step);
	}

	checked({ uri, state }: Status): void {
		if (state === 'checking' || state === 'unchecked' || state === 'crashed') return;
		if (codesOf(uri).includes('deadlock')) {
			this.deadlocked.add(uri);
			this.tick('deadlock');
		} else if (state === 'ok' && this.deadlocked.has(uri)) {
			this.tick('fix');
		}
		const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri);
		if (document && isOwn(document, this.context)) this.tick('own');
	}

	/** The explorer shows a run. */
	seen(): void {
		this.tick('explore');
	}

	/** A copy: what ships is not the reader's to change. It stays as the reader has left it. */
	async openSeed(): Promise<void> {
		const { extensionUri } = this.context;
		const { fs } = vscode.workspace;
		const there = await fs.stat(this.copy).then(
			() => true,
			() => false,
		);
		if (!there)
			await fs.writeFile(this.copy, await fs.readFile(vscode.Uri.joinPath(extensionUri, 'media/sketches', SEED)));
		// where there is something to mend, if that is known already
		const error = vscode.languages
			.getDiagnostics(this.copy)
			.find(({ severity }) => severity === vscode.DiagnosticSeverity.Error);
		const selection = error && new vscode.Range(error.range.start, error.range.start);
		const at = { viewColumn: vscode.ViewColumn.Beside, preview: false };
		await vscode.window.showTextDocument(this.copy, selection ? { ...at, selection } : at);
	}

	/**
	 * VS Code ticks a step when its context key changes while it has the walkthrough at hand, which it may not have had
	 * when the step was done: a second key of each step tells it once more, when the walkthrough is there.
	 */
	async open(): Promise<void> {
		const id = `${this.context.extension.id}#notifierLab.start`;
		await vscode.commands.executeCommand('workbench.action.openWalkthrough', id, false);
		for (const timer of this.timers) clearTimeout(timer);
		this.timers = SETTLED_MS.map((ms) => setTimeout(() => this.tellAgain(), ms));
	}

	private tellAgain(): void {
		const lessons = this.context.globalState.get<Record<string, { done?: boolean }>>('notifierLab.lessons', {});
		const done = { ...this.done, callback: lessons[FIRST]?.done, lessons: lessons[THIRD]?.done };
		for (const [step, is] of Object.entries(done)) {
			const key = `notifierLab.walkthrough.again.${step}`;
			// only what changes is heard
			void vscode.commands.executeCommand('setContext', key, false);
			if (is) void vscode.commands.executeCommand('setContext', key, true);
		}
	}

	/** The walkthrough is the active editor when its button is clicked: the sketch has to be named. */
	async exploreSeed(): Promise<void> {
		await this.openSeed();
		const target = { uri: this.copy.toString(), scenario: 'fault_races_munmap', index: 0 };
		await vscode.commands.executeCommand('notifierLab.explore', target);
	}

	dispose(): void {
		for (const timer of this.timers) clearTimeout(timer);
	}

	async reset(): Promise<void> {
		const yes = vscode.l10n.t('Reset');
		const detail = vscode.l10n.t(
			'VS Code takes back the ticks of all walkthroughs at once, those of other extensions too.',
		);
		const sure = await vscode.window.showWarningMessage(
			vscode.l10n.t('Begin the walkthrough anew?'),
			{ modal: true, detail },
			yes,
		);
		if (sure !== yes) return;
		await this.context.globalState.update(KEY, undefined);
		this.deadlocked.clear();
		for (const step of STEPS) {
			this.tell(step);
			void vscode.commands.executeCommand('setContext', `notifierLab.walkthrough.again.${step}`, false);
		}
		await vscode.workspace.fs.delete(this.copy).then(undefined, () => {}); // it was never opened
		await vscode.commands.executeCommand('resetGettingStartedProgress');
		await vscode.commands.executeCommand('notifierLab.openWalkthrough');
	}

	private get copy(): vscode.Uri {
		return vscode.Uri.joinPath(this.context.globalStorageUri, 'walkthrough', SEED);
	}

	private get done(): Partial<Record<Step, true>> {
		return this.context.globalState.get(KEY, {});
	}

	private tick(step: Step): void {
		if (this.done[step]) return;
		void this.context.globalState.update(KEY, { ...this.done, [step]: true });
		this.tell(step, true);
	}

	private tell(step: Step, done = this.done[step] === true): void {
		void vscode.commands.executeCommand('setContext', `notifierLab.walkthrough.${step}`, done);
	}
}

function codesOf(uri: string): unknown[] {
	return vscode.languages
		.getDiagnostics(vscode.Uri.parse(uri))
		.filter(({ source }) => source === 'notifier-lab')
		.map(({ code }) => (typeof code === 'object' ? code.value : code));
}
