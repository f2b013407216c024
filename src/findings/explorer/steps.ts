/** The rows of a run: what each step does, in the words of the source and of the kernel. */

import type { AstNode } from 'langium';
import type { Held } from '../../kernel/context.js';
import { HeldMode } from '../../kernel/context.js';
import {
	isAtomicStatement,
	isBlock,
	isCall,
	isDoStatement,
	isForStatement,
	isFunctionDecl,
	isIfStatement,
	isSwitchStatement,
	isWhileStatement,
} from '../../language/generated/ast.js';
import { sourceText, spanOf } from '../../language/text.js';
import { Status } from '../../machine/thread.js';
import { reportMessage } from '../finding.js';
import type { RunStep, Span } from '../result.js';
import { isToken, type Place, type ReplayedRun, rowOf, shownNode, spanOfPlace, textOf } from '../run.js';
import { splitUpdates } from '../split.js';
import { Choices } from './choices.js';
import type { Locks } from './locks.js';
import type { Outlooks } from './outlook.js';
import type { Alternative, Detail, Step } from './picture.js';
import type { AddressSpace } from './space.js';
import type { CallFrame, Moment, Transition, Walk } from './walk.js';

/** What is being argued about: a function of the notifier API is named even deep inside `munmap`. */
const API = /^_*(mmu_|hmm_|migrate_vma_|range_lock|range_unlock)/;
/** Calls of the sketch's are shown as they are written up to this length. */
const LONGEST_CALL = 60;
/** Lines of one step that are told, and how many calls below its own statement. */
const MOST_DETAILS = 24;
const DEEPEST = 2;

/** One row, and the moment before it. */
export interface Row {
	readonly step: Step;
	/** Index of the moment: so many transitions have been taken. */
	readonly before: number;
}

export interface Blocked {
	readonly thread: number;
	readonly row: RunStep;
	/** Index of the moment from which on it is blocked. */
	readonly since: number;
	/** False for a row that says what it is about to do at the same time as another. */
	readonly waits: boolean;
}

export class Steps {
	private readonly calls = new Map<number, number>();
	private readonly texts = new Map<string, string>();
	private readonly choices: Choices;

	/** Remarks on updates that another thread comes between, by transition. */
	private readonly split: ReadonlyMap<number, string>;

	constructor(
		private readonly walk: Walk,
		private readonly locks: Locks,
		private readonly space: AddressSpace,
		private readonly outlooks: Outlooks,
		private readonly run: ReplayedRun,
	) {
		this.choices = new Choices(walk.graph);
		this.split = splitUpdates(
			walk.graph.system,
			walk.transitions.map(({ thread }, n) => {
				const { locals, shared } = walk.moments[n] as Moment;
				return { thread, local: locals[thread] as Int32Array, shared };
			}),
		);
	}

	/** @param blame the statement that the finding blames */
	rows(blocked: readonly Blocked[], blame: Span | undefined): Row[] {
		const { walk } = this;
		const rows: Row[] = [];
		const close = (moment: number): void => {
			for (const b of blocked) if (b.since === moment) rows.push({ step: this.blocked(b), before: moment });
		};
		close(0);
		walk.transitions.forEach((transition, n) => {
			rows.push({ step: this.move(transition, n), before: n });
			for (const jump of transition.jumps) rows.push({ step: this.jump(transition, jump, n), before: n + 1 });
			close(n + 1);
		});
		const cause = blame === undefined ? -1 : blamed(rows, blame);
		return rows.map((row, n) => (n === cause ? { ...row, step: { ...row.step, cause: true } } : row));
	}

	/** Who else can go in a moment, and how that ends. */
	alternatives(moment: Moment, but?: { thread: number; choice: number }): Alternative[] {
		const { graph } = this.walk;
		const { state } = moment;
		if (state < 0 || state >= graph.expanded) return [];
		const found: Alternative[] = [];
		const { from, to } = graph.edges(state);
		for (let e = from; e < to; e++) {
			const lane = graph.edgeThread(e);
			const choice = graph.edgeChoice(e);
			if (lane === but?.thread && choice === but.choice) continue;
			const several = graph.moveCount(state, lane) > 1;
			const at = this.textAt(lane, moment);
			const late = graph.timeouts.has(e);
			const known = several || late ? this.choices.of(state, lane, choice) : undefined;
			const which = known ?? (several ? `way ${choice + 1} of ${graph.moveCount(state, lane)}` : undefined);
			const words = which === undefined ? at : `${at} (${which})`;
			const text = late ? `${words}: ${endOf(at)}` : words;
			found.push({ lane, choice, text, outlook: this.outlooks.ofStep(state, lane, choice) });
		}
		return found;
	}

	private textAt(lane: number, moment: Moment): string {
		const { graph } = this.walk;
		const key = `${lane} ${graph.localIndex(moment.state, lane)}`;
		let text = this.texts.get(key);
		if (text === undefined) {
			const place = graph.system.position(lane, moment.locals[lane] as Int32Array);
			const row = rowOf('', place, 0, null);
			const call = callOf(place, []);
			text = row.kernel && call !== undefined ? call.text : row.text;
			this.texts.set(key, text);
		}
		return text;
	}

	private move(transition: Transition, n: number): Step {
		const { moments } = this.walk;
		const before = moments[n] as Moment;
		const after = moments[n + 1] as Moment;
		const { thread, choice, place } = transition;
		const row = rowOf('', place, n + 1, null);
		const { remarks, matters } = this.remarks(transition, before, after);
		const split = this.split.get(n);
		remarks.unshift(...(split === undefined ? [] : [split]), ...transition.picks);
		const call = callOf(place, transition.calls);
		return {
			lane: thread,
			choice,
			text: wordsOf(row, place),
			remark: remarks.join('; '),
			span: row.span,
			kernel: row.kernel,
			stack: stackOf(place),
			call: call === undefined ? null : this.number(call.id),
			callText: call?.text ?? null,
			matters: matters || !row.kernel,
			moves: true,
			details: this.details(transition),
			cause: false,
			blocked: false,
			alternatives: this.alternatives(before, transition),
			outlook: after.state < 0 ? this.outlooks.ofStep(before.state, thread, choice) : this.outlooks.of(after.state),
		};
	}

	/** A jump back inside a step has a row of its own: it is what people look for. */
	private jump(transition: Transition, place: Place, n: number): Step {
		const row = rowOf('', place, n + 1, null);
		const after = this.walk.moments[n + 1] as Moment;
		const held = this.locks.task(transition.thread, after).held.filter((h) => !isToken(h));
		const names = held.map((h) => this.locks.nameOf(h.resource, after));
		return {
			...this.still(row, transition.thread, after),
			stack: stackOf(place),
			remark: names.length === 0 ? '' : `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} still held`,
		};
	}

	private blocked({ thread, row, since, waits }: Blocked): Step {
		const moment = this.walk.moments[since] as Moment;
		const place = this.walk.graph.system.position(thread, moment.locals[thread] as Int32Array);
		const call = callOf(place, moment.calls[thread] ?? []);
		return {
			...this.still(row, thread, moment),
			stack: stackOf(place),
			remark: row.remarks.join('; '),
			call: call === undefined ? null : this.number(call.id),
			callText: call?.text ?? null,
			blocked: waits,
		};
	}

	/** A row that is no step. */
	private still(row: RunStep, lane: number, moment: Moment): Step {
		return {
			lane,
			choice: 0,
			text: row.text,
			remark: '',
			span: row.span,
			kernel: row.kernel,
			stack: [],
			call: null,
			callText: null,
			matters: true,
			moves: false,
			details: [],
			cause: false,
			blocked: false,
			alternatives: [],
			outlook: moment.state < 0 ? 'badly' : this.outlooks.of(moment.state),
		};
	}

	private number(id: number): number {
		const known = this.calls.get(id) ?? this.calls.size + 1;
		this.calls.set(id, known);
		return known;
	}

	/** What a step comes to, and whether that is something that others see. */
	private remarks(transition: Transition, before: Moment, after: Moment): { remarks: string[]; matters: boolean } {
		const { locks } = this;
		const { thread } = transition;
		const events: string[] = [];
		const held = locks.task(thread, before).held;
		const holds = locks.task(thread, after).held;
		const given = without(held, holds);
		for (const h of without(holds, held)) {
			const name = locks.nameOf(h.resource, after);
			const old = given.findIndex((g) => g.resource === h.resource);
			if (old >= 0) {
				given.splice(old, 1);
				events.push(`keeps ${name} for ${h.mode === HeldMode.read ? 'reading' : 'writing'} only`);
				continue;
			}
			if (locks.isRange(h, after)) events.push(`${name} becomes active`);
			else if (locks.runs(h, after)) events.push(`begins to run ${name}`);
			else
				events.push(
					`takes ${name}${h.mode === HeldMode.read ? ' for reading' : h.mode === HeldMode.write ? ' for writing' : ''}`,
				);
		}
		for (const h of given) {
			const name = locks.nameOf(h.resource, before);
			const ends = locks.isRange(h, before) || locks.runs(h, before);
			events.push(ends ? `${name} ends` : `releases ${name}`);
		}
		events.push(...this.space.changes(before.shared, after.shared));
		if (after.state >= 0) {
			const asleep = locks.waits(before).filter((e) => e.thread !== thread && e.wait.kind === 'wakeup');
			const still = new Set(locks.waits(after).map((e) => e.thread));
			const woken = asleep.filter((e) => !still.has(e.thread)).map((e) => this.name(e.thread));
			if (woken.length > 0) events.push(`wakes ${woken.join(', ')}`);
			const queued = locks.waits(after).find((e) => e.thread === thread && e.wait.queued);
			if (queued !== undefined && !locks.waits(before).some((e) => e.thread === thread && e.wait.queued))
				events.push(`queues for ${queued.resource}`);
		}
		const words = transition.reports.map((report) =>
			reportMessage({ graph: this.walk.graph, prospects: this.outlooks.prospects, run: this.run }, report),
		);
		const said = transition.returned.flatMap((r) => this.said(r, before));
		const task = locks.task(thread, after);
		const ended = task.status === Status.ended && locks.task(thread, before).status !== Status.ended;
		const remarks = [...words, ...events, ...said, ...transition.primitives.filter((p) => !said.includes(p))];
		if (remarks.length === 0 && leavesWait(transition)) remarks.push('the wait is over: looks again');
		if (ended) remarks.push(`${this.name(thread)} has ended`);
		return { remarks: [...new Set(remarks)], matters: words.length + events.length + said.length > 0 };
	}

	private name(thread: number): string {
		return this.walk.graph.system.threads[thread]?.name ?? '?';
	}

	/** What a function of the API has answered, and why. */
	private said({ code, remark, args, inner }: Transition['returned'][number], before: Moment): string[] {
		if (remark === undefined) return [];
		const [, start, end] = args;
		if (start === undefined || end === undefined || !/range/.test(code.name)) return inner ? [] : [remark];
		const active = this.locks.ranges(before).filter((r) => r.kind === 'active' && r.start < end && start < r.end);
		if (inner && active.length === 0) return [];
		if (remark === 'fails' && active.length > 0)
			return [
				`${inner ? 'has to wait' : 'fails'}: ${active.map((r) => r.name).join(', ')} ${active.length === 1 ? 'is' : 'are'} active`,
			];
		if (remark === 'returns' && /wait/.test(code.name) && active.length === 0)
			return [`returns: nothing overlaps [${start}, ${end})`];
		return [remark];
	}

	/** The lines that a step runs, each once in a row. */
	private details({ ran, place }: Transition): Detail[] {
		const details: Detail[] = [];
		// the last line at each depth: what a call comes back to is not told again
		const last: string[] = [];
		const top = place.frames.length;
		for (const at of ran) {
			const line = lineAt(at.node);
			const depth = at.frames.length;
			const kernel = at.frames[depth - 1]?.code.kernel ?? false;
			if (line === undefined || (kernel && (depth > top + DEEPEST || details.length >= MOST_DETAILS))) continue;
			last.length = Math.min(last.length, depth + 1);
			const key = `${line.span.line}:${line.span.column}`;
			if (last[depth] === key) continue;
			last[depth] = key;
			details.push({ ...line, kernel, depth: depth - top });
		}
		const least = details.reduce((d, { depth }) => Math.min(d, depth), 0);
		return details.map((d) => ({ ...d, depth: d.depth - least }));
	}
}

/** The statement, or head of one, that an instruction belongs to; undefined for what has no text of its own, as a return at the end. */
function lineAt(node: AstNode): { text: string; span: Span } | undefined {
	if (isFunctionDecl(node) || /Item$/.test(node.$type)) return undefined;
	let at = node;
	for (
		let up = node.$container;
		up !== undefined && !isBlock(up) && !/Item$|Label/.test(up.$type);
		up = up.$container
	) {
		if (isFunctionDecl(up)) return undefined;
		if (isIfStatement(up) && at === up.condition) return { text: textOf(up), span: spanOf(up.condition) };
		if (isIfStatement(up)) break;
		if (isForStatement(up) || isWhileStatement(up) || isDoStatement(up) || isSwitchStatement(up)) break;
		at = up;
	}
	// its statements come by themselves
	if (isAtomicStatement(at) || isBlock(at)) return undefined;
	return { text: textOf(at), span: spanOf(at) };
}

/** The call under which a kernel step is folded: that of the API inside an invalidator, else the one that the sketch makes. */
function callOf(place: Place, calls: readonly CallFrame[]): { id: number; text: string } | undefined {
	const { frames } = place;
	const user = frames.findLastIndex((f) => !f.code.kernel);
	// the body of a kernel's own lane is nobody's call
	if (user === frames.length - 1 || (user < 0 && frames.length === 1)) return undefined;
	const api = frames.findIndex((f, n) => n > user && API.test(f.code.name));
	const level = api < 0 ? Math.max(user + 1, 1) : api;
	const { code } = frames[level] as Place['frames'][number];
	const caller = frames[level - 1];
	const written = caller === undefined || caller.code.kernel ? '' : textOf(shownNode(caller.node));
	const text = written !== '' && written.length <= LONGEST_CALL && written.includes('(') ? written : code.name;
	return { id: calls[level]?.id ?? -1, text };
}

function stackOf({ frames }: Place): Step['stack'] {
	return frames.slice(1).map((f, n) => {
		const caller = frames[n] as Place['frames'][number];
		return {
			name: f.code.name,
			call: sourceText(shownNode(caller.node)).replace(/;$/, ''),
			kernel: f.code.kernel,
			span: spanOfPlace({ node: caller.node, frames: [] }),
		};
	});
}

/** The step finds a wait's condition true and goes on behind it, in a call that will look for itself. */
function leavesWait({ place, ran }: Transition): boolean {
	const wait = shownNode(place.node);
	if (!/^wait_event_for\(/.test(sourceText(wait))) return false;
	return ran.some(({ node, frames }) => frames.length === place.frames.length && !isInside(node, wait));
}

export function isInside(node: AstNode, outer: AstNode): boolean {
	for (let at: AstNode | undefined = node; at !== undefined; at = at.$container) if (at === outer) return true;
	return false;
}

/** What ends a wait that nobody has ended, by the name of the call. */
function endOf(call: string): string {
	const timed = /timeout/.test(call);
	const signalled = /interruptible|killable/.test(call);
	if (timed === signalled) return 'the time is over, or a signal comes';
	return timed ? 'the time is over' : 'a signal comes';
}

/** A condition that is no call reads as what it decides. */
export function wordsOf({ text, kernel }: RunStep, place: Place): string {
	const node = shownNode(place.node);
	const parent = node.$container;
	return !kernel && isIfStatement(parent) && parent.condition === node && !isCall(node) ? textOf(parent) : text;
}

/** Index of the row that a blamed statement stands for: its own, one inside the call that it makes, one that passes it. */
function blamed(rows: readonly Row[], blame: Span): number {
	const last = (is: (step: Step) => boolean): number => rows.findLastIndex(({ step }) => is(step));
	const kinds: ((step: Step) => boolean)[] = [
		({ blocked, span }) => !blocked && same(span, blame),
		({ blocked, stack }) => !blocked && stack.some(({ span }) => span !== null && same(span, blame)),
		({ details }) => details.some(({ span }) => same(span, blame)),
	];
	for (const is of kinds) {
		const at = last(is);
		if (at >= 0) return at;
	}
	return rows.findIndex(({ step }) => same(step.span, blame));
}

/** What `a` has more than `b`. */
function without(a: readonly Held[], b: readonly Held[]): Held[] {
	const rest = [...b];
	return a.filter((h) => {
		const at = rest.findIndex((r) => r.resource === h.resource && r.mode === h.mode);
		if (at >= 0) rest.splice(at, 1);
		return at < 0;
	});
}

const same = (a: Span, b: Span): boolean =>
	a.uri === b.uri && a.line === b.line && a.column < b.endColumn + 1 && b.column < a.endColumn + 1;
