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
		const used = hints === 0 ? '' : hints === 1 ? '1 hint' : `${hints} hints`;
		item.description = [done ? 'done' : '', used].filter(Boolean).join(', ');
		item.accessibilityInformation = { label: `${lesson.title}, ${item.description || 'not done yet'}` };
		item.contextValue = 'lesson';
		item.command = { command: 'notifierLab.lesson.open', title: 'Open', arguments: [id] };
		return item;
	}

	dispose(): void {
		this.listener.dispose();
		this.view.dispose();
		this.changed.dispose();
	}

	private refresh(): void {
		this.view.description = `${this.progress.done} of ${COURSE.length} done`;
		this.changed.fire();
	}
}
