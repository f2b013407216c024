/** Successors of a pair: (local, shared) indices one after the other; local -1 where the run ends. */
export interface Moves {
	readonly targets: readonly number[];
	readonly timeout: boolean;
}

/** Of a pair: thread, local, shared, flags, where its successors begin. */
const WORDS = 5;
const RUNNING = 1;
const TIMEOUT = 2;

/**
 * What threads can do, by (thread, local, shared), in the order in which it was found out. In arrays of numbers: many
 * thousands of objects are what a garbage collector takes longest over.
 */
export class Pairs {
	private heads = new Int32Array(WORDS * 256);
	targets = new Int32Array(1024);
	count = 0;

	/** The number of a new pair. */
	add(thread: number, local: number, shared: number, running: boolean, { targets, timeout }: Moves): number {
		const at = WORDS * this.count;
		// the head behind the last one says where the successors of the next one begin
		if (at + 2 * WORDS > this.heads.length) this.heads = longer(this.heads, 2 * this.heads.length);
		const { heads } = this;
		const first = heads[at + 4] as number;
		const end = first + targets.length;
		if (end > this.targets.length) this.targets = longer(this.targets, 2 * end);
		heads[at] = thread;
		heads[at + 1] = local;
		heads[at + 2] = shared;
		heads[at + 3] = (running ? RUNNING : 0) | (timeout ? TIMEOUT : 0);
		heads[at + WORDS + 4] = end;
		for (let n = 0; n < targets.length; n++) this.targets[first + n] = targets[n] as number;
		return this.count++;
	}

	thread(pair: number): number {
		return this.heads[WORDS * pair] as number;
	}
	local(pair: number): number {
		return this.heads[WORDS * pair + 1] as number;
	}
	shared(pair: number): number {
		return this.heads[WORDS * pair + 2] as number;
	}
	isRunning(pair: number): boolean {
		return ((this.heads[WORDS * pair + 3] as number) & RUNNING) !== 0;
	}
	isTimeout(pair: number): boolean {
		return ((this.heads[WORDS * pair + 3] as number) & TIMEOUT) !== 0;
	}
	/** Where the successors of a pair begin in `targets`; those of the next one follow them. */
	first(pair: number): number {
		return this.heads[WORDS * pair + 4] as number;
	}
	*all(): Iterable<{ readonly thread: number; readonly from: number; readonly to: number }> {
		for (let n = 0; n < this.count; n++) {
			for (let at = this.first(n); at < this.first(n + 1); at += 2) {
				const to = this.targets[at] as number;
				if (to >= 0) yield { thread: this.thread(n), from: this.local(n), to };
			}
		}
	}
	moves(pair: number): Moves {
		return {
			targets: [...this.targets.subarray(this.first(pair), this.first(pair + 1))],
			timeout: this.isTimeout(pair),
		};
	}
}

function longer(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
	const copy = new Int32Array(length);
	copy.set(array);
	return copy;
}
