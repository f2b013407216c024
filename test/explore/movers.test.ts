/**
 * Steps of as many operations as other threads cannot tell from one: whatever the graph of single operations shows, the
 * smaller one shows too, as far as it is asked (findings/clean.ts).
 */
import { globSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test, vi } from 'vitest';
import { componentsOf } from '../../src/explore/components.js';
import { canReach } from '../../src/explore/gap.js';
import type { Graph } from '../../src/explore/graph.js';
import { type SearchResult, search } from '../../src/explore/search.js';
import { drain, type Turns } from '../../src/explore/turns.js';
import { findingsOf } from '../../src/findings/analyse.js';
import { checkSketch } from '../../src/findings/check.js';
import { isClean } from '../../src/findings/clean.js';
import { findRaces } from '../../src/findings/codes/data-race.js';
import { classEdges } from '../../src/findings/lock-classes.js';
import type { Scenario } from '../../src/language/generated/ast.js';
import type { Program } from '../../src/language/program.js';
import { Footprints } from '../../src/machine/footprint.js';
import { System } from '../../src/machine/system.js';
import { Status } from '../../src/machine/thread.js';
import { disk, oneText, programOf, uriOf } from '../oracle/compare.js';
import { primitiveSketch } from '../oracle/primitives.js';
import { sketch } from '../oracle/sketches.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const RUNS = Number(process.env.NOTIFIER_LAB_RUNS ?? 60);
const SEED = Number(process.env.NOTIFIER_LAB_SEED ?? 20261122);
/** `npm test` compares all sketches, a quick look some. */
const ALL = process.env.NOTIFIER_LAB_ORACLE === 'all';
const EVERY = ALL ? 1 : 8;
const MOST = ALL ? 20_000 : 2_500;

const seen = { scenarios: 0, states: 0, merged: 0, symmetric: 0, clean: 0, wrong: 0, fatal: 0 };
afterAll(() => console.log(`movers: ${JSON.stringify(seen)}`));

const explored = (system: System, symmetric: boolean, merged: boolean): SearchResult =>
	drain(
		search(system, { maxStates: MOST, maxSeconds: 60, maxMemoryMB: 1024 }, () => false, {
			symmetric,
			...(merged && { merged: { races: true } }),
		}) as unknown as Turns<SearchResult>,
	);

/** The same, with every step taken anew whenever more is known of who touches what. */
function exploredAnew(system: System): SearchResult {
	const renew = vi.spyOn(Footprints.prototype, 'renew').mockImplementation(function (this: Footprints) {
		this.clear();
	});
	try {
		return explored(system, false, true);
	} finally {
		renew.mockRestore();
	}
}

/** Who has a lock instead that somebody gives back without having it, only single operations show. */
const reportsOf = (graph: Graph): Set<string> =>
	new Set(graph.reports.map(({ report: r }) => `${r.code} ${r.node.$cstNode?.offset}`));

/** What global memory may be when all have ended. */
function endsOf(graph: Graph): Set<string> {
	const ends = new Set<string>();
	const cells = graph.system.initialShared.length;
	for (let s = 0; s < graph.count; s++)
		if (graph.system.threads.every((_, t) => graph.status(s, t) === Status.ended)) {
			const shared = graph.sharedOf(s);
			// which place an object has depends on the order in which they are made
			if (shared.length === cells) ends.add(shared.join());
		}
	return ends;
}

/** May somebody who has not come to the end never get there? */
function someStuck(graph: Graph): boolean {
	const done: number[] = [];
	graph.running().forEach((mask, s) => {
		if (mask === 0) done.push(s);
	});
	return drain(canReach(graph.rowsOfEdges(), [Int32Array.from(done)])).includes(0);
}

function cycles(graph: Graph): boolean {
	const rows = graph.rowsOfEdges();
	const { component } = drain(componentsOf(rows));
	for (let s = 0; s < rows.count; s++)
		for (let e = rows.first[s] as number; e < (rows.first[s + 1] as number); e++)
			if (component[rows.target[e] as number] === component[s]) return true;
	return false;
}

const racesOf = (graph: Graph): Set<string> =>
	new Set(drain(findRaces(graph)).map((r) => graph.system.nameOf(r.address, graph.sharedOf(r.state))));
const orderOf = (graph: Graph): Set<string> => new Set(drain(classEdges(graph)).map((e) => `${e.from} -> ${e.to}`));

/** Takes the smaller graph's answers away from the whole one's. */
const missing = (whole: Set<string>, merged: Set<string>): string[] => [...whole].filter((x) => !merged.has(x));

function compare(program: Program, scenario: Scenario): void {
	const merged = explored(new System(program, scenario), false, true);
	if (!merged.graph.merged) return;
	const whole = explored(new System(program, scenario), false, false);
	if (!whole.complete) return;
	seen.scenarios++;
	seen.states += whole.graph.count;
	seen.merged += merged.graph.count;
	const what = scenario.name;
	expect(merged.complete, what).toBe(true);
	const anew = exploredAnew(new System(program, scenario));
	expect([merged.graph.count, merged.graph.transitions], `${what}: steps that were kept`).toEqual([
		anew.graph.count,
		anew.graph.transitions,
	]);
	anew.graph.release();
	expect(merged.graph.count, what).toBeLessThanOrEqual(whole.graph.count);
	expect(missing(reportsOf(merged.graph), reportsOf(whole.graph)), `${what}: reports too many`).toEqual([]);
	// where a run may end early, another report may come before one: that there is one is what counts
	if (whole.graph.reports.some(({ report }) => report.fatal)) {
		seen.fatal++;
		expect(merged.graph.reports.length, `${what}: a report`).toBeGreaterThan(0);
		return;
	}
	expect(missing(reportsOf(whole.graph), reportsOf(merged.graph)), `${what}: reports`).toEqual([]);
	expect(endsOf(merged.graph), `${what}: ends`).toEqual(endsOf(whole.graph));
	expect(someStuck(merged.graph), `${what}: stuck`).toBe(someStuck(whole.graph));
	if (cycles(whole.graph)) expect(cycles(merged.graph), `${what}: cycles`).toBe(true);
	expect(missing(racesOf(whole.graph), racesOf(merged.graph)), `${what}: races`).toEqual([]);
	expect(missing(orderOf(whole.graph), orderOf(merged.graph)), `${what}: lock order`).toEqual([]);
	const findings = findingsOf(whole.graph).map((f) => f.code);
	if (findings.length > 0) seen.wrong++;
	const both = explored(new System(program, scenario), true, true);
	if (both.graph.symmetric && !both.broken) {
		seen.symmetric++;
		if (drain(isClean(both.graph, () => true))) expect(findings, `${what}, without names`).toEqual([]);
	}
	both.graph.release();
	if (drain(isClean(merged.graph, () => true))) {
		seen.clean++;
		expect(findings, what).toEqual([]);
	}
	whole.graph.release();
	merged.graph.release();
}

test('nothing is missed in any sketch of the corpus', { timeout: 600_000 }, async () => {
	const files = globSync(['test/corpus/**/*.mmn', 'bench/peers/*.mmn'], { cwd: ROOT }).sort();
	for (const file of files.filter((_, n) => n % EVERY === 0)) {
		const program = await programOf(uriOf(path.join(ROOT, file)), disk);
		for (const scenario of program.scenarios) {
			const system = new System(program, scenario);
			if (system.problems.length > 0) continue;
			try {
				compare(program, scenario);
			} catch (e) {
				throw new Error(`${file} ${scenario.name}`, { cause: e });
			}
		}
	}
	expect(seen.clean).toBeGreaterThan(0);
});

const fixtures = globSync('test/explore/movers/*.mmn', { cwd: ROOT }).sort();
test.each(fixtures)('nor in %s, where something is wrong', async (file) => {
	const program = await programOf(uriOf(path.join(ROOT, file)), disk);
	const before = seen.wrong + seen.fatal;
	for (const scenario of program.scenarios) compare(program, scenario);
	expect(seen.wrong + seen.fatal).toBe(before + 1);
});

test('a large scenario has the same verdict in each way, and fewer states the more is left out', async () => {
	const uri = uriOf(path.join(ROOT, 'bench/peers/range-wait.mmn'));
	const states: number[] = [];
	for (const reduction of [
		{ symmetry: false, movers: false },
		{ symmetry: false, movers: true },
		{ symmetry: true, movers: false },
		{ symmetry: true, movers: true },
	]) {
		const only = ['deadlock', 'assertion'];
		const { scenarios } = await checkSketch(uri, disk, { scenarios: ['f2_i3_r2'], only, reduction });
		expect(scenarios[0]).toMatchObject({ verdict: 'ok', complete: true });
		states.push(scenarios[0]?.states ?? 0);
	}
	expect(states[0]).toBe(172_520);
	expect(states).toEqual([...states].sort((a, b) => b - a));
});

const LOCKS = {
	m0: { take: 'mutex_lock(&m0);', give: 'mutex_unlock(&m0);', cells: ['a', 'b'] },
	m1: { take: 'mutex_lock(&m1);', give: 'mutex_unlock(&m1);', cells: ['c'] },
	s0: { take: 'spin_lock(&s0);', give: 'spin_unlock(&s0);', cells: ['d'] },
	i0: { take: 'spin_lock_irq(&s0);', give: 'spin_unlock_irq(&s0);', cells: ['d'] },
	r0: { take: 'down_read(&r0);', give: 'up_read(&r0);', cells: [] },
	w0: { take: 'down_write(&r0);', give: 'up_write(&r0);', cells: ['e'] },
};
type Lock = keyof typeof LOCKS;
const ORDER: readonly Lock[] = ['w0', 'r0', 'm0', 'm1', 's0', 'i0'];

/** Statements on a variable, most of them harmless. */
const on = (cell: string): fc.Arbitrary<string> =>
	fc.constantFrom(
		`${cell} = any(0, 1);`,
		`${cell} = ${cell} == 2 ? 0 : ${cell} + 1;`,
		`${cell} = 1;`,
		`v = ${cell};`,
		`if (${cell} == 1)\n${cell} = v;`,
		`WRITE_ONCE(${cell}, 2);`,
		`atomic { ${cell} = 0; v = ${cell}; }`,
		`v = xchg(&${cell}, 1);`,
		`if (${cell} == 2)\nreturn_early = 1;`,
		`WARN_ON(${cell} > 2);`,
	);
const loose = fc.oneof(
	{ weight: 4, arbitrary: on('u') },
	{
		weight: 2,
		arbitrary: fc.constantFrom('v = READ_ONCE(a);', 'v = READ_ONCE(e);', 'c = 1;', 'assert(d != 1 || v != 2);'),
	},
	{
		weight: 3,
		arbitrary: fc.constantFrom(
			'wait_event(q0, READ_ONCE(u) != 1);',
			'WRITE_ONCE(u, 0);\nwake_up(&q0);',
			'atomic_inc(&k);',
			'if (atomic_dec_and_test(&k))\nv = 1;',
			'v = any(0, 2);',
			'if (mutex_trylock(&m1)) {\nc = v;\nmutex_unlock(&m1);\n}',
			'if (!mutex_lock_interruptible(&m0)) {\na = 1;\nmutex_unlock(&m0);\n}',
			'again: mutex_lock(&m0);\nif (a == 2) {\nmutex_unlock(&m0);\ncpu_relax();\ngoto again;\n}\nb = 1;\nmutex_unlock(&m0);',
			'complete(&done);',
			'wait_for_completion(&done);',
			'if (mutex_is_locked(&m1))\nv = 2;',
		),
	},
);
const inside: Readonly<Record<Lock, fc.Arbitrary<string>>> = {
	m0: fc.oneof(
		on('a'),
		on('b'),
		fc.constantFrom(
			'if (!g)\ng = kzalloc(sizeof(*g), GFP_ATOMIC);',
			'if (g)\ng->n = v;',
			'if (g)\nv = g->n;',
			'kfree(g);\ng = NULL;',
			'if (lp)\n*lp = 1;',
		),
	),
	m1: on('c'),
	s0: on('d'),
	i0: on('d'),
	r0: fc.constantFrom('v = e;', 'if (e == 1)\nv = 2;'),
	w0: on('e'),
};

/** A critical section, with others in it in one order. */
const section = (from: number): fc.Arbitrary<string> =>
	fc.integer({ min: from, max: ORDER.length - 1 }).chain((at) => {
		const lock = ORDER[at] as Lock;
		const { take, give } = LOCKS[lock];
		const part = fc.oneof(
			{ weight: 6, arbitrary: inside[lock] },
			{ weight: 1, arbitrary: on('u') },
			...(at < 4 ? [{ weight: 2, arbitrary: section(at < 2 ? 2 : at + 1) }] : []),
		);
		return fc.array(part, { minLength: 1, maxLength: 3 }).map((list) => [take, ...list, give].join('\n'));
	});
const local = fc
	.array(section(2), { minLength: 1, maxLength: 2 })
	.map(
		(list) =>
			`{\nint w = 0;\nmutex_lock(&m0);\nlp = &w;\nmutex_unlock(&m0);\n${list.join('\n')}\nmutex_lock(&m0);\nlp = NULL;\nmutex_unlock(&m0);\n}`,
	);
const orderly = fc
	.record({
		bodies: fc.array(
			fc.array(
				fc.oneof(
					{ weight: 6, arbitrary: section(0) },
					{ weight: 2, arbitrary: loose },
					{ weight: 1, arbitrary: local },
				),
				{ minLength: 1, maxLength: 3 },
			),
			{ minLength: 2, maxLength: 3 },
		),
		twice: fc.boolean(),
		daemon: fc.boolean(),
		errors: fc.boolean(),
		last: fc.constantFrom('', 'finally { assert(a != 2 || b != 1); }', 'finally { assert(!g || g->n != 2); }'),
	})
	.map(({ bodies, twice, daemon, errors, last }) => {
		const all = twice ? [...bodies, bodies[0] as string[]] : bodies;
		const threads = all.map((body, n) => {
			const text = body.map((part, m) => part.replaceAll('again', `again${m}`)).join('\n');
			return `${daemon && n === 1 ? 'daemon' : 'thread'} T${n} {\nint v = 0;\nint return_early = 0;\n${text}\n}`;
		});
		return `struct box { int n; };
static DEFINE_MUTEX(m0);
static DEFINE_MUTEX(m1);
static DEFINE_SPINLOCK(s0);
static DECLARE_RWSEM(r0);
static DECLARE_WAIT_QUEUE_HEAD(q0);
static DECLARE_COMPLETION(done);
static atomic_t k;
static int a, b, c, d, e, u;
static struct box *g;
static int *lp;

scenario s {
${errors ? '' : 'config no_errors;'}
${threads.join('\n')}
${last}
}
`;
	});

test(`nor in any of ${RUNS} random ones`, { timeout: 1000 * RUNS + 60_000 }, async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.oneof(
				{ weight: 1, arbitrary: sketch },
				{ weight: 1, arbitrary: primitiveSketch },
				{ weight: 3, arbitrary: orderly },
			),
			async (text) => {
				const program = await programOf('file:///sketch.mmn', oneText(text));
				for (const scenario of program.scenarios) compare(program, scenario);
			},
		),
		{ numRuns: RUNS, seed: SEED },
	);
});
