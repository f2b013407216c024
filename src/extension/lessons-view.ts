/** The list of lessons, with what is done. */
import * as vscode from 'vscode';
import { COURSE } from '../lessons/lesson.js';
import type { LessonFiles } from './lesson-files.js';
import type { LessonId, Progress } from './progress.js';

interface Row {
	readonly id: LessonId;
}

export class LessonsView implements vscode.TreeDataProvider<Row> {
	private readonly changed = new vscode.EventEmitter<void>();
	readonly onDidChangeTreeData = this.changed.event;
	private readonly rows: readonly Row[] = COURSE.map((id) => ({ id }));
	private readonly view: vscode.TreeView<Row>;
	private readonly listener: vscode.Disposable;

	constructor(
		private readonly files: LessonFiles,
		private readonly progress: Progress,
	) {
		this.view = vscode.window.createTreeView('notifierLab.lessons', { treeDataProvider: this });
		this.listener = progress.onDidChange(() => this.refresh());
		this.refresh();
	}

	getChildren(row?: Row): Row[] {
		return row ? [] : [...this.rows];
	}

	async getTreeItem({ id }: Row): Promise<vscode.TreeItem> {
		const { lesson } = await this.files.of(id);
		const { hints, done } = this.progress.of(id);
		const item = new vscode.TreeItem(lesson.title);
		item.id = id;
		item.iconPath = done
			? new vscode.ThemeIcon('pass-filled', new vscode.ThemeColor('testing.iconPassed'))
			: new vscode.ThemeIcon('circle-large-outline');
		const used = hints === 0 ? '' : hints === 1 ? vscode.l10n.t('1 hint') : vscode.l10n.t('{0} hints', hints);
		// that it is done says its icon: words behind a long title are cut
		item.description = used;
		const state = done ? vscode.l10n.t('done') : vscode.l10n.t('not done yet');
		item.accessibilityInformation = { label: [lesson.title, state, used].filter(Boolean).join(', ') };
		item.contextValue = 'lesson';
		item.command = { command: 'notifierLab.lesson.open', title: vscode.l10n.t('Open'), arguments: [id] };
		return item;
	}

	dispose(): void {
		this.listener.dispose();
		this.view.dispose();
		this.changed.dispose();
	}

	private refresh(): void {
		this.view.description = vscode.l10n.t('{0} of {1} done', this.progress.done, COURSE.length);
		this.changed.fire();
	}
}
