/** A language client for tests: the real protocol over streams in this process, around a check that the test controls. */
import { PassThrough } from 'node:stream';
import { createConnection } from 'vscode-languageserver/node';
import {
	type ClientCapabilities,
	createProtocolConnection,
	type Diagnostic,
	DidChangeTextDocumentNotification,
	DidChangeWatchedFilesNotification,
	DidCloseTextDocumentNotification,
	DidOpenTextDocumentNotification,
	DidSaveTextDocumentNotification,
	FileChangeType,
	type FileEvent,
	InitializedNotification,
	InitializeRequest,
	LogMessageNotification,
	type ProtocolConnection,
	PublishDiagnosticsNotification,
	type PublishDiagnosticsParams,
	StreamMessageReader,
	StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';
import type { CheckOptions, Sources } from '../../src/findings/check.js';
import type { FileResult, Finding, Problem, ScenarioResult, Span } from '../../src/findings/result.js';
import { Explorers } from '../../src/server/explorer.js';
import { type InitializationOptions, ReadRequest, type Status, StatusNotification } from '../../src/server/protocol.js';
import { type Services, startServer } from '../../src/server/server.js';

export type Check = (uri: string, sources: Sources, options: CheckOptions) => Promise<FileResult>;

/** Looks with one thread more come by themselves after a while: only where a test asks for them. */
function quiet(settings: unknown): unknown {
	const { check, ...rest } = (settings ?? {}) as { check?: object };
	return { ...rest, check: { oneThreadMore: false, ...check } };
}

export class TestClient {
	readonly published: PublishDiagnosticsParams[] = [];
	readonly statuses: Status[] = [];
	readonly log: string[] = [];
	private readonly changed: (() => void)[] = [];
	private readonly versions = new Map<string, number>();

	private constructor(readonly connection: ProtocolConnection) {
		connection.onNotification(PublishDiagnosticsNotification.type, (params) => this.note(this.published, params));
		connection.onNotification(StatusNotification, (status) => this.note(this.statuses, status));
		connection.onNotification(LogMessageNotification.type, ({ message }) => this.note(this.log, message));
	}

	/** A server with this check and these files on its disk, and a client that has shaken hands with it. */
	static async start(
		check: Check,
		{
			disk = {},
			workspace,
			options = {},
			services = {},
			capabilities = {},
		}: {
			disk?: Record<string, string>;
			/** Files that only the client can read. */
			workspace?: Record<string, string>;
			options?: InitializationOptions;
			services?: Partial<Services>;
			capabilities?: ClientCapabilities;
		} = {},
	): Promise<TestClient> {
		const up = new PassThrough();
		const down = new PassThrough();
		startServer(
			createConnection(up, down),
			{
				check: (uri, sources, checkOptions = {}) => check(uri, sources, checkOptions),
				mailTable: () => '',
				kernelFiles: () => [],
				kernelSource: () => undefined,
				exportRun: () => undefined,
				panels: (host) => new Explorers(host),
				judge: async () => ({ conditions: [], reached: false, begun: true }),
				...services,
			},
			async (uri) => disk[uri],
		);
		const connection = createProtocolConnection(new StreamMessageReader(down), new StreamMessageWriter(up));
		const client = new TestClient(connection);
		connection.onRequest(ReadRequest, ({ uri }) => workspace?.[uri] ?? null);
		connection.listen();
		await connection.sendRequest(InitializeRequest.type, {
			processId: null,
			rootUri: null,
			capabilities,
			initializationOptions: { reads: workspace !== undefined, ...options, settings: quiet(options.settings) },
		});
		await connection.sendNotification(InitializedNotification.type, {});
		return client;
	}

	open(uri: string, text: string): void {
		this.versions.set(uri, 1);
		const textDocument = { uri, languageId: 'mmn', version: 1, text };
		void this.connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument });
	}

	edit(uri: string, text: string): void {
		const version = (this.versions.get(uri) ?? 0) + 1;
		this.versions.set(uri, version);
		void this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
			textDocument: { uri, version },
			contentChanges: [{ text }],
		});
	}

	save(uri: string): void {
		void this.connection.sendNotification(DidSaveTextDocumentNotification.type, { textDocument: { uri } });
	}

	close(uri: string): void {
		void this.connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } });
	}

	changeOnDisk(uri: string, type: FileChangeType = FileChangeType.Changed): void {
		const changes: FileEvent[] = [{ uri, type }];
		void this.connection.sendNotification(DidChangeWatchedFilesNotification.type, { changes });
	}

	/** Waits until the condition holds; looks again at each message from the server. Rejects after `ms`. */
	async until(condition: () => boolean, ms = 30_000): Promise<void> {
		const end = Date.now() + ms;
		while (!condition()) {
			const left = end - Date.now();
			if (left <= 0) throw new Error(`not seen in time; published: ${JSON.stringify(this.published)}`);
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, left);
				this.changed.push(() => {
					clearTimeout(timer);
					resolve();
				});
			});
		}
	}

	/** What the editor shows in a file now. */
	shown(uri: string): Diagnostic[] {
		return this.published.findLast((params) => params.uri === uri)?.diagnostics ?? [];
	}

	messages(uri: string): string[] {
		return this.shown(uri).map(({ message }) => (typeof message === 'string' ? message : message.value));
	}

	private note<T>(list: T[], item: T): void {
		list.push(item);
		for (const wake of this.changed.splice(0)) wake();
	}
}

export function span(uri: string, line: number, column = 1, endColumn = column + 1): Span {
	return { uri, line, column, endLine: line, endColumn };
}

export function problem(uri: string, message: string, line = 1): Problem {
	return { code: 'syntax', severity: 'error', message, span: span(uri, line) };
}

export function finding(code: string, where: Span, more: Partial<Finding> = {}): Finding {
	return {
		code,
		severity: 'error',
		message: `${code} found`,
		span: where,
		threads: ['A', 'B'],
		related: [],
		assumption: null,
		run: [],
		noReturn: null,
		closing: '',
		...more,
	};
}

export function scenario(name: string, where: Span, more: Partial<ScenarioResult> = {}): ScenarioResult {
	return {
		name,
		span: where,
		verdict: 'ok',
		expected: [],
		asExpected: true,
		states: 10,
		transitions: 12,
		milliseconds: 1,
		complete: true,
		assumptions: [],
		threads: ['A', 'B'],
		findings: [],
		...more,
	};
}

/** A check that says of a file's text what the text says: a problem for each line that starts with `bad`. */
export const echo: Check = async (uri, sources) => {
	const text = (await sources.read(uri)) ?? '';
	const lines = text.split('\n').map((line, index) => ({ line, number: index + 1 }));
	const problems = lines
		.filter(({ line }) => line.startsWith('bad'))
		.map(({ line, number }) => problem(uri, line, number));
	return { uri, problems, scenarios: [] };
};
