/**
 * Counters stop where nobody can tell any more how far they have come (machine/lower/saturating.ts): what is found has to be the same as
 * with counters that go on.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { checkSketch } from '../../src/findings/check.js';

const RUNS = Number(process.env.NOTIFIER_LAB_RUNS ?? 40);
const SEED = Number(process.env.NOTIFIER_LAB_SEED ?? 20261130);

const seen = { sketches: 0, fewer: 0, wrong: 0 };
afterAll(() => console.log(`saturating: ${JSON.stringify(seen)}`));

/** What a check says, and how many states it took. */
async function told(text: string, counters: boolean) {
	const uri = 'file:///counter.mmn';
	const read = async (u: string) => (u === uri ? text : undefined);
	const { problems, scenarios } = await checkSketch(uri, { read }, { reduction: { counters } });
	expect(problems.filter((p) => p.severity === 'error')).toEqual([]);
	return {
		states: scenarios.reduce((n, s) => n + s.states, 0),
		found: scenarios.map((s) => [
			s.complete,
			s.verdict,
			s.findings.map((f) => `${f.code} ${f.span.line}:${f.span.column}`).sort(),
		]),
	};
}

async function compare(text: string): Promise<void> {
	const [stopped, endless] = [await told(text, true), await told(text, false)];
	expect(stopped.found, text).toEqual(endless.found);
	seen.sketches++;
	if (stopped.states < endless.states) seen.fewer++;
	if (stopped.found.some(([, verdict]) => verdict === 'fail')) seen.wrong++;
}

const constant = fc.integer({ min: -1, max: 3 });
const name = fc.constantFrom('a', 'b');
const compared = fc.tuple(fc.constantFrom('==', '!=', '<', '>', '<=', '>='), constant).map(([op, c]) => `${op} ${c}`);
/** Statements on two counters and an atomic one, each with all that a counter may be asked. */
const statement: fc.Arbitrary<string> = fc.oneof(
	{ weight: 4, arbitrary: name.map((n) => `${n}++;`) },
	{ weight: 2, arbitrary: fc.constant('atomic_inc(&c);') },
	fc.tuple(name, fc.integer({ min: 1, max: 2 })).map(([n, by]) => `${n} += ${by};`),
	fc.tuple(name, fc.integer({ min: 0, max: 5 })).map(([n, to]) => `WRITE_ONCE(${n}, ${to});`),
	fc.integer({ min: 0, max: 5 }).map((to) => `atomic_set(&c, ${to});`),
	fc.tuple(name, compared, name).map(([n, how, m]) => `if (READ_ONCE(${n}) ${how}) ${m}++;`),
	compared.map((how) => `if (atomic_read(&c) ${how}) atomic_inc(&c);`),
	fc.tuple(name, compared).map(([n, how]) => `assert(READ_ONCE(${n}) ${how});`),
	compared.map((how) => `wait_until(atomic_read(&c) ${how});`),
	name.map((n) => `if (!${n}) ${n} = 2;`),
	fc.tuple(name, compared, name).map(([n, how, m]) => `{ int l = READ_ONCE(${n}); if (l ${how}) ${m}++; }`),
	fc.tuple(name, name).map(([n, m]) => `WRITE_ONCE(${n}, 1); ${n} = ${m};`),
	fc.tuple(compared, name).map(([how, n]) => `{ int l; l = atomic_read(&c); l++; assert(l ${how}); ${n} = l; }`),
);
const body = fc.array(statement, { minLength: 1, maxLength: 4 }).map((all) => all.join(' '));

test('what is found is the same in random sketches', { timeout: 300_000 }, async () => {
	const sketch = fc
		.tuple(body, body)
		.map(
			([f, g]) =>
				`static int a;\nstatic unsigned int b;\nstatic atomic_t c;\nscenario s {\n\tthread A { ${f} }\n\tthread B { ${g} }\n}\n`,
		);
	await fc.assert(fc.asyncProperty(sketch, compare), { numRuns: RUNS, seed: SEED });
	expect(seen.fewer).toBeGreaterThan(RUNS / 20);
	expect(seen.wrong).toBeGreaterThan(RUNS / 20);
});

test.each(['s84-count-before-refusing', 's84-count-when-accepted'])('and in %s', async (file) => {
	await compare(readFileSync(path.join(import.meta.dirname, `../corpus/counters/${file}.mmn`), 'utf8'));
});
