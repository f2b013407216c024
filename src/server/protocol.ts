/**
 * What server and client say to each other beyond LSP. Plain data; imported by both sides, so nothing of VS Code or Node.
 */
import { type Diagnostic, NotificationType, type Range, RequestType } from 'vscode-languageserver-protocol';
import type { SavedRun } from '../findings/explorer/picture.js';
import type { Severity, Verdict } from '../findings/result.js';
import type { Judgement } from '../lessons/lesson.js';
import type { ExportFormat, FromPage, ToPage } from '../webview/messages.js';

/** Scheme of the files of the simulated kernel, read-only. */
export const KERNEL_SCHEME = 'mmn-kernel';
/** Scheme of the manual, whose pages the extension ships: `mmn-manual:/PAGE.md`, `mmn-manual:/findings/CODE.md`. */
export const MANUAL_SCHEME = 'mmn-manual';

/** The address of a finding's page of the manual. */
export function manualUri(code: string): string {
	return `${MANUAL_SCHEME}:/findings/${code}.md`;
}

/** The page in an address of the manual, as a path below `media/manual`, or undefined for any other text. */
export function pageOfManualUri(uri: string): string | undefined {
	return /^mmn-manual:\/((?:findings\/)?[\w-]+\.md)$/.exec(uri)?.[1];
}

/** What a client may say in `initializationOptions`. Every part is optional: other editors send nothing. */
export interface InitializationOptions {
	/** The client shows `mmn-manual:` documents: diagnostics carry a link to their page. */
	readonly manual?: boolean;
	/** The client answers {@link ReadRequest}: the server has no file system of its own. */
	readonly reads?: boolean;
	/** Commands that the client has, for code lenses: `notifierLab.explore`. */
	readonly commands?: readonly string[];
	/** The client answers {@link ListRequest}: it knows its workspace better than a disk does. */
	readonly lists?: boolean;
	/** Uris of folders whose sketches come with the client, such as lessons. */
	readonly shipped?: readonly string[];
	/** Settings of a client that does not answer `workspace/configuration`. */
	readonly settings?: unknown;
}

/** The `notifierLab` section of the settings, as far as the server uses it. */
export interface Settings {
	readonly check: {
		readonly when: 'onType' | 'onSave' | 'manual';
		/** For each scenario, or for all of a sketch that has none; undefined: what a check takes where nobody says otherwise. */
		readonly maxStates?: number;
		/** As many seconds. */
		readonly maxSeconds?: number;
		readonly maxMemoryMB: number;
		/** Look at scenarios that come out right with one thread more, when there is nothing else to do. */
		readonly oneThreadMore: boolean;
	};
	/** What sketches without scenarios are checked in. */
	readonly environment: 'default' | 'none';
	/** How findings of a code are shown, other than as what they are. */
	readonly findings: { readonly severity: Readonly<Record<string, ShownSeverity>> };
	readonly codeLens: { readonly enabled: boolean };
	/** Locks that are held, behind the lines where that changes. */
	readonly inlayHints: { readonly enabled: boolean };
}

export type ShownSeverity = Severity | 'off';

/** A command of the server's own, for any client that takes edits: adds a scenario to the sketch at `{ uri }`, and shows it. */
export const ADD_SCENARIO = 'notifierLab.addScenario';

/** In `Diagnostic.data`: which finding of which scenario it shows. */
export interface FindingReference {
	readonly uri: string;
	readonly scenario: string;
	/** Index in the scenario's findings. */
	readonly index: number;
	/** It is of an older text. */
	readonly stale?: boolean;
}

export type CheckState =
	/** Changed since its last check, and none is planned: `check.when` says so. */
	| 'unchecked'
	/** A check is under way; the diagnostics shown are those of the last one. */
	| 'checking'
	/** Everything explored, nothing unexpected. */
	| 'ok'
	| 'errors'
	| 'warnings'
	/** A limit was hit and nothing was found up to there. */
	| 'bounded'
	/** The checker itself failed; the log has the details. */
	| 'crashed';

export interface Status {
	readonly uri: string;
	readonly state: CheckState;
	readonly errors: number;
	readonly warnings: number;
	/** States explored so far, of all scenarios. */
	readonly states: number;
	/** Time of the check so far. */
	readonly milliseconds: number;
	/** While checking: states of the scenario at hand that were found and not yet looked at. */
	readonly frontier?: number;
	/** While checking: states a second in the scenario at hand. */
	readonly rate?: number;
}

/** Server to client: how the check of a document stands. */
export const StatusNotification = new NotificationType<Status>('notifierLab/status');

/** Server to client: the text of a file that no editor has open, or null. */
export const ReadRequest = new RequestType<{ uri: string }, string | null, void>('notifierLab/read');

/** Server to client: the uris of the sketches in the workspace. */
export const ListRequest = new RequestType<null, string[], void>('notifierLab/list');

/** Checks an open document now, whatever `check.when` says. Answers when its diagnostics are published; false: not open. */
export const CheckRequest = new RequestType<{ uri: string }, boolean, void>('notifierLab/check');

/** The run of a finding in the mail form, or null when the document has changed so that there is no such finding any more. */
export const MailTableRequest = new RequestType<FindingReference, string | null, void>('notifierLab/mailTable');

export interface KernelFile {
	/** As in an include: `mn/active-ranges`. */
	readonly name: string;
	readonly uri: string;
}

/** The library files of the simulated kernel. */
export const KernelFilesRequest = new RequestType<null, KernelFile[], void>('notifierLab/kernelFiles');

/** The text of a `mmn-kernel:` file, or null. */
export const KernelSourceRequest = new RequestType<{ uri: string }, string | null, void>('notifierLab/kernelSource');

/** A reader's text and the lesson it belongs to, as its files stand. */
export interface Attempt {
	readonly text: string;
	/** The lesson's page and the sketch it began with. */
	readonly page: string;
	readonly start: string;
}

/** Judges an attempt by the lesson's goal. Cancelled, it ends soon, with an answer of no worth. */
export const JudgeRequest = new RequestType<Attempt, Judgement, void>('notifierLab/judge');

/** A scenario in the text of a sketch. */
export interface ScenarioPlace {
	readonly name: string;
	readonly range: Range;
}

/** The scenarios of a sketch, open or not, in the order of its text. */
export const ScenariosRequest = new RequestType<{ uri: string }, ScenarioPlace[], void>('notifierLab/scenarios');

export interface RunRequestParams {
	readonly uri: string;
	/** Names of the scenarios to run; all when left out. */
	readonly scenarios?: readonly string[];
	/** Show what is found in the list of problems, too; for a file that is not open, until it is changed. */
	readonly publish?: boolean;
}

/** What came of one scenario, for a list of tests. */
export interface ScenarioRun {
	readonly name: string;
	readonly range: Range;
	readonly verdict: Verdict;
	/** The errors are exactly the expected ones, and everything was looked at. */
	readonly passed: boolean;
	/** `complete` is false where a limit was hit. */
	readonly complete: boolean;
	readonly expected: readonly string[];
	/** Codes of what was found, worst first. */
	readonly found: readonly string[];
	readonly states: number;
	readonly milliseconds: number;
	readonly failures: readonly ScenarioFailure[];
	/** Index of the finding whose run to look at: the first that nobody expected, else the worst. */
	readonly finding?: number;
}

/** Why a scenario is not as expected. */
export interface ScenarioFailure {
	readonly message: string;
	readonly location: { readonly uri: string; readonly range: Range };
	/** The run in the mail form; empty where there is none. */
	readonly table: string;
}

export interface RunResult {
	/** What is wrong with the text itself: nothing was run then. */
	readonly errors: readonly { readonly uri: string; readonly diagnostic: Diagnostic }[];
	readonly scenarios: readonly ScenarioRun[];
}

/** Checks a sketch, open or not. Null: it cannot be read, or the request was cancelled. */
export const RunRequest = new RequestType<RunRequestParams, RunResult | null, void>('notifierLab/run');

/** What an explorer's panel shows from now on. `panel` is the client's name for it. */
export interface OpenExplorer {
	readonly panel: string;
	readonly uri: string;
	/** The first with something wrong where it is left out. */
	readonly scenario?: string;
	/** Index in the scenario's findings; the first where it is left out. */
	readonly finding?: number;
	/** A run to replay. */
	readonly saved?: SavedRun;
}

/** Client to server: a panel shows a sketch, from here on and in all its versions. */
export const OpenExplorerNotification = new NotificationType<OpenExplorer>('notifierLab/explorer/open');

export const CloseExplorerNotification = new NotificationType<{ panel: string }>('notifierLab/explorer/close');

/** Client to server: what the page of a panel has asked. */
export const FromPageNotification = new NotificationType<{ panel: string; message: FromPage }>(
	'notifierLab/explorer/fromPage',
);

/** Server to client: an answer for the page of a panel, or a newer picture. */
export const ToPageNotification = new NotificationType<{ panel: string; message: ToPage }>(
	'notifierLab/explorer/toPage',
);

/** The shown run in another form, as text; null where there is none. */
export const ExportRunRequest = new RequestType<{ panel: string; format: ExportFormat }, string | null, void>(
	'notifierLab/explorer/export',
);
