/** Tests inside a VS Code of what one works with besides diagnostics: fixes, lenses, the list of tests. */
import * as vscode from 'vscode';
import { equal, eventually, ok, until } from './check.js';

const SEED = 'seed-wait-valid.mmn';

function inWorkspace(name: string): vscode.Uri {
	const folder = vscode.workspace.workspaceFolders?.[0];
	ok(folder, 'a folder is open');
	return vscode.Uri.joinPath(folder.uri, name);
}

async function show(uri: vscode.Uri): Promise<vscode.TextEditor> {
	return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
}

const codeOf = ({ code }: vscode.Diagnostic): unknown => (typeof code === 'object' ? code.value : code);

function found(uri: vscode.Uri, code: string): Promise<vscode.Diagnostic> {
	return eventually(`${code} is shown`, () => vscode.languages.getDiagnostics(uri).find((d) => codeOf(d) === code));
}

/** The part of the extension's exports that these tests use. */
interface Exports {
	readonly tests: {
		readonly controller: vscode.TestController;
		readonly profile: vscode.TestRunProfile;
		readonly look: vscode.TestRunProfile;
	};
}

async function testList(): Promise<Exports['tests']> {
	const extension = vscode.extensions.getExtension<Exports>('notifier-lab.notifier-lab');
	ok(extension, 'the extension is there');
	return (await extension.activate()).tests;
}

/** What a run tells its controller, by the label of the item. */
async function outcomes(request: vscode.TestRunRequest, token?: vscode.CancellationToken) {
	const { controller, profile } = await testList();
	const seen = new Map<string, { state: string; messages: readonly vscode.TestMessage[] }>();
	const create = controller.createTestRun;
	controller.createTestRun = (...args) => {
		const run = create.apply(controller, args);
		const note =
			(state: string) =>
			(item: vscode.TestItem, messages?: unknown): void => {
				const list = Array.isArray(messages) ? messages : [];
				seen.set(item.label, { state, messages: list as vscode.TestMessage[] });
			};
		return {
			...run,
			enqueued: run.enqueued.bind(run),
			started: run.started.bind(run),
			appendOutput: run.appendOutput.bind(run),
			passed: note('passed'),
			failed: note('failed'),
			errored: note('errored'),
			skipped: note('skipped'),
			end: run.end.bind(run),
		} as vscode.TestRun;
	};
	try {
		await profile.runHandler(request, token ?? new vscode.CancellationTokenSource().token);
	} finally {
		controller.createTestRun = create;
	}
	return seen;
}

async function fileItem(name: string): Promise<vscode.TestItem> {
	const { controller } = await testList();
	await controller.resolveHandler?.(undefined);
	const item = controller.items.get(inWorkspace(name).toString());
	ok(item, `${name} is among the tests`);
	await controller.resolveHandler?.(item);
	return item;
}

suite('Working with sketches', () => {
	teardown(async () => {
		await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
		await vscode.commands.executeCommand('workbench.action.closeAllEditors');
	});

	test('the deadlock has a fix that was checked, and applying it takes the error away', async () => {
		const { document } = await show(inWorkspace(SEED));
		const { range } = await found(document.uri, 'deadlock');
		const offered = ({ title }: vscode.CodeAction) =>
			/^Unlock fault_lock before the retry \(checked: \d+ states, ok\)$/.test(title);
		const actions = await until(
			'the fix is offered',
			() =>
				vscode.commands.executeCommand<vscode.CodeAction[]>(
					'vscode.executeCodeActionProvider',
					document.uri,
					range,
					vscode.CodeActionKind.QuickFix.value,
				),
			(all) => all.some(offered),
		);
		const fix = actions.find(offered);
		ok(fix?.edit, 'the fix is an edit');
		equal(fix.isPreferred, true, 'preferred');
		await vscode.workspace.applyEdit(fix.edit);
		ok(/mutex_unlock\(&fault_lock\);\n\t\tgoto again;/.test(document.getText()), 'the unlock stands before the retry');
		await eventually('the error goes', () =>
			vscode.languages.getDiagnostics(document.uri).some(({ severity }) => severity === vscode.DiagnosticSeverity.Error)
				? undefined
				: true,
		);
	});

	test('each scenario says above it what came of it', async () => {
		const { document } = await show(inWorkspace(SEED));
		await found(document.uri, 'deadlock');
		const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
			'vscode.executeCodeLensProvider',
			document.uri,
		);
		const titles = lenses.map(({ command }) => command?.title ?? '');
		ok(/deadlock in \d+ steps/.test(titles[0] ?? ''), `the summary: ${titles.join(' | ')}`);
		const table = lenses.find(({ command }) => command?.title === 'Mail table')?.command;
		ok(table, 'the mail table');
		await vscode.env.clipboard.writeText('');
		await vscode.commands.executeCommand(table.command, ...(table.arguments ?? []));
		ok((await vscode.env.clipboard.readText()).includes('mutex_lock(&fault_lock)'), 'the table is copied');
		const known = new Set(await vscode.commands.getCommands());
		for (const { command } of lenses) ok(!command?.command || known.has(command.command), `${command?.command} exists`);
	});

	test('a sketch without scenarios is given one by what stands above it', async () => {
		const content = 'static DEFINE_MUTEX(l);\n\nstatic int device_fault(void)\n{\n\tmutex_lock(&l);\n\treturn 0;\n}\n';
		const document = await vscode.workspace.openTextDocument({ language: 'mmn', content });
		await vscode.window.showTextDocument(document);
		const lens = async () =>
			(await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri)) ?? [];
		const lenses = await until('it is checked', lens, (all) => all.length > 0);
		ok(/ in the default environment$/.test(lenses[0]?.command?.title ?? ''), `it says: ${lenses[0]?.command?.title}`);
		const add = lenses.find(({ command }) => command?.title === 'Add a scenario')?.command;
		ok(add, 'a scenario is offered');
		await vscode.commands.executeCommand(add.command, ...(add.arguments ?? []));
		const line = await eventually('the scenario is there', () => {
			const at = document
				.getText()
				.split('\n')
				.findIndex((text) => text.startsWith('scenario device_fault'));
			return at < 0 ? undefined : at;
		});
		await eventually('the cursor is at it', () =>
			vscode.window.activeTextEditor?.selection.active.line === line ? true : undefined,
		);
	});

	test('every scenario of every sketch is a test', async () => {
		const file = await fileItem(SEED);
		const text = (await vscode.workspace.openTextDocument(inWorkspace(SEED))).getText();
		const names = [...text.matchAll(/^scenario (\w+)/gm)].map(([, name]) => name ?? '');
		const items = [...file.children]
			.map(([, item]) => item)
			.sort((a, b) => ((a.sortText ?? '') < (b.sortText ?? '') ? -1 : 1));
		equal(items.map(({ label }) => label).join(), names.join(), 'scenarios');
		equal(items[0]?.range?.start.line, text.slice(0, text.indexOf('scenario ')).split('\n').length - 1, 'line');
	});

	test('a test passes or fails as its scenario does, with the message at its line', async () => {
		const name = 'tested.mmn';
		const text = (expected: string) =>
			`static DEFINE_MUTEX(l);\n\nscenario twice {\n\tthread A { mutex_lock(&l); mutex_lock(&l); }\n${expected}}\n\nscenario once {\n\tthread A { mutex_lock(&l); mutex_unlock(&l); }\n}\n`;
		const write = (content: string) =>
			vscode.workspace.fs.writeFile(inWorkspace(name), new TextEncoder().encode(content));
		await write(text(''));
		try {
			const file = await fileItem(name);
			const seen = await outcomes(new vscode.TestRunRequest([file]));
			equal(seen.get('once')?.state, 'passed', 'once');
			equal(seen.get('twice')?.state, 'failed', 'twice');
			const [message] = seen.get('twice')?.messages ?? [];
			equal(message?.location?.range.start.line, 3, 'line of the message');
			const markdown = message?.message instanceof vscode.MarkdownString ? message.message.value : '';
			const shown = markdown.replaceAll('&nbsp;', ' ').replaceAll('\\', '');
			ok(shown.startsWith('self-deadlock: A waits for l'), `the sentence: ${shown}`);
			ok(/```text\n[^`]*mutex_lock\(&l\)\n/.test(shown), `the run: ${shown}`);
			ok(shown.includes('Expected: ok. Found: self-deadlock.'), `what was expected: ${shown}`);
			await write(text('\texpect self-deadlock;\n'));
			const one = file.children.get('twice');
			ok(one, 'the scenario is an item');
			const again = await outcomes(new vscode.TestRunRequest([one]));
			equal([...again].map(([label, { state }]) => `${label} ${state}`).join(), 'twice passed', 'one scenario');
			await write('static int x = ;\nscenario twice { }\n');
			equal((await outcomes(new vscode.TestRunRequest([one]))).get('twice')?.state, 'errored', 'an error of the text');
		} finally {
			await vscode.workspace.fs.delete(inWorkspace(name));
		}
	});

	test('the run of a scenario in the list is explored', async () => {
		const { look } = await testList();
		const file = await fileItem(SEED);
		const failing = [...file.children].map(([, item]) => item)[0];
		ok(failing, 'a scenario');
		await look.runHandler(new vscode.TestRunRequest([failing]), new vscode.CancellationTokenSource().token);
		const tab = await eventually('the explorer is open', () =>
			vscode.window.tabGroups.all
				.flatMap(({ tabs }) => tabs)
				.find(({ input }) => input instanceof vscode.TabInputWebview && /notifierLab\.explorer/.test(input.viewType)),
		);
		ok(tab.label.includes('seed-wait-valid'), `its title: ${tab.label}`);
		await vscode.window.tabGroups.close(tab);
	});

	test('a cancelled run tests nothing more', async () => {
		const cancelled = new vscode.CancellationTokenSource();
		cancelled.cancel();
		const seen = await outcomes(new vscode.TestRunRequest([await fileItem(SEED)]), cancelled.token);
		equal(seen.size, 0, 'outcomes');
	});

	test('a continuous run tests again what is saved', async () => {
		const { controller, profile } = await testList();
		const file = await fileItem(SEED);
		const runs: string[] = [];
		const create = controller.createTestRun;
		const stop = new vscode.CancellationTokenSource();
		controller.createTestRun = (...args) => {
			runs.push(...(args[0].include ?? []).map(({ id }) => id));
			return create.apply(controller, args);
		};
		try {
			await profile.runHandler(new vscode.TestRunRequest([file], undefined, profile, true), stop.token);
			equal(runs.length, 0, 'runs before a change');
			const editor = await show(inWorkspace(SEED));
			await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '\n'));
			await editor.document.save();
			await eventually('it is run', () => runs.find((id) => id === file.id));
			await editor.edit((edit) => edit.delete(new vscode.Range(0, 0, 1, 0)));
			await editor.document.save();
		} finally {
			stop.cancel();
			controller.createTestRun = create;
		}
	});

	test('a sketch on a read-only file system is checked, with its includes; the old side of a diff is not', async () => {
		const texts: Record<string, string> = {
			'/ro.mmn': '#include "lib.mmn"\nscenario twice {\n\tthread A { mutex_lock(&l); mutex_lock(&l); }\n}\n',
			'/lib.mmn': 'static DEFINE_MUTEX(l);\n',
		};
		const provider = new ReadOnlyFiles(texts);
		const registered = [
			vscode.workspace.registerFileSystemProvider('labro', provider, { isReadonly: true }),
			vscode.workspace.registerTextDocumentContentProvider('labdiff', {
				provideTextDocumentContent: () => texts['/ro.mmn']?.replace('#include "lib.mmn"', 'static DEFINE_MUTEX(l);'),
			}),
		];
		try {
			const { document } = await show(vscode.Uri.parse('labro:/ro.mmn'));
			equal(document.languageId, 'mmn', 'language');
			const { range } = await found(document.uri, 'self-deadlock');
			equal(range.start.line, 2, 'line');
			await vscode.commands.executeCommand(
				'vscode.diff',
				vscode.Uri.parse('labdiff:/ro.mmn'),
				document.uri,
				'old and new',
			);
			await found(document.uri, 'self-deadlock');
		} finally {
			await vscode.commands.executeCommand('workbench.action.closeAllEditors');
			for (const one of registered) one.dispose();
		}
	});

	test('the whole workspace is checked, open or not', async () => {
		await vscode.commands.executeCommand('workbench.action.closeAllEditors');
		const checked = await vscode.commands.executeCommand<number>('notifierLab.checkWorkspace');
		ok(checked >= 2, `${checked} sketches were checked`);
		await found(inWorkspace(SEED), 'deadlock');
	});

	test('a new sketch is made from a template and is right', async () => {
		await vscode.commands.executeCommand('notifierLab.newSketch', 'interval');
		const document = vscode.window.activeTextEditor?.document;
		ok(document, 'it is shown');
		equal(document.languageId, 'mmn', 'language');
		equal(document.isUntitled, true, 'untitled');
		const lenses = await eventuallyAsync('its scenarios are checked', async () => {
			const all = await vscode.commands.executeCommand<vscode.CodeLens[]>(
				'vscode.executeCodeLensProvider',
				document.uri,
			);
			return all.length > 0 ? all : undefined;
		});
		ok(/^✓ ok/.test(lenses[0]?.command?.title ?? ''), `the summary: ${lenses[0]?.command?.title}`);
	});
});

/** Files that can be read and nothing else. */
class ReadOnlyFiles implements vscode.FileSystemProvider {
	readonly onDidChangeFile = new vscode.EventEmitter<vscode.FileChangeEvent[]>().event;

	constructor(private readonly texts: Readonly<Record<string, string>>) {}

	watch(): vscode.Disposable {
		return new vscode.Disposable(() => {});
	}

	stat({ path }: vscode.Uri): vscode.FileStat {
		const size = this.bytes(path).length;
		return { type: vscode.FileType.File, ctime: 0, mtime: 0, size, permissions: vscode.FilePermission.Readonly };
	}

	readDirectory(): [string, vscode.FileType][] {
		return Object.keys(this.texts).map((path) => [path.slice(1), vscode.FileType.File]);
	}

	readFile({ path }: vscode.Uri): Uint8Array {
		return this.bytes(path);
	}

	createDirectory = this.refuse;
	writeFile = this.refuse;
	delete = this.refuse;
	rename = this.refuse;

	private refuse(): never {
		throw vscode.FileSystemError.NoPermissions();
	}

	private bytes(path: string): Uint8Array {
		const text = this.texts[path];
		if (text === undefined) throw vscode.FileSystemError.FileNotFound(path);
		return new TextEncoder().encode(text);
	}
}

/** As `eventually`, where asking takes time. */
async function eventuallyAsync<T>(what: string, ask: () => Promise<T | undefined>, ms = 15_000): Promise<T> {
	for (const end = Date.now() + ms; ; ) {
		const value = await ask();
		if (value !== undefined) return value;
		ok(Date.now() < end, `${what}: not within ${ms / 1000} s`);
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}
