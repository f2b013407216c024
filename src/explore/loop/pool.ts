import type { Machine } from './machine.js';
import { NOBODY } from './machine.js';
import { twinMachine } from './twin.js';
import { wasmMachine } from './wasm.js';

/** One that is not in use: its memory has been touched before, which makes a search faster than with a new one. */
let spare: Machine | undefined;
/** A machine with more memory than this is not kept, bytes. */
const MOST_KEPT = 2 ** 28;

/** A machine to search with. */
export function takeMachine(): Machine {
	const machine = spare ?? wasmMachine() ?? twinMachine();
	spare = undefined;
	return machine;
}

/** A machine that is not needed any more. */
export function giveBack(machine: Machine): void {
	machine.host = NOBODY;
	if (machine.buffer.byteLength <= MOST_KEPT) spare = machine;
}
