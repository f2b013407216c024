import { SUPERSEDED } from '../findings/check.js';

/** So long nothing else has to be done before a look, in milliseconds: a pause in typing, not a pause between two keys. */
const PAUSE_MS = 1000;

/**
 * Looks at sketches that came out right with one thread more (findings/larger.ts), one at a time, when there is nothing
 * else to do. What was begun when there is something is begun anew behind it.
 */
export class LargerLooks {
	/** Names of the scenarios to look at, by sketch. */
	private readonly waiting = new Map<string, readonly string[]>();
	private running: { readonly uri: string; readonly abort: AbortController } | undefined;
	private timer: ReturnType<typeof setTimeout> | undefined;
	private paused = false;

	/** @param look must not reject; its result counts where the signal was not aborted */
	constructor(
		private readonly look: (uri: string, scenarios: readonly string[], signal: AbortSignal) => Promise<void>,
	) {}

	/** To be called when these scenarios of a sketch came out right, before `resume`. */
	add(uri: string, scenarios: readonly string[]): void {
		if (scenarios.length > 0) this.waiting.set(uri, scenarios);
	}

	/** To be called when a sketch has changed, or is gone: the others are still looked at. */
	drop(uri: string): void {
		this.waiting.delete(uri);
		if (this.running?.uri === uri) this.running.abort.abort(SUPERSEDED);
	}

	/** To be called when something else has to be done. */
	pause(): void {
		this.paused = true;
		clearTimeout(this.timer);
		this.running?.abort.abort(SUPERSEDED);
	}

	/** To be called when that is done. */
	resume(): void {
		this.paused = false;
		this.plan();
	}

	private plan(): void {
		clearTimeout(this.timer);
		if (this.paused || this.running !== undefined || this.waiting.size === 0) return;
		this.timer = setTimeout(() => void this.next(), PAUSE_MS);
	}

	private async next(): Promise<void> {
		const [first] = this.waiting;
		if (first === undefined) return;
		const [uri, scenarios] = first;
		const abort = new AbortController();
		this.running = { uri, abort };
		await this.look(uri, scenarios, abort.signal);
		this.running = undefined;
		if (!abort.signal.aborted && this.waiting.get(uri) === scenarios) this.waiting.delete(uri);
		this.plan();
	}
}
