import * as vscode from 'vscode';
import type { Status } from '../server/protocol.js';

/** A check that takes longer than this is shown as under way, in milliseconds. */
const SLOW_MS = 400;

/** The language status item of the active sketch: one of checking, errors, ok, bounded, … */
export function registerStatus(onStatus: vscode.Event<Status>): vscode.Disposable[] {
	const item = vscode.languages.createLanguageStatusItem('notifierLab.status', { language: 'mmn' });
	item.name = 'Notifier Lab';
	item.command = { command: 'notifierLab.checkSketch', title: vscode.l10n.t('Check Now') };
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
	if (!status) return { text: vscode.l10n.t('Not checked'), detail: '' };
	const explored = vscode.l10n.t('{0} states', status.states.toLocaleString());
	const known = [status.errors > 0 && errors(status.errors), status.warnings > 0 && warnings(status.warnings)]
		.filter(Boolean)
		.join(', ');
	switch (status.state) {
		case 'unchecked':
			return {
				text: vscode.l10n.t('Changed since the last check'),
				detail: known && vscode.l10n.t('before: {0}', known),
			};
		case 'checking':
			return {
				text: vscode.l10n.t('Checking…'),
				detail: [underWay(status), known && vscode.l10n.t('before the last change: {0}', known)]
					.filter(Boolean)
					.join('; '),
				busy: true,
			};
		case 'ok':
			return { text: vscode.l10n.t('OK'), detail: vscode.l10n.t('every interleaving explored, {0}', explored) };
		case 'errors':
			return { text: errors(status.errors), detail: explored, severity: vscode.LanguageStatusSeverity.Error };
		case 'warnings':
			return {
				text: warnings(status.warnings),
				detail: vscode.l10n.t('every interleaving explored, {0}', explored),
				severity: vscode.LanguageStatusSeverity.Warning,
			};
		case 'bounded':
			return {
				text: vscode.l10n.t('Stopped at a limit'),
				detail: vscode.l10n.t('nothing found in {0}, nothing proved beyond them', explored),
				severity: vscode.LanguageStatusSeverity.Warning,
			};
		case 'crashed':
			return {
				text: vscode.l10n.t('The checker failed'),
				detail: vscode.l10n.t('see the output channel Notifier Lab'),
				severity: vscode.LanguageStatusSeverity.Error,
			};
	}
}

const errors = (count: number): string => (count === 1 ? vscode.l10n.t('1 error') : vscode.l10n.t('{0} errors', count));
const warnings = (count: number): string =>
	count === 1 ? vscode.l10n.t('1 warning') : vscode.l10n.t('{0} warnings', count);

/** How far a check is; nothing before it has looked around. */
function underWay({ states, frontier, rate }: Status): string {
	if (frontier === undefined || rate === undefined) return '';
	const figures = [states, rate, frontier].map((n) => n.toLocaleString());
	return vscode.l10n.t('{0} states, {1} a second, {2} to go', ...figures);
}
