import { type AstNode, AstUtils } from 'langium';
import { HeldMode } from '../kernel/context.js';
import { contentsOf } from '../language/contents.js';
import {
	type Expression,
	isBinaryExpr,
	isFunctionDecl,
	isInitializerEntry,
	isVariable,
	type Variable,
} from '../language/generated/ast.js';
import { sourceOf, spanOf, spanOfProperty } from '../language/text.js';
import type { Report } from '../machine/step.js';
import { countersOf, declarationOf } from './counters.js';
import { type Evidence, lineOf, reportMessage, reportPlaceSpan, threadName } from './finding.js';
import type { Related, Span } from './result.js';
import { type RunEvent, userSpan } from './run.js';

/** The page that a report about a device speaks of. */
export function pageOf(evidence: Evidence, report: Report): number {
	return Number(/page (\d+)/.exec(reportMessage(evidence, report))?.[1] ?? -1);
}

/** The call that made the entry of a device's page table; undefined when setup made it. */
export function mappingOf({ run }: Evidence, report: Report, page: number): RunEvent | undefined {
	return run.events.findLast(
		(e) =>
			e.kind === 'call' &&
			e.code.kernel &&
			e.code.name === 'set_device_pte' &&
			e.args[0] === page &&
			(report.resource === 0 || e.args[3] === report.resource),
	);
}

/** The range that a callback was called with, as its invalidator began it: `[start, end)`. */
function rangeOf({ run }: Evidence, callback: RunEvent): readonly [number, number] | undefined {
	const begun = run.events
		.slice(0, run.events.indexOf(callback))
		.findLast(
			(e) =>
				e.kind === 'call' &&
				e.thread === callback.thread &&
				e.code.name === 'mmu_notifier_range_init' &&
				callback.args.includes(e.args[0] as number),
		);
	return begun && [begun.args[4] as number, begun.args[5] as number];
}

/** The callback refused where it may, and nothing was invalidated. */
function hasRefused(evidence: Evidence, callback: RunEvent): boolean {
	if (!callback.frames.some((f) => /_nonblock$/.test(f.code.name))) return false;
	const { node } = callback.code;
	const value = returnOf(evidence, callback)?.args[0];
	if (value === undefined || !isFunctionDecl(node)) return false;
	const type = evidence.graph.system.program.semantics.declaredType(node);
	const agrees = type.kind === 'function' && type.returns.kind === 'int' && type.returns.name === 'bool';
	return (value !== 0) !== agrees;
}

/** The driver's callbacks that were told of this page and agreed, in order. */
const toldOf = (evidence: Evidence, page: number): RunEvent[] =>
	calledFor(evidence, page).filter((e) => !hasRefused(evidence, e));

/** The driver's callbacks that were called for this page, in order. */
function calledFor(evidence: Evidence, page: number): RunEvent[] {
	// when the range ends it is too late to be told
	const { ends } = countersOf(evidence.graph.system.program);
	return evidence.run.events.filter((e) => {
		if (e.kind !== 'call' || e.code.kernel || ends.has(e.code.node) || !e.frames.at(-1)?.code.kernel) return false;
		const [start, end] = rangeOf(evidence, e) ?? [page, page + 1];
		return start <= page && page < end;
	});
}

/**
 * The driver's callback that `thread` called last, after `mapped`: it was told, and left the entry where it was. Of several
 * not one that looks after other devices only.
 */
export function toldSince(
	evidence: Evidence,
	thread: number,
	mapped: RunEvent | undefined,
	page: number,
	device: number,
): RunEvent | undefined {
	const { events } = evidence.run;
	const from = mapped === undefined ? 0 : events.indexOf(mapped) + 1;
	const told = toldOf(evidence, page).filter((e) => e.thread === thread && events.indexOf(e) >= from);
	return told.findLast((e) => !hasOthers(evidence, e, device)) ?? told.at(-1);
}

/** Whose invalidation it is that shows when that of `thread` ends, which the driver may have refused. */
function tellerOf(evidence: Evidence, thread: number, page: number): number {
	const told = toldOf(evidence, page);
	return told.some((e) => e.thread === thread) ? thread : (told.at(-1)?.thread ?? thread);
}

/** The callback clears or flushes entries, but none of this device. */
function hasOthers(evidence: Evidence, callback: RunEvent, device: number): boolean {
	const { events } = evidence.run;
	const out = returnOf(evidence, callback);
	const touched = events
		.slice(events.indexOf(callback), out === undefined ? undefined : events.indexOf(out))
		.filter((e) => e.kind === 'call' && e.thread === callback.thread && /^(clear|flush)_device$/.test(e.code.name))
		.map((e) => e.args[0]);
	return device !== 0 && touched.length > 0 && !touched.includes(device);
}

/** The way out of a callback; undefined where the run ends before. */
function returnOf({ run }: Evidence, callback: RunEvent): RunEvent | undefined {
	return run.events
		.slice(run.events.indexOf(callback) + 1)
		.find((e) => e.kind === 'return' && e.thread === callback.thread && e.code === callback.code);
}

/** The statement with which a callback returned; its name where it came to its end. */
export function wayOut(evidence: Evidence, callback: RunEvent): Span {
	const out = returnOf(evidence, callback);
	return out?.node.$type === 'ReturnStatement' ? spanOf(out.node) : spanOfProperty(callback.code.node, 'name');
}

/** What is wrong with an entry, whom to blame, and what else to show. */
export interface Culprit {
	readonly span: Span;
	/** For the message: who did what. */
	readonly because: string;
	readonly related: readonly Related[];
	readonly threads: readonly string[];
	/** A callback was told, and has kept the entry. */
	readonly told: boolean;
	/**
	 * Nobody could be told: the notifier was taken off, and the mapping was `left` there or came too `late`; the process has ended, and
	 * no `->release` hears of it (`exit`), or `->release` had run before (`ended`); the page was pinned, and let go (`unpinned`); no notifier is there for it (`uncovered`). Or
	 * a collision was looked for under a lock that is still held, and not seen (`checked`), since the end callback does not count it (`once`).
	 */
	readonly removed?: 'left' | 'late' | 'ended' | 'exit' | 'unpinned' | 'uncovered' | 'checked' | 'once';
}

const TAKES_OFF = /^mmu_(interval_notifier_remove|notifier_(unregister|put))$/;

/** The sketch's call that took a notifier off. */
export interface Removal {
	readonly thread: string;
	readonly span: Span;
	/** `mmu_notifier_unregister` */
	readonly call: string;
	/** The last step of it. */
	readonly step: number;
}

/** The last call that took a notifier off: by its steps, since the call itself may lie before the thread's first one. */
export function removalOf({ graph, run }: Evidence): Removal | undefined {
	const row = run.rows.findLast((r) => !r.blocked && r.stack.some((name) => TAKES_OFF.test(name)));
	const at = row && run.schedule[row.step - 1];
	if (row === undefined || at === undefined) return undefined;
	// some other notifier is still there
	const called = run.events.some(
		(e) => e.kind === 'call' && e.step > row.step && !e.code.kernel && e.frames.at(-1)?.code.kernel === true,
	);
	if (called) return undefined;
	return {
		thread: row.thread,
		span: userSpan(graph.system.position(at.thread, graph.local(at.state, at.thread))),
		call: row.stack.find((name) => TAKES_OFF.test(name)) ?? '',
		step: row.step,
	};
}

/** What an address space begins its end with; no other callback of a list notifier is called from there on. */
const ENDS = /^_*mmu_notifier_release$/;

/** Who had begun to end the address space before `thread` took `step`, in words: no callback comes after `->release`. */
export function endedBefore(
	{ graph, run }: Evidence,
	thread: string,
	step: number,
): { thread: string; words: string } | undefined {
	const before = run.events.filter((e) => e.kind === 'call' && e.step < step && threadName(graph, e.thread) !== thread);
	const ended = before.find((e) => ENDS.test(e.code.name));
	if (ended === undefined) return undefined;
	const release = before.find((e) => !e.code.kernel && e.frames.some((f) => ENDS.test(f.code.name)));
	const by = threadName(graph, ended.thread);
	const words = release === undefined ? 'begun to end the address space' : `called ${release.code.name}()`;
	return { thread: by, words: `when ${by} had already ${words}` };
}

/**
 * The sketch's operations that have no `->release`, where `thread` ends the process. Without it nothing may reach a page
 * through the device when the last thread exits (include/linux/mmu_notifier.h).
 */
function withoutRelease({ graph, run }: Evidence, thread: string): Variable | undefined {
	if (!run.rows.some((row) => row.thread === thread && row.stack.some((name) => ENDS.test(name)))) return undefined;
	const { program } = graph.system;
	return program.globals.find((global): global is Variable => {
		if (!isVariable(global) || sourceOf(global).kernel || global.init === undefined) return false;
		const type = program.semantics.declaredType(global);
		if (type.kind !== 'struct' || type.name !== 'mmu_notifier_ops') return false;
		return ![...AstUtils.streamAllContents(global.init)].some(
			(node) => isInitializerEntry(node) && node.designators[0]?.field?.$refText === 'release',
		);
	});
}

/** The last call that let go of a pin of the page that `mapped` had put into the device: it was what kept the page there. */
function unpinningOf({ run }: Evidence, mapped: RunEvent): RunEvent | undefined {
	return run.events
		.slice(run.events.indexOf(mapped) + 1)
		.findLast((e) => e.kind === 'call' && e.code.name === 'unpin_user_page' && e.args[0] === mapped.args[1]);
}

/**
 * Whom to blame for an entry that should not be there: the callback that was told and kept it, else the
 * statement that made it, else the statement of the report.
 */
export function culpritOf(evidence: Evidence, report: Report, thread: number): Culprit {
	const { graph } = evidence;
	const page = pageOf(evidence, report);
	const mapped = mappingOf(evidence, report, page);
	const name = threadName(graph, thread);
	const maps = mapped === undefined ? name : threadName(graph, mapped.thread);
	const teller = tellerOf(evidence, thread, page);
	const kept = toldSince(evidence, teller, mapped, page, report.resource);
	// another thread may still be in its callback
	const told = teller === thread || (kept && returnOf(evidence, kept)) ? kept : undefined;
	const related: Related[] = [];
	if (mapped !== undefined) related.push({ span: userSpan(mapped), message: `${maps} maps page ${page} here` });
	const threads = [...new Set([maps, name])];
	if (told !== undefined) {
		const span = wayOut(evidence, told);
		const left = /runs a job/.test(report.message) ? 'without waiting for it' : 'without dropping the mapping';
		const because = `${told.code.name}() was told, and returned ${left} (${lineOf(graph, span)})`;
		return { span, because, related, threads: [...new Set([maps, threadName(graph, teller), name])], told: true };
	}
	const unpinned = mapped && unpinningOf(evidence, mapped);
	if (unpinned !== undefined && toldOf(evidence, page).length === 0) {
		const who = threadName(graph, unpinned.thread);
		return {
			span: userSpan(unpinned),
			because: `${who} lets go of its pin, and leaves the mapping`,
			related,
			threads: [...new Set([who, name])],
			told: false,
			removed: 'unpinned',
		};
	}
	const removal = removalOf(evidence);
	if (removal !== undefined) {
		const { thread: who, span, call } = removal;
		const late = mapped !== undefined && mapped.step > removal.step;
		const because = late
			? `${maps} has mapped it when ${who} had already taken the notifier off (${lineOf(graph, span)}): nobody is told of invalidations any more`
			: `${who} has taken the notifier off (${call}()) and left the mapping: nobody is told of invalidations any more`;
		return {
			span: late ? userSpan(mapped) : span,
			because,
			related: late ? [{ span, message: `${who} takes the notifier off here` }] : related,
			threads: [...new Set([late ? maps : who, name])],
			told: false,
			removed: late ? 'late' : 'left',
		};
	}
	const ended = mapped && endedBefore(evidence, maps, mapped.step);
	if (mapped !== undefined && ended !== undefined)
		return {
			span: userSpan(mapped),
			because: `${maps} has mapped it ${ended.words}: no callback comes after that`,
			related,
			threads: [...new Set([maps, ended.thread, name])],
			told: false,
			removed: 'ended',
		};
	const deaf = withoutRelease(evidence, name);
	if (deaf !== undefined)
		return {
			span: spanOfProperty(deaf, 'name'),
			because: `${name} ends the process, and ${deaf.name} has no ->release to hear of that`,
			related,
			threads,
			told: false,
			removed: 'exit',
		};
	if (report.code === 'stale-mapping' && calledFor(evidence, page).length === 0)
		return {
			span: mapped === undefined ? reportPlaceSpan(report) : userSpan(mapped),
			because: `no notifier that is registered covers page ${page}, and no callback is called for it`,
			related,
			threads,
			told: false,
			removed: 'uncovered',
		};
	const because =
		mapped === undefined || mapped.thread === thread || mapped.thread === teller
			? ''
			: `${maps} has mapped it, ${threadName(graph, teller)} invalidates it`;
	return {
		span: mapped === undefined ? reportPlaceSpan(report) : userSpan(mapped),
		because,
		related,
		threads,
		told: false,
		...(mapped !== undefined &&
			(comparesRising(evidence, mapped)
				? { removed: 'once' as const }
				: looked(evidence, mapped) && { removed: 'checked' as const })),
	};
}

const LOOKS = /(^|_)(retry|is_valid|range_inactive)(_|$)/;

/** Who maps has looked for a collision under a lock, and taken none since. */
function looked({ graph, run }: Evidence, mapped: RunEvent): boolean {
	const last = run.events
		.slice(0, run.events.indexOf(mapped))
		.findLast((e) => e.kind === 'call' && e.thread === mapped.thread && LOOKS.test(e.code.name));
	if (last === undefined) return false;
	const state = run.schedule[mapped.step]?.state ?? run.finalState;
	const { held } = graph.system.task(mapped.thread, graph.local(state, mapped.thread));
	return (
		held.some(({ mode }) => mode !== HeldMode.token) &&
		run.acquisitions.every((a) => a.thread !== mapped.thread || a.step <= last.step || a.step > mapped.step)
	);
}

/** Who maps compares a sequence that only the start callbacks count up. */
function comparesRising({ graph }: Evidence, mapped: RunEvent): boolean {
	const { rising } = countersOf(graph.system.program);
	if (rising.size === 0) return false;
	const isRising = (e: Expression): boolean => rising.has(declarationOf(e) as AstNode);
	return mapped.frames.some(
		({ code }) =>
			!code.kernel &&
			contentsOf(code.node).some(
				(e) => isBinaryExpr(e) && /^[!=]=$/.test(e.operator) && (isRising(e.left) || isRising(e.right)),
			),
	);
}
