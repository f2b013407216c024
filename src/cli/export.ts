import { type ExportLimits, modelOf } from '../export/model.js';
import { notInPromela, promela } from '../export/promela.js';
import { notInTla, tla } from '../export/tla.js';
import { mermaidForm } from '../findings/forms/mermaid.js';
import { svgForm } from '../findings/forms/svg.js';
import { kernelLibraries } from '../kernel/library.js';
import { loadProgram } from '../language/program.js';
import { type Console, Status, UsageError } from './console.js';
import { exploreSketch } from './explored.js';
import { DiskSources, oneInput, pathNames } from './inputs.js';
import { didYouMean } from './nearest.js';
import { parseOptions, positive } from './options.js';

const TARGETS = ['promela', 'tla', 'mermaid', 'svg'] as const;
type Target = (typeof TARGETS)[number];

/** `notifier-lab export`: one scenario as a model for another checker, or its run as a drawing, on standard output. */
export async function exportScenario(args: readonly string[], console: Console): Promise<Status> {
	const { values, positionals } = parseOptions('export', args, {
		to: { type: 'string' },
		scenario: { type: 'string' },
		'max-states': { type: 'string' },
		'max-seconds': { type: 'string' },
		'no-reduction': { type: 'boolean' },
		finding: { type: 'string' },
	});
	const [file] = positionals;
	if (file === undefined || positionals.length > 1)
		throw new UsageError('export: name one sketch, or - for standard input');
	const target = values.to;
	if (target === undefined) throw new UsageError(`export: --to says what for: ${TARGETS.join(', ')}`);
	if (!isTarget(target))
		throw new UsageError(
			`export: nothing is exported to '${target}'${didYouMean(target, TARGETS)}; there are ${TARGETS.join(', ')}`,
		);
	if (target !== 'promela' && target !== 'tla') {
		if (values['no-reduction'] === true) throw new UsageError(`export: --no-reduction is not for ${target}`);
		const sketch = await exploreSketch('export', file, values, console);
		if (sketch === undefined) return Status.usage;
		const { picture } = sketch.explorer.found(sketch.finding);
		console.out(target === 'svg' ? svgForm(picture) : mermaidForm(picture));
		return Status.ok;
	}
	if (values.finding !== undefined)
		throw new UsageError('export: a model shows every finding: --finding is for drawings');
	const limits: ExportLimits = {
		maxStates: positive('max-states', values['max-states'], true, 'export') ?? 300_000,
		maxSeconds: positive('max-seconds', values['max-seconds'], false, 'export') ?? 30,
	};
	const input = await oneInput('export', file, console);
	const sources = new DiskSources([input]);
	const program = await loadProgram(input.uri, sources, kernelLibraries);
	const nameOf = pathNames([input], console.cwd);
	const complain = (problems: readonly { message: string; span: { uri: string; line: number } }[]): Status => {
		for (const p of problems) console.err(`${nameOf(p.span.uri)}:${p.span.line}: error: ${p.message}\n`);
		return Status.usage;
	};
	const wrong = program.problems.filter((p) => p.severity === 'error');
	if (wrong.length > 0) return complain(wrong);
	const names = program.scenarios.map((s) => s.name);
	if (names.length === 0)
		throw new UsageError(
			`export: ${file} has no scenario: write the one that you want to export; notifier-lab scenario ${file} prints one to begin with`,
		);
	if (values.scenario === undefined && names.length > 1)
		throw new UsageError(`export: which scenario of ${file}? --scenario ${names.join(', --scenario ')}`);
	const scenario = program.scenarios.find((s) => s.name === (values.scenario ?? names[0]));
	if (scenario === undefined)
		throw new UsageError(
			`export: no scenario is called ${values.scenario}${didYouMean(values.scenario ?? '', names)}; there are ${names.join(', ')}`,
		);
	const model = modelOf(program, scenario, limits, values['no-reduction'] === true);
	if ('problems' in model) return complain(model.problems);
	const missing = target === 'tla' ? notInTla(model) : notInPromela(model);
	if (missing.length > 0)
		throw new UsageError(
			`export: scenario ${scenario.name} cannot be exported to ${target}: it uses ${missing.join(', ')}`,
		);
	if (target === 'tla') {
		const text = tla(model, input.path, scenario.name);
		if (text === undefined)
			throw new UsageError(
				`export: the search stopped after ${model.counts.states} states, before it was clear what all threads can do: give it more with --max-states and --max-seconds`,
			);
		console.out(text);
		return Status.ok;
	}
	if (!model.counts.complete)
		console.err(
			`notifier-lab: export: the search stopped after ${model.counts.states} states; the model says so itself should it be too small\n`,
		);
	console.out(promela(model, input.path, scenario.name));
	return Status.ok;
}

function isTarget(text: string): text is Target {
	return (TARGETS as readonly string[]).includes(text);
}
