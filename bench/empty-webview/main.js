// What bench/panel.mjs compares the explorer with: a webview that shows one word.
const vscode = require('vscode');

exports.activate = (context) => {
	const open = () => {
		const beside = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
		const panel = vscode.window.createWebviewPanel('emptyWebview', 'Empty', beside, { enableScripts: true });
		panel.webview.html = '<!doctype html><p id="empty">empty</p>';
	};
	context.subscriptions.push(vscode.commands.registerCommand('emptyWebview.open', open));
};
