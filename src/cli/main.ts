import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { checkSketch } from '../findings/check.js';
import { parseCheck, runCheck } from './check.js';
import { type Console, Status, UsageError } from './console.js';
import { dap } from './dap.js';
import { explain } from './explain.js';
import { exploreByHand } from './explore.js';
import { exportScenario } from './export.js';
import { fmt } from './fmt.js';
import { COMMANDS, type Command, HELP } from './help.js';
import { lesson } from './lesson.js';
import { lsp } from './lsp.js';
import { didYouMean } from './nearest.js';
import { newSketch } from './new.js';
import { replay } from './replay.js';
import { printScenario } from './scenario.js';
import { watchCheck } from './watch.js';

/** Runs one command. `undefined` is returned by a command that goes on by itself, as the language server does. */
async function dispatch(args: readonly string[], console: Console): Promise<Status | undefined> {
	const [command, ...rest] = args;
	if (command === '--version' || command === '-V') {
		console.out(`notifier-lab ${await version(console.root)}\n`);
		return Status.ok;
	}
	if (command === undefined) {
		console.err(HELP.all);
		return Status.usage;
	}
	if (command === '--help' || command === '-h' || command === 'help') {
		const [topic] = rest;
		if (topic !== undefined && !isCommand(topic)) throw unknownCommand(topic);
		console.out(HELP[topic ?? 'all']);
		return Status.ok;
	}
	if (!isCommand(command)) throw unknownCommand(command);
	const end = rest.indexOf('--');
	if ((end < 0 ? rest : rest.slice(0, end)).some((arg) => arg === '--help' || arg === '-h')) {
		console.out(HELP[command]);
		return Status.ok;
	}
	switch (command) {
		case 'check':
			return check(rest, console);
		case 'explain':
			return explain(rest, console);
		case 'explore':
			return exploreByHand(rest, console);
		case 'replay':
			return replay(rest, console);
		case 'scenario':
			return printScenario(rest, console);
		case 'export':
			return exportScenario(rest, console);
		case 'new':
			return newSketch(rest, console);
		case 'lesson':
			return lesson(rest, console);
		case 'fmt':
			return fmt(rest, console);
		case 'lsp':
			await lsp(rest, console);
			return undefined;
		case 'dap':
			await dap(rest, console);
			return undefined;
	}
}

async function check(args: readonly string[], console: Console): Promise<Status> {
	const request = await parseCheck(args, console);
	const interrupt = new AbortController();
	const onSignal = () => {
		if (interrupt.signal.aborted) process.exit(130);
		interrupt.abort();
	};
	process.on('SIGINT', onSignal);
	// loaded late: threads come with the language server, whose start no other command pays for
	const jobs = request.jobs > 1 ? new (await import('./jobs.js')).Jobs(request.jobs) : undefined;
	const checker = jobs?.check ?? checkSketch;
	try {
		if (request.watch) return await watchCheck(request, console, checker, interrupt.signal);
		return (await runCheck(request, console, checker, interrupt.signal)).status;
	} finally {
		jobs?.end();
		process.off('SIGINT', onSignal);
	}
}

function isCommand(text: string): text is Command {
	return (COMMANDS as readonly string[]).includes(text);
}

function unknownCommand(text: string): UsageError {
	const what = text.startsWith('-') ? 'option' : 'command';
	return new UsageError(`unknown ${what} ${text}${didYouMean(text, COMMANDS)}; see notifier-lab --help`);
}

async function version(root: string): Promise<string> {
	return JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')).version;
}

function processConsole(): Console {
	const colour = process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
	return {
		out: (text) => process.stdout.write(text),
		err: (text) => process.stderr.write(text),
		colour,
		live: process.stderr.isTTY === true && process.env.TERM !== 'dumb',
		cwd: process.cwd(),
		root: path.resolve(__dirname, '..'),
		stdin: process.stdin,
	};
}

// A reader that has seen enough (`| head`) is no error.
for (const stream of [process.stdout, process.stderr])
	stream.on('error', (error: NodeJS.ErrnoException) => {
		if (error.code !== 'EPIPE') throw error;
		process.exit(process.exitCode ?? Status.ok);
	});

// The language server runs its checks in another thread, of this same file.
if (isMainThread) run();
else void import('../server/node.js').then(({ serveThread }) => serveThread());

function run(): void {
	dispatch(process.argv.slice(2), processConsole()).then(
		(status) => {
			if (status !== undefined) process.exitCode = status;
		},
		(error: unknown) => {
			const what = error instanceof UsageError ? error.message : `internal error, please report it: ${String(error)}`;
			process.stderr.write(`notifier-lab: ${what}\n`);
			process.exitCode = Status.usage;
		},
	);
}
