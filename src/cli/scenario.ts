import { checkSketch } from '../findings/check.js';
import { addScenario } from '../findings/fixes/add-scenario.js';
import { kernelLibraries } from '../kernel/library.js';
import { loadProgram } from '../language/program.js';
import { type Console, Status, UsageError } from './console.js';
import { DiskSources, oneInput, pathNames } from './inputs.js';
import { parseOptions, positive } from './options.js';
import { ProgressLine } from './progress.js';

/** `scenario FILE`: prints scenarios for a sketch that has none, as the editor adds them, ready for `>>FILE`: those that show what is wrong. */
export async function printScenario(args: readonly string[], console: Console): Promise<Status> {
	const { positionals, values } = parseOptions('scenario', args, {
		'max-states': { type: 'string' },
		'max-seconds': { type: 'string' },
	});
	const maxStates = positive('max-states', values['max-states'], true, 'scenario');
	const maxSeconds = positive('max-seconds', values['max-seconds'], false, 'scenario');
	const [file] = positionals;
	if (file === undefined || positionals.length > 1)
		throw new UsageError('scenario: name one sketch, or - for standard input');
	const input = await oneInput('scenario', file, console);
	const sources = new DiskSources([input]);
	const program = await loadProgram(input.uri, sources, kernelLibraries);
	const wrong = program.problems.filter((p) => p.severity === 'error');
	const nameOf = pathNames([input], console.cwd);
	for (const p of wrong) console.err(`${nameOf(p.span.uri)}:${p.span.line}: error: ${p.message}\n`);
	if (wrong.length > 0) return Status.usage;
	if (program.scenarios.length > 0)
		throw new UsageError(
			`scenario: ${file} has ${program.scenarios.length === 1 ? 'one' : 'some'}: ${program.scenarios.map((s) => s.name).join(', ')}`,
		);
	const progress = new ProgressLine(console);
	const { scenarios } = await checkSketch(input.uri, sources, {
		...(maxStates !== undefined && { maxStates }),
		...(maxSeconds !== undefined && { maxSeconds }),
		onProgress: progress.show,
	});
	progress.clear();
	const [edit] =
		addScenario(
			program,
			scenarios.flatMap((s) => s.findings),
		)?.edits ?? [];
	if (edit === undefined)
		throw new UsageError(
			`scenario: nothing in ${file} could run: it has no callback whose notifier could be registered, and no fault handler that could be called`,
		);
	console.out(`\n${edit.text.trim()}\n`);
	return Status.ok;
}
