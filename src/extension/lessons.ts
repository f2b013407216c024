/**
 * The course in VS Code: a lesson's sketch in an editor, its page beside it, and the checker as the judge. What is done
 * is seen in the Lessons view and above the sketch; nothing pops up.
 */
import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { COURSE, type Judgement, renderLesson } from '../lessons/lesson.js';
import { JudgeRequest, type Status } from '../server/protocol.js';
import { LessonFiles } from './lesson-files.js';
import { LessonLenses } from './lesson-lenses.js';
import { LessonsView } from './lessons-view.js';
import { asPage } from './pages.js';
import { type LessonId, Progress } from './progress.js';

/** Preview of a Markdown file as an editor of its own: it follows its file, and survives a reload. */
const PREVIEW = 'vscode.markdown.preview.editor';

export function registerLessons(
	client: BaseLanguageClient,
	context: vscode.ExtensionContext,
	onStatus: vscode.Event<Status>,
): vscode.Disposable[] {
	const progress = new Progress(context.globalState);
	const files = new LessonFiles(context.extensionUri, vscode.Uri.joinPath(context.globalStorageUri, 'lessons'));
	const course = new Course(client, files, progress);
	const lenses = new LessonLenses(files, progress, course);
	const command = (name: string, run: (id: LessonId) => Promise<unknown>) =>
		vscode.commands.registerCommand(`notifierLab.lesson.${name}`, (id?: unknown) => run(course.meant(id)));
	return [
		progress,
		course,
		lenses,
		new LessonsView(files, progress),
		vscode.languages.registerCodeLensProvider({ language: 'mmn' }, lenses),
		onStatus((status) => course.checked(status)),
		vscode.commands.registerCommand('notifierLab.lesson.open', (id?: unknown) =>
			course.open(course.named(id) ?? progress.next),
		),
		command('page', (id) => course.showPage(id)),
		command('hint', (id) => course.hint(id)),
		command('solution', (id) => course.compare(id)),
		command('start', (id) => course.showStart(id)),
		command('restart', (id) => course.restart(id)),
		vscode.commands.registerCommand('notifierLab.resetLessons', () => course.resetAll()),
	];
}

export class Course {
	private readonly judgements = new Map<LessonId, Judgement>();
	private readonly running = new Map<LessonId, vscode.CancellationTokenSource>();
	private readonly judged = new vscode.EventEmitter<LessonId>();
	readonly onDidJudge = this.judged.event;

	constructor(
		private readonly client: BaseLanguageClient,
		private readonly files: LessonFiles,
		private readonly progress: Progress,
	) {}

	/** What the judge said last, in this session. */
	judgement(id: LessonId): Judgement | undefined {
		return this.judgements.get(id);
	}

	/** The lesson that an argument of a command names. */
	named(given: unknown): LessonId | undefined {
		return COURSE.find((id) => id === given || (isNode(given) && id === given.id));
	}

	/** The lesson a command is about: the one it names, that of the active editor, or the first that is not done. */
	meant(given: unknown): LessonId {
		const active = vscode.window.activeTextEditor?.document.uri;
		return this.named(given) ?? (active && this.files.lessonOf(active)) ?? this.progress.next;
	}

	async open(id: LessonId): Promise<void> {
		await this.files.begin(id);
		const document = await vscode.workspace.openTextDocument(this.files.sketch(id));
		await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.One, preview: true });
		await this.showPage(id);
		await vscode.window.tabGroups.close(
			this.pageTabs()
				.filter(({ uri }) => !same(uri, this.files.page(id)))
				.map(({ tab }) => tab),
			true,
		);
		await this.judge(id);
	}

	/** Shows the page beside the sketch. The focus stays where it is: an editor that opens takes it whatever one asks for. */
	async showPage(id: LessonId): Promise<void> {
		await this.writePage(id);
		const page = this.files.page(id);
		if (this.pageTabs().some(({ tab, uri }) => tab.isActive && same(uri, page))) return;
		const editor = vscode.window.activeTextEditor;
		await vscode.commands.executeCommand('vscode.openWith', page, PREVIEW, {
			viewColumn: vscode.ViewColumn.Two,
			preserveFocus: true,
			preview: true,
		});
		if (editor) await vscode.window.showTextDocument(editor.document, editor.viewColumn);
	}

	/** The tabs that show a page of the course. */
	private pageTabs(): { tab: vscode.Tab; uri: vscode.Uri }[] {
		return vscode.window.tabGroups.all
			.flatMap(({ tabs }) => tabs)
			.flatMap((tab) => {
				const uri = tab.input instanceof vscode.TabInputCustom ? tab.input.uri : undefined;
				return uri && COURSE.some((id) => same(this.files.page(id), uri)) ? [{ tab, uri }] : [];
			});
	}

	async hint(id: LessonId): Promise<void> {
		const { hints, done } = this.progress.of(id);
		const { lesson } = await this.files.of(id);
		await this.progress.set(id, { hints: Math.min(hints + 1, lesson.hints.length), done });
		await this.showPage(id);
	}

	/** Shows the reader's sketch beside the solution. It is the reader's to change still. */
	async compare(id: LessonId): Promise<void> {
		await this.files.begin(id);
		const { lesson } = await this.files.of(id);
		const title = vscode.l10n.t('{0}: a solution ↔ yours', lesson.title);
		await vscode.commands.executeCommand('vscode.diff', this.files.solution(id), this.files.sketch(id), title);
	}

	/** The sketch as the lesson began, beside: checked like any other, so that its run can be explored once more. */
	async showStart(id: LessonId): Promise<void> {
		const viewColumn = vscode.ViewColumn.Beside;
		await vscode.window.showTextDocument(this.files.start(id), { viewColumn, preview: true });
	}

	async restart(id: LessonId): Promise<void> {
		const { start } = await this.files.of(id);
		const uri = this.files.sketch(id);
		if ((await this.files.edited(id)) && !(await this.agreed(id))) return;
		const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
		if (open) {
			// an edit, so that what was written can be had back
			const edit = new vscode.WorkspaceEdit();
			const all = open.validateRange(new vscode.Range(0, 0, open.lineCount, 0));
			edit.replace(uri, all, start);
			await vscode.workspace.applyEdit(edit);
			await open.save();
		} else {
			await this.files.begin(id, true);
		}
		await this.progress.set(id, { hints: 0, done: false });
		await this.open(id);
	}

	private async agreed(id: LessonId): Promise<boolean> {
		const { lesson } = await this.files.of(id);
		const yes = vscode.l10n.t('Start Over');
		const question = vscode.l10n.t('Start “{0}” over?', lesson.title);
		const detail = vscode.l10n.t('What you wrote is replaced by the sketch that the lesson begins with.');
		return (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes;
	}

	async resetAll(): Promise<void> {
		const yes = vscode.l10n.t('Start the Course Anew');
		const detail = vscode.l10n.t(
			'Ticks and hints are taken back. Your sketches stay as they are; "Start Over" resets one.',
		);
		if (
			(await vscode.window.showWarningMessage(
				vscode.l10n.t('Begin all lessons anew?'),
				{ modal: true, detail },
				yes,
			)) !== yes
		)
			return;
		await this.progress.reset();
	}

	/** To be called with every word of the checker: a check that is over is a reason to judge. */
	checked({ uri, state }: Status): void {
		if (state === 'checking' || state === 'unchecked') return;
		const id = this.files.lessonOf(vscode.Uri.parse(uri));
		if (id) void this.judge(id);
	}

	dispose(): void {
		for (const source of this.running.values()) source.dispose();
		this.judged.dispose();
	}

	private async judge(id: LessonId): Promise<void> {
		const uri = this.files.sketch(id).toString();
		const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri);
		if (!document) return;
		const { page, start } = await this.files.of(id);
		this.running.get(id)?.cancel();
		const source = new vscode.CancellationTokenSource();
		this.running.set(id, source);
		const { version } = document;
		try {
			const judgement = await this.client.sendRequest(
				JudgeRequest,
				{ page, start, text: document.getText() },
				source.token,
			);
			// a newer text is judged by itself
			if (!source.token.isCancellationRequested && document.version === version) await this.take(id, judgement);
		} catch (error) {
			if (!source.token.isCancellationRequested) throw error;
		} finally {
			source.dispose();
			if (this.running.get(id) === source) this.running.delete(id);
		}
	}

	/** A lesson that was done once stays done. */
	private async take(id: LessonId, judgement: Judgement): Promise<void> {
		this.judgements.set(id, judgement);
		const before = this.progress.of(id);
		if (judgement.reached && !before.done) await this.progress.set(id, { ...before, done: true });
		await this.writePage(id);
		this.judged.fire(id);
	}

	private async writePage(id: LessonId): Promise<void> {
		const { lesson } = await this.files.of(id);
		const { hints, done } = this.progress.of(id);
		const last = id === COURSE[COURSE.length - 1];
		const page = renderLesson(lesson, this.judgements.get(id), hints, done, last);
		await this.files.write(this.files.page(id), asPage(page));
	}
}

const same = (a: vscode.Uri, b: vscode.Uri) => a.toString() === b.toString();

/** What the Lessons view hands to the commands of its rows. */
function isNode(value: unknown): value is { id: string } {
	return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
}
