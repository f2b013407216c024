import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Launch, Runs, SourceName } from '../debug/runs.js';
import type { Explorer, Shown } from '../findings/explorer/explorer.js';
import type { Picture } from '../findings/explorer/picture.js';
import { kernelLibraries } from '../kernel/library.js';
import { type Console, UsageError } from './console.js';
import { type ExploredSketch, exploreSketch } from './explored.js';
import { parseOptions } from './options.js';

/** `dap --stdio`: the debugger on standard input and output. Runs until the editor ends it. */
export async function dap(args: readonly string[], console: Console): Promise<void> {
	const { values } = parseOptions('dap', args, { stdio: { type: 'boolean' } });
	if (values.stdio !== true) throw new UsageError('dap: --stdio is the only way to talk to the debugger; add it');
	if (console.live) console.err('notifier-lab: debugger, waiting for an editor on standard input\n');
	// loaded late: no other command pays for it
	const { RunSession } = await import('../debug/session.js');
	new RunSession(new SearchedRuns(console)).start(process.stdin, process.stdout);
}

/** Runs of searches in this process. */
export class SearchedRuns implements Runs {
	private sketch: ExploredSketch | undefined;
	private shown: Shown | undefined;

	constructor(private readonly console: Console) {}

	async open({ program, scenario, finding }: Launch): Promise<Picture> {
		let said = '';
		const file = program.startsWith('file:') ? fileURLToPath(program) : program;
		// standard output is the protocol's
		const console: Console = { ...this.console, live: false, out: () => {}, err: (text) => (said += text) };
		const code = typeof finding === 'string' ? finding : undefined;
		const sketch = await exploreSketch('dap', file, { scenario, finding: code }, console);
		if (sketch === undefined) throw new Error(`the sketch has an error: ${said.trim()}`);
		this.sketch = sketch;
		return this.show(sketch.explorer.found(typeof finding === 'number' ? finding : sketch.finding));
	}

	async branch(at: number, lane: number, choice: number): Promise<Picture> {
		const [explorer, shown] = this.known();
		const branch = explorer.branch(shown, at, lane, choice, false);
		if (branch === undefined) throw new Error('that thread cannot go there');
		return this.show(branch);
	}

	async found(): Promise<Picture> {
		const [explorer, shown] = this.known();
		return this.show(explorer.found(shown.finding < 0 ? null : shown.finding));
	}

	source(uri: string): SourceName {
		const name = path.posix.basename(new URL(uri).pathname);
		return uri.startsWith('file:') ? { name, path: fileURLToPath(uri), kernel: false } : { name, kernel: true };
	}

	/** A source of which a client has no path it names by the reference that we gave it. */
	uriOf(named: string): string {
		return pathToFileURL(path.resolve(this.console.cwd, named)).href;
	}

	async text(uri: string): Promise<string | undefined> {
		return kernelLibraries.read(uri) ?? this.sketch?.text(uri);
	}

	close(): void {
		this.sketch?.exploration.release();
	}

	private known(): [Explorer, Shown] {
		if (this.sketch === undefined || this.shown === undefined) throw new Error('there is no run yet');
		return [this.sketch.explorer, this.shown];
	}

	private show(shown: Shown): Picture {
		this.shown = shown;
		return { ...shown.picture, states: shown.states(0, shown.picture.steps.length) };
	}
}
