/** Where an index lies in a packed state: bits `shift` to `shift + bits` of one of its 32-bit halves of words. */
export interface Field {
	/** Index of the 32-bit half. */
	readonly half: number;
	readonly shift: number;
	readonly bits: number;
}

/** No index needs more: memo keys and table slots have no room for them. */
export const MOST_BITS = 26;

/** The top bit of each word stays free: a difference of all ones is no difference (assembly/search.ts). */
const room = (half: number): number => (half % 2 === 0 ? 32 : 31);

/**
 * Lays fields of at least these widths into as few 64-bit words as will hold them. What is left over is shared out, so
 * that a field seldom has to grow.
 */
export function packFields(widths: readonly number[]): { readonly fields: readonly Field[]; readonly words: number } {
	for (let words = 1; ; words++) {
		const bins = Array.from({ length: 2 * words }, (_, half) => ({ half, free: room(half), parts: [] as number[] }));
		const order = widths.map((_, n) => n).sort((a, b) => (widths[b] as number) - (widths[a] as number) || a - b);
		const fits = order.every((part) => {
			const bin = bins.reduce((a, b) => (b.free > a.free ? b : a));
			bin.free -= widths[part] as number;
			bin.parts.push(part);
			return bin.free >= 0;
		});
		if (!fits) continue;
		const fields: Field[] = [];
		for (const { half, free, parts } of bins) {
			let spare = free;
			let shift = 0;
			parts.forEach((part, n) => {
				const more = Math.min(Math.floor(spare / (parts.length - n)), MOST_BITS - (widths[part] as number));
				const bits = (widths[part] as number) + more;
				spare -= more;
				fields[part] = { half, shift, bits };
				shift += bits;
			});
		}
		return { fields, words };
	}
}
