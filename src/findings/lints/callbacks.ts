import type { AstNode } from 'langium';
import { contentsOf } from '../../language/contents.js';
import {
	type Call,
	type FunctionDecl,
	isCall,
	isFunctionDecl,
	isInitializerEntry,
	isInitializerList,
	isNameRef,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf } from '../../language/text.js';
import type { Problem, Span } from '../result.js';

/** A function of the sketch that a table of operations names, and the operations that stand beside it there. */
export interface Callback {
	/** `invalidate_range_start`, `invalidate`, … */
	readonly operation: string;
	readonly function: FunctionDecl;
	readonly beside: readonly string[];
}

/** Operations of the notifier API that tell of an invalidation. */
export const OPERATIONS =
	/^(invalidate_range_start|invalidate_range_end|invalidate_range|invalidate|invalidate_start|invalidate_finish|arch_invalidate_secondary_tlbs)$/;

/** The notifier callbacks of a sketch. */
export function callbacksOf(program: Program): Callback[] {
	const found: Callback[] = [];
	for (const node of contentsOf(program.root)) {
		if (!isInitializerList(node)) continue;
		const entries = node.entries.flatMap((entry) => {
			const name = entry.designators[0]?.field?.$refText;
			return name === undefined || !isInitializerEntry(entry) ? [] : [{ name, value: entry.value }];
		});
		const beside = entries.map((e) => e.name);
		for (const { name, value } of entries) {
			if (!OPERATIONS.test(name) || !isNameRef(value) || !isFunctionDecl(value.target.ref)) continue;
			const definition = program.definitionOf(value.target.ref);
			if (definition.body !== undefined && !sourceOf(definition).kernel)
				found.push({ operation: name, function: definition, beside });
		}
	}
	return found;
}

/** The calls in a function and in the sketch's functions that it calls, with the call in the function itself. */
export function callsIn(
	program: Program,
	f: FunctionDecl,
): { readonly name: string; readonly call: Call; readonly at: AstNode }[] {
	const found: { name: string; call: Call; at: AstNode }[] = [];
	const seen = new Set<FunctionDecl>([f]);
	const visit = (node: FunctionDecl, from: AstNode | undefined): void => {
		for (const call of contentsOf(node)) {
			if (!isCall(call) || !isNameRef(call.callee)) continue;
			const at = from ?? call;
			found.push({ name: call.callee.target.$refText, call, at });
			const target = call.callee.target.ref;
			const callee = isFunctionDecl(target) ? program.definitionOf(target) : undefined;
			if (callee?.body === undefined || sourceOf(callee).kernel || seen.has(callee)) continue;
			seen.add(callee);
			visit(callee, at);
		}
	};
	visit(f, undefined);
	return found;
}

/** A hint in the code of the finding that it foretells. */
export const foretell = (code: string, span: Span, message: string): Problem => ({
	code,
	severity: 'hint',
	message: `${message} (a hint from the text, not from a run)`,
	span,
});
