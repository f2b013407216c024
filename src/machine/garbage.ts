/** Looks for what nothing leads to any more in a packed vector, without unpacking it: mostly there is nothing. */

import { HEAP, isFreed, isHeap, OBJECT_HEADER, REFERENCES, slotOf } from './memory.js';

/** Where the objects of the vector in hand begin, until the next call. */
const starts: number[] = [];
const reached: boolean[] = [];

/** True where `Memory.pack` would drop an object of a vector: a heap object that nothing leads to, or a dead local. */
export function holdsGarbage(vector: Int32Array, globalCells: number): boolean {
	let count = 0;
	let heap = 0;
	for (let i = globalCells; i < vector.length; i += OBJECT_HEADER + (vector[i + 4] as number)) {
		const referenced = (vector[i + REFERENCES] as number) > 0;
		if (((vector[i] as number) & HEAP) !== 0) heap++;
		else if (isFreed(vector[i + 2] as number) && !referenced) return true;
		starts[count] = i;
		reached[count++] = false;
	}
	if (heap === 0) return false;
	let left = heap;
	const visit = (from: number, to: number): void => {
		for (let i = from; i < to && left > 0; i++) {
			const value = vector[i] as number;
			if (!isHeap(value)) continue;
			const slot = slotOf(value);
			for (let n = 0; n < count; n++) if (vector[starts[n] as number] === slot) reach(n);
		}
	};
	const reach = (n: number): void => {
		if (reached[n]) return;
		reached[n] = true;
		left--;
		const at = starts[n] as number;
		if (!isFreed(vector[at + 2] as number)) visit(at + OBJECT_HEADER, at + OBJECT_HEADER + (vector[at + 4] as number));
	};
	visit(0, globalCells);
	for (let n = 0; n < count; n++) {
		const at = starts[n] as number;
		if (((vector[at] as number) & HEAP) === 0)
			visit(at + OBJECT_HEADER, at + OBJECT_HEADER + (vector[at + 4] as number));
		else if ((vector[at + REFERENCES] as number) > 0) reach(n);
	}
	return left > 0;
}
