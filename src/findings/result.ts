/**
 * What a check returns: plain data, the same for editor, command line, debugger and explorer.
 * Lines and columns count from 1, as in `--format json` (shared/design/interfaces.md).
 */

import type { Problem, Severity, Span } from '../language/problem.js';
import type { Edit } from './fixes/edits.js';

export type { Problem, Severity, Span };

/** What may be wrong with a sketch, or is worth to know of it. */
export interface Hint extends Problem {
	/** A change that shows what is meant: no cure. */
	readonly offer?: { readonly title: string; readonly edits: readonly Edit[] };
}

/** A further place that belongs to a finding, with what happens there. */
export interface Related {
	readonly span: Span;
	readonly message: string;
}

/**
 * One step of a run: one thread does one thing that another thread can see, or is found blocked.
 * `depth` is the number of calls the statement is nested in; `kernel` says that it stands in the simulated kernel.
 */
export interface RunStep {
	readonly step: number;
	readonly thread: string;
	readonly span: Span;
	/** The step in the words of the source, one line: `mutex_lock(&fault_lock)`. */
	readonly text: string;
	readonly kernel: boolean;
	/** True for the closing rows, one for each thread that waits for ever (they are states, not transitions). */
	readonly blocked: boolean;
	/** `//` remarks of the mail form: `returns`, `fails`, `blocked: fault_lock is held by A`. */
	readonly remarks: readonly string[];
	readonly depth: number;
	/** Function names from the thread's entry to the statement, outermost first. */
	readonly stack: readonly string[];
	/** For each function of `stack`: how it was called, in the words of the source, and whether it stands in the simulated kernel. */
	readonly calls?: readonly { readonly text: string; readonly kernel: boolean }[];
	/** What the adversary picked here, for `any()` and failing calls; null where there is nothing to pick. */
	readonly choice: number | null;
	/** A statement of the default environment's, of which the user has no text: `span` is where the sketch leads to it. */
	readonly madeUp?: true;
}

/** Who ran, where the default environment was: some threads of one of its scenarios, which a user has never seen. */
export interface Combination {
	readonly scenario: string;
	readonly threads: readonly string[];
	/** What they are, for a reader: `device_fault() with reclaim`. */
	readonly words: string;
}

/** A finding: one defect, explained by one shortest run. */
export interface Finding {
	readonly code: string;
	readonly severity: Severity;
	readonly message: string;
	/** The statement to blame, not the symptom. */
	readonly span: Span;
	/** Names of the threads that take part. */
	readonly threads: readonly string[];
	readonly related: readonly Related[];
	/** Liveness only: the weakest assumption under which the thread would end; null otherwise. */
	readonly assumption: string | null;
	/** Liveness only: assumptions on the scheduler and the environment, and whether the first victim comes to its end under each. */
	readonly fairness?: readonly { readonly name: string; readonly ends: boolean }[];
	readonly run: readonly RunStep[];
	/** Liveness only: the step from which on the run repeats for ever; after its last step it is where it was before this one. */
	readonly cycleStart?: number | null;
	/** The step after which every continuation leads into the finding; 0 = from the start, null = not known or not meant for this code. */
	readonly noReturn: number | null;
	/** Waiting only: nobody holds what is waited for; that it never comes is because nobody in the scenario brings it. */
	readonly guessed?: boolean;
	/** In the default environment: the combination whose search has found it. */
	readonly combination?: Combination;
	/** The sentence that closes the mail table: the cycle, or what is wrong. */
	readonly closing: string;
}

/** `ok`: everything explored, nothing found. `bounded`: a limit was hit and nothing was found up to there. */
export type Verdict = 'ok' | 'fail' | 'warn' | 'bounded';

/** Locks by name, over all runs. */
export interface HeldSet {
	/** Held each time. */
	readonly always: readonly string[];
	/** Held in some runs, or by some of the threads that get there. */
	readonly sometimes: readonly string[];
	/** Which of them are the simulated kernel's own. They come last. */
	readonly kernels: readonly string[];
}

/** The locks that a thread may hold at a line; those that it comes with, and those that it goes on with. */
export interface HeldAt extends HeldSet {
	readonly uri: string;
	readonly line: number;
	readonly comes?: HeldSet;
	readonly goes?: HeldSet;
}

export interface ScenarioResult {
	readonly name: string;
	readonly span: Span;
	readonly verdict: Verdict;
	/** Codes of `expect`, `['ok']` for `expect ok;`, empty without `expect`. */
	readonly expected: readonly string[];
	readonly asExpected: boolean;
	readonly states: number;
	readonly transitions: number;
	readonly milliseconds: number;
	/** True only when the whole state space was covered. */
	readonly complete: boolean;
	/** Why it was not, one clause each: `the search stopped at 60 s`. */
	readonly bounds?: readonly string[];
	/** What the verdict rests on (sequential consistency, limits, environment), one sentence each. */
	readonly assumptions: readonly string[];
	/** Without a scenario: what was looked at, but not to the end, by who runs in it. Such a result is never `ok`. */
	readonly unfinished?: readonly string[];
	/**
	 * What was not there to go wrong, one clause each: `no notifier was registered`; as far as the search came. It is said of what did not
	 * fail, and a fix must not bring it about.
	 */
	readonly vacuous?: readonly string[];
	/** Names of the scenario's threads, in order: the lanes. */
	readonly threads: readonly string[];
	readonly findings: readonly Finding[];
	/** Where `CheckOptions.held` asks for it: one entry for each line of the sketch that a run has come to. */
	readonly held?: readonly HeldAt[];
}

/** All that is known of one sketch. `scenarios` is empty when `problems` has errors. */
export interface FileResult {
	readonly uri: string;
	readonly problems: readonly Problem[];
	readonly scenarios: readonly ScenarioResult[];
	/** What is no mistake but worth a look, such as code that no run reaches. Left out where there is none. */
	readonly hints?: readonly Hint[];
	/** How many threads were tried beside those of scenarios in which nothing fails, one at a time; where that was asked for. */
	readonly moreTried?: number;
}
