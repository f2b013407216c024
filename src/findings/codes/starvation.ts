import type { AstNode } from 'langium';
import type { Endless } from '../../explore/liveness.js';
import { type Call, isCall } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import {
	type Evidence,
	type LivenessExplanation,
	type LivenessKind,
	lineOf,
	threadName,
	threadsOf,
} from '../finding.js';
import { type Loop, loopOf } from '../loop.js';
import { type Place, spanOfPlace, userSpan } from '../run.js';
import { and, goRound, relatedOf, waitsBehind } from './livelock.js';

/** A thread can be put off for ever, but only while a daemon goes on. */
export const starvation: LivenessKind = {
	code: 'starvation',
	severity: 'warning',
	explain(evidence, endless, cycle): LivenessExplanation {
		const { graph } = evidence;
		const victims = threadsOf(endless.victims);
		const names = victims.map((t) => threadName(graph, t));
		const daemons = threadsOf(endless.daemons).map((t) => threadName(graph, t));
		const loops = victims.map((t) => loopOf(evidence, t, cycle));
		const threads = [...new Set([...names, ...threadsOf(endless.cycle.moved).map((t) => threadName(graph, t))])];
		const assumption = assumptionOf(graph, endless, names[0] as string);
		const first = loops[0] as Loop;
		const sleep = sleepsForNothing(evidence, victims[0] as number, first, cycle);
		if (sleep !== undefined)
			return {
				...misses(evidence, names, daemons, first, sleep, assumption, threads),
				fairness: underWhich(graph, endless, names[0] as string),
			};
		const words = goRound(evidence, victims, loops);
		const behind = waitsBehind(evidence, endless);
		return {
			message: `${words} as long as ${and(daemons)} ${daemons.length === 1 ? 'goes' : 'go'} on, although every thread and every instruction gets its turn${behind.map((w) => `; ${w.words}`).join('')}. It ends with ${assumption}`,
			span: first.span,
			related: [...relatedOf(evidence, victims, loops), ...behind.flatMap((w) => w.related)],
			assumption,
			fairness: underWhich(graph, endless, names[0] as string),
			closing: `${and(daemons)} can put ${and(names)} off for ever; ${names.length === 1 ? 'it ends' : 'they end'} with ${assumption}. ${fairness(endless)}`,
			threads,
		};
	},
};

/** The weakest assumptions under which the thread ends. */
function assumptionOf(graph: Evidence['graph'], { finite, gap }: Endless, victim: string): string {
	const names = and(threadsOf(finite).map((t) => threadName(graph, t)));
	const rounds = `finitely many rounds of ${names}`;
	if (gap === null) return rounds;
	return `${rounds}, or a gap of ${gap} step${gap === 1 ? '' : 's'} of ${victim} between two rounds of ${names}`;
}

/** What the search has assumed already, and what would end it. */
function underWhich(
	graph: Evidence['graph'],
	{ finite, gap }: Endless,
	victim: string,
): LivenessExplanation['fairness'] {
	const names = and(threadsOf(finite).map((t) => threadName(graph, t)));
	return [
		{ name: 'weak fairness', ends: false },
		{ name: 'strong fairness', ends: false },
		{ name: `finitely many rounds of ${names}`, ends: true },
		gap === null
			? { name: 'a quiet gap', ends: false }
			: { name: `a quiet gap of ${gap} step${gap === 1 ? '' : 's'} of ${victim}`, ends: true },
	];
}

/** What fairness can and cannot do here (semantics.md 1.6). */
const fairness = ({ gap }: Endless): string =>
	gap === null
		? 'A fair scheduler does not help.'
		: 'A fair scheduler does not help, unless it runs those steps as one atomic step.';

/**
 * The place where the thread sleeps again and again although nothing that it waits for is held or active: what it
 * sleeps for is not what it needs. Only where the wait names what it is for, which is so in the kernel's own.
 */
function sleepsForNothing({ graph, run }: Evidence, thread: number, loop: Loop, cycle: number): Place | undefined {
	if (!loop.kernel) return undefined;
	let sleeping = -1;
	for (const { state } of run.schedule.slice(cycle)) {
		const wait = graph.wait(state, thread);
		if (wait === undefined) continue;
		if (wait.kind !== 'wakeup') return undefined;
		sleeping = state;
	}
	if (sleeping < 0) return undefined;
	const local = graph.localIndex(sleeping, thread);
	for (let s = 0; s < graph.expanded; s++)
		if (graph.localIndex(s, thread) === local && graph.wait(s, thread)?.kind === 'token')
			return graph.system.position(thread, graph.local(sleeping, thread));
	return undefined;
}

function misses(
	{ graph }: Evidence,
	names: readonly string[],
	daemons: readonly string[],
	loop: Loop,
	sleep: Place,
	assumption: string,
	threads: readonly string[],
): Omit<LivenessExplanation, 'fairness'> {
	const name = names[0] as string;
	const call = sleep.frames[sleep.frames.length - 1]?.code.name ?? 'the kernel';
	const condition = conditionOf(sleep);
	const others = and(daemons);
	const user = userSpan(sleep);
	return {
		message: `${name} sleeps again and again in ${call}() (${lineOf(graph, user)}) although nothing that it waits for is active: ${others}, whose ranges do not overlap, makes${condition} false again each time before ${name} looks. This is the kernel's comparison, not the driver's mistake; the wait should ask for what it needs. It ends with ${assumption}`,
		span: spanOfPlace(sleep),
		related: [{ span: loop.span, message: `${name} waits here, and cannot help it` }],
		assumption,
		closing: `${others} can put ${name} off for ever though it never touches what ${name} waits for: the wait in ${call}() compares${condition}, which is not what it needs. It is the kernel's to mend.`,
		threads,
	};
}

/** ` "mmn->nranges != nranges"`, the condition of the wait. */
function conditionOf({ node }: Place): string {
	let at: AstNode | undefined = node;
	while (at !== undefined && !(isCall(at) && at.arguments.length > 1)) at = at.$container;
	const condition = at === undefined ? undefined : (at as Call).arguments[1];
	return condition === undefined ? ' what it compares' : ` "${sourceText(condition)}"`;
}
