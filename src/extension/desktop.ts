/** The extension in desktop VS Code and in a remote extension host: the server is a process of its own. */
import type * as vscode from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import { CLIENT_ID, CLIENT_NAME, clientOptions, type Exports, start } from './common.js';

export { deactivate } from './common.js';

export function activate(context: vscode.ExtensionContext): Exports {
	const server = { module: context.asAbsolutePath('dist/server.js'), transport: TransportKind.ipc };
	return start(context, new LanguageClient(CLIENT_ID, CLIENT_NAME, server, clientOptions(context)));
}
