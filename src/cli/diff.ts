/** Lines around a change that are shown with it, as `diff -u` has it. */
const CONTEXT = 3;

interface Line {
	readonly kind: ' ' | '-' | '+';
	readonly text: string;
}

/**
 * What makes `after` of `before`, in the unified form that `patch` and `git apply -p0` read; empty where nothing does.
 * A line's end belongs to it: `\r\n` that has become `\n` is a change, and a last line without an end says so.
 */
export function unifiedDiff(path: string, before: string, after: string): string {
	if (before === after) return '';
	const lines = compared(linesOf(before), linesOf(after));
	const changed = lines.flatMap(({ kind }, n) => (kind === ' ' ? [] : [n]));
	const hunks: [from: number, to: number][] = [];
	for (const n of changed) {
		const last = hunks.at(-1);
		if (last && n - CONTEXT <= last[1]) last[1] = Math.min(lines.length, n + 1 + CONTEXT);
		else hunks.push([Math.max(0, n - CONTEXT), Math.min(lines.length, n + 1 + CONTEXT)]);
	}
	const count = (from: number, to: number, without: Line['kind']): number =>
		lines.slice(from, to).filter(({ kind }) => kind !== without).length;
	const range = (start: number, length: number): string =>
		`${length === 0 ? start : start + 1}${length === 1 ? '' : `,${length}`}`;
	const texts = hunks.map(([from, to]) => {
		const old = range(count(0, from, '+'), count(from, to, '+'));
		const now = range(count(0, from, '-'), count(from, to, '-'));
		const body = lines
			.slice(from, to)
			.map(({ kind, text }) => `${kind}${text}${text.endsWith('\n') ? '' : '\n\\ No newline at end of file\n'}`);
		return `@@ -${old} +${now} @@\n${body.join('')}`;
	});
	return `--- ${path}\n+++ ${path}\n${texts.join('')}`;
}

const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** A shortest way from one list of lines to the other: E. W. Myers, An O(ND) Difference Algorithm and Its Variations, 1986. */
function compared(a: readonly string[], b: readonly string[]): Line[] {
	const most = a.length + b.length;
	/** By diagonal `x - y`, the furthest `x`; one map for each number of changes. */
	const rounds: Map<number, number>[] = [];
	let furthest = new Map<number, number>([[1, 0]]);
	for (let changes = 0; changes <= most; changes++) {
		rounds.push(new Map(furthest));
		for (let k = -changes; k <= changes; k += 2) {
			let x = isDown(furthest, k, changes) ? (furthest.get(k + 1) ?? 0) : (furthest.get(k - 1) ?? 0) + 1;
			while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
			furthest.set(k, x);
			if (x >= a.length && x - k >= b.length) return backwards(a, b, rounds);
		}
		furthest = new Map(furthest);
	}
	return [];
}

const isDown = (furthest: ReadonlyMap<number, number>, k: number, changes: number): boolean =>
	k === -changes || (k !== changes && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));

function backwards(a: readonly string[], b: readonly string[], rounds: readonly Map<number, number>[]): Line[] {
	const lines: Line[] = [];
	let [x, y] = [a.length, b.length];
	for (let changes = rounds.length - 1; changes >= 0; changes--) {
		const furthest = rounds[changes] as Map<number, number>;
		const k = x - y;
		const down = isDown(furthest, k, changes);
		const from = furthest.get(down ? k + 1 : k - 1) ?? 0;
		const start = changes === 0 ? 0 : down ? from : from + 1;
		while (x > start && y > 0 && a[x - 1] === b[y - 1]) {
			lines.push({ kind: ' ', text: a[--x] as string });
			y--;
		}
		if (changes === 0) break;
		if (down) lines.push({ kind: '+', text: b[--y] as string });
		else lines.push({ kind: '-', text: a[--x] as string });
	}
	return lines.reverse();
}
