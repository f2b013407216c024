/**
 * What Node 20 lacks and the parser library (chevrotain, under Langium) calls. esbuild injects this file ahead of every
 * bundle that has the language in it, so no import order can get it wrong.
 */

type Key = string | number | symbol;

function objectGroupBy<T>(items: Iterable<T>, keyOf: (item: T, index: number) => Key): Record<Key, T[]> {
	const groups: Record<Key, T[]> = Object.create(null);
	let index = 0;
	for (const item of items) {
		const key = keyOf(item, index++);
		groups[key] ??= [];
		groups[key].push(item);
	}
	return groups;
}

function mapGroupBy<K, T>(items: Iterable<T>, keyOf: (item: T, index: number) => K): Map<K, T[]> {
	const groups = new Map<K, T[]>();
	let index = 0;
	for (const item of items) {
		const key = keyOf(item, index++);
		const group = groups.get(key);
		if (group) group.push(item);
		else groups.set(key, [item]);
	}
	return groups;
}

for (const [owner, groupBy] of [
	[Object, objectGroupBy],
	[Map, mapGroupBy],
] as const) {
	if (!('groupBy' in owner)) {
		Object.defineProperty(owner, 'groupBy', { value: groupBy, writable: true, configurable: true });
	}
}
