/** Settings and comments that say what is shown, and when: tests inside a VS Code. */
import * as vscode from 'vscode';
import { equal, eventually, ok } from './check.js';

const WRONG =
	'static DEFINE_MUTEX(l);\n\nstatic int f(int x)\n{\n\tmutex_lock(&l);\n\tmutex_lock(&l);\n\treturn 0;\n}\n\nscenario s {\n\tthread A { f(0); }\n}\n';
/** A file for each test: VS Code keeps what it knew of one for a while after it was closed. */
let files = 0;

function uri(): vscode.Uri {
	const folder = vscode.workspace.workspaceFolders?.[0];
	ok(folder, 'a folder is open');
	return vscode.Uri.joinPath(folder.uri, `settings-${files}.mmn`);
}

const codeOf = ({ code }: vscode.Diagnostic): unknown => (typeof code === 'object' ? code.value : code);
const shown = (code: string): vscode.Diagnostic | undefined =>
	vscode.languages.getDiagnostics(uri()).find((diagnostic) => codeOf(diagnostic) === code);
const configure = (section: string, key: string, value: unknown): Thenable<void> =>
	vscode.workspace.getConfiguration(section).update(key, value, vscode.ConfigurationTarget.Global);
const set = (key: string, value: unknown): Thenable<void> => configure('notifierLab', key, value);

const RIGHT =
	'static DEFINE_MUTEX(l);\n\nstatic int f(int x)\n{\n\tif (x) {\n\t\tmutex_lock(&l);\n\t\tmutex_unlock(&l);\n\t}\n\treturn 0;\n}\n\nscenario s {\n\tthread A { f(0); }\n}\n';

async function open(text: string, code = 'self-deadlock'): Promise<vscode.TextEditor> {
	files++;
	await vscode.workspace.fs.writeFile(uri(), new TextEncoder().encode(text));
	const editor = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri()));
	await eventually('it is checked', () => shown(code));
	return editor;
}

/** Puts text in and takes it out again elsewhere; nothing is saved. */
const insert = (editor: vscode.TextEditor, line: number, text: string): Thenable<boolean> =>
	editor.edit((edit) => edit.insert(new vscode.Position(line, 0), text));

/**
 * The server has heard of a setting. It is told that there is something new before what is asked later, and asks for it before
 * it answers; the second answer comes when it has had its own.
 */
async function arrived({ document }: vscode.TextEditor): Promise<void> {
	for (let asked = 0; asked < 2; asked++)
		await vscode.commands.executeCommand('vscode.executeHoverProvider', document.uri, new vscode.Position(4, 2));
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

suite('What is shown, and when', () => {
	teardown(async () => {
		await set('findings.severity', undefined);
		await set('check.when', undefined);
		await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
		await vscode.commands.executeCommand('workbench.action.closeAllEditors');
		await vscode.workspace.fs.delete(uri());
	});

	test('code that no run reaches is faded', async () => {
		await open(RIGHT, 'unreachable');
		const hint = shown('unreachable');
		equal(hint?.tags?.[0], vscode.DiagnosticTag.Unnecessary, 'tag');
		equal(hint?.range.start.line, 5, 'line');
	});

	test('a setting says how severe a finding is, or that it is not shown', async () => {
		await open(WRONG);
		equal(shown('self-deadlock')?.severity, vscode.DiagnosticSeverity.Error, 'as it is');
		await set('findings.severity', { 'self-deadlock': 'warning' });
		await eventually('it is a warning', () =>
			shown('self-deadlock')?.severity === vscode.DiagnosticSeverity.Warning ? true : undefined,
		);
		await set('findings.severity', { 'self-deadlock': 'off' });
		await eventually('it is not shown', () => (shown('self-deadlock') === undefined ? true : undefined));
	});

	test('a comment with a reason lets a finding be', async () => {
		await open(WRONG);
		ok(shown('self-deadlock'), 'the finding');
		const editor = vscode.window.activeTextEditor;
		ok(editor, 'the editor');
		await insert(editor, 5, '\t// notifier-lab-ignore: self-deadlock meant so\n');
		await eventually('it goes', () => (shown('self-deadlock') === undefined ? true : undefined));
	});

	test('on save: old findings stay and look old until the text is saved', async () => {
		await set('check.when', 'onSave');
		const editor = await open(WRONG);
		await arrived(editor);
		await insert(editor, 5, '\tmutex_unlock(&l);\n');
		const old = await eventually('it looks old', () => {
			const found = shown('self-deadlock');
			return found?.tags?.includes(vscode.DiagnosticTag.Unnecessary) ? found : undefined;
		});
		ok(/before the last change/.test(old.message), old.message);
		equal(old.range.start.line, 6, 'it has moved with the text');
		await editor.document.save();
		await eventually('it goes', () => (shown('self-deadlock') === undefined ? true : undefined));
	});

	test('by hand: only when it is asked for', async () => {
		const editor = await open(WRONG);
		await set('check.when', 'manual');
		await arrived(editor);
		await insert(editor, 5, '\tmutex_unlock(&l);\n');
		await editor.document.save();
		await pause(500);
		ok(shown('self-deadlock'), 'the old finding is there still');
		await vscode.commands.executeCommand('notifierLab.checkSketch');
		await eventually('it goes', () => (shown('self-deadlock') === undefined ? true : undefined));
	});
});
