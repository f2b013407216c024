/** The language server, over any connection: a process (node.ts) or a web worker (worker.ts). */
import {
	CodeActionKind,
	type CodeLens,
	CodeLensRefreshRequest,
	type Connection,
	DidChangeConfigurationNotification,
	type InitializeParams,
	TextDocumentSyncKind,
	TextDocuments,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type CheckOptions, type checkSketch, SUPERSEDED } from '../findings/check.js';
import { firstToShow } from '../findings/explorer/explorer.js';
import type { Picture } from '../findings/explorer/picture.js';
import type { Finding } from '../findings/result.js';
import { kernelLibraries } from '../kernel/library.js';
import { loadProgram } from '../language/program.js';
import { spanOf } from '../language/text.js';
import type { Judgement } from '../lessons/lesson.js';
import type { ExportFormat } from '../webview/messages.js';
import { scenariosOf as resultsOf } from './checked.js';
import { Checker } from './checker.js';
import { toRange } from './diagnostics.js';
import type { ExplorerHost, Panels, Whole } from './explorer.js';
import { FEATURE_CAPABILITIES, registerFeatures } from './features/register.js';
import { normalise } from './features/workspace.js';
import { Fixes } from './fixes.js';
import { lensesOf } from './lens.js';
import {
	ADD_SCENARIO,
	type Attempt,
	CheckRequest,
	CloseExplorerNotification,
	ExportRunRequest,
	FromPageNotification,
	type InitializationOptions,
	JudgeRequest,
	type KernelFile,
	KernelFilesRequest,
	KernelSourceRequest,
	ListRequest,
	MailTableRequest,
	OpenExplorerNotification,
	ReadRequest,
	RunRequest,
	type ScenarioPlace,
	ScenariosRequest,
	StatusNotification,
	ToPageNotification,
} from './protocol.js';
import { runResult } from './runs.js';
import { readSettings } from './settings.js';

/** What the server asks of the layers below it. */
export interface Services {
	readonly check: typeof checkSketch;
	mailTable(finding: Finding, threads: readonly string[]): string;
	kernelFiles(): readonly KernelFile[];
	kernelSource(uri: string): string | undefined;
	/** A run in a form for elsewhere; undefined where it has none. */
	exportRun(format: ExportFormat, picture: Picture, whole: Whole): string | undefined;
	/** The explorer's panels. */
	panels(host: ExplorerHost): Panels;
	judge(attempt: Attempt, options: CheckOptions): Promise<Judgement>;
}

/**
 * Serves until the connection ends.
 *
 * @param readDisk the text of a file that no editor has open, or undefined when it is not there or not for a disk. Must
 *   not reject. Without it, and for what it does not have, the client is asked if it says that it answers.
 * @param listDisk the sketches in a folder and below it. Must not reject.
 */
export function startServer(
	connection: Connection,
	services: Services,
	readDisk: (uri: string) => Promise<string | undefined> = async () => undefined,
	listDisk: (folder: string) => Promise<readonly string[]> = async () => [],
): void {
	const documents = new TextDocuments<TextDocument>({
		create: TextDocument.create,
		update: (document, changes, version) => {
			for (const change of changes) checker.moved(document.uri, change);
			return TextDocument.update(document, changes, version);
		},
	});
	let options: InitializationOptions = {};
	let pullsSettings = false;
	let watchesSettings = false;
	let refreshesLenses = false;
	let versionedEdits = false;
	let takesEdits = false;
	let showsProgress = false;
	let showsDocuments = false;
	let settings = readSettings(undefined);

	const askClient = async (uri: string) => (await connection.sendRequest(ReadRequest, { uri })) ?? undefined;
	const read = async (uri: string) => {
		const text = await readDisk(uri);
		return text !== undefined || !options.reads ? text : askClient(uri).catch(() => undefined);
	};
	let folders: readonly string[] = [];
	const checker = new Checker(
		{
			get: (uri) => documents.get(uri),
			all: () => documents.all(),
			settings: () => settings,
			links: () => options.manual === true,
			shipped: (uri) => options.shipped?.some((folder) => uri.startsWith(`${folder.replace(/\/$/, '')}/`)) === true,
			read,
			publish: ({ uri, version, diagnostics }) => {
				const sent = connection.sendDiagnostics({
					uri,
					diagnostics: [...diagnostics],
					...(version !== undefined && { version }),
				});
				sent.catch(() => {}); // the client has gone
			},
			status: (status) => {
				connection.sendNotification(StatusNotification, status).catch(() => {});
			},
			aged: (uri) => explorers.edited(uri, settings.check.when === 'onType'),
			changed: (uri) => {
				fixes.changed();
				refreshLenses();
				features.checked();
				explorers.checked(uri);
			},
			crash: (message) => connection.console.error(message),
		},
		services.check,
	);
	const fixes = new Fixes(
		checker,
		documents,
		() => versionedEdits,
		services.check,
		async (title) => {
			if (!showsProgress) return undefined;
			const sign = await connection.window.createWorkDoneProgress();
			sign.begin(title);
			return sign;
		},
	);
	const refreshLenses = () => {
		if (refreshesLenses) connection.sendRequest(CodeLensRefreshRequest.type).catch(() => {});
	};
	const explorers = services.panels({
		read: (uri) => checker.read(uri),
		kernelSource: services.kernelSource,
		limits: async () => checker.limits(),
		known: async (uri) => {
			const result = checker.result(uri);
			return result && { names: result.scenarios.map((s) => s.name), first: firstToShow(result) };
		},
		send: (panel, message) => {
			connection.sendNotification(ToPageNotification, { panel, message }).catch(() => {});
		},
		export: services.exportRun,
		crash: (message) => connection.console.error(message),
	});

	const features = registerFeatures(connection, {
		// Includes are resolved by us and may be spelt otherwise than by the client: `%3A` for `:`.
		open: (uri) => documents.get(uri) ?? documents.all().find((open) => normalise(open.uri) === normalise(uri)),
		all: () => documents.all(),
		read,
		list: async () => {
			if (options.lists) return connection.sendRequest(ListRequest, null).catch(() => []);
			return (await Promise.all(folders.map(listDisk))).flat();
		},
		held: (uri) => checker.held(uri),
		inlayHints: () => settings.inlayHints.enabled,
	});

	connection.onInitialize((params: InitializeParams) => {
		const { capabilities, initializationOptions, workspaceFolders, rootUri } = params;
		folders = workspaceFolders?.map(({ uri }) => uri) ?? (rootUri ? [rootUri] : []);
		features.initialise(capabilities, initializationOptions?.manual === true);
		options = initializationOptions ?? {};
		settings = readSettings(options.settings);
		refreshesLenses = capabilities.workspace?.codeLens?.refreshSupport === true;
		versionedEdits = capabilities.workspace?.workspaceEdit?.documentChanges === true;
		takesEdits = capabilities.workspace?.applyEdit === true;
		showsDocuments = capabilities.window?.showDocument?.support === true;
		showsProgress = capabilities.window?.workDoneProgress === true;
		pullsSettings = capabilities.workspace?.configuration === true;
		watchesSettings = capabilities.workspace?.didChangeConfiguration?.dynamicRegistration === true;
		return {
			serverInfo: { name: 'notifier-lab' },
			capabilities: {
				codeActionProvider: {
					codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite, CodeActionKind.Source],
				},
				codeLensProvider: { resolveProvider: false },
				...(takesEdits && { executeCommandProvider: { commands: [ADD_SCENARIO] } }),
				textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
				...FEATURE_CAPABILITIES,
			},
		};
	});
	connection.onInitialized(async () => {
		if (!pullsSettings) return;
		if (watchesSettings) {
			await connection.client.register(DidChangeConfigurationNotification.type, { section: 'notifierLab' });
		}
		await pull();
	});
	const pull = async () => {
		settings = readSettings(await connection.workspace.getConfiguration('notifierLab'));
		checker.reconfigured();
	};
	connection.onDidChangeConfiguration(async ({ settings: pushed }) => {
		if (pullsSettings) return pull();
		settings = readSettings(pushed?.notifierLab);
		checker.reconfigured();
	});
	connection.onDidChangeWatchedFiles(({ changes }) => {
		for (const { uri } of changes) checker.changedOnDisk(uri);
	});

	documents.onDidOpen(({ document }) => checker.settled(document.uri));
	documents.onDidChangeContent(({ document }) => {
		fixes.changed();
		checker.edited(document.uri);
	});
	documents.onDidSave(({ document }) => checker.settled(document.uri));
	documents.onDidClose(({ document }) => checker.closed(document.uri));

	/** Where scenarios stand in the text as it is now. */
	const scenariosOf = async (uri: string): Promise<ScenarioPlace[]> => {
		const program = await loadProgram(uri, { read: (u) => checker.read(u) }, kernelLibraries);
		return program.scenarios.map((scenario) => ({ name: scenario.name, range: toRange(spanOf(scenario)) }));
	};
	connection.onCodeAction((params) => fixes.for(params));
	connection.onCodeLens(async ({ textDocument: { uri } }): Promise<CodeLens[]> => {
		const [own] = checker.checksOf(uri);
		if (!settings.codeLens.enabled || own?.root !== uri) return [];
		const { checked, fresh } = own;
		const { hints = [] } = (checked.earlier ?? checked).result;
		return lensesOf({
			uri,
			scenarios: await scenariosOf(uri),
			results: resultsOf(checked),
			hints,
			stale: !fresh || checked.earlier !== undefined,
			commands: new Set([...(options.commands ?? []), ...(takesEdits ? [ADD_SCENARIO] : [])]),
		});
	});
	connection.onExecuteCommand(async ({ command, arguments: [given] = [] }) => {
		const uri: unknown = given?.uri;
		if (command !== ADD_SCENARIO || typeof uri !== 'string') return;
		const added = await fixes.scenario(uri);
		if (added === undefined) return;
		const { applied } = await connection.workspace.applyEdit({ label: 'Add a scenario', edit: added.edit });
		const start = { line: added.line, character: 0 };
		// the end of a long sketch is not on the screen
		if (applied && showsDocuments)
			await connection.window.showDocument({ uri, takeFocus: true, selection: { start, end: start } });
	});
	connection.onRequest(ScenariosRequest, ({ uri }) => scenariosOf(uri));
	connection.onRequest(RunRequest, async ({ uri, scenarios, publish }, token) => {
		const abort = new AbortController();
		token.onCancellationRequested(() => abort.abort(SUPERSEDED));
		const result = await checker.checkApart(uri, abort.signal, {
			...(scenarios && { scenarios }),
			...(publish && { publish }),
		});
		return result ? runResult(result) : null;
	});

	connection.onRequest(CheckRequest, ({ uri }) => checker.now(uri));
	connection.onRequest(MailTableRequest, (reference) => {
		const found = checker.finding(reference);
		return found ? services.mailTable(found.finding, found.threads) : null;
	});
	connection.onRequest(JudgeRequest, (attempt, token) => {
		const stop = new AbortController();
		token.onCancellationRequested(() => stop.abort());
		return services.judge(attempt, { ...checker.limits(), signal: stop.signal });
	});
	connection.onNotification(OpenExplorerNotification, (wanted) => explorers.open(wanted));
	connection.onNotification(CloseExplorerNotification, ({ panel }) => explorers.close(panel));
	connection.onNotification(FromPageNotification, ({ panel, message }) => explorers.message(panel, message));
	connection.onRequest(ExportRunRequest, ({ panel, format }) => explorers.export(panel, format));
	connection.onRequest(KernelFilesRequest, () => [...services.kernelFiles()]);
	connection.onRequest(KernelSourceRequest, ({ uri }) => services.kernelSource(uri) ?? null);

	documents.listen(connection);
	connection.listen();
}
