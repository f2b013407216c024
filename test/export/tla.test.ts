/** Modules for TLC: read and searched by a reader of TLA+ of its own (tla/evaluate.ts), they have our states. */
import { globSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Model, modelOf } from '../../src/export/model.js';
import { notInTla, tla } from '../../src/export/tla.js';
import type { Scenario } from '../../src/language/generated/ast.js';
import { oneText, programOf, uriOf } from '../oracle/compare.js';
import { explore, Module } from './tla/evaluate.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** A few of each kind: locks, objects, sequence counters, interrupts, daemons, finally, timers. TLA_ALL=1 takes the corpus. */
const SAMPLE = [
	'seed/s01-goto-again-holding-lock',
	'seed/s06-callback-takes-the-lock',
	'range-lock/s13-*',
	'locks/s59-*-leak-*',
	'interval/s31-no-set-seq',
	'interval/s37-*',
	'kvm/s19-only-the-count',
	'liveness/s03-endless-invalidator',
	'liveness/s34-retry-without-new-snapshot',
	'lifetime/s82-*',
	'context/s86-*',
	'context/s88-trylock',
];
const MOST = Number(process.env.TLA_STATES ?? 170);
const patterns = process.env.TLA_ALL === '1' ? ['**/*'] : SAMPLE;

function modelFor(program: Awaited<ReturnType<typeof programOf>>, scenario: Scenario, maxStates: number): Model {
	const model = modelOf(program, scenario, { maxStates, maxSeconds: 20 }, false);
	if ('problems' in model) throw new Error(model.problems.map((p) => p.message).join('\n'));
	return model;
}

/** Pairs of states that our edges lead between. */
function edgesOf({ graph }: Model): number {
	const pairs = new Set<string>();
	for (let s = 0; s < graph.count; s++)
		for (let { from, to } = graph.edges(s); from < to; from++)
			if (graph.target(from) >= 0) pairs.add(`${s} ${graph.target(from)}`);
	return pairs.size;
}

const searched = async (text: string) => explore(await Module.parse(text));
const all: [string, string, Awaited<ReturnType<typeof programOf>>, Scenario][] = [];
for (const file of patterns.flatMap((p) => globSync(`test/corpus/${p}.mmn`, { cwd: ROOT })).sort()) {
	const program = await programOf(uriOf(path.join(ROOT, file)));
	for (const scenario of program.scenarios)
		all.push([file.replace('test/corpus/', ''), scenario.name, program, scenario]);
}

describe('a module has the states that we count', () => {
	let compared = 0;
	test.each(all)('%s %s', async (file, name, program, scenario) => {
		const model = modelFor(program, scenario, MOST + 1);
		if (!model.counts.complete || model.counts.states > MOST || notInTla(model).length > 0) return;
		const { states, edges, deadlocks, violated } = await searched(tla(model, file, name) as string);
		expect({ states, edges, deadlocks }).toEqual({
			states: model.counts.states,
			edges: edgesOf(model),
			deadlocks: model.counts.deadlocks,
		});
		const fatal = new Set(model.graph.reports.map(({ thread, report }) => (thread === -1 ? '' : report.code)));
		expect(violated.some((v) => /^(No_|Finally)/.test(v))).toBe(model.counts.failures > 0);
		for (const v of violated)
			if (v !== 'Finally') expect([...fatal]).toContain(v.replace(/^(No|Never)_/, '').replaceAll('_', '-'));
		compared++;
	});
	test('enough of them', () => expect(compared).toBeGreaterThan(15));
});

const COUNTING = `
static DEFINE_MUTEX(a);
static int x;
scenario counting {
	thread A { mutex_lock(&a); x = any(1, 9); mutex_unlock(&a); }
	thread B { mutex_lock(&a); x = any(1, 9); mutex_unlock(&a); }
	thread C { mutex_lock(&a); x = any(1, 9); mutex_unlock(&a); BUG_ON(x == 3); }
	finally { BUG_ON(x == 4); }
}
`;

describe('a scenario that is larger than its search', () => {
	const model = async (states: number): Promise<Model> => {
		const program = await programOf('file:///sketch.mmn', oneText(COUNTING));
		return modelFor(program, program.scenarios[0] as Scenario, states);
	};

	test('has its whole module all the same: each thread was tried with all of shared memory', async () => {
		const [part, whole] = [await model(20), await model(10_000)];
		expect([part.counts.complete, whole.counts.complete]).toEqual([false, true]);
		const text = tla(part, 'counting.mmn', 'counting') as string;
		expect(text).toContain(`stopped after ${part.counts.states} states`);
		const { states, edges, deadlocks, violated } = await searched(text);
		expect({ states, edges, deadlocks }).toEqual({
			states: whole.counts.states,
			edges: edgesOf(whole),
			deadlocks: whole.counts.deadlocks,
		});
		expect(violated).toEqual(['Finally', 'No_assertion']);
	});

	test('needs no more than a search that does not tell alike threads apart', async () => {
		const program = await programOf(uriOf(path.join(ROOT, 'bench/peers/range-wait.mmn')));
		const scenario = program.scenarios.find((s) => s.name === 'f2_i2_r2') as Scenario;
		// 20,980 states, 6,330 where threads have no names
		const text = tla(modelFor(program, scenario, 8000), 'range-wait.mmn', 'f2_i2_r2') as string;
		expect(text).toContain('Go(t, "faulter:17 (2)", mem)');
		// an array is the last of the globals, and there are no objects
		expect(text).not.toMatch(/undefined|objects =/);
		const module = await Module.parse(text);
		expect(module.initial()).toHaveLength(1);
		const whole = tla(modelFor(program, scenario, 30_000), 'range-wait.mmn', 'f2_i2_r2') as string;
		const body = (module: string): string[] => module.slice(module.indexOf('EXTENDS')).split('\n').sort();
		expect(body(text)).toEqual(body(whole));
	});

	test('has none where it counts for ever', async () => {
		const program = await programOf(uriOf(path.join(ROOT, 'test/corpus/kvm/s19-only-the-count.mmn')));
		expect(tla(modelFor(program, program.scenarios[0] as Scenario, 20), 'x.mmn', 'x')).toBeUndefined();
	});
});

test('the least int is written so that TLC can read it', async () => {
	const text = `
static int least = INT_MIN;
static int other;
scenario least {
	thread A { int seen = least; other = seen; least = 1; }
	thread B { least = INT_MIN; other = 2; }
}
`;
	const program = await programOf('file:///sketch.mmn', oneText(text));
	const model = modelFor(program, program.scenarios[0] as Scenario, 1000);
	const module = tla(model, 'least.mmn', 'least') as string;
	expect(module).not.toContain('2147483648');
	expect(module).toContain('= (-2147483647 - 1)');
	const { states, edges } = await searched(module);
	expect({ states, edges }).toEqual({ states: model.counts.states, edges: edgesOf(model) });
});

test('what is not TLA+ is refused by the grammar', async () => {
	await expect(Module.parse('---- MODULE M ----\nA == [at EXCEPT\n====\n')).rejects.toThrow('not TLA+');
	await expect(Module.parse('---- MODULE M ----\nA == B\nB == 1\n====\n')).rejects.toThrow('not there yet');
});
