import {
	type FunctionDecl,
	isAssignment,
	isBlock,
	isCall,
	isExpressionStatement,
	isNameRef,
	isVariable,
	isVariableDecl,
	type Statement,
} from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { callbacksOf } from '../lints/callbacks.js';
import { heldAt, releaseOf, releasesOf, TAKES } from '../text/locks.js';
import { allOf, callsOf, following, offsetOf, statementOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** A fence is added to a slot that was reserved, with a way out for want of memory. */
export const reserveSlot: Fixer = ({ functions }) =>
	functions.flatMap((f) =>
		callsOf(f, /^dma_resv_add_fence$/).flatMap((call): Fix[] => {
			const statement = statementOf(call);
			const resv = call.arguments[0];
			if (!statement || !resv || callsOf(f, /^dma_resv_reserve_fences$/).length > 0) return [];
			const type = sourceText(f.returnType);
			if (!/^(int|void)$/.test(type) || f.stars.length > 0) return [];
			const reserve = `if (dma_resv_reserve_fences(${sourceText(resv)}, 1))`;
			const out = type === 'int' ? 'return -ENOMEM;' : 'return;';
			const held = [...heldAt(statement)].reverse().map(releaseOf);
			const lines =
				held.length === 0 ? [reserve, `\t${out}`] : [`${reserve} {`, ...held.map((l) => `\t${l}`), `\t${out}`, '}'];
			return [
				{ title: 'Reserve a slot with dma_resv_reserve_fences()', edits: new Edits().before(statement, ...lines).list },
			];
		}),
	);

/** What may wait for the fence comes before the section that signals it. */
export const beforeSignalling: Fixer = ({ functions, blamed }) =>
	functions.flatMap((f) =>
		callsOf(f, /^dma_fence_begin_signalling$/).flatMap((begin): Fix[] => {
			const declared = isVariable(begin.$container) ? begin.$container : undefined;
			const statement = statementOf(begin);
			const blamedOne = statement && blamedStatement(f, statement, blamed.span.line);
			if (!statement || !blamedOne || !isBlock(statement.$container)) return [];
			// a lock goes out together with what it is held for
			const [taken] = callsOf(blamedOne, TAKES);
			const released = taken && following(blamedOne).find((s) => releasesOf(s, taken).includes(s));
			const last = released ?? blamedOne;
			const edits = new Edits();
			if (declared && isVariableDecl(statement)) {
				if (statement.variables.length > 1) return [];
				edits.replace(statement, `${sourceText(statement.type)} ${declared.name};`);
				edits.after(last, `${declared.name} = ${sourceText(begin)};`);
			} else edits.remove(statement).after(last, sourceText(statement));
			const call = allOf(blamedOne).find(isCall);
			const what =
				call && /alloc/.test(sourceText(call.callee)) ? 'the allocation' : `${call ? sourceText(call.callee) : ''}()`;
			return [{ title: `Begin the signalling section only after ${what}`, edits: edits.list }];
		}),
	);

/** A job goes on with the pages that it was given: the callback waits for its fence, once the entries are gone (amdgpu_hmm.c). */
export const waitForJob: Fixer = ({ functions, program, blamed }) => {
	if (!/runs a job/.test(blamed.message)) return [];
	const jobs = new Set(
		program.files
			.filter(({ kernel }) => !kernel)
			.flatMap(({ root }) => callsOf(root, /^dev_submit$/))
			.flatMap(({ $container: kept }) => {
				const target = isAssignment(kept) && isNameRef(kept.target) ? kept.target.target : undefined;
				return target && program.globals.some((global) => global === target.ref) ? [target.$refText] : [];
			}),
	);
	const callbacks = new Set(callbacksOf(program).map(({ function: f }) => f));
	return functions
		.filter((f) => callbacks.has(f))
		.flatMap((f) =>
			[...jobs].flatMap((job): Fix[] => {
				const last = callsOf(f, /^dev_(unmap|clear|flush)$/).at(-1);
				const statement = last && statementOf(last);
				if (!statement || callsOf(f, /^dma_fence_wait/).length > 0) return [];
				const edits = new Edits().after(statement, `if (${job})`, `\tdma_fence_wait(${job}, false);`);
				return [{ title: `Wait for the fence of ${job} in ${f.name}()`, edits: edits.list }];
			}),
		);
};

function blamedStatement(f: FunctionDecl, begin: Statement, line: number): Statement | undefined {
	return (f.body?.statements ?? []).find(
		(s) =>
			offsetOf(s) > offsetOf(begin) &&
			(isExpressionStatement(s) || isVariableDecl(s)) &&
			(s.$cstNode?.range.start.line ?? -1) + 1 === line,
	);
}
