import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../browser.mjs';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const ENTRY = path.join(import.meta.dirname, 'node_modules/code-server/out/node/entry.js');

/** code-server starts on Node 24 only; npm scripts run on it, a direct call may not. */
function node24() {
	return process.version.startsWith('v24.') ? process.execPath : path.join(ROOT, 'node_modules/node/bin/node');
}

/** Keeps the workbench off the network and out of the way. */
const SETTINGS = {
	'workbench.startupEditor': 'none',
	'telemetry.telemetryLevel': 'off',
	'extensions.autoCheckUpdates': false,
	'extensions.autoUpdate': false,
	'extensions.ignoreRecommendations': true,
	'workbench.enableExperiments': false,
	'workbench.tips.enabled': false,
	'workbench.secondarySideBar.defaultVisibility': 'hidden',
	'chat.disableAIFeatures': true,
	'update.mode': 'none',
	'update.showReleaseNotes': false,
	'git.enabled': false,
	'security.workspace.trust.startupPrompt': 'never',
	'security.workspace.trust.banner': 'never',
};

/**
 * Starts a code-server on a free port of 127.0.0.1, with folders of its own that go when it stops.
 *
 * @param {{ userDataDir?: string, extensionsDir?: string, env?: Record<string, string>, settings?: object, trust?: boolean,
 *   verbose?: boolean }} [options] without `trust` a folder is opened in Restricted Mode, and nobody is asked
 * @returns {Promise<{ url: string, remote: string, stop(): Promise<void> }>} `remote` is the authority part of uris of
 *   files on the server. Rejects with the server's log when it does not answer in 30 s.
 */
export async function startCodeServer({
	userDataDir,
	extensionsDir,
	env = {},
	settings = {},
	trust = true,
	verbose = false,
} = {}) {
	const own = fs.mkdtempSync(path.join(os.tmpdir(), 'code-host-')); // short: a unix socket's path ends at 107 characters
	const data = userDataDir ?? path.join(own, 'data');
	fs.mkdirSync(path.join(data, 'User'), { recursive: true });
	const settingsFile = path.join(data, 'User/settings.json');
	if (!fs.existsSync(settingsFile)) fs.writeFileSync(settingsFile, JSON.stringify({ ...SETTINGS, ...settings }));
	const config = path.join(own, 'config.yaml');
	fs.writeFileSync(config, 'auth: none\n');
	const port = await freePort();
	const args = [
		...['--bind-addr', `127.0.0.1:${port}`, '--auth', 'none', '--config', config],
		...['--user-data-dir', data, '--extensions-dir', extensionsDir ?? path.join(data, 'extensions')],
		...['--disable-telemetry', '--disable-update-check', '--disable-proxy'],
		...(trust ? ['--disable-workspace-trust'] : []),
		...['--disable-getting-started-override', '--ignore-last-opened'],
		// Without it a built VS Code ignores extensionDevelopmentPath and extensionTestsPath, and says nothing.
		...['--vscode-option', 'enable-smoke-test-driver'],
	];
	const server = spawn(node24(), [ENTRY, ...args], {
		stdio: ['ignore', 'pipe', 'pipe'],
		detached: true, // a process group of its own: extension hosts are the server's children
		env: {
			...process.env,
			EXTENSIONS_GALLERY: '{"serviceUrl":""}', // else it is looked up at each start
			TMPDIR: own,
			XDG_RUNTIME_DIR: own,
			XDG_DATA_HOME: path.join(own, 'share'),
			XDG_CONFIG_HOME: path.join(own, 'config'),
			XDG_CACHE_HOME: path.join(own, 'cache'),
			...env,
		},
	});
	let log = '';
	for (const stream of [server.stdout, server.stderr]) {
		stream.on('data', (text) => {
			log += text;
			if (verbose) process.stderr.write(text);
		});
	}
	const gone = new Promise((resolve) => server.once('exit', resolve));
	const signal = (name) => {
		try {
			process.kill(-server.pid, name);
		} catch {
			// The group has ended by itself.
		}
	};
	const stop = async () => {
		signal('SIGTERM');
		const force = setTimeout(() => signal('SIGKILL'), 5000);
		await gone;
		clearTimeout(force);
		signal('SIGKILL');
		fs.rmSync(own, { recursive: true, force: true, maxRetries: 5 });
	};
	if (!(await answers(`http://127.0.0.1:${port}/healthz`, server))) {
		await stop();
		throw new Error(`code-server did not start:\n${log}`);
	}
	return { url: `http://127.0.0.1:${port}`, remote: `vscode-remote://127.0.0.1:${port}`, stop };
}

async function answers(url, server) {
	for (const end = Date.now() + 30_000; Date.now() < end && server.exitCode === null; ) {
		const response = await fetch(url).catch(() => undefined);
		if (response?.ok) return true;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	return false;
}
