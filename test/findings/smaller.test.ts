/** A smaller instance of a long search: what it shows at once, and what it must not say. */
import { describe, expect, test } from 'vitest';
import { checkSketch } from '../../src/findings/check.js';
import type { ScenarioResult } from '../../src/findings/result.js';
import { checkScenario } from '../../src/findings/scenario.js';
import { lasting, smallestInstance } from '../../src/findings/smaller.js';
import type { Scenario } from '../../src/language/generated/ast.js';
import { System } from '../../src/machine/system.js';
import { oneText, programOf } from '../oracle/compare.js';

const sketch = (threads: string, more = ''): string => `
static DEFINE_MUTEX(a);
static DEFINE_MUTEX(b);
static DECLARE_COMPLETION(done);
static int x[3];
static void forth(void) { int p = any(0, 2); x[p] = p; mutex_lock(&a); mutex_lock(&b); mutex_unlock(&b); mutex_unlock(&a); }
static void back(void) { int p = any(0, 2); x[p] = 0; mutex_lock(&b); mutex_lock(&a); mutex_unlock(&a); mutex_unlock(&b); }
static void waits(void) { int p = any(0, 2); x[p] = p; x[p] = 7; x[p] = 2; wait_for_completion(&done); }
static void counts(void) { int p = any(0, 2); x[p] = p; x[p] = 7; x[p] = 2; }
scenario s { ${threads} ${more} }
`;
const CROSSED =
	'thread A1 { forth(); } thread B1 { back(); } thread A2 { forth(); } thread A3 { forth(); } thread B2 { back(); }';
const WAITING = 'thread A1 { waits(); } thread A2 { waits(); } thread A3 { counts(); } thread A4 { counts(); }';

async function check(text: string): Promise<{ early: ScenarioResult[]; last: ScenarioResult }> {
	const early: ScenarioResult[] = [];
	const { scenarios, problems } = await checkSketch('file:///sketch.mmn', oneText(text), {
		maxStates: 400_000,
		held: true,
		onEarly: (result) => early.push(result),
	});
	expect(problems.filter((p) => p.severity === 'error')).toEqual([]);
	return { early, last: scenarios[0] as ScenarioResult };
}

describe('a smaller instance', () => {
	test('has one of each kind of thread', async () => {
		const threads = async (text: string): Promise<ReadonlySet<string> | undefined> => {
			const program = await programOf('file:///sketch.mmn', oneText(text));
			return smallestInstance(new System(program, program.scenarios[0] as Scenario));
		};
		expect([...((await threads(sketch(CROSSED))) ?? [])].sort()).toEqual(['A1', 'B1']);
		expect(await threads(sketch('thread A { forth(); } thread B { back(); }'))).toBeUndefined();
		// what everybody has done is said by everybody
		expect(await threads(sketch(CROSSED, 'finally { BUG_ON(x[0] == 9); }'))).toBeUndefined();
	});

	test('shows the error of a long search before it ends, and the search finds it, too', async () => {
		const { early, last } = await check(sketch(CROSSED));
		expect(early).toHaveLength(1);
		const [part] = early as [ScenarioResult];
		expect(part.findings.map((f) => f.code)).toEqual(['deadlock']);
		expect(part).toMatchObject({ name: 's', complete: false, verdict: 'fail', threads: ['A1', 'B1'] });
		expect(part.states).toBeLessThan(last.states / 50);
		expect(last.findings.map((f) => f.code)).toContain('deadlock');
	});

	test('says nothing that others could make good: here somebody else may still wake the waiting', async () => {
		const program = await programOf('file:///sketch.mmn', oneText(sketch(WAITING)));
		const scenario = program.scenarios[0] as Scenario;
		const threads = smallestInstance(new System(program, scenario)) as ReadonlySet<string>;
		const part = await checkScenario(program, scenario, {}, { threads });
		if ('problems' in part) throw new Error('no instance');
		// nobody else is there, so it is a deadlock of these; of more threads it need not be one
		expect(part.findings.map((f) => f.code)).toContain('deadlock');
		expect(lasting(part.findings)).toEqual([]);
	});
});
