/** The language features on a connection: capabilities, and a handler for each request. */
import {
	type ClientCapabilities,
	type Connection,
	type InlayHint,
	LSPErrorCodes,
	type Range,
	ResponseError,
	type ServerCapabilities,
	type TextEdit,
} from 'vscode-languageserver';
import type { HeldAt } from '../../findings/result.js';
import { format, formatOnType, formatRange } from '../../language/format/format.js';
import { incomingCalls, outgoingCalls, prepareCalls } from './calls.js';
import { complete, completionClient, resolve } from './completion.js';
import { hover } from './hover.js';
import { inlayHints } from './inlay.js';
import { documentLinks } from './links.js';
import { definition, highlights, prepareRename, RenameRefused, references, rename } from './navigate.js';
import { documentSymbols, foldingRanges, selectionRange, workspaceSymbols } from './outline.js';
import { LEGEND, semanticTokens } from './semantic-tokens.js';
import { signatureHelp } from './signature.js';
import { type Host, type View, Workspace } from './workspace.js';

/** What the server can do beyond diagnostics. */
export const FEATURE_CAPABILITIES: ServerCapabilities = {
	completionProvider: {
		triggerCharacters: ['.', '>', '<', '#', '/'],
		resolveProvider: true,
		completionItem: { labelDetailsSupport: true },
	},
	hoverProvider: true,
	signatureHelpProvider: { triggerCharacters: ['(', ','], retriggerCharacters: [')'] },
	definitionProvider: true,
	referencesProvider: true,
	renameProvider: { prepareProvider: true },
	documentHighlightProvider: true,
	documentSymbolProvider: true,
	workspaceSymbolProvider: true,
	foldingRangeProvider: true,
	selectionRangeProvider: true,
	semanticTokensProvider: { legend: LEGEND, full: true, range: true },
	callHierarchyProvider: true,
	documentLinkProvider: {},
	documentFormattingProvider: true,
	documentRangeFormattingProvider: true,
	documentOnTypeFormattingProvider: { firstTriggerCharacter: ';', moreTriggerCharacter: ['}', '\n'] },
	inlayHintProvider: true,
};

/** What the features need besides documents. */
export interface FeatureHost extends Host {
	/** The locks that the last check of any sketch has seen in a file, by line; undefined when there was none. */
	held(uri: string): { readonly lines: ReadonlyMap<number, HeldAt>; readonly stale: boolean } | undefined;
	inlayHints(): boolean;
}

export interface Features {
	/** To be called when the client has said what it can do. */
	initialise(capabilities: ClientCapabilities, isVsCode: boolean): void;
	/** To be called when a check has finished: what is told of held locks is told anew. */
	checked(): void;
}

/** Registers all handlers. The client is known when the connection is initialised. */
export function registerFeatures(connection: Connection, host: FeatureHost): Features {
	const workspace = new Workspace(host);
	let client = completionClient({}, false);
	let refreshesHints = false;

	/** Answers with `none` where there is no such document. */
	const on = <P extends { textDocument: { uri: string } }, R>(
		none: R,
		handle: (view: View, params: P) => R | Promise<R>,
	) => {
		return async (params: P): Promise<R> => {
			const view = await workspace.view(params.textDocument.uri);
			return view ? handle(view, params) : none;
		};
	};

	connection.onCompletion(async ({ textDocument: { uri }, position }) => {
		const document = await workspace.document(uri);
		return document ? complete(workspace, document, position, client) : { isIncomplete: false, items: [] };
	});
	connection.onCompletionResolve((item) => resolve(workspace, item));
	connection.onHover(
		on(null, (view, { position }) => {
			const held = host.held(view.uri);
			const here = held?.lines.get(position.line + 1);
			return hover(view, position, here && held && { ...here, stale: held.stale });
		}),
	);
	connection.onSignatureHelp(on(null, (view, { position }) => signatureHelp(view, position)));
	connection.onDefinition(on([], (view, { position }) => definition(workspace, view, position)));
	connection.onReferences(on([], (view, { position, context }) => references(workspace, view, position, context)));
	connection.onPrepareRename(on(null, (view, { position }) => refusing(() => prepareRename(view, position))));
	connection.onRenameRequest(
		on(null, (view, { position, newName }) => refusing(() => rename(workspace, view, position, newName))),
	);
	connection.onDocumentHighlight(on([], (view, { position }) => highlights(view, position)));
	connection.onDocumentSymbol(on([], (view) => documentSymbols(view)));
	connection.onWorkspaceSymbol(({ query }) => workspaceSymbols(workspace, query));
	connection.onFoldingRanges(on([], (view) => foldingRanges(view)));
	connection.onSelectionRanges(on([], (view, { positions }) => positions.map((at) => selectionRange(view, at))));
	connection.languages.semanticTokens.on(on({ data: [] }, (view) => semanticTokens(view)));
	connection.languages.semanticTokens.onRange(on({ data: [] }, (view, { range }) => semanticTokens(view, range)));
	connection.languages.callHierarchy.onPrepare(on([], (view, { position }) => prepareCalls(workspace, view, position)));
	connection.languages.callHierarchy.onIncomingCalls(({ item }) => incomingCalls(workspace, item));
	connection.languages.callHierarchy.onOutgoingCalls(({ item }) => outgoingCalls(workspace, item));
	connection.onDocumentLinks(on([], (view) => documentLinks(workspace, view)));
	connection.languages.inlayHint.on(
		on<{ textDocument: { uri: string }; range: Range }, InlayHint[]>([], (view, { range }) => {
			const held = host.inlayHints() ? host.held(view.uri) : undefined;
			return held && !held.stale ? inlayHints(view, range, held.lines) : [];
		}),
	);

	// The formatter reads the text alone: it works on what is open, however broken.
	const formatting = (uri: string, edits: (text: string) => readonly TextEdit[]): TextEdit[] => {
		const document = host.open(uri);
		return document ? [...edits(document.getText())] : [];
	};
	connection.onDocumentFormatting(({ textDocument }) => formatting(textDocument.uri, format));
	connection.onDocumentRangeFormatting(({ textDocument, range }) =>
		formatting(textDocument.uri, (text) => formatRange(text, range)),
	);
	connection.onDocumentOnTypeFormatting(({ textDocument, position, ch }) =>
		formatting(textDocument.uri, (text) => formatOnType(text, position, ch)),
	);

	return {
		initialise(capabilities, isVsCode) {
			client = completionClient(capabilities, isVsCode);
			refreshesHints = capabilities.workspace?.inlayHint?.refreshSupport === true;
		},
		checked() {
			if (refreshesHints) connection.languages.inlayHint.refresh().catch(() => {}); // the client has gone
		},
	};
}

/** A refusal is an answer with a reason, which editors show. */
async function refusing<T>(ask: () => T | Promise<T>): Promise<T> {
	try {
		return await ask();
	} catch (error) {
		if (error instanceof RenameRefused) throw new ResponseError(LSPErrorCodes.RequestFailed, error.message);
		throw error;
	}
}
