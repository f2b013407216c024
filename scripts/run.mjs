import { spawn } from 'node:child_process';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '..');

/** The file of a package's command, to be run by this very Node: the same on every system, with no shell in between. */
export function bin(file) {
	return [process.execPath, path.join(ROOT, 'node_modules', file)];
}

/**
 * Runs a command to its end, its output shown as it comes, and kept.
 *
 * @param {string[]} command
 * @param {{ env?: Record<string, string>, quiet?: boolean }} [options]
 * @returns {Promise<{ code: number, output: string }>} code 127 when it could not be started
 */
export function run([file, ...args], { env = {}, quiet = false } = {}) {
	return new Promise((resolve) => {
		const child = spawn(file, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['inherit', 'pipe', 'pipe'] });
		let output = '';
		for (const [stream, screen] of [
			[child.stdout, process.stdout],
			[child.stderr, process.stderr],
		]) {
			stream.setEncoding('utf8');
			stream.on('data', (text) => {
				output += text;
				if (!quiet) screen.write(text);
			});
		}
		child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
		child.on('close', (code, signal) => resolve({ code: code ?? (signal ? 1 : 0), output }));
	});
}
