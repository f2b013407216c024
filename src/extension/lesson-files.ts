/** The files of the lessons: as they ship, and the reader's copies in a scratch folder of the extension's own. */
import * as vscode from 'vscode';
import { COURSE, type Lesson, parseLesson } from '../lessons/lesson.js';
import type { LessonId } from './progress.js';

export interface Shipped {
	readonly page: string;
	readonly start: string;
	readonly lesson: Lesson;
}

export class LessonFiles {
	private readonly shipped = new Map<LessonId, Promise<Shipped>>();

	constructor(
		private readonly extension: vscode.Uri,
		private readonly scratch: vscode.Uri,
	) {}

	/** The lesson as it ships. */
	of(id: LessonId): Promise<Shipped> {
		const known = this.shipped.get(id);
		if (known) return known;
		const reading = this.load(id);
		this.shipped.set(id, reading);
		return reading;
	}

	/** The reader's sketch. */
	sketch(id: LessonId): vscode.Uri {
		return vscode.Uri.joinPath(this.scratch, `${id}.mmn`);
	}

	/** The page that stands beside it. */
	page(id: LessonId): vscode.Uri {
		return vscode.Uri.joinPath(this.scratch, `${id}.md`);
	}

	/** The sketch to begin with, as it ships. */
	start(id: LessonId): vscode.Uri {
		return vscode.Uri.joinPath(this.extension, 'media/lessons', `${id}.mmn`);
	}

	solution(id: LessonId): vscode.Uri {
		return vscode.Uri.joinPath(this.extension, 'media/lessons', `${id}.solution.mmn`);
	}

	/** The lesson that a document is the sketch of. */
	lessonOf(uri: vscode.Uri): LessonId | undefined {
		return COURSE.find((id) => this.sketch(id).toString() === uri.toString());
	}

	/** Writes the sketch to begin with, unless the reader has one already. */
	async begin(id: LessonId, anew = false): Promise<void> {
		const uri = this.sketch(id);
		if (!anew && (await exists(uri))) return;
		await vscode.workspace.fs.writeFile(uri, encode((await this.of(id)).start));
	}

	/** Whether the reader's sketch is another text than the one to begin with. */
	async edited(id: LessonId): Promise<boolean> {
		const uri = this.sketch(id);
		const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
		if (!open && !(await exists(uri))) return false;
		const text = open?.getText() ?? new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
		return text.trim() !== (await this.of(id)).start.trim();
	}

	async write(uri: vscode.Uri, text: string): Promise<void> {
		await vscode.workspace.fs.writeFile(uri, encode(text));
	}

	private async load(id: LessonId): Promise<Shipped> {
		const read = async (name: string) => {
			const file = vscode.Uri.joinPath(this.extension, 'media/lessons', name);
			return new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
		};
		const [page, start] = await Promise.all([read(`${id}.md`), read(`${id}.mmn`)]);
		return { page, start, lesson: parseLesson(page) };
	}
}

async function exists(uri: vscode.Uri): Promise<boolean> {
	try {
		await vscode.workspace.fs.stat(uri);
		return true;
	} catch {
		return false;
	}
}

function encode(text: string): Uint8Array {
	return new TextEncoder().encode(text);
}
