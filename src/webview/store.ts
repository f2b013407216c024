/** What the page shows and where the reader is. Views read the signals; everything that happens goes through a method. */

import { batch, computed, signal } from '@preact/signals';
import type { Alternative, Picture, SavedRun, State } from '../findings/explorer/picture.js';
import { savedRunOf } from '../findings/explorer/saving.js';
import type { Span } from '../findings/result.js';
import type { Host, Kept } from './host.js';
import type { ExportFormat, FromPage, ToPage } from './messages.js';
import { changesBetween, nextChange } from './model/facts.js';
import { findPlace, placeOf } from './model/place.js';
import { type AloneRow, fitText, isWrong, layRows, type Metrics, type StepRow } from './model/rows.js';
import { drawnLanes, findSpans, livesOf, railWidth } from './model/spans.js';
import { announcement } from './model/words.js';
import { pngOf } from './raster.js';

export interface Source {
	readonly title: string;
	/** Null while it is on its way. */
	readonly text: string | null;
}

/** Choosing two lines whose order the reader wants to see. */
export interface Order {
	readonly first: Span | null;
	readonly second: Span | null;
}

export interface Notice {
	readonly kind: 'problem' | 'done' | 'failed';
	readonly message: string;
	readonly span: Span | null;
}

const EMPTY: ReadonlyMap<string, string | null> = new Map();
/** States asked for at once around the cursor. */
const CHUNK = 200;
const SPEEDS = [0.5, 1, 2, 4] as const;
/** Milliseconds between two steps at speed 1. */
const PACE = 900;

export class Explorer {
	readonly picture = signal<Picture | null>(null);
	/** What the picture is of, where that is no longer what the reader looks at: `older text`. */
	readonly old = signal<string | null>(null);
	readonly busy = signal<string | null>(null);
	readonly notice = signal<Notice | null>(null);
	/** Number of steps done, 0 … steps.length. */
	readonly cursor = signal(0);
	readonly unfolded = signal<ReadonlySet<string>>(new Set());
	readonly watched = signal<ReadonlySet<string>>(new Set());
	/** Sections of the state pane that are folded away. */
	readonly closed = signal<ReadonlySet<string>>(new Set(['kernel']));
	readonly playing = signal(false);
	readonly speed = signal<number>(1);
	readonly pinned = signal(false);
	/** Branches go one step at a time. */
	readonly single = signal(false);
	readonly helpOpen = signal(false);
	readonly sources = signal<ReadonlyMap<string, Source>>(new Map());
	/** The source in front; null follows the cursor. */
	readonly sourceShown = signal<string | null>(null);
	readonly order = signal<Order | null>(null);
	/** A line that was asked for, for the source pane to show. */
	readonly revealed = signal<{ readonly uri: string; readonly line: number } | null>(null);
	readonly live = signal('');
	/** Of the run, in CSS pixels, as it was last measured or is expected to be; 0 where nothing is known. */
	private width = 0;
	readonly metrics = signal<Metrics>({ code: 20, out: 16, letters: 48, compact: false });

	readonly rows = computed(() => {
		const picture = this.picture.value;
		return picture ? layRows(picture, this.unfolded.value, this.metrics.value) : null;
	});
	readonly spans = computed(() => {
		const picture = this.picture.value;
		return picture ? findSpans(picture) : null;
	});
	readonly lives = computed(() => (this.picture.value ? livesOf(this.picture.value) : []));
	/** Lanes in the order of their columns. */
	readonly columns = computed(() => (this.picture.value ? drawnLanes(this.picture.value) : []));
	/** Where each column's rail begins beside the one before, and where the last one ends, in CSS pixels. */
	readonly rails = computed(() => {
		const edges = [0];
		for (const lane of this.columns.value)
			edges.push((edges.at(-1) ?? 0) + railWidth(this.spans.value?.slots[lane] ?? 0));
		return edges;
	});
	/** Index of the row that the cursor is in; -1 at the start. */
	readonly currentRow = computed(() => {
		const rows = this.rows.value;
		return rows && this.cursor.value > 0 ? (rows.rowOf[this.cursor.value - 1] ?? -1) : -1;
	});
	/** The same; at the start that of the first step. */
	readonly focusRow = computed(() => {
		const current = this.currentRow.value;
		return current >= 0 ? current : (this.rows.value?.rowOf[0] ?? 0);
	});
	readonly state = computed<State | null>(() => this.picture.value?.states[this.cursor.value] ?? null);
	/** What the row under the cursor has changed. */
	readonly changes = computed(() => {
		const row = this.rows.value?.rows[this.currentRow.value];
		const before = row ? this.picture.value?.states[row.first] : null;
		const after = this.state.value;
		return before && after ? changesBetween(before, after) : EMPTY;
	});

	private readonly send = (message: FromPage): void => this.host.post(message);
	private timer = 0;
	private pending: 1 | -1 | null = null;
	private readonly asked = new Set<number>();

	constructor(readonly host: Host) {
		const kept = host.kept();
		if (kept) {
			this.pinned.value = kept.pinned;
			this.watched.value = new Set(kept.watched);
			this.closed.value = new Set(kept.closed);
		}
		host.listen((message) => batch(() => this.receive(message)));
		host.post({ type: 'ready' });
	}

	// ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────

	private receive(message: ToPage): void {
		switch (message.type) {
			case 'picture':
				this.show(message.picture);
				break;
			case 'states':
				this.addStates(message.from, message.states);
				break;
			case 'busy':
				this.busy.value = message.what;
				if (message.old !== null) this.age(message.old);
				break;
			case 'current':
				this.busy.value = null;
				this.old.value = null;
				break;
			case 'problem':
				this.busy.value = null;
				this.notice.value = { kind: 'problem', message: message.message, span: message.span };
				if (!message.current) this.age('older text');
				this.live.value = message.message;
				break;
			case 'reveal':
				this.toLine(message.uri, message.line);
				break;
			case 'source':
				this.sources.value = new Map(this.sources.value).set(message.uri, { title: message.title, text: message.text });
				break;
			case 'exported':
				this.busy.value = null;
				this.notice.value = { kind: message.ok ? 'done' : 'failed', message: message.message, span: null };
				this.live.value = message.message;
				break;
			case 'raster':
				void pngOf(message.svg).then(
					(data) => this.send({ type: 'export', format: 'png', data }),
					() => {
						this.notice.value = { kind: 'failed', message: 'The picture could not be drawn.', span: null };
					},
				);
				break;
			case 'pinned':
				this.pinned.value = message.pinned;
				break;
		}
	}

	/** The picture stays, and says that it is not what is asked for. */
	private age(old: string): void {
		if (this.picture.value === null || this.old.value === old) return;
		this.old.value = old;
		this.live.value = `This run is of ${old}.`;
	}

	private show(picture: Picture): void {
		const before = this.picture.value;
		const same = before !== null && before.file === picture.file && before.scenario === picture.scenario;
		this.asked.clear();
		this.pending = null;
		this.busy.value = null;
		this.notice.value = null;
		this.old.value = null;
		// it was a line of the text before
		this.revealed.value = null;
		this.picture.value = picture;
		if (this.width > 0) this.setWidth(this.width);
		if (!same || before.findings[before.shown]?.code !== picture.findings[picture.shown]?.code) {
			if (same || before) this.unfolded.value = new Set();
			this.stop();
		}
		// The texts may have changed with the picture.
		for (const uri of this.sources.value.keys()) this.send({ type: 'source', uri });
		if (picture.branchAt !== null) this.move(Math.min(picture.branchAt + 1, picture.steps.length));
		else if (same && before.branchAt === null && before.shown === picture.shown)
			this.move(findPlace(picture, placeOf(before, this.cursor.value)), false);
		else {
			const kept = before ? null : this.host.kept();
			const known = kept?.file === picture.file && kept.scenario === picture.scenario;
			// A finding is explained by its end; a green run is read from its beginning.
			this.move(known ? findPlace(picture, kept.place) : isWrong(picture) ? picture.steps.length : 0, before !== null);
		}
	}

	private addStates(from: number, states: readonly State[]): void {
		const picture = this.picture.value;
		if (!picture) return;
		const all = [...picture.states];
		states.forEach((state, at) => {
			if (from + at < all.length) all[from + at] = state;
		});
		this.picture.value = { ...picture, states: all };
		if (this.pending) this.toChange(this.pending);
	}

	/** Asks for states that were left out, once. */
	wantStates(from: number, to: number): void {
		const picture = this.picture.value;
		if (!picture) return;
		for (let at = Math.max(0, from); at <= Math.min(to, picture.states.length - 1); at++) {
			if (picture.states[at] || this.asked.has(at)) continue;
			const first = Math.floor(at / CHUNK) * CHUNK;
			const last = Math.min(first + CHUNK, picture.states.length) - 1;
			for (let one = first; one <= last; one++) this.asked.add(one);
			this.send({ type: 'states', from: first, to: last });
		}
	}

	/** The text is the default environment's, which no editor can show. */
	isInvented(uri: string): boolean {
		return this.picture.value?.environment?.uri === uri;
	}

	/** The text of a source, asked for when first read. */
	source(uri: string): Source {
		const { environment } = this.picture.peek() ?? {};
		if (environment?.uri === uri) return { title: 'default environment', text: environment.text };
		const known = this.sources.peek().get(uri);
		if (known) return known;
		const waiting = { title: uri.replace(/^.*[/:]/, ''), text: null };
		this.sources.value = new Map(this.sources.peek()).set(uri, waiting);
		this.send({ type: 'source', uri });
		return this.sources.peek().get(uri) ?? waiting;
	}

	/** To be told the width of the run, in CSS pixels. */
	setWidth(width: number): void {
		this.width = width;
		const { letters, compact } = fitText(this.picture.value, width, this.rails.value);
		const before = this.metrics.peek();
		if (letters !== before.letters || compact !== before.compact) this.metrics.value = { ...before, letters, compact };
	}

	// ── stepping ────────────────────────────────────────────────────────────────────────────────────────────────────

	private move(to: number, aloud = true): void {
		const picture = this.picture.value;
		if (!picture) return;
		const cursor = Math.max(0, Math.min(picture.steps.length, to));
		this.cursor.value = cursor;
		this.wantStates(cursor - 1, cursor);
		const row = this.rows.value?.rows[this.currentRow.value];
		if (aloud) this.live.value = announcement(picture, cursor, row?.kind === 'step' ? row : undefined);
		const spans = (picture.states[cursor]?.lanes ?? []).flatMap(({ span }, lane) => (span ? [{ lane, span }] : []));
		this.send({ type: 'cursor', step: cursor, spans });
		this.keep();
	}

	/** Goes to the state after `cursor` steps. */
	go(cursor: number): void {
		this.stop();
		batch(() => this.move(cursor));
	}

	/** One row on or back: a folded call is one row. */
	step(direction: 1 | -1): boolean {
		const rows = this.rows.value;
		if (!rows) return false;
		const { rows: all, rowOf } = rows;
		const cursor = this.cursor.value;
		const row = all[this.currentRow.value];
		if (direction > 0) {
			// From the middle of a folded call to its end.
			const target = row && row.last + 1 > cursor ? row : all[rowOf[cursor] ?? -1];
			if (!target || cursor >= rowOf.length) return false;
			batch(() => this.move(target.last + 1));
		} else {
			if (!row) return false;
			batch(() => this.move(row.first));
		}
		return true;
	}

	/** To the end of this thread's turn, or back to the end of the turn before. */
	toSwitch(direction: 1 | -1): void {
		const steps = this.picture.value?.steps ?? [];
		let at = this.cursor.value;
		if (direction > 0) {
			const lane = steps[at]?.lane;
			while (at < steps.length && steps[at]?.lane === lane) at++;
		} else {
			const lane = steps[at - 1]?.lane;
			while (at > 0 && steps[at - 1]?.lane === lane) at--;
		}
		this.go(at);
	}

	/** To where a watched lock, page or variable changes. */
	toChange(direction: 1 | -1): void {
		const picture = this.picture.value;
		if (!picture) return;
		const found = nextChange(picture, this.watched.value, this.cursor.value, direction);
		if (typeof found === 'number') {
			this.pending = null;
			this.go(found);
		} else if (found) {
			this.pending = direction;
			this.wantStates(found.from, found.to);
		} else {
			this.pending = null;
			this.live.value = 'What is watched does not change any more.';
		}
	}

	toggleWatch(key: string): void {
		const watched = new Set(this.watched.value);
		if (!watched.delete(key)) watched.add(key);
		this.watched.value = watched;
		this.keep();
	}

	/** The first step after the cursor, round, that runs a line. */
	toLine(uri: string, line: number): void {
		const { steps } = this.picture.value ?? { steps: [] };
		this.revealed.value = { uri, line };
		const on = (span: Span | null | undefined) => span && span.uri === uri && span.line <= line && line <= span.endLine;
		for (let turn = 1; turn <= steps.length; turn++) {
			const at = (this.cursor.value - 1 + turn) % steps.length;
			const step = steps[at];
			if (!step) continue;
			if (on(step.span) || step.details.some(({ span }) => on(span)) || step.stack.some(({ span }) => on(span))) {
				this.go(at + 1);
				return;
			}
		}
		this.live.value = `No step of this run executes line ${line}.`;
	}

	play(): void {
		if (this.playing.value) {
			this.stop();
			return;
		}
		const length = this.picture.value?.steps.length ?? 0;
		if (length === 0) return;
		if (this.cursor.value >= length) this.move(0);
		this.playing.value = true;
		this.tick();
	}

	private tick(): void {
		this.timer = setTimeout(() => {
			const { cycleStart, steps } = this.picture.value ?? { cycleStart: null, steps: [] };
			if (this.step(1) || (cycleStart !== null && cycleStart < steps.length)) {
				// A run that goes on for ever does so here too.
				if (this.cursor.value >= steps.length && cycleStart !== null) batch(() => this.move(cycleStart));
				if (this.cursor.value < steps.length || cycleStart !== null) {
					this.tick();
					return;
				}
			}
			this.stop();
		}, PACE / this.speed.value) as unknown as number;
	}

	stop(): void {
		clearTimeout(this.timer);
		this.playing.value = false;
	}

	faster(by: 1 | -1): void {
		const at = SPEEDS.indexOf(this.speed.value as (typeof SPEEDS)[number]) + by;
		this.speed.value = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))] ?? 1;
	}

	toggle(row: StepRow | AloneRow | { readonly first: number; readonly kind: 'call' }): void {
		const unfolded = new Set(this.unfolded.value);
		if (row.kind === 'step' && row.opens === null) return;
		const isAlone = row.kind === 'setup' || row.kind === 'finally';
		const key = isAlone ? row.kind : `${row.kind === 'call' || row.opens === 'call' ? 'c' : 'd'}${row.first}`;
		if (!unfolded.delete(key)) unfolded.add(key);
		this.unfolded.value = unfolded;
	}

	/** Unfolds every call of the run, or folds all. */
	toggleAll(): void {
		const picture = this.picture.value;
		const rows = this.rows.value?.rows ?? [];
		if (!picture) return;
		const calls = rows.flatMap((row) => (row.kind === 'step' && row.opens === 'call' ? [row.key] : []));
		const open = rows.some(({ kind }) => kind === 'call');
		this.unfolded.value = open ? new Set() : new Set(calls);
	}

	toggleSection(name: string): void {
		const closed = new Set(this.closed.value);
		if (!closed.delete(name)) closed.add(name);
		this.closed.value = closed;
		this.keep();
	}

	// ── asking the host ─────────────────────────────────────────────────────────────────────────────────────────────

	/** Another way at a step; `single` goes one step only. */
	branch(steps: number, way: Alternative, single = this.single.value): void {
		this.stop();
		this.busy.value = 'Taking the other way …';
		this.send({ type: 'branch', steps, lane: way.lane, choice: way.choice, single });
	}

	backToFound(): void {
		this.busy.value = 'Back to the run that was found …';
		this.send({ type: 'found' });
	}

	showRun(scenario: string, finding: number | null): void {
		this.busy.value = 'Another run …';
		this.send({ type: 'show', scenario, finding });
	}

	startOrder(): void {
		this.order.value = this.order.value ? null : { first: null, second: null };
	}

	/** One of the two lines of an order. */
	pickLine(span: Span): void {
		const { order } = this;
		if (!order.value) return;
		if (!order.value.first) order.value = { first: span, second: null };
		else order.value = { first: order.value.first, second: span };
	}

	askOrder(): void {
		const { first, second } = this.order.value ?? {};
		if (!first || !second) return;
		this.busy.value = `Looking for the shortest run in which line ${first.line} goes before line ${second.line} …`;
		this.send({ type: 'order', first, second });
		this.order.value = null;
	}

	pin(): void {
		this.pinned.value = !this.pinned.value;
		this.send({ type: 'pin', pinned: this.pinned.value });
		this.keep();
	}

	open(span: Span): void {
		if (this.host.saved || this.isInvented(span.uri)) this.revealed.value = { uri: span.uri, line: span.line };
		else this.send({ type: 'open', span });
	}

	export(format: ExportFormat, data?: string): void {
		if (format === 'json') {
			const run = this.savedRun();
			if (run) this.send({ type: 'save', run });
			return;
		}
		this.send(data === undefined ? { type: 'export', format } : { type: 'export', format, data });
	}

	/** The shown run as it is replayed. */
	savedRun(): SavedRun | null {
		const picture = this.picture.value;
		return picture && savedRunOf(picture);
	}

	private keep(): void {
		const picture = this.picture.value;
		if (!picture) return;
		const kept: Kept = {
			version: 1,
			file: picture.file,
			scenario: picture.scenario,
			finding: picture.shown < 0 ? null : picture.shown,
			pinned: this.pinned.value,
			place: placeOf(picture, this.cursor.value),
			watched: [...this.watched.value],
			closed: [...this.closed.value],
		};
		this.host.keep(kept);
	}
}
