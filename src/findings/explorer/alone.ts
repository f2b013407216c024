/** `setup` and `finally`: they run with nobody else around, so that they are no steps of a run, but what comes before and after it. */
import { FINALLY, type Graph, SETUP } from '../../explore/graph.js';
import { type FinallyItem, isFinallyItem, isSetupItem, type SetupItem } from '../../language/generated/ast.js';
import { spanOf } from '../../language/text.js';
import type { Report } from '../../machine/step.js';
import { textOf } from '../run.js';
import type { Alone } from './picture.js';
import { isInside } from './steps.js';

/** @param words of a report, as the finding says it */
export function setupOf(graph: Graph, words: (report: Report) => string): Alone[] {
	const reports = graph.reports.filter((r) => r.thread === SETUP);
	return statements(
		graph.system.scenario.items.find(isSetupItem),
		reports.map((r) => r.report),
		words,
	);
}

/** What `finally` does in a state; nothing where the run does not come to its end there. */
export function finallyOf(graph: Graph, state: number, words: (report: Report) => string): Alone[] {
	if (state < 0 || !graph.ranFinally(state)) return [];
	const shared = graph.sharedIndex(state);
	const reports = graph.reports.filter((r) => r.thread === FINALLY && graph.sharedIndex(r.state) === shared);
	return statements(
		graph.system.scenario.items.find(isFinallyItem),
		reports.map((r) => r.report),
		words,
	);
}

/** The statements up to the one that ends it all. */
function statements(
	item: SetupItem | FinallyItem | undefined,
	reports: readonly Report[],
	words: (report: Report) => string,
): Alone[] {
	const all: Alone[] = [];
	for (const node of item?.body.statements ?? []) {
		const here = reports.filter((r) => [r.node, ...r.stack.map((f) => f.node)].some((at) => isInside(at, node)));
		all.push({ text: textOf(node).replace(/\s+/g, ' '), span: spanOf(node), wrong: here.map(words) });
		if (here.some((r) => r.fatal)) break;
	}
	return all;
}
