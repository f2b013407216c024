/** The waits of a finding in the order in which they hang together. */

import type { Wait } from '../../findings/explorer/picture.js';

export interface Chain {
	readonly waits: readonly Wait[];
	/** The last one waits for the first. */
	readonly closed: boolean;
	/** Lanes in order; a closed chain names its first lane once. */
	readonly lanes: readonly number[];
}

/** Follows the waits from thread to thread; waits that do not hang together with the rest are left out. */
export function chainOf(waits: readonly Wait[]): Chain | null {
	const targets = new Set(waits.map(({ to }) => to));
	// A chain that is no cycle begins with a thread that nobody waits for.
	const first = waits.find(({ from }) => !targets.has(from)) ?? waits[0];
	if (!first) return null;
	const chain: Wait[] = [];
	const lanes: number[] = [];
	let wait: Wait | undefined = first;
	while (wait && !lanes.includes(wait.from)) {
		chain.push(wait);
		lanes.push(wait.from);
		const { to }: Wait = wait;
		wait = waits.find(({ from }) => from === to);
	}
	const end = chain.at(-1)?.to ?? 0;
	const closed = end === first.from;
	return { waits: chain, closed, lanes: closed ? lanes : [...lanes.filter((lane) => lane !== end), end] };
}
