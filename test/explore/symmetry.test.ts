/**
 * One state for all that differ only in which of several interchangeable threads is where: as many as there are classes
 * of states in the whole graph, and called clean only where the whole graph is.
 */
import { globSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { Graph } from '../../src/explore/graph.js';
import { type SearchResult, search } from '../../src/explore/search.js';
import { symmetryOf } from '../../src/explore/symmetry.js';
import { drain, type Turns } from '../../src/explore/turns.js';
import { findingsOf } from '../../src/findings/analyse.js';
import { isClean } from '../../src/findings/clean.js';
import type { Scenario } from '../../src/language/generated/ast.js';
import type { Program } from '../../src/language/program.js';
import { System } from '../../src/machine/system.js';
import { oneText, programOf, uriOf } from '../oracle/compare.js';
import { primitiveSketch } from '../oracle/primitives.js';
import { sketch } from '../oracle/sketches.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const RUNS = Number(process.env.NOTIFIER_LAB_RUNS ?? 40);
const SEED = Number(process.env.NOTIFIER_LAB_SEED ?? 20261122);
const MOST = 40_000;

const seen = { sketches: 0, symmetric: 0, broken: 0, clean: 0, wrong: 0 };
afterAll(() => console.log(`symmetry: ${JSON.stringify(seen)}`));

const explored = (system: System, symmetric: boolean): SearchResult =>
	drain(
		search(system, { maxStates: MOST, maxSeconds: 60, maxMemoryMB: 1024 }, () => false, {
			symmetric,
		}) as unknown as Turns<SearchResult>,
	);

/** How many classes the states of a whole graph fall into when threads that are alike are exchanged. */
function classes(graph: Graph, alike: readonly number[]): number {
	const { system } = graph;
	const part = (s: number, t: number): string => {
		const vector = graph.local(s, t).slice();
		// the same function, once for each of them
		const at = 8 + 2 * (vector[6] as number);
		const first = alike[t] as number;
		if ((vector[7] as number) > 0 && vector[at] === system.threads[t]?.entry.index)
			vector[at] = system.threads[first]?.entry.index as number;
		return `${first}: ${vector.join()}`;
	};
	const found = new Set<string>();
	for (let s = 0; s < graph.count; s++)
		found.add(
			`${system.threads
				.map((_, t) => part(s, t))
				.sort()
				.join('|')}|${graph.sharedOf(s).join()}`,
		);
	return found.size;
}

function compare(program: Program, scenario: Scenario): void {
	seen.sketches++;
	const quotient = explored(new System(program, scenario), true);
	if (!quotient.graph.symmetric) return;
	if (quotient.broken) {
		seen.broken++;
		return;
	}
	const whole = explored(new System(program, scenario), false);
	if (!whole.complete) return;
	seen.symmetric++;
	const alike = symmetryOf(quotient.graph.system) as readonly number[];
	expect(quotient.complete).toBe(true);
	expect(quotient.graph.count).toBe(classes(whole.graph, alike));
	const findings = findingsOf(whole.graph).map((f) => f.code);
	if (findings.length > 0) seen.wrong++;
	if (!drain(isClean(quotient.graph, () => true))) return;
	seen.clean++;
	expect(findings).toEqual([]);
}

test('no sketch of the corpus is called clean that is not', { timeout: 120_000 }, async () => {
	for (const file of globSync(['test/corpus/**/*.mmn', 'bench/peers/*.mmn'], { cwd: ROOT }).sort()) {
		const program = await programOf(uriOf(path.join(ROOT, file)));
		for (const scenario of program.scenarios) {
			const system = new System(program, scenario);
			if (system.problems.length === 0 && symmetryOf(system) !== undefined) compare(program, scenario);
		}
	}
});

test(`nor is any of ${RUNS} random ones`, { timeout: 1000 * RUNS + 60_000 }, async () => {
	const twice = fc
		.oneof(sketch, primitiveSketch)
		.map((text) =>
			text.replace(/^\t(thread|daemon) (\w) \{[\s\S]*?^\t\}/gm, (block, kind, name) =>
				/interrupt I on/.test(text) ? block : `${block}\n${block.replace(`${kind} ${name}`, `${kind} ${name}2`)}`,
			),
		);
	await fc.assert(
		fc.asyncProperty(twice, async (text) => {
			const program = await programOf('file:///sketch.mmn', oneText(text));
			for (const scenario of program.scenarios) compare(program, scenario);
		}),
		{ numRuns: RUNS, seed: SEED },
	);
	expect(seen.symmetric).toBeGreaterThan(RUNS / 8);
	expect(seen.clean).toBeGreaterThan(0);
	expect(seen.wrong).toBeGreaterThan(0);
});
