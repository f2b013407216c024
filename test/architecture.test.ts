/** The arrows of ARCHITECTURE.md: each folder imports what stands below it, and nothing else. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const SRC = path.resolve(import.meta.dirname, '../src');

/** What the files of a folder may import, besides the folder itself. */
const BELOW: Record<string, readonly string[]> = {
	language: [],
	kernel: ['language'],
	machine: ['language', 'kernel'],
	explore: ['language', 'kernel', 'machine'],
	findings: ['language', 'kernel', 'machine', 'explore'],
	server: ['language', 'kernel', 'machine', 'explore', 'findings'],
	cli: ['language', 'kernel', 'machine', 'explore', 'findings', 'server'],
	extension: ['server', 'findings'],
};

/** Folders whose code runs in a browser as it runs in a process. */
const PURE = ['language', 'kernel', 'machine', 'explore', 'findings'];
/** Entries that exist because there is a process. */
const NODE_ENTRIES = ['server/node.ts', 'server/main.ts', 'extension/desktop.ts'];

const files = globSync('**/*.ts', { cwd: SRC }).map((file) => file.split(path.sep).join('/'));

function importsOf(file: string): string[] {
	const text = readFileSync(path.join(SRC, file), 'utf8');
	const found = text.matchAll(
		/^\s*(?:import|export)\b[^;'"]*?from\s*'([^']+)'|\bimport\(\s*'([^']+)'|^\s*import\s*'([^']+)'/gm,
	);
	return [...found].map(([, from, dynamic, bare]) => from ?? dynamic ?? bare ?? '');
}

function folderOf(file: string): string {
	return file.includes('/') ? file.slice(0, file.indexOf('/')) : '';
}

/** The folder of src that a relative import leads to; undefined for a package. */
function targetOf(file: string, wanted: string): string | undefined {
	return wanted.startsWith('.') ? folderOf(path.posix.join(path.posix.dirname(file), wanted)) : undefined;
}

describe.each(Object.entries(BELOW))('src/%s', (folder, below) => {
	const own = files.filter((file) => folderOf(file) === folder);

	test('imports nothing above it', () => {
		const wrong = own.flatMap((file) =>
			importsOf(file)
				.filter((wanted) => {
					const target = targetOf(file, wanted);
					return target !== undefined && target !== folder && !below.includes(target);
				})
				.map((wanted) => `${file} imports ${wanted}`),
		);
		expect(wrong).toEqual([]);
	});
});

test('every folder has its place in the chain', () => {
	const folders = new Set(files.map(folderOf).filter((folder) => folder !== ''));
	expect([...folders].filter((folder) => !(folder in BELOW))).toEqual([]);
});

test('what runs in a browser imports neither VS Code nor Node', () => {
	const wrong = files.flatMap((file) => {
		const forbidden = PURE.includes(folderOf(file))
			? /^(node:.*|vscode)$/
			: folderOf(file) === 'server'
				? /^(node:.*|vscode|vscode-languageserver\/node)$/
				: /^(node:.*|vscode-languageclient\/node)$/;
		if (folderOf(file) === 'cli' || NODE_ENTRIES.includes(file)) return [];
		return importsOf(file)
			.filter((wanted) => forbidden.test(wanted))
			.map((wanted) => `${file} imports ${wanted}`);
	});
	expect(wrong).toEqual([]);
});

test('the extension takes from the server what both sides say, not the server itself', () => {
	const wrong = files
		.filter((file) => folderOf(file) === 'extension')
		.flatMap((file) => importsOf(file).map((wanted) => [file, wanted] as const))
		.filter(([file, wanted]) => targetOf(file, wanted) === 'server' && !wanted.endsWith('/server/protocol.js'))
		.map(([file, wanted]) => `${file} imports ${wanted}`);
	expect(wrong).toEqual([]);
});
