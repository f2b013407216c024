import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Checker, CheckOutcome } from '../../src/cli/check.js';
import { parseCheck, runCheck } from '../../src/cli/check.js';
import type { Console } from '../../src/cli/console.js';
import { root } from '../build.js';

export interface Ended {
	readonly status: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface Settings {
	readonly cwd?: string;
	readonly stdin?: string | Uint8Array;
	readonly uid?: number;
	readonly env?: Readonly<Record<string, string>>;
}

/** Runs the built command line as a shell would. */
export function run(cli: string, args: readonly string[], settings: Settings = {}): Promise<Ended> {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, [cli, ...args], {
			cwd: settings.cwd ?? root,
			env: { ...process.env, ...settings.env },
			...(settings.uid === undefined ? {} : { uid: settings.uid }),
		});
		let stdout = '';
		let stderr = '';
		child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
		child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
		child.on('error', reject).on('close', (status) => resolve({ status, stdout, stderr }));
		// A command that refuses its arguments does not read its input.
		child.stdin.on('error', () => undefined).end(settings.stdin);
	});
}

/** A new folder with these files; a name that ends in `/` is a folder. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
	const folder = mkdtempSync(path.join(tmpdir(), 'notifier-lab-'));
	for (const [name, content] of Object.entries(files)) {
		const file = path.join(folder, name);
		mkdirSync(name.endsWith('/') ? file : path.dirname(file), { recursive: true });
		if (!name.endsWith('/')) writeFileSync(file, content);
	}
	return folder;
}

export interface Checked extends CheckOutcome {
	readonly stdout: string;
	readonly stderr: string;
}

/** A console that keeps what is written to it. */
export function memoryConsole(cwd: string, more: Partial<Console> = {}): Console & { stdout: string; stderr: string } {
	const kept = {
		stdout: '',
		stderr: '',
		out: (text: string) => {
			kept.stdout += text;
		},
		err: (text: string) => {
			kept.stderr += text;
		},
		colour: false,
		live: false,
		cwd,
		root,
		stdin: (async function* (): AsyncGenerator<Uint8Array> {})(),
		...more,
	};
	return kept;
}

/** Runs `check` with another checker than the real one. */
export async function checkWith(
	checker: Checker,
	cwd: string,
	args: readonly string[],
	more: Partial<Console> = {},
	signal = new AbortController().signal,
): Promise<Checked> {
	const console = memoryConsole(cwd, more);
	const outcome = await runCheck(await parseCheck(args, console), console, checker, signal);
	return { ...outcome, stdout: console.stdout, stderr: console.stderr };
}
