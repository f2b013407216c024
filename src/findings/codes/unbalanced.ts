import type { AstNode } from 'langium';
import type { Graph } from '../../explore/graph.js';
import { spread } from '../../explore/prospects.js';
import type { Turns } from '../../explore/turns.js';
import type { Report } from '../../machine/step.js';
import type { System } from '../../machine/system.js';
import { type Counter, type Counters, countersOf } from '../counters.js';
import { type Evidence, type Explanation, lineOf, type ReportKind, reportPlaceSpan, threadName } from '../finding.js';
import { removalOf } from '../mapping.js';
import { isToken, type Place, userFunction, userSpan } from '../run.js';

/** A count of active ranges that is wrong in some state: below zero, or above it with nothing left that counts it down. */
export interface Unbalanced {
	readonly address: number;
	readonly name: string;
	readonly state: number;
	readonly below: boolean;
	readonly ends: Counters['ends'];
}

/** Counts that are below zero, or will never be zero again although no range is active: each in its shallowest state. */
export function* findUnbalanced(graph: Graph): Turns<Unbalanced[]> {
	const { counters, ends } = countersOf(graph.system.program);
	if (counters.length === 0) return [];
	const values = countsByShared(graph, counters);
	const addresses = new Set<number>();
	for (const counts of values.values()) for (const [address, n] of counts) if (n !== 0) addresses.add(address);
	const found: Unbalanced[] = [];
	const shared = graph.reader(graph.threads);
	for (const address of addresses) {
		yield;
		const count = (s: number): number => values.get(shared(s))?.get(address) ?? 0;
		let state = -1;
		for (let s = 0; s < graph.count && state < 0; s++) if (count(s) < 0) state = s;
		const below = state >= 0;
		if (!below) {
			const back = yield* comesBack(graph, (s) => count(s) === 0);
			for (let s = 0; s < graph.count && state < 0; s++) if (back[s] === 0 && !rangeActive(graph, s)) state = s;
		}
		if (state < 0) continue;
		found.push({ address, name: graph.system.nameOf(address, graph.sharedOf(state)), state, below, ends });
	}
	return found;
}

/** Values of all counters, by shared vector; one that is freed is not there. */
function countsByShared(graph: Graph, counters: readonly Counter[]): Map<number, Map<number, number>> {
	const { system } = graph;
	const values = new Map<number, Map<number, number>>();
	const index = graph.reader(graph.threads);
	for (let s = 0; s < graph.count; s++) {
		const shared = index(s);
		if (values.has(shared)) continue;
		const vector = graph.sharedOf(s);
		const counts = new Map<number, number>();
		for (const { node } of counters)
			for (const address of system.cellsOf(node, vector)) counts.set(address, system.cell(address, vector) ?? 0);
		values.set(shared, counts);
	}
	return values;
}

/** States from which some continuation leads to one that is `good`; what was not looked at may. */
function* comesBack(graph: Graph, good: (state: number) => boolean): Turns<Int32Array> {
	const back = Int32Array.from({ length: graph.count }, (_, s) => (good(s) ? -1 : 0));
	yield* spread(graph, back);
	return back;
}

/** Some thread has an invalidation under way. */
function rangeActive(graph: Graph, state: number): boolean {
	const shared = graph.sharedOf(state);
	for (let t = 0; t < graph.threads; t++)
		for (const held of graph.system.task(t, graph.local(state, t)).held)
			if (isToken(held) && graph.system.isRange(held.resource, shared, (u) => graph.local(state, u))) return true;
	return false;
}

/** A change of a counter in a run. */
interface Count extends Place {
	readonly thread: number;
	readonly step: number;
	/** The range that the thread has active, by name. */
	readonly range: string | undefined;
}

/** Who counted up without anybody counting down again, and the last who counted down. */
function countsIn({ graph, run }: Evidence, address: number): { open: Count[]; last: Count | undefined } {
	const { system } = graph;
	const open: Count[] = [];
	let last: Count | undefined;
	run.schedule.forEach(({ state, thread }, step) => {
		const after = run.schedule[step + 1]?.state ?? run.finalState;
		const shared = graph.sharedOf(state);
		const by = (system.cell(address, graph.sharedOf(after)) ?? 0) - (system.cell(address, shared) ?? 0);
		if (by === 0) return;
		const local = graph.local(state, thread);
		const locals = (t: number): Int32Array => graph.local(state, t);
		const { held } = system.task(thread, local);
		const token = held.findLast((h) => isToken(h) && system.isRange(h.resource, shared, locals));
		const range = token && system.nameOf(token.resource, shared, locals);
		const count: Count = { ...system.position(thread, local), thread, step, range };
		if (by > 0) {
			open.push(count);
			return;
		}
		last = count;
		const own = open.findLastIndex((c) => c.thread === thread);
		open.splice(own >= 0 ? own : open.length - 1, open.length > 0 ? 1 : 0);
	});
	return { open, last };
}

/** A change of a counter that was overwritten, since reading and writing it were not one. */
interface Lost {
	readonly by: Place & { readonly thread: number };
	readonly count: Place & { readonly thread: number };
}

/** Where the store leads that a thread will do next. */
function storeTarget(system: System, thread: number, local: Int32Array): number | undefined {
	const next = system.next(thread, local);
	if (next?.op !== 'store') return undefined;
	const { code, registers } = system.task(thread, local).frame;
	return next.address >= 0 ? registers[next.address] : code.constants[-1 - next.address];
}

/** The first store of a run that goes by a value which another thread has changed since it was read. */
function lostIn({ graph, run }: Evidence, address: number): Lost | undefined {
	const { system } = graph;
	const { schedule } = run;
	const value = (step: number): number | undefined =>
		system.cell(address, graph.sharedOf(schedule[step]?.state ?? run.finalState));
	for (const [step, { state, thread }] of schedule.entries()) {
		if (storeTarget(system, thread, graph.local(state, thread)) !== address) continue;
		const read = schedule.slice(0, step).findLastIndex((s) => s.thread === thread);
		if (read < 0) continue;
		let change = step - 1;
		while (change > read && value(change) === value(change + 1)) change--;
		const other = schedule[change];
		if (change <= read || other === undefined || value(read + 1) === value(step)) continue;
		return {
			by: { ...system.position(thread, graph.local(state, thread)), thread },
			count: { ...system.position(other.thread, graph.local(other.state, other.thread)), thread: other.thread },
		};
	}
	return undefined;
}

/** It is nobody's counting that is wrong: a count is gone. */
function explainLost({ graph }: Evidence, counter: string, { by, count }: Lost, symptom: string): Explanation {
	const [loser, other] = [by, count].map(({ thread }) => threadName(graph, thread)) as [string, string];
	const [inside, there] = [by, count].map((p) => userFunction(p)?.name);
	const at = ` (${lineOf(graph, userSpan(count))})`;
	return {
		message: `${symptom}: a count was lost. ${loser} writes what it has made of an old value${inside ? ` in ${inside}()` : ''}, over the change that ${other} has made in between${there ? ` in ${there}()` : ''}${at}`,
		cure: `Change ${counter} under one lock everywhere, or make it an atomic_t`,
		span: userSpan(by),
		related: [
			{ span: userSpan(count), message: `${other} changes ${counter} here, between ${loser}'s reading and writing it` },
		],
		closing: `${loser} has overwritten the count of ${other}: ${symptom}.`,
		threads: [...new Set([loser, other])],
	};
}

/** Words and blame for a count found wrong in the graph. */
export function explainUnbalanced(evidence: Evidence, found: Unbalanced): Explanation {
	const { graph, run } = evidence;
	const lost = lostIn(evidence, found.address);
	if (lost !== undefined)
		return explainLost(
			evidence,
			found.name,
			lost,
			found.below ? `${found.name} goes below zero` : `${found.name} never comes back to zero`,
		);
	const { open, last } = countsIn(evidence, found.address);
	if (found.below && last !== undefined) return belowZero(evidence, found.name, last.thread, last, last.range);
	const up = open[0] as Count;
	const name = threadName(graph, up.thread);
	const after = run.events.filter((e) => e.step >= up.step);
	const ended = after.find((e) => e.kind === 'call' && e.thread === up.thread && found.ends.has(e.code.node));
	const gone = removalOf(evidence);
	const why =
		ended !== undefined
			? `${ended.code.name}() does not count it down`
			: gone !== undefined
				? `${gone.thread} unregisters the notifier before the range ends, so that its end callback is never called`
				: 'the callback refuses the range behind it, so that no end callback follows';
	const whose = up.range === undefined ? '' : ` for ${up.range}`;
	return {
		message: `${found.name} never comes back to zero: ${name} counts it up${whose} (${lineOf(graph, userSpan(up))}), and ${why}`,
		cure:
			ended !== undefined
				? 'Remember in the start callback whether the range was counted, and ask that in the end callback'
				: gone !== undefined
					? 'Do not wait for the count behind the unregistration: it is dead then'
					: 'Count only when the range is accepted, or take the count back before refusing',
		span: userSpan(up),
		related:
			gone !== undefined && ended === undefined
				? [{ span: gone.span, message: `${gone.thread} unregisters here` }]
				: [],
		closing: `No range is active, and ${found.name} is not zero: it never will be again.`,
		threads: [name],
		// who waits for it then is found to wait; for all others it is dead (kvm_destroy_vm() says so of its own)
		...(ended === undefined && gone !== undefined && { severity: 'hint' as const }),
	};
}

function belowZero(
	{ graph }: Pick<Evidence, 'graph'>,
	counter: string,
	thread: number,
	place: Place,
	range: string | undefined,
): Explanation {
	const name = threadName(graph, thread);
	const inside = userFunction(place)?.name;
	const whose = range === undefined ? 'a range' : range;
	return {
		message: `${counter} goes below zero: ${name} counts it down${inside ? ` in ${inside}()` : ''} for ${whose}, which its start callback has not counted`,
		span: userSpan(place),
		related: [],
		closing: `${counter} goes below zero: ${whose} ends and has never been counted.`,
		threads: [name],
	};
}

/** An unsigned count cannot hold what is below zero: its overflow is this finding. */
export const countOverflow: ReportKind = {
	code: 'unbalanced',
	severity: 'error',
	explain(evidence, report, thread) {
		const { graph, run } = evidence;
		const counter = counterOf(graph, report) as Counter;
		for (const address of graph.system.cellsOf(counter.node, run.finalShared)) {
			const lost = lostIn(evidence, address);
			if (lost !== undefined) return explainLost(evidence, counter.name, lost, `${counter.name} goes below zero`);
		}
		const explained = belowZero(
			{ graph },
			counter.name,
			thread,
			{ node: report.node, frames: report.stack },
			undefined,
		);
		return { ...explained, span: reportPlaceSpan(report) };
	},
};

/** The counter that a report's statement counts down; undefined where the report is about something else. */
export function counterOf(graph: Graph, report: Report): Counter | undefined {
	if (report.code !== 'overflow') return undefined;
	const { counters } = countersOf(graph.system.program);
	return counters.find(({ down }) => {
		for (let at: AstNode | undefined = report.node; at !== undefined; at = at.$container) if (down.has(at)) return true;
		return false;
	});
}
