// Starts what ships, on this Node and on the oldest one that is at hand: the language server by itself and through the
// command line, each up to the diagnostics of the seed sketch. Prints `N passing` and `N failing`.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
	createProtocolConnection,
	DidOpenTextDocumentNotification,
	ExitNotification,
	InitializedNotification,
	InitializeRequest,
	PublishDiagnosticsNotification,
	ShutdownRequest,
	StreamMessageReader,
	StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';
import { ROOT } from './run.mjs';

const TIMEOUT_MS = 20_000;
const SEED = path.join(ROOT, 'media/sketches/seed-wait-valid.mmn');
const SERVERS = [
	['dist/server.js', '--stdio'],
	['dist/cli.js', 'lsp', '--stdio'],
];

/** This Node, and the machine's own: npm puts the repository's before it on PATH. */
function nodes() {
	const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => !folder.includes('node_modules'));
	const own = folders.map((folder) => path.join(folder, 'node')).find((file) => fs.existsSync(file));
	return [...new Set([process.execPath, ...(own ? [fs.realpathSync(own)] : [])])];
}

/** Opens the seed in a server, and closes it as an editor does. @returns the codes of the diagnostics it publishes */
async function session(node, args) {
	const server = spawn(node, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
	const timer = setTimeout(() => server.kill('SIGKILL'), TIMEOUT_MS);
	const connection = createProtocolConnection(
		new StreamMessageReader(server.stdout),
		new StreamMessageWriter(server.stdin),
	);
	const ended = new Promise((resolve) => server.on('close', (code, signal) => resolve(signal ?? code)));
	const lost = ended.then((how) => Promise.reject(new Error(`the server ended (${how})`)));
	lost.catch(() => {});
	const published = new Promise((resolve) =>
		connection.onNotification(PublishDiagnosticsNotification.type, ({ diagnostics }) => resolve(diagnostics)),
	);
	connection.listen();
	try {
		const settings = { capabilities: {}, processId: process.pid, rootUri: null };
		await Promise.race([connection.sendRequest(InitializeRequest.type, settings), lost]);
		await connection.sendNotification(InitializedNotification.type, {});
		const textDocument = {
			uri: pathToFileURL(SEED).href,
			languageId: 'mmn',
			version: 1,
			text: fs.readFileSync(SEED, 'utf8'),
		};
		await connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument });
		const diagnostics = await Promise.race([published, lost]);
		await connection.sendRequest(ShutdownRequest.type);
		await connection.sendNotification(ExitNotification.type);
		const exit = await ended;
		if (exit !== 0) throw new Error(`the server's exit status is ${exit}`);
		return diagnostics.map(({ code }) => code);
	} finally {
		clearTimeout(timer);
		server.kill();
		connection.dispose();
	}
}

let passing = 0;
let failing = 0;
for (const node of nodes()) {
	const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
	for (const server of SERVERS) {
		try {
			const codes = await session(node, server);
			if (!codes.includes('deadlock')) throw new Error(`the seed's findings are [${codes.join(', ')}]`);
			passing++;
			console.log(`  ✔ ${server.join(' ')} on Node ${version}`);
		} catch (error) {
			failing++;
			console.log(`  ✖ ${server.join(' ')} on Node ${version}: ${error.message}`);
		}
	}
}
console.log(`  ${passing} passing\n  ${failing} failing`);
process.exitCode = failing > 0 ? 1 : 0;
