import { componentsOf, mayCycle } from '../explore/components.js';
import type { Graph } from '../explore/graph.js';
import { type Endless, endlessRunsOf } from '../explore/liveness.js';
import type { Prospects } from '../explore/prospects.js';
import type { ScheduleStep, ShortestRuns } from '../explore/shortest.js';
import { stepGraphOf } from '../explore/step-graph.js';
import type { Turns } from '../explore/turns.js';
import { livelock } from './codes/livelock.js';
import { starvation } from './codes/starvation.js';
import { withCure } from './finding.js';
import type { Finding } from './result.js';
import { replayRun } from './run.js';
import { classify } from './stuck.js';
import { waitsIn } from './waits.js';

/**
 * Threads that run, or are put off, for ever: each with a short way into a short cycle.
 * @param told does a finding say that these threads, as bits, never end from this state on, whatever daemons do?
 */
export function* findEndless(
	graph: Graph,
	prospects: Prospects,
	shortest: ShortestRuns,
	told: (state: number, threads: number) => boolean,
): Turns<Finding[]> {
	// what only follows from a deadlock is told with the deadlock
	const ignore = (state: number, unfinished: number): number => {
		const stuck = unfinished & ~prospects.canMove(state);
		if (stuck === 0) return 0;
		return classify(graph, state, waitsIn(graph, state, stuck)) === undefined ? stuck : -1;
	};
	const rows = graph.rowsOfEdges();
	if (!(yield* mayCycle(rows))) return [];
	const { component } = yield* componentsOf(rows);
	const endless = yield* endlessRunsOf(yield* stepGraphOf(graph), component, ignore, prospects.canEnd);
	return endless
		.filter(({ daemons, victims, cycle }) => daemons === 0 || !told(cycle.start, victims))
		.map((e) => toFinding(graph, prospects, shortest, e));
}

function toFinding(graph: Graph, prospects: Prospects, shortest: ShortestRuns, endless: Endless): Finding {
	const { start, edges } = endless.cycle;
	const stem = shortest.to(start, graph.edgeThread(edges[0] as number));
	let state = start;
	const cycle = edges.map((edge): ScheduleStep => {
		const step = { state, thread: graph.edgeThread(edge), choice: graph.edgeChoice(edge) };
		state = graph.target(edge);
		return step;
	});
	const run = replayRun(graph, [...stem, ...cycle]);
	// where nothing brings them to an end any more, or only luck, daemons need not go on for it
	const hopeless = (endless.victims & prospects.canEnd(start)) === 0;
	const kind = endless.daemons === 0 || endless.missed || hopeless ? livelock : starvation;
	const lost = [...run.schedule.map((s) => s.state), run.finalState].findIndex((s) => !prospects.endsWell(s));
	return {
		...withCure(kind.explain({ graph, prospects, run }, endless, stem.length)),
		code: kind.code,
		severity: kind.severity,
		run: run.rows,
		cycleStart: stem.length + 1,
		noReturn: lost < 0 ? null : lost,
	};
}
