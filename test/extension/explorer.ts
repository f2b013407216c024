/** The explorer's panel in a real VS Code: opened, alive with the text, exported. Its page is driven by scripts/explorer.mjs. */
import * as vscode from 'vscode';
import { equal, eventually, ok } from './check.js';

const { executeCommand } = vscode.commands;

function inWorkspace(name: string): vscode.Uri {
	const folder = vscode.workspace.workspaceFolders?.[0];
	ok(folder, 'a folder is open');
	return vscode.Uri.joinPath(folder.uri, name);
}

function panels(): vscode.Tab[] {
	const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
	return tabs.filter(
		({ input }) => input instanceof vscode.TabInputWebview && /notifierLab\.explorer$/.test(input.viewType),
	);
}

/** The run on show, by way of its export. */
async function exported(format: string): Promise<string> {
	const file = inWorkspace(`run.${format}`);
	// there may be no run yet
	for (const end = Date.now() + 20_000; !(await executeCommand<boolean>('notifierLab.exportRun', format, file)); )
		ok(Date.now() < end, `the run is exported as ${format}`);
	const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
	await vscode.workspace.fs.delete(file);
	return text;
}

const codeShown = async (): Promise<string | null> => JSON.parse(await exported('json')).code;

suite('Explorer', () => {
	let original = '';
	suiteSetup(async () => {
		original = (await vscode.workspace.openTextDocument(inWorkspace('seed-wait-valid.mmn'))).getText();
	});

	teardown(async () => {
		// the other tests want the sketch as it was, and edits may have been saved
		const document = await vscode.workspace.openTextDocument(inWorkspace('seed-wait-valid.mmn'));
		const edit = new vscode.WorkspaceEdit();
		edit.replace(document.uri, document.validateRange(new vscode.Range(0, 0, document.lineCount, 0)), original);
		await vscode.workspace.applyEdit(edit);
		await document.save();
		await executeCommand('workbench.action.closeAllEditors');
	});

	test('opens beside the sketch without taking the focus, follows it, and lives with its text', async () => {
		const editor = await vscode.window.showTextDocument(inWorkspace('seed-wait-valid.mmn'));
		await executeCommand('notifierLab.explore');
		const panel = await eventually('a panel is open, with its title', () =>
			panels().find(({ label }) => label === 'Explore seed-wait-valid.mmn'),
		);
		ok(panel.group.viewColumn !== editor.viewColumn, 'it is beside the editor');
		equal(vscode.window.activeTextEditor?.document.uri.toString(), editor.document.uri.toString(), 'the focus stays');
		equal(await codeShown(), 'deadlock', 'it shows');

		const { document } = editor;
		const line = document.positionAt(document.getText().indexOf('goto again;')).line;
		await editor.edit((edit) => {
			edit.insert(document.lineAt(line - 1).range.end, ' {');
			edit.insert(new vscode.Position(line, 0), '\t\tmutex_unlock(&fault_lock);\n');
			edit.insert(document.lineAt(line).range.end, '\n\t}');
		});
		for (const end = Date.now() + 20_000; (await codeShown()) !== null; )
			ok(Date.now() < end, 'after the fix it shows a run that ends well');

		await executeCommand('notifierLab.explore');
		equal(panels().length, 1, 'the panel that follows is used again');
	});

	test('exports what it shows in every form', async () => {
		await vscode.window.showTextDocument(inWorkspace('seed-wait-valid.mmn'));
		await executeCommand('notifierLab.explore');
		ok((await exported('mermaid')).startsWith('sequenceDiagram'), 'Mermaid');
		ok((await exported('svg')).includes('from here every way deadlocks'), 'SVG');
		equal(JSON.parse(await exported('sarif')).version, '2.1.0', 'SARIF');
		const page = await exported('html');
		ok(page.includes('id="pictures"') && /notifierLabHost\s*=/.test(page), 'HTML, with the engine in it');
		ok(await executeCommand('notifierLab.exportRun', 'table'), 'the table is copied');
		const table = await vscode.env.clipboard.readText();
		ok(/blocked: fault_lock is held by A/.test(table), `the clipboard has the table: ${table.slice(0, 200)}`);
	});
});
