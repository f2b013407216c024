import { AstUtils } from 'langium';
import { HeldMode } from '../../kernel/context.js';
import { isCall, isNameRef } from '../../language/generated/ast.js';
import { countersOf } from '../counters.js';
import { acquisitionOf, blockedPlace, type Evidence, leaverOf, threadName } from '../finding.js';
import { type Place, userFunction } from '../run.js';
import type { WaitEdge } from '../waits.js';

/*
 * What to do about threads that wait for ever: the sentence behind the one that says what happens. Only where the run
 * shows which of the known mistakes it is; no advice is better than a wrong one.
 */

/** Is the thread in a function that the kernel has called? */
export function inCallback({ frames }: Place): boolean {
	const own = frames.findLastIndex((f, n) => n > 0 && !f.code.kernel);
	return own > 0 && frames[own - 1]?.code.kernel === true;
}

const NO_MMAP_LOCK = 'A callback must not take mmap_lock: whoever invalidates may have it';
const SIGNALLED_FREELY =
	'What a callback waits for must be signalled without its locks, and without an allocation that reclaims: allocate before the fence is published';
const HELD_FROM_START_TO_END =
	'What is held from the start of a range to its end is taken again by a range inside of it: count the active ranges instead';
/** Calls that fault pages in as the processor does, and take mmap_lock for it themselves. */
const USER_ACCESS = /^_*(copy_(to|from)_user|clear_user|(get|put)_user)$/;

/** For a cycle of waits, in the order "waits for". */
export function cureOf(evidence: Evidence, cycle: readonly WaitEdge[]): string | undefined {
	const { graph } = evidence;
	const at = (edge: WaitEdge): Place => blockedPlace(evidence, edge.thread);
	/** What the thread before is waiting for, and this one has. */
	const has = (n: number): WaitEdge => cycle[(n + cycle.length - 1) % cycle.length] as WaitEdge;
	for (const edge of cycle) {
		const leaver = edge.holders.length === 0 ? leaverOf(evidence, edge) : undefined;
		if (leaver !== undefined)
			return `Release ${edge.resource} on every way out of ${userFunction(leaver)?.name ?? threadName(graph, leaver.thread)}()`;
	}
	for (const edge of cycle) {
		const place = at(edge);
		if (!inCallback(place)) continue;
		if (edge.wait.behindQueue && !isMmapLock(edge) && again(evidence, edge, cycle)) return HELD_FROM_START_TO_END;
		if (isMmapLock(edge) && userCalls(place, /^mmap_(read|write)_lock/))
			return graph.system.threads[edge.thread]?.kind === 'kernel'
				? `A callback must not wait for what takes mmap_lock, as ${userFunction(place)?.name ?? threadName(graph, edge.thread)}() does: whoever invalidates may have it`
				: NO_MMAP_LOCK;
		if (userCalls(place, /^(flush_|drain_|cancel_(delayed_)?work_sync)/))
			return 'A callback must not wait for a work item: use cancel_work() and a flag, or leave the rest to the item';
		if (userCalls(place, /^dma_fence_wait/)) return SIGNALLED_FREELY;
	}
	for (const [n, edge] of cycle.entries()) {
		const lock = has(n);
		const holds = lock.wait.kind === 'lock' && !lock.isRange && !lock.wait.behindQueue;
		if (edge.wait.kind === 'lock' && edge.wait.behindQueue && again(evidence, edge, cycle))
			return `A reader must not come back for ${edge.resource}: a writer may have queued in between. Take it once, around both`;
		if (edge.readers !== undefined && holds)
			return `Call ${edge.readers.call}() without ${lock.resource}: ${edge.readers.callbacks ? 'callbacks' : 'its readers'} take it`;
		if (edge.isRange && holds)
			return isMmapLock(lock)
				? 'Wait for invalidations before taking mmap_lock (Documentation/mm/hmm.rst)'
				: `Release ${lock.resource} before waiting for invalidations: their callbacks take it`;
		if (isMmapLock(edge) && holds && !inCallback(at(edge)) && !isMmapLock(lock)) {
			const call = entryCall(at(edge));
			// who held mmap_lock over a page fault's own would take it twice
			if (call !== undefined && USER_ACCESS.test(call))
				return `Call ${call}() without ${lock.resource}: it may fault, and a fault takes mmap_lock; callbacks take ${lock.resource} with mmap_lock held`;
			return `Take mmap_lock before ${lock.resource}, or not under it: callbacks take ${lock.resource} with mmap_lock held`;
		}
	}
	const [a, b] = cycle;
	if (
		cycle.length === 2 &&
		a?.wait.kind === 'lock' &&
		b?.wait.kind === 'lock' &&
		!a.isRange &&
		!b.isRange &&
		a.resource !== b.resource
	)
		return `Take ${a.resource} and ${b.resource} in the same order everywhere`;
	return undefined;
}

/** For a thread that waits for what it has. */
export function selfCureOf(evidence: Evidence, edge: WaitEdge, back: boolean): string | undefined {
	const place = blockedPlace(evidence, edge.thread);
	const taken = acquisitionOf(evidence.run, edge.thread, edge.wait.resource);
	if (edge.isRange || edge.readers?.callbacks) return 'Leave it to a work item that the callback does not wait for';
	if (inCallback(place) && isMmapLock(edge))
		return 'A callback must not take mmap_lock: whoever invalidates may have it';
	if (edge.holders.length === 0 && inCallback(place) && userCalls(place, /^dma_fence_wait/)) return SIGNALLED_FREELY;
	if (taken === undefined || taken.held.mode === HeldMode.token) return undefined;
	if (back) return `Release ${edge.resource} before going round again`;
	if (inCallback(place) && userCalls(place, /^(dma_resv_lock|ww_mutex_lock)/))
		return 'A callback must not lock a reservation: memory is allocated under it (dma_resv_lockdep(), drivers/dma-buf/dma-resv.c)';
	const call = entryCall(place);
	if (inCallback(place) && call !== undefined && !inCallback(taken))
		return `Call ${call}() without ${edge.resource}: it may call callbacks, which take it`;
	const f = userFunction(place);
	if (inCallback(place) && inCallback(taken) && f !== undefined && userFunction(taken) === f)
		return countersOf(evidence.graph.system.program).ends.size > 0 || f.name.endsWith('start')
			? HELD_FROM_START_TO_END
			: `Release ${edge.resource} on every way out of ${f.name}()`;
	return undefined;
}

const isMmapLock = ({ resource }: WaitEdge): boolean => /\bmmap_(lock|sem)$/.test(resource);

/** Does the thread that waits hold what it waits for already? */
function again({ run }: Evidence, edge: WaitEdge, cycle: readonly WaitEdge[]): boolean {
	const before = cycle[(cycle.indexOf(edge) + 1) % cycle.length];
	return before?.resource === edge.resource && acquisitionOf(run, edge.thread, edge.wait.resource) !== undefined;
}

/** The function of the kernel's that the user's code has called, outermost, by the name that the user's code has for it. */
function entryCall({ frames }: Place): string | undefined {
	const kernel = frames.findIndex((f, n) => f.code.kernel && frames[n - 1]?.code.kernel === false);
	const from = frames[kernel - 1]?.node;
	const call = from && [from, ...AstUtils.streamAllContents(from)].find((n) => isCall(n) && isNameRef(n.callee));
	return isCall(call) && isNameRef(call.callee) ? call.callee.target.$refText : frames[kernel]?.code.name;
}

/** Is the statement at which the user's innermost function stands a call of such a function? */
function userCalls({ node, frames }: Place, name: RegExp): boolean {
	const own = frames.findLastIndex((f) => !f.code.kernel);
	const at = own === frames.length - 1 ? node : frames[own]?.node;
	if (at === undefined) return false;
	return [at, ...AstUtils.streamAllContents(at)].some(
		(n) => isCall(n) && isNameRef(n.callee) && name.test(n.callee.target.$refText),
	);
}
