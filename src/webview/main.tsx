/** Boots the page: inside VS Code, or from a picture that stands in the document. */

import { render } from 'preact';
import { findHost } from './host.js';
import { Explorer } from './store.js';
import { App } from './view/app.js';

const nonce = (document.currentScript as HTMLScriptElement | null)?.nonce ?? '';

/** Outside of VS Code the reader's own preference decides on the theme. */
function ownTheme(): string {
	const prefers = (query: string) => matchMedia(query).matches;
	const light = prefers('(prefers-color-scheme: light)');
	if (prefers('(prefers-contrast: more)'))
		return light ? 'vscode-high-contrast vscode-high-contrast-light' : 'vscode-high-contrast';
	return light ? 'vscode-light' : 'vscode-dark';
}

/** Rows are as high as the editor's font needs. */
function metrics(): { code: number; out: number } {
	const style = getComputedStyle(document.documentElement);
	const pixels = (name: string, usual: number) => Number.parseFloat(style.getPropertyValue(name)) || usual;
	const code = Math.max(20, Math.ceil((pixels('--vscode-editor-font-size', 12) - 1) * 1.5));
	const out = Math.max(16, Math.ceil(pixels('--vscode-font-size', 13) * 1.2));
	return { code, out };
}

/** Exported so that esbuild sees a module: else each file of the page is wrapped for require(), 1.5 KiB in all. */
export function boot(): void {
	const root = document.getElementById('explorer');
	if (!root) return;
	if (document.body.className === '') document.body.className = ownTheme();
	const host = findHost(root, nonce);
	if (!host) {
		root.textContent = 'This page is shown by Notifier Lab; it has no run of its own.';
		return;
	}
	const explorer = new Explorer(host);
	const sizes = metrics();
	explorer.metrics.value = { ...explorer.metrics.value, ...sizes };
	// as style/base.css will have it: a picture that is laid out for another width is laid out twice
	explorer.setWidth(innerWidth < 900 ? innerWidth : innerWidth - Math.max(340, innerWidth * 0.3));
	document.documentElement.style.setProperty('--line', `${sizes.code}px`);
	document.documentElement.style.setProperty('--small-line', `${sizes.out}px`);
	render(<App explorer={explorer} />, root);
}

boot();
