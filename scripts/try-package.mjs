// Looks into the packages that `npm run package` has made, and uses the npm package in an empty folder, as a stranger would.
// Prints `N passing` and `N failing`.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from './run.mjs';
import { filesOf, packages } from './vsix.mjs';

const BUDGET = 3_000_000;
/** All that a .vsix may hold. */
const MEANT = [
	/^(package|package\.nls|language-configuration)\.json$/,
	/^(readme|changelog)\.md$|^LICENSE\.txt$/,
	/^l10n\/bundle\.l10n\.json$/,
	/^syntaxes\/[\w.]+\.json$/,
	/^dist\/(extension|server)\.js$/,
	/^dist\/web\/(extension|server)\.js$/,
	/^dist\/webview\/[\w.]+\.(js|css|ttf)$/,
	/^media\/(manual|lessons|sketches)\/[\w./-]+\.(md|mmn)$/,
	/^media\/(walkthrough|icons)\/[\w-]+\.(svg|png)$/,
];

/** What README shows. */
const TABLE = [path.join(ROOT, 'media/sketches/seed-wait-valid.mmn'), '--only', 'deadlock', '--format', 'table'];

let passing = 0;
let failing = 0;
function part(what, look) {
	try {
		look();
		passing++;
		console.log(`  ✔ ${what}`);
	} catch (error) {
		failing++;
		console.log(`  ✖ ${what}: ${error.message}`);
	}
}

function equal(actual, expected, what) {
	if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`);
}

const { vsix, tarball } = packages();
const files = filesOf(vsix);
const manifest = JSON.parse(Buffer.from(files.get('package.json')).toString());

part('the .vsix is within its budget', () => {
	for (const file of [vsix, tarball])
		if (fs.statSync(file).size > BUDGET) throw new Error(`${path.basename(file)} has ${fs.statSync(file).size} bytes`);
});

part('the .vsix holds nothing but what is meant', () => {
	const surprises = [...files.keys()].filter((file) => !MEANT.some((pattern) => pattern.test(file)));
	equal(surprises.join(', '), '', 'surprises');
});

part('the .vsix holds all that its manifest names', () => {
	const { main, browser, icon, contributes } = manifest;
	const named = [
		...[main, browser, icon],
		...contributes.grammars.map((grammar) => grammar.path),
		...contributes.languages.flatMap((language) => [
			...[language.configuration, language.icon?.light, language.icon?.dark].filter(Boolean),
		]),
		...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.svg ?? media.markdown)),
		...Object.values(contributes.viewsContainers ?? {}).flatMap((list) => list.map((container) => container.icon)),
	];
	const missing = named.filter((file) => !files.has(path.posix.normalize(file)));
	equal(missing.join(', '), '', 'missing');
});

part('the page of the extension needs nothing from elsewhere', () => {
	const page = Buffer.from(files.get('readme.md')).toString();
	const links = [...page.matchAll(/\]\((?!https:)[^)]*\)|<img|<!--|!\[/g)].map(([link]) => link);
	equal(links.join(', '), '', 'links and pictures that nothing can follow');
	const { stdout } = spawnSync(process.execPath, [path.join(ROOT, 'dist/cli.js'), 'check', ...TABLE], {
		encoding: 'utf8',
	});
	if (!page.includes(stdout.split('\n').slice(1).join('\n').trim()))
		throw new Error('the table is not as it was printed');
});

part('every text of the manifest is there', () => {
	const texts = JSON.parse(Buffer.from(files.get('package.nls.json')).toString());
	const keys = [...JSON.stringify(manifest).matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key);
	equal(keys.filter((key) => !(key in texts)).join(', '), '', 'keys without a text');
	equal(
		Object.keys(texts)
			.filter((key) => !keys.includes(key))
			.join(', '),
		'',
		'texts that nobody asks for',
	);
});

part('every command of a menu, a walkthrough or a welcome is contributed', () => {
	const known = new Set(manifest.contributes.commands.map(({ command }) => command));
	const texts = Buffer.from(files.get('package.nls.json')).toString();
	const used = [
		...Object.values(manifest.contributes.menus).flatMap((items) => items.map(({ command }) => command)),
		...[...texts.matchAll(/command:([\w.]+)/g)].map(([, command]) => command),
	].filter((command) => command?.startsWith('notifierLab.'));
	equal(used.filter((command) => !known.has(command)).join(', '), '', 'not contributed');
});

const empty = fs.mkdtempSync(path.join(os.tmpdir(), 'mmn-pack-'));
try {
	part('the npm package works in an empty folder', () => {
		const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
		const [program, ...first] = npm;
		const offline = ['install', '--offline', '--no-audit', '--no-fund', tarball];
		execFileSync(program, [...first, ...offline], { cwd: empty, stdio: 'pipe' });
		const bin = path.join(empty, 'node_modules/.bin/notifier-lab');
		const run = (...args) => spawnSync(bin, args, { cwd: empty, encoding: 'utf8' });
		equal(run('--version').stdout.trim(), `notifier-lab ${manifest.version}`, 'version');
		equal(run('new', 'mine').status, 0, 'exit status of new');
		const check = run('check', 'mine.mmn');
		equal(check.status, 0, `exit status of check (${check.stderr})`);
		const seed = path.join(empty, 'node_modules/notifier-lab/media/sketches/seed-wait-valid.mmn');
		const table = run('check', seed, '--format', 'table');
		equal(table.status, 1, 'exit status for the seed');
		if (!/goto again/.test(table.stdout)) throw new Error(`no table:\n${table.stdout}`);
		if (!/deadlock: threads wait/.test(run('explain', 'deadlock').stdout)) throw new Error('explain explains nothing');
		const { dependencies = {} } = JSON.parse(
			fs.readFileSync(path.join(empty, 'node_modules/notifier-lab/package.json'), 'utf8'),
		);
		equal(Object.keys(dependencies).length, 0, 'dependencies');
	});
} finally {
	fs.rmSync(empty, { recursive: true, force: true });
}

console.log(`  ${passing} passing\n  ${failing} failing (${path.relative(ROOT, vsix)})`);
process.exitCode = failing > 0 ? 1 : 0;
