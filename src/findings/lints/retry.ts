import { type AstNode, AstUtils } from 'langium';
import {
	type Call,
	type FunctionDecl,
	isCall,
	isFunctionDecl,
	isGotoStatement,
	isIfStatement,
	isNameRef,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { spanOf } from '../../language/text.js';
import type { Problem } from '../result.js';
import { foretell } from './callbacks.js';

const PAGES = /^(hmm_range_fault|get_user_pages\w*|pin_user_pages\w*|cpu_pte)$/;

/** Collision and retry: a new round needs a new snapshot, and pages count only from the snapshot on. */
export function retry(program: Program): Problem[] {
	return program.root.items.filter(isFunctionDecl).flatMap((f) => {
		const calls = f.body === undefined ? [] : callsOf(f);
		const begins = calls.filter((c) => nameOf(c) === 'mmu_interval_read_begin');
		const begin = begins[0];
		if (begin === undefined) return [];
		return [...staleRounds(f, begins), ...earlyPages(calls, begin)];
	});
}

const callsOf = (f: FunctionDecl): Call[] => [...AstUtils.streamAllContents(f)].filter(isCall);
const nameOf = (call: Call): string => (isNameRef(call.callee) ? call.callee.target.$refText : '');
const offsetOf = (node: AstNode): number => node.$cstNode?.offset ?? 0;

/** `if (read_retry(…)) goto again;` to behind the only read_begin: the old snapshot collides for ever (S34). */
function staleRounds(f: FunctionDecl, begins: readonly Call[]): Problem[] {
	return [...AstUtils.streamAllContents(f)].flatMap((node) => {
		const label = isGotoStatement(node) ? node.label?.ref : undefined;
		if (label === undefined || offsetOf(label) >= offsetOf(node)) return [];
		if (begins.some((b) => offsetOf(b) > offsetOf(label) && offsetOf(b) < offsetOf(node))) return [];
		let around: AstNode | undefined = node.$container;
		while (around !== undefined && !isIfStatement(around)) around = around.$container;
		if (around === undefined) return [];
		const test = [around.condition, ...AstUtils.streamAllContents(around.condition)];
		if (!test.some((n) => isCall(n) && nameOf(n) === 'mmu_interval_read_retry')) return [];
		return [
			foretell(
				'livelock',
				spanOf(node),
				`goes round again without a new mmu_interval_read_begin(): once it has collided, it always will`,
			),
		];
	});
}

/** Pages that were looked up before read_begin, and never again behind it. */
function earlyPages(calls: readonly Call[], begin: Call): Problem[] {
	const pages = calls.filter((c) => PAGES.test(nameOf(c)));
	const [first] = pages;
	if (first === undefined || pages.some((c) => offsetOf(c) > offsetOf(begin))) return [];
	return [
		foretell(
			'stale-mapping',
			spanOf(first),
			`${nameOf(first)}() comes before mmu_interval_read_begin(): an invalidation in between goes unnoticed`,
		),
	];
}
