import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holdsGarbage } from '../../src/machine/garbage.js';
import { addressOf, HEAP, Memory, stackSlot } from '../../src/machine/memory.js';

const GLOBALS = 2;
const heap = (n: number): number => HEAP | n;
const pointers = [0, 7, ...[0, 1, 2, 3].map((n) => addressOf(heap(n), n % 2)), addressOf(stackSlot(0, 1, 0), 0)];
const cell = fc.constantFrom(...pointers);
const object = fc.record({
	freed: fc.boolean(),
	references: fc.constantFrom(0, 0, 1),
	cells: fc.array(cell, { minLength: 1, maxLength: 3 }),
});

/** A packed vector with some heap objects and some locals. */
const vectors = fc
	.record({
		globals: fc.array(cell, { minLength: GLOBALS, maxLength: GLOBALS }),
		locals: fc.array(fc.option(object), { minLength: 2, maxLength: 2 }),
		objects: fc.array(fc.option(object), { minLength: 4, maxLength: 4 }),
	})
	.map(({ globals, locals, objects }) => {
		const packed = [...globals];
		const put = (slot: number, o: { freed: boolean; references: number; cells: number[] } | null): void => {
			if (o !== null) packed.push(slot, 0, o.freed ? 2 : 0, o.references, o.cells.length, ...o.cells);
		};
		for (const [n, o] of locals.entries()) put(stackSlot(0, 1, n), o);
		for (const [n, o] of objects.entries()) put(heap(n), o);
		return Int32Array.from(packed);
	});

test('garbage is seen in exactly the vectors that packing makes smaller', () => {
	let some = 0;
	fc.assert(
		fc.property(vectors, (vector) => {
			const packed = Memory.unpack(vector, GLOBALS).pack();
			some += packed.length < vector.length ? 1 : 0;
			expect(holdsGarbage(vector, GLOBALS)).toBe(packed.length < vector.length);
			if (packed.length === vector.length) expect([...packed]).toEqual([...vector]);
		}),
		{ numRuns: 2000 },
	);
	expect(some).toBeGreaterThan(100);
});
