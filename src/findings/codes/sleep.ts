import {
	acquisitionOf,
	lineOf,
	placesOf,
	type ReportKind,
	reportMessage,
	reportPlaceSpan,
	threadName,
} from '../finding.js';
import { userSpan } from '../run.js';

/** An operation that may sleep where nothing may: the kernel's might_sleep() (kernel/sched/core.c). */
const sleep = (code: string, cure: string, withRt = cure): ReportKind => ({
	code,
	severity: 'error',
	explain(evidence, report, thread) {
		const { graph, run } = evidence;
		const name = threadName(graph, thread);
		const message = reportMessage(evidence, report);
		const taken = report.resource === 0 ? undefined : acquisitionOf(run, thread, report.resource);
		return {
			message: `${name}: ${message}${taken ? ` (taken in ${lineOf(graph, userSpan(taken))})` : ''}`,
			cure: message.includes('PREEMPT_RT') ? withRt : cure,
			span: reportPlaceSpan(report),
			related: taken
				? placesOf(taken, `${name} takes ${graph.system.nameOf(report.resource, run.finalShared)} here`)
				: [],
			closing: `${name}: ${message}.`,
			threads: [name],
		};
	},
});

/** Under a spinlock, in RCU, with interrupts off. */
export const sleepInAtomic = sleep(
	'sleep-in-atomic',
	'Do it before or after, or use what does not sleep: a spinlock, GFP_ATOMIC, GFP_NOWAIT',
	'Do it before or after: of the locks, only a raw_spinlock_t does not sleep there',
);
/** Inside a non-blockable invalidation (commit ba170f76b69d). */
export const sleepInNonblock = sleep(
	'sleep-in-nonblock',
	'Where mmu_notifier_range_blockable() says no, try the lock and refuse when it is taken',
);
