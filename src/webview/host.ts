/** Who shows the page: VS Code's panel, a test, or nobody (a saved HTML file). The page knows only this interface. */

import type { Picture } from '../findings/explorer/picture.js';
import type { ExportFormat, FromPage, ToPage } from './messages.js';

/** What survives a reload of the panel; the host's serializer reads `file` and `scenario` to make the picture anew. */
export interface Kept {
	readonly version: 1;
	readonly file: string;
	readonly scenario: string;
	readonly finding: number | null;
	readonly pinned: boolean;
	/** The statement under the cursor, to be found again in a newer run; null at the start. */
	readonly place: { readonly lane: string; readonly text: string; readonly nth: number; readonly step: number } | null;
	readonly watched: readonly string[];
	readonly closed: readonly string[];
}

/** Where monaco can be had, for a host that offers it. */
export interface MonacoParts {
	readonly script: string;
	readonly style: string;
	readonly worker: string;
}

export interface Host {
	post(message: FromPage): void;
	/** At most one listener; messages that came earlier are kept for it. */
	listen(listener: (message: ToPage) => void): void;
	keep(kept: Kept): void;
	kept(): Kept | null;
	/** A file of its own, with nothing around it: it has a theme to choose, and nothing to be pinned to. */
	readonly saved: boolean;
	/** Export formats that work here. */
	readonly exports: readonly ExportFormat[];
	readonly monaco: MonacoParts | null;
	/** For scripts that the page loads later; empty where there is no content security policy with one. */
	readonly nonce: string;
}

interface VsCodeApi {
	postMessage(message: unknown): void;
	getState(): unknown;
	setState(state: unknown): void;
}

declare global {
	/** Defined by VS Code in a webview, and by the tests' plain page. */
	var acquireVsCodeApi: (() => VsCodeApi) | undefined;
	/** Defined by the engine of a saved page (src/server/saved.ts), which stands before this script. */
	var notifierLabHost: (() => Host | null) | undefined;
}

/** Texts of a saved page: what a host would send on request. */
export interface SavedSource {
	readonly uri: string;
	readonly title: string;
	readonly text: string;
}

function keptOf(value: unknown): Kept | null {
	return typeof value === 'object' && value !== null && (value as Kept).version === 1 ? (value as Kept) : null;
}

/** The element of a panel's document that holds the picture it begins with. */
export const GIVEN = 'picture';

function panelHost(api: VsCodeApi, root: HTMLElement, nonce: string): Host {
	const early: ToPage[] = [];
	const given = document.getElementById(GIVEN)?.textContent;
	if (given) early.push({ type: 'picture', picture: JSON.parse(given) as Picture });
	let listener: ((message: ToPage) => void) | null = null;
	addEventListener('message', (event: MessageEvent<ToPage>) => {
		if (typeof event.data?.type !== 'string') return;
		if (listener) listener(event.data);
		else early.push(event.data);
	});
	const { script, style, worker } = root.dataset;
	return {
		post: (message) => api.postMessage(message),
		listen(next) {
			listener = next;
			for (const message of early.splice(0)) next(message);
		},
		keep: (kept) => api.setState(kept),
		kept: () => keptOf(api.getState()),
		saved: false,
		exports: ['table', 'svg', 'png', 'mermaid', 'json', 'sarif', 'html'],
		monaco: script && style && worker ? { script, style, worker } : null,
		nonce,
	};
}

/** The host of this page; null where there is neither VS Code nor a run that was saved. */
export function findHost(root: HTMLElement, nonce: string): Host | null {
	if (typeof acquireVsCodeApi === 'function') return panelHost(acquireVsCodeApi(), root, nonce);
	return globalThis.notifierLabHost?.() ?? null;
}
