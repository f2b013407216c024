import { kernelRelated, type ReportKind, reportMessage, reportPlaceSpan, threadName } from '../finding.js';
import { type RunEvent, spanOfPlace, userSpan } from '../run.js';

/** The device page table leads to a page that was freed or replaced, or is filled again in the middle of an invalidation. */
export const staleMapping: ReportKind = {
	code: 'stale-mapping',
	severity: 'error',
	explain(evidence, report, thread) {
		const { graph, run } = evidence;
		const message = reportMessage(evidence, report);
		const page = Number(/page (\d+)/.exec(message)?.[1] ?? -1);
		// the symptom may be far away, in the free: blame the statement that made the mapping
		const mapped: RunEvent | undefined = run.events.findLast(
			(e) => e.kind === 'call' && e.code.kernel && e.code.name === 'set_device_pte' && e.args[0] === page,
		);
		const name = threadName(graph, thread);
		const maps = mapped === undefined ? name : threadName(graph, mapped.thread);
		return {
			message:
				mapped === undefined || mapped.thread === thread
					? message
					: `${message}: ${maps} has mapped it, ${name} invalidates it`,
			span: mapped === undefined ? reportPlaceSpan(report) : userSpan(mapped),
			related: [
				...(mapped === undefined
					? []
					: [
							{
								span: spanOfPlace({ node: mapped.node, frames: mapped.frames }),
								message: `${maps} maps page ${page} here`,
							},
						]),
				...kernelRelated(report, `${name}: ${message}`),
			],
			closing: `${message[0]?.toUpperCase()}${message.slice(1)}.`,
			threads: [...new Set([maps, name])],
		};
	},
};
