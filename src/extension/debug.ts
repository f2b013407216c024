/** The debugger: a run of a scenario, stepped both ways by VS Code's own controls. */
import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import type { Launch, Runs, SourceName } from '../debug/runs.js';
import { RunSession } from '../debug/session.js';
import type { Picture, State } from '../findings/explorer/picture.js';
import {
	CloseExplorerNotification,
	FromPageNotification,
	KERNEL_SCHEME,
	OpenExplorerNotification,
	ScenariosRequest,
} from '../server/protocol.js';
import type { FromPage, ToPage } from '../webview/messages.js';
import { LANGUAGE } from './common.js';

export const DEBUG_TYPE = 'notifier-lab';

/** States that are asked for at once. */
const SOME_STATES = 500;

/** What the server says to a panel. */
export interface PageMessage {
	readonly panel: string;
	readonly message: ToPage;
}

/** What the command may be told: a sketch and a scenario of it, or a finding's reference. */
interface DebugArguments {
	readonly uri: string;
	readonly scenario?: string;
	readonly index?: number;
}

export function registerDebug(client: BaseLanguageClient, pages: vscode.Event<PageMessage>): vscode.Disposable[] {
	const provider: vscode.DebugConfigurationProvider = {
		provideDebugConfigurations: async () => {
			const editor = sketchAtHand();
			return editor === undefined ? [] : configurations(client, editor);
		},
		resolveDebugConfiguration: (_, given) => resolve(given),
	};
	return [
		vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, provider),
		vscode.debug.registerDebugConfigurationProvider(
			DEBUG_TYPE,
			provider,
			vscode.DebugConfigurationProviderTriggerKind.Dynamic,
		),
		vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, {
			createDebugAdapterDescriptor: () => {
				const runs = new PanelRuns(client, pages);
				const session = new RunSession(runs);
				runs.outdated = () => session.outdated();
				return new vscode.DebugAdapterInlineImplementation(session);
			},
		}),
		vscode.commands.registerCommand('notifierLab.debugScenario', (given?: unknown) => debug(client, given)),
	];
}

/** @returns whether a session was started */
async function debug(client: BaseLanguageClient, given: unknown): Promise<boolean> {
	const target = await targetOf(client, given);
	if (target === undefined) {
		void vscode.window.showInformationMessage(vscode.l10n.t('Open a sketch (.mmn) to debug a run of it.'));
		return false;
	}
	const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(target.uri));
	return vscode.debug.startDebugging(folder, configurationOf(target));
}

function configurationOf({ uri, scenario, index }: DebugArguments): vscode.DebugConfiguration {
	return {
		type: DEBUG_TYPE,
		request: 'launch',
		name: scenario ?? vscode.l10n.t('The first run that shows something'),
		program: uri,
		...(scenario !== undefined && { scenario }),
		...(index !== undefined && { finding: index }),
	};
}

/** One for each scenario of the sketch at hand. */
async function configurations(
	client: BaseLanguageClient,
	{ document }: vscode.TextEditor,
): Promise<vscode.DebugConfiguration[]> {
	const uri = document.uri.toString();
	const scenarios = await client.sendRequest(ScenariosRequest, { uri }).catch(() => []);
	const names = scenarios.length === 0 ? [undefined] : scenarios.map(({ name }) => name);
	return names.map((scenario) => configurationOf({ uri, ...(scenario !== undefined && { scenario }) }));
}

/** F5 without a launch.json debugs the sketch at hand. */
function resolve(given: vscode.DebugConfiguration): vscode.DebugConfiguration | undefined {
	if (typeof given.program === 'string') return given;
	const editor = sketchAtHand();
	if (editor !== undefined) return { ...configurationOf({ uri: editor.document.uri.toString() }), ...given, ...named };
	void vscode.window.showInformationMessage(vscode.l10n.t('Open a sketch (.mmn) to debug a run of it.'));
	return undefined;
}

const named = { type: DEBUG_TYPE, request: 'launch' };

/** The scenario that the cursor is in, where nothing was said. */
async function targetOf(client: BaseLanguageClient, given: unknown): Promise<DebugArguments | undefined> {
	if (typeof given === 'object' && given !== null) {
		const { uri, scenario, index } = given as Partial<DebugArguments>;
		if (typeof uri === 'string')
			return { uri, ...(scenario !== undefined && { scenario }), ...(index !== undefined && { index }) };
	}
	const editor = sketchAtHand();
	if (editor === undefined) return undefined;
	const uri = editor.document.uri.toString();
	const line = editor.selection.active.line;
	const scenarios = await client.sendRequest(ScenariosRequest, { uri }).catch(() => []);
	const here = scenarios.find(({ range }) => range.start.line <= line && line <= range.end.line);
	return { uri, ...(here && { scenario: here.name }) };
}

function sketchAtHand(): vscode.TextEditor | undefined {
	const isSketch = ({ document }: vscode.TextEditor): boolean =>
		document.languageId === LANGUAGE && document.uri.scheme !== KERNEL_SCHEME;
	const { activeTextEditor, visibleTextEditors } = vscode.window;
	return activeTextEditor && isSketch(activeTextEditor) ? activeTextEditor : visibleTextEditors.find(isSketch);
}

let sessions = 0;

/** A run of the server's, asked for as the explorer's page does. */
class PanelRuns implements Runs {
	private readonly panel = `debug-${++sessions}`;
	private readonly listener: vscode.Disposable;
	private waiting: { done(message: ToPage): void; fail(error: Error): void } | undefined;
	/** Told when a newer text has another run. */
	outdated: () => void = () => {};
	private isOutdated = false;

	constructor(
		private readonly client: BaseLanguageClient,
		pages: vscode.Event<PageMessage>,
	) {
		this.listener = pages(({ panel, message }) => {
			if (panel === this.panel) this.hear(message);
		});
	}

	async open({ program, scenario, finding }: Launch): Promise<Picture> {
		const uri = this.uriOf(program);
		const picture = this.picture();
		await this.client.sendNotification(OpenExplorerNotification, {
			panel: this.panel,
			uri,
			...(scenario !== undefined && { scenario }),
			...(typeof finding === 'number' && { finding }),
		});
		const first = await picture;
		if (scenario !== undefined && first.scenario !== scenario)
			throw new Error(`there is no scenario ${scenario}; there are ${first.scenarios.join(', ')}`);
		if (typeof finding !== 'string' || first.finding?.code === finding) return this.whole(first);
		const index = first.findings.findIndex(({ code }) => code === finding);
		if (index < 0) {
			const codes = first.findings.map(({ code }) => code).join(', ');
			throw new Error(`${first.scenario} shows no ${finding}${codes === '' ? '' : `; it shows ${codes}`}`);
		}
		return this.whole(await this.ask({ type: 'show', scenario: first.scenario, finding: index }));
	}

	async branch(at: number, lane: number, choice: number): Promise<Picture> {
		if (this.isOutdated) throw new Error('the sketch has changed: restart to take other ways');
		return this.whole(await this.ask({ type: 'branch', steps: at, lane, choice, single: false }));
	}

	async found(): Promise<Picture> {
		if (this.isOutdated) throw new Error('the sketch has changed: restart');
		return this.whole(await this.ask({ type: 'found' }));
	}

	source(uri: string): SourceName {
		const parsed = vscode.Uri.parse(uri);
		const name = parsed.path.slice(parsed.path.lastIndexOf('/') + 1);
		const path = parsed.scheme === 'file' ? parsed.fsPath : parsed.toString();
		return { name, path, kernel: parsed.scheme === KERNEL_SCHEME };
	}

	uriOf(path: string): string {
		// a letter and a colon begin a path of Windows
		return (/^[a-z][\w+.-]+:/i.test(path) ? vscode.Uri.parse(path) : vscode.Uri.file(path)).toString();
	}

	/** VS Code opens everything by itself: `mmn-kernel:` is a scheme of ours. */
	async text(): Promise<undefined> {
		return undefined;
	}

	close(): void {
		this.listener.dispose();
		void this.client.sendNotification(CloseExplorerNotification, { panel: this.panel });
	}

	private hear(message: ToPage): void {
		if (message.type === 'busy') return;
		const { waiting } = this;
		this.waiting = undefined;
		if (waiting === undefined) {
			if (!this.isOutdated) this.outdated();
			this.isOutdated = true;
		} else if (message.type === 'problem') waiting.fail(new Error(message.message));
		else waiting.done(message);
	}

	private next(): Promise<ToPage> {
		return new Promise((done, fail) => {
			this.waiting = { done, fail };
		});
	}

	private async picture(): Promise<Picture> {
		for (;;) {
			const message = await this.next();
			if (message.type === 'picture') return message.picture;
		}
	}

	private async ask(message: FromPage): Promise<Picture> {
		const picture = this.picture();
		await this.client.sendNotification(FromPageNotification, { panel: this.panel, message });
		return picture;
	}

	/** With the states that a picture of a long run leaves out. */
	private async whole(picture: Picture): Promise<Picture> {
		const states: (State | null)[] = [...picture.states];
		for (;;) {
			const from = states.indexOf(null);
			if (from < 0) return { ...picture, states };
			const answer = this.next();
			const to = Math.min(from + SOME_STATES, states.length) - 1;
			const message: FromPage = { type: 'states', from, to };
			await this.client.sendNotification(FromPageNotification, { panel: this.panel, message });
			const got = await answer;
			if (got.type !== 'states' || got.states.length === 0) return { ...picture, states };
			got.states.forEach((state, n) => {
				states[from + n] = state;
			});
		}
	}
}
