/** The HTML around the explorer's page: for a panel of VS Code, and for a file that is read without network. Pure text. */

import type { Picture } from '../findings/explorer/picture.js';
import type { MonacoParts, SavedSource } from './host.js';

/** Addresses of the built page (`dist/webview/…`), as the webview may load them. */
export interface PanelParts {
	readonly title: string;
	/** `dist/webview/explorer.js` and `explorer.css`. */
	readonly script: string;
	readonly style: string;
	/** `dist/webview/monaco.js`, `monaco.css`, `monaco.worker.js`; null to leave monaco out. */
	readonly monaco: MonacoParts | null;
	/** `webview.cspSource`. */
	readonly cspSource: string;
	/** At least 128 bits of chance, new for every page. */
	readonly nonce: string;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);

/** JSON that may stand inside a script element. */
const escapeJson = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

const HEAD = `<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">`;

/**
 * The document of a VS Code panel. Nothing inline, scripts by nonce only; workers from blobs, since a webview has no
 * other (vscode#87282). Monaco writes style elements of its own, so that `style-src` is wider where it is offered.
 */
export function panelDocument({ title, script, style, monaco, cspSource, nonce }: PanelParts): string {
	const policy = [
		`default-src 'none'`,
		`script-src 'nonce-${nonce}'`,
		`style-src ${cspSource}${monaco ? ` 'unsafe-inline'` : ''}`,
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
<link rel="stylesheet" href="${escapeHtml(style)}">
</head>
<body>
<div id="explorer"${data}></div>
<script nonce="${nonce}" src="${escapeHtml(script)}"></script>
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
	/** `dist/webview/engine.js`, so that the page can take other ways; left out, it shows what it has. */
	readonly engine?: string;
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
${engine === undefined ? '' : `<script>${inScript(engine)}</script>\n`}<script>${inScript(script)}</script>
</body>
</html>
`;
}
