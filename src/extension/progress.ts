/** What a reader has done so far: kept from one session to the next, and told to `when` clauses as context keys. */
import * as vscode from 'vscode';
import { COURSE } from '../lessons/lesson.js';

export type LessonId = (typeof COURSE)[number];

export interface LessonProgress {
	/** How many hints are shown. */
	readonly hints: number;
	readonly done: boolean;
}

const KEY = 'notifierLab.lessons';
const FRESH: LessonProgress = { hints: 0, done: false };

export class Progress {
	private readonly changed = new vscode.EventEmitter<LessonId | undefined>();
	/** The lesson, or undefined when all of them began anew. */
	readonly onDidChange = this.changed.event;

	constructor(private readonly memory: vscode.Memento) {
		for (const id of COURSE) this.tell(id);
	}

	of(id: LessonId): LessonProgress {
		return this.all()[id] ?? FRESH;
	}

	get done(): number {
		return COURSE.filter((id) => this.of(id).done).length;
	}

	/** The first lesson that is not done; the last one when all are. */
	get next(): LessonId {
		return COURSE.find((id) => !this.of(id).done) ?? COURSE[COURSE.length - 1] ?? COURSE[0];
	}

	async set(id: LessonId, progress: LessonProgress): Promise<void> {
		await this.memory.update(KEY, { ...this.all(), [id]: progress });
		this.tell(id);
		this.changed.fire(id);
	}

	async reset(): Promise<void> {
		await this.memory.update(KEY, undefined);
		for (const id of COURSE) this.tell(id);
		this.changed.fire(undefined);
	}

	dispose(): void {
		this.changed.dispose();
	}

	private all(): Partial<Record<LessonId, LessonProgress>> {
		return this.memory.get(KEY, {});
	}

	private tell(id: LessonId): void {
		void vscode.commands.executeCommand('setContext', `notifierLab.lessonDone.${id}`, this.of(id).done);
	}
}
