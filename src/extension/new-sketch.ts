import * as vscode from 'vscode';
import { TEMPLATES } from '../templates/templates.js';

/** Opens an untitled sketch made from a template: the one that is named, or one that the user picks. */
export async function newSketch(id?: unknown): Promise<void> {
	const template = TEMPLATES.find((t) => t.id === id) ?? (await pick());
	if (template === undefined) return;
	const document = await vscode.workspace.openTextDocument({ language: 'mmn', content: template.text });
	await vscode.window.showTextDocument(document);
}

async function pick(): Promise<(typeof TEMPLATES)[number] | undefined> {
	const { t } = vscode.l10n;
	// their words are in the bundle, too
	const items = TEMPLATES.map((template) => ({ template, label: t(template.label), detail: t(template.detail) }));
	const options = { title: vscode.l10n.t('New Sketch'), placeHolder: vscode.l10n.t('Which kind of driver?') };
	return (await vscode.window.showQuickPick(items, options))?.template;
}
