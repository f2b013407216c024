/**
 * What the explorer shows: one run of one scenario as plain data, every state of it spelled out in kernel words.
 * Made by the engine, drawn by src/webview and by the exports (SVG, Mermaid, HTML). Lines and columns count from 1;
 * steps count from 0 here and are shown from 1; state `i` is the state before step `i`, so there is one state more than steps.
 */

import type { Severity, Span } from '../result.js';

/** How the ways on from a state end: `well` all of them, `badly` none of them ends well, `either` both, `unknown` not explored to the end. */
export type Outlook = 'well' | 'either' | 'badly' | 'unknown';

export interface Lane {
	/** Name of the thread in the scenario, unique: `A`. */
	readonly name: string;
	/** What it runs, in the words of the source: `device_fault(0, 2)`. */
	readonly title: string;
	readonly kind: 'thread' | 'daemon' | 'interrupt' | 'kernel';
}

/** Another thing that could have happened instead of a step: another thread goes, or the same thread's `any()` picks otherwise. */
export interface Alternative {
	readonly lane: number;
	/** The choice within the thread's step; 0 where there is nothing to pick. */
	readonly choice: number;
	/** What the thread would do, one line. */
	readonly text: string;
	readonly outlook: Outlook;
}

/** A line of code executed inside one step, for unfolding: the calls it stands in are given by `depth`. */
export interface Detail {
	readonly text: string;
	readonly span: Span;
	readonly kernel: boolean;
	readonly depth: number;
}

export interface Step {
	readonly lane: number;
	readonly choice: number;
	/** Statement in the words of the source: `mutex_lock(&fault_lock)`. */
	readonly text: string;
	/** What it comes to in kernel words: `takes fault_lock`, `fails: [1, 3) is active`, `[1, 3) becomes active`; empty where the text says it all. */
	readonly remark: string;
	readonly span: Span;
	readonly kernel: boolean;
	/** Functions around the statement, outermost first; `call` is how each was called. Steps with the same kernel call are folded under it. */
	readonly stack: readonly {
		readonly name: string;
		readonly call: string;
		readonly kernel: boolean;
		readonly span: Span | null;
	}[];
	/** Number, unique in the run, of the outermost kernel call the step belongs to; null in the user's own code. Steps of one call fold into one row. */
	readonly call: number | null;
	readonly details: readonly Detail[];
	/** The statement that the finding blames. */
	readonly cause: boolean;
	/** Words for the folded row of `call`: `mmu_notifier_range_wait_valid(mm, start, end)`, `munmap(1, 3)`; null with `call`. */
	readonly callText: string | null;
	/** Worth a row of its own, or to speak for its call, even while that is folded: takes, releases, waits, opens, ends, fails, frees. */
	readonly matters: boolean;
	/** False on rows that are no step of their own: closing rows, and a jump (`goto again`) that belongs to the step before it. */
	readonly moves: boolean;
	/** Set on closing rows that are states, not transitions: the thread is found waiting for ever. They stand where that is true first. */
	readonly blocked: boolean;
	/** Who else could go in the state before this step (without the step itself). */
	readonly alternatives: readonly Alternative[];
	/** How the ways on from the state AFTER this step end. */
	readonly outlook: Outlook;
}

export interface LockState {
	/** In the words of the source: `fault_lock`, `mm->mmap_lock`, `[1, 3)`. */
	readonly name: string;
	readonly kind: string;
	readonly holders: readonly { readonly lane: number; readonly mode: 'exclusive' | 'shared' }[];
	readonly waiters: readonly { readonly lane: number; readonly forEver: boolean }[];
}

/** An active range, a range lock or a critical interval over pages, half open. */
export interface RangeState {
	readonly name: string;
	readonly start: number;
	readonly end: number;
	readonly lane: number;
	/** `active` invalidation, a reader's `fault` range, a `range lock`. */
	readonly kind: string;
}

export interface PageSlot {
	/** Page identity such as `p1`, its generation, `rw`/`ro`; null where nothing is mapped. */
	readonly page: string | null;
	readonly generation: number;
	readonly write: boolean;
	/** The page behind it has been freed: shown in red, with the reason. */
	readonly freed: boolean;
	/** Why the entry is wrong: `p1 was freed in step 6`; null where it is right. */
	readonly stale: string | null;
	/** Huge mappings: number of pages this slot belongs to; 1 otherwise. */
	readonly pages: number;
}

/** A value to look at, with a stable path so that two states can be compared. */
export interface Variable {
	/** `mm->notifier_seq`, `A.start`. */
	readonly path: string;
	readonly name: string;
	readonly value: string;
	/** Lane of a local, null for globals. */
	readonly lane: number | null;
	/** `lock`, `sequence`, `global`, `local`, `thread` (its state: running, asleep, ended). */
	readonly kind: 'sequence' | 'global' | 'local' | 'thread';
	/** From the simulated kernel, folded away at first. */
	readonly kernel: boolean;
	readonly children?: readonly Variable[];
}

export interface LaneState {
	readonly status: 'runs' | 'asleep' | 'waits' | 'idle' | 'ended' | 'not started';
	/** Next statement. */
	readonly span: Span | null;
	/** The statement of the sketch's own that it stands in: the same, or the call into the simulated kernel; null outside of the sketch. */
	readonly home: Span | null;
	readonly atomic: boolean;
	readonly nonBlock: boolean;
	/** In a callback of the driver, or in reclaim: tint and words. */
	readonly context: readonly string[];
	/** What it waits for: the index in `locks` of this state, in words, and whom it waits for. */
	readonly waitsFor: { readonly what: string; readonly lanes: readonly number[]; readonly forEver: boolean } | null;
}

export interface State {
	readonly lanes: readonly LaneState[];
	readonly locks: readonly LockState[];
	readonly ranges: readonly RangeState[];
	/** One slot for each page of the address space. */
	readonly cpu: readonly PageSlot[];
	/** Page tables of the other address spaces that the sketch declares, by name. */
	readonly others: readonly { readonly name: string; readonly cpu: readonly PageSlot[] }[];
	/** One entry for each device. */
	readonly devices: readonly {
		readonly name: string;
		readonly pte: readonly PageSlot[];
		readonly tlb: readonly PageSlot[];
	}[];
	/** Jobs and fences of the device, in words; empty without. */
	readonly jobs: readonly { readonly name: string; readonly state: string; readonly stale: string | null }[];
	readonly variables: readonly Variable[];
}

/**
 * Something that lasts along a lane: there in the states `from` … `to`, both included. Known for the whole run, also where
 * its states were left out; one that is there in the last state goes on below it.
 */
export interface Bar {
	readonly lane: number;
	readonly kind: 'lock' | 'range' | 'wait' | 'callback';
	/** `fault_lock`, `[1, 3)`, `->invalidate_range_start`. */
	readonly name: string;
	readonly mode: 'exclusive' | 'shared';
	readonly from: number;
	readonly to: number;
	/** Waits only: whom it waits for, and that it never ends. */
	readonly lanes: readonly number[];
	readonly forEver: boolean;
}

/** An edge of the wait-for cycle. */
export interface Wait {
	readonly from: number;
	readonly to: number;
	readonly what: string;
	/** Where `to` took it, and where `from` waits. */
	readonly taken: Span | null;
	readonly waits: Span | null;
	/** `to` does not have it: it stands before `from` in the queue. */
	readonly queued: boolean;
}

/** A statement of `setup` or `finally`, which run with nobody else around and are no steps. */
export interface Alone {
	readonly text: string;
	readonly span: Span;
	/** What is wrong there, in the words of the findings. */
	readonly wrong: readonly string[];
}

export interface Picture {
	readonly version: 1;
	readonly file: string;
	/** The default environment's text, which is in no file; null where the sketch has scenarios of its own. */
	readonly environment: { readonly uri: string; readonly text: string } | null;
	readonly scenario: string;
	readonly scenarios: readonly string[];
	/** The finding shown, or null for a green run or a branch. */
	readonly finding: {
		readonly code: string;
		readonly severity: Severity;
		readonly message: string;
		readonly closing: string;
		readonly assumption: string | null;
		readonly fairness: readonly { readonly name: string; readonly ends: boolean }[];
		/** The scenario says that this is found. */
		readonly expected: boolean;
	} | null;
	/** All findings of the scenario, to switch between; `shown` is the index of this one or -1. */
	readonly findings: readonly { readonly code: string; readonly severity: Severity; readonly message: string }[];
	readonly shown: number;
	readonly verdict: string;
	readonly statesExplored: number;
	readonly complete: boolean;
	readonly assumptions: readonly string[];
	readonly pages: number;
	readonly lanes: readonly Lane[];
	/** What has run before the first state. */
	readonly setup: readonly Alone[];
	readonly steps: readonly Step[];
	/** What runs in the last state, where every thread has ended; empty where that is not so. */
	readonly finally: readonly Alone[];
	/** `steps.length + 1` entries. Long runs may leave states out (null): ask for them. */
	readonly states: readonly (State | null)[];
	/** Index of the first state from which every way ends badly; null where there is none. */
	readonly noReturn: number | null;
	/** First step of the cycle of a lasso; null without. */
	readonly cycleStart: number | null;
	readonly waits: readonly Wait[];
	readonly bars: readonly Bar[];
	/** What never happens, for the ∞ row: lane and words. */
	readonly never: readonly { readonly lane: number; readonly text: string }[];
	/** Length of the found run that this one has in common when it is a branch, else null. */
	readonly branchAt: number | null;
	/** How the run ends: the finding's closing line, `every thread has ended`, `A can go on`. */
	readonly ending: string;
	/** Threads that can go from the last state (a branch is followed by picking one). */
	readonly next: readonly Alternative[];
}

/** A saved run: enough to replay it after edits. */
export interface SavedRun {
	readonly version: 1;
	readonly tool: 'notifier-lab';
	readonly file: string;
	readonly scenario: string;
	readonly code: string | null;
	/** Thread, what it picked, and what it did when the run was saved. */
	readonly steps: readonly {
		readonly thread: string;
		readonly choice: number;
		readonly text: string;
		readonly line: number;
	}[];
}
