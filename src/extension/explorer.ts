/** The explorer's panels: opened beside the sketch, following it or pinned, and brought back after a reload. */
import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import type { SavedRun } from '../findings/explorer/picture.js';
import { CloseExplorerNotification, ExportRunRequest, OpenExplorerNotification } from '../server/protocol.js';
import type { ExportFormat, FromPage } from '../webview/messages.js';
import { LANGUAGE } from './common.js';
import type { PageMessage } from './debug.js';
import { type ExportTarget, exportRun, FORMATS } from './explorer-export.js';
import { ExplorerMarks } from './explorer-marks.js';
import {
	ExplorerPanel,
	optionsOf,
	type PanelOwner,
	readPage,
	type Target,
	titleOf,
	VIEW_TYPE,
} from './explorer-panel.js';

/** What the command may be told: a finding's reference, or a sketch and a scenario of it. */
interface ExploreArguments {
	readonly uri: string;
	readonly scenario?: string;
	readonly index?: number;
}

/** What the page has kept for a reload (webview/host.ts). */
interface KeptState {
	readonly file?: unknown;
	readonly scenario?: unknown;
	readonly finding?: unknown;
	readonly pinned?: unknown;
}

/** @param shown told whenever a reader has a run before the eyes */
export function registerExplorer(
	client: BaseLanguageClient,
	context: vscode.ExtensionContext,
	shown: vscode.EventEmitter<void>,
	pages: vscode.Event<PageMessage>,
): vscode.Disposable[] {
	const explorers = new Explorers(client, context.extensionUri, shown);
	const { registerCommand } = vscode.commands;
	return [
		explorers,
		registerCommand('notifierLab.explore', (given?: unknown) => explorers.explore(given)),
		registerCommand('notifierLab.exportRun', (format?: unknown, file?: unknown) => explorers.exportRun(format, file)),
		registerCommand('notifierLab.revealInExplorer', () => explorers.reveal()),
		vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
			deserializeWebviewPanel: async (view, state: KeptState | undefined) => explorers.restore(view, state ?? {}),
		}),
		pages(({ panel, message }) => explorers.panel(panel)?.post(message)),
		vscode.window.onDidChangeActiveTextEditor((editor) => explorers.follow(editor)),
		vscode.window.onDidChangeVisibleTextEditors(() => explorers.mark()),
		vscode.window.onDidChangeTextEditorSelection((event) => explorers.clicked(event)),
		vscode.workspace.onDidChangeConfiguration((event) => {
			if (event.affectsConfiguration('notifierLab.explorer')) explorers.mark();
		}),
	];
}

class Explorers implements PanelOwner {
	private readonly panels = new Set<ExplorerPanel>();
	private readonly marks = new ExplorerMarks();
	/** The panel that was looked at last. */
	private last: ExplorerPanel | undefined;
	private readonly page: ReturnType<typeof readPage>;

	constructor(
		private readonly client: BaseLanguageClient,
		private readonly extension: vscode.Uri,
		private readonly shown: vscode.EventEmitter<void>,
	) {
		this.page = readPage(extension);
	}

	panel(id: string): ExplorerPanel | undefined {
		return [...this.panels].find((panel) => panel.id === id);
	}

	/** Shows a run beside the editor, in the panel that follows, or in a new one where all are pinned. The focus stays. */
	explore(given: unknown): void {
		const target = targetOf(given) ?? this.sketchAtHand();
		if (target === undefined) {
			void vscode.window.showInformationMessage(vscode.l10n.t('Open a sketch (.mmn) to explore its runs.'));
			return;
		}
		const free = [...this.panels].find((panel) => !panel.pinned);
		if (free !== undefined) {
			if (free.uri !== target.uri || given !== undefined) free.show(target);
			free.view.reveal(undefined, true);
			this.looked(free);
			return;
		}
		const view = vscode.window.createWebviewPanel(
			VIEW_TYPE,
			titleOf(target.uri),
			{ viewColumn: besideSketch(target.uri), preserveFocus: true },
			optionsOf(this.page),
		);
		this.add(view, target);
	}

	/** Brings a panel back after a reload. */
	restore(view: vscode.WebviewPanel, { file, scenario, finding, pinned }: KeptState): void {
		if (typeof file !== 'string') {
			view.dispose();
			return;
		}
		const panel = this.add(view, {
			uri: file,
			...(typeof scenario === 'string' && { scenario }),
			...(typeof finding === 'number' && finding >= 0 && { finding }),
		});
		panel.pin(pinned === true);
	}

	/** Panels that are not pinned show the sketch that is being edited. */
	follow(editor: vscode.TextEditor | undefined): void {
		if (editor?.document.languageId !== LANGUAGE || editor.document.uri.scheme === 'mmn-kernel') return;
		const uri = editor.document.uri.toString();
		for (const panel of this.panels) if (!panel.pinned && panel.uri !== uri) panel.show({ uri });
	}

	/** A click into a line of the sketch goes to the next step that runs it. */
	clicked({ textEditor, selections, kind }: vscode.TextEditorSelectionChangeEvent): void {
		if (kind !== vscode.TextEditorSelectionChangeKind.Mouse || selections.length !== 1) return;
		if (!selections[0]?.isEmpty || !vscode.workspace.getConfiguration('notifierLab').get('explorer.followCursor', true))
			return;
		this.revealLine(textEditor);
	}

	/** The same for the line of the cursor, by command. */
	reveal(): void {
		const editor = vscode.window.activeTextEditor;
		if (editor === undefined || this.panels.size === 0) this.explore(undefined);
		else this.revealLine(editor);
	}

	private revealLine({ document, selection }: vscode.TextEditor): void {
		if (document.languageId !== LANGUAGE) return;
		const uri = document.uri.toString();
		const line = selection.active.line + 1;
		for (const panel of this.panels)
			if (panel.view.visible && touches(panel, uri)) panel.post({ type: 'reveal', uri: spelt(panel, uri), line });
	}

	mark(): void {
		this.marks.show(this.last);
	}

	moved(panel: ExplorerPanel): void {
		if (panel.view.visible) this.looked(panel);
		else this.mark();
		if (panel.view.visible && panel.cursor && panel.picture) this.shown.fire();
	}

	closed(panel: ExplorerPanel): void {
		this.panels.delete(panel);
		if (this.last === panel) this.last = [...this.panels].at(-1);
		this.mark();
	}

	/** What the menu of a page asks for. */
	async export(panel: ExplorerPanel, message: FromPage & { type: 'export' | 'save' }): Promise<void> {
		const format = message.type === 'save' ? 'json' : message.format;
		const data = message.type === 'save' ? jsonOf(message.run) : message.data;
		if (format === 'png' && data === undefined) {
			// Dots are for the page to make: it has a canvas.
			const svg = await this.client.sendRequest(ExportRunRequest, { panel: panel.id, format: 'svg' });
			if (svg !== null) panel.post({ type: 'raster', svg });
			return;
		}
		const scenario = panel.picture?.scenario ?? 'run';
		const done = await exportRun(this.client, this.extension, {
			panel: panel.id,
			uri: panel.uri,
			scenario,
			format,
			data,
		});
		if (done !== undefined) panel.post({ type: 'exported', format, ...done });
	}

	/** Export Run…: that of the panel, or of the sketch that is being edited. */
	async exportRun(given: unknown, file: unknown): Promise<boolean> {
		const panel = this.last;
		const target = panel ?? this.sketchAtHand();
		if (target === undefined) {
			void vscode.window.showInformationMessage(vscode.l10n.t('Open a sketch (.mmn) to export a run of it.'));
			return false;
		}
		const format = isFormat(given) ? given : await pickFormat();
		if (format === undefined) return false;
		const id = panel?.id ?? `export-${Date.now()}`;
		// without a panel there is one for as long as this takes
		if (panel === undefined)
			await this.client.sendNotification(OpenExplorerNotification, { panel: id, uri: target.uri });
		const what: ExportTarget = {
			panel: id,
			uri: target.uri,
			scenario: panel?.picture?.scenario ?? 'run',
			format,
			file: file instanceof vscode.Uri ? file : undefined,
		};
		const done = await exportRun(this.client, this.extension, what);
		if (panel === undefined) await this.client.sendNotification(CloseExplorerNotification, { panel: id });
		if (done?.ok === true) vscode.window.setStatusBarMessage(done.message, 3000);
		else if (done !== undefined)
			void vscode.window.showInformationMessage(vscode.l10n.t('The run was not exported: {0}.', done.message));
		return done?.ok === true;
	}

	dispose(): void {
		for (const panel of [...this.panels]) panel.view.dispose();
		this.marks.dispose();
	}

	private add(view: vscode.WebviewPanel, target: Target): ExplorerPanel {
		const panel = new ExplorerPanel(view, target, this.client, this.page, this);
		this.panels.add(panel);
		this.looked(panel);
		return panel;
	}

	private looked(panel: ExplorerPanel): void {
		this.last = panel;
		this.mark();
	}

	private sketchAtHand(): Target | undefined {
		const editor = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors.find(isSketch);
		return editor !== undefined && isSketch(editor) ? { uri: editor.document.uri.toString() } : undefined;
	}
}

const isSketch = ({ document }: vscode.TextEditor): boolean =>
	document.languageId === LANGUAGE && document.uri.scheme !== 'mmn-kernel';

const jsonOf = (run: SavedRun): string => `${JSON.stringify(run, null, '\t')}\n`;

/** Menus call a command with arguments of their own. */
function targetOf(given: unknown): Target | undefined {
	if (typeof given !== 'object' || given === null) return undefined;
	const { uri, scenario, index } = given as Partial<ExploreArguments>;
	if (typeof uri !== 'string') return undefined;
	return { uri, ...(scenario !== undefined && { scenario }), ...(index !== undefined && { finding: index }) };
}

/** The run goes through the file. */
function touches({ picture }: ExplorerPanel, uri: string): boolean {
	if (picture === undefined) return false;
	const is = (span: { uri: string }): boolean => vscode.Uri.parse(span.uri).toString() === uri;
	return picture.steps.some((s) => is(s.span) || s.details.some((d) => is(d.span)));
}

/** A file's uri as the picture spells it: the server resolves includes by itself. */
function spelt({ picture }: ExplorerPanel, uri: string): string {
	const spans = (picture?.steps ?? []).flatMap((s) => [s.span, ...s.details.map((d) => d.span)]);
	return spans.find((s) => vscode.Uri.parse(s.uri).toString() === uri)?.uri ?? uri;
}

const isFormat = (value: unknown): value is ExportFormat => typeof value === 'string' && value in FORMATS;

async function pickFormat(): Promise<ExportFormat | undefined> {
	const items = (Object.entries(FORMATS) as [ExportFormat, (typeof FORMATS)[ExportFormat]][])
		.filter(([format]) => format !== 'png')
		.map(([format, { label }]) => ({ label, format }));
	return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Export the run as') }))?.format;
}

/**
 * Beside the sketch, not beside what has the focus: a button of the walkthrough must not cover the sketch. What has the focus is
 * not asked at all: on a busy machine the extension hears of a click after the command of the button that was clicked.
 */
function besideSketch(uri: string): vscode.ViewColumn {
	const shown = ({ activeTab }: vscode.TabGroup): boolean =>
		activeTab?.input instanceof vscode.TabInputText && activeTab.input.uri.toString() === uri;
	const editor = vscode.window.visibleTextEditors.find(({ document }) => document.uri.toString() === uri);
	const column = editor?.viewColumn ?? vscode.window.tabGroups.all.find(shown)?.viewColumn;
	return column === undefined ? vscode.ViewColumn.Beside : column + 1;
}
