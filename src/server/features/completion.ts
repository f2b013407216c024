/** Completion: what can stand at the cursor, the likely first, and what is wrong there last, with the reason. */
import {
	type ClientCapabilities,
	type CompletionItem,
	CompletionItemKind,
	type CompletionList,
	MarkupKind,
	type Position,
	type Range,
} from 'vscode-languageserver-protocol';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { kernelLibraries } from '../../kernel/library.js';
import { LONGEST } from '../../language/lexer.js';
import { noSleepAt } from './context.js';
import { headOf, markdown, notesOf } from './describe.js';
import { type Place, placeAt, withoutOtherBodies } from './place.js';
import { HERE, type Proposal, Proposals, sleepDetail } from './proposals.js';
import { compare, matches, Rank } from './ranking.js';
import type { Workspace } from './workspace.js';

/** More than these are not sent: the client asks again with the next letter. */
const MOST = 150;

/** What a client understands. */
export interface CompletionClient {
	readonly snippets: boolean;
	/** It knows VS Code's command that shows the parameters of a call. */
	readonly parameterHints: boolean;
	/** It takes the range of all items, and what resolving them needs, once. */
	readonly defaults: boolean;
	/** It shows parameters beside the name, and asks for the whole head where it shows one. */
	readonly asksForDetail: boolean;
}

/** Reads what a client has said of itself. */
export function completionClient(capabilities: ClientCapabilities, isVsCode: boolean): CompletionClient {
	const { completionItem, completionList } = capabilities.textDocument?.completion ?? {};
	const defaults = completionList?.itemDefaults ?? [];
	return {
		snippets: completionItem?.snippetSupport === true,
		parameterHints: isVsCode,
		defaults: defaults.includes('editRange') && defaults.includes('data'),
		asksForDetail:
			completionItem?.labelDetailsSupport === true &&
			completionItem.resolveSupport?.properties.includes('detail') === true,
	};
}

/** What `completionItem/resolve` needs to find a declaration again, besides its name. */
interface ItemData {
	readonly uri: string;
	/** Why it is demoted. */
	readonly reason?: string;
}

/** The proposals at a position of a document. */
export async function complete(
	workspace: Workspace,
	document: TextDocument,
	position: Position,
	client: CompletionClient,
): Promise<CompletionList> {
	const { uri } = document;
	const text = document.getText();
	const offset = document.offsetAt(position);
	if (text.length > LONGEST) return { isIncomplete: false, items: [] };
	const place = placeAt(text, offset);
	if (place.kind === 'none' || kernelLibraries.read(uri) !== undefined) return { isIncomplete: false, items: [] };
	const needsTree = /^(member|label|designator|statement|expression)$/.test(place.kind);
	const whole = needsTree ? patched(text, place, offset) : text;
	const program = await workspace.thoughtOf(uri, withoutOtherBodies(whole, place.start));
	const noSleep = place.inBody ? noSleepAt(program, place.start) : undefined;
	// Whether a function of the sketch may sleep is in its body.
	const sleepers = noSleep === undefined ? program : await workspace.program(uri);
	const proposals = new Proposals({ text, program, place, offset, snippets: client.snippets, noSleep, sleepers }).all();
	const matching = proposals
		.map((proposal) => ({ proposal, score: matches(place.prefix, proposal.filterText ?? proposal.label) }))
		.filter(({ score }) => score >= 0)
		.sort(
			(a, b) => a.score - b.score || a.proposal.rank - b.proposal.rank || compare(a.proposal.label, b.proposal.label),
		);
	const range: Range = { start: document.positionAt(place.start), end: position };
	const items = matching
		.slice(0, MOST)
		.map(({ proposal, score }) => itemOf(proposal, score, { uri, range, client, reason: noSleep }));
	return {
		isIncomplete: matching.length > MOST,
		...(client.defaults && { itemDefaults: { editRange: range, data: { uri } } }),
		items,
	};
}

interface Asked {
	readonly uri: string;
	readonly range: Range;
	readonly client: CompletionClient;
	readonly reason: string | undefined;
}

function itemOf({ item, label, rank }: Proposal, score: number, asked: Asked): CompletionItem {
	const { uri, range, client } = asked;
	const { insertText, takes, ...rest } = item();
	const reason = rank === Rank.demoted ? asked.reason : undefined;
	const data: ItemData = { uri, ...(reason && { reason }) };
	const isFunction = rest.kind === CompletionItemKind.Function;
	if (isFunction && client.asksForDetail) delete rest.detail;
	return {
		...rest,
		// What is wrong here stands behind everything else, however well it matches.
		sortText: `${rank === Rank.demoted ? 1 : 0}${score}${rank}${label}`,
		...(client.defaults
			? insertText !== undefined && { textEditText: insertText }
			: { textEdit: { range, newText: insertText ?? label } }),
		...(takes &&
			client.parameterHints && { command: { title: 'Parameters', command: 'editor.action.triggerParameterHints' } }),
		...(isFunction && (reason || !client.defaults) && { data }),
	};
}

/** Adds to a proposal what is too long to send for all of them. */
export async function resolve(workspace: Workspace, item: CompletionItem): Promise<CompletionItem> {
	const { uri, reason } = (item.data ?? {}) as Partial<ItemData>;
	// other items have the default data of their list
	if (uri === undefined || item.kind !== CompletionItemKind.Function) return item;
	const view = await workspace.view(uri);
	const target = view?.program.scope.name(item.label);
	if (!view || !target) return item;
	const head = headOf(target, view.program);
	const parts = notesOf(target, view.program);
	if (reason) parts.unshift(`**Not here:** it may sleep, and ${markdown(reason)}.`);
	const detail = item.detail ?? (reason ? sleepDetail(reason) : head);
	// editors show the detail above
	if (detail !== head) parts.unshift(`\`\`\`c\n${head}\n\`\`\``);
	const documentation = { kind: MarkupKind.Markdown, value: parts.join('\n\n') };
	return { ...item, detail, ...(parts.length > 0 && { documentation }) };
}

/** The text with a whole statement where half of one is typed. */
function patched(text: string, place: Place, offset: number): string {
	const before = text.slice(0, place.start);
	const after = text.slice(offset);
	if (!place.inBody) return `${before}${HERE}${after}`;
	const rest = /^[^\n]*/.exec(after)?.[0] ?? '';
	const closed = (rest.match(/\)/g)?.length ?? 0) - (rest.match(/\(/g)?.length ?? 0);
	const missing = Math.max(0, place.parentheses - Math.max(0, closed));
	const ends =
		/[;{]/.test(rest) || (place.kind !== 'statement' && /^\s*[-+*/=<>&|,?)\].(]/.test(after) && missing === 0);
	return `${before}${HERE}${')'.repeat(missing)}${ends ? '' : ';'}${after}`;
}
