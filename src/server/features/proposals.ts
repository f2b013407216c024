/** What can stand at a place of a sketch, and how likely it is. */
import { type CompletionItem, CompletionItemKind, InsertTextFormat, MarkupKind } from 'vscode-languageserver-protocol';
import { kernelLibraries } from '../../kernel/library.js';
import { FINDING_CODES } from '../../language/finding-codes.js';
import type * as ast from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { CONFIG_WORDS, ENVIRONMENT_WORDS } from '../../language/scenario-words.js';
import { sourceOf } from '../../language/text.js';
import { decay, sameType, type Type, typeToString } from '../../language/types.js';
import { firstSentence, headComment } from './comments.js';
import { type NoSleep, releasesAt } from './context.js';
import { headOf, originOf, parametersOf } from './describe.js';
import type { Place } from './place.js';
import { includedLibraries, matches, Rank, rankOf, rankOfLibrary, rankOfTag, type Where } from './ranking.js';
import { enclosing, expectedType, itemAt, labelsOf, localsAt, macroArgument, nodeAt } from './scope-at.js';
import { sleepPath } from './sleeps.js';
import { definition, fileSnippets, plainText, type Snippet, STATEMENT_SNIPPETS, scenarioSnippets } from './snippets.js';

/** Stands for the word that is being typed. Nobody has a name like it. */
export const HERE = '__the_word_that_is_being_typed';

const TYPES =
	'void bool char short int long unsigned u8 u16 u32 u64 s8 s16 s32 s64 size_t ssize_t pte_t gfp_t vm_fault_t spinlock_t raw_spinlock_t rwlock_t seqcount_t seqlock_t wait_queue_head_t atomic_t atomic_long_t refcount_t dma_addr_t struct enum const'.split(
		' ',
	);
/** Types of most variables. */
const VARIABLES = 'int unsigned long bool pte_t struct'.split(' ');
const FILE_WORDS = 'static extern inline'.split(' ');
const DEFINING_MACROS =
	'DEFINE_MUTEX DEFINE_SPINLOCK DEFINE_RAW_SPINLOCK DEFINE_RWLOCK DECLARE_RWSEM DEFINE_SEQLOCK DECLARE_WAIT_QUEUE_HEAD DECLARE_COMPLETION LIST_HEAD DEFINE_STATIC_SRCU DEFINE_SEMAPHORE'.split(
		' ',
	);

export interface Proposal {
	readonly label: string;
	/** What is typed for it, where that is not the label. */
	readonly filterText?: string | undefined;
	readonly rank: number;
	/** Made for those that are sent: there are two thousand names. */
	readonly item: () => ProposedItem;
}

/** The details of a proposal; where it is put, and what it is for the list, is up to who sends it. */
export type ProposedItem = Pick<
	CompletionItem,
	'label' | 'kind' | 'detail' | 'labelDetails' | 'documentation' | 'filterText' | 'insertText' | 'insertTextFormat'
> & {
	/** A call with arguments that are still to be written. */
	readonly takes?: boolean;
};

/** Where something is proposed. */
export interface Cursor {
	readonly text: string;
	/** The text with something in place of the word under the cursor. */
	readonly program: Program;
	readonly place: Place;
	readonly offset: number;
	/** The client takes snippets. */
	readonly snippets: boolean;
	readonly noSleep: NoSleep;
	/** The sketch with all its bodies, where `noSleep` is told. */
	readonly sleepers: Program;
}

/** All proposals at a cursor, in no order. */
export class Proposals {
	readonly #cursor: Cursor;
	private readonly program: Program;
	private readonly place: Place;
	readonly #found: Proposal[] = [];
	readonly #seen = new Set<string>();
	/** Parentheses stand behind the cursor already. */
	readonly #called: boolean;
	readonly #where: Where;
	readonly #included: ReadonlySet<string>;
	/** What would let go of the locks that are held. */
	readonly #releases: ReadonlySet<string>;

	constructor(cursor: Cursor) {
		const { text, program, place, offset } = cursor;
		this.#cursor = cursor;
		this.program = program;
		this.place = place;
		this.#called = /^\s*\(/.test(text.slice(offset, offset + 200));
		this.#included = includedLibraries(program.root);
		this.#releases = place.kind === 'statement' ? releasesAt(program, place.start) : new Set();
		const inScenario = itemAt(program.root, place.start)?.$type === 'Scenario';
		const inSetup = inScenario && enclosing(nodeAt(program.root, place.start), 'SetupItem') !== undefined;
		this.#where = inSetup ? 'setup' : inScenario ? 'scenario' : 'driver';
	}

	all(): Proposal[] {
		switch (this.place.kind) {
			case 'include':
				this.#libraries();
				break;
			case 'directive':
				this.#includes();
				this.#words(['#define'], Rank.word);
				break;
			case 'file':
				this.#includes();
				this.#snippets(fileSnippets(this.program));
				this.#words(FILE_WORDS, Rank.word);
				this.#types();
				break;
			case 'type':
			case 'field-type':
			case 'parameter-type':
				this.#types();
				break;
			case 'tag':
				this.#tags();
				break;
			case 'scenario':
				this.#snippets(scenarioSnippets(this.program));
				break;
			case 'codes':
				this.#words(['ok'], Rank.wanted, CompletionItemKind.EnumMember);
				this.#words(FINDING_CODES, Rank.word, CompletionItemKind.EnumMember);
				break;
			case 'environment':
				this.#words(ENVIRONMENT_WORDS, Rank.word, CompletionItemKind.EnumMember);
				break;
			case 'config':
				this.#config();
				break;
			case 'thread':
				this.#threads();
				break;
			case 'label':
				this.#labels();
				break;
			case 'member':
				this.#fields(this.#objectType());
				break;
			case 'designator':
				this.#fields(this.#initialisedType());
				break;
			case 'statement':
				this.#expressions();
				this.#snippets(this.#statements());
				this.#types();
				break;
			case 'expression':
				this.#expressions();
				break;
		}
		return this.#found;
	}

	#add(item: ProposedItem, rank: number): void {
		this.#addLater(item.label, item.kind, rank, () => item, item.filterText);
	}

	#addLater(
		label: string,
		kind: CompletionItemKind | undefined,
		rank: number,
		item: () => ProposedItem,
		filterText?: string,
	): void {
		const key = `${label} ${kind}`;
		if (this.#seen.has(key)) return;
		this.#seen.add(key);
		this.#found.push({ label, filterText, rank, item });
	}

	#words(words: Iterable<string>, rank: number, kind: CompletionItemKind = CompletionItemKind.Keyword): void {
		for (const label of words) this.#add({ label, kind }, rank);
	}

	#snippets(snippets: readonly Snippet[], rank: number = Rank.snippet): void {
		for (const { label, detail, body, filter, first } of snippets) {
			this.#add(
				{
					label,
					detail,
					kind: CompletionItemKind.Snippet,
					...this.#insert(body),
					...(filter && { filterText: filter }),
					documentation: { kind: MarkupKind.Markdown, value: `\`\`\`c\n${plainText(body)}\n\`\`\`` },
				},
				first ? Rank.local : rank,
			);
		}
	}

	/** What can stand here: `case` in a switch, `continue` in a loop. */
	#statements(): Snippet[] {
		const node = nodeAt(this.program.root, this.place.start);
		const loop = enclosing(node, 'WhileStatement', 'DoStatement', 'ForStatement', 'EachStatement') !== undefined;
		const choice = enclosing(node, 'SwitchStatement') !== undefined;
		const fits: Readonly<Record<string, boolean>> = {
			case: choice,
			default: choice,
			break: loop || choice,
			continue: loop,
		};
		return STATEMENT_SNIPPETS.filter(({ label }) => fits[label] ?? true);
	}

	#insert(body: string): Pick<CompletionItem, 'insertText' | 'insertTextFormat'> {
		return this.#cursor.snippets
			? { insertText: body, insertTextFormat: InsertTextFormat.Snippet }
			: { insertText: plainText(body) };
	}

	#libraries(): void {
		const text = this.#cursor.text;
		const closed = /^[^\n]*>/.test(text.slice(this.#cursor.offset));
		for (const name of kernelLibraries.names) {
			const about = headComment(kernelLibraries.read(kernelLibraries.resolve(name) ?? '') ?? '');
			this.#add(
				{
					label: name,
					kind: CompletionItemKind.File,
					insertText: closed ? name : `${name}>`,
					...(about && { detail: firstSentence(about), documentation: about }),
				},
				rankOfLibrary(name),
			);
		}
	}

	#includes(): void {
		const included = new Set(this.program.files.map(({ uri }) => uri));
		for (const name of kernelLibraries.names) {
			const uri = kernelLibraries.resolve(name) ?? '';
			if (included.has(uri)) continue;
			const about = headComment(kernelLibraries.read(uri) ?? '');
			this.#add(
				{
					label: `#include <${name}>`,
					kind: CompletionItemKind.File,
					...(about && { detail: firstSentence(about), documentation: about }),
				},
				this.place.kind === 'file' ? Math.max(rankOfLibrary(name), Rank.library) : rankOfLibrary(name),
			);
		}
	}

	/** @param own where those of the sketch stand */
	#types(own: number = Rank.own): void {
		// a body begins with its variables
		if (this.place.kind === 'statement') this.#words(VARIABLES, Rank.library);
		this.#words(TYPES, Rank.word);
		if (this.place.kind !== 'parameter-type') this.#definitions();
		for (const names of [this.program.scope.own, ...this.program.scope.layers]) {
			for (const [label, node] of names.typedefs)
				this.#add({ label, kind: CompletionItemKind.Struct }, sourceOf(node).kernel ? Rank.word : own);
		}
		for (const tag of this.#publicTags()) {
			if (tag.$type !== 'StructDef') continue;
			const rank = rankOfTag(tag, this.#included);
			this.#add(
				{ label: `struct ${tag.name}`, kind: CompletionItemKind.Struct, detail: originOf(tag) },
				rank === Rank.own ? own : Math.max(rank, Rank.word),
			);
		}
	}

	#definitions(): void {
		const ends = /^[^\n]*;/.test(this.#cursor.text.slice(this.#cursor.offset)) ? '' : ';';
		for (const label of DEFINING_MACROS) {
			const more = this.#called ? {} : this.#insert(`${definition(label)}${ends}`);
			this.#add({ label, kind: CompletionItemKind.Class, ...more }, Rank.word);
		}
	}

	#tags(): void {
		for (const tag of this.#publicTags()) {
			const keyword = tag.$type === 'EnumDef' ? 'enum' : tag.kind;
			if (keyword !== this.place.keyword) continue;
			this.#add(
				{ label: tag.name ?? '', kind: CompletionItemKind.Struct, detail: originOf(tag) },
				rankOfTag(tag, this.#included),
			);
		}
	}

	*#publicTags(): Iterable<ast.TagDef> {
		for (const name of this.program.scope.allTags()) {
			const tag = name.startsWith('__') ? undefined : this.program.scope.tag(name);
			if (tag?.name) yield tag;
		}
	}

	#config(): void {
		for (const [label, takes] of Object.entries(CONFIG_WORDS)) {
			const more = takes === 'number' ? this.#insert(`${label} \${1:2}`) : {};
			this.#add({ label, kind: CompletionItemKind.EnumMember, ...more }, Rank.word);
		}
	}

	#threads(): void {
		const owner = itemAt(this.program.root, this.place.start);
		if (owner?.$type !== 'Scenario') return;
		for (const item of owner.items) {
			if (item.$type === 'ThreadItem')
				this.#add({ label: item.name, kind: CompletionItemKind.Event, detail: item.kind }, Rank.local);
		}
	}

	#labels(): void {
		const owner = itemAt(this.program.root, this.place.start);
		if (!owner) return;
		for (const { name } of labelsOf(owner)) {
			if (name) this.#add({ label: name, kind: CompletionItemKind.Reference, detail: 'label' }, Rank.local);
		}
	}

	/** The type of what stands before `.` or `->`. */
	#objectType(): Type | undefined {
		const { semantics, root } = this.program;
		const node = nodeAt(root, this.place.start);
		if (node?.$type === 'Member') return semantics.typeOf(node.object);
		if (node?.$type === 'Designator') return undefined;
		return this.#typeFromText();
	}

	/** The same where the parser could not follow: the chain of names before the operator. */
	#typeFromText(): Type | undefined {
		const { semantics, root, scope } = this.program;
		const text = this.#cursor.text.slice(0, this.place.start);
		const chain = /([\w]+(?:\s*(?:->|\.)\s*\w+)*)\s*(?:->|\.)\s*$/.exec(text)?.[1]?.split(/\s*(?:->|\.)\s*/) ?? [];
		const [first, ...fields] = chain;
		const start = localsAt(root, this.place.start).find(({ name }) => name === first) ?? scope.name(first ?? '');
		let type = start && start.$type !== 'FunctionDecl' ? semantics.declaredType(start) : undefined;
		for (const name of fields) {
			if (type?.kind === 'pointer') type = type.to;
			const field = type && semantics.field(type, name);
			type = field?.type;
		}
		return type;
	}

	/** The struct that an initialiser list fills. */
	#initialisedType(): Type | undefined {
		const { semantics, root } = this.program;
		const node = nodeAt(root, this.place.start);
		let list = node;
		while (list && list.$type !== 'InitializerList') list = list.$container as typeof list;
		if (list?.$type !== 'InitializerList') return undefined;
		const owner = list.$container;
		if (owner.$type === 'Variable') return semantics.declaredType(owner);
		if (owner.$type === 'InitializerEntry') {
			const field = owner.designators.at(-1)?.field?.ref;
			return field && semantics.declaredType(field);
		}
		return owner.$type === 'Cast' ? semantics.typeOfTypeName(owner.type) : undefined;
	}

	#fields(type: Type | undefined, wanted: Type | undefined = this.#wanted()): void {
		let struct = type && decay(type);
		if (struct?.kind === 'pointer') struct = struct.to;
		if (struct?.kind === 'array') struct = struct.of;
		if (struct?.kind !== 'struct') return;
		for (const field of struct.fields) {
			const isFunction = field.node.function === true;
			const more = this.place.kind === 'designator' ? this.#insert(`${field.name} = \${1}`) : {};
			this.#add(
				{
					label: field.name,
					kind: isFunction ? CompletionItemKind.Method : CompletionItemKind.Field,
					detail: headOf(field.node, this.program),
					...more,
				},
				wanted && fits(field.type, wanted) ? Rank.wanted : Rank.local,
			);
		}
	}

	#wanted(): Type | undefined {
		if (this.place.kind === 'designator') return undefined;
		const node = nodeAt(this.program.root, this.place.start);
		const type = node && expectedType(node, this.program);
		return type?.kind === 'error' || type?.kind === 'void' ? undefined : type;
	}

	#expressions(): void {
		const { semantics, scope, root } = this.program;
		const argument = macroArgument(nodeAt(root, this.place.start), this.program);
		if (argument?.kind === 'member') {
			this.#fields(argument.struct, argument.member);
			return;
		}
		if (argument?.kind === 'type' || argument?.kind === 'object') this.#types(Rank.wanted);
		const wanted = this.place.kind === 'expression' ? this.#wanted() : undefined;
		for (const node of localsAt(root, this.place.start)) {
			if (!node.name || node.name === HERE) continue;
			const type = semantics.declaredType(node);
			this.#add(
				{ label: node.name, kind: CompletionItemKind.Variable, detail: typeToString(type) },
				wanted && fits(type, wanted) ? Rank.wanted : Rank.local,
			);
		}
		for (const node of scope.allNames()) {
			if (!node.name || node.name === HERE || matches(this.place.prefix, node.name) < 0) continue;
			const kernel = sourceOf(node).kernel;
			if (node.$type === 'FunctionDecl') this.#function(node, wanted);
			else this.#value(node, wanted, kernel);
		}
		this.#words(['sizeof'], Rank.word);
	}

	#value(node: ast.Named, wanted: Type | undefined, kernel: boolean): void {
		const constant = node.$type === 'Define' || node.$type === 'EnumConstant';
		const type = () => this.program.semantics.declaredType(node);
		// The kernel's own variables are no concern of a driver, but for `mm` and `current`.
		const usual = kernel ? (constant ? Rank.prelude : Rank.library) : Rank.own;
		const label = node.name ?? '';
		const kind = constant ? CompletionItemKind.Constant : CompletionItemKind.Variable;
		const truth = wanted?.kind === 'int' && wanted.name === 'bool' && (label === 'true' || label === 'false');
		const rank = truth || (wanted && !constant && fits(type(), wanted)) ? Rank.wanted : usual;
		this.#addLater(label, kind, rank, () => ({
			label,
			kind,
			detail: constant ? headOf(node, this.program) : typeToString(type()),
		}));
	}

	#function(node: ast.FunctionDecl, wanted: Type | undefined): void {
		const type = wanted && this.program.semantics.declaredType(node);
		const returns = type?.kind === 'function' ? type.returns : undefined;
		const asValue = wanted?.kind === 'pointer' && wanted.to.kind === 'function';
		const reason = this.#cursor.noSleep && !asValue && this.#maySleep(node) ? this.#cursor.noSleep : undefined;
		let rank = rankOf(node, this.#included, this.#where);
		if (this.#releases.has(node.name) || (asValue && type && fits(type, wanted.to))) rank = Rank.wanted;
		else if (wanted && returns && returns.kind !== 'void' && returns.kind !== 'int' && fits(returns, wanted))
			rank = Rank.own;
		this.#addLater(node.name, CompletionItemKind.Function, reason ? Rank.demoted : rank, () =>
			this.#functionItem(node, asValue || this.#called, reason),
		);
	}

	#maySleep(node: ast.FunctionDecl): boolean {
		const whole = sourceOf(node).kernel ? node : this.#cursor.sleepers.scope.name(node.name);
		return whole?.$type === 'FunctionDecl' && sleepPath(whole, this.#cursor.sleepers).length > 0;
	}

	/** @param named only its name is missing here, no call */
	#functionItem(node: ast.FunctionDecl, named: boolean, reason: string | undefined): ProposedItem {
		const parameters = parametersOf(node) ?? [];
		return {
			label: node.name,
			kind: CompletionItemKind.Function,
			labelDetails: { detail: `(${parameters.join(', ')})`, description: reason ? 'sleeps' : originOf(node) },
			detail: reason ? sleepDetail(reason) : headOf(node, this.program),
			...(named ? {} : this.#insert(parameters.length > 0 ? `${node.name}($0)` : `${node.name}()`)),
			takes: parameters.length > 0 && !named,
		};
	}
}

function fits(type: Type, wanted: Type): boolean {
	const value = decay(type);
	const target = decay(wanted);
	if (value.kind === 'int' && target.kind === 'int') return true;
	if (value.kind === 'error' || target.kind === 'error') return false;
	if (target.kind === 'pointer' && target.to.kind === 'void') return value.kind === 'pointer';
	return sameType(value, target);
}

/** What is shown of a call that sleeps where nothing may. */
export const sleepDetail = (reason: string): string => `may sleep, and ${reason}`;
