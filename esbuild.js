// Builds everything that ships into dist/, and with --tests the in-host tests into out/.
//   node esbuild.js [--production] [--watch] [--tests]
const fs = require('node:fs');
const path = require('node:path');
const esbuild = require('esbuild');

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');
const tests = process.argv.includes('--tests');

/** Prints what the `$esbuild-watch` problem matcher of .vscode/tasks.json reads. */
const problemMatcher = {
	name: 'problem-matcher',
	setup(build) {
		build.onStart(() => {
			if (watch) console.log('[watch] build started');
		});
		build.onEnd((result) => {
			for (const { text, location } of result.errors) {
				console.error(`✘ [ERROR] ${text}`);
				// An error in a plugin or an option has no place in a file.
				if (location) console.error(`    ${location.file}:${location.line}:${location.column}:`);
			}
			if (watch) console.log('[watch] build finished');
		});
	},
};

/** npm links `bin` by name only: a file from a checkout has to be executable by itself. */
const executable = {
	name: 'executable',
	setup(build) {
		build.onEnd((result) => {
			const file = build.initialOptions.outfile;
			if (result.errors.length === 0 && file && fs.existsSync(file)) fs.chmodSync(file, 0o755);
		});
	},
};

/** The simulated kernel is parsed here, not at every start. */
const packedKernel = {
	name: 'packed-kernel',
	setup: async (build) => (await import('./scripts/packed-kernel.mjs')).packedKernelPlugin.setup(build),
};

const common = {
	bundle: true,
	minify: production,
	sourcemap: !production,
	sourcesContent: false,
	legalComments: 'none',
	logLevel: 'silent',
	// The simulated kernel and the pages of the manual are bundled as text.
	loader: { '.mmn': 'text', '.md': 'text' },
	define: { 'process.env.NODE_ENV': production ? '"production"' : '"development"' },
	plugins: [problemMatcher, packedKernel],
};
const polyfills = path.join(__dirname, 'src/polyfills.ts');
const node = { ...common, platform: 'node', format: 'cjs', target: 'node20', mainFields: ['module', 'main'] };
const browser = {
	...common,
	platform: 'browser',
	format: 'cjs',
	target: 'es2022',
	mainFields: ['browser', 'module', 'main'],
};
const worker = { ...browser, format: 'iife' };
/** The debugger's library asks Node for a class that browsers have. */
const nodeUrl = {
	name: 'node-url',
	setup(build) {
		build.onResolve({ filter: /^url$/ }, () => ({ path: 'url', namespace: 'node-url' }));
		build.onLoad({ filter: /.*/, namespace: 'node-url' }, () => ({ contents: 'exports.URL = URL;' }));
	},
};

/** The explorer's page: no framework of VS Code in it, and monaco in files of its own. */
const page = {
	...worker,
	// esbuild would take the automatic runtime from tsconfig.json
	tsconfigRaw: {},
	jsx: 'transform',
	jsxFactory: '__h',
	jsxFragment: '__f',
	loader: { ...common.loader, '.ttf': 'file' },
};

/**
 * Names that only the page's own code uses, shortened when it ships: none of the browser's, of Preact's or of a message, none that is kept
 * or looked up by a text.
 */
const OWN_NAMES =
	/^(addSlots|addStates|askOrder|backToFound|currentRow|focusRow|helpOpen|isInvented|laneClass|lineDrawn|pickLine|railWidth|send|rowOf|savedRun|setWidth|showRun|sourceShown|startOrder|toChange|toLine|toSwitch|toggleAll|toggleSection|toggleWatch|unfolded|wantStates|revealed|rails|metrics|lives|playing|compact|letters|slots|switched|arrows|caps|receive|dismiss|faster|apart)$/;

/** What the explorer's page is made of. */
const pages = [
	{
		...page,
		entryPoints: ['src/webview/main.tsx'],
		inject: ['src/webview/jsx.ts'],
		outfile: 'dist/webview/explorer.js',
		charset: 'utf8',
		...(production && { mangleProps: OWN_NAMES }),
	},
	{ ...page, entryPoints: ['src/webview/style/explorer.css'], outfile: 'dist/webview/explorer.css' },
	{ ...page, entryPoints: ['src/webview/style/themes.css'], outfile: 'dist/webview/themes.css' },
	{ ...page, entryPoints: ['src/webview/monaco.ts'], outfile: 'dist/webview/monaco.js' },
	{
		...page,
		entryPoints: ['node_modules/monaco-editor/esm/vs/editor/editor.worker.js'],
		outfile: 'dist/webview/monaco.worker.js',
	},
	// the host and the engine that saved pages have in them, always small: these parse the kernel when they are first asked
	{
		...worker,
		entryPoints: ['src/server/saved.ts'],
		outfile: 'dist/webview/engine.js',
		minify: true,
		sourcemap: false,
		plugins: [problemMatcher],
	},
];
const shipped = [
	...pages,
	{ ...node, entryPoints: ['src/extension/desktop.ts'], outfile: 'dist/extension.js', external: ['vscode'] },
	{
		...browser,
		entryPoints: ['src/extension/web.ts'],
		outfile: 'dist/web/extension.js',
		external: ['vscode'],
		plugins: [problemMatcher, packedKernel, nodeUrl],
	},
	{
		...node,
		entryPoints: ['src/cli/main.ts'],
		outfile: 'dist/cli.js',
		inject: [polyfills],
		banner: { js: '#!/usr/bin/env node' },
		plugins: [problemMatcher, packedKernel, executable],
	},
];
/** The language server, in a process and in a worker: what ships has in the file of the first only what the second lacks. */
const servers = {
	node: { ...node, entryPoints: ['src/server/main.ts'], outfile: 'dist/server.js', inject: [polyfills] },
	worker: { ...worker, entryPoints: ['src/server/worker.ts'], outfile: 'dist/web/server.js', inject: [polyfills] },
};
const inHost = [
	{
		...node,
		entryPoints: ['test/extension/node.ts'],
		outfile: 'out/test/node.js',
		external: ['vscode', 'mocha'],
	},
	{ ...browser, entryPoints: ['test/extension/web.ts'], outfile: 'out/test/web.js', external: ['vscode'] },
];

async function main() {
	// What ships holds nothing of an earlier build, which others may be running until this one is done.
	const beside = path.join('out', `dist-${process.pid}`);
	const placed = (entry) => ({ ...entry, outfile: inFolder(entry.outfile, beside) });
	const ships = production ? shipped.map(placed) : [...shipped, servers.node, servers.worker];
	const entries = [...ships, ...(tests ? inHost : [])];
	const contexts = await Promise.all(
		entries.map((options) => esbuild.context({ absWorkingDir: __dirname, ...options })),
	);
	if (watch) {
		await Promise.all(contexts.map((context) => context.watch()));
		return;
	}
	const builds = contexts.map((context) => context.rebuild());
	if (production) {
		const { buildServers } = await import('./scripts/shared-server.mjs');
		builds.push(buildServers(placed(servers.node), placed(servers.worker)));
	}
	const results = await Promise.allSettled(builds);
	await Promise.all(contexts.map((context) => context.dispose()));
	const failed = results.some((result) => result.status === 'rejected');
	if (failed) process.exitCode = 1;
	if (!production) return;
	if (!failed) replaceFolder(path.join(__dirname, beside), path.join(__dirname, 'dist'));
	fs.rmSync(path.join(__dirname, beside), { recursive: true, force: true });
}

const inFolder = (outfile, folder) => path.join(folder, path.relative('dist', outfile));

const filesIn = (folder) =>
	fs.existsSync(folder)
		? fs
				.readdirSync(folder, { recursive: true, withFileTypes: true })
				.filter((entry) => !entry.isDirectory())
				.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
		: [];

/** Moves the files of one folder into another, one by one, so that none is missing at any time; what else is there goes. */
function replaceFolder(from, to) {
	const files = filesIn(from);
	for (const file of files) {
		fs.mkdirSync(path.dirname(path.join(to, file)), { recursive: true });
		fs.renameSync(path.join(from, file), path.join(to, file));
	}
	for (const file of filesIn(to)) if (!files.includes(file)) fs.rmSync(path.join(to, file));
}

// The tests of the page build it by themselves, minified.
module.exports = { pages, replaceFolder };

if (require.main === module) {
	main().catch((error) => {
		console.error(error);
		process.exitCode = 1;
	});
}
