import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSketch } from '../../src/findings/check.js';
import { renumber } from '../../src/machine/sequences.js';

const apply = (values: readonly number[]): number[] => {
	const to = renumber(values);
	return values.map((v) => to?.get(v) ?? v);
};

describe('renumbering of sequence counters', () => {
	const values = fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 8 });

	test('keeps order, equality and parity', () => {
		fc.assert(
			fc.property(values, (old) => {
				const renumbered = apply(old);
				old.forEach((a, i) => {
					expect((renumbered[i] as number) & 1).toBe(a & 1);
					old.forEach((b, j) => {
						expect(Math.sign((renumbered[i] as number) - (renumbered[j] as number))).toBe(Math.sign(a - b));
					});
				});
			}),
		);
	});

	test('keeps small distances, so that what comes next meets no older value', () => {
		fc.assert(
			fc.property(values, (old) => {
				const renumbered = apply(old);
				old.forEach((a, i) => {
					old.forEach((b, j) => {
						const distance = (renumbered[i] as number) - (renumbered[j] as number);
						if (Math.abs(a - b) <= 3) expect(distance).toBe(a - b);
						else expect(Math.abs(distance)).toBeGreaterThan(3);
					});
				});
			}),
		);
	});

	test('of renumbered values changes nothing, and zero stays zero', () => {
		fc.assert(
			fc.property(values, (old) => {
				expect(renumber(apply(old))).toBeUndefined();
			}),
		);
		expect(renumber([0, 7, 0])?.get(0)).toBeUndefined();
	});

	test('leaves few values, however large they were', () => {
		fc.assert(
			fc.property(values, (old) => {
				expect(Math.max(0, ...apply(old))).toBeLessThanOrEqual(2 + 5 * old.length);
			}),
		);
	});
});

/** A counter that a daemon bumps for ever; the thread looks at it by `look`. */
const counter = (look: string): string => `
static unsigned long seq;
static int done;
static void bump(void) { seq++; }
static void reader(void)
{
	unsigned long snapshot = seq;

	${look}
	done = 1;
}
scenario s { pages 1; thread R { reader(); } daemon D { bump(); } }
`;

describe('a counter that grows without end', () => {
	const check = (text: string) => checkSketch('file:///s.mmn', { read: async () => text }, { maxStates: 3000 });

	test.each([
		['compared for equality', 'if (snapshot != seq) done = 2;'],
		['compared by parity', 'if (snapshot & 1) done = 2;'],
		['copied', 'unsigned long copy = snapshot; if (copy == seq) done = 2;'],
		['compared with a number (it stops behind that)', 'if (snapshot == 5) done = 2;'],
		['asked whether it is zero', 'if (snapshot) done = 2;'],
	])('%s leaves finitely many states', async (_, look) => {
		const { scenarios } = await check(counter(look));
		expect(scenarios[0]?.complete).toBe(true);
	});

	test.each([
		['by order', 'if (snapshot < seq) done = 2;'],
		['with another number that is not known', 'if (snapshot == (unsigned long)done) done = 2;'],
		['and indexes', 'int a[4]; a[snapshot & 3] = 1;'],
	])('looked at %s is a number, and the search says that it stopped', async (_, look) => {
		const { scenarios } = await check(counter(look));
		expect(scenarios[0]?.complete).toBe(false);
		expect(scenarios[0]?.verdict).not.toBe('ok');
	});

	test('a stale snapshot never looks fresh again', async () => {
		const { scenarios } = await check(`
static unsigned long seq;
static int moved;
static void bump(void) { atomic { moved = 1; seq = seq + 2; } }
static void reader(void)
{
	unsigned long snapshot;

	atomic { snapshot = seq; moved = 0; }
	atomic { assert(snapshot != seq || !moved); }
}
scenario s { pages 1; thread R { reader(); } daemon D { bump(); } expect ok; }
`);
		expect(scenarios[0]).toMatchObject({ verdict: 'ok', complete: true });
	});
});
