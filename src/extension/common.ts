/** What the desktop and the web entry share: everything but how the server is started. Free of Node. */
import * as vscode from 'vscode';
import type { BaseLanguageClient, LanguageClientOptions } from 'vscode-languageclient';
import {
	type InitializationOptions,
	ListRequest,
	ReadRequest,
	type Status,
	StatusNotification,
	ToPageNotification,
} from '../server/protocol.js';
import { registerCommands } from './commands.js';
import { type PageMessage, registerDebug } from './debug.js';
import { registerDocuments } from './documents.js';
import { registerExplorer } from './explorer.js';
import { registerLessons } from './lessons.js';
import { restartOnce } from './restart.js';
import { registerStatus } from './status.js';
import { registerTests, type Tests } from './tests.js';
import { registerWalkthrough } from './walkthrough.js';

export const LANGUAGE = 'mmn';
export const CLIENT_ID = 'notifierLab';
export const CLIENT_NAME = 'Notifier Lab';

/** Options of the client that do not depend on where the server runs. */
export function clientOptions(context: vscode.ExtensionContext): LanguageClientOptions {
	const files = vscode.workspace.createFileSystemWatcher('**/*.mmn');
	context.subscriptions.push(files);
	const commands = context.extension.packageJSON.contributes.commands.map(
		({ command }: { command: string }) => command,
	);
	const shipped = [context.globalStorageUri, context.extensionUri].map((folder) => folder.toString());
	const initializationOptions: InitializationOptions = { manual: true, reads: true, lists: true, commands, shipped };
	return {
		documentSelector: [{ language: LANGUAGE }],
		synchronize: { fileEvents: files },
		diagnosticCollectionName: 'notifier-lab',
		initializationOptions,
		errorHandler: restartOnce(vscode.l10n),
	};
}

const loaded = performance.now();
let running: BaseLanguageClient | undefined;

/** What the extension gives to other extensions; ours are its tests. */
export interface Exports {
	readonly tests: Tests;
	/** From when this code was there until it was ready, ms. */
	readonly activation: number;
}

/** Starts the client and everything that needs it. Does not wait for the server. */
export function start(context: vscode.ExtensionContext, client: BaseLanguageClient): Exports {
	running = client;
	// A client hands each notification to one listener only.
	const statuses = new vscode.EventEmitter<Status>();
	const runs = new vscode.EventEmitter<void>();
	const pages = new vscode.EventEmitter<PageMessage>();
	context.subscriptions.push(
		statuses,
		runs,
		pages,
		client.onNotification(StatusNotification, (status) => statuses.fire(status)),
		client.onNotification(ToPageNotification, (message) => pages.fire(message)),
		client.onRequest(ListRequest, list),
		client.onRequest(ReadRequest, ({ uri }) => read(vscode.Uri.parse(uri))),
		...registerStatus(statuses.event),
		...registerDocuments(client, context.extensionUri),
		...registerCommands(client),
		...registerExplorer(client, context, runs, pages.event),
		...registerDebug(client, pages.event),
		...registerLessons(client, context, statuses.event),
		...registerWalkthrough(context, statuses.event, runs.event),
	);
	const { tests, disposables } = registerTests(client);
	context.subscriptions.push(...disposables);
	// Nobody waits for the server here: each request does, and says so itself where there is none.
	client.start().catch(() => {});
	return { tests, activation: performance.now() - loaded };
}

/** Ends the server. VS Code waits for it, as it does not for what is disposed of. */
export async function deactivate(): Promise<void> {
	if (running?.isRunning()) await running.stop();
}

/** The sketches of the workspace, in whatever it is stored. */
async function list(): Promise<string[]> {
	const found = await vscode.workspace.findFiles('**/*.mmn', '**/node_modules/**', 2000);
	return found.map((uri) => uri.toString());
}

async function read(uri: vscode.Uri): Promise<string | null> {
	try {
		return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
	} catch {
		return null; // not there, or of a scheme that nobody serves
	}
}
