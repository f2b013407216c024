import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { codeOfManualUri, KERNEL_SCHEME, KernelSourceRequest, MANUAL_SCHEME } from '../server/protocol.js';

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
				const code = codeOfManualUri(uri.toString());
				if (code === undefined) throw vscode.FileSystemError.FileNotFound(uri);
				const page = vscode.Uri.joinPath(extension, 'media/manual/findings', `${code}.md`);
				return new TextDecoder().decode(await vscode.workspace.fs.readFile(page));
			},
		}),
	];
}
