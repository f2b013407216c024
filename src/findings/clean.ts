import { componentsOf, mayCycle } from '../explore/components.js';
import type { Graph } from '../explore/graph.js';
import { spread, withoutTimeouts } from '../explore/prospects.js';
import type { Turns } from '../explore/turns.js';
import { findRaces } from './codes/data-race.js';
import { mayInterrupt } from './codes/interrupted-lock.js';
import { findLockOrder } from './codes/lock-order.js';
import { findLeftUse } from './codes/mm-users.js';
import { findLeftReferences } from './codes/page-references.js';
import { findUnbalanced } from './codes/unbalanced.js';
import { countersOf } from './counters.js';

/**
 * Is it plain that nothing is wrong, without a look at which thread is which? For graphs in which a state stands for all
 * that differ only in that. False says nothing: then the whole graph has to be looked at.
 * @param wanted of the finding codes, those that count
 */
export function* isClean(graph: Graph, wanted: (code: string) => boolean): Turns<boolean> {
	if (graph.reports.length > 0) return false;
	// how far a count is off can only be read off single operations
	if (graph.merged && countersOf(graph.system.program).counters.length > 0) return false;
	// where everybody can always come to the end nobody is stuck
	const running = yield* graph.runningOf();
	if (!(yield* endsFromEverywhere(graph, running))) return false;
	if ((yield* findUnbalanced(graph)).length > 0 || (yield* findLeftReferences(graph)).length > 0) return false;
	if ((yield* findLeftUse(graph)) !== undefined) return false;
	if (wanted('data-race') && (yield* findRaces(graph)).length > 0) return false;
	if (wanted('lock-order') && (yield* findLockOrder(graph)).length > 0) return false;
	if (yield* mayInterrupt(graph)) return false;
	return !(wanted('livelock') || wanted('starvation')) || !(yield* mayGoOn(graph, running));
}

/** Does some run lead from every state to one in which nobody runs, without help of a timer or a signal? */
function* endsFromEverywhere(graph: Graph, running: Int32Array): Turns<boolean> {
	if (graph.timeouts.size > 0) {
		const ends = running.map((mask) => (mask === 0 ? -1 : 0));
		yield* spread(graph, ends, withoutTimeouts(graph));
		return !ends.includes(0);
	}
	const { first, target } = graph.rowsOfEdges();
	const ends = new Uint8Array(graph.count);
	const open = new Int32Array(graph.count);
	let left = 0;
	for (let s = 0; s < graph.count; s++) {
		// what was not looked at may end
		if (running[s] === 0 || s >= graph.expanded) ends[s] = 1;
		else open[left++] = s;
	}
	// most find one that ends right behind them: it takes few rounds, now from the last state to the first, now back
	for (let before = -1; left > 0 && left !== before; ) {
		before = left;
		yield;
		open.subarray(0, left).reverse();
		let kept = 0;
		for (let n = 0; n < left; n++) {
			const s = open[n] as number;
			let e = first[s] as number;
			const end = first[s + 1] as number;
			while (e < end && !((target[e] as number) >= 0 && ends[target[e] as number] === 1)) e++;
			if (e < end) ends[s] = 1;
			else open[kept++] = s;
		}
		left = kept;
	}
	return left === 0;
}

/** May a thread that has not come to its end be on a cycle? */
function* mayGoOn(graph: Graph, running: Int32Array): Turns<boolean> {
	const rows = graph.rowsOfEdges();
	if (!(yield* mayCycle(rows))) return false;
	const { component } = yield* componentsOf(rows);
	for (let s = 0; s < rows.count; s++)
		// a daemon may be through with a round in one step
		if (running[s] !== 0 || graph.merged)
			for (let e = rows.first[s] as number; e < (rows.first[s + 1] as number); e++) {
				const t = rows.target[e] as number;
				if (t >= 0 && component[t] === component[s]) return true;
			}
	return false;
}
