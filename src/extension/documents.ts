import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { KERNEL_SCHEME, KernelSourceRequest, MANUAL_SCHEME, pageOfManualUri } from '../server/protocol.js';
import { asPage } from './pages.js';

/**
 * Read-only documents: the simulated kernel, out of the server, and the manual that finding codes link to, out of the
 * extension. The manual has a scheme of its own because VS Code follows a diagnostic's link to a document that any
 * extension provides, but not to a command.
 */
export function registerDocuments(client: BaseLanguageClient, extension: vscode.Uri): vscode.Disposable[] {
	const { registerTextDocumentContentProvider } = vscode.workspace;
	return [
		registerTextDocumentContentProvider(KERNEL_SCHEME, {
			async provideTextDocumentContent(uri) {
				const text = await client.sendRequest(KernelSourceRequest, { uri: uri.toString() });
				// VS Code shows the error where the text would stand.
				if (text === null) throw vscode.FileSystemError.FileNotFound(uri);
				return text;
			},
		}),
		registerTextDocumentContentProvider(MANUAL_SCHEME, {
			async provideTextDocumentContent(uri) {
				const page = pageOfManualUri(uri.toString());
				if (page === undefined) throw vscode.FileSystemError.FileNotFound(uri);
				const file = vscode.Uri.joinPath(extension, 'media/manual', page);
				return asPage(new TextDecoder().decode(await vscode.workspace.fs.readFile(file)));
			},
		}),
		vscode.commands.registerCommand('notifierLab.openManual', (page?: unknown) =>
			vscode.commands.executeCommand(
				'vscode.open',
				vscode.Uri.from({ scheme: MANUAL_SCHEME, path: `/${typeof page === 'string' ? page : 'index'}.md` }),
			),
		),
	];
}
