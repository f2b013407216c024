/** The HTML around the explorer's page: for a panel of VS Code, and for a file that is read without network. Pure text. */

import type { Picture } from '../findings/explorer/picture.js';
import { GIVEN, type MonacoParts, type SavedSource } from './host.js';

/** The built page (`dist/webview/…`). */
export interface PanelParts {
	readonly title: string;
	/** Texts of `dist/webview/explorer.js` and `explorer.css`. */
	readonly script: string;
	readonly style: string;
	/** Addresses of `monaco.js`, `monaco.css`, `monaco.worker.js`, as the webview may load them; null to leave monaco out. */
	readonly monaco: MonacoParts | null;
	/** `webview.cspSource`. */
	readonly cspSource: string;
	/** At least 128 bits of chance, new for every page. */
	readonly nonce: string;
	/** What it shows, where that is known: the page need not ask before it is painted. */
	readonly picture?: Picture | undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);

/** JSON that may stand inside a script element. */
const escapeJson = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

const HEAD = `<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">`;

/**
 * The document of a VS Code panel, with its script and style in it: each file of its own would take the webview another way
 * through VS Code before it can paint. Scripts by nonce only; workers from blobs, since a webview has no other
 * (vscode#87282). Monaco writes style elements of its own, so that `style-src` is wider where it is offered.
 */
export function panelDocument({ title, script, style, monaco, cspSource, nonce, picture }: PanelParts): string {
	const policy = [
		`default-src 'none'`,
		`script-src 'nonce-${nonce}'`,
		monaco ? `style-src ${cspSource} 'unsafe-inline'` : `style-src 'nonce-${nonce}'`,
		`font-src ${cspSource}`,
		`img-src data: blob:`,
		...(monaco ? [`worker-src blob:`, `connect-src ${cspSource}`] : []),
	].join('; ');
	const data = monaco
		? ` data-script="${escapeHtml(monaco.script)}" data-style="${escapeHtml(monaco.style)}" data-worker="${escapeHtml(monaco.worker)}"`
		: '';
	return `<!doctype html>
<html lang="en">
<head>
${HEAD}
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<title>${escapeHtml(title)}</title>
<style nonce="${nonce}">${style.replaceAll('</style', '<\\/style')}</style>
</head>
<body>
<div id="explorer"${data}></div>
${picture ? `<script type="application/json" id="${GIVEN}">${escapeJson(picture)}</script>\n` : ''}<script nonce="${nonce}">${inScript(script)}</script>
</body>
</html>
`;
}

/** A script as it may stand inside a page: no text in it may end its element, or begin a comment. */
const inScript = (script: string): string => script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');

/** Texts of `dist/webview/explorer.js`, `explorer.css` and `themes.css`, and what the page shows. */
export interface SavedParts {
	readonly script: string;
	readonly style: string;
	readonly themes: string;
	/** `dist/webview/engine.js`: it answers what the page asks. */
	readonly engine: string;
	/** Of all findings, the one to begin with first, each with every state in it. */
	readonly pictures: readonly [Picture, ...Picture[]];
	readonly sources: readonly SavedSource[];
}

/** One self-contained file: it loads nothing, and its policy forbids that it ever does. */
export function savedDocument({ script, style, themes, engine, pictures, sources }: SavedParts): string {
	const [picture] = pictures;
	const policy = `default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:`;
	const title = `${picture.finding?.code ?? picture.verdict}: ${picture.scenario}`;
	return `<!doctype html>
<html lang="en">
<head>
${HEAD}
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<title>${escapeHtml(title)}</title>
<style>${themes.replaceAll('</style', '<\\/style')}</style>
<style>${style.replaceAll('</style', '<\\/style')}</style>
</head>
<body>
<div id="explorer"></div>
<script type="application/json" id="pictures">${escapeJson(pictures)}</script>
<script type="application/json" id="sources">${escapeJson(sources)}</script>
<script>${inScript(engine)}</script>
<script>${inScript(script)}</script>
</body>
</html>
`;
}
