/** Where the threads of the explored run stand, shown in the real editors. */
import * as vscode from 'vscode';
import type { ExplorerPanel } from './explorer-panel.js';

/** Colours of the lanes, as in the panel; more than these begin anew. */
const COLOURS = ['charts.blue', 'charts.purple', 'charts.green', 'charts.yellow', 'charts.red', 'charts.orange'];

export class ExplorerMarks {
	private readonly lanes = COLOURS.map((colour) =>
		vscode.window.createTextEditorDecorationType({
			after: { color: new vscode.ThemeColor(colour), margin: '0 1em 0 2em', fontWeight: 'bold' },
			overviewRulerColor: new vscode.ThemeColor(colour),
			overviewRulerLane: vscode.OverviewRulerLane.Center,
		}),
	);
	/** The line of the step at the cursor. */
	private readonly line = vscode.window.createTextEditorDecorationType({
		isWholeLine: true,
		backgroundColor: new vscode.ThemeColor('editor.stackFrameHighlightBackground'),
	});

	/** Marks what the panel's cursor stands at; nothing without a panel. */
	show(panel: ExplorerPanel | undefined): void {
		const on = vscode.workspace.getConfiguration('notifierLab').get('explorer.followCursor', true);
		const shown = on && panel?.view.visible ? panel : undefined;
		for (const editor of vscode.window.visibleTextEditors) this.mark(editor, shown);
	}

	private mark(editor: vscode.TextEditor, panel: ExplorerPanel | undefined): void {
		const uri = editor.document.uri.toString();
		const { cursor, picture } = panel ?? {};
		const homes = cursor === undefined ? [] : (picture?.states[cursor.step]?.lanes ?? []);
		const all = [
			...(cursor?.spans ?? []),
			...homes.flatMap(({ home }, lane) => (home === null ? [] : [{ lane, span: home }])),
		];
		// where a thread stands in the sketch, and in the kernel's file
		const spans = all.filter(
			({ lane, span }, n) =>
				vscode.Uri.parse(span.uri).toString() === uri &&
				all.findIndex((o) => o.lane === lane && o.span.uri === span.uri) === n,
		);
		const mover = cursor === undefined ? undefined : picture?.steps[cursor.step - 1]?.lane;
		const byColour = this.lanes.map((): vscode.DecorationOptions[] => []);
		for (const { lane, span } of spans) {
			// the name stands behind the line
			const at = new vscode.Range(span.line - 1, span.column - 1, span.line - 1, Number.MAX_SAFE_INTEGER);
			const name = picture?.lanes[lane]?.name ?? '';
			byColour[lane % COLOURS.length]?.push({
				range: editor.document.validateRange(at),
				hoverMessage: `${name} stands here${cursor === undefined ? '' : ` after step ${cursor.step} of the explored run`}`,
				renderOptions: { after: { contentText: `◂ ${name} is here` } },
			});
		}
		this.lanes.forEach((type, n) => {
			editor.setDecorations(type, byColour[n] ?? []);
		});
		const lines = spans.filter(({ lane }) => lane === mover);
		editor.setDecorations(
			this.line,
			lines.map(({ span }) => new vscode.Range(span.line - 1, 0, span.line - 1, 0)),
		);
	}

	dispose(): void {
		for (const type of [...this.lanes, this.line]) type.dispose();
	}
}
