/** How it can still end: compared with a plain walk through the graph, and with what the check has said. */
import { globSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Explored } from '../../../src/findings/check.js';
import { Explorer, explore } from '../../../src/findings/explorer/explorer.js';
import { Outlooks } from '../../../src/findings/explorer/outlook.js';
import { savedRunOf } from '../../../src/findings/explorer/saving.js';
import { isGoodEnd } from '../../../src/findings/explorer/ways.js';
import { Status } from '../../../src/machine/thread.js';
import { disk, uriOf } from '../../oracle/compare.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
/** The fast loop looks at some of the sketches. */
const EVERY = process.env.NOTIFIER_LAB_ORACLE === 'all' ? 1 : 9;
const MOST = 3000;
const sketches = globSync(['test/corpus/**/*.mmn', 'media/sketches/*.mmn'], { cwd: ROOT })
	.map((file) => file.split(path.sep).join('/'))
	.sort()
	.filter((_, n) => n % EVERY === 0);

/** Codes whose runs do not end badly: they warn of what may be. */
const NO_END = new Set(['data-race', 'lock-order', 'bounded']);

/** States from which some path leads to a good end, and to a state in which a thread is stuck or a step that is fatal, one by one. */
function plain({ graph }: Explored): { well: boolean[]; badly: boolean[] } {
	const reach = (isEnd: (s: number) => boolean): boolean[] => {
		const from: number[][] = Array.from({ length: graph.count }, () => []);
		const found = Array.from({ length: graph.count }, (_, s) => isEnd(s));
		for (let s = 0; s < graph.count; s++) {
			const { from: first, to } = graph.edges(s);
			for (let e = first; e < to; e++) if (graph.target(e) >= 0) from[graph.target(e)]?.push(s);
		}
		const queue = found.flatMap((is, s) => (is ? [s] : []));
		for (const s of queue)
			for (const p of from[s] ?? [])
				if (!found[p]) {
					found[p] = true;
					queue.push(p);
				}
		return found;
	};
	const running = (s: number): number[] =>
		graph.system.threads.flatMap((_, t) => (graph.status(s, t) === Status.running ? [t] : []));
	const edges = (s: number): number[] => {
		const { from, to } = graph.edges(s);
		return Array.from({ length: to - from }, (_, n) => from + n);
	};
	// a thread is stuck where no state that can be reached lets it move
	const moves = graph.system.threads.map((_, t) =>
		reach((s) => edges(s).some((e) => graph.edgeThread(e) === t || graph.target(e) < 0)),
	);
	const stuck = (s: number): boolean => running(s).some((t) => moves[t]?.[s] !== true);
	return {
		well: reach((s) => running(s).length === 0),
		badly: reach((s) => stuck(s) || edges(s).some((e) => graph.target(e) < 0)),
	};
}

describe.each(sketches)('%s', (file) => {
	test('outlooks, and every run replayed', { timeout: 120_000 }, async () => {
		const exploration = await explore(uriOf(path.join(ROOT, file)), disk);
		for (const scenario of exploration.result.scenarios) {
			const [part] = exploration.explored.get(scenario.name) ?? [];
			const explorer = Explorer.of(exploration, scenario.name);
			if (part === undefined || explorer === undefined || part.graph.count > MOST || !scenario.complete) continue;
			const codes = scenario.findings.map((f) => f.code);
			const outlooks = new Outlooks(part.graph, codes);
			const naive = plain(part);
			for (let s = 0; s < part.graph.count; s++) {
				const is = outlooks.of(s);
				expect(is, `${scenario.name}: state ${s} is searched`).not.toBe('unknown');
				// never a wrong "well": where a thread can get stuck, or a step is fatal, that is told
				if (naive.badly[s]) expect(is, `${scenario.name}: state ${s}`).not.toBe('well');
				if (is === 'badly') expect(naive.badly[s] || codes.length > 0, `${scenario.name}: state ${s}`).toBe(true);
				if (is === 'well') expect(naive.well[s], `${scenario.name}: state ${s}`).toBe(true);
			}
			const bad = codes.some(
				(code) => !NO_END.has(code) && scenario.findings.some((f) => f.code === code && f.severity === 'error'),
			);
			if (scenario.findings.length === 0) expect(outlooks.of(0), `${scenario.name} is ok`).toBe('well');
			if (bad) expect(outlooks.of(0), `${scenario.name} fails`).not.toBe('well');
			for (const [n, finding] of scenario.findings.entries()) {
				const shown = explorer.found(n);
				const { picture } = shown;
				expect(picture.finding?.code).toBe(finding.code);
				// the lens above the scenario counts as the explorer does; setup has a row of its own
				const early = finding.run.filter(({ thread }) => thread === 'setup');
				expect(picture.steps, `${finding.code} in ${scenario.name}`).toHaveLength(finding.run.length - early.length);
				if (early.length > 0) expect(picture.setup.some(({ wrong }) => wrong.length > 0)).toBe(true);
				if (finding.cycleStart)
					expect(picture.cycleStart).toBe(finding.run.filter((r) => r.step < (finding.cycleStart ?? 0)).length);
				expect(picture.states).toHaveLength(picture.steps.length + 1);
				// a saved run comes back to the same picture
				const again = explorer.replay(savedRunOf(picture));
				expect(again.misfit).toBeUndefined();
				expect(again.shown.schedule).toEqual(shown.schedule);
				// every other way does what is said of it
				for (const [at, step] of picture.steps.entries())
					for (const way of step.alternatives.slice(0, 2)) {
						const branch = explorer.branch(shown, at, way.lane, way.choice, false);
						expect(branch, `${scenario.name}: a way at step ${at}`).toBeDefined();
						if (branch === undefined) continue;
						const last = branch.schedule[branch.schedule.length - 1];
						const end = last === undefined ? 0 : part.graph.targetOf(last.state, last.thread, last.choice);
						if (way.outlook === 'well')
							expect(isGoodEnd(outlooks, end), `${scenario.name}: ${way.text} ends well`).toBe(true);
						if (way.outlook === 'badly')
							expect(end < 0 || !isGoodEnd(outlooks, end), `${scenario.name}: ${way.text} ends badly`).toBe(true);
					}
			}
		}
		exploration.release();
	});
});
