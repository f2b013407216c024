// Runs out/test in a real VS Code, with the packaged .vsix installed (npm run package makes it): in-host.mjs node | restricted | web
//   node: a desktop VS Code ($VSCODE_PATH, or downloaded where there is a screen), else a VS Code server in Chromium
//   restricted: the VS Code server, with a folder that is not trusted
//   web:  VS Code for the Web in Chromium
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { installHost } from '../tools/vscode-host/install.mjs';
import { ensureChromium } from './chromium.mjs';
import { ROOT, run } from './run.mjs';
import { install, packages } from './vsix.mjs';

const HOSTS = path.join(ROOT, 'tools/vscode-host');
const [where] = process.argv.slice(2);

/** A copy, since the tests write into it. */
function workspace() {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mmn-ws-'));
	for (const from of ['media/sketches', 'test/extension/workspace']) {
		fs.cpSync(path.join(ROOT, from), folder, { recursive: true });
	}
	return folder;
}

async function desktop() {
	if (process.env.VSCODE_PATH) return process.env.VSCODE_PATH;
	// Electron does not run without a screen, so there is no use in downloading it.
	const screen = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
	if (!screen) return undefined;
	try {
		return await downloadAndUnzipVSCode({ cachePath: path.join(ROOT, '.vscode-test') });
	} catch (error) {
		console.log(`no desktop VS Code could be downloaded (${error.message}): using the server instead`);
		return undefined;
	}
}

async function server() {
	await ensureChromium();
	installHost('server');
	return path.join(HOSTS, 'server/code-host.mjs');
}

/** An extension that carries the tests: the one under test is installed, as users have it. */
function carrier(own) {
	const folder = path.join(own, 'carrier');
	fs.mkdirSync(folder);
	const { engines, publisher } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
	const manifest = { name: 'tests', publisher, version: '0.0.1', engines, contributes: {} };
	fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
	return folder;
}

async function inNode(folder, own) {
	const extensions = path.join(own, 'extensions');
	install(packages().vsix, extensions);
	await runTests({
		vscodeExecutablePath: (where === 'node' ? await desktop() : undefined) ?? (await server()),
		extensionDevelopmentPath: carrier(own),
		extensionTestsPath: path.join(ROOT, 'out/test/node.js'),
		launchArgs: [folder, `--extensions-dir=${extensions}`, `--user-data-dir=${path.join(own, 'data')}`],
	});
	return 0;
}

/**
 * The web host has no folder of extensions: it is given the files of the .vsix. It runs tests only where they stand inside
 * the extension that is loaded.
 */
async function inWeb(folder, own) {
	await ensureChromium();
	installHost('web');
	const extension = install(packages().vsix, own);
	const tests = path.join(extension, 'tests.js');
	fs.copyFileSync(path.join(ROOT, 'out/test/web.js'), tests);
	const { code } = await run([
		process.execPath,
		...[path.join(HOSTS, 'web/web-host.mjs'), '--extensionDevelopmentPath', extension],
		...['--extensionTestsPath', tests, folder],
	]);
	return code;
}

// read by tools/vscode-host/server and by the entry of the tests
if (where === 'restricted') process.env.NOTIFIER_LAB_RESTRICTED = '1';
const folder = workspace();
const own = fs.mkdtempSync(path.join(os.tmpdir(), 'mmn-'));
try {
	process.exitCode = where === 'web' ? await inWeb(folder, own) : await inNode(folder, own);
} catch (error) {
	console.error(error.message);
	process.exitCode = 1;
} finally {
	for (const made of [folder, own]) fs.rmSync(made, { recursive: true, force: true, maxRetries: 5 });
}
