import { withoutOpen } from '../picks.js';
import type { Finding, RunStep, Span } from '../result.js';
import { RELEASES, TAKES } from '../text/locks.js';
import { printable } from './wrap.js';

/** One row of the mail form: one thread, what it does in the words of a mail, and what is remarked on it. */
export interface Row {
	readonly thread: string;
	/** Empty for a row that has remarks only. */
	readonly text: string;
	readonly remarks: readonly string[];
	/** The thread waits here for ever. */
	readonly blocked: boolean;
	/** No step: from here on the run repeats for ever. `thread` is empty. */
	readonly repeats?: boolean;
}

/** What is being argued about: a function of the notifier API is named even deep inside `munmap`. */
const API = /^_*(mmu_|hmm_|migrate_vma_|range_lock|range_unlock)/;
/** Kernel steps that others see as an event of the argument: a range is published or withdrawn, sleepers are woken. */
const EVENT = /^(list_add|list_del|wake_up)/;
/** A driver's operation is called. */
const OPERATION = /\bops->\w+\s*\($/;
/** Steps that say nothing of what a call was made for: its locks. */
const ASIDE = new RegExp(`${TAKES.source}|${RELEASES.source}|^__|_(un)?lock(_\\w+)?$|^(up|downgrade)_`);
/** Where the kernel's own threads begin: their lane has their name. */
const ROUND = /^(process_one_work|kthread_round|__\w+)$/;

/**
 * Folds a run into the rows of the mail form:
 * 1. A statement of the sketch has a row, as it is written.
 * 2. A call from the sketch into the kernel has a row, as it is written where that is short, and stands for all that is
 *    done in it. The call that a scenario makes itself (`munmap(0, 1)`) has one only if 3 to 5 leave it without any, or for 5;
 *    what it does after those goes by the function that does it (`unmap_page_range`).
 * 3. In a call, the outermost function of the notifier API has a row, its name; and so has a callback (`->invalidate`).
 * 4. So have list and wake-up operations.
 * 5. What a scenario calls itself, and what calls the driver back, does not stand for a place that the finding names: that has
 *    a row, the function it stands in, or what it calls where that has its row already. A lock is not named by what it is made of.
 * 6. The last step of all has a row, if only of where its thread has begun.
 * Where a thread waits for ever is shown as early as it is true, as people write it, not where the search found out.
 */
export function mailRows(finding: Finding): Row[] {
	return new Folding(finding).rows();
}

/** Which row of the mail form stands for a step of the run; undefined where it is before the thread's first row. */
export function mailRowOf(finding: Finding, step: number): Row | undefined {
	return new Folding(finding).rowOf(step);
}

interface ThreadState {
	/** Stack of the thread's last step. */
	stack: readonly string[];
	/** Levels of `stack` whose function has a row of its own already. */
	named: Set<number>;
	/** The thread's last row is the name of a call: a blocked statement need not be repeated under it. */
	justNamed: boolean;
	/** The thread's last row is a statement of the sketch's own. */
	statement: boolean;
	/** The outermost call in progress has had rows. */
	inCall: boolean;
	/** Text of the thread's last row. */
	lastText: string;
	/** The last step said that the call returns: the next one in the same function is a new call. */
	returned: boolean;
}

interface MutableRow {
	thread: string;
	text: string;
	remarks: string[];
	blocked: boolean;
	repeats?: boolean;
}

/** Without what a thread has picked not to be, where it says behind that what it is. */
const withoutOpenPicks = (rows: readonly Row[]): Row[] =>
	rows.map((row) => ({ ...row, remarks: withoutOpen(row.remarks) }));

class Folding {
	private readonly steps: readonly RunStep[];
	private readonly kernelByPath = new Map<string, boolean>();
	private readonly kernelByName = new Map<string, boolean>();
	private readonly threads = new Map<string, ThreadState>();
	private readonly out: MutableRow[] = [];
	private readonly last: RunStep | undefined;

	constructor(private readonly finding: Finding) {
		this.steps = hoistBlocked(finding);
		for (const step of finding.run) {
			const stack = stackOf(step);
			const calls = step.calls?.slice(-stack.length);
			stack.forEach((_, level) => {
				const call = calls?.[level];
				if (call !== undefined) this.kernelByPath.set(stack.slice(0, level + 1).join('>'), call.kernel);
			});
			const name = stack.at(-1);
			if (name === undefined) continue;
			this.kernelByPath.set(stack.join('>'), step.kernel);
			this.kernelByName.set(name, step.kernel);
		}
		this.last = finding.run.some((step) => step.blocked) ? undefined : finding.run.at(-1);
	}

	/** The row of the thread that moves in `number` that stands for what it has done until then. */
	rowOf(number: number): Row | undefined {
		for (const [at, step] of this.steps.entries()) {
			this.add(step, this.next(at));
			if (step.step === number && !step.blocked)
				return this.out.findLast(({ thread, text }) => thread === step.thread && text !== '');
		}
		return undefined;
	}

	rows(): Row[] {
		const cycleStart = this.finding.cycleStart ?? Number.POSITIVE_INFINITY;
		let repeats = false;
		this.steps.forEach((step, at) => {
			if (!repeats && !step.blocked && step.step >= cycleStart) {
				repeats = true;
				this.repeat();
			}
			this.add(step, this.next(at));
		});
		return withoutOpenPicks(this.out);
	}

	/** Marks where the cycle begins. Calls in progress get their row again: what goes round is in them. */
	private repeat(): void {
		this.out.push({ thread: '', text: '', remarks: ['from here on again and again'], blocked: false, repeats: true });
		for (const state of this.threads.values()) state.named.clear();
	}

	/** The thread's next step after position `at`. */
	private next(at: number): RunStep | undefined {
		const thread = this.steps[at]?.thread;
		return this.steps.find((step, index) => index > at && step.thread === thread);
	}

	private add(step: RunStep, next: RunStep | undefined): void {
		const state = this.state(step.thread);
		const stack = stackOf(step);
		const callee = calledBy(step, next);
		this.leave(state, stack);
		this.nameCalls(step, callee === undefined ? stack : [...stack, callee], state);
		const text = this.textOf(step, callee, state);
		if (text === '') this.remark(step, state);
		else this.push(state, step.thread, text, step);
		state.stack = callee === undefined ? stack : [...stack, callee];
		state.returned = step.kernel && step.remarks.length > 0 && !step.blocked;
	}

	private state(thread: string): ThreadState {
		let state = this.threads.get(thread);
		if (state === undefined) {
			state = {
				stack: [],
				named: new Set(),
				justNamed: false,
				statement: false,
				inCall: false,
				lastText: '',
				returned: false,
			};
			this.threads.set(thread, state);
		}
		return state;
	}

	/** Forgets the rows of calls that have returned before a step with this stack. */
	private leave(state: ThreadState, stack: readonly string[]): void {
		let common = 0;
		while (common < stack.length && stack[common] === state.stack[common]) common++;
		if (state.returned) common = Math.min(common, this.kernelEntry(stack, common));
		if (common === 0) state.inCall = false;
		for (const level of state.named) {
			if (level < common) continue;
			state.named.delete(level);
			// what comes next is not what the row of that call stands for
			state.justNamed = false;
		}
	}

	/** The level at which the innermost run of kernel functions below `end` begins; `end` where there is none. */
	private kernelEntry(stack: readonly string[], end: number): number {
		let level = end;
		while (level > 0 && this.isKernel(stack, level - 1)) level--;
		return level;
	}

	/**
	 * Whether the function at `level` stands in the simulated kernel. A run says so for functions with a step of their
	 * own; another one counts as what it calls, but for a function that the API calls: that is a callback.
	 */
	private isKernel(stack: readonly string[], level: number): boolean {
		const name = stack[level] ?? '';
		const known = this.kernelByPath.get(stack.slice(0, level + 1).join('>')) ?? this.kernelByName.get(name);
		if (known !== undefined || API.test(name)) return known ?? true;
		if (API.test(stack[level - 1] ?? '')) return false;
		return level + 1 < stack.length && this.isKernel(stack, level + 1);
	}

	/** Gives every call on the stack that deserves one its row. */
	private nameCalls(step: RunStep, stack: readonly string[], state: ThreadState): void {
		let apiSeen = false;
		for (let level = 0; level < stack.length; level++) {
			const kernel = this.isKernel(stack, level);
			const fromKernel = level > 0 && this.isKernel(stack, level - 1);
			const name = stack[level] ?? '';
			if (!kernel) {
				apiSeen = false;
				if (fromKernel) this.name(state, step.thread, level, callbackName(step, name));
				continue;
			}
			const entry = !fromKernel;
			const api: boolean = !apiSeen && API.test(name);
			apiSeen ||= api;
			if (level === 0 && ROUND.test(name)) continue;
			if (!api && !(entry && (level > 0 || this.isNamed(step) || !this.showsMore(step, stack)))) continue;
			// who is called comes behind who calls: of a call whose middle has been shown, the rest goes by what it calls
			if (!api && level === 0 && state.inCall && !state.named.has(level)) {
				const text = stack.at(-1) ?? '';
				const aside = stack.length === 1 || ASIDE.test(text);
				if (aside && step.remarks.length === 0) continue;
				// what it returns is said of the call itself
				this.name(state, step.thread, level, aside ? callText(step, stack, level) : text);
				for (const inner of stack.keys()) state.named.add(inner);
				return;
			}
			const text = entry && !api ? callText(step, stack, level) : name;
			this.name(state, step.thread, level, text);
		}
	}

	private name(state: ThreadState, thread: string, level: number, text: string): void {
		if (state.named.has(level)) return;
		state.named.add(level);
		// the statement that makes the call has its row already: its arguments were read
		const row = this.out.at(-1);
		if (state.statement && row?.thread === thread && !row.blocked && row.text.startsWith(`${text}(`)) {
			state.justNamed = true;
			return;
		}
		this.out.push({ thread, text, remarks: [], blocked: false });
		state.inCall = true;
		state.justNamed = true;
		state.lastText = text;
		state.statement = false;
	}

	/** This step and the thread's next ones, as long as they are in the innermost of these calls. */
	private within(step: RunStep, calls: readonly string[]): RunStep[] {
		const own = this.steps.filter((other) => other.thread === step.thread);
		const later = own.slice(own.indexOf(step));
		const end = later.findIndex((other) => calls.some((name, level) => stackOf(other)[level] !== name));
		return end < 0 ? later : later.slice(0, end);
	}

	/** Whether the call at the bottom of `stack`, which this step is in, will have rows other than its own name. */
	private showsMore(step: RunStep, stack: readonly string[]): boolean {
		return this.within(step, stack.slice(0, 1)).some((other) => {
			const path = stackOf(other);
			const named = path.some((name, level) => API.test(name) || !this.isKernel(path, level));
			return named || isEvent(other) || this.isNamed(other);
		});
	}

	/** The scenario's own call, or one that calls the driver back: it does not stand for all that is done in it. */
	private comesBack(step: RunStep, stack: readonly string[]): boolean {
		const entry = this.kernelEntry(stack, stack.length);
		const isOurs = (path: readonly string[]) => path.some((_, n) => n > entry && !this.isKernel(path, n));
		return entry === 0 || this.within(step, stack.slice(0, entry + 1)).some((other) => isOurs(stackOf(other)));
	}

	/** A step at a place that the finding names, outside of what is argued about. */
	private isNamed(step: RunStep): boolean {
		if (step.blocked || stackOf(step).some((name) => API.test(name))) return false;
		return this.finding.related.some((place) => sameStatement(place.span, step.span));
	}

	/** What the step's own row says; empty for a step that is folded into the row of its call. */
	private textOf(step: RunStep, inside: string | undefined, state: ThreadState): string {
		if (inside !== undefined) return '';
		const text = tidy(step.text);
		// nobody has written that: what was picked is said
		if (step.madeUp && /^any(_bool)?\(/.test(text) && step.remarks.length > 0) return '';
		if (step.blocked && (step.kernel || state.justNamed || text === state.lastText)) return '';
		if (!step.kernel) return text;
		const stack = stackOf(step);
		const callee = calleeOf(step.text)
			.replace(/^.*->/, '->')
			.replace(/\s*\($/, '');
		// the call has its row already
		if (isEvent(step)) return state.justNamed && callee === state.lastText ? '' : callee;
		const isSeen = this.out.some(({ thread }) => thread === step.thread);
		if (step === this.last && !isSeen) return stack[0] ?? '';
		if (!this.isNamed(step) || !this.comesBack(step, stack)) return '';
		const at = stack.length - (callee === stack.at(-1) ? 2 : 1);
		if (at > 0 && !state.named.has(at)) {
			state.named.add(at);
			return stack[at] ?? '';
		}
		const isMadeOf = callee === stack.at(-1) && TAKES.test(callee);
		return !/^\w+$/.test(callee) || isMadeOf || callee === state.lastText ? '' : callee;
	}

	private push(state: ThreadState, thread: string, text: string, step: RunStep): void {
		const row = this.out.at(-1);
		// A statement of several steps (`count++`, `wait_event()`) is one row unless another thread comes in between.
		if (row?.thread === thread && row.text === text && !state.justNamed) {
			row.remarks.push(...remarksOf(step).filter((remark) => !row.remarks.includes(remark)));
			row.blocked ||= step.blocked;
		} else if (row?.thread === thread && isRestOf(text, row.text) && !row.blocked && !step.blocked) {
			row.text = text;
			row.remarks.push(...remarksOf(step));
		} else this.out.push({ thread, text, remarks: remarksOf(step), blocked: step.blocked });
		state.inCall = true;
		state.justNamed = false;
		state.statement = !step.kernel;
		state.lastText = text;
	}

	/** Puts remarks of a folded step on the row just written, if that is this thread's; else in a row of their own. */
	private remark(step: RunStep, state: ThreadState): void {
		const remarks = remarksOf(step);
		if (remarks.length === 0) return;
		const row = this.out.at(-1);
		if (row !== undefined && row.thread === step.thread) {
			row.remarks.push(...remarks);
			row.blocked ||= step.blocked;
		} else this.out.push({ thread: step.thread, text: '', remarks, blocked: step.blocked });
		state.justNamed = false;
	}
}

/** Whether a statement is what is done with the result of the call whose row comes right before: `p = kmalloc(…)`, `kmalloc(…)` or `kmalloc`. */
const isRestOf = (text: string, call: string): boolean =>
	/^\w+(\(.*\))?$/.test(call) &&
	(text.endsWith(` = ${call}`) || text.startsWith(`${call}(`) || text.includes(` = ${call}(`));

/** The run with every blocked row moved up to the first moment at which its thread is blocked for good. */
function hoistBlocked(finding: Finding): RunStep[] {
	const moves = finding.run.filter((step) => !step.blocked);
	const blocked = finding.run
		.filter((step) => step.blocked)
		.map((step) => ({ step, after: blockedSince(finding, moves, step) }));
	const ordered: RunStep[] = [];
	for (let i = -1; i < moves.length; i++) {
		const move = moves[i];
		if (move !== undefined) ordered.push(move);
		for (const wait of blocked) if (wait.after === i) ordered.push(wait.step);
	}
	return ordered;
}

/** Index of the move after which `wait` is true: its thread's last move, or the one in which the holder took it. */
function blockedSince(finding: Finding, moves: readonly RunStep[], wait: RunStep): number {
	let since = moves.findLastIndex((move) => move.thread === wait.thread);
	const holders = new Set(moves.map((move) => move.thread).filter((thread) => namesHolder(wait, thread)));
	if (holders.size === 0) return moves.length - 1;
	const taken = finding.related.filter((place) => !/\bwait/i.test(place.message));
	for (const holder of holders) {
		if (holder === wait.thread) continue;
		const own = moves.findLastIndex((move) => move.thread === holder);
		const acquired = moves.findLastIndex(
			(move) => move.thread === holder && taken.some((place) => sameStatement(place.span, move.span)),
		);
		since = Math.max(since, acquired < 0 ? own : acquired);
	}
	return since;
}

function namesHolder(wait: RunStep, thread: string): boolean {
	return wait.remarks.some((remark) => new RegExp(`\\b(by|in) ${literal(thread)}(?!\\w)`).test(remark));
}

/** The function that `step` calls, when the thread's next step is inside it. */
function calledBy(step: RunStep, next: RunStep | undefined): string | undefined {
	if (next === undefined || step.blocked) return undefined;
	const stack = stackOf(step);
	const deeper = stackOf(next);
	const callee = deeper[stack.length];
	if (callee === undefined || stack.some((name, level) => name !== deeper[level])) return undefined;
	const indirect = /->\w+\s*\(/.test(step.text);
	return indirect || new RegExp(`\\b${literal(callee)}\\s*\\(`).test(step.text) ? callee : undefined;
}

/** A call from the sketch is shown as it is written where it is short, else by its name. */
function callText(step: RunStep, stack: readonly string[], level: number): string {
	const name = stack[level] ?? '';
	const text = tidy(step.calls?.slice(-stack.length)[level]?.text ?? name);
	// a helper of the kernel's goes by the name of what the sketch has called
	const helper = name.startsWith('__') && /^\w+\(/.test(text);
	if (!helper && !text.startsWith(`${name}(`)) return name;
	return text.length <= 40 ? text : text.slice(0, text.indexOf('('));
}

/** A callback goes by the name of its operation where the step names it, else by its function's. */
function callbackName(step: RunStep, fn: string): string {
	const operation = step.kernel ? /->(\w+)\s*\(/.exec(step.text)?.[1] : undefined;
	return `->${operation ?? fn}`;
}

/** `text` as a pattern that matches just it. */
function literal(text: string): string {
	return text.replace(/[^\w]/g, '\\$&');
}

/** The stack without an entry that only repeats the thread's name. */
function stackOf(step: RunStep): readonly string[] {
	return step.stack[0] === step.thread ? step.stack.slice(1) : step.stack;
}

/** `list_add_tail(` of `list_add_tail(&r->list, &mm->ranges);`; the whole text where it is no call. */
function calleeOf(text: string): string {
	return /^(?:[\w\s*]+=\s*)?((?:\w+(?:->|\.))*\w+\s*\()/.exec(tidy(text))?.[1] ?? tidy(text);
}

const isEvent = ({ text, blocked }: RunStep): boolean =>
	!blocked && (EVENT.test(text) || OPERATION.test(calleeOf(text)));

/** One line without the end of the statement, and without what a struct is filled with. */
function tidy(text: string): string {
	return printable(text.replace(/\s+/g, ' '))
		.trim()
		.replace(/;$/, '')
		.replace(/^([^={}]+= )\{ ?\..*\}$/, '$1{ … }');
}

function remarksOf(step: RunStep): string[] {
	const remarks = step.remarks.map((remark) => tidy(remark.replace(/^\s*\/\/\s*/, ''))).filter((r) => r !== '');
	return step.blocked && remarks.length === 0 ? ['blocked'] : remarks;
}

function sameStatement(a: Span, b: Span): boolean {
	return a.uri === b.uri && a.line === b.line && a.column < b.endColumn + 1 && b.column < a.endColumn + 1;
}
