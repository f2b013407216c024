import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { CheckRequest, type FindingReference, KernelFilesRequest, MailTableRequest } from '../server/protocol.js';
import { newSketch } from './new-sketch.js';
import { checkWorkspace } from './sketches.js';

export function registerCommands(client: BaseLanguageClient): vscode.Disposable[] {
	const { registerCommand } = vscode.commands;
	return [
		registerCommand('notifierLab.checkSketch', () => checkSketch(client)),
		registerCommand('notifierLab.checkWorkspace', () => checkWorkspace(client)),
		registerCommand('notifierLab.newSketch', newSketch),
		registerCommand('notifierLab.copyRunAsMailTable', (reference?: FindingReference) =>
			copyMailTable(client, reference),
		),
		registerCommand('notifierLab.showKernelSource', (name?: string) => showKernelSource(client, name)),
	];
}

async function checkSketch(client: BaseLanguageClient): Promise<void> {
	const uri = vscode.window.activeTextEditor?.document.uri.toString();
	const checked = uri !== undefined && (await client.sendRequest(CheckRequest, { uri }));
	if (!checked) void vscode.window.showInformationMessage(vscode.l10n.t('Open a sketch (.mmn) to check it.'));
}

/** Copies the run of the finding at the cursor, or of the only one there is; asks where there are several. */
async function copyMailTable(client: BaseLanguageClient, given: FindingReference | undefined): Promise<void> {
	const reference = isReference(given) ? given : await pickFinding();
	if (reference === undefined) return;
	const table = reference && (await client.sendRequest(MailTableRequest, reference));
	if (!table) {
		void vscode.window.showInformationMessage(vscode.l10n.t('There is no finding here whose run could be copied.'));
		return;
	}
	await vscode.env.clipboard.writeText(table);
	vscode.window.setStatusBarMessage(vscode.l10n.t('Run copied as a mail table'), 3000);
}

/** @returns null when there is none, undefined when the user has changed their mind */
async function pickFinding(): Promise<FindingReference | null | undefined> {
	const editor = vscode.window.activeTextEditor;
	if (!editor) return null;
	const findings = vscode.languages.getDiagnostics(editor.document.uri).flatMap((diagnostic) => {
		const reference = referenceOf(diagnostic);
		return reference ? [{ diagnostic, reference }] : [];
	});
	const line = editor.selection.active.line;
	const here = findings.filter(({ diagnostic: { range } }) => range.start.line <= line && line <= range.end.line);
	const [only, ...others] = here.length > 0 ? here : findings;
	if (!only) return null;
	if (others.length === 0) return only.reference;
	const items = [only, ...others].map(({ diagnostic, reference }) => ({
		label: diagnostic.message,
		description: vscode.l10n.t('{0}, line {1}', reference.scenario, diagnostic.range.start.line + 1),
		reference,
	}));
	return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Copy the run of which finding?') }))
		?.reference;
}

/** The client keeps what the server attached to a diagnostic, beside what VS Code's type has. */
function referenceOf(diagnostic: vscode.Diagnostic & { data?: unknown }): FindingReference | undefined {
	return diagnostic.source === 'notifier-lab' && isReference(diagnostic.data) ? diagnostic.data : undefined;
}

/** Menus call a command with arguments of their own. */
function isReference(value: unknown): value is FindingReference {
	return typeof value === 'object' && value !== null && 'scenario' in value && 'index' in value && 'uri' in value;
}

async function showKernelSource(client: BaseLanguageClient, name: string | undefined): Promise<void> {
	const files = await client.sendRequest(KernelFilesRequest, null);
	const items = files.map((file) => ({ label: `<${file.name}>`, file }));
	const picked =
		items.find(({ file }) => file.name === name) ??
		(await vscode.window.showQuickPick(items, {
			placeHolder: vscode.l10n.t('Which library of the simulated kernel?'),
		}));
	if (picked) await vscode.window.showTextDocument(vscode.Uri.parse(picked.file.uri), { preview: true });
}
