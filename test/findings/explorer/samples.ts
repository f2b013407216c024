/** Pictures of runs that everybody knows: what the page is drawn from in its tests. */
import path from 'node:path';
import { Explorer, explore } from '../../../src/findings/explorer/explorer.js';
import type { Picture } from '../../../src/findings/explorer/picture.js';
import { disk, uriOf } from '../../oracle/compare.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');

/** By file name: sketch, scenario, and the code of the finding to show; null for a run that ends well. */
export const SAMPLES: Readonly<Record<string, readonly [file: string, scenario: string, code: string | null]>> = {
	'seed-deadlock': ['media/sketches/seed-wait-valid.mmn', 'fault_races_munmap', 'deadlock'],
	's27-deadlock': ['test/corpus/interval/s27-read-begin-under-lock.mmn', 'two_invalidators', 'deadlock'],
	's30-stale-mapping': ['test/corpus/interval/s30-retry-never-checked.mmn', '', 'stale-mapping'],
	's62-deadlock': ['test/corpus/locks/s62-mmap-lock-read-twice.mmn', 'user_copy_and_munmap', 'deadlock'],
	's66-four-parties': ['test/corpus/workqueue/s66-other-driver-flushes.mmn', 'four_parties', 'deadlock'],
	's94-stale-tlb': ['test/corpus/tlb/s94-callback-flushes-late.mmn', 'munmap_frees_in_between', 'stale-tlb'],
	's03-starvation': ['test/corpus/liveness/s03-endless-invalidator.mmn', 'fault_races_endless_munmap', 'starvation'],
	'seed-green': ['test/corpus/seed/s01-unlock-before-retry.mmn', '', null],
};

export async function explorerOf(file: string, scenario: string): Promise<Explorer> {
	const uri = uriOf(path.join(ROOT, file));
	const exploration = await explore(uri, disk);
	const explorer = Explorer.of(exploration, scenario || (exploration.result.scenarios[0]?.name ?? ''));
	if (explorer === undefined) throw new Error(`${file} has no scenario ${scenario}`);
	return explorer;
}

/** The picture of a sample, the same on every machine. */
export async function sample(name: string): Promise<Picture> {
	const [file, scenario, code] = SAMPLES[name] as (typeof SAMPLES)[string];
	const explorer = await explorerOf(file, scenario);
	const index = code === null ? null : explorer.scenario.findings.findIndex((f) => code === '' || f.code === code);
	return portable(explorer.found(index).picture, path.dirname(uriOf(path.join(ROOT, file))));
}

/** Without the folder of this checkout. */
export function portable<T>(value: T, folder: string): T {
	return JSON.parse(JSON.stringify(value).replaceAll(folder, 'file:///sketches'));
}

/** A picture as text whose lines can be compared: one for each step and each state. */
export function asLines(picture: Picture): string {
	const lines = Object.entries(picture).map(([key, value]) => {
		const many = Array.isArray(value) && value.length > 0 && typeof value[0] === 'object';
		const text = many ? `[\n${value.map((one) => JSON.stringify(one)).join(',\n')}\n]` : JSON.stringify(value);
		return `${JSON.stringify(key)}: ${text}`;
	});
	return `{\n${lines.join(',\n')}\n}\n`;
}
