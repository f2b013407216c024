/** How long a check may take, and what it says of that. */

import { afterEach, expect, test, vi } from 'vitest';
import { checkSketch } from '../../src/findings/check.js';

afterEach(() => void vi.restoreAllMocks());

const alike = (threads: number) => `
static atomic_t counts[4];

static void work(void)
{
	for (int i = 0; i < 12; i++)
		atomic_inc(&counts[i % 4]);
}

scenario many {
${Array.from({ length: threads }, (_, n) => `\tthread T${n} { work(); }`).join('\n')}
}
`;

test('all that a scenario is looked at together takes the time that was given, and one number is told', async () => {
	let now = 0;
	// a clock that goes by how often it is looked at
	vi.spyOn(performance, 'now').mockImplementation(() => {
		now += 2;
		return now;
	});
	const text = alike(6);
	const { scenarios } = await checkSketch('file:///time.mmn', { read: async () => text }, { maxSeconds: 3 });
	const [{ bounds, milliseconds } = { bounds: undefined, milliseconds: 0 }] = scenarios;
	expect(bounds).toEqual(['the search stopped at 3 s']);
	expect(milliseconds).toBeGreaterThan(3000);
	expect(milliseconds).toBeLessThan(3500);
});
