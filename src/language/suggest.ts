/** "Did you mean": the closest of the names that could stand there. */

/** The number of insertions, deletions, changes and swaps of neighbours between two words; `limit` + 1 when more. */
export function editDistance(a: string, b: string, limit: number): number {
	if (Math.abs(a.length - b.length) > limit) return limit + 1;
	let before: number[] = [];
	let last = Array.from({ length: b.length + 1 }, (_, i) => i);
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		let best = i;
		for (let j = 1; j <= b.length; j++) {
			const change = a[i - 1] === b[j - 1] ? 0 : 1;
			let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + change);
			if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
				cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
			row.push(cost);
			best = Math.min(best, cost);
		}
		if (best > limit) return limit + 1;
		before = last;
		last = row;
	}
	return last[b.length] ?? limit + 1;
}

/** The candidate closest to `name`, if one is close enough to be a slip of the hand. */
export function closest(name: string, candidates: Iterable<string>): string | undefined {
	const limit = name.length <= 3 ? 1 : name.length <= 7 ? 2 : 3;
	let best: string | undefined;
	let least = limit + 1;
	for (const candidate of candidates) {
		if (candidate === name) continue;
		// Two short names have nothing to do with each other unless they are the same in another case.
		if (name.length <= 2 && candidate.toLowerCase() !== name.toLowerCase()) continue;
		const distance = editDistance(name, candidate, limit);
		// A slip of the hand seldom changes the first letter and another one.
		if (distance > 1 && name.length <= 8 && candidate[0] !== name[0]) continue;
		if (distance < least || (distance === least && best !== undefined && candidate < best)) {
			least = distance;
			best = candidate;
		}
	}
	return best;
}

/** "; did you mean 'x'?" or nothing. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
	const found = closest(name, candidates);
	return found === undefined ? '' : `; did you mean '${found}'?`;
}
