/** The same scenario with its thread blocks in other orders. */

import { isInterruptItem, isThreadItem, type Scenario } from '../../src/language/generated/ast.js';

/** All orders for up to three threads, the reversed one for more; without the one that stands in the text. */
export function permutations(scenario: Scenario): Scenario[] {
	const at = scenario.items.flatMap((item, n) => (isThreadItem(item) || isInterruptItem(item) ? [n] : []));
	const orders = at.length <= 3 ? permuted(at).slice(1) : [at.toReversed()];
	return orders.map((order) => {
		const items = [...scenario.items];
		order.forEach((from, n) => {
			items[at[n] as number] = scenario.items[from] as Scenario['items'][number];
		});
		// the tree is shared: everything but the order is the same object
		return Object.create(scenario, { items: { value: items } }) as Scenario;
	});
}

/** All orders, the given one first. */
function permuted<T>(list: readonly T[]): T[][] {
	if (list.length <= 1) return [[...list]];
	return list.flatMap((first, n) => permuted(list.toSpliced(n, 1)).map((rest) => [first, ...rest]));
}
