/** The language server in a process: for desktop VS Code, and for any other editor over standard input and output. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createConnection } from 'vscode-languageserver/node';
import { checkSketch } from '../findings/check.js';
import type { ExplorerHost, Panels } from './explorer.js';
import { RemoteCheck, serveChecks } from './remote-check.js';
import { RemoteExplorers, serveExplorers } from './remote-explorers.js';
import { type Services, startServer } from './server.js';
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

/** How long after the server the thread of the checks is started, ms, if nobody wants a check before: the handshake comes first. */
const AFTER_START_MS = 200;

/** Checks in a thread of its own, which is made anew when it has died. */
export class CheckThread {
	#remote: RemoteCheck | undefined;
	#worker: Worker | undefined;

	/** @param lasting until `end`; otherwise the process ends when its client goes, whatever is being searched */
	constructor(private readonly lasting = false) {
		setTimeout(() => this.#remote ?? this.#start(), AFTER_START_MS).unref();
	}

	readonly check: typeof checkSketch = (uri, sources, options) => {
		// Graphs stay in the thread that has made them.
		if (options?.onExplored) return checkSketch(uri, sources, options);
		return (this.#remote ?? this.#start()).check(uri, sources, options);
	};

	/** Ends the thread; whoever waits for it is told. */
	end(): void {
		void this.#worker?.terminate();
	}

	#start(): RemoteCheck {
		const worker = new Worker(__filename, { workerData: CHECKS });
		this.#worker = worker;
		const remote = new RemoteCheck({
			post: (message) => worker.postMessage(message),
			listen: (handler) => worker.on('message', handler),
		});
		const lost = (error: Error) => {
			if (this.#remote === remote) this.#remote = undefined;
			remote.lost(error);
		};
		worker.on('error', lost);
		worker.on('exit', () => lost(new Error('the thread of the checks has ended')));
		if (!this.lasting) worker.unref();
		this.#remote = remote;
		return remote;
	}
}

const CHECKS = 'notifier-lab checks';
const PANELS = 'notifier-lab panels';

/** True where this file was loaded to be a thread of the server's; {@link serveThread} has to be called then. */
export const isServerThread = !isMainThread && (workerData === CHECKS || workerData === PANELS);

/** Serves what the server has started this thread for. */
export function serveThread(): void {
	const port = {
		post: (message: unknown) => parentPort?.postMessage(message),
		listen: (handler: (message: unknown) => void) => void parentPort?.on('message', handler),
	};
	if (workerData === PANELS) serveExplorers(port, { kernelSource: services.kernelSource, export: services.exportRun });
	else serveChecks(port, checkSketch);
}

/** Panels in a thread of their own, which is started with the first of them. */
function threadedPanels(host: ExplorerHost): Panels {
	const panels: RemoteExplorers = new RemoteExplorers(host, () => {
		const worker = new Worker(__filename, { workerData: PANELS });
		worker.on('error', (error: Error) => panels.lost(error));
		worker.unref();
		return {
			post: (message) => worker.postMessage(message),
			listen: (handler) => worker.on('message', handler),
		};
	});
	return panels;
}

function threaded(): Services {
	return { ...services, check: new CheckThread().check, panels: threadedPanels };
}

/** Serves one client on the transport that the command line names: `--node-ipc`, `--stdio`, `--socket=N` or `--pipe=NAME`. */
export function startProcessServer(): void {
	startServer(createConnection(), threaded(), readDisk, listDisk);
}

/** Serves one client on standard input and output; ends the process when the client says so or goes away. */
export function startStdioServer(): void {
	startServer(createConnection(process.stdin, process.stdout), threaded(), readDisk, listDisk);
}
