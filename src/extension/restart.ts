import { CloseAction, ErrorAction, type ErrorHandler } from 'vscode-languageclient';

/** A server that has run this long before it ended is given another start. */
const RECOVERED_MS = 3 * 60_000;

/** VS Code's translations. */
type L10n = { t(message: string): string };

/** A server that ends by itself is started again, once, and that is said once; a second end soon after is the end. */
export function restartOnce(l10n: L10n, now: () => number = Date.now): ErrorHandler {
	let restarted: number | undefined;
	return {
		error: () => ({ action: ErrorAction.Continue, handled: true }),
		closed: () => {
			if (restarted !== undefined && now() - restarted < RECOVERED_MS) {
				const message = l10n.t(
					'The Notifier Lab server has ended twice in a short time and is not started again. The output channel Notifier Lab has details; reload the window to try again.',
				);
				return { action: CloseAction.DoNotRestart, message };
			}
			restarted = now();
			const message = l10n.t('The Notifier Lab server ended unexpectedly and was started again.');
			return { action: CloseAction.Restart, message };
		},
	};
}
