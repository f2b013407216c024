import * as C from './control.js';
import type { Machine } from './machine.js';

/** The parts of a machine's memory, in this order behind the control numbers; what grows most comes last. */
export const REGIONS = [
	C.SCRATCH,
	C.FLAGS,
	C.VALUES,
	C.SHARED_VALUES,
	C.DELTAS,
	C.MEMO,
	C.TABLE,
	C.ROWS,
	C.EDGE_START,
	C.LABELS,
	C.TARGETS,
] as const;
export type Region = (typeof REGIONS)[number];

/** A region starts here at the earliest; the bytes before it are the machine's own. */
const FIRST = 4096;
/** Caches load this many bytes at once. */
const LINE = 64;

/** The memory of a machine, laid out in regions that grow. */
export class Arena {
	u32!: Uint32Array;
	u8!: Uint8Array;
	private readonly start = new Map<Region, number>();
	private readonly size = new Map<Region, number>();

	constructor(readonly machine: Machine) {
		this.view();
		this.u32.fill(0, 0, FIRST / 4);
		for (const region of REGIONS) {
			this.start.set(region, FIRST);
			this.size.set(region, 0);
			this.u32[region] = FIRST;
		}
	}

	private view(): void {
		this.u32 = new Uint32Array(this.machine.buffer);
		this.u8 = new Uint8Array(this.machine.buffer);
	}

	get(control: number): number {
		return this.u32[control] as number;
	}

	set(control: number, value: number): void {
		this.u32[control] = value;
	}

	/** Bytes that a region has room for. */
	room(region: Region): number {
		return this.size.get(region) as number;
	}

	/** Lets go of the memory, which is somebody else's from now on. */
	leave(): void {
		this.u32 = new Uint32Array(0);
		this.u8 = new Uint8Array(0);
	}

	/**
	 * Makes room for so many bytes; false when there is no more memory, and then nothing has changed. New room is not
	 * cleared. `used`: how many bytes of a region count when it moves.
	 */
	reserve(needs: ReadonlyMap<Region, number>, used: (region: Region) => number): boolean {
		const moves: { region: Region; from: number; to: number; old: number }[] = [];
		const sizes = new Map<Region, number>();
		let at = FIRST;
		for (const region of REGIONS) {
			const old = this.size.get(region) as number;
			const size = Math.max(old, Math.ceil((needs.get(region) ?? 0) / LINE) * LINE);
			const from = this.start.get(region) as number;
			if (at !== from) moves.push({ region, from, to: at, old });
			sizes.set(region, size);
			at += size;
		}
		if (!this.machine.grow(at)) return false;
		if (this.u8.length !== this.machine.buffer.byteLength) this.view();
		// regions only move up: the last one first
		for (const { region, from, to, old } of moves.reverse()) {
			this.u8.copyWithin(to, from, from + Math.min(old, used(region)));
			this.start.set(region, to);
			this.u32[region] = to;
		}
		for (const [region, size] of sizes) this.size.set(region, size);
		return true;
	}

	clear(region: Region): void {
		const at = this.start.get(region) as number;
		this.u8.fill(0, at, at + (this.size.get(region) as number));
	}
}
