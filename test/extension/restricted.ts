/** Tests in Restricted Mode: nothing of a workspace is executed, so everything works there. */
import * as vscode from 'vscode';
import { equal, eventually, ok, until } from './check.js';

suite('Restricted Mode', () => {
	test('a folder that is not trusted is checked all the same, fixes and all', async () => {
		equal(vscode.workspace.isTrusted, false, 'trusted');
		const folder = vscode.workspace.workspaceFolders?.[0];
		ok(folder, 'a folder is open');
		const uri = vscode.Uri.joinPath(folder.uri, 'seed-wait-valid.mmn');
		await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
		const found = await eventually('the deadlock is shown', () =>
			vscode.languages.getDiagnostics(uri).find(({ message }) => /fault_lock/.test(message)),
		);
		await until(
			'a fix that was checked is offered',
			() => vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', uri, found.range),
			(actions) => actions.some(({ title }) => /^Unlock fault_lock before the retry \(checked: /.test(title)),
		);
		ok((await vscode.commands.executeCommand<number>('notifierLab.checkWorkspace')) >= 2, 'the workspace is checked');
	});
});
