/** Shared memory, and what follows from it. */
export interface Situation<T> {
	/** The vector of shared memory; only its first cells are looked at. */
	readonly cells: Int32Array;
	/** All that lies behind them, as a key. */
	readonly objects: string;
	readonly what: T;
}

/** What a cell of shared memory has to be; `objects` for all that lies behind the globals. */
export interface Condition {
	readonly cell: number | 'objects';
	readonly values: readonly (number | string)[];
}

/** What follows where all conditions hold. */
export interface Rule<T> {
	readonly conditions: readonly Condition[];
	readonly what: T;
}

/**
 * The situations in as few words as will tell apart those that differ in what follows: a decision tree, flattened. The
 * rules exclude each other, and say of each situation given what it says.
 * @param reads cells that decide it, as far as is known: the others, which may happen to go with them, only where these
 * are not enough
 * @param covers does what follows in the first situation say all that follows in the second?
 */
export function rulesOf<T>(
	situations: readonly Situation<T>[],
	globalCells: number,
	reads: ReadonlySet<number>,
	covers: (first: Situation<T>, second: Situation<T>) => boolean,
): Rule<T>[] {
	const kinds: Situation<T>[] = [];
	const items = situations.map((situation): Item<T> => {
		let kind = kinds.findIndex((k) => covers(k, situation));
		if (kind < 0) kind = kinds.push(situation) - 1;
		return { situation, kind };
	});
	const varying: number[] = [];
	const first = situations[0]?.cells;
	if (first !== undefined)
		for (let n = 0; n < globalCells; n++) if (situations.some((s) => s.cells[n] !== first[n])) varying.push(n);
	const objects = [...reads].some((cell) => cell >= globalCells);
	const read: Condition['cell'][] = [
		...varying.filter((n) => reads.has(n)),
		...(objects ? (['objects'] as const) : []),
	];
	return tree(items, read, [...varying, 'objects']).map(({ conditions, kind }) => ({
		conditions,
		what: (kinds[kind] as Situation<T>).what,
	}));
}

interface Item<T> {
	readonly situation: Situation<T>;
	readonly kind: number;
}
interface Branch {
	readonly conditions: readonly Condition[];
	readonly kind: number;
}

const valueIn = <T>({ situation }: Item<T>, cell: Condition['cell']): number | string =>
	cell === 'objects' ? situation.objects : (situation.cells[cell] as number);

function split<T>(items: readonly Item<T>[], cell: Condition['cell']): Map<number | string, Item<T>[]> {
	const groups = new Map<number | string, Item<T>[]>();
	for (const item of items) {
		const value = valueIn(item, cell);
		const group = groups.get(value);
		if (group === undefined) groups.set(value, [item]);
		else group.push(item);
	}
	return groups;
}

/** How much is left to tell apart. */
function disorder<T>(groups: Iterable<readonly Item<T>[]>): number {
	let sum = 0;
	for (const group of groups) {
		const counts = new Map<number, number>();
		for (const { kind } of group) counts.set(kind, (counts.get(kind) ?? 0) + 1);
		for (const n of counts.values()) sum -= n * Math.log2(n / group.length);
	}
	return sum;
}

/** The cell that tells most; all objects at once only when no other helps as much. */
function best<T>(
	items: readonly Item<T>[],
	cells: readonly Condition['cell'][],
): { readonly cell: Condition['cell']; readonly groups: Map<number | string, Item<T>[]> } | undefined {
	let found: ReturnType<typeof best<T>>;
	let least = Number.POSITIVE_INFINITY;
	for (const cell of cells) {
		const groups = split(items, cell);
		if (groups.size === 1) continue;
		const left = disorder(groups.values());
		if (left > least - 1e-9 || (cell === 'objects' && left > least / 2)) continue;
		found = { cell, groups };
		least = left;
	}
	return found;
}

function tree<T>(
	items: readonly Item<T>[],
	cells: readonly Condition['cell'][],
	others: readonly Condition['cell'][],
): Branch[] {
	const [first] = items;
	if (first === undefined) return [];
	if (items.every((i) => i.kind === first.kind)) return [{ conditions: [], kind: first.kind }];
	const { cell, groups } = best(items, cells) ?? best(items, others) ?? {};
	if (cell === undefined || groups === undefined) throw new Error('what follows depends on more than shared memory');
	const rest = cells.filter((c) => c !== cell);
	const branches = new Map<string, { values: (number | string)[]; below: Branch[] }>();
	for (const [value, group] of groups) {
		const below = tree(group, rest, others);
		const key = JSON.stringify(below);
		const known = branches.get(key);
		if (known === undefined) branches.set(key, { values: [value], below });
		else known.values.push(value);
	}
	return [...branches.values()].flatMap(({ values, below }) =>
		below.map(({ conditions, kind }) => ({
			conditions: branches.size === 1 ? conditions : [{ cell, values: values.sort(order) }, ...conditions],
			kind,
		})),
	);
}

const order = (a: number | string, b: number | string): number =>
	typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1;
