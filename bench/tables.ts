/** Percentiles, and tables in Markdown. */

/** The value below which a share of all times lies. */
export const at = (times: readonly number[], share: number): number =>
	[...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)] ?? Number.NaN;
export const ms = (time: number): string => (time < 10 ? time.toFixed(1) : time.toFixed(0));

export function table(head: readonly string[], body: readonly (readonly string[])[]): string {
	const width = head.map((h, n) => Math.max(h.length, ...body.map((r) => r[n]?.length ?? 0)));
	const line = (cells: readonly string[]): string =>
		`| ${cells.map((c, n) => (n === 0 ? c.padEnd(width[n] ?? 0) : c.padStart(width[n] ?? 0))).join(' | ')} |`;
	const rule = `|${width.map((w, n) => (n === 0 ? '-'.repeat(w + 2) : `${'-'.repeat(w + 1)}:`)).join('|')}|`;
	return [line(head), rule, ...body.map(line)].join('\n');
}
