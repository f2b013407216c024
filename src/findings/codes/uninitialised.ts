import { type AstNode, AstUtils } from 'langium';
import { INITIALISERS, type Initialiser } from '../../kernel/initialisers.js';
import { isNameRef, isVariable } from '../../language/generated/ast.js';
import { spanOf } from '../../language/text.js';
import type { Type } from '../../language/types.js';
import type { Layouts } from '../../machine/layout.js';
import { isHeap } from '../../machine/memory.js';
import type { Report } from '../../machine/step.js';
import { type Evidence, type ReportKind, reportMessage } from '../finding.js';
import type { Related } from '../result.js';
import { plainly } from './reports.js';

/** A value is used that was never set: copying it is no use, deciding, computing or passing it on to the kernel is. */
export const uninitialised: ReportKind = {
	code: 'uninitialised',
	severity: 'error',
	explain(evidence, report, thread) {
		const said = neverInitialised(evidence, report) ?? reportMessage(evidence, report);
		return plainly(evidence, report, thread, said, declaredIn(report.node, said));
	},
};

/** Of a lock, or another object of the kernel's, what should have been called. */
function neverInitialised({ graph, run }: Evidence, report: Report): string | undefined {
	if (!isHeap(report.resource)) return undefined;
	const { layouts } = graph.system;
	const { type, offset } = graph.system.declaredAt(report.resource, run.finalShared) ?? { type: undefined, offset: 0 };
	const found = type && initialiserOf(layouts, type, offset);
	if (found === undefined) return undefined;
	const { initialiser, at } = found;
	const name = graph.system.nameOf(report.resource - (offset - at), run.finalShared);
	return `${name} is used, and nobody has called ${initialiser.by}() for it: zeros are not enough (${initialiser.source})`;
}

/** The outermost object of the kernel's that has to be initialised, and that cell `offset` of a value of `type` is part of. */
function initialiserOf(
	layouts: Layouts,
	type: Type,
	offset: number,
): { readonly initialiser: Initialiser; readonly at: number } | undefined {
	let inside = type;
	for (let at = 0; ; ) {
		if (inside.kind === 'array') {
			const size = layouts.cells(inside.of);
			at += Math.floor((offset - at) / size) * size;
			inside = inside.of;
			continue;
		}
		if (inside.kind !== 'struct') return undefined;
		const initialiser = INITIALISERS.get(inside.name);
		if (initialiser !== undefined) return { initialiser, at };
		const struct = inside;
		const field = struct.fields.findLast((f) => at + (layouts.offset(struct, f.name) ?? 0) <= offset);
		if (field === undefined) return undefined;
		at += layouts.offset(struct, field.name) ?? 0;
		inside = field.type;
	}
}

/** The declaration of the local that the message names. */
function declaredIn(node: AstNode, message: string): Related[] {
	for (const part of [node, ...AstUtils.streamAllContents(node)]) {
		if (!isNameRef(part) || !message.includes(`'${part.target.$refText}`)) continue;
		const variable = part.target.ref;
		if (isVariable(variable) && variable.init === undefined)
			return [{ span: spanOf(variable), message: `${variable.name} is declared here without a value` }];
	}
	return [];
}
