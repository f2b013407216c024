/** A client for tests of language features: the real server with the real check, over the protocol. */
import { PassThrough } from 'node:stream';
import { createConnection } from 'vscode-languageserver/node';
import {
	type CompletionClientCapabilities,
	type CompletionItem,
	type CompletionList,
	CompletionRequest,
	CompletionResolveRequest,
	createProtocolConnection,
	DidChangeTextDocumentNotification,
	DidOpenTextDocumentNotification,
	InitializedNotification,
	InitializeRequest,
	type Position,
	type ProtocolConnection,
	type ProtocolRequestType,
	PublishDiagnosticsNotification,
	type Range,
	StreamMessageReader,
	StreamMessageWriter,
	type TextEdit,
} from 'vscode-languageserver-protocol/node';
import { CheckRequest } from '../../../src/server/protocol.js';
import { startServer } from '../../../src/server/server.js';
import { services } from '../../../src/server/services.js';

export const URI = 'file:///w/sketch.mmn';

export class FeatureClient {
	readonly #texts = new Map<string, string>();
	readonly #versions = new Map<string, number>();
	readonly #published = new Map<string, readonly { code?: unknown; message: unknown; severity?: number }[]>();

	private constructor(private readonly connection: ProtocolConnection) {
		connection.onNotification(PublishDiagnosticsNotification.type, ({ uri, diagnostics }) => {
			this.#published.set(uri, diagnostics);
		});
	}

	/**
	 * @param disk files that are not open, by uri; they are also the workspace
	 * @param completion what the client says of its completion: nothing, as the plainest does
	 */
	static async start(
		disk: Readonly<Record<string, string>> = {},
		settings: object = {},
		completion: CompletionClientCapabilities = { completionItem: { snippetSupport: false } },
	): Promise<FeatureClient> {
		const up = new PassThrough();
		const down = new PassThrough();
		startServer(
			createConnection(up, down),
			services,
			async (uri) => disk[uri],
			async () => Object.keys(disk),
		);
		const connection = createProtocolConnection(new StreamMessageReader(down), new StreamMessageWriter(up));
		const client = new FeatureClient(connection);
		connection.listen();
		await connection.sendRequest(InitializeRequest.type, {
			processId: null,
			rootUri: 'file:///w',
			capabilities: { textDocument: { completion } },
			initializationOptions: { settings },
		});
		await connection.sendNotification(InitializedNotification.type, {});
		return client;
	}

	/** Opens a text, or changes it; the first `|` marks a place and is taken out, where no place is given. */
	show(marked: string, uri = URI, place?: number): { textDocument: { uri: string }; position: Position } {
		const at = place ?? marked.indexOf('|');
		const text = at < 0 || place !== undefined ? marked : marked.slice(0, at) + marked.slice(at + 1);
		const version = (this.#versions.get(uri) ?? 0) + 1;
		this.#versions.set(uri, version);
		this.#texts.set(uri, text);
		if (version === 1) {
			void this.connection.sendNotification(DidOpenTextDocumentNotification.type, {
				textDocument: { uri, languageId: 'mmn', version, text },
			});
		} else {
			void this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
				textDocument: { uri, version },
				contentChanges: [{ text }],
			});
		}
		return { textDocument: { uri }, position: positionIn(text, Math.max(at, 0)) };
	}

	text(uri = URI): string {
		return this.#texts.get(uri) ?? '';
	}

	/** Where a text first stands. */
	at(needle: string, more = 0, uri = URI): { textDocument: { uri: string }; position: Position } {
		const offset = this.text(uri).indexOf(needle);
		if (offset < 0) throw new Error(`${needle} is not in the text`);
		return { textDocument: { uri }, position: positionIn(this.text(uri), offset + more) };
	}

	ask<P, R>(type: ProtocolRequestType<P, R, never, void, unknown> | { method: string }, params: P): Promise<R> {
		return this.connection.sendRequest(type.method, params);
	}

	async complete(marked: string, uri = URI, place?: number): Promise<CompletionItem[]> {
		return (await this.list(marked, uri, place)).items;
	}

	/** As `complete`, with what the list says of all items. */
	async list(marked: string, uri = URI, place?: number): Promise<CompletionList> {
		return (await this.connection.sendRequest(CompletionRequest.type, this.show(marked, uri, place))) as CompletionList;
	}

	async labels(marked: string): Promise<string[]> {
		return (await this.complete(marked))
			.sort((a, b) => ((a.sortText ?? '') < (b.sortText ?? '') ? -1 : 1))
			.map(({ label }) => label);
	}

	resolve(item: CompletionItem): Promise<CompletionItem> {
		return this.connection.sendRequest(CompletionResolveRequest.type, item);
	}

	/** Checks a document now, and says what is shown there. */
	async check(uri = URI): Promise<readonly { code?: unknown; message: unknown; severity?: number }[]> {
		await this.connection.sendRequest(CheckRequest, { uri });
		return this.#published.get(uri) ?? [];
	}

	/** The text in a range. */
	slice({ start, end }: Range, uri = URI): string {
		return this.text(uri).slice(offsetIn(this.text(uri), start), offsetIn(this.text(uri), end));
	}

	/** The text after edits. */
	apply(edits: readonly TextEdit[], uri = URI): string {
		return applyEdits(this.text(uri), edits);
	}
}

export function applyEdits(text: string, edits: readonly TextEdit[]): string {
	return [...edits]
		.sort((a, b) => offsetIn(text, b.range.start) - offsetIn(text, a.range.start))
		.reduce(
			(t, { range, newText }) => t.slice(0, offsetIn(text, range.start)) + newText + t.slice(offsetIn(text, range.end)),
			text,
		);
}

export function positionIn(text: string, offset: number): Position {
	const before = text.slice(0, offset).split('\n');
	return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
}

function offsetIn(text: string, { line, character }: Position): number {
	return (
		text
			.split('\n')
			.slice(0, line)
			.reduce((sum, l) => sum + l.length + 1, 0) + character
	);
}
