import { type AstNode, AstUtils } from 'langium';
import type { Graph } from '../../explore/graph.js';
import { ROUNDS, type Turns } from '../../explore/turns.js';
import { isBlock, isCall, isNameRef } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import type { FunctionCode } from '../../machine/ir.js';
import { Status, type ThreadState } from '../../machine/thread.js';
import { type Evidence, type Explanation, lineOf, threadName } from '../finding.js';
import type { RunStep } from '../result.js';
import { isToken, type Place, rowOf, userSpan } from '../run.js';
import { operandOf } from '../split.js';

/** A cell that a thread will read or write next. */
interface Access {
	readonly address: number;
	readonly write: boolean;
	/** READ_ONCE(), WRITE_ONCE() and their like. */
	readonly marked: boolean;
}

/** Two threads that are both about to access a cell, one of them to write it, and not in a marked way. */
export interface Race {
	readonly state: number;
	readonly address: number;
	readonly threads: readonly [number, number];
	readonly accesses: readonly [Access, Access];
}

/** The first race on each variable: a state in which either access may come next is a state without order between them. */
export function* findRaces(graph: Graph): Turns<Race[]> {
	const races: Race[] = [];
	const known = new Set<string>();
	/** Pairs that are no race, whatever the rest of the state is. */
	const harmless = new Set<number>();
	const next = graph.system.threads.map((_, t) => nextOf(graph, t));
	const pending: Next[] = [];
	for (let state = 0; state < graph.expanded; state++) {
		if (state % ROUNDS === ROUNDS - 1) yield;
		pending.length = 0;
		for (const of of next) {
			const one = of(state);
			if (one !== undefined) pending.push(one);
		}
		for (let n = 0; n < pending.length; n++)
			for (let m = n + 1; m < pending.length; m++) {
				const a = pending[n] as Next;
				const b = pending[m] as Next;
				const pair = a.id * MOST_NEXT + b.id;
				if (harmless.has(pair)) continue;
				const race = conflict(accessesOf(graph, state, a), accessesOf(graph, state, b));
				if (race === undefined) {
					if (a.list === undefined && b.list === undefined) harmless.add(pair);
					continue;
				}
				if (graph.wait(state, a.thread) !== undefined || graph.wait(state, b.thread) !== undefined) continue;
				const name = graph.system.nameOf(race[0].address, graph.sharedOf(state));
				if (known.has(name)) continue;
				known.add(name);
				races.push({ state, address: race[0].address, threads: [a.thread, b.thread], accesses: race });
			}
	}
	return races;
}

function conflict(left: readonly Access[], right: readonly Access[]): [Access, Access] | undefined {
	for (const a of left)
		for (const b of right)
			if (a.address === b.address && (a.write || b.write) && (suspicious(a, b) || suspicious(b, a))) return [a, b];
	return undefined;
}

/** Plain writes of a word are taken for atomic where the other side is marked, as KCSAN does unless told otherwise. */
const suspicious = (a: Access, b: Access): boolean => !a.marked && (!b.marked || !a.write);

/** What a thread with some local vector accesses next. */
interface Next {
	readonly id: number;
	readonly thread: number;
	readonly accesses: readonly Access[];
	/** A list operation: which links it goes through depends on shared memory. */
	readonly list: ThreadState | undefined;
}

/** There are fewer (thread, local vector) pairs. */
const MOST_NEXT = 2 ** 26;

/** What a thread accesses next in a state; undefined where that is nothing, or the kernel's business. */
function nextOf(graph: Graph, thread: number): (state: number) => Next | undefined {
	const memo: (Next | null)[] = [];
	const sequenced = new Map<FunctionCode, boolean>();
	const index = graph.reader(thread);
	const look = (state: number, local: number): Next | null => {
		if (graph.status(state, thread) === Status.ended) return null;
		const task = graph.system.task(thread, graph.local(state, thread));
		if (task.frames.length === 0) return null;
		const list = inListCall(task) ? task : undefined;
		const accesses = list === undefined ? ownAccess(task, sequenced) : [];
		return list === undefined && accesses.length === 0
			? null
			: { id: local * graph.threads + thread, thread, accesses, list };
	};
	return (state) => {
		const local = index(state);
		let known = memo[local];
		if (known === undefined) {
			known = look(state, local);
			memo[local] = known;
		}
		return known ?? undefined;
	};
}

const accessesOf = (graph: Graph, state: number, { accesses, list }: Next): readonly Access[] =>
	list === undefined ? accesses : listAccesses(graph, state, list);

/** The load or store that stands next in a function of the user's. */
function ownAccess(task: ThreadState, sequenced: Map<FunctionCode, boolean>): Access[] {
	const { code, pc } = task.frame;
	if (code.kernel) return [];
	let at = code.code[pc];
	// xchg() and cmpxchg() write, wait_until() only looks
	const atomic = at?.op === 'atomic-begin';
	const writes = atomic && isCall(at?.node) && /xchg/.test(sourceText(at.node.callee));
	if (atomic) at = code.code[pc + 1];
	if (at?.op !== 'load' && at?.op !== 'store') return [];
	if (at.op === 'load' && !atomic && readsUnderSequence(code, sequenced)) return [];
	const marked = atomic || at.marked === true || (at.op === 'load' && isSnapshot(at.node));
	return [{ address: operandOf(task, at.address), write: writes || at.op === 'store', marked }];
}

const snapshots = new WeakMap<AstNode, boolean>();

/**
 * A read with smp_rmb() right behind it is one that means to race: KVM takes its snapshot of mmu_invalidate_seq so, and
 * looks again under mmu_lock (e930bffe95e1).
 */
function isSnapshot(node: AstNode): boolean {
	let known = snapshots.get(node);
	if (known === undefined) {
		let at: AstNode = node;
		while (at.$container && !isBlock(at.$container)) at = at.$container;
		const block = at.$container;
		const next = isBlock(block) ? block.statements[(at.$containerIndex ?? -2) + 1] : undefined;
		known = next !== undefined && /^(smp_)?r?mb\(\);?$/.test(sourceText(next));
		snapshots.set(node, known);
	}
	return known;
}

/** Readers of a seqcount look at what is being written, and throw it away. */
function readsUnderSequence(code: FunctionCode, memo: Map<FunctionCode, boolean>): boolean {
	let reads = memo.get(code);
	if (reads === undefined) {
		reads = AstUtils.streamAllContents(code.node).some(
			(n) => isCall(n) && isNameRef(n.callee) && /read_seq(count_)?(begin|retry)/.test(n.callee.target.$refText),
		);
		memo.set(code, reads);
	}
	return reads;
}

const LIST = /^list_(add|add_tail|del|del_init|empty|move|move_tail)$/;

/** The thread is about to do a list operation that the user's own code has called for. */
function inListCall({ frames, frame }: ThreadState): boolean {
	if (!frame.code.kernel || !LIST.test(frame.code.name)) return false;
	if (frame.code.code[frame.pc]?.op !== 'atomic-begin') return false;
	const outer = frames.findLastIndex((f) => !f.code.kernel);
	return frames.slice(outer + 1).every((f) => f.code.name.startsWith('list_'));
}

/** The links that a list operation reads or writes (include/linux/list.h). */
function listAccesses(graph: Graph, state: number, { frame }: ThreadState): Access[] {
	const [first = 0, head = 0] = frame.registers;
	const link = (address: number): number => graph.system.cell(address, graph.sharedOf(state)) ?? 0;
	const write = (...addresses: number[]): Access[] =>
		addresses.map((address) => ({ address, write: true, marked: false }));
	switch (LIST.exec(frame.code.name)?.[1]) {
		case 'add':
			return write(head, first, first + 1, link(head) + 1);
		case 'add_tail':
			return write(head + 1, first, first + 1, link(head + 1));
		case 'empty':
			return [{ address: first, write: false, marked: true }];
		case 'move':
		case 'move_tail':
			return write(first, first + 1, link(first) + 1, link(first + 1), head, head + 1);
		default:
			return write(first, first + 1, link(first) + 1, link(first + 1));
	}
}

/** Blames the access that is not marked and has no lock; names both. */
export function explainRace(evidence: Evidence, race: Race): Explanation & { readonly rows: readonly RunStep[] } {
	const { graph, run } = evidence;
	const { system } = graph;
	const what = system.nameOf(race.address, graph.sharedOf(race.state));
	const sides = race.threads.map((thread, n) => {
		const access = race.accesses[n] as Access;
		const local = graph.local(race.state, thread);
		const place: Place = system.position(thread, local);
		const locks = system.task(thread, local).held.filter((h) => !isToken(h));
		return { name: threadName(graph, thread), access, place, locked: locks.length };
	});
	const guilt = (s: (typeof sides)[number]): number => (s.access.marked ? 100 : 0) + s.locked;
	sides.sort((a, b) => guilt(a) - guilt(b));
	const [blamed, other] = sides as [(typeof sides)[number], (typeof sides)[number]];
	const does = ({ access }: (typeof sides)[number]): string => (access.write ? 'writes' : 'reads');
	const line = (s: (typeof sides)[number]): string => lineOf(graph, userSpan(s.place));
	const neither = other.access.marked ? 'the read is not marked' : 'neither is marked';
	const message = `${blamed.name} ${does(blamed)} ${what} (${line(blamed)}) while ${other.name} ${does(other)} it (${line(other)}): ${neither}, and no lock that both hold keeps them apart`;
	return {
		message,
		cure: 'Hold one lock on both sides, or mark both with READ_ONCE() and WRITE_ONCE() where any order will do',
		span: userSpan(blamed.place),
		related: [{ span: userSpan(other.place), message: `${other.name} ${does(other)} ${what} here` }],
		closing: `${message}.`,
		threads: [blamed.name, other.name],
		rows: sides.map((s) => ({
			...rowOf(s.name, s.place, run.schedule.length, null),
			blocked: true,
			remarks: [`${does(s)} ${what}: at the same time`],
		})),
	};
}
