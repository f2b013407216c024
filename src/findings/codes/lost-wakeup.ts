import type { AstNode } from 'langium';
import { contentsOf } from '../../language/contents.js';
import { isCall, isNameRef } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceText } from '../../language/text.js';
import { blockedPlace, inLine, placesOf, type StuckKind, threadName } from '../finding.js';
import { type Place, userSpan } from '../run.js';
import { looksAgain, type WaitEdge } from '../waits.js';

/** A thread sleeps although what it waits for is true, and nobody will wake it. */
export const lostWakeup: StuckKind = {
	code: 'lost-wakeup',
	severity: 'error',
	explain(evidence, cycle) {
		const { graph, run } = evidence;
		const edge = cycle[0] as WaitEdge;
		const name = threadName(graph, edge.thread);
		const place = blockedPlace(evidence, edge.thread);
		const wake = run.rows.findLast((r) => r.thread !== name && /\bwake_up/.test(r.text));
		// wake_up_interruptible() leaves alone who sleeps otherwise (try_to_wake_up() looks at the state)
		const call = sourceText(ownNode(place));
		const deaf =
			wakesOnlyInterruptible(graph.system.program) &&
			/^(io_)?wait_event(_idle|_killable|_cmd|_timeout|_exclusive)?\b/.test(call);
		const { thread } = edge;
		const blind = wake === undefined && !looksAgain(graph.system, thread, graph.local(run.finalState, thread));
		// who looks again before each sleep has done its part
		const looks = /\bwait_event(_\w+)?\(/.test(call);
		const address = /\bwait_(on_bit|var_event)/.exec(call)?.[1];
		// of the kernel's table of queues only the address is the sketch's
		const on = edge.resource === '' || address !== undefined ? '' : ` on ${edge.resource}`;
		if (blind)
			return {
				message: `${name} sleeps${on}${inLine(graph, userSpan(place))} until somebody wakes it, and nobody is left to do so`,
				cure: /MAX_SCHEDULE_TIMEOUT/.test(call)
					? 'With MAX_SCHEDULE_TIMEOUT no timer is set: give it a time, or have wake_up_process() called behind what it waits for'
					: 'Have it woken behind what it waits for, and look at that before each sleep: wait_event() does',
				span: userSpan(place),
				related: placesOf(place, `${name} sleeps here`),
				closing: `${name} sleeps${on}, and nobody is left to wake it.`,
				threads: [name],
			};
		return {
			message: `${name} sleeps${on}${inLine(graph, userSpan(place))} although what it waits for has happened${deaf ? ': wake_up_interruptible() wakes only who sleeps interruptibly' : wake ? `: the wake-up of ${wake.thread} came before it was asleep` : ''}, and nobody will wake it again`,
			cure: deaf
				? 'Call wake_up(), or sleep with wait_event_interruptible() and look at what it returns'
				: address !== undefined
					? address === 'on_bit'
						? 'Whoever clears the bit calls wake_up_bit() behind that: clear_and_wake_up_bit() does both'
						: 'Whoever makes the condition true calls wake_up_var() behind that, with the same address'
					: looks
						? 'wait_event() has looked again before it slept: who makes the condition true calls wake_up() behind that, and decides under the lock of the condition whether to'
						: 'Set the state of the task before looking (prepare_to_wait), or use wait_event(), which looks again',
			span: userSpan(place),
			related: [
				...(wake ? [{ span: wake.span, message: `${wake.thread} wakes here${deaf ? '' : ', too early'}` }] : []),
				...placesOf(place, `${name} sleeps here`),
			],
			closing: `${name} sleeps${on}, what it waits for has happened, and nobody will wake it again.`,
			threads: [name],
		};
	},
};

/** The call of the sketch's that the thread is in. */
const ownNode = ({ node, frames }: Place): AstNode => frames.findLast((f) => !f.code.kernel)?.node ?? node;

/** Is every wake-up of the sketch one for those who sleep interruptibly? */
function wakesOnlyInterruptible({ files }: Program): boolean {
	const calls = files
		.filter((f) => !f.kernel)
		.flatMap(({ root }) => contentsOf(root))
		.flatMap((n) => (isCall(n) && isNameRef(n.callee) ? [n.callee.target.$refText] : []))
		.filter((name) => /^wake_up(_|$)/.test(name));
	return calls.length > 0 && calls.every((name) => name.startsWith('wake_up_interruptible'));
}
