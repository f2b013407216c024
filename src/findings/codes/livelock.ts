import { blockedPlace, lineOf, type StuckKind, threadName } from '../finding.js';
import { userSpan } from '../run.js';
import type { WaitEdge } from '../waits.js';

/** Threads run for ever without one of them finishing, whatever anybody does. */
export const livelock: StuckKind = {
	code: 'livelock',
	severity: 'error',
	explain(evidence, cycle) {
		const { graph } = evidence;
		const edge = cycle[0] as WaitEdge;
		const name = threadName(graph, edge.thread);
		const span = userSpan(blockedPlace(evidence, edge.thread));
		return {
			message: `${name} runs for ever from here on (${lineOf(graph, span)}): no continuation brings it to its end`,
			span,
			related: [],
			closing: `${name} goes round for ever: whatever the other threads do, it does not come to its end.`,
			threads: [name],
		};
	},
};
