import fc from 'fast-check';
import { expect, test } from 'vitest';
import { components, mayCycle, type Rows } from '../../src/explore/components.js';
import { drain } from '../../src/explore/turns.js';

const rowsOf = (edges: readonly (readonly number[])[]): Rows => {
	const first = [0];
	for (const targets of edges) first.push((first[first.length - 1] as number) + targets.length);
	return { count: edges.length, first: Int32Array.from(first), target: Int32Array.from(edges.flat()) };
};

const hasCycle = (rows: Rows): boolean => {
	const { component } = components(rows);
	for (let s = 0; s < rows.count; s++)
		for (let e = rows.first[s] as number; e < (rows.first[s + 1] as number); e++)
			if ((rows.target[e] as number) >= 0 && component[rows.target[e] as number] === component[s]) return true;
	return false;
};

const graphs = fc
	.integer({ min: 1, max: 12 })
	.chain((n) =>
		fc.array(fc.array(fc.integer({ min: -1, max: n - 1 }), { maxLength: 3 }), { minLength: n, maxLength: n }),
	)
	.map(rowsOf);

test('a graph with a cycle is never said to have none', () => {
	fc.assert(
		fc.property(graphs, (rows) => {
			if (hasCycle(rows)) expect(drain(mayCycle(rows))).toBe(true);
		}),
		{ numRuns: 2000, seed: 1 },
	);
});

test('edges to lower numbers are no cycle yet', () => {
	// 2 → 1 leads back and goes on to the end
	expect(drain(mayCycle(rowsOf([[1, 2], [3], [1], [-1]])))).toBe(false);
	expect(drain(mayCycle(rowsOf([[1, 2], [3], [1], [2]])))).toBe(true);
	expect(drain(mayCycle(rowsOf([[0]])))).toBe(true);
	expect(drain(mayCycle(rowsOf([[]])))).toBe(false);
});
