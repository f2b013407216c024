import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** npm for child processes: the one that runs this script where there is one, else the one on PATH. */
export const NPM = process.env.npm_execpath?.endsWith('.js')
	? [process.execPath, process.env.npm_execpath]
	: [process.platform === 'win32' ? 'npm.cmd' : 'npm'];

/** Runs npm in `cwd` and throws with its output when it fails. */
function npm(cwd, ...args) {
	const [command, ...first] = NPM;
	try {
		execFileSync(command, [...first, ...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
			cwd,
			stdio: 'pipe',
			encoding: 'utf8',
		});
	} catch (error) {
		throw new Error(`npm ${args.join(' ')} failed in ${cwd}:\n${error.stderr ?? error.message}`);
	}
}

/**
 * Installs one of the two hosts beside this file (`server` or `web`) unless it is there already, as its lock file has it.
 * Takes 5 to 15 s and the npm registry only; runs no install scripts.
 *
 * @param {'server' | 'web'} host
 */
export function installHost(host) {
	const folder = path.join(import.meta.dirname, host);
	const wanted = createHash('sha256')
		.update(fs.readFileSync(path.join(folder, 'package-lock.json')))
		.digest('hex');
	const stamp = path.join(folder, 'node_modules/.installed-lock');
	if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return;
	console.log(`installing the ${host} host of VS Code in ${path.relative(process.cwd(), folder)} …`);
	npm(folder, 'ci');
	if (host === 'server') finishServer(path.join(folder, 'node_modules/code-server/lib/vscode'));
	fs.writeFileSync(stamp, wanted);
}

/** The VS Code inside code-server has dependencies of its own, which code-server's install script would fetch. */
function finishServer(vscode) {
	// Not `npm ci`: its shrinkwrap file is out of step with its package.json.
	npm(vscode, 'install', '--no-save', '--omit=dev', '--omit=optional');
	if (spawnSync('c++', ['--version']).status !== 0) return;
	// Only output channels and log files need these two; without a compiler, or when they fail, tests run all the same.
	const [command, ...first] = NPM;
	spawnSync(command, [...first, 'rebuild', '@vscode/spdlog', '@vscode/native-watchdog'], {
		cwd: vscode,
		timeout: 90_000,
	});
}
