import { isIndex } from '../../language/generated/ast.js';
import { sourceOf } from '../../language/text.js';
import type { Report } from '../../machine/step.js';
import type { System } from '../../machine/system.js';
import type { ReportKind } from '../finding.js';
import { plainly } from './reports.js';

/** An index that an array does not have. Where the simulated kernel has one element for each page, it is an address that is wrong. */
export const outOfBounds: ReportKind = {
	code: 'out-of-bounds',
	severity: 'error',
	explain: (evidence, report, thread) => {
		const page = pageOf(evidence.graph.system, report);
		if (page === undefined) return plainly(evidence, report, thread);
		const { pages } = evidence.graph.system;
		const there = pages === 1 ? 'one page, 0' : pages === 2 ? 'pages 0 and 1' : `pages 0 to ${pages - 1}`;
		return {
			...plainly(evidence, report, thread, `there is no page ${page}: the address space has ${there}`),
			cure: "Addresses are counted in pages, from 0, and an end is the page behind the last; 'pages N;' in the scenario makes the address space larger",
		};
	},
};

/** The page that the kernel was asked for. */
function pageOf({ program, pages }: System, { node, message }: Report): string | undefined {
	if (!isIndex(node) || !sourceOf(node).kernel) return undefined;
	const { semantics } = program;
	const array = semantics.typeOf(node.array);
	if (array.kind !== 'array' || semantics.arrayLength(array, pages) === semantics.arrayLength(array, pages + 1))
		return undefined;
	return /^index (-?\d+) /.exec(message)?.[1];
}
