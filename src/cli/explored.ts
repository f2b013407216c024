import { type Exploration, Explorer, explore, firstToShow } from '../findings/explorer/explorer.js';
import type { Picture } from '../findings/explorer/picture.js';
import { type Console, UsageError } from './console.js';
import { DiskSources, type Input, oneInput, pathNames } from './inputs.js';
import { didYouMean } from './nearest.js';
import { positive } from './options.js';
import { ProgressLine } from './progress.js';

/** Options of the commands that show the runs of one scenario. */
export const RUN_OPTIONS = {
	scenario: { type: 'string' },
	finding: { type: 'string' },
	'max-states': { type: 'string' },
	'max-seconds': { type: 'string' },
	'max-memory': { type: 'string' },
} as const;

interface RunValues {
	readonly scenario?: string | undefined;
	readonly finding?: string | undefined;
	readonly 'max-states'?: string | undefined;
	readonly 'max-seconds'?: string | undefined;
	readonly 'max-memory'?: string | undefined;
}

/** One scenario of one sketch, searched. */
export interface ExploredSketch {
	readonly input: Input;
	readonly exploration: Exploration;
	readonly explorer: Explorer;
	/** Index of the finding that was asked for, or of the first; null where nothing was found. */
	readonly finding: number | null;
	text(uri: string): string | undefined;
	path(uri: string): string;
}

/**
 * Searches a scenario of a sketch: the one that is named, else the first that is not as expected.
 * @returns undefined when the sketch has errors; they are printed
 * @throws UsageError for what cannot be meant
 */
export async function exploreSketch(
	command: string,
	file: string,
	values: RunValues,
	console: Console,
): Promise<ExploredSketch | undefined> {
	const input = await oneInput(command, file, console);
	const sources = new DiskSources([input]);
	const path = pathNames([input], console.cwd);
	const progress = new ProgressLine(console);
	const maxStates = positive('max-states', values['max-states'], true, command);
	const maxSeconds = positive('max-seconds', values['max-seconds'], false, command);
	const maxMemoryMB = positive('max-memory', values['max-memory'], true, command);
	let exploration: Exploration;
	try {
		exploration = await explore(input.uri, sources, {
			...(values.scenario !== undefined && { scenarios: [values.scenario] }),
			...(maxStates !== undefined && { maxStates }),
			...(maxSeconds !== undefined && { maxSeconds }),
			...(maxMemoryMB !== undefined && { maxMemoryMB }),
			onProgress: progress.show,
		});
	} finally {
		progress.clear();
	}
	const { result } = exploration;
	const wrong = result.problems.filter((p) => p.severity === 'error');
	for (const p of wrong) console.err(`${path(p.span.uri)}:${p.span.line}: error: ${p.message}\n`);
	if (wrong.length > 0) return undefined;
	const name = values.scenario ?? firstToShow(result);
	const explorer = name === undefined ? undefined : Explorer.of(exploration, name);
	if (explorer === undefined) {
		const there = [...input.text.matchAll(/^\s*scenario\s+(\w+)/gm)].map((m) => m[1] ?? '');
		if (values.scenario === undefined) throw new UsageError(`${command}: ${file} has no scenario: write one`);
		const list = there.length === 0 ? '' : `; there are ${there.join(', ')}`;
		throw new UsageError(
			`${command}: no scenario is called ${values.scenario}${didYouMean(values.scenario, there)}${list}`,
		);
	}
	return {
		input,
		exploration,
		explorer,
		finding: findingOf(command, explorer, values.finding),
		text: (uri) => sources.text(uri),
		path,
	};
}

function findingOf(command: string, { scenario }: Explorer, wanted: string | undefined): number | null {
	const shown = scenario.findings.findIndex((f) => f.code !== 'bounded');
	if (wanted === undefined) return shown < 0 ? null : shown;
	const index = scenario.findings.findIndex((f) => f.code === wanted);
	if (index >= 0) return index;
	const codes = [...new Set(scenario.findings.map((f) => f.code))];
	const list = codes.length === 0 ? 'nothing was found' : `there are ${codes.join(', ')}`;
	throw new UsageError(`${command}: ${scenario.name} shows no ${wanted}${didYouMean(wanted, codes)}; ${list}`);
}

/** The pictures of all findings of a file, each with all its states unless its run is a very long one. */
export function picturesOf(exploration: Exploration): Map<string, Picture> {
	const pictures = new Map<string, Picture>();
	for (const { name, findings } of exploration.result.scenarios) {
		const explorer = Explorer.of(exploration, name);
		if (explorer === undefined) continue;
		const wanted = findings.length === 0 ? [null] : findings.map((_, n) => n);
		for (const n of wanted) pictures.set(pictureKey(name, n ?? -1), explorer.found(n).picture);
	}
	return pictures;
}

/** -1: the run of a scenario without findings. */
export const pictureKey = (scenario: string, finding: number): string => `${scenario}#${finding}`;
