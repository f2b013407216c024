/** Above a lesson's sketch: how its goal stands, and what one can do next. */
import * as vscode from 'vscode';
import { COURSE } from '../lessons/lesson.js';
import type { LessonFiles } from './lesson-files.js';
import type { Course } from './lessons.js';
import type { LessonId, Progress } from './progress.js';

const TOP = new vscode.Range(0, 0, 0, 0);

export class LessonLenses implements vscode.CodeLensProvider {
	private readonly changed = new vscode.EventEmitter<void>();
	readonly onDidChangeCodeLenses = this.changed.event;
	private readonly listeners: vscode.Disposable[];

	constructor(
		private readonly files: LessonFiles,
		private readonly progress: Progress,
		private readonly course: Course,
	) {
		this.listeners = [
			progress.onDidChange(() => this.changed.fire()),
			course.onDidJudge(() => this.changed.fire()),
			this.changed,
		];
	}

	async provideCodeLenses({ uri }: vscode.TextDocument): Promise<vscode.CodeLens[]> {
		const id = this.files.lessonOf(uri);
		if (!id) return [];
		const { lesson } = await this.files.of(id);
		const { hints, done } = this.progress.of(id);
		const judgement = this.course.judgement(id);
		const met = judgement?.conditions.filter((condition) => condition.met).length ?? 0;
		const goal = `${judgement?.reached ? '$(pass-filled)' : '$(circle-outline)'} ${vscode.l10n.t('Goal: {0} of {1}', met, judgement?.conditions.length ?? lesson.goal.length)}`;
		const next = COURSE[COURSE.indexOf(id) + 1];
		return [
			lens(goal, 'page', id, vscode.l10n.t('Show the page of this lesson')),
			// a narrow editor cuts off what comes last
			...(done && next ? [lens(`$(arrow-right) ${vscode.l10n.t('Next Lesson')}`, 'open', next)] : []),
			...(done || hints === lesson.hints.length
				? []
				: [
						lens(`$(lightbulb) ${vscode.l10n.t('Next Hint ({0} of {1})', hints + 1, lesson.hints.length)}`, 'hint', id),
					]),
			...(done || hints === lesson.hints.length
				? [lens(`$(diff) ${vscode.l10n.t('Solution')}`, 'solution', id, vscode.l10n.t('Compare with a solution'))]
				: []),
			...(done
				? [
						lens(
							`$(history) ${vscode.l10n.t('How It Began')}`,
							'start',
							id,
							vscode.l10n.t('The sketch at the start, with its run to explore'),
						),
					]
				: []),
		];
	}

	dispose(): void {
		for (const listener of this.listeners) listener.dispose();
	}
}

function lens(title: string, command: string, id: LessonId, tooltip = ''): vscode.CodeLens {
	return new vscode.CodeLens(TOP, { title, tooltip, command: `notifierLab.lesson.${command}`, arguments: [id] });
}
