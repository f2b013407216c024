/** The Test Explorer: every scenario of every sketch is a test. */
import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { type ScenarioFailure, type ScenarioRun, ScenariosRequest } from '../server/protocol.js';
import { findSketches, isSketch, run, watchSketches } from './sketches.js';

/** Between a change of a text and the new look for its scenarios, in milliseconds. */
const SETTLE_MS = 300;

export function registerTests(client: BaseLanguageClient): { tests: Tests; disposables: vscode.Disposable[] } {
	const tests = new Tests(client);
	return { tests, disposables: [tests, ...tests.watch()] };
}

export class Tests implements vscode.Disposable {
	readonly controller = vscode.tests.createTestController('notifierLab', 'Notifier Lab');
	readonly profile: vscode.TestRunProfile;
	/** To debug a scenario is to step through its run. */
	readonly debug: vscode.TestRunProfile;
	/** The same run as a picture. */
	readonly look: vscode.TestRunProfile;
	/** Somebody has looked at the list: new files belong to it. */
	private discovered = false;
	private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();

	constructor(private readonly client: BaseLanguageClient) {
		this.controller.resolveHandler = (item) => (item ? this.resolve(item) : this.discover());
		this.controller.refreshHandler = () => this.discover();
		const handler = (request: vscode.TestRunRequest, token: vscode.CancellationToken) => this.handle(request, token);
		this.profile = this.controller.createRunProfile(
			vscode.l10n.t('Check'),
			vscode.TestRunProfileKind.Run,
			handler,
			true,
			undefined,
			true,
		);
		const debugProfile = (label: string, command: string, isDefault: boolean) =>
			this.controller.createRunProfile(
				label,
				vscode.TestRunProfileKind.Debug,
				(request, token) => this.show(request, token, command),
				isDefault,
			);
		this.debug = debugProfile(vscode.l10n.t('Debug the Run'), 'notifierLab.debugScenario', true);
		this.look = debugProfile(vscode.l10n.t('Explore the Run'), 'notifierLab.explore', false);
	}

	dispose(): void {
		for (const timer of this.timers.values()) clearTimeout(timer);
		this.controller.dispose();
	}

	/** Keeps the items up to date. */
	watch(): vscode.Disposable[] {
		const files = watchSketches();
		const { workspace } = vscode;
		const look = (document: vscode.TextDocument): void => {
			if (isSketch(document)) this.soon(document.uri);
		};
		for (const document of workspace.textDocuments) look(document);
		return [
			files,
			files.onDidCreate((uri) => this.discovered && this.soon(uri)),
			files.onDidChange((uri) => this.controller.items.get(uri.toString()) && this.soon(uri)),
			files.onDidDelete((uri) => this.controller.items.delete(uri.toString())),
			workspace.onDidOpenTextDocument(look),
			workspace.onDidChangeTextDocument(({ document }) => look(document)),
			workspace.onDidCloseTextDocument(({ uri }) => {
				if (uri.scheme === 'untitled') this.controller.items.delete(uri.toString());
			}),
		];
	}

	private soon(uri: vscode.Uri): void {
		const key = uri.toString();
		clearTimeout(this.timers.get(key));
		const look = () => {
			this.timers.delete(key);
			void this.resolve(this.fileItem(uri));
		};
		this.timers.set(key, setTimeout(look, SETTLE_MS));
	}

	private async discover(): Promise<void> {
		this.discovered = true;
		const files = await findSketches();
		const there = new Set(files.map(String));
		for (const uri of files) this.fileItem(uri);
		this.controller.items.forEach((item) => {
			const open = vscode.workspace.textDocuments.some(({ uri }) => uri.toString() === item.id);
			if (!there.has(item.id) && !open) this.controller.items.delete(item.id);
		});
	}

	private fileItem(uri: vscode.Uri): vscode.TestItem {
		const id = uri.toString();
		const known = this.controller.items.get(id);
		if (known) return known;
		const item = this.controller.createTestItem(id, vscode.workspace.asRelativePath(uri), uri);
		item.canResolveChildren = true;
		this.controller.items.add(item);
		return item;
	}

	/** Looks for the scenarios of a file; a file without any is no test. */
	private async resolve(file: vscode.TestItem): Promise<void> {
		if (file.uri === undefined || file.parent !== undefined) return;
		const { uri } = file;
		const scenarios = await this.client.sendRequest(ScenariosRequest, { uri: file.id }).catch(() => undefined);
		if (scenarios === undefined) return;
		if (scenarios.length === 0) {
			this.controller.items.delete(file.id);
			return;
		}
		if (this.controller.items.get(file.id) !== file) this.controller.items.add(file);
		const items = scenarios.map(({ name, range }, n) => {
			const item = file.children.get(name) ?? this.controller.createTestItem(name, name, uri);
			item.range = new vscode.Range(range.start.line, range.start.character, range.end.line, range.end.character);
			item.sortText = String(n).padStart(4, '0');
			return item;
		});
		file.children.replace(items);
	}

	private async handle(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
		if (!request.continuous) {
			await this.run(request, token);
			return;
		}
		const changed = (uri: vscode.Uri): void => {
			const wanted = (request.include ?? [...this.files()]).filter((item) => item.uri?.toString() === uri.toString());
			if (wanted.length > 0) void this.run(new vscode.TestRunRequest(wanted, request.exclude, request.profile), token);
		};
		const saved = vscode.workspace.onDidSaveTextDocument(({ uri }) => changed(uri));
		token.onCancellationRequested(() => saved.dispose());
	}

	private *files(): Iterable<vscode.TestItem> {
		for (const [, item] of this.controller.items) yield item;
	}

	/** Runs, and has the run of the first scenario that failed, else of the first one, shown by a command. */
	private async show(request: vscode.TestRunRequest, token: vscode.CancellationToken, command: string): Promise<void> {
		const outcomes = await this.run(request, token);
		const shown = outcomes.find(({ outcome }) => !outcome.passed) ?? outcomes[0];
		if (shown === undefined || token.isCancellationRequested) return;
		const { uri, outcome } = shown;
		// what is shown stands beside the sketch
		await vscode.window.showTextDocument(vscode.Uri.parse(uri), { preserveFocus: true });
		const { name: scenario, finding: index } = outcome;
		await vscode.commands.executeCommand(command, {
			uri,
			scenario,
			...(index !== undefined && { index }),
		});
	}

	private async run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<Outcome[]> {
		const run = this.controller.createTestRun(request);
		const outcomes: Outcome[] = [];
		try {
			if (!request.include && !this.discovered) await this.discover();
			const jobs = await this.jobs(request);
			for (const { scenarios } of jobs) for (const item of scenarios) run.enqueued(item);
			for (const job of jobs) {
				if (token.isCancellationRequested) break;
				outcomes.push(...(await this.runFile(run, job, token)));
			}
		} finally {
			run.end();
		}
		return outcomes;
	}

	/** What to run, by file. */
	private async jobs({ include, exclude }: vscode.TestRunRequest): Promise<Job[]> {
		const jobs = new Map<vscode.TestItem, Job>();
		for (const item of include ?? this.files()) {
			const file = item.parent ?? item;
			if (file.children.size === 0) await this.resolve(file);
			const job = jobs.get(file) ?? { file, scenarios: [] };
			jobs.set(file, job);
			const wanted = item.parent ? [item] : [...file.children].map(([, child]) => child);
			for (const scenario of wanted)
				if (!exclude?.includes(scenario) && !exclude?.includes(file) && !job.scenarios.includes(scenario))
					job.scenarios.push(scenario);
		}
		return [...jobs.values()].filter(({ scenarios }) => scenarios.length > 0);
	}

	private async runFile(
		testRun: vscode.TestRun,
		{ file, scenarios }: Job,
		token: vscode.CancellationToken,
	): Promise<Outcome[]> {
		for (const item of scenarios) testRun.started(item);
		const all = scenarios.length === file.children.size;
		const names = scenarios.map(({ id }) => id);
		const result = await run(this.client, { uri: file.id, ...(!all && { scenarios: names }) }, token);
		for (const item of scenarios) {
			const outcome = result?.scenarios.find(({ name }) => name === item.id);
			if (outcome) report(testRun, item, outcome);
			else if (result && result.errors.length > 0) {
				const messages = result.errors.map(({ uri, diagnostic: { message, range } }) =>
					messageAt(typeof message === 'string' ? message : message.value, uri, range),
				);
				testRun.errored(item, messages);
			} else testRun.skipped(item);
		}
		return (result?.scenarios ?? []).map((outcome) => ({ uri: file.id, outcome }));
	}
}

interface Outcome {
	readonly uri: string;
	readonly outcome: ScenarioRun;
}

interface Job {
	readonly file: vscode.TestItem;
	readonly scenarios: vscode.TestItem[];
}

function report(run: vscode.TestRun, item: vscode.TestItem, outcome: ScenarioRun): void {
	const { passed, complete, milliseconds, states, failures, expected, found } = outcome;
	const wanted = expected.length > 0 ? expected.join(', ') : 'ok';
	const actual = found.length > 0 ? found.join(', ') : complete ? 'ok' : vscode.l10n.t('nothing found up to a limit');
	const codes = found.map((code) => (expected.includes(code) ? vscode.l10n.t('{0} as expected', code) : code));
	const said = codes.length > 0 ? codes.join(', ') : actual;
	run.appendOutput(
		`${passed ? '✓' : '✗'} ${vscode.l10n.t('{0}: {1}, {2} states', item.label, said, states)}\r\n`,
		undefined,
		item,
	);
	for (const { table } of failures)
		if (table !== '') run.appendOutput(`\r\n${table.replace(/\r?\n/g, '\r\n')}\r\n`, undefined, item);
	if (passed) run.passed(item, milliseconds);
	else
		run.failed(
			item,
			failures.map((failure) => messageOf(failure, wanted, actual)),
			milliseconds,
		);
}

/** What is wrong, and the run that shows it. With `expectedOutput` and `actualOutput`, VS Code shows those two and no more. */
function messageOf(
	{ message, location, table }: ScenarioFailure,
	expected: string,
	actual: string,
): vscode.TestMessage {
	const text = new vscode.MarkdownString();
	text.appendText(message);
	// the peek shows code as running text, in which several spaces are one
	if (table !== '') text.appendCodeblock(table.replaceAll(' ', '\u00a0'), 'text');
	text.appendText(vscode.l10n.t('Expected: {0}. Found: {1}.', expected, actual));
	return messageAt(text, location.uri, location.range);
}

function messageAt(
	text: string | vscode.MarkdownString,
	uri: string,
	{ start, end }: ScenarioFailure['location']['range'],
): vscode.TestMessage {
	const message = new vscode.TestMessage(text);
	const range = new vscode.Range(start.line, start.character, end.line, end.character);
	message.location = new vscode.Location(vscode.Uri.parse(uri), range);
	return message;
}
