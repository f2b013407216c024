import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { search } from '../../src/explore/search.js';
import { System } from '../../src/machine/system.js';
import { programOf } from '../oracle/compare.js';

const CORPUS = path.resolve(import.meta.dirname, '../corpus');
/** Heap objects that come and go, ranges on stacks, sequence counters, interrupts. */
const FOLDERS = ['drivers', 'lifetime', 'hmm', 'locks', 'context'];
const LIMITS = { maxStates: 2_000, maxSeconds: 60, maxMemoryMB: 512 };

/** Searches, and takes each remembered step once more by running it. Returns how many there were. */
function compareSteps(system: System): number {
	let compared = 0;
	const { remembered } = system;
	system.remembered = (thread, local, shared, names) => {
		const known = remembered.call(system, thread, local, shared, names);
		const { moves, wait } = system.step(thread, local, shared);
		expect(known.wait).toEqual(wait);
		expect(known.reports ?? moves.map(() => [])).toEqual(moves.map((m) => m.reports));
		expect(known.timeout).toBe(moves.length > 0 && moves.every((m) => m.timeout));
		const targets = moves.flatMap((m) => (m.fatal ? [-1, -1] : [names.local(m.local), names.shared(m.shared)]));
		expect(known.targets).toEqual(targets);
		compared++;
		return known;
	};
	for (const _ of search(system, LIMITS, () => false));
	return compared;
}

describe.each(FOLDERS)('a step that is remembered is the step that would be taken: %s', (folder) => {
	test.each(readdirSync(path.join(CORPUS, folder)).filter((f) => f.endsWith('.mmn')))('%s', async (file) => {
		const program = await programOf(`file://${path.join(CORPUS, folder, file)}`);
		let compared = 0;
		for (const scenario of program.scenarios.slice(0, 2)) compared += compareSteps(new System(program, scenario));
		expect(compared).toBeGreaterThan(0);
	});
});
