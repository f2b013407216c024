import type { Report } from '../../machine/step.js';
import { kernelRelated, type ReportKind, reportMessage, reportPlaceSpan, threadName } from '../finding.js';

/** What `__assert_held` says where a lock is wanted. */
const WANTED = /^%r is (not held here|held for read only)$/;

/** mmap_assert_locked() and its like: whoever calls one asserts for himself. */
const ASSERTION = /_assert_/;

/** The function of the simulated kernel that demands a lock of the driver that calls it; undefined where the sketch asserts by itself. */
export function demanderOf(report: Report): string | undefined {
	if (!WANTED.test(report.message)) return undefined;
	const driver = report.stack.findLastIndex((f) => !f.code.kernel);
	const called = report.stack[driver + 1]?.code.name;
	return driver < 0 || called === undefined || ASSERTION.test(called) ? undefined : called;
}

/** An API of the kernel is called without the lock that it says it needs (lockdep_assert_held() and its like, in the API). */
export const lockDemand: ReportKind = {
	code: 'contract',
	severity: 'error',
	explain(evidence, report, thread) {
		const name = threadName(evidence.graph, thread);
		const lock = reportMessage(evidence, { ...report, message: '%r' });
		const onlyRead = report.message.endsWith('read only');
		const said = `${demanderOf(report)}() needs ${lock}${onlyRead ? ' for write' : ''}, which ${name} ${onlyRead ? 'holds for read only' : 'does not hold'}`;
		return {
			message: `${said}; take it around the call`,
			span: reportPlaceSpan(report),
			related: kernelRelated(
				report,
				`the kernel notices here: ${lock} is ${onlyRead ? 'held for read only' : 'not held'}`,
			),
			closing: `${said}.`,
			threads: [name],
		};
	},
};
