/** One panel of the explorer: its page, and what it says to the server. */
import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import type { Picture } from '../findings/explorer/picture.js';
import {
	CloseExplorerNotification,
	FromPageNotification,
	type OpenExplorer,
	OpenExplorerNotification,
} from '../server/protocol.js';
import { panelDocument } from '../webview/document.js';
import type { FromPage, ToPage } from '../webview/messages.js';

export const VIEW_TYPE = 'notifierLab.explorer';

/** What a panel shows. */
export type Target = Omit<OpenExplorer, 'panel'>;

/** What a panel asks of the rest of the extension. */
export interface PanelOwner {
	/** The cursor of its run has moved, or it shows another run. */
	moved(panel: ExplorerPanel): void;
	export(panel: ExplorerPanel, message: FromPage & { type: 'export' | 'save' }): Promise<void>;
	closed(panel: ExplorerPanel): void;
}

let panels = 0;

/** The title of a sketch's panel. */
export const titleOf = (uri: string): string =>
	vscode.l10n.t('Explore {0}', decodeURIComponent(uri.slice(uri.lastIndexOf('/') + 1)));

export class ExplorerPanel {
	readonly id: string;
	/** The run on show. */
	picture: Picture | undefined;
	/** Where the threads stand at the cursor. */
	cursor: (FromPage & { type: 'cursor' }) | undefined;
	pinned = false;
	private ready = false;
	/** What the page has to know besides the picture: that one is being made, or why there is none. */
	private notice: ToPage | undefined;
	private closed = false;

	constructor(
		readonly view: vscode.WebviewPanel,
		private target: Target,
		private readonly client: BaseLanguageClient,
		page: PageParts,
		private readonly owner: PanelOwner,
	) {
		this.id = `explorer-${++panels}`;
		view.webview.options = { enableScripts: true, localResourceRoots: [page.folder] };
		view.webview.onDidReceiveMessage((message: FromPage) => this.said(message));
		view.onDidDispose(() => {
			this.closed = true;
			void client.sendNotification(CloseExplorerNotification, { panel: this.id });
			owner.closed(this);
		});
		// its page begins anew when it is shown again
		view.onDidChangeViewState(() => {
			if (!view.visible) this.ready = false;
			owner.moved(this);
		});
		this.name();
		void page.texts.then((texts) => {
			if (!this.closed) view.webview.html = pageOf(view.webview, page.folder, texts, view.title);
		});
		void client.sendNotification(OpenExplorerNotification, { panel: this.id, ...target });
	}

	/** The sketch on show. */
	get uri(): string {
		return this.target.uri;
	}

	show(target: Target): void {
		this.target = target;
		this.picture = undefined;
		this.notice = undefined;
		this.cursor = undefined;
		this.name();
		void this.client.sendNotification(OpenExplorerNotification, { panel: this.id, ...target });
	}

	pin(pinned: boolean): void {
		this.pinned = pinned;
		this.post({ type: 'pinned', pinned });
	}

	/** What the server, or the rest of the extension, has for the page. */
	post(message: ToPage): void {
		if (message.type === 'picture') {
			this.picture = message.picture;
			this.cursor = undefined;
			this.notice = undefined;
		} else if (message.type === 'busy' || (message.type === 'problem' && message.current !== true))
			this.notice = message;
		if (this.ready) void this.view.webview.postMessage(message);
	}

	private name(): void {
		this.view.title = titleOf(this.target.uri);
	}

	private said(message: FromPage): void {
		switch (message.type) {
			case 'ready':
				this.ready = true;
				this.post({ type: 'pinned', pinned: this.pinned });
				// what it has missed: without another way to the server and back
				if (this.picture !== undefined)
					void this.view.webview.postMessage({ type: 'picture', picture: this.picture, stale: false } satisfies ToPage);
				if (this.notice !== undefined) void this.view.webview.postMessage(this.notice);
				return;
			case 'cursor':
				this.cursor = message;
				this.owner.moved(this);
				return;
			case 'pin':
				this.pin(message.pinned);
				return;
			case 'open':
				void openSpan(message.span, this.view.viewColumn);
				return;
			case 'export':
			case 'save':
				void this.owner.export(this, message);
				return;
			default:
		}
		void this.client.sendNotification(FromPageNotification, { panel: this.id, message });
	}
}

/** What every panel's document is made of. */
export interface PageParts {
	/** Where the page's files lie. */
	readonly folder: vscode.Uri;
	/** Its script and style: they stand in the document, so that it is painted without another request. */
	readonly texts: Promise<{ readonly script: string; readonly style: string }>;
}

/** Reads the page once, before the first panel is opened. */
export function readPage(extension: vscode.Uri): PageParts {
	const folder = vscode.Uri.joinPath(extension, 'dist', 'webview');
	const read = async (name: string): Promise<string> =>
		new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder, name)));
	const texts = Promise.all([read('explorer.js'), read('explorer.css')]).then(([script, style]) => ({ script, style }));
	return { folder, texts };
}

function pageOf(
	webview: vscode.Webview,
	folder: vscode.Uri,
	texts: Awaited<PageParts['texts']>,
	title: string,
): string {
	const part = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
	const nonce = [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, '0')).join('');
	return panelDocument({
		title,
		...texts,
		monaco: { script: part('monaco.js'), style: part('monaco.css'), worker: part('monaco.worker.js') },
		cspSource: webview.cspSource,
		nonce,
	});
}

/** Shows a place in a real editor: where its file is shown already, else beside the panel. */
async function openSpan(
	{ uri, ...span }: Picture['steps'][number]['span'],
	own: vscode.ViewColumn | undefined,
): Promise<void> {
	const wanted = vscode.Uri.parse(uri);
	const shown = vscode.window.visibleTextEditors.find((e) => e.document.uri.toString() === wanted.toString());
	const column = shown?.viewColumn ?? (own === vscode.ViewColumn.One ? vscode.ViewColumn.Two : vscode.ViewColumn.One);
	const selection = new vscode.Range(span.line - 1, span.column - 1, span.endLine - 1, span.endColumn - 1);
	try {
		await vscode.window.showTextDocument(wanted, { viewColumn: column, selection, preview: true });
	} catch {
		void vscode.window.showInformationMessage(vscode.l10n.t('That file is not there any more.'));
	}
}
