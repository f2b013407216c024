import * as vscode from 'vscode';
import type { Status } from '../server/protocol.js';

/** A check that takes longer than this is shown as under way, in milliseconds. */
const SLOW_MS = 400;

/** The language status item of the active sketch: one of checking, errors, ok, bounded, … */
export function registerStatus(onStatus: vscode.Event<Status>): vscode.Disposable[] {
	const item = vscode.languages.createLanguageStatusItem('notifierLab.status', { language: 'mmn' });
	item.name = 'Notifier Lab';
	item.command = { command: 'notifierLab.checkSketch', title: 'Check Now' };
	const statuses = new Map<string, Status>();
	let timer: ReturnType<typeof setTimeout> | undefined;
	const show = () => {
		clearTimeout(timer);
		const uri = vscode.window.activeTextEditor?.document.uri.toString();
		const words = describe(uri === undefined ? undefined : statuses.get(uri));
		item.text = words.text;
		item.detail = words.detail;
		item.busy = words.busy ?? false;
		item.severity = words.severity ?? vscode.LanguageStatusSeverity.Information;
	};
	show();
	return [
		item,
		onStatus((status) => {
			statuses.set(status.uri, status);
			clearTimeout(timer);
			// most checks are over before anybody could read that they have begun
			if (status.state === 'checking' && !item.busy) timer = setTimeout(show, SLOW_MS);
			else show();
		}),
		new vscode.Disposable(() => clearTimeout(timer)),
		vscode.window.onDidChangeActiveTextEditor(show),
		vscode.workspace.onDidCloseTextDocument(({ uri }) => statuses.delete(uri.toString())),
	];
}

interface Words {
	readonly text: string;
	readonly detail: string;
	readonly busy?: boolean;
	readonly severity?: vscode.LanguageStatusSeverity;
}

function describe(status: Status | undefined): Words {
	if (!status) return { text: 'Not checked', detail: '' };
	const explored = `${status.states.toLocaleString()} states`;
	const known = [
		status.errors > 0 && plural(status.errors, 'error'),
		status.warnings > 0 && plural(status.warnings, 'warning'),
	]
		.filter(Boolean)
		.join(', ');
	switch (status.state) {
		case 'unchecked':
			return { text: 'Changed since the last check', detail: known && `before: ${known}` };
		case 'checking':
			return { text: 'Checking…', detail: known ? `before the last change: ${known}` : explored, busy: true };
		case 'ok':
			return { text: 'OK', detail: `every interleaving explored, ${explored}` };
		case 'errors':
			return { text: plural(status.errors, 'error'), detail: explored, severity: vscode.LanguageStatusSeverity.Error };
		case 'warnings':
			return {
				text: plural(status.warnings, 'warning'),
				detail: `every interleaving explored, ${explored}`,
				severity: vscode.LanguageStatusSeverity.Warning,
			};
		case 'bounded':
			return {
				text: 'Stopped at a limit',
				detail: `nothing found in ${explored}, nothing proved beyond them`,
				severity: vscode.LanguageStatusSeverity.Warning,
			};
		case 'crashed':
			return {
				text: 'The checker failed',
				detail: 'see the output channel Notifier Lab',
				severity: vscode.LanguageStatusSeverity.Error,
			};
	}
}

function plural(count: number, noun: string): string {
	return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
