import { blockedPlace, inLine, placesOf, type StuckKind, threadName } from '../finding.js';
import { userSpan } from '../run.js';
import type { WaitEdge } from '../waits.js';

/** A thread sleeps although what it waits for is true, and nobody will wake it. */
export const lostWakeup: StuckKind = {
	code: 'lost-wakeup',
	severity: 'error',
	explain(evidence, cycle) {
		const { graph, run } = evidence;
		const edge = cycle[0] as WaitEdge;
		const name = threadName(graph, edge.thread);
		const place = blockedPlace(evidence, edge.thread);
		const wake = run.rows.findLast((r) => r.thread !== name && /\bwake_up/.test(r.text));
		const on = edge.resource === '' ? '' : ` on ${edge.resource}`;
		return {
			message: `${name} sleeps${on}${inLine(graph, userSpan(place))} although what it waits for has happened${wake ? `: the wake-up of ${wake.thread} came before it was asleep` : ''}, and nobody will wake it again`,
			cure: 'Set the state of the task before looking (prepare_to_wait), or use wait_event(), which looks again',
			span: userSpan(place),
			related: [
				...(wake ? [{ span: wake.span, message: `${wake.thread} wakes here, too early` }] : []),
				...placesOf(place, `${name} sleeps here`),
			],
			closing: `${name} sleeps${on}, what it waits for has happened, and nobody will wake it again.`,
			threads: [name],
		};
	},
};
