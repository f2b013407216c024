import { searchModule } from './bytes.js';
import { type Machine, NOBODY } from './machine.js';

const PAGE = 65_536;
/** All that 32-bit addresses reach. */
const MOST_PAGES = 65_535;

interface Exports {
	run(chunk: number): number;
	rehash(): void;
	remember(shared: number, column: number, cell: number): void;
	recall(shared: number, column: number): number;
}

let compiled: WebAssembly.Module | null | undefined;

/** The module, compiled once for the life of the process; null where WebAssembly is not allowed. */
function moduleOf(): WebAssembly.Module | null {
	if (compiled === undefined)
		try {
			compiled = new WebAssembly.Module(Uint8Array.from(atob(searchModule), (c) => c.charCodeAt(0)));
		} catch {
			compiled = null;
		}
	return compiled;
}

/** A hot loop in WebAssembly, with memory of its own; undefined where there is no WebAssembly. */
export function wasmMachine(): Machine | undefined {
	const module = moduleOf();
	if (module === null) return undefined;
	const memory = new WebAssembly.Memory({ initial: 2 });
	const host = {
		miss: (t: number, l: number, s: number, state: number) => machine.host.miss(t, l, s, state >>> 0),
		ended: (state: number, shared: number) => machine.host.ended(state >>> 0, shared),
		renumber: (row: number) => machine.host.renumber(row >>> 0),
	};
	const exports = new WebAssembly.Instance(module, { env: { memory }, host }).exports as unknown as Exports;
	const machine: Machine = {
		host: NOBODY,
		get buffer() {
			return memory.buffer;
		},
		grow(bytes) {
			const pages = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
			if (pages <= 0) return true;
			if (memory.buffer.byteLength / PAGE + pages > MOST_PAGES) return false;
			try {
				memory.grow(pages);
				return true;
			} catch {
				return false;
			}
		},
		run: exports.run,
		rehash: exports.rehash,
		remember: exports.remember,
		forget: () => undefined,
		recall: (shared, column) => exports.recall(shared, column) >>> 0,
	};
	return machine;
}
