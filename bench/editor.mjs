// node bench/editor.mjs: how long an editor waits for the language server (dist/cli.js lsp --stdio, as it ships), while a
// search of ten seconds runs and while none does; and how long the server takes to start. Writes its part of bench/results.md.
//   --hosts FILE …   adds what scripts/in-host.mjs has printed of activation and keystrokes in real VS Codes
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
	createProtocolConnection,
	StreamMessageReader,
	StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';

const ROOT = path.resolve(import.meta.dirname, '..');
const CLI = path.join(ROOT, 'dist/cli.js');
/** Seconds of the search under which requests are sent. */
const SEARCH = 10;
/** Between two requests, ms: somebody who types fast. */
const PAUSE = 60;

/** Four faults against four invalidators: more states than can be looked at in ten seconds. */
function largeSketch() {
	const seed = fs.readFileSync(path.join(ROOT, 'test/corpus/seed/s02-eagain-drop-lock.mmn'), 'utf8');
	const first = seed.indexOf('scenario ');
	const body = seed.slice(first, seed.indexOf('\n}\n', first));
	const setup = /setup\s*\{[^}]*\}/.exec(body)?.[0] ?? '';
	const call = /thread \w+\s*\{([^}]*)\}/.exec(body)?.[1] ?? '';
	const faults = ['A', 'B', 'C', 'D'].map((name) => `\tthread ${name} {${call}}`);
	const others = ['R { reclaim(0, 2); }', 'M { munmap(1, 3); }', 'F { fork(0, 3); }'].map((text) => `\tthread ${text}`);
	return `${seed.slice(0, first)}scenario large {\n\tpages 4;\n\t${setup}\n${[...faults, ...others].join('\n')}\n}\n`;
}

/** What VS Code says of itself. */
const COMPLETION = {
	completionItem: {
		snippetSupport: true,
		labelDetailsSupport: true,
		resolveSupport: { properties: ['documentation', 'detail', 'additionalTextEdits'] },
	},
	completionList: { itemDefaults: ['commitCharacters', 'editRange', 'insertTextFormat', 'insertTextMode', 'data'] },
};

async function start(settings) {
	const began = performance.now();
	const child = spawn(process.execPath, [CLI, 'lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
	const connection = createProtocolConnection(
		new StreamMessageReader(child.stdout),
		new StreamMessageWriter(child.stdin),
	);
	connection.listen();
	await connection.sendRequest('initialize', {
		processId: process.pid,
		rootUri: null,
		capabilities: { textDocument: { completion: COMPLETION } },
		initializationOptions: { settings },
	});
	const milliseconds = performance.now() - began;
	await connection.sendNotification('initialized', {});
	return {
		milliseconds,
		connection,
		stop() {
			connection.dispose();
			child.kill();
		},
	};
}

const quantile = (values, q) =>
	[...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? 0;
const number = (value) => (value < 10 ? value.toFixed(1) : String(Math.round(value)));

function positionOf(text, needle, more) {
	const before = text.slice(0, text.indexOf(needle) + more).split('\n');
	return { line: before.length - 1, character: before.at(-1).length };
}

const LARGE = 'file:///bench/large.mmn';
/** A sketch of the same text, in which somebody types. */
const TYPED = 'file:///bench/typed.mmn';
const WORD = 'mutex_lock';

/** Sends requests one after the other for as long as `goesOn`. */
async function requests(connection, text, goesOn) {
	const times = {
		completion: [],
		'completion after a letter': [],
		hover: [],
		'signature help': [],
		'document symbols': [],
		formatting: [],
		'semantic tokens': [],
	};
	const time = async (name, method, params, uri = LARGE) => {
		const began = performance.now();
		await connection.sendRequest(method, { textDocument: { uri }, ...params });
		times[name].push(performance.now() - began);
	};
	const place = positionOf(text, WORD, 0);
	/** The next letter of a word before another one; after the last, the first again. */
	const type = async (n) => {
		const done = n % WORD.length;
		const at = (character) => ({ line: place.line, character: place.character + character });
		const range = { start: at(done), end: at(n > 0 && done === 0 ? WORD.length : done) };
		await connection.sendNotification('textDocument/didChange', {
			textDocument: { uri: TYPED, version: ++version },
			contentChanges: [{ range, text: WORD.charAt(done) }],
		});
		await time('completion after a letter', 'textDocument/completion', { position: at(done + 1) }, TYPED);
	};
	const hoverAt = ['dev_map(', 'mutex_lock(', 'static int ', 'range->start'];
	for (let n = 0; goesOn(n); n++) {
		// In the middle of a word, behind an arrow, and where a statement begins.
		const [needle, more] = [
			['range->start', 9],
			['mutex_lock(', 4],
			['mutex_lock(', 0],
		][n % 3];
		await time('completion', 'textDocument/completion', { position: positionOf(text, needle, more) });
		await type(n);
		await time('hover', 'textDocument/hover', { position: positionOf(text, hoverAt[n % hoverAt.length], 3) });
		if (n % 4 === 0) {
			await time('signature help', 'textDocument/signatureHelp', { position: positionOf(text, 'mutex_lock(', 11) });
			await time('document symbols', 'textDocument/documentSymbol', {});
			await time('formatting', 'textDocument/formatting', { options: { tabSize: 8, insertSpaces: false } });
			await time('semantic tokens', 'textDocument/semanticTokens/full', {});
		}
		await new Promise((resolve) => setTimeout(resolve, PAUSE));
	}
	return times;
}

let version = 0;

async function measure(text, checks) {
	const settings = {
		check: { when: checks ? 'onSave' : 'manual', maxStates: 1e9, maxSeconds: 3 * SEARCH, maxMemoryMB: 3000 },
	};
	const server = await start(settings);
	let searching = false;
	let states = 0;
	server.connection.onNotification('notifierLab/status', (status) => {
		if (status.uri !== LARGE) return;
		searching = status.state === 'checking';
		states = Math.max(states, status.states);
	});
	for (const uri of [TYPED, LARGE])
		await server.connection.sendNotification('textDocument/didOpen', {
			textDocument: {
				uri,
				languageId: 'mmn',
				version: ++version,
				text: uri === TYPED ? text.split('scenario ')[0] : text,
			},
		});
	// Once without counting: the first request of a process compiles.
	await requests(server.connection, text, (n) => n < 8);
	if (checks) while (!searching || states === 0) await new Promise((resolve) => setTimeout(resolve, 20));
	const end = performance.now() + SEARCH * 1000;
	const times = await requests(server.connection, text, () => performance.now() < end && (!checks || searching));
	const whole = !checks || performance.now() >= end;
	server.stop();
	if (!whole) throw new Error(`the search was over before ${SEARCH} s: ${states} states`);
	return { times, states };
}

const starts = [];
for (let n = 0; n < 15; n++) {
	const server = await start({});
	starts.push(server.milliseconds);
	server.stop();
}
const text = largeSketch();
const busy = await measure(text, true);
const idle = await measure(text, false);

const row = (name) => {
	const cells = [idle.times[name], busy.times[name]].flatMap((values) =>
		[0.5, 0.95, 1].map((q) => number(quantile(values, q))),
	);
	return `| ${name} | ${cells.join(' | ')} | ${busy.times[name].length} |`;
};
const at = process.argv.indexOf('--hosts');
const hosts = (at < 0 ? [] : process.argv.slice(at + 1)).map((file) => fs.readFileSync(file, 'utf8'));
const inHosts = (pattern) => hosts.flatMap((text) => [...text.matchAll(pattern)]);
const activations = inHosts(/activation: ([\d.]+) ms/g).map(([, ms]) => Number(ms));
const keystrokes = inHosts(/keystroke to diagnostics \((.*)\): p50 (\d+) ms, p95 (\d+) ms, of (\d+)/g);
const HEADING = '## Waiting for the editor';
const lines = [
	HEADING,
	'',
	`\`node bench/editor.mjs\` wrote this. ${os.cpus()[0]?.model.trim()}, ${os.cpus().length} cores, Node ${process.version}; load of the machine when it`,
	`ended: ${os.loadavg()[0]?.toFixed(1)} (other people's builds and tests run on it: the ratios count).`,
	'',
	`The server starts (process to answer of \`initialize\`) in ${number(quantile(starts, 0.5))} ms, p95 ${number(quantile(starts, 0.95))} ms, of 15. The target is 400 ms.`,
	...(activations.length > 0
		? [
				'',
				`The extension is activated in ${activations.map(number).join(' ms, ')} ms (a real VS Code, each host once). The target is 100 ms.`,
			]
		: []),
	...keystrokes.flatMap(([, host, p50, p95, number]) => [
		'',
		`From a keystroke in the seed sketch to its diagnostics in the list of problems, in ${host}: p50 ${p50} ms, p95 ${p95} ms, of ${number}.`,
	]),
	'',
	`Milliseconds from a request to its answer, over standard input and output: with nothing else to do, and while a search`,
	`of ${SEARCH} s runs (${busy.states} states by its end). The target is a p95 under 30 ms for completion and hover.`,
	'',
	'| request | idle p50 | p95 | max | searching p50 | p95 | max | requests |',
	'|---|---:|---:|---:|---:|---:|---:|---:|',
	...Object.keys(busy.times).map(row),
	'',
];
const results = path.join(ROOT, 'bench/results.md');
const known = fs.readFileSync(results, 'utf8');
const from = known.indexOf(HEADING);
const next = from < 0 ? -1 : known.indexOf('\n## ', from + 1);
const before = from < 0 ? `${known.trimEnd()}\n\n` : known.slice(0, from);
fs.writeFileSync(results, `${before}${lines.join('\n')}${next < 0 ? '' : known.slice(next)}`);
console.log(lines.join('\n'));
