/** The sketches of a workspace. */
import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { CheckRequest, RunRequest } from '../server/protocol.js';

const EVERY_SKETCH = '**/*.mmn';
const NOT_OURS = '**/node_modules/**';

/** Everything that ends in .mmn, in the order of its path. */
export async function findSketches(token?: vscode.CancellationToken): Promise<vscode.Uri[]> {
	const files = await vscode.workspace.findFiles(EVERY_SKETCH, NOT_OURS, undefined, token);
	return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

export const watchSketches = (): vscode.FileSystemWatcher => vscode.workspace.createFileSystemWatcher(EVERY_SKETCH);

/** Is a document a sketch of the user's, one that tests are made of? */
export function isSketch({ languageId, uri }: vscode.TextDocument): boolean {
	if (languageId !== 'mmn') return false;
	if (uri.scheme === 'untitled') return true;
	return vscode.workspace.getWorkspaceFolder(uri) !== undefined;
}

/** Checks every sketch of the workspace; what is found goes to the list of problems. @returns how many were checked */
export async function checkWorkspace(client: BaseLanguageClient): Promise<number> {
	const options = {
		location: vscode.ProgressLocation.Notification,
		title: vscode.l10n.t('Checking sketches'),
		cancellable: true,
	};
	return vscode.window.withProgress(options, async (progress, token) => {
		const files = await findSketches(token);
		let checked = 0;
		let wrong = 0;
		for (const file of files) {
			if (token.isCancellationRequested) break;
			progress.report({ message: vscode.workspace.asRelativePath(file), increment: 100 / files.length });
			const uri = file.toString();
			const open = vscode.workspace.textDocuments.some((document) => document.uri.toString() === uri);
			if (open) await client.sendRequest(CheckRequest, { uri });
			const result = await run(client, { uri, publish: true }, token);
			if (!result) continue;
			checked++;
			if (result.errors.length > 0 || result.scenarios.some(({ passed }) => !passed)) wrong++;
		}
		vscode.window.setStatusBarMessage(closing(files.length, checked, wrong), 10_000);
		return checked;
	});
}

function closing(all: number, checked: number, wrong: number): string {
	if (all === 0) return vscode.l10n.t('No sketches (.mmn) in this workspace');
	const what = wrong === 0 ? vscode.l10n.t('all as expected') : vscode.l10n.t('{0} not as expected', wrong);
	return checked < all
		? vscode.l10n.t('{0} of {1} sketches checked: {2}', checked, all, what)
		: vscode.l10n.t('{0} sketches checked: {1}', all, what);
}

/** A run by the server; null also where it was cancelled, or the server has gone. */
export async function run(
	client: BaseLanguageClient,
	params: { uri: string; scenarios?: readonly string[]; publish?: boolean },
	token: vscode.CancellationToken,
) {
	try {
		return await client.sendRequest(RunRequest, params, token);
	} catch {
		return null;
	}
}
