import type { Interpreter } from './interpreter.js';
import { Status } from './thread.js';

/** Steps of one sequential run at most. */
const MOST = 2000;
const ROUNDS = 3;

/**
 * A few sequential runs find most of the cells that threads write, so that the search seldom has to start anew
 * because a read that it took for private turns out not to be. All of these writes are real ones.
 */
export function seedWritten(interpreter: Interpreter, initial: readonly Int32Array[], initialShared: Int32Array): void {
	const n = initial.length;
	for (let first = 0; first < n; first++) {
		let shared = initialShared;
		const locals = [...initial];
		for (let round = 0, budget = MOST; round < ROUNDS && budget > 0; round++)
			for (let k = 0; k < n; k++) {
				const t = (first + k) % n;
				for (; budget > 0; budget--) {
					const local = locals[t] as Int32Array;
					if (local[0] === Status.ended) break;
					const { moves } = interpreter.step(t, local, shared);
					const move = moves[0];
					if (move === undefined || move.fatal) break;
					// it only spins
					if (interpreter.spins) break;
					if (sameVector(move.local, local) && sameVector(move.shared, shared)) break;
					locals[t] = move.local;
					shared = move.shared;
					if (move.local[0] === Status.idle) break;
				}
			}
	}
}

const sameVector = (a: Int32Array, b: Int32Array): boolean => a.length === b.length && a.every((v, i) => v === b[i]);
