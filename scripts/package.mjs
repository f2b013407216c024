// npm run package: the extension as a .vsix, and the command line with the language server as an npm package, both in the
// folder of the repository. Fails when the .vsix is over its budget.
import fs from 'node:fs';
import path from 'node:path';
import { bin, ROOT, run } from './run.mjs';
import { packages } from './vsix.mjs';

const BUDGET = 3_000_000;
const { vsix, tarball } = packages();

const readme = path.join(ROOT, 'out/README.md');

/**
 * README for the page of the extension. Where the repository will be published is not known yet, so nothing there could
 * follow a relative link or show a picture of it: these are left out.
 */
function writeReadme() {
	const text = fs
		.readFileSync(path.join(ROOT, 'README.md'), 'utf8')
		.replace(/^(?:!\[.*|<img .*)\n+/gm, '')
		.replace(/\[([^\]]+)\]\((?!https?:)[^)]*\)/g, '$1');
	fs.mkdirSync(path.dirname(readme), { recursive: true });
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

writeReadme();
// builds, by the script vscode:prepublish
await step(vsce);
await step([...npm(), 'pack', '--ignore-scripts', '--silent']);
for (const file of [vsix, tarball]) {
	const { size } = fs.statSync(file);
	console.log(`${path.basename(file)}  ${(size / 1e6).toFixed(2)} MB`);
	if (size > BUDGET) {
		console.error(`${path.basename(file)} is over its budget of ${BUDGET / 1e6} MB`);
		process.exitCode = 1;
	}
}

/** npm itself, with no shell in between. */
function npm() {
	const own = process.env.npm_execpath;
	return own?.endsWith('.js') ? [process.execPath, own] : ['npm'];
}
