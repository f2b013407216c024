import type { Progress } from '../findings/check.js';
import type { Console } from './console.js';

/** Nothing is drawn for what takes no longer than this. */
const QUIET_MS = 1000;
const REDRAW_MS = 100;
/** Leaves room for the figures in a terminal of 80 columns. */
const LONGEST = 52;

/** One line on standard error, drawn over and over while a search takes longer than a second; only on a terminal. */
export class ProgressLine {
	private readonly began = Date.now();
	private drawn = 0;
	private what: string | undefined;

	constructor(private readonly console: Console) {}

	readonly show = (progress: Progress): void => {
		const now = Date.now();
		if (!this.console.live || now - this.began < QUIET_MS || now - this.drawn < REDRAW_MS) return;
		this.drawn = now;
		const { what } = this;
		const seconds = (progress.milliseconds / 1000).toFixed(0);
		const rate = number(Math.round((1000 * progress.states) / Math.max(1, progress.milliseconds)));
		const figures = `${number(progress.states)} states, ${rate} a second, ${number(progress.frontier)} to go, ${seconds} s`;
		const line = what
			? `${what}: ${number(progress.states)} states, ${seconds} s`
			: `${progress.scenario}: ${figures}; Ctrl-C ends the search`;
		this.console.err(`\r\u001b[K${line}`);
	};

	/** What the searches from now on are for, in place of the scenario's name. A line that wraps cannot be drawn over. */
	about(what: string): void {
		this.what = what.length > LONGEST ? `${what.slice(0, LONGEST - 1)}…` : what;
	}

	/** Removes the line, so that results do not run into it. */
	clear(): void {
		if (this.drawn !== 0) this.console.err('\r\u001b[K');
		this.drawn = 0;
	}
}

function number(n: number): string {
	return n.toLocaleString('en-US');
}
