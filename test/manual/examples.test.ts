/** What README and manual show is tried: sketches come out as they say, commands run, links lead somewhere. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { built, root } from '../build.js';
import { folderWith } from '../cli/run.js';
import { checkText } from '../findings/examples.js';

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const PAGES = [
	'README.md',
	'CONTRIBUTING.md',
	'tools/npm/README.md',
	...globSync('media/manual/**/*.md', { cwd: root }),
].map((page) => page.split(path.sep).join('/'));
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);

interface Block {
	readonly page: string;
	readonly line: number;
	readonly language: string;
	readonly text: string;
}

const blocks: Block[] = PAGES.flatMap((page) => {
	const text = read(page);
	return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map((match) => ({
		page,
		line: text.slice(0, match.index).split('\n').length,
		language: match[1] ?? '',
		text: match[2] ?? '',
	}));
});

/**
 * What is not run, and why:
 *   lua, elisp, toml, json   configuration of editors that a machine for tests need not have
 *   vim                in the manual: colours, and the commands that README has too, which are run where there is Vim
 *   text               what help says and what can be called (made from the program itself: generated.test.ts), lists in Vim
 *   no language        commands and words of SPIN and a C compiler (test/oracle runs them)
 */
const CONFIGURATION = ['lua', 'vim', 'elisp', 'toml', 'json'];

test('a block is a sketch, a driver before it is one, commands, what they print, or the configuration of an editor', () => {
	const languages = new Set(blocks.map(({ language }) => language));
	const known = ['mmn', 'c', 'sh', 'console', 'text', '', ...CONFIGURATION];
	expect([...languages].filter((language) => !known.includes(language))).toEqual([]);
	const silent = blocks.filter(({ language, text }) => CONFIGURATION.includes(language) && !text.includes('mmn'));
	expect(silent.map(({ page, line }) => `${page}:${line} is not about sketches`)).toEqual([]);
});

test('a launch configuration has what the manifest knows', () => {
	const { contributes } = JSON.parse(read('package.json'));
	const known = [
		'type',
		'request',
		'name',
		...Object.keys(contributes.debuggers[0].configurationAttributes.launch.properties),
	];
	const shown = blocks.filter(({ language }) => language === 'json').map(({ text }) => Object.keys(JSON.parse(text)));
	expect(shown.length).toBeGreaterThan(0);
	expect(shown.flat().filter((key) => !known.includes(key))).toEqual([]);
});

/** GitHub colours C, and not sketches. */
const isSketch = ({ language, text }: Block) => language === 'mmn' || (language === 'c' && /^scenario /m.test(text));

describe('sketches', () => {
	test.each(blocks.filter(isSketch))('$page:$line', async ({ text }) => {
		const { problems, scenarios } = await checkText(text);
		expect(problems).toEqual([]);
		for (const { name, asExpected, complete, expected, findings } of scenarios) {
			expect(expected, `${name} says what it expects`).not.toEqual([]);
			expect({ name, asExpected, complete, found: findings.map((f) => f.message) }).toMatchObject({
				asExpected: true,
				// the page on limits shows one
				complete: !expected.includes('bounded'),
			});
		}
	});
});

describe('drivers before they are sketches', () => {
	test.each(blocks.filter((block) => block.language === 'c' && !isSketch(block)))('$page:$line', async ({ text }) => {
		const { problems } = await checkText(text);
		expect(problems.length, 'there is something to do by hand').toBeGreaterThan(0);
	});
});

describe('commands', () => {
	let cli = '';
	beforeAll(() => {
		cli = built('cli.js');
	}, 60_000);

	test.each(blocks.filter(({ language }) => language === 'sh'))(
		'$page:$line',
		({ text }) => {
			const seed = read('media/sketches/seed-wait-valid.mmn');
			const folder = folderWith({ 'sketch.mmn': seed, 'driver.mmn': seed, 'sketches/a.mmn': seed });
			for (const line of text.split('\n')) {
				const command = line.replace(/\s*#.*$/, '').trim();
				if (command !== '') for (const part of command.split(' && ')) tryCommand(part, cli, folder);
			}
		},
		60_000,
	);
});

function tryCommand(command: string, cli: string, folder: string): void {
	const [, args] = /^(?:npx notifier-lab|notifier-lab|node dist\/cli\.js) (.*)$/.exec(command) ?? [];
	if (args !== undefined) {
		const words = args.split(' ');
		// a server waits for its client, a watch for changes
		const given = words[0] === 'lsp' || words.includes('--watch') ? [words[0] ?? '', '--help'] : words;
		const files = given.map((word) => (word.startsWith('media/') ? path.join(root, word) : word));
		let status = 0;
		try {
			execFileSync(process.execPath, [cli, ...files], { cwd: folder, stdio: 'pipe' });
		} catch (error) {
			status = (error as { status: number }).status;
		}
		expect([0, 1], `exit status of ${command}`).toContain(status);
		return;
	}
	const [program = '', verb = '', script = ''] = command.replace(/^(\w+=\S+ )+/, '').split(' ');
	if (program === 'npx') expect(existsSync(path.join(root, 'node_modules/.bin', verb)), command).toBe(true);
	else if (program === 'git' || program === 'cd' || program === 'code') return;
	else {
		expect(program, command).toBe('npm');
		if (verb === 'run') expect(scripts, command).toContain(script);
		else expect(['ci', 'start', 'test', 'pack', 'install'], command).toContain(verb);
	}
}

/** `$ command`, and below it what it prints. */
describe('what commands print', () => {
	test.each(blocks.filter(({ language }) => language === 'console'))('$page:$line', ({ text }) => {
		const shown = text.matchAll(/^\$ notifier-lab (.*)\n([\s\S]*?)(?=^\$ |$(?![\s\S]))/gm);
		const cwd = folderOfSketches();
		const sessions = [...shown].map(([, args = '', output]) => {
			const { stdout } = spawnSync(process.execPath, [built('cli.js'), ...args.split(' ')], { cwd, encoding: 'utf8' });
			expect(withoutTimes(stdout), args).toBe(withoutTimes(output ?? ''));
			return args;
		});
		expect(sessions.length).toBeGreaterThan(0);
	});
});

/** Times differ; numbers of states are the corpus's to hold. */
const withoutTimes = (text: string) => text.replace(/[\d,.]+ (m?s|states|transitions)\b/g, 'N $1').trim();

function folderOfSketches(): string {
	const names = globSync('media/sketches/*.mmn', { cwd: root });
	return folderWith(Object.fromEntries(names.map((name) => [path.basename(name), read(name)])));
}

const vim = spawnSync('vim', ['--version']).status === 0;
test.runIf(vim)('Vim takes what README tells it, and lists the findings', () => {
	const cwd = folderOfSketches();
	const ofReadme = (language: string) =>
		blocks.find((block) => block.page === 'README.md' && block.language === language)?.text ?? '';
	writeFileSync(path.join(cwd, 'vimrc'), ofReadme('vim'));
	const shim = path.join(cwd, 'notifier-lab');
	writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${built('cli.js')}' "$@"\n`);
	chmodSync(shim, 0o755);
	const words = ['silent make', 'copen', 'write! list', 'qall!'].flatMap((word) => ['-c', word]);
	spawnSync('vim', ['-Nes', '-u', 'vimrc', 'seed-wait-valid.mmn', ...words], {
		cwd,
		env: { ...process.env, PATH: `${cwd}${path.delimiter}${process.env.PATH}` },
	});
	const listed = readFileSync(path.join(cwd, 'list'), 'utf8').trim().split('\n');
	const shown = ofReadme('text').trim().split('\n');
	expect(listed.map((line, n) => line.slice(0, shown[n]?.indexOf(' …')))).toEqual(
		shown.map((line) => line.replace(/ …$/, '')),
	);
});

test('every link of the manual leads to a file', () => {
	const broken = PAGES.flatMap((page) =>
		[...read(page).matchAll(/\]\((?!https?:|#|command:)([^)#\s]+)(?:#[^)]*)?\)/g)]
			.map(([, to = '']) => to)
			.filter((to) => !existsSync(path.join(root, path.dirname(page), to)))
			.map((to) => `${page}: ${to}`),
	);
	expect(broken).toEqual([]);
});

test('every page can be found from the index', () => {
	const index = read('media/manual/index.md');
	const pages = PAGES.filter((page) => /^media\/manual\/[^/]+\.md$/.test(page)).map((page) => path.basename(page));
	expect(pages.filter((page) => page !== 'index.md' && !index.includes(`(${page})`))).toEqual([]);
});
