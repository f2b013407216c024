/** The language server in a process: for desktop VS Code, and for any other editor over standard input and output. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createConnection } from 'vscode-languageserver/node';
import { startServer } from './server.js';
import { services } from './services.js';

async function readDisk(uri: string): Promise<string | undefined> {
	if (!uri.startsWith('file:')) return undefined;
	try {
		return await readFile(fileURLToPath(uri), 'utf8');
	} catch {
		return undefined; // not there, not readable, or no path of this system
	}
}

/** Serves one client on the transport that the command line names: `--node-ipc`, `--stdio`, `--socket=N` or `--pipe=NAME`. */
export function startProcessServer(): void {
	startServer(createConnection(), services, readDisk);
}

/** Serves one client on standard input and output; ends the process when the client says so or goes away. */
export function startStdioServer(): void {
	startServer(createConnection(process.stdin, process.stdout), services, readDisk);
}
