/**
 * The explorer's panels in a thread of their own: searching a sketch again, and looking into every state of it, must not
 * keep the editor waiting. Both ends of the conversation, over any channel that clones what is posted.
 */
import type { ExportFormat, FromPage } from '../webview/messages.js';
import { type ExplorerHost, Explorers, type Known, type Panels } from './explorer.js';
import type { OpenExplorer } from './protocol.js';
import type { Port } from './remote-check.js';

type Order =
	| { readonly kind: 'open'; readonly target: OpenExplorer }
	| { readonly kind: 'close'; readonly panel: string }
	| { readonly kind: 'edited'; readonly uri: string; readonly planned: boolean }
	| { readonly kind: 'checked' | 'warm'; readonly uri: string }
	| { readonly kind: 'message'; readonly panel: string; readonly message: FromPage }
	| { readonly kind: 'export'; readonly id: number; readonly panel: string; readonly format: ExportFormat }
	| { readonly kind: 'answer'; readonly id: number; readonly value: unknown };

type Word =
	| { readonly kind: 'ask'; readonly id: number; readonly what: 'read' | 'known' | 'limits'; readonly uri: string }
	| { readonly kind: 'send'; readonly panel: string; readonly message: Parameters<ExplorerHost['send']>[1] }
	| { readonly kind: 'exported'; readonly id: number; readonly text: string | null }
	| { readonly kind: 'crash'; readonly message: string };

/** After the first check, in milliseconds: then the thread is made and warmed up, since whoever has a sketch will want to see its run. */
const WARM_AFTER_MS = 1500;

/** Serves panels on a channel: runs in the thread that explores. */
export function serveExplorers(port: Port, own: Pick<ExplorerHost, 'kernelSource' | 'export'>): void {
	const say = (word: Word) => port.post(word);
	const asked = new Map<number, (value: unknown) => void>();
	let next = 1;
	const ask = <T>(what: (Word & { kind: 'ask' })['what'], uri: string): Promise<T> =>
		new Promise((resolve) => {
			const id = next++;
			asked.set(id, resolve as (value: unknown) => void);
			say({ kind: 'ask', id, what, uri });
		});
	const explorers = new Explorers({
		...own,
		read: (uri) => ask<string | undefined>('read', uri),
		known: (uri) => ask<Known | undefined>('known', uri),
		limits: () => ask('limits', ''),
		send: (panel, message) => say({ kind: 'send', panel, message }),
		crash: (message) => say({ kind: 'crash', message }),
	});
	port.listen((order) => {
		const message = order as Order;
		switch (message.kind) {
			case 'open':
				return explorers.open(message.target);
			case 'close':
				return explorers.close(message.panel);
			case 'edited':
				return explorers.edited(message.uri, message.planned);
			case 'checked':
				return explorers.checked(message.uri);
			case 'warm':
				explorers.warm(message.uri).catch((error) => say({ kind: 'crash', message: String(error) }));
				return;
			case 'message':
				return explorers.message(message.panel, message.message);
			case 'export':
				void explorers
					.export(message.panel, message.format)
					.then((text) => say({ kind: 'exported', id: message.id, text }));
				return;
			case 'answer':
				asked.get(message.id)?.(message.value);
				asked.delete(message.id);
		}
	});
}

/** Panels over a channel, as {@link Explorers} has them here. */
export class RemoteExplorers implements Panels {
	readonly #exports = new Map<number, (text: string | null) => void>();
	#port: Port | undefined;
	#warm = false;
	#next = 1;
	/** Sketches on show: nobody else has to hear of edits. */
	readonly #shown = new Map<string, string>();

	/** @param start makes the thread, when the first panel is opened */
	constructor(
		private readonly host: ExplorerHost,
		private readonly start: () => Port,
	) {}

	open(target: OpenExplorer): void {
		this.#shown.set(target.panel, target.uri);
		this.#say({ kind: 'open', target });
	}

	close(panel: string): void {
		this.#shown.delete(panel);
		this.#say({ kind: 'close', panel });
	}

	edited(uri: string, planned: boolean): void {
		if (this.#shows(uri)) this.#say({ kind: 'edited', uri, planned });
	}

	checked(uri: string): void {
		if (!this.#warm) {
			this.#warm = true;
			const timer = setTimeout(() => this.#say({ kind: 'warm', uri }), WARM_AFTER_MS);
			(timer as { unref?: () => void }).unref?.();
		}
		if (this.#shows(uri)) this.#say({ kind: 'checked', uri });
	}

	message(panel: string, message: FromPage): void {
		this.#say({ kind: 'message', panel, message });
	}

	export(panel: string, format: ExportFormat): Promise<string | null> {
		return new Promise((resolve) => {
			const id = this.#next++;
			this.#exports.set(id, resolve);
			this.#say({ kind: 'export', id, panel, format });
		});
	}

	/** To be called when the thread is gone: the next panel makes a new one. */
	lost(error: Error): void {
		this.#port = undefined;
		for (const resolve of this.#exports.values()) resolve(null);
		this.#exports.clear();
		for (const panel of this.#shown.keys())
			this.host.send(panel, {
				type: 'problem',
				message: `the explorer has ended: ${error.message}. Open it again`,
				span: null,
			});
		this.#shown.clear();
	}

	#shows(uri: string): boolean {
		return [...this.#shown.values()].includes(uri);
	}

	#say(order: Order): void {
		if (this.#port === undefined) {
			if (order.kind !== 'open' && order.kind !== 'export' && order.kind !== 'warm') return;
			this.#port = this.start();
			this.#port.listen((word) => void this.#heard(word as Word));
		}
		this.#port.post(order);
	}

	async #heard(word: Word): Promise<void> {
		const { host } = this;
		switch (word.kind) {
			case 'ask': {
				const { id, what, uri } = word;
				const value = what === 'read' ? host.read(uri) : what === 'known' ? host.known(uri) : host.limits();
				this.#say({ kind: 'answer', id, value: await value.catch(() => undefined) });
				return;
			}
			case 'send':
				return host.send(word.panel, word.message);
			case 'exported':
				this.#exports.get(word.id)?.(word.text);
				this.#exports.delete(word.id);
				return;
			case 'crash':
				return host.crash(word.message);
		}
	}
}
