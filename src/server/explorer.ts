/** The explorer's panels: each shows a run of some sketch, and is told of every newer one. */
import type { CheckOptions, SUPERSEDED } from '../findings/check.js';
import { type Exploration, Explorer, explore, firstToShow, type Shown } from '../findings/explorer/explorer.js';
import type { Picture, SavedRun } from '../findings/explorer/picture.js';
import { savedRunOf } from '../findings/explorer/saving.js';
import type { FileResult, Span } from '../findings/result.js';
import type { ExportFormat, FromPage, ToPage } from '../webview/messages.js';
import { LastPictures } from './last-pictures.js';
import type { OpenExplorer } from './protocol.js';

/** The scenarios of a sketch, and the first to show. */
export interface Known {
	readonly names: readonly string[];
	readonly first: string | undefined;
}

/** Panels, here or in a thread of their own. */
export type Panels = Pick<Explorers, 'open' | 'close' | 'edited' | 'checked' | 'message' | 'export'>;

/** What panels need of the server. */
export interface ExplorerHost {
	/** The newest text of a file, open or not. */
	read(uri: string): Promise<string | undefined>;
	kernelSource(uri: string): string | undefined;
	limits(): Promise<CheckOptions>;
	/** What a check has said already. */
	known(uri: string): Promise<Known | undefined>;
	send(panel: string, message: ToPage): void;
	/** A run in a form for elsewhere; undefined where that is not the server's to make. */
	export(format: ExportFormat, picture: Picture, whole: Whole): string | undefined;
	crash(message: string): void;
}

/** What an export may need beyond the picture. */
export interface Whole {
	readonly result: FileResult;
	readonly shown: Shown;
	readonly texts: ReadonlyMap<string, string>;
}

/** After this long a page is told what it waits for, in milliseconds. */
const PATIENCE = 150;
/** So long after the last keystroke a picture of older text looks as if it were right: most newer ones are there by then. */
export const OLD_MS = 500;

/** States that are searched to warm up. */
const WARM_STATES = 2000;

interface Panel {
	readonly id: string;
	uri: string;
	scenario: string | undefined;
	/** Index of the finding that was asked for; null for the first. */
	finding: number | null;
	/** Code of the finding shown, to find it again in newer text. */
	code: string | undefined;
	exploration: Exploration | undefined;
	explorer: Explorer | undefined;
	shown: Shown | undefined;
	/** What the exploration has read, by uri. */
	texts: ReadonlyMap<string, string | undefined>;
	/** A run to replay as soon as there is something to replay it in. */
	saved: SavedRun | undefined;
	/** The picture on the panel's page, whichever sketch it is of. */
	page: Pick<Picture, 'file' | 'scenario'> | undefined;
	/** Will say that the page shows an older text's. */
	aging: ReturnType<typeof setTimeout> | undefined;
	/** The page was told so. */
	old: boolean;
	abort: AbortController;
	/** Questions are answered one by one, in order. */
	queue: Promise<void>;
}

const OLDER: typeof SUPERSEDED = 'superseded';

/** All panels that are open. */
export class Explorers {
	private readonly panels = new Map<string, Panel>();
	private readonly last = new LastPictures();

	constructor(private readonly host: ExplorerHost) {}

	/** Shows a sketch in a panel, new or not. */
	open({ panel: id, uri, scenario, finding, saved }: OpenExplorer): void {
		const old = this.panels.get(id);
		old?.abort.abort(OLDER);
		clearTimeout(old?.aging);
		const panel: Panel = {
			id,
			uri,
			scenario,
			finding: finding ?? null,
			code: undefined,
			exploration: undefined,
			explorer: undefined,
			shown: undefined,
			texts: new Map(),
			saved,
			page: old?.page,
			aging: undefined,
			old: false,
			abort: new AbortController(),
			queue: old?.queue ?? Promise.resolve(),
		};
		if (old !== undefined) this.forget(old);
		this.panels.set(id, panel);
		this.soon(panel, async () => {
			const known = saved === undefined ? await this.known(panel) : undefined;
			// the same panel may have been told to show another sketch
			if (this.panels.get(id) !== panel) return;
			if (known !== undefined) this.draw(panel, known);
			// what is asked about it needs its graph
			await this.fresh(panel, known);
		});
	}

	/** Explores a sketch for nobody, so that the first panel waits neither for code that was never run nor, of a small sketch, for its picture. */
	async warm(uri: string): Promise<void> {
		const limits = await this.host.limits();
		const { read, texts } = this.reader();
		const maxStates = Math.min(WARM_STATES, limits.maxStates ?? WARM_STATES);
		const exploration = await explore(uri, { read }, { ...limits, maxStates });
		const name = firstToShow(exploration.result);
		const explorer = name === undefined ? undefined : Explorer.of(exploration, name);
		const shown = explorer?.found(null);
		if (shown !== undefined && explorer?.scenario.complete === true)
			this.last.keep({ uri }, shown.picture, { texts, limits });
		exploration.release();
	}

	/** The picture that this panel will show, where it was made before. */
	private async known({ uri, scenario, finding }: Panel): Promise<Picture | undefined> {
		return this.last.find({ uri, scenario, finding }, (file) => this.host.read(file), await this.host.limits());
	}

	/** Reads files, and notes what was read. */
	private reader(): { read(uri: string): Promise<string | undefined>; texts: Map<string, string | undefined> } {
		const texts = new Map<string, string | undefined>();
		const read = async (uri: string): Promise<string | undefined> => {
			const text = await this.host.read(uri);
			texts.set(uri, text);
			return text;
		};
		return { read, texts };
	}

	close(id: string): void {
		const panel = this.panels.get(id);
		if (panel === undefined) return;
		panel.abort.abort(OLDER);
		clearTimeout(panel.aging);
		this.panels.delete(id);
		panel.queue = panel.queue.then(() => this.forget(panel));
	}

	/**
	 * A sketch, or a file that it includes, has other text now.
	 * @param planned a check of it is: what is under way is of no use any more
	 */
	edited(uri: string, planned: boolean): void {
		for (const panel of this.panels.values()) {
			if (panel.uri !== uri) continue;
			if (planned) panel.abort.abort(OLDER);
			clearTimeout(panel.aging);
			panel.aging = setTimeout(async () => {
				if (await this.isCurrent(panel)) return;
				this.busy(panel, planned ? 'checking the new text…' : 'the new text has not been checked yet', 'older text');
			}, OLD_MS);
		}
	}

	/** The sketch was checked: panels that show it show what it is like now. */
	checked(uri: string): void {
		for (const panel of this.panels.values())
			if (panel.uri === uri)
				this.soon(panel, async () => {
					if (!(await this.isCurrent(panel))) return this.fresh(panel);
					clearTimeout(panel.aging);
					if (panel.old) this.host.send(panel.id, { type: 'current' });
					panel.old = false;
				});
	}

	/** Nothing that the shown exploration has read is different now: the reader's branch stays. */
	private async isCurrent({ explorer, texts }: Panel): Promise<boolean> {
		if (explorer === undefined) return false;
		for (const [uri, text] of texts) if ((await this.host.read(uri)) !== text) return false;
		return true;
	}

	/** What the page has said. Without an answer of the server's: the panel's own business. */
	message(id: string, message: FromPage): void {
		const panel = this.panels.get(id);
		if (panel !== undefined) this.soon(panel, () => this.answer(panel, message));
	}

	/** The shown run in another form; null where there is none. */
	async export(id: string, format: ExportFormat): Promise<string | null> {
		const panel = this.panels.get(id);
		await panel?.queue;
		const { explorer, exploration } = panel ?? {};
		// a saved page takes its branches by itself
		const shown = format === 'html' && panel?.shown !== undefined ? explorer?.found(panel.shown.finding) : panel?.shown;
		if (panel === undefined || shown === undefined || exploration === undefined) return null;
		if (format === 'json') return `${JSON.stringify(savedRunOf(shown.picture), null, '\t')}\n`;
		const picture = { ...shown.picture, states: shown.states(0, shown.momentOf.length - 1) };
		const texts = new Map<string, string>();
		for (const uri of new Set([...urisOf(picture), ...panel.texts.keys()])) {
			const text = await this.textOf(uri);
			if (text !== undefined) texts.set(uri, text);
		}
		return this.host.export(format, picture, { result: exploration.result, shown, texts }) ?? null;
	}

	/** Resolves when every question that was asked has its answer. */
	async idle(): Promise<void> {
		await Promise.all([...this.panels.values()].map((p) => p.queue));
	}

	private soon(panel: Panel, work: () => Promise<void>): void {
		panel.queue = panel.queue.then(async () => {
			if (this.panels.get(panel.id) !== panel) return;
			try {
				await work();
			} catch (error) {
				const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
				this.host.crash(`The explorer of ${panel.uri} failed: ${what}`);
				this.problem(panel, 'the explorer failed; the output channel has the details');
			}
		});
	}

	private forget(panel: Panel): void {
		panel.exploration?.release();
		panel.exploration = undefined;
		panel.explorer = undefined;
		panel.shown = undefined;
	}

	private busy(panel: Panel, what: string, old: string | null): void {
		if (this.panels.get(panel.id) !== panel) return;
		panel.old = old !== null;
		this.host.send(panel.id, { type: 'busy', what, old: panel.page === undefined ? null : old });
	}

	private draw(panel: Panel, picture: Picture): void {
		clearTimeout(panel.aging);
		panel.old = false;
		panel.page = picture;
		this.host.send(panel.id, { type: 'picture', picture });
	}

	private problem(panel: Panel, message: string, span: Span | null = null): void {
		clearTimeout(panel.aging);
		panel.old = true;
		this.host.send(panel.id, { type: 'problem', message, span });
	}

	/** What was asked for cannot be: the picture on show is right all the same. */
	private refuse(panel: Panel, message: string): void {
		this.host.send(panel.id, { type: 'problem', message, span: null, current: true });
	}

	/**
	 * Explores the newest text and shows the finding that was shown, or the first.
	 * @param known what is on show already, and will be the answer
	 */
	private async fresh(panel: Panel, known?: Picture): Promise<void> {
		const asked = { uri: panel.uri, scenario: panel.scenario, finding: panel.finding };
		if (panel.abort.signal.aborted) panel.abort = new AbortController();
		const { signal } = panel.abort;
		const { names, first } = (await this.host.known(panel.uri)) ?? { names: [], first: undefined };
		if (panel.scenario === undefined || (names.length > 0 && !names.includes(panel.scenario))) panel.scenario = first;
		const { scenario } = panel;
		const limits = await this.host.limits();
		const old = await this.oldOf(panel, scenario);
		const busy =
			known !== undefined
				? undefined
				: setTimeout(
						() => this.busy(panel, 'exploring every interleaving…', old),
						old === null || panel.old ? PATIENCE : OLD_MS,
					);
		const { read, texts } = this.reader();
		let exploration: Exploration;
		try {
			exploration = await explore(
				panel.uri,
				{ read },
				{ ...limits, ...(scenario === undefined ? {} : { scenarios: [scenario] }), signal },
			);
		} finally {
			clearTimeout(busy);
		}
		// a newer text, or another sketch: its own turn comes
		if (signal.aborted || this.panels.get(panel.id) !== panel) {
			exploration.release();
			return;
		}
		const { result } = exploration;
		const name = scenario ?? firstToShow(result);
		const explorer =
			name === undefined ? undefined : Explorer.of(exploration, name, names.includes(name) ? names : undefined);
		if (explorer === undefined) {
			exploration.release();
			// what is shown is older than what was read
			panel.texts = new Map([[panel.uri, undefined]]);
			const error = result.problems.find((p) => p.severity === 'error');
			if (error !== undefined) this.problem(panel, `the sketch has an error: ${error.message}`, error.span);
			else this.problem(panel, 'there is no scenario to explore: write one, or a function whose name ends in _fault');
			return;
		}
		this.forget(panel);
		panel.exploration = exploration;
		panel.explorer = explorer;
		panel.texts = texts;
		panel.scenario = name;
		const { findings } = explorer.scenario;
		const same = panel.code === undefined ? -1 : findings.findIndex((f) => f.code === panel.code);
		const wanted = panel.finding !== null && panel.finding < findings.length ? panel.finding : null;
		if (panel.saved !== undefined) {
			const { shown, misfit } = explorer.replay(panel.saved);
			panel.saved = undefined;
			this.show(panel, shown);
			if (misfit !== undefined) this.refuse(panel, misfit.message);
			return;
		}
		const shown = explorer.found(same >= 0 && wanted === null ? same : wanted);
		// what was found again by its code is the answer to another question
		if (same < 0 || wanted !== null) this.last.keep(asked, shown.picture, { texts, limits });
		this.show(panel, shown, known);
	}

	/** What the page shows, where that is not what is being made now. */
	private async oldOf(panel: Panel, scenario: string | undefined): Promise<string | null> {
		const { page } = panel;
		if (page === undefined) return null;
		if (page.file !== panel.uri) return titleOf(page.file);
		if (page.scenario !== scenario) return page.scenario;
		return (await this.isCurrent(panel)) ? null : 'older text';
	}

	/** @param known the page has this one: it is not sent again */
	private show(panel: Panel, shown: Shown | undefined, known?: Picture): void {
		if (shown === undefined) return;
		panel.shown = shown;
		if (shown.picture.finding !== null) {
			panel.code = shown.picture.finding.code;
			// in newer text it is known by its code
			panel.finding = null;
		}
		if (known === undefined || JSON.stringify(known) !== JSON.stringify(shown.picture)) this.draw(panel, shown.picture);
	}

	private async answer(panel: Panel, message: FromPage): Promise<void> {
		const { explorer, shown } = panel;
		switch (message.type) {
			case 'show':
				if (message.scenario !== panel.scenario) {
					panel.scenario = message.scenario;
					panel.finding = message.finding;
					panel.code = undefined;
					return this.fresh(panel);
				}
				return this.show(panel, explorer?.found(message.finding));
			case 'found':
				return this.show(panel, explorer?.found(shown === undefined || shown.finding < 0 ? null : shown.finding));
			case 'branch': {
				if (explorer === undefined || shown === undefined) return;
				const branch = explorer.branch(shown, message.steps, message.lane, message.choice, message.single);
				if (branch === undefined) this.refuse(panel, 'that thread cannot go there any more: the sketch has changed');
				return this.show(panel, branch);
			}
			case 'order': {
				const found = explorer?.order(message.first, message.second);
				if (typeof found === 'string') return this.refuse(panel, found);
				return this.show(panel, found);
			}
			case 'states': {
				if (shown === undefined) return;
				const from = Math.max(0, message.from);
				this.host.send(panel.id, { type: 'states', from, states: shown.states(from, message.to) });
				return;
			}
			case 'source': {
				const text = await this.textOf(message.uri);
				const title = titleOf(message.uri);
				if (text !== undefined) this.host.send(panel.id, { type: 'source', uri: message.uri, text, title });
				return;
			}
			default:
		}
	}

	private async textOf(uri: string): Promise<string | undefined> {
		return this.host.kernelSource(uri) ?? (await this.host.read(uri));
	}
}

/** `<mn/active-ranges>`, `driver.mmn`. */
export function titleOf(uri: string): string {
	const kernel = /^mmn-kernel:\/*(.*?)(?:\.mmn)?$/.exec(uri)?.[1];
	return kernel === undefined ? decodeURIComponent(uri.replace(/^.*\//, '')) : `<${kernel}>`;
}

/** Every file that a picture points into, the sketch first. */
export function urisOf(picture: Picture): string[] {
	const uris = new Set([picture.file]);
	for (const { span, stack, details } of picture.steps) {
		uris.add(span.uri);
		for (const frame of stack) if (frame.span !== null) uris.add(frame.span.uri);
		for (const detail of details) uris.add(detail.span.uri);
	}
	return [...uris];
}
