import type { AstNode } from 'langium';
import type { Graph } from '../explore/graph.js';
import type { ScheduleStep } from '../explore/shortest.js';
import { type Held, HeldMode } from '../kernel/context.js';
import {
	isAssignment,
	isAtomicStatement,
	isBlock,
	isCall,
	isDoStatement,
	isExpressionStatement,
	isForStatement,
	isFunctionDecl,
	isIfStatement,
	isNameRef,
	isReturnStatement,
	isScenario,
	isSwitchStatement,
	isVariable,
	isWhileStatement,
	type Statement,
} from '../language/generated/ast.js';
import { sourceText, spanOf } from '../language/text.js';
import type { FunctionCode, Instruction } from '../machine/ir.js';
import type { GuardEnd } from '../machine/lower/guards.js';
import type { System } from '../machine/system.js';
import { pickWords, withoutOpen } from './picks.js';
import type { RunStep, Span } from './result.js';
import { splitUpdates } from './split.js';

/** A statement and the functions around it, outermost first. */
export interface Place {
	readonly node: AstNode;
	readonly frames: readonly { readonly code: FunctionCode; readonly node: AstNode }[];
}

/** A thread takes a lock or token in a run. */
export interface Acquisition extends Place {
	readonly thread: number;
	readonly held: Held;
	/** Index of the step in the schedule. */
	readonly step: number;
}

/** Something that happens inside a step and matters for blame: a backward jump, a return, a call of a kernel function, a kfree. */
export interface RunEvent extends Place {
	readonly kind: 'mark' | 'return' | 'call' | 'free';
	readonly thread: number;
	readonly step: number;
	readonly code: FunctionCode;
	/** What a call passes, or the value of a return. */
	args: readonly number[];
}

/** A schedule, replayed: what to show of it and what blame needs to know. */
export interface ReplayedRun {
	readonly schedule: readonly ScheduleStep[];
	readonly rows: RunStep[];
	readonly acquisitions: readonly Acquisition[];
	readonly events: readonly RunEvent[];
	/** The state after the last step; where the last step ends the run, the state before it. */
	readonly finalState: number;
	/** Shared memory when the run ended. */
	readonly finalShared: Int32Array;
}

/** Replays a schedule. Throws when it does not fit the graph: that is a bug of the search, never of the user. */
export function replayRun(graph: Graph, schedule: readonly ScheduleStep[]): ReplayedRun {
	const { system } = graph;
	const rows: RunStep[] = [];
	const acquisitions: Acquisition[] = [];
	const events: RunEvent[] = [];
	let shared = system.initialShared;
	let locals = [...system.initialLocals];
	let finalState = 0;
	const steps: { thread: number; local: Int32Array; shared: Int32Array }[] = [];
	schedule.forEach(({ state, thread, choice }, index) => {
		const local = locals[thread] as Int32Array;
		steps.push({ thread, local, shared });
		if (graph.local(state, thread) !== local && !same(graph.local(state, thread), local))
			throw new Error(`step ${index + 1} of a run does not fit its state`);
		const info = system.threads[thread];
		const name = info?.name ?? '?';
		const place = system.position(thread, local);
		const choices = graph.moveCount(state, thread);
		const row = rowOf(name, place, index + 1, choices > 1 ? choice : null);
		// the call itself comes later: others act in between
		const argument = row.kernel || schedule[index + 1]?.thread === thread ? undefined : argumentOf(place.node);
		if (argument !== undefined && schedule.some((later, n) => n > index && later.thread === thread))
			Object.assign(row, { span: spanOf(argument), text: textOf(argument) });
		const rowsHere: RunStep[] = [row];
		const frames: { code: FunctionCode; node: AstNode }[] = place.frames.map((f) => ({ ...f }));
		const move = system.replay(thread, local, shared, choice, {
			instruction(instruction, code, depth) {
				frames.length = depth;
				frames[depth - 1] = { code, node: instruction.node };
				if (instruction.op === 'mark' || instruction.op === 'return') {
					events.push({
						kind: instruction.op === 'mark' ? 'mark' : 'return',
						node: instruction.node,
						frames: [...frames],
						thread,
						step: index,
						code,
						args: [],
					});
					if (instruction.op === 'mark' && !code.kernel && isBackward(instruction))
						rowsHere.push({ ...rowOf(name, { node: instruction.node, frames: [...frames] }, index + 1, null) });
				}
			},
			call(code, node, depth, args) {
				frames.length = depth;
				events.push({ kind: 'call', node, frames: [...frames], thread, step: index, code, args });
			},
			returned(code, value, depth) {
				frames.length = depth;
				const caller = frames[depth - 1];
				const event = events.at(-1);
				if (value !== undefined && event?.kind === 'return' && event.code === code) event.args = [value];
				if (!code.kernel || caller === undefined || caller.code.kernel) return;
				const remark = returnRemark(code, value, system);
				if (remark !== undefined && row.stack.includes(code.name)) row.remarks.push(remark);
			},
			picked(value, node, code) {
				if (!code.kernel) row.remarks = withoutOpen([...row.remarks, pickWords(value, node)]);
			},
			takes(held) {
				acquisitions.push({ ...place, thread, held, step: index });
			},
			primitive(primitive, args, value, node, depth) {
				const code = frames[depth - 1]?.code;
				if (primitive === 'kfree' && code !== undefined)
					events.push({ kind: 'free', node, frames: frames.slice(0, depth), thread, step: index, code, args });
				// inside a kernel function its own text says enough
				if (row.kernel || depth !== place.frames.length || node !== place.node) return;
				const remark = primitiveRemark(primitive, value);
				if (remark !== undefined) row.remarks.push(remark);
			},
		});
		if (move === undefined) throw new Error(`step ${index + 1} of a run is not possible`);
		rows.push(...rowsHere);
		if (move.fatal) {
			finalState = state;
			shared = move.shared;
			return;
		}
		locals[thread] = move.local;
		const next = system.canonical(locals, move.shared);
		locals = [...next.locals];
		shared = next.shared;
		finalState = graph.targetOf(state, thread, choice);
	});
	for (const [at, words] of splitUpdates(system, steps))
		(rows.find(({ step }) => step === at + 1) as { remarks: string[] } | undefined)?.remarks.push(words);
	return { schedule, rows, acquisitions, events, finalState, finalShared: shared };
}

function same(a: Int32Array, b: Int32Array): boolean {
	return a.length === b.length && a.every((v, i) => v === b[i]);
}

/** A jump against the text: `goto again`, `continue`. */
export function isBackward(instruction: Instruction): boolean {
	const { node } = instruction;
	if (node.$type === 'ContinueStatement') return true;
	if (node.$type !== 'GotoStatement') return false;
	const label = (node as AstNode & { label?: { ref?: AstNode } }).label?.ref;
	return label?.$cstNode !== undefined && node.$cstNode !== undefined && label.$cstNode.offset < node.$cstNode.offset;
}

/** What a kernel function's value means to its caller: `fails` for a check that says no, the errno of an error. */
export function returnRemark(code: FunctionCode, value: number | undefined, system: System): string | undefined {
	const { node } = code;
	if (!isFunctionDecl(node)) return undefined;
	const type = system.program.semantics.declaredType(node);
	if (type.kind !== 'function') return undefined;
	if (type.returns.kind === 'void') return /wait|range_lock/.test(code.name) ? 'returns' : undefined;
	if (type.returns.kind !== 'int' || value === undefined) return undefined;
	// that a retry is not needed is what its caller hopes for
	if (/retry/.test(code.name)) return value === 0 ? 'no collision' : undefined;
	if (type.returns.name === 'bool')
		return value === 0 && /valid|inactive|try|not_zero/.test(code.name) ? 'fails' : undefined;
	return value < 0 ? `returns ${errno(value)}` : undefined;
}

/** What a kernel function has said, whatever that is; undefined where it says nothing. */
export function valueWords(code: FunctionCode, value: number | undefined, system: System): string | undefined {
	const { node } = code;
	if (!isFunctionDecl(node) || value === undefined) return undefined;
	const type = system.program.semantics.declaredType(node);
	if (type.kind !== 'function') return undefined;
	const { returns } = type;
	if (returns.kind === 'pointer') {
		if (value < 0) return `returns ERR_PTR(${errno(value)})`;
		return value === 0 ? 'returns NULL' : 'succeeds';
	}
	if (returns.kind !== 'int') return undefined;
	if (returns.name === 'bool') return `returns ${value !== 0}`;
	return `returns ${value < 0 ? errno(value) : value}`;
}

const ERRNO: Readonly<Record<number, string>> = {
	4: 'EINTR',
	11: 'EAGAIN',
	12: 'ENOMEM',
	14: 'EFAULT',
	16: 'EBUSY',
	22: 'EINVAL',
	35: 'EDEADLK',
	512: 'ERESTARTSYS',
};

const errno = (value: number): string => (ERRNO[-value] === undefined ? String(value) : `-${ERRNO[-value]}`);

/** What a primitive did, where its text does not say it. */
export function primitiveRemark(name: string, value: number): string | undefined {
	if (name.endsWith('_trylock')) return value === 0 ? 'fails' : 'succeeds';
	if (name === 'prepare_to_wait') return 'queues itself';
	if (name === '__schedule_on' || name === 'schedule') return 'is awake again';
	if (name === '__down_write_fast' && value === 0) return 'queues for writing';
	if (name === '__allocate') return value === 0 ? 'returns NULL' : undefined;
	if (name.startsWith('wake_up')) return value === 0 ? 'nobody sleeps there' : undefined;
	return value < 0 && value > -600 ? `returns ${errno(value)}` : undefined;
}

/** What only works a value out: an argument of what matters. */
const PURE = /^(max|min|clamp)(_t|_val)?$/;

/** The row that stands for a place in a run. */
export function rowOf(
	thread: string,
	place: Place,
	step: number,
	choice: number | null,
): RunStep & { remarks: string[] } {
	const { frames } = place;
	let shown = publicPlace(place).node;
	while (isCall(shown) && isNameRef(shown.callee) && PURE.test(shown.callee.target.$refText) && shown.$container)
		shown = shownNode(shown.$container);
	return {
		step,
		thread,
		// the words may be the sketch's; where it stands is in the kernel
		span: spanOf(publicPlace(place, 2).node),
		text: textOf(shown),
		kernel: frames[frames.length - 1]?.code.kernel ?? false,
		blocked: false,
		remarks: [],
		depth: Math.max(0, frames.length - 1),
		stack: frames.slice(1).map((f) => f.code.name),
		calls: frames
			.slice(1)
			.map((f, n) => ({ text: textOf(shownNode((frames[n] as Place['frames'][number]).node)), kernel: f.code.kernel })),
		choice,
	};
}

/** What to show of a place; where the kernel's statement is internal, the call of the function it is in, at `least` so deep. */
export function publicPlace({ node, frames }: Place, least = 1): Place {
	let shown = shownNode(node);
	let depth = frames.length;
	for (; depth > least && frames[depth - 1]?.code.kernel && isInternal(shown); depth--)
		shown = shownNode((frames[depth - 2] as Place['frames'][number]).node);
	return { node: shown, frames: frames.slice(0, depth) };
}

/** Loops, conditions and waits of the kernel say less than the name of the function they are in. */
function isInternal(node: AstNode): boolean {
	if (isForStatement(node) || isIfStatement(node) || isWhileStatement(node) || node.$type === 'EachStatement')
		return true;
	const call = isAssignment(node) ? node.value : node;
	if (!isCall(call)) return false;
	// a hook of the core's, or a helper
	return (
		!isNameRef(call.callee) ||
		/^(__|notify_|wait_until$|wait_event_for$|any$|any_bool$)/.test(call.callee.target.$refText)
	);
}

/** The smallest piece of source that reads as a step: a call, a whole expression statement, a condition. */
export function shownNode(node: AstNode): AstNode {
	if (isAtomicStatement(node)) return principal(node.body.statements) ?? node;
	let at = node;
	for (let up: AstNode | undefined = node; up !== undefined; up = up.$container) {
		at = up;
		if (isCall(up) && isNameRef(up.callee)) return up;
		const parent: AstNode | undefined = up.$container;
		if (
			parent === undefined ||
			isScenario(parent) ||
			isBlock(parent) ||
			isExpressionStatement(parent) ||
			isReturnStatement(parent)
		)
			break;
		if (
			isIfStatement(parent) ||
			isWhileStatement(parent) ||
			isDoStatement(parent) ||
			isForStatement(parent) ||
			isSwitchStatement(parent) ||
			isVariable(up)
		)
			break;
	}
	return at;
}

/** The argument that `node` is a part of, where the call is what would be shown. */
function argumentOf(node: AstNode): AstNode | undefined {
	const call = shownNode(node);
	if (!isCall(call) || node === call) return undefined;
	return call.arguments.find((a) => {
		let at: AstNode | undefined = node;
		while (at !== undefined && at !== a) at = at.$container;
		return at === a;
	});
}

/** What an atomic step of the kernel is about: its first statement that is no lock operation. */
function principal(statements: readonly Statement[]): AstNode | undefined {
	for (const statement of statements) {
		if (!isExpressionStatement(statement)) {
			if (isForStatement(statement) || isIfStatement(statement))
				return statement.$type === 'ForStatement' && isBlock(statement.body)
					? principal(statement.body.statements)
					: statement;
			continue;
		}
		const { expression } = statement;
		if (
			isCall(expression) &&
			isNameRef(expression.callee) &&
			/^(spin_|__range|__hold|__unhold|__waits_for)/.test(expression.callee.target.$refText)
		)
			continue;
		return expression;
	}
	const [first] = statements;
	return isExpressionStatement(first) ? first.expression : first;
}

export function textOf(node: AstNode): string {
	if (node.$type === 'GuardEnd') return (node as GuardEnd).text;
	if (node.$type === 'ScopedGuard')
		return sourceText(node).replace(/^(scoped_guard\s*\((?:[^()]|\([^()]*\))*\)).*$/s, '$1');
	if (node.$type === 'IfStatement') return `if (${sourceText((node as AstNode & { condition: AstNode }).condition)})`;
	// a loop is shown by its head
	if (node.$type === 'EachStatement') return sourceText(node).replace(/\)\s*(\{|[^()]*\(.*|[^()]*)$/s, ')');
	// `struct mm_struct *mm = x` sets mm, not what it points to
	if (node.$type === 'Variable') return sourceText(node).replace(/^\*[*\s]*(const\s+)?/, '');
	// a block as a whole: its head says which
	if (/^(Interrupt|Thread|Setup|Finally)Item$/.test(node.$type)) return sourceText(node).replace(/\s*\{[\s\S]*$/, '');
	return sourceText(node).replace(/;$/, '');
}

/** The innermost place in the user's own files; where there is none, the scenario's block. */
export function userPlace(place: Place): AstNode {
	for (let n = place.frames.length - 1; n >= 0; n--) {
		const frame = place.frames[n];
		if (frame !== undefined && !frame.code.kernel)
			return shownNode(n === place.frames.length - 1 ? place.node : frame.node);
	}
	return shownNode(place.node);
}

/** The function in the user's files in which a place stands; undefined where it is the scenario's block. */
export function userFunction(place: Place): FunctionCode | undefined {
	for (let n = place.frames.length - 1; n > 0; n--)
		if (place.frames[n]?.code.kernel === false) return place.frames[n]?.code;
	return undefined;
}

export const spanOfPlace = (place: Place): Span => spanOf(shownNode(place.node));
export const userSpan = (place: Place): Span => spanOf(userPlace(place));
export const isToken = (held: Held): boolean => held.mode === HeldMode.token;
