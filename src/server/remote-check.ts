/**
 * The check in a thread of its own: whoever answers an editor must not be in the middle of a search. Both ends of the
 * conversation, over any channel that clones what is posted.
 */
import type { CheckOptions, checkSketch, Sources } from '../findings/check.js';
import type { FileResult } from '../findings/result.js';

/** One end of a channel. */
export interface Port {
	post(message: unknown): void;
	listen(handler: (message: unknown) => void): void;
}

/** Options that can be cloned; functions stay where they are, and are called by name. */
type PlainOptions = Omit<CheckOptions, 'signal' | `on${string}`>;

type Request =
	| {
			readonly kind: 'check';
			readonly id: number;
			readonly uri: string;
			readonly options: PlainOptions;
			readonly callbacks: readonly string[];
	  }
	| { readonly kind: 'text'; readonly id: number; readonly read: number; readonly text: string | undefined }
	| { readonly kind: 'abort'; readonly id: number; readonly reason: unknown };

type Answer =
	| { readonly kind: 'read'; readonly id: number; readonly read: number; readonly uri: string }
	| { readonly kind: 'call'; readonly id: number; readonly callback: string; readonly value: unknown }
	| { readonly kind: 'done'; readonly id: number; readonly result: FileResult }
	| { readonly kind: 'failed'; readonly id: number; readonly message: string };

/** Serves checks on a channel: runs in the thread that searches. */
export function serveChecks(port: Port, check: typeof checkSketch): void {
	const aborts = new Map<number, AbortController>();
	const reads = new Map<string, (text: string | undefined) => void>();
	const answer = (message: Answer) => port.post(message);
	const run = async ({ id, uri, options, callbacks }: Extract<Request, { kind: 'check' }>) => {
		const abort = new AbortController();
		aborts.set(id, abort);
		let asked = 0;
		const read = (wanted: string) => {
			const number = asked++;
			return new Promise<string | undefined>((resolve) => {
				reads.set(`${id}:${number}`, resolve);
				answer({ kind: 'read', id, read: number, uri: wanted });
			});
		};
		try {
			const calls = callbacks.map((callback) => [
				callback,
				(value: unknown) => answer({ kind: 'call', id, callback, value }),
			]);
			const result = await check(uri, { read }, { ...options, ...Object.fromEntries(calls), signal: abort.signal });
			answer({ kind: 'done', id, result });
		} catch (error) {
			answer({ kind: 'failed', id, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
		} finally {
			aborts.delete(id);
		}
	};
	port.listen((message) => {
		const request = message as Request;
		if (request.kind === 'check') void run(request);
		else if (request.kind === 'abort') aborts.get(request.id)?.abort(request.reason);
		else {
			const key = `${request.id}:${request.read}`;
			reads.get(key)?.(request.text);
			reads.delete(key);
		}
	});
}

interface Pending {
	readonly sources: Sources;
	readonly options: CheckOptions;
	resolve(result: FileResult): void;
	reject(error: Error): void;
}

/** Checks over a channel, as {@link checkSketch} does here. */
export class RemoteCheck {
	readonly #pending = new Map<number, Pending>();
	#next = 1;

	constructor(private readonly port: Port) {
		port.listen((message) => void this.#heard(message as Answer));
	}

	/** As {@link checkSketch}; `onExplored` is not called, since graphs cannot be sent. Rejects where the other end fails. */
	readonly check: typeof checkSketch = (uri, sources, options = {}) => {
		const { signal, onExplored, ...rest } = options;
		const entries = Object.entries(rest);
		const plain = Object.fromEntries(entries.filter(([, value]) => typeof value !== 'function'));
		const callbacks = entries.filter(([, value]) => typeof value === 'function').map(([name]) => name);
		const id = this.#next++;
		return new Promise<FileResult>((resolve, reject) => {
			const abort = () => this.#post({ kind: 'abort', id, reason: signal?.reason });
			const settle = () => {
				this.#pending.delete(id);
				signal?.removeEventListener('abort', abort);
			};
			this.#pending.set(id, {
				sources,
				options,
				resolve: (result) => {
					settle();
					resolve(result);
				},
				reject: (error) => {
					settle();
					reject(error);
				},
			});
			this.#post({ kind: 'check', id, uri, options: plain, callbacks });
			if (signal?.aborted) abort();
			else signal?.addEventListener('abort', abort);
		});
	};

	/** To be called when the other end is gone: whoever waits for it is told. */
	lost(error: Error): void {
		for (const { reject } of [...this.#pending.values()]) reject(error);
	}

	#post(request: Request): void {
		this.port.post(request);
	}

	async #heard(answer: Answer): Promise<void> {
		const pending = this.#pending.get(answer.id);
		if (!pending) return;
		switch (answer.kind) {
			case 'read': {
				const text = await pending.sources.read(answer.uri).catch(() => undefined);
				this.#post({ kind: 'text', id: answer.id, read: answer.read, text });
				break;
			}
			case 'call':
				(pending.options as Readonly<Record<string, ((value: unknown) => void) | undefined>>)[answer.callback]?.(
					answer.value,
				);
				break;
			case 'done':
				pending.resolve(answer.result);
				break;
			case 'failed':
				pending.reject(new Error(answer.message));
		}
	}
}
