import { spanOf, spanOfProperty } from '../../language/text.js';
import { isHeap, slotOf } from '../../machine/memory.js';
import type { Report } from '../../machine/step.js';
import {
	type Evidence,
	type Explanation,
	inLine,
	kernelRelated,
	lineOf,
	type ReportKind,
	reportMessage,
	reportPlaceSpan,
	threadName,
} from '../finding.js';
import { type RunEvent, userFunction, userSpan } from '../run.js';
import { pointerIn } from './pointers.js';
import { plainly } from './reports.js';

/** The sketch queues a work item that lies in the object of `address`. */
const isQueueing = (e: RunEvent, address: number): boolean =>
	e.kind === 'call' &&
	e.code.kernel &&
	/^(queue|schedule)_(delayed_)?work(_on)?$/.test(e.code.name) &&
	e.frames.at(-1)?.code.kernel !== true &&
	e.args.some((argument) => isHeap(argument) && slotOf(argument) === slotOf(address));

/** Who has left the object of `address` to the kernel thread that runs what comes after a grace period. */
const handedOver = (events: readonly RunEvent[], address: number): RunEvent | undefined =>
	events.findLast(
		(e) =>
			e.kind === 'call' &&
			e.code.kernel &&
			(/^(__kfree_rcu|call_rcu(_hurry)?)$/.test(e.code.name) ||
				(e.code.name === 'call_srcu' && e.frames.at(-1)?.code.kernel !== true)) &&
			e.args.some((argument) => isHeap(argument) && slotOf(argument) === slotOf(address)),
	);

/** What waits for an item that was queued like that. */
const waitsForItem = (queued: RunEvent): string =>
	/delayed/.test(queued.code.name) ? 'cancel_delayed_work_sync()' : 'cancel_work_sync() or flush_work()';

/** These wake whoever waits when the lock is free already. */
const LOOKS_ONCE_MORE = /^(mutex_unlock|up_(read|write))$/;

/** How open(2) comes by a device, and what keeps that from who frees it. */
const OPENS: Readonly<Record<string, string>> = {
	misc_open: 'The file can still be opened then: misc_deregister() comes before kfree()',
	chrdev_open:
		'The file can still be opened then, or is just being opened, for which cdev_del() does not wait: cdev_device_add() keeps the object as long, when it is freed by ->release of its struct device',
};

/** Who comes too late, and what sees to it that nobody does. */
function tooLate(name: string, report: Report): string {
	if (name.startsWith('hrtimer'))
		return 'The timer is still armed then, or its function runs, and may start it again: hrtimer_cancel() comes before kfree(), when nobody starts it any more';
	if (name.startsWith('tasklet'))
		return 'The tasklet is still scheduled then, or its function runs: tasklet_kill() comes before kfree(), when nobody schedules it any more';
	if (name.startsWith('irq'))
		return 'The interrupt is still requested then, or its handler runs: free_irq() comes before kfree()';
	if (name.startsWith('timer'))
		return 'The timer is still armed then, or its function runs, and may arm it again: timer_shutdown_sync() comes before kfree()';
	if (name.startsWith('kworker'))
		return 'The work item is still queued then, or runs: cancel_work_sync() or flush_work() comes before kfree(), when nobody queues it any more';
	if (name.startsWith('kthread')) return 'The thread still runs then: kthread_stop() comes before kfree()';
	const opens = report.stack.find((f) => f.code.kernel && f.code.name in OPENS)?.code.name;
	if (opens !== undefined) return OPENS[opens] as string;
	// the lane of all callbacks that come after a grace period
	if (name === 'rcu')
		return report.stack.some((f) => f.code.name.startsWith('mmu_notifier_free'))
			? 'free_notifier() comes after a grace period: mmu_notifier_synchronize() waits for it'
			: 'A callback is still on its way then, which no grace period waits for: rcu_barrier(), or srcu_barrier(), does';
	return 'The notifier is still registered then, or its callbacks still run: mmu_notifier_unregister() or mmu_interval_notifier_remove() come before kfree()';
}

/**
 * Memory is used after kfree(), or a local after its function has returned. Where the kernel, or a callback that the
 * kernel has called, comes too late, the kfree() is to blame: it came while the notifier was still registered, or a work item
 * could still be queued.
 */
export const useAfterFree: ReportKind = {
	code: 'use-after-free',
	severity: 'error',
	explain(evidence, report, thread) {
		const { graph, run } = evidence;
		const name = threadName(graph, thread);
		const said = reportMessage(evidence, report);
		const freed: RunEvent | undefined =
			report.resource === 0
				? undefined
				: run.events.findLast((e) => e.kind === 'free' && slotOf(e.args[0] ?? 0) === slotOf(report.resource));
		if (/after its function has returned/.test(said)) return afterReturn(evidence, report, thread, said);
		if (freed === undefined || !/after kfree/.test(said)) return plainly(evidence, report, thread, said);
		const place = { node: report.node, frames: report.stack };
		const user = userFunction(place);
		const at = report.stack.findLastIndex((f) => !f.code.kernel);
		const callback = at > 0 && report.stack[at - 1]?.code.kernel === true;
		const late = user === undefined || callback;
		const by = threadName(graph, freed.thread);
		const handed =
			by === 'rcu' && name !== by
				? handedOver(run.events.slice(0, run.events.indexOf(freed)), report.resource)
				: undefined;
		const freedAt = userSpan(handed !== undefined && userFunction(freed) === undefined ? handed : freed);
		const frees =
			handed === undefined
				? by === name
					? 'it'
					: by
				: `${handed.code.name.replace(/^__/, '')}() of ${handed.thread === thread ? 'its own' : threadName(graph, handed.thread)}`;
		const unmaps = freed.frames.some((f) => f.code.kernel && f.code.name === 'iounmap');
		const what = pointerIn(report) ?? 'memory';
		const uses = `${name} uses ${what}${user === undefined ? ` in ${report.stack.at(-1)?.code.name ?? 'the kernel'}()` : ''}${inLine(graph, reportPlaceSpan(report))} after ${frees} has ${unmaps ? 'unmapped' : 'freed'} it (${lineOf(graph, freedAt)})`;
		const unlocks = report.stack.findLast((f) => f.code.kernel && LOOKS_ONCE_MORE.test(f.code.name))?.code.name;
		const queued = run.events.findLast((e) => name.startsWith('kworker') && isQueueing(e, report.resource));
		const queues = queued && threadName(graph, queued.thread);
		const blamed = late || queued !== undefined ? freedAt : reportPlaceSpan(report);
		return {
			message: uses,
			cure:
				unlocks !== undefined && by !== name
					? `${unlocks}() still looks at the lock when somebody else may have taken it (Documentation/locking/mutex-design.rst): drop a reference behind it, or guard the count with a spinlock, so that nobody frees the lock before it has returned`
					: queued !== undefined
						? `${queues} has queued the work item (${lineOf(graph, userSpan(queued))}): first see to it that nobody queues it any more, then ${waitsForItem(queued)}, then kfree()`
						: late && by !== name
							? tooLate(name, report).replace('kfree()', unmaps ? 'iounmap()' : 'kfree()')
							: undefined,
			span: blamed,
			related: [
				...(queued === undefined ? [] : [{ span: userSpan(queued), message: `${queues} queues the work item here` }]),
				blamed.line === freedAt.line
					? { span: reportPlaceSpan(report), message: `${name} uses it here` }
					: { span: freedAt, message: `${frees} frees it here` },
				...kernelRelated(report, unmaps ? said.replace('kfree', 'iounmap()') : said.replace('kfree', 'kfree()')),
			],
			closing: `${uses}.`,
			threads: [...new Set([name, by])],
			// whoever comes too late meets it at every line from there on
			defect: `use-after-free ${lineOf(graph, freedAt)} ${name.replace(/\/\d+$/, '')}`,
		};
	},
};

/** A local is used when its function has returned: whose it was is plain where only one of those that had such locals has. */
function afterReturn(evidence: Evidence, report: Report, thread: number, said: string): Explanation {
	const { graph, run } = evidence;
	const plain = plainly(evidence, report, thread, said);
	const left = run.events.filter((e) => e.kind === 'return' && !e.code.kernel && e.code.memoryLocals.length > 0);
	const out = left.at(-1);
	if (out === undefined || left.some((e) => e.code !== out.code)) return plain;
	const name = threadName(graph, thread);
	const by = threadName(graph, out.thread);
	const statement = out.node.$type === 'ReturnStatement';
	const span = statement ? spanOf(out.node) : spanOfProperty(out.code.node, 'name');
	const uses = `${name} uses ${pointerIn(report) ?? 'memory'}${inLine(graph, reportPlaceSpan(report))}, which lay on the stack of ${out.code.name}(): ${by === name ? 'it' : by} has returned from there${statement ? ` (${lineOf(graph, span)})` : ''}`;
	return {
		...plain,
		message: uses,
		cure:
			by === name
				? undefined
				: `Let ${out.code.name}() wait for ${name} on every way out, or let both have a reference to an object from the heap`,
		// who has no line of the sketch came too late for what was left too early
		...(report.stack.every((f) => f.code.kernel) && { span }),
		related: [{ span, message: `${by} ${statement ? 'returns here' : 'has returned from this'}` }, ...plain.related],
		closing: `${uses}.`,
		threads: [...new Set([name, by])],
		defect: `use-after-free ${out.code.name} ${name.replace(/\/\d+$/, '')}`,
	};
}
