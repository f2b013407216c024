/** The run of the explorer for elsewhere: the clipboard, or a file. */
import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { ExportRunRequest } from '../server/protocol.js';
import { type SavedParts, savedDocument } from '../webview/document.js';
import type { ExportFormat } from '../webview/messages.js';

/** What each form is called, and the file that it makes; the table goes to the clipboard. */
export const FORMATS: Readonly<Record<ExportFormat, { label: string; extension: string }>> = {
	table: { label: vscode.l10n.t('Mail table, to the clipboard'), extension: 'txt' },
	svg: { label: 'SVG', extension: 'svg' },
	png: { label: 'PNG', extension: 'png' },
	mermaid: { label: 'Mermaid', extension: 'mmd' },
	json: { label: vscode.l10n.t('JSON run, to be replayed'), extension: 'json' },
	sarif: { label: 'SARIF', extension: 'sarif' },
	html: { label: vscode.l10n.t('HTML, one file with the explorer in it'), extension: 'html' },
};

/** Where a run goes, and how it is called. */
export interface ExportTarget {
	readonly panel: string;
	/** Of the sketch. */
	readonly uri: string;
	readonly scenario: string;
	readonly format: ExportFormat;
	/** What the page has made itself: SVG as text, PNG in base 64, with or without `data:…,` before it. */
	readonly data?: string | undefined;
	/** The file to write; asked for where it is left out. */
	readonly file?: vscode.Uri | undefined;
}

/** @returns what to tell; undefined when the user has changed their mind */
export async function exportRun(
	client: BaseLanguageClient,
	extension: vscode.Uri,
	{ panel, uri, scenario, format, data, file }: ExportTarget,
): Promise<{ ok: boolean; message: string } | undefined> {
	const text = data === undefined ? await client.sendRequest(ExportRunRequest, { panel, format }) : null;
	if (data === undefined && text === null) return { ok: false, message: vscode.l10n.t('there is no run to export') };
	if (format === 'table') {
		await vscode.env.clipboard.writeText(text ?? data ?? '');
		return { ok: true, message: vscode.l10n.t('Run copied as a mail table') };
	}
	const bytes =
		data !== undefined
			? bytesOf(data)
			: new TextEncoder().encode(format === 'html' ? await htmlOf(extension, text ?? '') : (text ?? ''));
	const sketch = vscode.Uri.parse(uri);
	const name = `${scenario}.${FORMATS[format].extension}`;
	const target =
		file ??
		(await vscode.window.showSaveDialog({
			defaultUri: vscode.Uri.joinPath(sketch, '..', name),
			filters: { [FORMATS[format].label]: [FORMATS[format].extension] },
		}));
	if (target === undefined) return undefined;
	try {
		await vscode.workspace.fs.writeFile(target, bytes);
	} catch (error) {
		return {
			ok: false,
			message: vscode.l10n.t(
				'{0} cannot be written: {1}',
				target.path,
				error instanceof Error ? error.message : String(error),
			),
		};
	}
	return {
		ok: true,
		message: vscode.l10n.t('Run written to {0}', target.path.slice(target.path.lastIndexOf('/') + 1)),
	};
}

/** The saved page: its script and styles are those of the panel. */
async function htmlOf(extension: vscode.Uri, parts: string): Promise<string> {
	const read = async (name: string): Promise<string> =>
		new TextDecoder().decode(
			await vscode.workspace.fs.readFile(vscode.Uri.joinPath(extension, 'dist', 'webview', name)),
		);
	const [script, style, themes, engine] = await Promise.all(
		['explorer.js', 'explorer.css', 'themes.css', 'engine.js'].map(read),
	);
	return savedDocument({ script, style, themes, engine, ...JSON.parse(parts) } as SavedParts);
}

function bytesOf(data: string): Uint8Array {
	const [head, rest] = /^data:([^,]*),(.*)$/s.exec(data)?.slice(1) ?? ['', data];
	if (!head?.includes('base64') && !/^[A-Za-z0-9+/=\s]+$/.test(rest ?? '')) {
		const text = head === '' ? (rest ?? '') : decodeURIComponent(rest ?? '');
		return new TextEncoder().encode(text);
	}
	return Uint8Array.from(atob(rest ?? ''), (c) => c.charCodeAt(0));
}
