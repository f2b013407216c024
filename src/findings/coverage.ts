import type { AstNode } from 'langium';
import { contentsOf } from '../language/contents.js';
import {
	type Block,
	type FunctionDecl,
	isBlock,
	isCall,
	isFunctionDecl,
	isIfStatement,
	isInitializerEntry,
	isNameRef,
	isUnary,
	type Statement,
} from '../language/generated/ast.js';
import type { Program } from '../language/program.js';
import { sourceText, spanOf, spanOfProperty } from '../language/text.js';
import type { System } from '../machine/system.js';
import type { Problem, Span } from './result.js';

/** What names of functions end in that say of another that it has succeeded: vacuous.ts. */
export const SUCCEEDS = '__succeeds';

/** Which code the scenarios of a sketch have run, for `unreachable`: a hint, since it only says what was not looked at. */
export class Coverage {
	/** Nodes that have code, and nodes whose code some run has run, with everything around them. */
	private readonly coded = new Set<AstNode>();
	private readonly reached = new Set<AstNode>();

	/** Adds what a complete search has run; `alike` (symmetry.ts) says for whom else a thread has run. */
	add(system: System, alike?: readonly number[]): void {
		alike?.forEach((first, t) => {
			const { entry } = system.threads[t] as System['threads'][number];
			system.threads[first]?.entry.reached.forEach((reached, pc) => {
				entry.reached[pc] ||= reached;
			});
		});
		this.begin(system);
		for (const { code, kernel, reached } of system.functions) {
			if (kernel) continue;
			code.forEach((instruction, pc) => {
				around(this.coded, instruction.node);
				if (reached[pc]) around(this.reached, instruction.node);
			});
		}
	}

	/** Adds what a search has run that did not come to its end: only of the simulated kernel, as far as it came. */
	begin(system: System): void {
		for (const { name, kernel, reached } of system.functions)
			if ((kernel || name.endsWith(SUCCEEDS)) && reached.some((r) => r)) this.kernel.add(name);
	}

	/** Functions of the simulated kernel that some search has run, by name. */
	private readonly kernel = new Set<string>();

	/** Has a search, or a setup, run a function of the simulated kernel whose name fits? */
	ran(name: RegExp): boolean {
		return [...this.kernel].some((f) => name.test(f));
	}

	/**
	 * What the default environment never gets to in the file at `uri`: only where a check for a collision decides, since
	 * what other values would lead to, nobody has asked for.
	 */
	hintsInEnvironment(program: Program, uri: string): Problem[] {
		const root = program.files.find((f) => f.uri === uri)?.root;
		const hints: Problem[] = [];
		for (const node of root === undefined ? [] : contentsOf(root)) {
			if (!isIfStatement(node) || !this.reached.has(node) || !collides(node.condition)) continue;
			for (const branch of [node.then, node.otherwise])
				if (branch !== undefined && this.coded.has(branch) && !this.reached.has(branch))
					hints.push(
						hint(spanOf(branch), 'no run of the default environment gets here: the check never comes out this way'),
					);
		}
		return hints;
	}

	/** Branches that no number leads to of those that the default environment has passed to these functions of the file at `uri`, in words. */
	untried(program: Program, uri: string, functions: readonly string[]): string[] {
		const root = program.files.find((f) => f.uri === uri)?.root;
		const found: string[] = [];
		for (const f of root?.items.filter(isFunctionDecl) ?? []) {
			if (f.body === undefined || !functions.includes(f.name)) continue;
			for (const node of contentsOf(f)) {
				if (!isIfStatement(node) || !this.reached.has(node)) continue;
				const asked = [node.condition, ...contentsOf(node.condition)];
				const number = asked.find((n) => isNameRef(n) && isNumber(f, n.target.ref) && !isPassed(n, node));
				for (const branch of [node.then, node.otherwise])
					if (number !== undefined && branch && this.coded.has(branch) && !this.reached.has(branch))
						found.push(`no value that was tried for ${sourceText(number)} leads to line ${spanOf(branch).line}`);
			}
		}
		return found;
	}

	/** One hint for each stretch of statements, and for each function, of the sketch itself that no run has reached. */
	hints(program: Program): Problem[] {
		const hints: Problem[] = [];
		const callbacks = callbacksOf(program);
		for (const f of program.root.items.filter(isFunctionDecl)) {
			if (f.body === undefined) continue;
			if (!this.reached.has(f)) hints.push(hint(spanOfProperty(f, 'name'), never(f, callbacks)));
			else this.inBlock(f.body, hints);
		}
		return hints;
	}

	private inBlock(block: Block, hints: Problem[]): void {
		let first: Statement | undefined;
		let last: Statement | undefined;
		const flush = (): void => {
			if (first !== undefined && last !== undefined) {
				const end = spanOf(last);
				hints.push(
					hint(
						{ ...spanOf(first), endLine: end.endLine, endColumn: end.endColumn },
						'no run of any scenario gets here',
					),
				);
			}
			first = undefined;
			last = undefined;
		};
		for (const statement of block.statements) {
			// labels, empty statements and what is only printed have no code: they go with their neighbours
			if (!this.coded.has(statement)) continue;
			if (this.reached.has(statement)) {
				flush();
				this.inside(statement, hints);
			} else {
				first ??= statement;
				last = statement;
			}
		}
		flush();
	}

	/** The statements in a statement that was reached. */
	private inside(statement: Statement, hints: Problem[]): void {
		const inner: (Statement | undefined)[] = isBlock(statement)
			? [statement]
			: isIfStatement(statement)
				? [statement.then, statement.otherwise]
				: 'body' in statement
					? [statement.body]
					: [];
		for (const s of inner) {
			if (s === undefined) continue;
			if (isBlock(s)) this.inBlock(s, hints);
			else if (this.reached.has(s)) this.inside(s, hints);
			else if (this.coded.has(s)) hints.push(hint(spanOf(s), 'no run of any scenario gets here'));
		}
	}
}

/** What a call is given decides nothing itself. */
function isPassed(n: AstNode, within: AstNode): boolean {
	for (let at = n.$container; at !== undefined && at !== within; at = at.$container) if (isCall(at)) return true;
	return false;
}

/** A parameter that is a plain number. */
const isNumber = ({ parameters }: FunctionDecl, target: AstNode | undefined): boolean =>
	parameters.some((p) => p === target && p.stars.length === 0 && p.type.kind === undefined);

/** A condition that is nothing but a check for a collision. */
function collides(condition: AstNode): boolean {
	const inner = isUnary(condition) && condition.operator === '!' ? condition.operand : condition;
	return (
		isCall(inner) &&
		isNameRef(inner.callee) &&
		/^mmu_(interval_(read|check)_retry|notifier_range_(is_valid|inactive))$/.test(inner.callee.target.$refText)
	);
}

function around(nodes: Set<AstNode>, node: AstNode): void {
	for (let at: AstNode | undefined = node; at !== undefined && !nodes.has(at); at = at.$container) nodes.add(at);
}

const hint = (span: Span, message: string): Problem => ({ code: 'unreachable', severity: 'hint', message, span });

const never = (f: FunctionDecl, callbacks: ReadonlySet<AstNode>): string =>
	callbacks.has(f)
		? `${f.name}() never runs: no scenario leads the kernel to call it`
		: `${f.name}() is not called in any scenario`;

/** Functions that stand in a table of operations. */
function callbacksOf(program: Program): Set<AstNode> {
	const found = new Set<AstNode>();
	for (const node of contentsOf(program.root)) {
		if (!isNameRef(node) || !isFunctionDecl(node.target.ref)) continue;
		for (let at: AstNode | undefined = node.$container; at !== undefined; at = at.$container)
			if (isInitializerEntry(at)) found.add(program.definitionOf(node.target.ref));
	}
	return found;
}
