/** Exported models, as far as it needs no SPIN. */
import { describe, expect, test } from 'vitest';
import { type Model, modelOf } from '../../src/export/model.js';
import { notInPromela, promela } from '../../src/export/promela.js';
import { cPrimitive } from '../../src/export/promela-primitives.js';
import { primitives } from '../../src/kernel/primitives.js';
import type { Scenario } from '../../src/language/generated/ast.js';
import { oneText, programOf } from '../oracle/compare.js';

const SKETCH = `
static DEFINE_MUTEX(a);
static DEFINE_MUTEX(b);
static int shared;
scenario crossed {
	thread A { mutex_lock(&a); mutex_lock(&b); shared = 1; mutex_unlock(&b); mutex_unlock(&a); }
	thread B { mutex_lock(&b); mutex_lock(&a); shared = 2; mutex_unlock(&a); mutex_unlock(&b); }
}
`;

/** Some thousand states: a search looks at five hundred before it looks at its limits. */
const COUNTING = `
static int x, y, z;
scenario counting {
	thread A { x = any(1, 9); y = any(1, 9); z = x + y; }
	thread B { y = any(1, 9); z = any(1, 9); x = y + z; }
}
`;

async function modelFor(text: string): Promise<Model> {
	const program = await programOf('file:///sketch.mmn', oneText(text));
	const scenario = program.scenarios[0];
	if (scenario === undefined) throw new Error('no scenario');
	const model = modelOf(program, scenario, { maxStates: 1000, maxSeconds: 10 }, false);
	if ('problems' in model) throw new Error(model.problems.map((p) => p.message).join('\n'));
	return model;
}

describe('a model of a scenario', () => {
	test('has a process for each thread, and says what to expect', async () => {
		const model = await modelFor(SKETCH);
		const text = promela(model, 'crossed.mmn', 'crossed');
		expect(text.match(/^active proctype \w+/gm)).toEqual(['active proctype A_0', 'active proctype B_1']);
		expect(model.counts).toMatchObject({ complete: true, deadlocks: 1, failures: 0 });
		expect(text).toContain(`found ${model.counts.states} states, ${model.counts.transitions} transitions`);
		expect(text).toContain('sketch.mmn:6: mutex_lock(&b)');
		expect(text).toMatch(/#define G_shared \d+/);
	});

	test('names the size of state vector that it needs', async () => {
		const sizeFor = async (objects: number): Promise<number> => {
			const text = `static long *kept[${objects}];
static void fill(void)
{
	for (int i = 0; i < ${objects}; i++) {
		kept[i] = kmalloc(64 * sizeof(long), GFP_KERNEL | __GFP_NOFAIL);
		kept[i][0] = i;
	}
}
scenario s { thread A { fill(); } }`;
			return Number(/-DVECTORSZ=(\d+)/.exec(promela(await modelFor(text), 'a.mmn', 's'))?.[1]);
		};
		expect(await sizeFor(1)).toBeLessThanOrEqual(2048);
		expect(await sizeFor(20)).toBeGreaterThan(20 * 64 * 4);
	});

	test('has room to spare where the search did not come to its end, and says so', async () => {
		const program = await programOf('file:///sketch.mmn', oneText(COUNTING));
		const model = modelOf(program, program.scenarios[0] as Scenario, { maxStates: 600, maxSeconds: 10 }, false);
		if ('problems' in model) throw new Error('no model');
		expect(model.counts.complete).toBe(false);
		expect(promela(model, 'counting.mmn', 'counting')).toContain('the model is larger');
	});

	test('holds no quotes or comments of the sketch that would end its own', async () => {
		const text = promela(
			await modelFor('static int x;\nscenario s { thread A { /* " */ x = 1; assert(x == 1 /* } */); } }'),
			'a*/b.mmn',
			's',
		);
		expect(text.match(/\/\*/g)?.length).toBe(text.match(/\*\//g)?.length);
		expect(text).not.toContain('\\"');
	});
});

describe('what Promela has nothing for', () => {
	test('is named', async () => {
		const model = await modelFor(SKETCH);
		const strange = {
			...model,
			primitive: (n: number) => (model.primitive(n) === 'mutex_lock' ? 'strange' : model.primitive(n)),
		};
		expect(notInPromela(model)).toEqual([]);
		expect(notInPromela(strange)).toEqual(['the primitive strange']);
	});

	test('primitives that have a body agree on what a step is', () => {
		const differ = primitives.filter((p) => {
			const c = cPrimitive(p.name);
			return c !== undefined && (c.visible !== p.visible || c.sleeps !== (p.sleeps === true));
		});
		expect(differ.map((p) => p.name)).toEqual([]);
	});
});
