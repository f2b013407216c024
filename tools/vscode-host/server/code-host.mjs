#!/usr/bin/env node
// Stands in for desktop `code` in @vscode/test-electron's runTests (vscodeExecutablePath): takes the arguments it gives,
// runs the tests in a real extension host (code-server, headless Chromium), and exits as they do.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { automationResult, startBrowser } from '../browser.mjs';
import { startCodeServer } from './code-server.mjs';

const { values, positionals } = parseArgs({
	strict: false, // runTests adds Electron's options
	allowPositionals: true,
	options: {
		extensionDevelopmentPath: { type: 'string', multiple: true },
		extensionTestsPath: { type: 'string' },
		'user-data-dir': { type: 'string' },
		'extensions-dir': { type: 'string' },
		verbose: { type: 'boolean' },
	},
});
const TIMEOUT = Number(process.env.CODE_HOST_TIMEOUT ?? 600_000);
const NOISE =
	/^\[(AgentHost|AccountPolicyGate|ChatModel|reconnection|Service Worker|AHP)|^(Ignoring fetching|Creating a socket|Resolv(ed|ing) connection|Updating additional|Error: Could not locate the bindings file|Cannot find module '\.\/build\/Release\/watchdog'|Found additional|No search provider)/;

const absolute = (file) => path.resolve(file.startsWith('file:') ? fileURLToPath(file) : file);
const cleanUps = [];

async function main() {
	const note = path.join(os.tmpdir(), `code-host-${process.pid}.note`);
	cleanUps.push(() => fs.rmSync(note, { force: true }));
	const server = await startCodeServer({
		userDataDir: values['user-data-dir'],
		extensionsDir: values['extensions-dir'],
		trust: !process.env.NOTIFIER_LAB_RESTRICTED,
		verbose: values.verbose,
		env: { CODE_HOST_TESTS: absolute(values.extensionTestsPath), CODE_HOST_NOTE: note },
	});
	cleanUps.push(server.stop);
	const browser = await startBrowser();
	cleanUps.push(browser.close);
	const { code } = await automationResult(browser.page, {
		timeout: TIMEOUT,
		onGone: browser.onGone,
		log: (type, text) => {
			if (values.verbose || !NOISE.test(text)) (type === 'error' ? console.error : console.log)(text);
		},
	});
	await browser.page.goto(address(server));
	const result = await code;
	if (result === 0 && !fs.existsSync(note)) throw new Error('the extension host ended before the tests did');
	return result;
}

function address({ url, remote }) {
	const payload = values.extensionDevelopmentPath.map((folder) => [
		'extensionDevelopmentPath',
		remote + absolute(folder),
	]);
	payload.push(['extensionTestsPath', remote + path.join(import.meta.dirname, 'run-tests.cjs')]);
	const page = new URL(url);
	if (positionals[0]) page.searchParams.set('folder', absolute(positionals[0]));
	else page.searchParams.set('ew', 'true');
	page.searchParams.set('payload', JSON.stringify(payload));
	return page.href;
}

async function cleanUp() {
	for (const step of cleanUps.splice(0).reverse()) await step();
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
	process.on(signal, () => cleanUp().finally(() => process.exit(130)));
}
try {
	process.exitCode = await main();
} catch (error) {
	console.error(`[code-host] ${error.message}`);
	process.exitCode = 1;
} finally {
	await cleanUp();
}
