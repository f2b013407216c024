/** The language features inside a VS Code: what its commands say is what its user sees. The same in every host. */
import * as vscode from 'vscode';
import { equal, eventually, ok, until } from './check.js';

const SEED = 'seed-wait-valid.mmn';

function inWorkspace(name: string): vscode.Uri {
	const folder = vscode.workspace.workspaceFolders?.[0];
	ok(folder, 'a folder is open');
	return vscode.Uri.joinPath(folder.uri, name);
}

async function open(uri: vscode.Uri): Promise<vscode.TextEditor> {
	return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
}

async function untitled(content: string): Promise<vscode.TextEditor> {
	return vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'mmn', content }));
}

const run = <T>(command: string, ...args: unknown[]): Thenable<T> =>
	vscode.commands.executeCommand<T>(command, ...args);

function at(document: vscode.TextDocument, needle: string, more = 0): vscode.Position {
	const offset = document.getText().indexOf(needle);
	ok(offset >= 0, `${needle} is in the text`);
	return document.positionAt(offset + more);
}

function text(hovers: readonly vscode.Hover[]): string {
	return hovers
		.flatMap(({ contents }) => contents)
		.map((part) => (typeof part === 'string' ? part : part.value))
		.join('\n');
}

const labelOf = ({ label }: vscode.CompletionItem): string => (typeof label === 'string' ? label : label.label);

/** Takes a proposal at the end of a document, as a user does who has typed `typed` and picks it from the list. */
async function take(editor: vscode.TextEditor, label: string): Promise<void> {
	const { document } = editor;
	const end = document.positionAt(document.getText().length);
	const list = await until(
		`${label} is proposed`,
		() => run<vscode.CompletionList>('vscode.executeCompletionItemProvider', document.uri, end),
		({ items }) => items.some((item) => labelOf(item) === label),
	);
	const item = list.items.find((candidate) => labelOf(candidate) === label);
	ok(item, label);
	const body = item.insertText ?? label;
	const range = item.range instanceof vscode.Range ? item.range : (item.range?.replacing ?? new vscode.Range(end, end));
	await editor.insertSnippet(typeof body === 'string' ? new vscode.SnippetString(body) : body, range);
	await run('leaveSnippet');
}

async function add(editor: vscode.TextEditor, more: string): Promise<void> {
	const { document } = editor;
	await editor.edit((edit) => edit.insert(document.positionAt(document.getText().length), more));
}

suite('Language features', () => {
	teardown(async () => {
		await run('workbench.action.revertAndCloseActiveEditor');
		await run('workbench.action.closeAllEditors');
	});

	test('the extension is ready without waiting for its server', async () => {
		const extension = vscode.extensions.getExtension<{ activation: number }>('notifier-lab.notifier-lab');
		const { activation } = (await extension?.activate()) ?? {};
		ok(activation !== undefined && activation > 0, 'it says how long that took');
		// For bench/editor.mjs.
		console.log(`    activation: ${activation.toFixed(1)} ms`);
	});

	test('what is typed is checked', async () => {
		const seed = inWorkspace(SEED);
		const editor = await open(seed);
		const { document } = editor;
		const text = document.getText();
		const waits = () => vscode.languages.getDiagnostics(document.uri).some(({ severity }) => severity === 0);
		await eventually('the deadlock is shown', () => (waits() ? true : undefined));
		const place = at(document, 'goto again;', 'goto '.length);
		const times: number[] = [];
		// a letter makes a name unknown, and is taken back
		for (let n = 0; n < 20; n++) {
			const changed = new Promise<void>((resolve) => {
				const listener = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
					if (!uris.some((uri) => uri.toString() === document.uri.toString())) return;
					listener.dispose();
					resolve();
				});
			});
			const began = performance.now();
			await editor.edit((edit) =>
				n % 2 === 0 ? edit.insert(place, 'x') : edit.delete(new vscode.Range(place, place.translate(0, 1))),
			);
			await changed;
			times.push(performance.now() - began);
		}
		equal(document.getText(), text, 'the text is as it was');
		await eventually('the deadlock is back', () => (waits() ? true : undefined));
		times.sort((a, b) => a - b);
		const host =
			vscode.env.uiKind === vscode.UIKind.Web && vscode.env.remoteName === undefined
				? 'VS Code for the Web'
				: 'VS Code';
		const [p50, p95] = [0.5, 0.95].map((q) => Math.round(times[Math.floor(times.length * q)] ?? 0));
		// For bench/editor.mjs.
		console.log(`    keystroke to diagnostics (${host}): p50 ${p50} ms, p95 ${p95} ms, of ${times.length}`);
	});

	test('from an empty file to a checked driver with completion alone', async () => {
		const editor = await untitled('');
		const { document } = editor;
		for (const label of [
			'#include <mn/active-ranges>',
			'driver state',
			'callback: invalidate_range_start',
			'table: mmu_notifier_ops',
			'notifier',
			'fault handler',
			'scenario',
		]) {
			await take(editor, label);
			await add(editor, '\n\n');
		}
		ok(/expect ok;/.test(document.getText()), 'the scenario says what is expected');
		await run('notifierLab.checkSketch');
		equal(vscode.languages.getDiagnostics(document.uri).length, 0, 'problems of the finished driver');
		const lock = at(document, '\tmutex_unlock(&fault_lock);\n\t\tgoto again;', 0);
		await editor.edit((edit) => edit.delete(new vscode.Range(lock, lock.translate(1, 0).with({ character: 0 }))));
		await eventually('without the unlock it deadlocks', () =>
			vscode.languages.getDiagnostics(document.uri).find(({ code }) => JSON.stringify(code).includes('deadlock')),
		);
	});

	test('members are proposed behind an arrow, with nothing behind it', async () => {
		const editor = await untitled(
			'#include <mn/list>\nstatic int f(struct mmu_notifier *mn, const struct mmu_notifier_range *range)\n{\n\trange->',
		);
		const end = editor.document.positionAt(editor.document.getText().length);
		const list = await until(
			'fields',
			() => run<vscode.CompletionList>('vscode.executeCompletionItemProvider', editor.document.uri, end),
			({ items }) => items.some((item) => labelOf(item) === 'blockable'),
		);
		ok(
			list.items.some((item) => labelOf(item) === 'start'),
			'start',
		);
	});

	test('hover tells the rule of a call, and the locks that are held', async () => {
		const { document } = await open(inWorkspace(SEED));
		await run('notifierLab.checkSketch');
		const hovers = await until(
			'hover',
			() => run<vscode.Hover[]>('vscode.executeHoverProvider', document.uri, at(document, 'dev_map(start', 2)),
			(found) => /held here in every run/.test(text(found)),
		);
		ok(/fault_lock.*Rule\./s.test(text(hovers)), text(hovers));
	});

	test('definition leads into the simulated kernel, and from there on', async () => {
		const { document } = await open(inWorkspace(SEED));
		const [target] = await until(
			'definition',
			() =>
				run<vscode.Location[]>(
					'vscode.executeDefinitionProvider',
					document.uri,
					at(document, 'range_wait_valid(mm, start', 2),
				),
			(found) => found.length > 0,
		);
		ok(target, 'a location');
		equal(target.uri.scheme, 'mmn-kernel', 'scheme');
		const kernel = (await open(target.uri)).document;
		const [deeper] = await until(
			'definition in the kernel',
			() =>
				run<vscode.Location[]>(
					'vscode.executeDefinitionProvider',
					kernel.uri,
					at(kernel, 'return !active_range', 'return !a'.length),
				),
			(found) => found.length > 0,
		);
		equal(deeper?.uri.toString(), kernel.uri.toString(), 'defined there');
	});

	test('references, symbols, folding, colours, calls and hints are there', async () => {
		const { document } = await open(inWorkspace(SEED));
		const { uri } = document;
		const lock = at(document, '&fault_lock', 2);
		await run('notifierLab.checkSketch');
		const references = await until(
			'references',
			() => run<vscode.Location[]>('vscode.executeReferenceProvider', uri, lock),
			(found) => found.length > 0,
		);
		equal(references.length, 5, 'references of the lock');
		const symbols = await run<vscode.DocumentSymbol[]>('vscode.executeDocumentSymbolProvider', uri);
		ok(
			symbols.some(({ name }) => name === 'fault_races_munmap'),
			'symbols',
		);
		const workspace = await run<vscode.SymbolInformation[]>(
			'vscode.executeWorkspaceSymbolProvider',
			'try_device_fault',
		);
		ok(workspace.length > 0, 'symbols of a file that is not open');
		ok((await run<vscode.FoldingRange[]>('vscode.executeFoldingRangeProvider', uri)).length >= 4, 'folding');
		const tokens = await run<vscode.SemanticTokens>('vscode.provideDocumentSemanticTokens', uri);
		ok(tokens.data.length > 100, 'semantic tokens');
		const [item] = await run<vscode.CallHierarchyItem[]>(
			'vscode.prepareCallHierarchy',
			uri,
			at(document, 'static void invalidate', 14),
		);
		const callers = await run<vscode.CallHierarchyIncomingCall[]>('vscode.provideIncomingCalls', item);
		ok(
			callers.some(({ from }) => from.uri.scheme === 'mmn-kernel'),
			'the kernel calls the callback',
		);
		const whole = new vscode.Range(0, 0, document.lineCount, 0);
		const hints = await run<vscode.InlayHint[]>('vscode.executeInlayHintProvider', uri, whole);
		ok(
			hints.some(({ label }) => JSON.stringify(label).includes('holds fault_lock')),
			'inlay hints',
		);
		const help = await run<vscode.SignatureHelp>(
			'vscode.executeSignatureHelpProvider',
			uri,
			at(document, 'dev_map(start', 8),
			'(',
		);
		ok(help.signatures[0]?.label.includes('dev_map'), 'signature help');
		const links = await run<vscode.DocumentLink[]>('vscode.executeLinkProvider', uri);
		ok(
			links.some(({ target }) => target?.scheme === 'mmn-kernel'),
			'links',
		);
		const selections = await run<vscode.SelectionRange[]>('vscode.executeSelectionRangeProvider', uri, [lock]);
		ok(selections[0]?.parent, 'selection ranges');
		const highlights = await run<vscode.DocumentHighlight[]>('vscode.executeDocumentHighlights', uri, lock);
		equal(highlights.length, 5, 'highlights');
	});

	test('a name of the user is renamed, one of the kernel is refused with the reason', async () => {
		const { document } = await open(inWorkspace(SEED));
		const edit = await until(
			'rename',
			() =>
				run<vscode.WorkspaceEdit>(
					'vscode.executeDocumentRenameProvider',
					document.uri,
					at(document, '&fault_lock', 2),
					'page_lock',
				),
			(found) => found.size > 0,
		);
		equal(edit.get(document.uri).length, 5, 'edits');
		let reason = '';
		try {
			await run('vscode.executeDocumentRenameProvider', document.uri, at(document, 'dev_map(start', 2), 'x');
		} catch (error) {
			reason = String(error);
		}
		ok(reason.includes('belongs to the simulated kernel'), `refused: ${reason}`);
	});

	test('a document is formatted in kernel style', async () => {
		const editor = await untitled('static int f( int a ){\nreturn a*2;}\n');
		const edits = await until(
			'formatting',
			() =>
				run<vscode.TextEdit[]>('vscode.executeFormatDocumentProvider', editor.document.uri, {
					tabSize: 8,
					insertSpaces: false,
				}),
			(found) => found.length > 0,
		);
		const all = new vscode.WorkspaceEdit();
		all.set(editor.document.uri, edits);
		await vscode.workspace.applyEdit(all);
		equal(editor.document.getText(), 'static int f(int a)\n{\n\treturn a * 2;\n}\n', 'text');
	});
});
