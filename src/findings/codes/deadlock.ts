import type { AstNode } from 'langium';
import { HeldMode } from '../../kernel/context.js';
import { spanOf } from '../../language/text.js';
import {
	acquisitionOf,
	blockedPlace,
	type Evidence,
	type Explanation,
	inLine,
	leaverOf,
	placesOf,
	runsIt,
	type StuckKind,
	sinceLine,
	threadName,
	waitWords,
} from '../finding.js';
import type { Related, Span } from '../result.js';
import { isToken, type Place, userFunction, userSpan } from '../run.js';
import type { WaitEdge } from '../waits.js';
import { cureOf, inCallback } from './cures.js';

/** Some threads wait for each other for ever, whether or not others still run. */
export const deadlock: StuckKind = {
	code: 'deadlock',
	severity: 'error',
	explain(evidence, cycle) {
		const { graph } = evidence;
		const { system } = graph;
		const forgotten = coreForgets(evidence, cycle);
		if (forgotten !== undefined) return forgotten;
		const name = (t: number): string => threadName(graph, t);
		const parts = cycle.map((edge, n) => {
			const next = (cycle[(n + 1) % cycle.length] as WaitEdge).thread;
			const where = inLine(graph, userSpan(blockedPlace(evidence, edge.thread)));
			const callback = userFunction(blockedPlace(evidence, edge.thread))?.name;
			const waits = `${name(edge.thread)} ${waitWords(edge)}${callback && !edge.readers ? ` in ${callback}()` : ''}${where}`;
			const leaver = leaverOf(evidence, edge);
			if (edge.holders.length === 0 && leaver !== undefined)
				return `${waits}, which ${name(leaver.thread)} took${inLine(graph, userSpan(leaver))} and never released`;
			return edge.holders.length === 0
				? waits
				: `${waits}, ${holds(evidence, edge, edge.holders.includes(next) ? next : (edge.holders[0] as number))}`;
		});
		const closing = cycle.map((edge, n) => {
			const before = cycle[(n + cycle.length - 1) % cycle.length] as WaitEdge;
			// who queues waits for nothing else
			if (before.wait.behindQueue && before.resource === edge.resource)
				return `${name(edge.thread)} queues for ${edge.resource} for writing`;
			const has =
				before.wait.kind === 'wakeup' || before.guessed || before.holders.length === 0
					? ''
					: before.readers !== undefined
						? `${before.readers.callbacks ? 'runs a callback' : `is a reader of ${before.readers.of}`} and `
						: before.wait.kind === 'cpu'
							? 'has the CPU and '
							: before.isRange
								? `has ${before.resource} active and `
								: `${runsIt(evidence, before, edge.thread) ? 'runs' : 'holds'} ${before.resource}${before.resource === edge.resource ? modeOf(evidence, before, edge.thread) : ''} and `;
			return `${name(edge.thread)} ${has}${waitWords(edge)}${edge.wait.behindQueue ? ' for reading' : ''}`;
		});
		const end =
			cycle.length === 1 ? 'it never goes on.' : cycle.length === 2 ? 'neither can go on.' : 'none of them can go on.';
		return {
			message:
				cycle.length === 1 &&
				(cycle[0] as WaitEdge).holders.length === 0 &&
				leaverOf(evidence, cycle[0] as WaitEdge) === undefined
					? `${parts.join('; ')}, and nobody is left to end that`
					: parts.join('; '),
			cure: jumpBack(evidence, cycle)?.cure ?? cureOf(evidence, cycle),
			span: blame(evidence, cycle),
			related: related(evidence, cycle),
			closing: `${closing.join('; ')}: ${end}`,
			threads: cycle.map((e) => system.threads[e.thread]?.name ?? '?'),
		};
	},
};

/**
 * The kernel's mistake, not a driver's (domain/semantics.md 2.3, `Latent asymmetry in core`): the interval callbacks have
 * agreed to a non-blockable range, a list notifier has then refused it, and nobody counts the range down again.
 */
function coreForgets({ graph, run }: Evidence, cycle: readonly WaitEdge[]): Explanation | undefined {
	const [edge] = cycle;
	if (cycle.length !== 1 || edge === undefined || !/\bactive_invalidate_ranges$/.test(edge.resource)) return undefined;
	const refusal = run.events.findLast(
		(e) =>
			e.kind === 'return' && !e.code.kernel && e.frames.at(-2)?.code.name.startsWith('mn_hlist_invalidate') === true,
	);
	if (refusal === undefined) return undefined;
	const name = threadName(graph, edge.thread);
	const other = threadName(graph, refusal.thread);
	const span = userSpan(blockedPlace({ graph, run } as Evidence, edge.thread));
	const why = `${refusal.code.name}()${inLine(graph, spanOf(refusal.node))} has refused it after the interval callbacks had agreed, and the core does not take their part back`;
	return {
		message: `${name} waits${inLine(graph, span)} for the end of an invalidation by ${other} that is over: ${why}. This is the kernel's mistake (__mmu_notifier_invalidate_range_start(), mm/mmu_notifier.c); a list notifier that shares an mm with interval notifiers is safe from it when it never refuses`,
		span,
		related: [{ span: spanOf(refusal.node), message: `${other} is refused here` }],
		closing: `${name} waits for the end of an invalidation that is over: the core has forgotten to count it down. It is the kernel's to mend.`,
		threads: [name],
	};
}

/** ` for reading`: how a thread has what another one waits for. */
function modeOf({ run }: Evidence, edge: WaitEdge, holder: number): string {
	const mode = acquisitionOf(run, holder, edge.wait.resource)?.held.mode;
	return mode === HeldMode.read ? ' for reading' : mode === HeldMode.write ? ' for writing' : '';
}

/** `which is active in B`, `which A has held since line 28`. */
function holds(evidence: Evidence, edge: WaitEdge, holder: number): string {
	const { graph, run } = evidence;
	const name = threadName(graph, holder);
	const taken = acquisitionOf(run, holder, edge.wait.resource);
	const since = taken === undefined ? '' : sinceLine(graph, userSpan(taken));
	if (edge.isRange) return `which is active in ${name}${since}`;
	if (edge.readers !== undefined)
		return edge.readers.callbacks ? `and ${name} is in one${since}` : `and ${name} is one${since}`;
	if (runsIt(evidence, edge, holder)) return edge.resource === name ? 'which never does' : `which ${name} runs`;
	if (edge.wait.behindQueue) return `for which ${name} queues as a writer, and a queued writer stops new readers`;
	if (edge.wait.kind === 'cpu') return `which ${name} does not give up`;
	if (edge.wait.kind === 'wakeup') return `and ${name} does not come to wake it`;
	if (edge.guessed) return `and ${name} does not come to end that`;
	return since === '' ? `which ${name} holds` : `which ${name} has held${since}`;
}

/** The waits and acquisitions of every edge of the cycle. */
export function related(evidence: Evidence, cycle: readonly WaitEdge[]): Related[] {
	const { graph, run } = evidence;
	const list: Related[] = [];
	const add = (places: readonly Related[]): void => {
		for (const { span, message } of places)
			if (!list.some((r) => r.message === message && r.span.line === span.line && r.span.uri === span.uri))
				list.push({ span, message });
	};
	for (const edge of cycle) {
		for (const holder of edge.holders) {
			if (cycle.length > 1 && !cycle.some((e) => e.thread === holder)) continue;
			const taken = acquisitionOf(run, holder, edge.wait.resource);
			if (taken !== undefined && (graph.system.threads[holder]?.kind !== 'kernel' || userFunction(taken) !== undefined))
				add(
					placesOf(
						taken,
						edge.isRange
							? `${threadName(graph, holder)} makes ${edge.resource} active here`
							: edge.readers !== undefined
								? `${threadName(graph, holder)} ${edge.readers.callbacks ? 'begins to call callbacks' : `becomes a reader of ${edge.readers.of}`} here`
								: `${threadName(graph, holder)} takes ${edge.resource} here`,
					),
				);
		}
		const message = `${threadName(graph, edge.thread)} ${waitWords(edge)} here`;
		add([{ span: userSpan(blockedPlace(evidence, edge.thread)), message }]);
	}
	return list;
}

/**
 * The statement to blame: a jump back taken with the lock of the cycle still held; else the wait of the
 * thread that waits for more than a lock; else the wait of the thread that holds a lock of the user's.
 */
export function blame(evidence: Evidence, cycle: readonly WaitEdge[]): Span {
	const { graph, run } = evidence;
	const jump = jumpBack(evidence, cycle);
	if (jump !== undefined) return spanOf(jump.node);
	// a driver's call into the kernel that comes back to its own callback: the call is to blame, not the callback
	for (const [n, edge] of cycle.entries()) {
		const wanted = cycle[(n + cycle.length - 1) % cycle.length] as WaitEdge;
		const taken = acquisitionOf(run, edge.thread, wanted.wait.resource);
		const entry = entryOfRecursion(blockedPlace(evidence, edge.thread));
		// what the callback itself took for a range around this one is the callback's doing
		const before = taken !== undefined && (isToken(taken.held) || entryOfRecursion(taken) === undefined);
		if (entry !== undefined && before) return entry;
	}
	const rank = (edge: WaitEdge): number => {
		const place = blockedPlace(evidence, edge.thread);
		const user = userFunction(place);
		const direct = place.frames[place.frames.length - 1]?.code.kernel === false;
		const called = user !== undefined && inCallback(place);
		// who is called with mmap_lock held can do nothing about it; who wants it on top of what others wait for can
		const mmap = user !== undefined && !called && /\bmmap_(lock|sem)$/.test(edge.resource);
		const kernels = graph.system.threads[edge.thread]?.kind === 'kernel';
		return (
			// who gets no CPU can do nothing about it
			(edge.wait.kind === 'cpu' ? -16 : 0) +
			(user === undefined ? 0 : 8) +
			(mmap && !kernels ? 6 : 0) +
			(edge.wait.kind === 'lock' ? 0 : 4) +
			(direct ? 2 : 0) +
			(called ? 1 : 0)
		);
	};
	const span = (edge: WaitEdge): Span => userSpan(blockedPlace(evidence, edge.thread));
	// of equals the first in the text, not of the threads: their order says nothing
	const later = (a: Span, b: Span): number => a.line - b.line || a.column - b.column;
	const [worst] = [...cycle].sort((a, b) => rank(b) - rank(a) || later(span(a), span(b)));
	return span(worst as WaitEdge);
}

/** The jump back that a thread of the cycle has taken with the lock that the thread before it wants. */
export function jumpBack(
	{ run }: Evidence,
	cycle: readonly WaitEdge[],
): { readonly node: AstNode; readonly cure: string } | undefined {
	for (const [n, edge] of cycle.entries()) {
		const wanted = cycle[(n + cycle.length - 1) % cycle.length] as WaitEdge;
		const taken = acquisitionOf(run, edge.thread, wanted.wait.resource);
		if (taken === undefined || taken.held.mode === HeldMode.token) continue;
		const jump = run.events.findLast(
			(e) =>
				e.kind === 'mark' &&
				e.thread === edge.thread &&
				e.step >= taken.step &&
				!e.code.kernel &&
				e.node.$type !== 'BreakStatement',
		);
		if (jump !== undefined && userFunction(taken) === jump.code)
			return { node: jump.node, cure: `Release ${wanted.resource} before going round again` };
	}
	return undefined;
}

/** Where the user's code has called the kernel that has called the user's code again; undefined where it has not. */
function entryOfRecursion({ frames }: Place): Span | undefined {
	// the scenario's block is nobody's driver
	const own = frames.findIndex((f, n) => n > 0 && !f.code.kernel);
	if (own < 0) return undefined;
	const kernel = frames.findIndex((f, n) => n > own && f.code.kernel);
	const back = frames.findIndex((f, n) => kernel > 0 && n > kernel && !f.code.kernel);
	return back < 0
		? undefined
		: userSpan({ node: (frames[kernel - 1] as Place['frames'][number]).node, frames: frames.slice(0, kernel) });
}
