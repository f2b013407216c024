/** A run as a picture that stands alone: lanes, time downwards, locks and waits along the lanes. Follows the reader's light or dark. */
import { callbackOf, count, type Folded, fold, lanesInVain, lengthOf } from '../explorer/fold.js';
import type { Bar, Picture } from '../explorer/picture.js';
import { type AloneLine, aloneLines } from './alone.js';
import { lanesInUse, noReturnWords } from './mermaid.js';
import { printable, wrap } from './wrap.js';

/** Sizes in px. */
const CHAR = 7.25;
const LINE = 18;
const PAD = 10;
const NUMBERS = 40;
const RAIL = 16;
const BAR = 15;
const TEXT_WIDTH = 300;
const HEAD = 74;

const COLOURS = ['blue', 'purple', 'green', 'orange', 'teal', 'pink', 'yellow', 'red'];
const STYLE = `
:root { --bg: #ffffff; --fg: #1f2328; --dim: #59636e; --line: #d1d9e0; --bad: #c1121f; --well: #1a7f37; --tint: #8250df14;
	--blue: #0969da; --purple: #8250df; --green: #1a7f37; --orange: #bc4c00; --teal: #1b7c83; --pink: #bf3989; --yellow: #7d5a00; --red: #a40e26; }
@media (prefers-color-scheme: dark) { :root { --bg: #1f1f1f; --fg: #e6e6e6; --dim: #a3a3a3; --line: #3c3c3c; --bad: #ff7b72; --well: #56d364; --tint: #b180d71f;
	--blue: #59a4f9; --purple: #b180d7; --green: #56d364; --orange: #f0883e; --teal: #39c5cf; --pink: #f778ba; --yellow: #e3b341; --red: #ff7b72; } }
text { font: 12px ui-monospace, "Cascadia Code", Menlo, Consolas, monospace; fill: var(--fg); }
.dim { fill: var(--dim); } .bad { fill: var(--bad); } .head { font-weight: 600; } .small { font-size: 11px; }
.rule { stroke: var(--line); } .no-return { stroke: var(--bad); stroke-dasharray: 4 3; } .bg { fill: var(--bg); }
.tint { fill: var(--tint); } .cause { stroke: var(--bad); fill: none; }`;

interface Placed {
	readonly row: Folded;
	readonly y: number;
	readonly height: number;
	readonly lines: readonly { readonly text: string; readonly kind: 'text' | 'dim' | 'bad' }[];
}

/** The text of an `.svg` file. */
export function svgForm(picture: Picture): string {
	return new Drawing(picture).svg();
}

class Drawing {
	private readonly out: string[] = [];
	private readonly lanes: readonly number[];
	private readonly rows: readonly Placed[];
	private readonly inVain: ReadonlySet<number>;
	private readonly railOf = new Map<number, number>();
	private readonly textOf = new Map<number, number>();
	private readonly slots = new Map<Bar, number>();
	private readonly width: number;
	/** Under what `setup` does. */
	private readonly top: number;
	private readonly bottom: number;
	private readonly setup: readonly AloneLine[];
	private readonly finally: readonly AloneLine[];

	constructor(private readonly picture: Picture) {
		this.lanes = lanesInUse(picture);
		this.inVain = lanesInVain(picture);
		let x = NUMBERS;
		for (const lane of this.lanes) {
			const bars = this.solid(lane);
			const used = this.place(bars);
			this.railOf.set(lane, x + RAIL);
			this.textOf.set(lane, x + RAIL + 14 + used * (BAR + 3));
			x = (this.textOf.get(lane) as number) + TEXT_WIDTH + PAD;
		}
		this.width = x;
		const letters = Math.floor((x - NUMBERS - PAD) / CHAR);
		this.setup = aloneLines(picture, 'setup', letters);
		this.finally = aloneLines(picture, 'finally', letters);
		const placed: Placed[] = [];
		this.top = HEAD + heightOf(this.setup);
		let y = this.top;
		for (const row of fold(picture)) {
			if (picture.noReturn === row.from) y += LINE;
			const lines = linesOf(row);
			const height = lines.length * LINE + PAD;
			placed.push({ row, y, height, lines });
			y += height;
		}
		if (picture.noReturn !== null && picture.noReturn >= picture.steps.length) y += LINE;
		this.rows = placed;
		this.bottom = y;
	}

	svg(): string {
		const { picture } = this;
		const closing = wrap(printable(picture.ending), Math.floor((this.width - 2 * PAD) / CHAR));
		const never = picture.never.length > 0 ? LINE + PAD : 0;
		const end = this.bottom + never + heightOf(this.finally);
		const height = end + 2 * PAD + closing.length * LINE;
		this.tints();
		this.header();
		this.alone(this.setup, HEAD);
		for (const lane of this.lanes) this.rail(lane);
		for (const placed of this.rows) this.row(placed);
		this.noReturn();
		this.cycle();
		for (const lane of this.lanes) this.bars(lane);
		for (const { lane, text } of this.neverRows())
			this.text(this.textOf.get(lane) ?? PAD, this.bottom + LINE, text, 'bad');
		this.alone(this.finally, this.bottom);
		const kind = picture.finding === null ? '' : 'bad';
		closing.forEach((line, n) => void this.text(PAD, end + PAD + (n + 1) * LINE - 5, line, kind));
		const title = `${picture.finding?.code ?? picture.verdict}: ${picture.scenario}`;
		return `<svg xmlns="http://www.w3.org/2000/svg" width="${this.width}" height="${height}" viewBox="0 0 ${this.width} ${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
<defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="2.5" height="6" style="fill: var(--bad)"/></pattern>
<pattern id="waits" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="2.5" height="6" style="fill: var(--dim)"/></pattern>
<marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" style="fill: var(--bad)"/></marker>
</defs>
<rect class="bg" width="100%" height="100%"/>
${this.out.join('\n')}
</svg>
`;
	}

	/** What runs with nobody else around, across all lanes. */
	private alone(lines: readonly AloneLine[], y: number): void {
		lines.forEach(({ text, wrong }, n) => void this.text(NUMBERS, y + (n + 1) * LINE - 5, text, wrong ? 'bad' : 'dim'));
	}

	private neverRows(): Picture['never'] {
		return this.picture.never;
	}

	private text(x: number, y: number, text: string, kind: string): void {
		this.out.push(
			`<text x="${x}" y="${y}"${kind === '' || kind === 'text' ? '' : ` class="${kind}"`}>${escaped(text)}</text>`,
		);
	}

	private colour(lane: number): string {
		return `var(--${COLOURS[lane % COLOURS.length]})`;
	}

	private header(): void {
		const { picture } = this;
		const words = [
			picture.finding?.code ?? picture.verdict,
			picture.scenario,
			lengthOf(picture),
			count(picture.statesExplored, 'state'),
		];
		this.text(PAD, 24, words.join('  |  '), picture.finding?.severity === 'error' ? 'head bad' : 'head');
		for (const lane of this.lanes) {
			const { name, title } = picture.lanes[lane] as Picture['lanes'][number];
			const x = this.railOf.get(lane) as number;
			this.badge(lane, x, 50, name);
			this.text(
				(this.textOf.get(lane) as number) + Math.max(0, name.length - 2) * CHAR,
				54,
				clipped(title, Math.floor(TEXT_WIDTH / CHAR)),
				'head',
			);
		}
		this.out.push(`<path class="rule" d="M0 ${HEAD - 6}H${this.width}"/>`);
	}

	/** The lane's letter in a shape of its own: nothing is said by colour alone. */
	private badge(lane: number, x: number, y: number, name: string): void {
		const colour = this.colour(lane);
		const shape =
			lane % 2 === 0 ? `<circle cx="${x}" cy="${y}" r="9"` : `<rect x="${x - 9}" y="${y - 9}" width="18" height="18"`;
		this.out.push(`${shape} style="fill: none; stroke: ${colour}; stroke-width: 2"/>`);
		const letters = name.length <= 2 ? name : (name[0] ?? '');
		this.out.push(`<text x="${x}" y="${y + 4}" text-anchor="middle" class="head">${escaped(letters)}</text>`);
		if (name.length > 2) this.text(x + 14, y + 4, name, '');
	}

	/** A tint behind everything that runs in a callback of the driver. */
	private tints(): void {
		for (const { row, y, height } of this.rows) {
			const step = this.picture.steps[row.from];
			if (step === undefined || callbackOf(step) === null) continue;
			const x = this.textOf.get(row.lane) as number;
			this.out.push(`<rect class="tint" x="${x - 6}" y="${y}" width="${TEXT_WIDTH}" height="${height}"/>`);
		}
	}

	private rail(lane: number): void {
		const x = this.railOf.get(lane) as number;
		const { steps } = this.picture;
		const mine = this.rows.filter((r) => r.row.lane === lane);
		const first = mine[0];
		const last = mine[mine.length - 1];
		const colour = this.colour(lane);
		const top = first === undefined ? this.bottom : first.y + LINE / 2;
		this.out.push(
			`<path d="M${x} ${this.top - 6}V${top}" style="stroke: ${colour}; stroke-width: 2; stroke-dasharray: 2 3"/>`,
		);
		if (first === undefined || last === undefined) return;
		const ended = steps[last.row.to - 1]?.remark.includes('has ended') ?? false;
		const end = ended ? last.y + LINE / 2 : this.bottom;
		this.out.push(`<path d="M${x} ${top}V${end}" style="stroke: ${colour}; stroke-width: 2"/>`);
	}

	private row({ row, y, lines }: Placed): void {
		const x = this.railOf.get(row.lane) as number;
		const at = this.textOf.get(row.lane) as number;
		const colour = row.blocked ? 'var(--bad)' : this.colour(row.lane);
		const fill = row.blocked ? 'var(--bg)' : colour;
		const middle = y + LINE / 2;
		this.out.push(
			row.lane % 2 === 0
				? `<circle cx="${x}" cy="${middle}" r="5" style="fill: ${fill}; stroke: ${colour}; stroke-width: 2"/>`
				: `<rect x="${x - 5}" y="${middle - 5}" width="10" height="10" style="fill: ${fill}; stroke: ${colour}; stroke-width: 2"/>`,
		);
		this.out.push(`<text x="${NUMBERS - 14}" y="${middle + 4}" text-anchor="end" class="dim">${row.from + 1}</text>`);
		lines.forEach(({ text, kind }, n) => void this.text(at, middle + 4 + n * LINE, text, kind));
		if (row.cause) {
			const width = Math.min(TEXT_WIDTH, (lines[0]?.text.length ?? 0) * CHAR);
			this.out.push(`<path class="cause" d="M${at} ${middle + 7}${zigzag(width)}"/>`);
		}
	}

	private noReturn(): void {
		const { noReturn } = this.picture;
		if (noReturn === null) return;
		const row = this.rows.find((r) => r.row.from >= noReturn);
		const y = (row?.y ?? this.bottom) - LINE / 2;
		const words = noReturnWords(this.picture);
		const x = this.width - PAD - words.length * CHAR;
		this.out.push(`<path class="no-return" d="M0 ${y}H${x - 6}"/>`);
		this.text(x, y + 4, words, 'bad');
	}

	private cycle(): void {
		const { cycleStart } = this.picture;
		const first = cycleStart === null ? undefined : this.rows.find((r) => r.row.from >= cycleStart);
		if (first === undefined) return;
		const [top, end] = [first.y + LINE / 2, this.bottom - PAD];
		this.out.push(
			`<path d="M10 ${end}H5V${top}H12" style="fill: none; stroke: var(--yellow); stroke-width: 2" marker-end="url(#arrow)"/>`,
		);
		this.out.push(
			`<text transform="translate(14 ${(top + end) / 2}) rotate(-90)" text-anchor="middle" class="small">for ever</text>`,
		);
	}

	/** Locks and ranges of a lane. */
	private solid(lane: number): Bar[] {
		return this.picture.bars.filter((b) => b.lane === lane && (b.kind === 'lock' || b.kind === 'range'));
	}

	/** Gives each bar the first slot that is free for its length. @returns how many slots are needed */
	private place(bars: readonly Bar[]): number {
		const ends: number[] = [];
		for (const bar of bars) {
			let slot = ends.findIndex((end) => end < bar.from);
			if (slot < 0) slot = ends.length;
			ends[slot] = bar.to;
			this.slots.set(bar, slot);
		}
		return ends.length;
	}

	/** Where a state lies: between the rows. */
	private yOf(state: number): number {
		const row = this.rows.find((r) => r.row.to >= state);
		if (row === undefined || state > (this.rows[this.rows.length - 1]?.row.to ?? 0)) return this.bottom;
		return row.row.from >= state ? row.y + 2 : row.y + LINE / 2;
	}

	private bars(lane: number): void {
		const rail = this.railOf.get(lane) as number;
		const colour = this.colour(lane);
		const last = this.picture.steps.length;
		for (const bar of this.solid(lane)) {
			const x = rail + 10 + (this.slots.get(bar) as number) * (BAR + 3);
			const [top, end] = [this.yOf(bar.from), bar.to >= last ? this.bottom : this.yOf(bar.to + 1)];
			// the same lock in another mode from the same row on
			if (end - top < 6 && this.solid(lane).some((b) => b.name === bar.name && b.from === bar.to + 1)) continue;
			const height = Math.max(6, end - top);
			if (bar.kind === 'range')
				this.out.push(
					`<path d="M${x + 8} ${top}H${x}V${end}${bar.to >= last ? '' : `H${x + 8}`}" style="fill: none; stroke: ${colour}; stroke-width: 2"/>`,
				);
			else
				this.out.push(
					`<rect x="${x}" y="${top}" width="${BAR}" height="${height}" rx="2" style="fill: ${bar.mode === 'shared' ? 'none' : colour}; stroke: ${colour}"/>`,
				);
			const name = bar.kind === 'range' ? `${bar.name} active` : bar.name;
			if (height < name.length * 6.6 + 6) continue;
			const style = bar.kind === 'lock' && bar.mode === 'exclusive' ? ' style="fill: var(--bg)"' : '';
			this.out.push(
				`<text class="small" transform="translate(${x + 4} ${top + 5}) rotate(90)"${style}>${escaped(name)}</text>`,
			);
		}
		for (const bar of this.picture.bars.filter((b) => b.lane === lane && b.kind === 'wait')) {
			const [top, end] = [this.yOf(bar.from), bar.to >= last ? this.bottom : this.yOf(bar.to + 1)];
			const inVain = bar.forEver && this.inVain.has(lane);
			const fill = inVain ? 'hatch' : 'waits';
			this.out.push(
				`<rect x="${rail - 6}" y="${top}" width="12" height="${Math.max(6, end - top)}" style="fill: url(#${fill}); stroke: var(${inVain ? '--bad' : '--dim'})"/>`,
			);
			const to = bar.lanes.find((l) => l !== lane);
			const target = to === undefined ? undefined : this.railOf.get(to);
			const row = this.rows.find((r) => r.row.lane === lane && r.row.blocked);
			if (!inVain || target === undefined || row === undefined) continue;
			const y = row.y + row.height - 5;
			this.out.push(
				`<path d="M${rail} ${y}H${target + (target < rail ? 8 : -8)}" style="stroke: var(--bad); stroke-width: 1.5" marker-end="url(#arrow)"/>`,
			);
		}
	}
}

const heightOf = (lines: readonly AloneLine[]): number => (lines.length === 0 ? 0 : lines.length * LINE + PAD);

function linesOf(row: Folded): Placed['lines'] {
	const width = Math.floor(TEXT_WIDTH / CHAR);
	const lines: { text: string; kind: 'text' | 'dim' | 'bad' }[] = [];
	if (row.enters !== null) lines.push({ text: row.enters, kind: 'dim' });
	for (const text of wrap(printable(row.text), width)) lines.push({ text, kind: 'text' });
	for (const remark of row.remarks)
		for (const text of wrap(printable(remark), width)) lines.push({ text, kind: row.blocked ? 'bad' : 'dim' });
	return lines;
}

const clipped = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);
const zigzag = (width: number): string => `${'l3 -3l3 3'.repeat(Math.max(1, Math.floor(width / 6)))}`;
const escaped = (text: string): string =>
	text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);
