// npm run package: the extension as a .vsix, and the command line with the language server as an npm package, both in the
// folder of the repository. Fails when the .vsix is over its budget.
import fs from 'node:fs';
import path from 'node:path';
import { bin, ROOT, run } from './run.mjs';
import { packages } from './vsix.mjs';

const BUDGET = 3_000_000;
const { vsix, tarball } = packages();

const OUT = path.join(ROOT, 'out');
/** What the npm package is made of, besides its README. */
const NPM_FILES = [
	...['dist/cli.js', 'dist/server.js', 'dist/web/server.js', 'dist/webview/explorer.js', 'dist/webview/explorer.css'],
	...[
		'dist/webview/themes.css',
		'dist/webview/engine.js',
		'media/manual',
		'media/lessons',
		'media/sketches',
		'CHANGELOG.md',
		'LICENSE',
	],
];
const readme = path.join(OUT, 'README.md');

/**
 * README for the page of the extension. Where the repository will be published is not known yet, so nothing there could
 * follow a relative link or fetch a picture, and VS Code shows none that is written into the page: links become their words,
 * pictures go, and so does what is about a checkout.
 */
function writeReadme() {
	const text = fs
		.readFileSync(path.join(ROOT, 'README.md'), 'utf8')
		.replace(/<!-- checkout -->[\s\S]*?<!-- \/checkout -->\n*/g, '')
		.replace(/^(?:!\[.*|<img .*)\n+/gm, '')
		.replace(/^More pictures: [\s\S]*?\n\n/m, '')
		.replace(/\[([^\][\n]+)\]\((?!https?:)[^)\n]*\)/g, '$1');
	fs.mkdirSync(OUT, { recursive: true });
	fs.writeFileSync(readme, text);
}

const vsce = [
	...bin('@vscode/vsce/vsce'),
	...['package', '--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links', '-o', vsix],
	...['--readme-path', path.relative(ROOT, readme)],
];

async function step(command) {
	const { code, output } = await run(command, { quiet: true });
	if (code === 0) return;
	console.error(output);
	process.exit(1);
}

/** The command line by itself, in a folder of its own: its files, its README, and of the manifest what npm has use for. */
function stageNpm() {
	const stage = path.join(OUT, 'npm');
	fs.rmSync(stage, { recursive: true, force: true });
	for (const file of NPM_FILES) fs.cpSync(path.join(ROOT, file), path.join(stage, file), { recursive: true });
	fs.copyFileSync(path.join(ROOT, 'tools/npm/README.md'), path.join(stage, 'README.md'));
	const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
	const { name, version, license, type, bin, keywords, engines } = manifest;
	const description =
		'Checks sketches of Linux MMU notifier callbacks in every interleaving: deadlocks, stale mappings, starvation';
	const own = { name, version, description, license, type, bin, keywords, engines: { node: engines.node } };
	fs.writeFileSync(path.join(stage, 'package.json'), `${JSON.stringify(own, null, 2)}\n`);
	return stage;
}

writeReadme();
// builds, by the script vscode:prepublish
await step(vsce);
await step([...npm(), 'pack', stageNpm(), '--ignore-scripts', '--silent', '--pack-destination', ROOT]);
for (const file of [vsix, tarball]) {
	const { size } = fs.statSync(file);
	console.log(`${path.basename(file)}  ${(size / 1e6).toFixed(2)} MB`);
	if (size > BUDGET) {
		console.error(`${path.basename(file)} is over its budget of ${BUDGET / 1e6} MB`);
		process.exitCode = 1;
	}
}

if (!process.exitCode)
	console.log(
		`\nInstall the extension:     code --install-extension ${path.basename(vsix)}\nInstall the command line:  npm install -g ./${path.basename(tarball)}`,
	);

/** npm itself, with no shell in between. */
function npm() {
	const own = process.env.npm_execpath;
	return own?.endsWith('.js') ? [process.execPath, own] : ['npm'];
}
