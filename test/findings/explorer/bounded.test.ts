/** A search that was cut short still has a run to look at, and ways to take. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { Explorer, explore } from '../../../src/findings/explorer/explorer.js';
import { disk, uriOf } from '../../oracle/compare.js';

const FILE = path.resolve(import.meta.dirname, '../../corpus/workqueue/s66-other-driver-queues.mmn');

test('what was cut short shows a run as far as the search got', async () => {
	const exploration = await explore(uriOf(FILE), disk, { scenarios: ['four_parties'], maxStates: 500 });
	const explorer = Explorer.of(exploration, 'four_parties');
	const shown = explorer?.found(null);
	expect(shown?.picture.finding?.code).toBe('bounded');
	expect(shown?.picture.complete).toBe(false);
	expect(shown?.picture.steps.length).toBeGreaterThan(0);
	expect(shown?.picture.ending, 'it is no end').toMatch(/can go on$/);
	const [way] = shown?.picture.steps[0]?.alternatives ?? [];
	if (shown === undefined || way === undefined) throw new Error('no other way');
	expect(explorer?.branch(shown, 0, way.lane, way.choice, true)?.picture.branchAt).toBe(0);
});
