/** Tests inside a VS Code, the same in a server's extension host, a desktop's, and a browser's. */
import * as vscode from 'vscode';
import { equal, eventually, ok } from './check.js';
import './explorer.js';
import './lessons.js';

const SEED = 'seed-wait-valid.mmn';

function inWorkspace(name: string): vscode.Uri {
	const folder = vscode.workspace.workspaceFolders?.[0];
	ok(folder, 'a folder is open');
	return vscode.Uri.joinPath(folder.uri, name);
}

async function show(uri: vscode.Uri): Promise<vscode.TextEditor> {
	return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
}

function errors(uri: vscode.Uri): vscode.Diagnostic[] {
	return vscode.languages.getDiagnostics(uri).filter(({ severity }) => severity === vscode.DiagnosticSeverity.Error);
}

function codeOf({ code }: vscode.Diagnostic): unknown {
	return typeof code === 'object' ? code.value : code;
}

function deadlock(uri: vscode.Uri): Promise<vscode.Diagnostic> {
	return eventually('the deadlock is shown', () => errors(uri).find((error) => codeOf(error) === 'deadlock'));
}

/** The line that the seed has to get before its `goto again`. */
async function typeFix(editor: vscode.TextEditor): Promise<void> {
	const { document } = editor;
	const line = document.positionAt(document.getText().indexOf('goto again;')).line;
	const condition = line - 1;
	await editor.edit((edit) => {
		edit.insert(document.lineAt(condition).range.end, ' {');
		edit.insert(new vscode.Position(line, 0), '\t\tmutex_unlock(&fault_lock);\n');
		edit.insert(document.lineAt(line).range.end, '\n\t}');
	});
}

// For all suites. In a browser VS Code saves by itself after a second, on a busy machine in the middle of a test: reverting
// brings the middle back then. It is also when an old finding begins to look old.
suiteSetup(() =>
	vscode.workspace.getConfiguration('files').update('autoSave', 'off', vscode.ConfigurationTarget.Global),
);

suite('Notifier Lab', () => {
	teardown(async () => {
		await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
		await vscode.commands.executeCommand('workbench.action.closeAllEditors');
	});

	test('a sketch is edited as kernel code is', async () => {
		const editor = await show(inWorkspace(SEED));
		equal(editor.document.languageId, 'mmn', 'language');
		equal(editor.options.tabSize, 8, 'tab size');
		equal(editor.options.insertSpaces, false, 'spaces for tabs');
	});

	test('the seed sketch shows its deadlock at the goto that keeps the lock', async () => {
		const { document } = await show(inWorkspace(SEED));
		const found = await deadlock(document.uri);
		equal(found.source, 'notifier-lab', 'source');
		ok(document.getText(found.range).startsWith('goto again'), `blames ${document.getText(found.range)}`);
		ok(found.range.isSingleLine, 'the range is the statement');
		ok(/fault_lock/.test(found.message), `the message names the lock: ${found.message}`);
		const related = found.relatedInformation ?? [];
		ok(related.length >= 2, `${related.length} related locations`);
		const own = related.filter(({ location }) => location.uri.toString() === document.uri.toString());
		const taken = own.some(({ location }) =>
			/mutex_lock\(&fault_lock\)/.test(document.lineAt(location.range.start).text),
		);
		ok(taken, 'a related location is where the lock was taken');
	});

	test('the code of a finding links to its page of the manual', async () => {
		const { code } = await deadlock((await show(inWorkspace(SEED))).document.uri);
		ok(typeof code === 'object', 'the code has a link');
		const page = await vscode.workspace.openTextDocument(code.target);
		ok(/^# .*deadlock/.test(page.getText()), `the page is about the code: ${page.getText().slice(0, 80)}`);
	});

	test('typing the fix takes the error away, and taking it back brings it again', async () => {
		const editor = await show(inWorkspace(SEED));
		const { uri } = editor.document;
		await deadlock(uri);
		await typeFix(editor);
		await eventually('the error goes', () => (errors(uri).length === 0 ? true : undefined));
		await vscode.commands.executeCommand('undo');
		await deadlock(uri);
	});

	test('an include that is not there is an error until it is', async () => {
		const { uri } = (await show(inWorkspace('includes-missing.mmn'))).document;
		const error = await eventually('the include is an error', () => errors(uri)[0]);
		equal(error.range.start.line, 0, 'line');
		ok(error.message.includes('not-there.mmn'), `the message names the file: ${error.message}`);
		const missing = inWorkspace('not-there.mmn');
		await vscode.workspace.fs.writeFile(missing, new TextEncoder().encode('static int y;\n'));
		try {
			await eventually('the error goes', () => (errors(uri).length === 0 ? true : undefined));
		} finally {
			await vscode.workspace.fs.delete(missing);
		}
	});

	test('the run of a finding is copied as a table for a mail', async () => {
		const editor = await show(inWorkspace(SEED));
		const found = await deadlock(editor.document.uri);
		await vscode.env.clipboard.writeText('');
		// The same line has two findings: without saying which, the command asks.
		const { data } = found as vscode.Diagnostic & { data?: unknown };
		await vscode.commands.executeCommand('notifierLab.copyRunAsMailTable', data);
		const [heading = '', ruler = '', ...rows] = (await vscode.env.clipboard.readText()).split('\n');
		ok(/^A +B$/.test(heading.trim()), `a column for each thread: ${heading}`);
		ok(/^-+ +-+$/.test(ruler.trim()), `a ruler: ${ruler}`);
		ok(rows.includes('mutex_lock(&fault_lock)'), `the steps of A: ${rows.join('\n')}`);
	});

	test('the source of the simulated kernel opens, read-only', async () => {
		await vscode.commands.executeCommand('notifierLab.showKernelSource', 'mn/active-ranges');
		const editor = vscode.window.activeTextEditor;
		equal(editor?.document.uri.scheme, 'mmn-kernel', 'scheme');
		equal(editor?.document.languageId, 'mmn', 'language');
		ok(editor?.document.getText().includes('#include <mn/active-ranges-core>'), 'it is the library');
		await vscode.commands.executeCommand('type', { text: 'x' });
		equal(editor?.document.isDirty, false, 'changed by typing');
	});
});
