import type { Endless } from '../../explore/liveness.js';
import {
	type Evidence,
	type LivenessExplanation,
	type LivenessKind,
	lineOf,
	placesOf,
	threadName,
	threadsOf,
	waitWords,
} from '../finding.js';
import { type Loop, loopOf } from '../loop.js';
import type { Related } from '../result.js';
import { waitsIn } from '../waits.js';

/** Threads run for ever without one of them finishing, with finitely many invalidations and a fair scheduler. */
export const livelock: LivenessKind = {
	code: 'livelock',
	severity: 'error',
	explain(evidence, endless, cycle): LivenessExplanation {
		const { graph } = evidence;
		const victims = threadsOf(endless.victims);
		const loops = victims.map((t) => loopOf(evidence, t, cycle));
		const names = victims.map((t) => threadName(graph, t));
		const all = and(names);
		const s = names.length === 1 ? 's' : '';
		const behind = waitsBehind(evidence, endless);
		const words = goRound(evidence, victims, loops);
		const finite = threadsOf(endless.finite).map((t) => threadName(graph, t));
		const why = !endless.escapes
			? 'from there no continuation ends it'
			: endless.missed
				? `as long as ${and(finite)} ${finite.length === 1 ? 'goes' : 'go'} on ${names.length === 1 ? 'it' : 'they'} may look too late each time, and once ${finite.length === 1 ? 'that stops' : 'those stop'} nobody ends the wait`
				: endless.awaited !== 0
					? `what would end it is up to ${and(threadsOf(endless.awaited).map((t) => threadName(graph, t)))}, which may stop for ever`
					: `everybody gets a turn again and again, no invalidation is needed for it, and ${names.length === 1 ? 'it need' : 'they need'} never end`;
		const luck = luckWords(graph, endless, names[0] as string);
		return {
			message: `${words}: ${why}${behind.map((w) => `; ${w.words}`).join('')}`,
			cure: oldSequence(evidence, victims[0] as number, cycle)
				? 'Each round needs a sequence of its own: go back to before mmu_interval_read_begin()'
				: undefined,
			span: (loops[0] as Loop).span,
			related: [...relatedOf(evidence, victims, loops), ...behind.flatMap((w) => w.related)],
			assumption: endless.escapes ? luck : null,
			fairness: [
				{ name: 'weak fairness', ends: false },
				{ name: 'strong fairness', ends: false },
				...(endless.missed ? [{ name: `finitely many rounds of ${and(finite)}`, ends: false }] : []),
				...(endless.escapes ? [{ name: luck, ends: true }] : []),
			],
			closing: endless.escapes
				? `${all} go${s === '' ? '' : 'es'} round for ever, although every thread gets its turn${endless.missed ? `, or wait${s} for ever once ${and(finite)} stop${finite.length === 1 ? 's' : ''}` : ' and no invalidation is needed'}; what would end it: ${luck}.`
				: `${all} go${s === '' ? '' : 'es'} round for ever: no schedule brings ${names.length === 1 ? 'it' : 'them'} to an end any more.`,
			threads: [...new Set([...names, ...threadsOf(endless.cycle.moved).map((t) => threadName(graph, t))])],
		};
	},
};

/** The rounds ask for a collision, and none of them reads the sequence anew. */
function oldSequence({ run }: Evidence, thread: number, cycle: number): boolean {
	const called = run.events
		.filter((e) => e.kind === 'call' && e.thread === thread && e.step >= cycle)
		.map((e) => e.code.name);
	return called.includes('mmu_interval_read_retry') && !called.includes('mmu_interval_read_begin');
}

const luckWords = (graph: Evidence['graph'], { gap, awaited }: Endless, name: string): string =>
	awaited !== 0
		? `${and(threadsOf(awaited).map((t) => threadName(graph, t)))} never stopping`
		: gap === null
			? 'a schedule that happens not to interrupt them at the wrong moment'
			: `${name} gets ${gap} steps in a row with nobody in between, which no scheduler promises`;

/** `A`, `A and B`, `A, B and C`. */
export const and = (names: readonly string[], word = 'and'): string =>
	names.length <= 1 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} ${word} ${names[names.length - 1]}`;

/** `A goes round in fault() (line 12)`, `F does not get out of mmu_notifier_range_wait_valid() (line 31)`. */
export function goRound({ graph }: Evidence, threads: readonly number[], loops: readonly Loop[]): string {
	const byLoop = new Map<string, string[]>();
	threads.forEach((t, n) => {
		const loop = loops[n] as Loop;
		const line = lineOf(graph, loop.span);
		const inside = loop.function === undefined ? '' : ` ${loop.function.name}()`;
		const key = loop.kernel ? `|out of${inside} (${line})` : `round${inside === '' ? '' : ` in${inside}`} (${line})|`;
		byLoop.set(key, [...(byLoop.get(key) ?? []), threadName(graph, t)]);
	});
	return [...byLoop]
		.map(([key, names]) => {
			const [round, out] = key.split('|') as [string, string];
			const one = names.length === 1;
			return round === ''
				? `${and(names)} ${one ? 'does' : 'do'} not get ${out}`
				: `${and(names)} ${one ? 'goes' : 'go'} ${round}`;
		})
		.join('; ');
}

/** The loops of the victims behind the first, whose loop is the finding's own place. */
export function relatedOf({ graph }: Evidence, victims: readonly number[], loops: readonly Loop[]): Related[] {
	return victims
		.map((t, n) => ({ span: (loops[n] as Loop).span, message: `${threadName(graph, t)} goes round here` }))
		.filter(({ span }, n) => n > 0 && span.line !== loops[0]?.span.line);
}

/** Threads that only wait while others go round, and for what. */
export function waitsBehind(evidence: Evidence, endless: Endless): { words: string; related: Related[] }[] {
	const { graph, prospects, run } = evidence;
	const state = run.finalState;
	const waiting = prospects.alive(state) & ~endless.cycle.moved & ~endless.victims;
	return waitsIn(graph, state, waiting).map((edge) => {
		const name = threadName(graph, edge.thread);
		const place = graph.system.position(edge.thread, graph.local(state, edge.thread));
		const holder = edge.holders.find((h) => h !== edge.thread);
		const of = holder === undefined || edge.wait.kind === 'wakeup' ? '' : `, which ${threadName(graph, holder)} has`;
		return {
			words: `${name} ${waitWords(edge)}${of}`,
			related: placesOf(place, `${name} ${waitWords(edge)} here`),
		};
	});
}
