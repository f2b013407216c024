/** The arrows of ARCHITECTURE.md: each folder imports what stands below it, and nothing else. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { FINDING_CODES } from '../src/language/finding-codes.js';

const SRC = path.resolve(import.meta.dirname, '../src');

/** What the files of a folder may import, besides the folder itself. */
const BELOW: Record<string, readonly string[]> = {
	language: [],
	kernel: [],
	machine: ['language', 'kernel'],
	explore: ['language', 'kernel', 'machine'],
	findings: ['language', 'kernel', 'machine', 'explore'],
	export: ['language', 'kernel', 'machine', 'explore'],
	lessons: ['language', 'kernel', 'machine', 'explore', 'findings'],
	webview: ['findings'],
	debug: ['findings'],
	templates: [],
	server: ['language', 'kernel', 'machine', 'explore', 'findings', 'export', 'lessons', 'webview'],
	cli: [
		'language',
		'kernel',
		'machine',
		'explore',
		'findings',
		'export',
		'lessons',
		'server',
		'webview',
		'debug',
		'templates',
	],
	extension: ['server', 'findings', 'lessons', 'webview', 'debug', 'templates'],
};

/** Folders whose code runs in a browser as it runs in a process. */
const PURE = [
	'language',
	'kernel',
	'machine',
	'explore',
	'findings',
	'export',
	'lessons',
	'webview',
	'debug',
	'templates',
];
/** Entries that exist because there is a process. */
const NODE_ENTRIES = ['server/node.ts', 'server/main.ts', 'extension/desktop.ts'];

const files = globSync('**/*.{ts,tsx}', { cwd: SRC }).map((file) => file.split(path.sep).join('/'));

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

/** The folder of src that a relative import leads to; undefined for a package, and for a text that ships beside src. */
function targetOf(file: string, wanted: string): string | undefined {
	const target = wanted.startsWith('.') ? path.posix.join(path.posix.dirname(file), wanted) : undefined;
	return target === undefined || target.startsWith('../') ? undefined : folderOf(target);
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

test('the extension shows lessons, and leaves judging them to the server', () => {
	const wrong = files
		.filter((file) => folderOf(file) === 'extension')
		.flatMap((file) => importsOf(file).map((wanted) => [file, wanted] as const))
		.filter(([file, wanted]) => targetOf(file, wanted) === 'lessons' && !wanted.endsWith('/lessons/lesson.js'))
		.map(([file, wanted]) => `${file} imports ${wanted}`);
	expect(wrong).toEqual([]);
});

test('the extension takes nothing of the findings but their types', () => {
	const wrong = files
		.filter((file) => folderOf(file) === 'extension')
		.flatMap((file) =>
			[...readFileSync(path.join(SRC, file), 'utf8').matchAll(/^import (?!type\b).*?from '(\.[^']*)'/gm)]
				.filter(([, wanted]) => targetOf(file, wanted ?? '') === 'findings')
				.map(([line]) => `${file}: ${line}`),
		);
	expect(wrong).toEqual([]);
});

test('the command line does not start the language server, nor the debugger, for who wants neither', () => {
	const loaded = new Set<string>();
	const load = (file: string): void => {
		if (loaded.has(file) || !files.includes(file)) return;
		loaded.add(file);
		const text = readFileSync(path.join(SRC, file), 'utf8');
		for (const [, wanted = ''] of text.matchAll(/^(?:import|export)\b(?!\s+type\b)[^;'"]*?from\s*'(\.[^']+)'/gm))
			load(path.posix.join(path.posix.dirname(file), wanted).replace(/\.js$/, '.ts'));
	};
	load('cli/main.ts');
	expect(loaded).toContain('findings/check.ts');
	expect([...loaded].filter((file) => /^server\/node\.ts$|^debug\/session\.ts$/.test(file))).toEqual([]);
});

/** Files that may be longer than a reader's patience, and why. */
const LONG: Readonly<Record<string, string>> = {
	'export/promela-runtime.ts': 'mostly the text of a Promela library',
};

test('no file is longer than 500 lines without a reason', () => {
	const lines = (file: string): number => readFileSync(path.join(SRC, file), 'utf8').split('\n').length - 1;
	const long = files.filter((file) => !file.includes('generated/') && lines(file) > 500);
	expect(long.filter((file) => !(file in LONG))).toEqual([]);
});

test('every finding code has a page of the manual', () => {
	const pages = globSync('*.md', { cwd: path.join(SRC, '../media/manual/findings') }).map((f) => f.replace('.md', ''));
	expect(FINDING_CODES.filter((code) => !pages.includes(code))).toEqual([]);
});

test('a step depends on nothing but its arguments: no clock and no chance below the findings', () => {
	const wrong = files.filter(
		(file) =>
			/^(language|kernel|machine|explore)\//.test(file) &&
			file !== 'explore/search.ts' &&
			/\b(Math\.random|Date\.now|performance\.now|new Date)\b/.test(readFileSync(path.join(SRC, file), 'utf8')),
	);
	expect(wrong).toEqual([]);
});

/** What `npm ci` runs of packages. Each was tried on a machine that reaches the npm registry and nothing else. */
const INSTALLS: readonly string[] = [
	'@tlaplus/tree-sitter-tlaplus', // looks for its prebuilt addon, which nobody loads: the tests take its .wasm
	'@vscode/vsce-sign', // copies a binary from another package
	'esbuild', // checks its binary, which is a package of its own
	'keytar', // optional: vsce goes on without it
	'node', // links the toolchain's Node from another package
];

test('npm ci runs no install script that nobody has tried without GitHub', () => {
	const lock = JSON.parse(readFileSync(path.join(SRC, '../package-lock.json'), 'utf8')) as {
		packages: Record<string, { hasInstallScript?: boolean }>;
	};
	const scripts = Object.entries(lock.packages)
		.filter(([, { hasInstallScript }]) => hasInstallScript === true)
		.map(([name]) => name.replace(/^.*node_modules\//, ''));
	expect(scripts.sort()).toEqual(INSTALLS);
});
