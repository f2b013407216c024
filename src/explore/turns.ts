/**
 * Work in small parts: yields every now and then, so that whoever runs it can do other things, and give it up, within
 * about 20 ms. `drain` does it in one go.
 */
export type Turns<T> = Generator<void, T, void>;

/** Rounds of a small loop between two yields: some milliseconds. */
export const ROUNDS = 1 << 16;

/** The states that are to be kept. */
export function* kept(states: Int32Array, keep: (state: number) => boolean): Turns<Int32Array> {
	const found = new Int32Array(states.length);
	let size = 0;
	for (let n = 0; n < states.length; n++) {
		if (n % ROUNDS === ROUNDS - 1) yield;
		if (keep(states[n] as number)) found[size++] = states[n] as number;
	}
	return found.slice(0, size);
}

/** Bits of all states together: by `|`, beginning with none, or by `&`, beginning with all. */
export function* folded(states: Int32Array, bits: Int32Array, every: boolean): Turns<number> {
	let mask = every ? -1 : 0;
	for (let n = 0; n < states.length; n++) {
		if (n % ROUNDS === ROUNDS - 1) yield;
		const own = bits[states[n] as number] as number;
		mask = every ? mask & own : mask | own;
	}
	return mask;
}

export function drain<T>(work: Turns<T>): T {
	let step = work.next();
	while (!step.done) step = work.next();
	return step.value;
}
