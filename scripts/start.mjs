// npm start [-- FILE]: builds, prints the verdict on a sketch, and opens the sketch in an editor.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { freePort } from '../tools/vscode-host/browser.mjs';
import { installHost } from '../tools/vscode-host/install.mjs';
import { ROOT, run } from './run.mjs';

/** Exit status of `check` for a sketch that has errors or is not there (design: interfaces). */
const BAD_INPUT = 2;
const SEED = path.join(ROOT, 'media/sketches/seed-wait-valid.mmn');

function onPath(name) {
	const endings = process.platform === 'win32' ? ['.cmd', '.exe'] : [''];
	const folders = (process.env.PATH ?? '').split(path.delimiter);
	return folders.flatMap((folder) => endings.map((ending) => path.join(folder, name + ending))).find(fs.existsSync);
}

/** @returns whether a desktop VS Code took the file */
async function openDesktop(file) {
	const code = onPath('code');
	if (!code) return false;
	console.log(`Opening ${path.relative(process.cwd(), file)} in VS Code, with the extension loaded …`);
	const args = [`--extensionDevelopmentPath=${ROOT}`, path.dirname(file), file];
	const status = await new Promise((resolve) => {
		const child = spawn(code, args, { stdio: 'inherit', shell: process.platform === 'win32' });
		child.on('error', () => resolve(1));
		child.on('close', resolve);
	});
	if (status !== 0) console.log('That did not work; using VS Code for the Web instead.');
	return status === 0;
}

function openBrowser(url) {
	const [command, ...args] =
		{ darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[process.platform] ??
		(process.env.DISPLAY || process.env.WAYLAND_DISPLAY ? ['xdg-open'] : []);
	if (!command) return;
	const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
	child.on('error', () => {}); // the address is on the terminal
	child.unref();
}

/** Serves VS Code for the Web until Ctrl-C. */
async function openWeb(file) {
	installHost('web');
	const { startWebServer } = await import('../tools/vscode-host/web/web-server.mjs');
	const port = process.env.PORT ? Number(process.env.PORT) : await freePort();
	const server = await startWebServer({ port, extension: ROOT, folder: path.dirname(file), open: path.basename(file) });
	console.log(`\n  ${server.url}\n`);
	console.log(
		'VS Code for the Web, with the extension loaded. What you save there stays in the browser. Ctrl-C ends it.',
	);
	console.log(
		'Is the explorer or a lesson page blank ("Could not register service worker")? Allow third-party cookies for localhost.',
	);
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
		process.on(signal, () => {
			server.stop().finally(() => process.exit(0));
		});
	}
	openBrowser(server.url);
}

const [given] = process.argv.slice(2);
// npm runs scripts in the package's folder; a name is meant as of where the user stands.
const file = given === undefined ? SEED : path.resolve(process.env.INIT_CWD ?? process.cwd(), given);
const build = await run([process.execPath, path.join(ROOT, 'esbuild.js'), '--production']);
if (build.code !== 0) process.exit(1);
const { code } = await run([process.execPath, path.join(ROOT, 'dist/cli.js'), 'check', file, '--format', 'table']);
// A sketch with errors is best mended in the editor; one that is not there cannot be opened.
if (code === BAD_INPUT && !fs.existsSync(file)) process.exit(BAD_INPUT);
if (!(await openDesktop(file))) await openWeb(file);
