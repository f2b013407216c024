/** Steps that are remembered across edits: after an edit of one function only what runs through it is worked out again. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { expectedCells } from '../../src/explore/memo.js';
import { search } from '../../src/explore/search.js';
import { System } from '../../src/machine/system.js';
import { programOf } from '../oracle/compare.js';

/** Nobody else's: other tests of the process check the same sketches, and what they have left would be remembered. */
const URI = 'file:///of-the-memo.mmn';
const LIMITS = { maxStates: 5000, maxSeconds: 60 };

/** Searches all scenarios of a text: how many steps were worked out, also before it began anew, and what was found. */
async function searched(text: string): Promise<{ worked: number; states: string }> {
	const program = await programOf(URI, { read: async (uri) => (uri === URI ? text : undefined) });
	const work = vi.spyOn(System.prototype, 'remembered');
	const states: number[] = [];
	for (const scenario of program.scenarios) {
		const system = new System(program, scenario, program.uri, false, undefined, expectedCells);
		const steps = search(system, { ...LIMITS, maxMemoryMB: 1024 }, () => false);
		let step = steps.next();
		while (!step.done) step = steps.next();
		const { graph } = step.value;
		states.push(graph.count, graph.transitions);
		graph.release();
	}
	const worked = work.mock.calls.length;
	work.mockRestore();
	return { worked, states: states.join() };
}

const SEED = readFileSync(path.join(import.meta.dirname, '../../media/sketches/seed-wait-valid.mmn'), 'utf8');

test('where no code has changed, no step is worked out again', async () => {
	const first = await searched(SEED);
	const second = await searched(`/* a comment */\n\n${SEED}`);
	expect(first.worked).toBeGreaterThan(20);
	expect(second).toEqual({ worked: 0, states: first.states });
});

const TWO = (fault: string, callback: string) => `
#include <mn/list>
static DEFINE_MUTEX(lock);
static int a, b;
static void one(void)
{
	int x = 1;
	mutex_lock(&lock);
	a = ${fault};
	mutex_unlock(&lock);
}
static void other(void)
{
	int n;
	for (n = 0; n < 5; n++) {
		mutex_lock(&lock);
		b = ${callback};
		mutex_unlock(&lock);
	}
}
scenario s { expect ok; thread A { one(); } thread B { other(); } }
`;

test('after an edit of one function, steps of the others are known', async () => {
	const first = await searched(TWO('x', 'n'));
	const second = await searched(TWO('x * 1', 'n'));
	expect(second.states).toBe(first.states);
	expect(second.worked).toBeGreaterThan(0);
	expect(second.worked).toBeLessThan(first.worked / 2);
});

test('a cell that is written no more is read without a step, as if it had never been written', async () => {
	const reads = (write: string) => `
static int shared, other;
static int f(void) { return READ_ONCE(shared) + READ_ONCE(shared) + READ_ONCE(shared); }
scenario s { expect ok; thread A { int n = f(); other = n; } thread B { ${write} } }
`;
	const without = await searched(reads('other = 2;'));
	const once = await searched(reads('shared = 1;'));
	expect(await searched(reads('other = 2;'))).toMatchObject({ states: without.states });
	expect(once.states).not.toBe(without.states);
	expect(await searched(reads('shared = 1;'))).toMatchObject({ states: once.states });
});

test('a check that comes in between takes nothing from the other, and gives it nothing', async () => {
	const program = async (text: string) => programOf(URI, { read: async (uri) => (uri === URI ? text : undefined) });
	const begin = async (text: string) => {
		const p = await program(text);
		const [scenario] = p.scenarios;
		if (!scenario) throw new Error('there is a scenario');
		const system = new System(p, scenario, p.uri, false, undefined, expectedCells);
		return search(system, { ...LIMITS, maxMemoryMB: 1024 }, () => false);
	};
	const end = (steps: Awaited<ReturnType<typeof begin>>) => {
		let step = steps.next();
		while (!step.done) step = steps.next();
		const { count, transitions } = step.value.graph;
		step.value.graph.release();
		return `${count},${transitions}`;
	};
	const texts = [TWO('x', 'n'), TWO('x', 'n + 1 > 2 ? a : n')];
	const alone = [];
	for (const text of texts) alone.push(end(await begin(text)));
	const first = await begin(texts[0] ?? '');
	first.next();
	const second = await begin(texts[1] ?? '');
	second.next();
	expect([end(first), end(second)]).toEqual(alone);
	expect(end(await begin(texts[0] ?? ''))).toBe(alone[0]);
});
