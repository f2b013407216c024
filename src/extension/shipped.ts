/** What comes with the extension, to be told from a reader's own work. */
import type * as vscode from 'vscode';
import rangeLock from '../../media/sketches/range-lock.mmn';
import eagain from '../../media/sketches/seed-eagain.mmn';
import waitValid from '../../media/sketches/seed-wait-valid.mmn';
import { COURSE } from '../lessons/lesson.js';
import { TEMPLATES } from '../templates/templates.js';

const plain = (text: string) => text.replaceAll('\r\n', '\n').trim();
const TEXTS = new Set([rangeLock, eagain, waitValid, ...TEMPLATES.map(({ text }) => text)].map(plain));
const LESSONS = new Set(COURSE.flatMap((id) => [`${id}.mmn`, `${id}.solution.mmn`]));

/** Is an open sketch the reader's own: neither a file of the extension's or a lesson, nor one whose text has shipped? */
export function isOwn(document: vscode.TextDocument, context: vscode.ExtensionContext): boolean {
	const { uri } = document;
	const below = (folder: vscode.Uri) => uri.toString().startsWith(`${folder.toString().replace(/\/$/, '')}/`);
	if (below(context.globalStorageUri) || below(context.extensionUri)) return false;
	if (LESSONS.has(uri.path.slice(uri.path.lastIndexOf('/') + 1))) return false;
	return !TEXTS.has(plain(document.getText()));
}
