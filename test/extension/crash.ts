/** The server of a desktop or remote VS Code is a process, which can end. */
import { execFileSync } from 'node:child_process';
import * as vscode from 'vscode';
import { equal, eventually, ok } from './check.js';

/** Servers that this extension host has started. */
function servers(): number[] {
	try {
		const pids = execFileSync('pgrep', ['-P', String(process.pid), '-f', 'dist/server\\.js'], { encoding: 'utf8' });
		return pids.trim().split('\n').map(Number);
	} catch {
		return []; // none
	}
}

suite('The server', () => {
	test('is started again when it ends, and goes on with the open sketches', async () => {
		const folder = vscode.workspace.workspaceFolders?.[0];
		ok(folder, 'a folder is open');
		const uri = vscode.Uri.joinPath(folder.uri, 'seed-wait-valid.mmn');
		const editor = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
		const [pid, ...others] = await eventually('a server runs', () => (servers().length > 0 ? servers() : undefined));
		ok(pid, 'its process');
		equal(others.length, 0, 'other servers');
		process.kill(pid, 'SIGKILL');
		await eventually('another one runs', () => servers().find((other) => other !== pid));
		await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '\n\n\n'));
		const line = editor.document
			.getText()
			.split('\n')
			.findIndex((text) => /goto again;/.test(text));
		await eventually('the deadlock is where it is now', () =>
			vscode.languages
				.getDiagnostics(uri)
				.find(({ range, source }) => source === 'notifier-lab' && range.start.line === line),
		);
		await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
	});
});
