import { spanOf } from '../../language/text.js';
import { acquisitionOf, lineOf, placesOf, type ReportKind, reportPlaceSpan, threadName } from '../finding.js';
import { userFunction, userSpan } from '../run.js';

/** A callback or handler returns with a lock it took. */
export const lockLeak: ReportKind = {
	code: 'lock-leak',
	severity: 'error',
	explain(evidence, report, thread) {
		const { graph, run } = evidence;
		const name = threadName(graph, thread);
		if (report.resource === 0) {
			const off = run.rows.findLast(
				(r) => r.thread === name && !r.kernel && /_irq(save)?\s*\(|_irq_disable/.test(r.text),
			);
			return {
				message: `${name} ends with interrupts off: ${off ? `${off.text} in line ${off.span.line}` : 'what turned them off'} has no counterpart that turns them on again`,
				cure: 'Pair spin_lock_irq() with spin_unlock_irq(), local_irq_disable() with local_irq_enable()',
				span: off?.span ?? reportPlaceSpan(report),
				related: [],
				closing: `${name} comes to its end with interrupts off.`,
				threads: [name],
			};
		}
		const lock = graph.system.nameOf(report.resource, run.finalShared);
		const taken = acquisitionOf(run, thread, report.resource);
		const owner = taken && userFunction(taken);
		// the way out of the function that took it is what forgot it
		const exit =
			owner &&
			run.events.findLast(
				(e) => e.kind === 'return' && e.thread === thread && e.code === owner && e.step >= (taken?.step ?? 0),
			);
		const isReturn = exit?.node.$type === 'ReturnStatement';
		const function_ = owner ? `${owner.name}()` : name;
		return {
			message: `${function_} returns and still holds ${lock}${taken ? `, taken in ${lineOf(graph, userSpan(taken))}` : ''}`,
			cure: `Release ${lock} on this way out`,
			span: exit && isReturn ? spanOf(exit.node) : taken ? userSpan(taken) : reportPlaceSpan(report),
			related: taken ? placesOf(taken, `${name} takes ${lock} here`) : [],
			closing: `${name} comes to its end and still holds ${lock}.`,
			threads: [name],
		};
	},
};
