import { UNINITIALISED } from '../machine/memory.js';
import { type Renumbering, renumber, type Sequences } from '../machine/sequences.js';

/** Sequence values above this are not kept as bits: bit 0 stands for them. */
const MOST_BIT = 31;

/** Values of a state's sequence counters, and what they are renumbered to: parts of states by what they have become. */
interface Renumbered {
	readonly to: Renumbering;
	/** Which values change, as bits; bit 0 stands for those that have none. */
	readonly changed: number;
	/** By part, and its index: the index of what stands for it. */
	readonly next: readonly Map<number, number>[];
}

/** Vectors of states, by part (a thread, or the shared one behind them) and index. */
export interface Parts {
	get(part: number, index: number): Int32Array;
	intern(part: number, vector: Int32Array): number;
}

/**
 * Renumbers the sequence values of states by the indices of their parts. What a vector becomes depends on which values the
 * whole state has, and these are few: most of it is known already.
 */
export class RenumberedParts {
	/** By bits of all values of a state; undefined where these stay as they are. */
	private readonly known = new Map<number, Renumbered | undefined>();
	private readonly bits: number[][] = [];

	constructor(
		private readonly sequences: Sequences,
		/** How many threads there are, and so the part that is shared memory. */
		private readonly threads: number,
		private readonly parts: Parts,
	) {}

	/** The sequence values of a part, as bits. */
	bitsOf(part: number, index: number): number {
		this.bits[part] ??= [];
		const row = this.bits[part] as number[];
		let bits = row[index];
		if (bits === undefined) {
			bits = bitsOf(this.valuesOf(part, this.parts.get(part, index)));
			row[index] = bits;
		}
		return bits;
	}

	/** How a state is renumbered whose parts have these indices; undefined: not at all. */
	of(indices: readonly number[]): Renumbered | undefined {
		let bits = 0;
		for (let part = 0; part <= this.threads; part++) bits |= this.bitsOf(part, indices[part] as number);
		// values that have no bit: each state for itself
		if (bits & 1) return this.by(indices.flatMap((index, part) => this.valuesOf(part, this.parts.get(part, index))));
		if (this.known.has(bits)) return this.known.get(bits);
		const values: number[] = [];
		for (let value = 1; value <= MOST_BIT; value++) if (bits & (1 << value)) values.push(value);
		const by = this.by(values);
		this.known.set(bits, by);
		return by;
	}

	private by(values: readonly number[]): Renumbered | undefined {
		const to = renumber(values);
		return (
			to && { to, changed: bitsOf([...to.keys()]), next: Array.from({ length: this.threads + 1 }, () => new Map()) }
		);
	}

	/** The index of what stands for a part of a state that is renumbered so. */
	next(part: number, index: number, { to, changed, next }: Renumbered): number {
		if ((this.bitsOf(part, index) & changed) === 0) return index;
		const row = next[part] as Map<number, number>;
		let found = row.get(index);
		if (found === undefined) {
			const vector = this.parts.get(part, index);
			const { sequences } = this;
			found = this.parts.intern(
				part,
				part === this.threads ? sequences.rewriteShared(vector, to) : sequences.rewriteLocal(vector, to),
			);
			row.set(index, found);
		}
		return found;
	}

	private valuesOf(part: number, vector: Int32Array): readonly number[] {
		return part === this.threads ? this.sequences.inShared(vector) : this.sequences.inLocal(vector);
	}
}

/** Sequence values as bits, as the loop has them too. */
export function bitsOf(values: readonly number[]): number {
	let bits = 0;
	for (const value of values)
		if (value !== 0 && value !== UNINITIALISED) bits |= value < 0 || value > MOST_BIT ? 1 : 1 << value;
	return bits >>> 0;
}
