import { SUPERSEDED } from '../findings/check.js';
/** Does one job; stops early when the signal is aborted. */
export type Job = (key: string, signal: AbortSignal) => Promise<void>;

interface Waiting {
	readonly key: string;
	/** Time before which the job is not started, as of `Date.now()`. */
	readonly from: number;
	readonly urgent: boolean;
}

/**
 * Jobs by key, one running at a time, at most one waiting for each key.
 *
 * Scheduling a key again replaces its waiting job and aborts its running one: only the newest matters. An urgent job
 * (somebody is typing in that file) goes ahead of all others: when its delay is over, a running job of another key makes
 * room for it and is started afresh later.
 */
export class JobQueue {
	private waiting: Waiting[] = [];
	private running: { readonly key: string; readonly abort: AbortController; repeat: boolean } | undefined;
	private timer: ReturnType<typeof setTimeout> | undefined;
	private idlers: (() => void)[] = [];

	/** @param run must not reject: whatever goes wrong in a job is the job's to report */
	constructor(private readonly run: Job) {}

	/** Runs the job of `key` after `delay` milliseconds at the earliest. */
	schedule(key: string, { delay = 0, urgent = false } = {}): void {
		this.cancel(key);
		const entry = { key, from: Date.now() + delay, urgent };
		if (urgent) this.waiting.unshift(entry);
		else this.waiting.push(entry);
		this.next();
	}

	/** Drops the waiting job of `key` and aborts its running one. */
	cancel(key: string): void {
		this.waiting = this.waiting.filter((entry) => entry.key !== key);
		if (this.running?.key === key) {
			this.running.repeat = false;
			this.running.abort.abort(SUPERSEDED);
		}
		this.settle();
	}

	/** Resolves when nothing runs and nothing waits. */
	idle(): Promise<void> {
		return new Promise((resolve) => {
			this.idlers.push(resolve);
			this.settle();
		});
	}

	private next(): void {
		clearTimeout(this.timer);
		const candidates = this.running ? this.waiting.filter(({ urgent }) => urgent) : this.waiting;
		const now = Date.now();
		const due = candidates.find(({ from }) => from <= now);
		if (!due) {
			const soonest = Math.min(...candidates.map(({ from }) => from));
			if (candidates.length > 0) this.timer = setTimeout(() => this.next(), soonest - now);
		} else if (this.running) {
			// Comes back here when it has stopped.
			if (this.running.key !== due.key) this.running.repeat = true;
			this.running.abort.abort(SUPERSEDED);
		} else {
			this.waiting = this.waiting.filter((entry) => entry !== due);
			void this.start(due.key);
		}
	}

	private async start(key: string): Promise<void> {
		const running = { key, abort: new AbortController(), repeat: false };
		this.running = running;
		await this.run(key, running.abort.signal);
		this.running = undefined;
		if (running.repeat && !this.waiting.some((entry) => entry.key === key)) {
			this.waiting.push({ key, from: 0, urgent: false });
		}
		this.next();
		this.settle();
	}

	private settle(): void {
		if (this.running || this.waiting.length > 0) return;
		for (const resolve of this.idlers.splice(0)) resolve();
	}
}
