import path from 'node:path';
import { parseSavedRun } from '../findings/explorer/saved.js';
import { mailTable } from '../findings/forms/table.js';
import { type Console, Status, UsageError } from './console.js';
import { exploreSketch, RUN_OPTIONS } from './explored.js';
import { readBytes } from './inputs.js';
import { parseOptions } from './options.js';

/** Bytes; a step takes about a hundred. */
const MOST = 64 * 1024 * 1024;

/**
 * `replay FILE RUN.json`: takes a saved run again. Prints it as a table, as far as it fits.
 * @returns `unexpected` where a step no longer fits
 */
export async function replay(args: readonly string[], console: Console): Promise<Status> {
	const { values, positionals } = parseOptions('replay', args, RUN_OPTIONS);
	const [file, saved] = positionals;
	if (file === undefined || saved === undefined || positionals.length > 2)
		throw new UsageError('replay: name a sketch and a saved run');
	const bytes = await readBytes(path.resolve(console.cwd, saved), MOST);
	if (!Buffer.isBuffer(bytes)) throw new UsageError(`replay: ${saved}: ${bytes.problem}`);
	if (bytes.length > MOST) throw new UsageError(`replay: ${saved} is no saved run: none is as large`);
	const run = parseSavedRun(bytes.toString('utf8'));
	if (typeof run === 'string') throw new UsageError(`replay: ${saved} is no saved run: ${run}`);
	const sketch = await exploreSketch('replay', file, { scenario: run.scenario, ...values }, console);
	if (sketch === undefined) return Status.usage;
	const { shown, misfit } = sketch.explorer.replay(run);
	const table = mailTable(
		shown.asFinding,
		shown.picture.lanes.map((lane) => lane.name),
	);
	console.out(`${file}: ${run.scenario}\n\n${table.trimEnd()}`);
	if (misfit === undefined) {
		const of = shown.picture.finding?.code ?? shown.picture.ending;
		console.out(`\n\nall ${run.steps.length} steps fit: ${of}\n`);
		return Status.ok;
	}
	const line = run.steps[misfit.step]?.line ?? 0;
	console.out(`\n\n${misfit.message}${line > 0 ? ` (line ${line} when it was saved)` : ''}\n`);
	return Status.unexpected;
}
