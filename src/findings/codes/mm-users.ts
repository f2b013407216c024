import { AstUtils } from 'langium';
import type { Graph } from '../../explore/graph.js';
import { ROUNDS, type Turns } from '../../explore/turns.js';
import { contentsOf } from '../../language/contents.js';
import {
	isCall,
	isExpressionStatement,
	isFunctionDecl,
	isNameRef,
	isThreadItem,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import type { System } from '../../machine/system.js';
import { type Evidence, type Explanation, lineOf, threadName } from '../finding.js';
import { type Place, userFunction, userSpan } from '../run.js';
import { isOver } from './page-references.js';

/** A use of the address space (mm_users) that is left when all have ended: the process's memory is never torn down. */
export interface LeftUse {
	readonly address: number;
	readonly state: number;
}

const TAKES = /^(mmget|mmget_not_zero|get_task_mm)$/;
const GIVES = /^mmput(_async)?$/;

/**
 * The shallowest state in which all threads have ended and more uses are left than there were at the start. Only where each function of
 * the sketch that gives one back also takes one: what one function takes for another, or an object for as long as it lives, is not judged.
 */
export function* findLeftUse(graph: Graph): Turns<LeftUse | undefined> {
	const { system } = graph;
	const address = takesUses(system.program) ? usersOf(system) : undefined;
	if (address === undefined) return undefined;
	const running = yield* graph.runningOf();
	const before = system.cell(address, graph.sharedOf(0)) ?? 0;
	const expected = before - exits(system);
	const seen = new Set<number>();
	const index = graph.reader(graph.threads);
	for (let state = 0; state < graph.expanded; state++) {
		if (state % ROUNDS === ROUNDS - 1) yield;
		if (running[state] !== 0 || seen.has(index(state)) || !isOver(graph, state)) continue;
		seen.add(index(state));
		if ((system.cell(address, graph.sharedOf(state)) ?? 0) > expected) return { address, state };
	}
	return undefined;
}

function takesUses({ files }: Program): boolean {
	let takes = false;
	for (const { root, kernel } of files) {
		if (kernel) continue;
		const giving = new Set<unknown>();
		const taking = new Set<unknown>();
		for (const node of contentsOf(root)) {
			if (!isCall(node) || !isNameRef(node.callee)) continue;
			const name = node.callee.target.$refText;
			const inside = AstUtils.getContainerOfType(node, isFunctionDecl);
			if (TAKES.test(name)) taking.add(inside);
			else if (GIVES.test(name)) giving.add(inside);
		}
		if ([...giving].some((f) => !taking.has(f))) return false;
		takes ||= taking.size > 0;
	}
	return takes;
}

/** Where mm_users of the process's address space is. */
function usersOf(system: System): number | undefined {
	const mm = system.globals.find((g) => g.kernel && g.name === 'init_mm');
	const offset = mm?.type.kind === 'struct' ? system.layouts.offset(mm.type, 'mm_users') : undefined;
	return mm === undefined || offset === undefined ? undefined : mm.address + offset;
}

/** The process gives up its own use where some thread lets it end in every run: who only may is not counted. */
function exits({ threads }: System): number {
	const ends = threads.some(
		({ node }) =>
			isThreadItem(node) &&
			node.body.statements.some(
				(s) =>
					isExpressionStatement(s) &&
					isCall(s.expression) &&
					isNameRef(s.expression.callee) &&
					s.expression.callee.target.$refText === 'exit_mmap',
			),
	);
	return ends ? 1 : 0;
}

/** Who took the use that is left in the run's last state. */
export function explainLeftUse({ graph, run }: Evidence, left: LeftUse): Explanation {
	const { system } = graph;
	const value = (state: number): number => system.cell(left.address, graph.sharedOf(state)) ?? 0;
	const open: (Place & { readonly thread: number })[] = [];
	run.schedule.forEach(({ state, thread }, step) => {
		const by = value(run.schedule[step + 1]?.state ?? run.finalState) - value(state);
		const own = open.findLastIndex((o) => o.thread === thread);
		if (by > 0) open.push({ ...system.position(thread, graph.local(state, thread)), thread });
		else if (by < 0 && own >= 0) open.splice(own, 1);
	});
	const [taken] = open;
	const span =
		taken === undefined ? { uri: system.program.uri, line: 1, column: 1, endLine: 1, endColumn: 1 } : userSpan(taken);
	const name = taken === undefined ? 'somebody' : threadName(graph, taken.thread);
	const inside = taken && userFunction(taken)?.name;
	return {
		message: `${name} takes a use of the address space${inside ? ` in ${inside}()` : ''} (${lineOf(graph, span)}) that nobody gives back: when the process ends, its memory is never torn down, and no driver hears of the end`,
		cure: 'Call mmput() on every way out',
		span,
		related: [],
		closing: 'All have ended, and mm_users is not what it was at the start.',
		threads: [name],
	};
}
