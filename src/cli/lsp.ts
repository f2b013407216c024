import { type Console, UsageError } from './console.js';
import { parseOptions } from './options.js';

/** `lsp --stdio`: the language server on standard input and output. Runs until the editor ends it. */
export async function lsp(args: readonly string[], console: Console): Promise<void> {
	const { values } = parseOptions('lsp', args, { stdio: { type: 'boolean' } });
	if (values.stdio !== true) throw new UsageError('lsp: --stdio is the only way to talk to the server; add it');
	// Loaded late: no other command pays for the language server's start.
	const { startStdioServer } = await import('../server/node.js');
	if (console.live) console.err('notifier-lab: language server, waiting for an editor on standard input\n');
	startStdioServer();
}
