/** The language server in a process: for desktop VS Code, and for any other editor over standard input and output. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
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

/** Folders in which nobody keeps sketches of his own, and how many files are looked at. */
const SKIPPED = /^(node_modules|\..*|dist|out|build)$/;
const MOST_FILES = 2000;

async function listDisk(folder: string): Promise<readonly string[]> {
	if (!folder.startsWith('file:')) return [];
	const found: string[] = [];
	const queue = [fileURLToPath(folder)];
	for (let at = queue.shift(); at !== undefined && found.length < MOST_FILES; at = queue.shift()) {
		const entries = await readdir(at, { withFileTypes: true }).catch(() => []);
		for (const entry of entries) {
			const file = path.join(at, entry.name);
			if (entry.isDirectory() && !SKIPPED.test(entry.name)) queue.push(file);
			else if (entry.isFile() && entry.name.endsWith('.mmn')) found.push(pathToFileURL(file).href);
		}
	}
	return found;
}

/** Serves one client on the transport that the command line names: `--node-ipc`, `--stdio`, `--socket=N` or `--pipe=NAME`. */
export function startProcessServer(): void {
	startServer(createConnection(), services, readDisk, listDisk);
}

/** Serves one client on standard input and output; ends the process when the client says so or goes away. */
export function startStdioServer(): void {
	startServer(createConnection(process.stdin, process.stdout), services, readDisk, listDisk);
}
