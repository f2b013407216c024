import {
	acquisitionOf,
	blockedPlace,
	inLine,
	runsIt,
	type StuckKind,
	sinceLine,
	threadName,
	waitWords,
} from '../finding.js';
import { userFunction, userSpan } from '../run.js';
import type { WaitEdge } from '../waits.js';
import { selfCureOf } from './cures.js';
import { blame, jumpBack, related } from './deadlock.js';

/** A thread waits for what only it can release. */
export const selfDeadlock: StuckKind = {
	code: 'self-deadlock',
	severity: 'error',
	explain(evidence, cycle) {
		const { graph, run } = evidence;
		const edge = cycle[0] as WaitEdge;
		const name = threadName(graph, edge.thread);
		const place = blockedPlace(evidence, edge.thread);
		const inside = userFunction(place)?.name;
		const below = edge.holders.includes(edge.thread) ? undefined : edge.holders[0];
		const taken = acquisitionOf(run, below ?? edge.thread, edge.wait.resource);
		const jump = below === undefined ? jumpBack(evidence, cycle) : undefined;
		const sameLine = taken !== undefined && userSpan(taken).line === userSpan(place).line && inside !== undefined;
		const runs = below === undefined && runsIt(evidence, edge, edge.thread);
		const since =
			taken === undefined || runs
				? ''
				: !sameLine
					? sinceLine(graph, userSpan(taken))
					: jump !== undefined
						? ' from the previous pass of the loop'
						: ' from an earlier call';
		const has =
			below !== undefined
				? `which ${threadName(graph, below)}, the thread that it interrupts, holds`
				: edge.readers !== undefined
					? `of which it is ${edge.readers.callbacks ? 'in one' : 'one'} itself`
					: edge.isRange
						? 'which it has active itself'
						: runs
							? 'which it runs itself'
							: edge.holders.length === 0
								? 'which nobody but itself would bring about, later'
								: 'which it holds itself';
		return {
			message: `${name} ${waitWords(edge)}${inside && !edge.readers ? ` in ${inside}()` : ''}${inLine(graph, userSpan(place))}, ${has}${since}`,
			cure: selfCureOf(evidence, edge, jump !== undefined),
			span: blame(evidence, cycle),
			related: related(evidence, cycle),
			closing: `${name} ${waitWords(edge)}, ${has}: it never goes on.`,
			threads: [name],
		};
	},
};
