import { CheckThread } from '../server/node.js';
import type { Checker } from './check.js';

/** Checks in several threads: as many sketches at once. */
export class Jobs {
	private readonly idle: CheckThread[];
	private readonly threads: readonly CheckThread[];
	private readonly waiting: ((thread: CheckThread) => void)[] = [];

	constructor(readonly count: number) {
		this.threads = Array.from({ length: count }, () => new CheckThread(true));
		this.idle = [...this.threads];
	}

	/** As checkSketch, in the next thread that is free. */
	readonly check: Checker = async (uri, sources, options) => {
		const thread = this.idle.pop() ?? (await new Promise<CheckThread>((resolve) => this.waiting.push(resolve)));
		try {
			return await thread.check(uri, sources, options);
		} finally {
			const next = this.waiting.shift();
			if (next === undefined) this.idle.push(thread);
			else next(thread);
		}
	};

	/** Ends the threads. */
	end(): void {
		for (const thread of this.threads) thread.end();
	}
}
