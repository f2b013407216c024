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
	private texts: PageTexts | undefined;
	/** The picture that stands in the page's document. */
	private written: Picture | undefined;
	/** The server has said something. */
	private heard: () => void = () => {};

	constructor(
		readonly view: vscode.WebviewPanel,
		private target: Target,
		private readonly client: BaseLanguageClient,
		private readonly page: PageParts,
		private readonly owner: PanelOwner,
	) {
		this.id = `explorer-${++panels}`;
		view.webview.options = optionsOf(page);
		view.webview.onDidReceiveMessage((message: FromPage) => this.said(message));
		view.onDidDispose(() => {
			this.closed = true;
			void client.sendNotification(CloseExplorerNotification, { panel: this.id });
			owner.closed(this);
		});
		// its page begins anew when it is shown again
		view.onDidChangeViewState(() => {
			if (!view.visible) {
				this.ready = false;
				this.write();
			}
			owner.moved(this);
		});
		this.name();
		const heard = new Promise<void>((resolve) => {
			this.heard = resolve;
			setTimeout(resolve, PATIENCE);
		});
		void Promise.all([page.texts, heard]).then(([texts]) => {
			this.texts = texts;
			this.write();
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
		if (message.type === 'current') this.notice = undefined;
		else if (message.type === 'picture') {
			this.picture = message.picture;
			this.cursor = undefined;
			this.notice = undefined;
		} else if (message.type === 'busy' || (message.type === 'problem' && message.current !== true))
			this.notice = message;
		if (this.picture !== undefined || this.notice !== undefined) this.heard();
		// whoever looks at it again does not see an older run first
		if (message.type === 'picture' && !this.view.visible) this.write();
		if (this.ready) void this.view.webview.postMessage(message);
	}

	/** Makes the page's document, with the picture in it: it is painted without another way to here and back. */
	private write(): void {
		if (this.closed || this.texts === undefined) return;
		this.written = this.picture;
		const { webview, title } = this.view;
		webview.html = pageOf(webview, this.page.folder, this.texts, title, this.picture);
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
				if (this.picture !== undefined && this.picture !== this.written)
					void this.view.webview.postMessage({ type: 'picture', picture: this.picture } satisfies ToPage);
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
	readonly texts: Promise<PageTexts>;
}

interface PageTexts {
	readonly script: string;
	readonly style: string;
}

/** So long, in milliseconds, a page is held back for its picture: VS Code takes longer to make room for it. */
const PATIENCE = 100;

/** What a panel's webview may do. */
export const optionsOf = ({ folder }: PageParts): vscode.WebviewOptions => ({
	enableScripts: true,
	localResourceRoots: [folder],
});

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
	texts: PageTexts,
	title: string,
	picture: Picture | undefined,
): string {
	const part = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
	const nonce = [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, '0')).join('');
	return panelDocument({
		title,
		...texts,
		picture,
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
