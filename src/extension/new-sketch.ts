import * as vscode from 'vscode';
import { TEMPLATES } from '../templates/templates.js';

/** Opens an untitled sketch made from a template: the one that is named, or one that the user picks. */
export async function newSketch(id?: unknown): Promise<void> {
	const template =
		TEMPLATES.find((t) => t.id === id) ??
		(await vscode.window.showQuickPick([...TEMPLATES], { title: 'New Sketch', placeHolder: 'Which kind of driver?' }));
	if (template === undefined) return;
	const document = await vscode.workspace.openTextDocument({ language: 'mmn', content: template.text });
	await vscode.window.showTextDocument(document);
}
