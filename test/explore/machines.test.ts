/** The hot loop in WebAssembly and its twin in TypeScript: the same graph, down to the number of each state. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/explore/graph.js';
import { twinMachine } from '../../src/explore/loop/twin.js';
import { wasmMachine } from '../../src/explore/loop/wasm.js';
import { search } from '../../src/explore/search.js';
import type { Program } from '../../src/language/program.js';
import { System } from '../../src/machine/system.js';
import { oneText, programOf, uriOf } from '../oracle/compare.js';

const ROOT = path.resolve(import.meta.dirname, '../..');

function graphs(program: Program, name: string, most: number, symmetric = false): Graph[] {
	const scenario = program.scenarios.find((s) => s.name === name);
	if (scenario === undefined) throw new Error(`no scenario ${name}`);
	return [wasmMachine, twinMachine].map((make) => {
		const system = new System(program, scenario);
		const machine = (): ReturnType<typeof twinMachine> => {
			const made = make();
			if (made === undefined) throw new Error('there is no WebAssembly');
			return made;
		};
		const steps = search(system, { maxStates: most, maxSeconds: 60, maxMemoryMB: 1024 }, () => false, {
			machine,
			symmetric,
		});
		let step = steps.next();
		while (!step.done) step = steps.next();
		return step.value.graph;
	});
}

/** Everything a graph says, as text. */
function* told(graph: Graph): Generator<string> {
	for (let s = 0; s < graph.count; s++) {
		const parts = graph.system.threads.map((_, t) => graph.local(s, t).join(' '));
		yield `${s} at ${graph.depths[s]}: ${parts.join(' | ')} | ${graph.sharedOf(s).join(' ')}`;
		const { from, to } = graph.edges(s);
		for (let e = from; e < to; e++)
			yield `${s} ${graph.edgeThread(e)} ${graph.edgeChoice(e)} -> ${graph.target(e)} ${graph.timeouts.has(e)}`;
	}
	for (const { state, thread, choice, report } of graph.reports)
		yield `${state} ${thread} ${choice} ${report.code} ${report.message}`;
}

function expectSame([a, b]: readonly Graph[]): void {
	if (a === undefined || b === undefined) throw new Error('two graphs');
	const other = told(b);
	let n = 0;
	for (const line of told(a)) {
		const same = other.next().value;
		if (same !== line) expect(`${n}: ${same}`).toBe(`${n}: ${line}`);
		n++;
	}
	expect(other.next().done).toBe(true);
}

/** Many threads, so that a state does not fit one word; many shared values, so that the memo is no array. */
const wide = (threads: number, rounds: number): string => `
static int count[${threads}];
static void work(int n)
{
	int i;
	for (i = 0; i < ${rounds}; i++)
		count[n] = count[n] + 1;
}
scenario wide {
${Array.from({ length: threads }, (_, n) => `	thread T${n} { work(${n}); }`).join('\n')}
}`;

/** What a step can be: handlers (gates), renumbered sequences, timeouts, many choices, finally, a run's end. */
const sketches: [file: string, scenario: string][] = [
	['bench/peers/range-wait.mmn', 'f2_i2_r2'],
	['bench/peers/interval.mmn', 'f2_i2_r1'],
];

describe('WebAssembly and TypeScript have the same graph', () => {
	test.each(sketches)('of %s %s', async (file, name) => {
		expectSame(graphs(await programOf(uriOf(path.join(ROOT, file))), name, 50_000));
	});

	test.each(sketches)('of %s %s without the names of threads', async (file, name) => {
		const [a, b] = graphs(await programOf(uriOf(path.join(ROOT, file))), name, 50_000, true);
		expect(a?.symmetric).toBe(true);
		expectSame([a as Graph, b as Graph]);
	});

	test.each([
		'context/s88-trylock.mmn',
		'liveness/spin-for-interrupt.mmn',
		'liveness/retries-that-end.mmn',
		'interval/insert-while-active.mmn',
		'drivers/mlx5_odp.mmn',
		'workqueue/s66-other-driver-flushes.mmn',
	])('of all scenarios of %s', async (file) => {
		const program = await programOf(uriOf(path.join(ROOT, 'test/corpus', file)));
		for (const { name } of program.scenarios) expectSame(graphs(program, name, 20_000));
	});

	test('of states of several words', async () => {
		const [a, b] = graphs(await programOf('file:///sketch.mmn', oneText(wide(14, 2))), 'wide', 30_000);
		expect(a?.count).toBeGreaterThanOrEqual(30_000);
		expectSame([a as Graph, b as Graph]);
	});

	test('with a memo that is a hash table', async () => {
		const [a, b] = graphs(await programOf('file:///sketch.mmn', oneText(wide(3, 8))), 'wide', 100_000);
		expect(a?.count).toBeGreaterThan(20_000);
		expectSame([a as Graph, b as Graph]);
	});
});

test('the module is what its source compiles to', { timeout: 30_000 }, () => {
	execFileSync(process.execPath, ['scripts/assembly.mjs', '--check'], { cwd: ROOT, stdio: 'pipe' });
});
