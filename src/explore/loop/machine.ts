/** What the hot loop asks of the rest: the parts of the search that are not only tables. */
export interface Host {
	/** The memo cell of a pair that is not in the memo; ABORT to end the run. */
	miss(thread: number, local: number, shared: number, state: number): number;
	/** Every thread has ended in a state. */
	ended(state: number, shared: number): void;
	/** Renumbers the sequence values of the packed state at a byte address, in place; 0 to end the run. */
	renumber(row: number): number;
}

/** Nobody asks. */
export const NOBODY: Host = { miss: () => 0, ended: () => undefined, renumber: () => 0 };

/** A hot loop, in WebAssembly (wasm.ts) or TypeScript (twin.ts), and the memory it works on (control.ts). */
export interface Machine {
	host: Host;
	readonly buffer: ArrayBufferLike;
	/** Makes the memory at least this large; false when there is not as much. `buffer` may be another one then. */
	grow(bytes: number): boolean;
	/** Expands at least `chunk` states, or all: DONE, MORE, FULL or ABORTED. */
	run(chunk: number): number;
	/** Fills the empty table with all states. */
	rehash(): void;
	/** Notes a memo cell; there has to be room. */
	remember(shared: number, column: number, cell: number): void;
	/** The memo is emptied, and its memory is zero. */
	forget(): void;
	/** A memo cell; 0 when it is not known. */
	recall(shared: number, column: number): number;
}
