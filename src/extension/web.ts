/** The extension in a browser: the server is a web worker. */
import * as vscode from 'vscode';
import { LanguageClient } from 'vscode-languageclient/browser';
import { CLIENT_ID, CLIENT_NAME, clientOptions, type Exports, start } from './common.js';

export { deactivate } from './common.js';

export function activate(context: vscode.ExtensionContext): Exports {
	const worker = new Worker(vscode.Uri.joinPath(context.extensionUri, 'dist/web/server.js').toString(true));
	return start(context, new LanguageClient(CLIENT_ID, CLIENT_NAME, worker, clientOptions(context)));
}
