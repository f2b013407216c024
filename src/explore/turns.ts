/**
 * Work in small parts: yields every now and then, so that whoever runs it can do other things, and give it up, within
 * about 20 ms. `drain` does it in one go.
 */
export type Turns<T> = Generator<void, T, void>;

/** Rounds of a small loop between two yields: some milliseconds. */
export const ROUNDS = 1 << 16;

export function drain<T>(work: Turns<T>): T {
	let step = work.next();
	while (!step.done) step = work.next();
	return step.value;
}
