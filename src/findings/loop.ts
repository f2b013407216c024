import type { AstNode } from 'langium';
import { isDoStatement, isForStatement, isWhileStatement } from '../language/generated/ast.js';
import { sourceOf, spanOf } from '../language/text.js';
import type { FunctionCode } from '../machine/ir.js';
import type { Evidence } from './finding.js';
import type { Span } from './result.js';
import { type Place, userFunction, userSpan } from './run.js';

/** The loop in which a thread goes round in the cycle of a run. */
export interface Loop {
	/** Where the thread stands before each of its steps in the cycle; where it waits, when it takes none. */
	readonly places: readonly Place[];
	/** The function that does not return, as the user knows it: the user's, or the one of the kernel that is called. */
	readonly function: FunctionCode | undefined;
	/** The loop is the kernel's: the user's code stays in one call. */
	readonly kernel: boolean;
	/** The statement of the user's that goes back, or that is not got out of. */
	readonly span: Span;
}

/** @param cycle index of the cycle's first step in the run's schedule */
export function loopOf({ graph, run }: Evidence, thread: number, cycle: number): Loop {
	const { system } = graph;
	const steps = run.schedule.slice(cycle).filter((s) => s.thread === thread);
	const at = (state: number): Place => system.position(thread, graph.local(state, thread));
	const places = steps.length > 0 ? steps.map((s) => at(s.state)) : [at(run.finalState)];
	const first = places[0] as Place;
	const depth = commonDepth(places);
	const frame = first.frames[depth - 1];
	const kernel = frame?.code.kernel ?? false;
	if (kernel || frame === undefined || steps.length === 0) {
		const entry = first.frames.findIndex((f, n) => f.code.kernel && first.frames[n - 1]?.code.kernel === false);
		return { places, function: first.frames[entry]?.code ?? userFunction(first), kernel, span: userSpan(first) };
	}
	const jump = run.events.findLast(
		(e) =>
			e.kind === 'mark' &&
			e.thread === thread &&
			e.step >= cycle &&
			e.code === frame.code &&
			e.node.$type !== 'BreakStatement',
	);
	const node = jump?.node ?? loopAround(places.map((p) => p.frames[depth - 1]?.node ?? p.node));
	const named = depth > 1 ? frame.code : undefined;
	return { places, function: named, kernel, span: node === undefined ? userSpan(first) : headOf(node) };
}

/** How many of the outermost calls stay the same in all places. */
function commonDepth(places: readonly Place[]): number {
	const [first, ...others] = places as [Place, ...Place[]];
	let depth = 1;
	for (; depth < first.frames.length; depth++) {
		const caller = first.frames[depth - 1];
		const code = first.frames[depth]?.code;
		if (!others.every((p) => p.frames[depth - 1]?.node === caller?.node && p.frames[depth]?.code === code)) break;
	}
	return depth;
}

/** The condition of the innermost loop statement around all nodes; the statement itself where it has none. */
function loopAround(nodes: readonly AstNode[]): AstNode | undefined {
	for (let up: AstNode | undefined = nodes[0]; up !== undefined; up = up.$container) {
		if (!isWhileStatement(up) && !isDoStatement(up) && !isForStatement(up)) continue;
		const loop = up;
		if (nodes.every((n) => contains(loop, n))) return loop.condition ?? loop;
	}
	return undefined;
}

/** The `for (;;)` of a loop that has no condition, without what it goes round in. */
function headOf(loop: AstNode): Span {
	const span = spanOf(loop);
	if (!isForStatement(loop) || !loop.$cstNode || !loop.body.$cstNode) return span;
	const head = sourceOf(loop).text.slice(loop.$cstNode.offset, loop.body.$cstNode.offset);
	const [first = ''] = head.split('\n');
	return { ...span, endLine: span.line, endColumn: span.column + first.trimEnd().length };
}

function contains(outer: AstNode, node: AstNode): boolean {
	for (let up: AstNode | undefined = node; up !== undefined; up = up.$container) if (up === outer) return true;
	return false;
}
