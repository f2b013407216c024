import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Sources } from '../findings/check.js';
import { type Console, UsageError } from './console.js';
import { notWritten, replaceFile } from './outputs.js';

/** A sketch is a page or two; what is larger is another kind of file. */
const MAX_BYTES = 1024 * 1024;
const SKIPPED_FOLDERS = new Set(['node_modules', '.git']);
/** The name that standard input goes by in results, as compilers have it. */
const STDIN = '<stdin>';

/** A sketch to check. `path` is what the user called it. */
export interface Input {
	readonly uri: string;
	readonly path: string;
	readonly text: string;
}

export interface Inputs {
	/** In the order of their paths, each once. */
	readonly inputs: readonly Input[];
	/** One line for each argument or file that cannot be checked. */
	readonly errors: readonly string[];
	/** Whether there is a folder among the arguments. */
	readonly folders: boolean;
}

/** Reads all sketches that `args` name: files, folders with all their `.mmn` files, `-` for standard input. Never throws. */
export async function collectInputs(args: readonly string[], console: Console): Promise<Inputs> {
	const inputs = new Map<string, Input>();
	const errors: string[] = [];
	let folders = false;
	const add = async (file: string) => {
		const absolute = path.resolve(console.cwd, file);
		if (inputs.has(absolute)) return;
		const text = await readSketch(absolute);
		if (typeof text === 'string') inputs.set(absolute, { uri: pathToFileURL(absolute).href, path: file, text });
		else errors.push(`${file}: ${text.problem}`);
	};
	for (const arg of args) {
		if (arg === '-') {
			const text = decode(await readStream(console.stdin, MAX_BYTES));
			const absolute = path.join(console.cwd, STDIN);
			if (typeof text === 'string') inputs.set(absolute, { uri: pathToFileURL(absolute).href, path: STDIN, text });
			else errors.push(`${STDIN}: ${text.problem}`);
		} else if (await isFolder(path.resolve(console.cwd, arg))) {
			folders = true;
			const found: string[] = [];
			const before = errors.length;
			await findSketches(arg, console.cwd, found, errors);
			if (found.length === 0 && errors.length === before)
				errors.push(`${arg}: no sketches in this folder (files that end in .mmn)`);
			for (const file of found) await add(file);
		} else await add(arg);
	}
	return { inputs: [...inputs.values()].sort((a, b) => compare(a.path, b.path)), errors, folders };
}

/**
 * The one sketch that `arg` names: a file, a folder with a single sketch, `-`.
 * @throws UsageError where it is none, or several
 */
export async function oneInput(command: string, arg: string, console: Console): Promise<Input> {
	const { inputs, errors } = await collectInputs([arg], console);
	const [input] = inputs;
	if (errors.length > 0 || input === undefined)
		throw new UsageError(`${command}: ${errors[0] ?? `${arg} is no sketch`}`);
	if (inputs.length > 1)
		throw new UsageError(
			`${command}: ${arg} is a folder with ${inputs.length} sketches; name one, such as ${input.path}`,
		);
	return input;
}

/** Texts for a check: what was read already, then the disk. Remembers what it read, for the lines that are shown. */
export class DiskSources implements Sources {
	private readonly texts = new Map<string, string>();
	/** Included files that are there but cannot be used: `uri` and what is wrong. */
	readonly failures = new Map<string, string>();

	constructor(inputs: readonly Input[]) {
		for (const input of inputs) this.texts.set(fileURLToPath(input.uri), input.text);
	}

	async read(uri: string): Promise<string | undefined> {
		const file = filePath(uri);
		if (file === undefined) return undefined;
		const known = this.texts.get(file);
		if (known !== undefined) return known;
		const text = await readSketch(file);
		if (typeof text === 'string') {
			this.texts.set(file, text);
			return text;
		}
		if (!text.absent) this.failures.set(uri, text.problem);
		return undefined;
	}

	/** The text that a check has read from `uri`. */
	text(uri: string): string | undefined {
		return this.texts.get(filePath(uri) ?? '');
	}

	/**
	 * Writes what became of a file's text, `from` being what was read: a byte order mark and the file's mode stay.
	 * @returns what is wrong, in words that go on after the file's name; undefined where it is written
	 */
	async write(uri: string, from: string, text: string): Promise<string | undefined> {
		const file = filePath(uri);
		if (file === undefined) return 'is no file of this system';
		const bytes = await readBytes(file, MAX_BYTES);
		if (!Buffer.isBuffer(bytes)) return bytes.absent ? 'is gone: nothing is written' : bytes.problem;
		if (decode(bytes) !== from) return 'was changed meanwhile, and is left as it is: check it again';
		const mark = bytes.subarray(0, bytes[0] === 0xef ? 3 : 0);
		try {
			await replaceFile(file, Buffer.concat([mark, Buffer.from(text)]));
			return undefined;
		} catch (error) {
			return notWritten(error);
		}
	}

	/** From here on `text` stands at `uri`. */
	replace(uri: string, text: string): void {
		const file = filePath(uri);
		if (file !== undefined) this.texts.set(file, text);
	}

	/** Absolute paths of all files read so far. */
	files(): string[] {
		return [...this.texts.keys()];
	}
}

/** Names files as the user does: an argument as it was typed, another file relative to the working folder. */
export function pathNames(inputs: readonly Input[], cwd: string): (uri: string) => string {
	const typed = new Map(inputs.map((input) => [fileURLToPath(input.uri), input.path]));
	return (uri) => {
		const file = filePath(uri);
		if (file === undefined) return uri;
		const relative = path.relative(cwd, file);
		return typed.get(file) ?? (relative.startsWith('..') ? file : relative);
	};
}

function filePath(uri: string): string | undefined {
	if (!uri.startsWith('file:')) return undefined;
	try {
		return fileURLToPath(uri);
	} catch {
		return undefined; // no path of this system
	}
}

async function isFolder(file: string): Promise<boolean> {
	try {
		return (await stat(file)).isDirectory();
	} catch {
		return false;
	}
}

/** Symbolic links to folders are not followed: they may lead round in a circle. */
async function findSketches(folder: string, cwd: string, found: string[], errors: string[]): Promise<void> {
	let entries: import('node:fs').Dirent[];
	try {
		entries = await readdir(path.resolve(cwd, folder), { withFileTypes: true });
	} catch (error) {
		errors.push(`${folder}: ${systemProblem(error).problem}`);
		return;
	}
	for (const entry of entries.sort((a, b) => compare(a.name, b.name))) {
		const file = path.join(folder, entry.name);
		if (entry.isDirectory()) {
			if (!SKIPPED_FOLDERS.has(entry.name)) await findSketches(file, cwd, found, errors);
		} else if (entry.name.endsWith('.mmn')) found.push(file);
	}
}

export interface Unreadable {
	readonly problem: string;
	/** There is no such file at all. */
	readonly absent: boolean;
}

async function readSketch(file: string): Promise<string | Unreadable> {
	const bytes = await readBytes(file, MAX_BYTES);
	return Buffer.isBuffer(bytes) ? decode(bytes) : bytes;
}

/** A file, but no more of it than shows that it is larger than `most` bytes: the path may name a device without end. */
export async function readBytes(file: string, most: number): Promise<Buffer | Unreadable> {
	try {
		const handle = await open(file, 'r');
		try {
			return await readStream(handle.createReadStream({ autoClose: false }), most);
		} finally {
			await handle.close();
		}
	} catch (error) {
		return systemProblem(error);
	}
}

/** All bytes of a stream, but no more than shows that there are too many. */
async function readStream(stream: AsyncIterable<Uint8Array>, most: number): Promise<Buffer> {
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	for await (const chunk of stream) {
		chunks.push(chunk);
		bytes += chunk.length;
		if (bytes > most) break;
	}
	return Buffer.concat(chunks);
}

function decode(bytes: Buffer): string | Unreadable {
	const bad = (problem: string): Unreadable => ({ problem, absent: false });
	if (bytes.length > MAX_BYTES) return bad(`larger than ${MAX_BYTES / 1024} KiB: no sketch is; check a smaller file`);
	const nul = bytes.indexOf(0);
	if (nul >= 0) return bad(`line ${lineAt(bytes, nul)}: a NUL byte: this is a binary file, not a sketch`);
	try {
		return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
	} catch {
		return bad(`line ${lineAt(bytes, invalidAt(bytes))}: not UTF-8; save the file in UTF-8`);
	}
}

/** Offset of the first byte that is no UTF-8: where decoding with replacement and encoding again first differ. */
function invalidAt(bytes: Buffer): number {
	const again = Buffer.from(bytes.toString('utf8'), 'utf8');
	let i = 0;
	while (i < bytes.length && bytes[i] === again[i]) i++;
	return i;
}

function lineAt(bytes: Buffer, offset: number): number {
	let line = 1;
	for (let i = 0; i < offset; i++) if (bytes[i] === 10) line++;
	return line;
}

const SYSTEM_PROBLEMS: Readonly<Record<string, string>> = {
	ENOENT: 'no such file or folder',
	EACCES: 'not readable: permission denied',
	EPERM: 'not readable: permission denied',
	EISDIR: 'is a folder',
	ENOTDIR: 'no such file: part of the path is a file, not a folder',
	ELOOP: 'not readable: its symbolic links lead round in a circle',
	ENAMETOOLONG: 'no such file: the name is too long',
};

function systemProblem(error: unknown): Unreadable {
	const code = error instanceof Error && 'code' in error ? String(error.code) : '';
	const problem = SYSTEM_PROBLEMS[code] ?? `not readable: ${error instanceof Error ? error.message : String(error)}`;
	return { problem, absent: code === 'ENOENT' || code === 'ENOTDIR' };
}

/** By code units: the same order on every machine. */
function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
