import type { Graph } from '../../explore/graph.js';
import type { Turns } from '../../explore/turns.js';
import { acquisitionOf, type Evidence, type Explanation, lineOf, threadName } from '../finding.js';
import { type ClassEdge, classEdges, FS_RECLAIM, isUsers, START_MAP } from '../lock-classes.js';
import type { RunStep } from '../result.js';
import { type Place, rowOf, userFunction, userSpan } from '../run.js';

/** Classes of locks that are taken in a circle, by the edges of the circle; the edge to blame comes first. */
export interface ClassCycle {
	readonly edges: readonly ClassEdge[];
	/** Where the edge to blame was seen. */
	readonly seen: NonNullable<ClassEdge['seen']>;
}

/** Every circle of classes that has something of the sketch's in it, the shortest through each edge. */
export function* findLockOrder(graph: Graph): Turns<ClassCycle[]> {
	const edges = yield* classEdges(graph);
	const out = new Map<string, ClassEdge[]>();
	for (const edge of edges) out.set(edge.from, [...(out.get(edge.from) ?? []), edge]);
	const cycles: ClassCycle[] = [];
	const known = new Set<string>();
	for (const edge of edges) {
		if (edge.seen === undefined) continue;
		const back = pathBetween(out, edge.to, edge.from);
		if (back === undefined) continue;
		const circle = [edge, ...back];
		const key = circle
			.map((e) => e.from)
			.sort()
			.join('|');
		if (known.has(key) || !circle.some((e) => isUsers(graph.system, e.from) || inOwnCallback(graph, e))) continue;
		known.add(key);
		const turned = blamedFirst(graph, circle);
		const seen = turned[0]?.seen;
		if (seen !== undefined) cycles.push({ edges: turned, seen });
	}
	return cycles;
}

const placeOf = (graph: Graph, { seen }: ClassEdge): Place | undefined =>
	seen && graph.system.position(seen.thread, graph.local(seen.state, seen.thread));

/** A callback of the sketch's takes what only the kernel has: it allocates, or wants mmap_lock. */
function inOwnCallback(graph: Graph, edge: ClassEdge): boolean {
	const place = edge.from === START_MAP ? placeOf(graph, edge) : undefined;
	return place !== undefined && userFunction(place) !== undefined;
}

/** A shortest chain of edges from a class to another; empty when they are the same. */
function pathBetween(
	out: ReadonlyMap<string, readonly ClassEdge[]>,
	from: string,
	to: string,
): ClassEdge[] | undefined {
	const paths = new Map<string, ClassEdge[]>([[from, []]]);
	for (const [name, path] of paths) {
		if (name === to) return path;
		for (const edge of out.get(name) ?? []) if (!paths.has(edge.to)) paths.set(edge.to, [...path, edge]);
	}
	return undefined;
}

/** What a driver can change is what it takes outside of callbacks with a lock of its own. */
function blamedFirst(graph: Graph, circle: readonly ClassEdge[]): ClassEdge[] {
	const own = circle.some((edge) => isUsers(graph.system, edge.from));
	const distance = (edge: ClassEdge): number => {
		if (edge.seen === undefined) return 9;
		// waiting with a lock held is what is wrong, and not what the item or the reader takes
		if (isPseudo(edge.to)) return -1;
		if (edge.from === START_MAP) return own ? 3 : -2;
		return isUsers(graph.system, edge.from) ? (isUsers(graph.system, edge.to) ? 1 : 0) : 2;
	};
	const best = circle.reduce((a, b) => (distance(b) < distance(a) ? b : a));
	const at = circle.indexOf(best);
	return [...circle.slice(at), ...circle.slice(0, at)];
}

const PSEUDO: Readonly<Record<string, string>> = {
	[START_MAP]: 'a callback of mmu_notifier_invalidate_range_start',
	[FS_RECLAIM]: 'fs_reclaim, direct reclaim',
};
/** Something that runs, and is waited for: a work item, readers. */
const isPseudo = (name: string): boolean => /^(work item|readers of) /.test(name);
const word = (name: string): string => PSEUDO[name] ?? name;

/** What there is to do where a callback is at the beginning. */
function cureOf({ from, to }: ClassEdge): string | undefined {
	if (from !== START_MAP) return undefined;
	if (to === FS_RECLAIM)
		return 'Allocate before, where the address space is opened, or with GFP_NOWAIT, which may fail';
	return to === 'mmap_lock' ? 'Leave it to a work item for which the callback does not wait' : undefined;
}

/** What an edge says in words: `svm_lock is taken under umem_mutex`. */
function wordsOf({ from, to, may }: ClassEdge): string {
	const taken = may === true ? 'may be taken' : 'is taken';
	if (to === FS_RECLAIM)
		return from === START_MAP
			? 'a callback allocates with direct reclaim'
			: `memory is allocated with direct reclaim under ${word(from)}`;
	if (isPseudo(to))
		return from === START_MAP ? `a callback waits for ${to}` : `${to} is waited for under ${word(from)}`;
	if (isPseudo(from)) return to === START_MAP ? `callbacks run in ${from}` : `${word(to)} ${taken} in ${from}`;
	if (from === START_MAP) return `${word(to)} ${taken} in a callback`;
	return to === START_MAP
		? `callbacks run, or are waited for, under ${word(from)}`
		: `${word(to)} ${taken} under ${word(from)}`;
}

/** The circle, edge by edge; its run ends before the edge to blame, which is said in a row of its own. */
export function explainLockOrder(
	evidence: Evidence,
	cycle: ClassCycle,
): Explanation & { readonly rows: readonly RunStep[] } {
	const { graph, run } = evidence;
	const parts = cycle.edges.map((edge) => {
		const place = placeOf(graph, edge);
		if (place === undefined) return 'direct reclaim calls callbacks (f920e413ff9c)';
		const inside = userFunction(place)?.name;
		return `${wordsOf(edge)} (${inside === undefined ? '' : `in ${inside}(), `}${lineOf(graph, userSpan(place))})`;
	});
	const blamed = cycle.edges[0] as ClassEdge;
	const place = placeOf(graph, blamed) as Place;
	const { thread, held } = cycle.seen;
	const taken = held === 0 ? undefined : acquisitionOf(run, thread, held);
	const others = cycle.edges.slice(1).flatMap((edge) => {
		const other = placeOf(graph, edge);
		return other === undefined
			? []
			: [{ span: userSpan(other), message: `${word(edge.from)}, then ${word(edge.to)}, here` }];
	});
	const message = `the order of lock classes is a circle: ${parts.join('; ')}. No run of this scenario deadlocks; lockdep, which looks at classes, complains`;
	return {
		message,
		cure: cureOf(blamed),
		span: userSpan(place),
		related: [...(taken ? [{ span: userSpan(taken), message: `${word(blamed.from)} is taken here` }] : []), ...others],
		closing: `${message}.`,
		threads: [...new Set(cycle.edges.flatMap((e) => (e.seen ? [threadName(graph, e.seen.thread)] : [])))],
		rows: [
			{
				...rowOf(threadName(graph, thread), place, run.schedule.length, null),
				blocked: true,
				remarks: [wordsOf(blamed)],
			},
		],
	};
}
