/** The address space as a state has it: the CPU's page table, the devices', their TLBs and jobs, and what is stale in them. */

import type { StructType } from '../../language/types.js';
import type { Global } from '../../machine/lower/module.js';
import { GLOBAL_BASE } from '../../machine/memory.js';
import type { System } from '../../machine/system.js';
import type { PageSlot, State } from './picture.js';

/** As in lib/kernel/mm.mmn, and DEV_PTE_CONT of device.mmn; a test compares them. */
export const PTE = { present: 1, write: 2, migration: 4, swap: 8, exclusive: 16, cont: 32, shift: 6 } as const;
/** Bits in a word of the TLB's record (lib/kernel/device.mmn). */
export const TLB_BITS = 30;

/** Where things lie in the globals' cells. */
interface Table {
	/** `init_mm` first, then those that the sketch declares. */
	readonly mms: readonly Mm[];
	readonly frames: number;
	readonly frameCells: number;
	readonly refcount: number;
	readonly user: number;
	readonly pins: number;
	readonly count: number;
	readonly devices: readonly Device[];
	readonly jobs:
		| { readonly at: number; readonly cells: number; readonly count: number; readonly struct: StructType }
		| undefined;
}

interface Mm {
	readonly name: string;
	readonly address: number;
	readonly pgd: number;
	readonly invalidating: number;
}

interface Device {
	readonly name: string;
	readonly at: number;
	readonly struct: StructType;
}

/** What became of a page frame up to some state: how often it was given out, and when it was last freed and replaced. */
export interface FrameHistory {
	readonly generation: readonly number[];
	/** Step (from 0) that gave up the last reference; undefined while somebody has one. */
	readonly freed: readonly (number | undefined)[];
	/** By address space and page: the step that last changed the CPU's entry. */
	readonly changed: readonly (readonly (number | undefined)[])[];
}

/** Reads the address space out of shared vectors. */
export class AddressSpace {
	private readonly table: Table | undefined;
	private readonly pages: readonly number[];

	constructor(private readonly system: System) {
		this.pages = Array.from({ length: system.pages }, (_, n) => n);
		this.table = tableOf(system);
	}

	/** The frames' first moment. */
	first(shared: Int32Array): FrameHistory {
		const { table } = this;
		if (table === undefined) return { generation: [], freed: [], changed: [] };
		const used = this.references(shared);
		return {
			generation: used.map((n) => (n > 0 ? 1 : 0)),
			freed: used.map(() => undefined),
			changed: table.mms.map(() => this.pages.map(() => undefined)),
		};
	}

	/** What a step has made of it; the same object where nothing has changed. */
	next(history: FrameHistory, before: Int32Array, after: Int32Array, step: number): FrameHistory {
		const { table } = this;
		if (table === undefined) return history;
		const was = this.references(before);
		const is = this.references(after);
		const changed = history.changed.map((pages, n) => {
			const { pgd } = table.mms[n] as Mm;
			return pages.map((old, page) => (before[pgd + page] === after[pgd + page] ? old : step));
		});
		const moved = changed.some((pages, n) => pages.some((step, page) => step !== history.changed[n]?.[page]));
		if (!moved && was.every((n, pfn) => (n === 0) === (is[pfn] === 0))) return history;
		return {
			generation: history.generation.map((n, pfn) => (was[pfn] === 0 && (is[pfn] as number) > 0 ? n + 1 : n)),
			freed: history.freed.map((old, pfn) => ((is[pfn] as number) > 0 ? undefined : was[pfn] === 0 ? old : step)),
			changed,
		};
	}

	/** What happens to pages in a step, in words: `frees p1`, `unmaps pages 1, 2`, `the device maps page 0`. */
	changes(before: Int32Array, after: Int32Array): string[] {
		const { table, pages } = this;
		if (table === undefined) return [];
		const was = this.references(before);
		const is = this.references(after);
		const words = table.mms.flatMap((mm, n) =>
			this.entryChanges(mm, before, after).map((change) => (n === 0 ? change : `${mm.name}: ${change}`)),
		);
		const freed = was.flatMap((n, pfn) => (n > 0 && is[pfn] === 0 ? [`p${pfn}`] : []));
		if (freed.length > 0) words.push(`frees ${freed.join(', ')}`);
		for (const device of table.devices) {
			const pte = device.at + this.offset(device.struct, 'pte');
			const name = table.devices.length > 1 ? `${device.name}: ` : '';
			const on = pages.filter(
				(n) => before[pte + n] !== after[pte + n] && ((after[pte + n] as number) & PTE.present) !== 0,
			);
			const off = pages.filter(
				(n) => before[pte + n] !== after[pte + n] && ((after[pte + n] as number) & PTE.present) === 0,
			);
			if (on.length > 0) words.push(`${name}device maps ${pageWords(on)}`);
			if (off.length > 0) words.push(`${name}device entry of ${pageWords(off)} cleared`);
			const left = (shared: Int32Array): number[] => pages.filter((n) => this.leftInTlb(device, n, shared).length > 0);
			const flushed = left(before).filter((n) => !left(after).includes(n));
			if (flushed.length > 0) words.push(`${name}TLB flushed for ${pageWords(flushed)}`);
		}
		return words;
	}

	/** What happens to the CPU's entries of an address space. */
	private entryChanges({ pgd }: Mm, before: Int32Array, after: Int32Array): string[] {
		const words: string[] = [];
		const cpu = this.pages.filter((n) => before[pgd + n] !== after[pgd + n]);
		const gone = cpu.filter((n) => ((after[pgd + n] as number) & PTE.present) === 0);
		const readOnly = cpu.filter((n) => {
			const [a, b] = [before[pgd + n] as number, after[pgd + n] as number];
			return (
				(a & PTE.present) !== 0 &&
				a >> PTE.shift === b >> PTE.shift &&
				(a & PTE.write) !== 0 &&
				(b & PTE.write) === 0 &&
				(b & PTE.present) !== 0
			);
		});
		const mapped = cpu.filter((n) => !gone.includes(n) && !readOnly.includes(n));
		if (gone.length > 0) words.push(`unmaps ${pageWords(gone)}`);
		if (readOnly.length > 0) words.push(`makes ${pageWords(readOnly)} read-only`);
		for (const n of mapped) words.push(`page ${n} is p${(after[pgd + n] as number) >> PTE.shift} now`);
		return words;
	}

	/** The CPU's tables, the devices and their jobs in a state. */
	view(shared: Int32Array, history: FrameHistory): Pick<State, 'cpu' | 'others' | 'devices' | 'jobs'> {
		const { table, pages } = this;
		if (table === undefined) return { cpu: [], others: [], devices: [], jobs: [] };
		const [cpu = [], ...others] = table.mms.map(({ pgd }) =>
			pages.map((n) => this.slot(shared[pgd + n] as number, shared, history, null)),
		);
		const devices = table.devices.map((device) => {
			const walksCpu = shared[device.at + this.offset(device.struct, 'walks_cpu')] === 1;
			const mm = this.mmOf(device, shared);
			const pteAt = walksCpu ? (table.mms[mm] as Mm).pgd : device.at + this.offset(device.struct, 'pte');
			const entries = pages.map((n) => shared[pteAt + n] as number);
			return {
				name: device.name === '__device' ? 'device' : device.name,
				pte: joined(
					entries,
					entries.map((pte, n) =>
						this.slot(pte, shared, history, walksCpu ? null : this.staleness(pte, n, mm, shared, history)),
					),
				),
				tlb: entries.map((pte, n) => this.tlbSlot(device, n, pte, shared, history)),
			};
		});
		const named = others.map((slots, n) => ({ name: (table.mms[n + 1] as Mm).name, cpu: slots }));
		return { cpu, others: named, devices, jobs: this.jobs(shared, history) };
	}

	/** What the TLB may hold for a page: what was left in it if anything was, else the entry of the table. */
	private tlbSlot(device: Device, page: number, pte: number, shared: Int32Array, history: FrameHistory): PageSlot {
		const left = this.leftInTlb(device, page, shared);
		const mm = this.mmOf(device, shared);
		const worst = left.find(({ pfn }) => this.isFree(pfn, shared)) ?? left[0];
		if (worst === undefined) return this.slot(pte, shared, history, this.staleness(pte, page, mm, shared, history));
		const entry = (worst.pfn << PTE.shift) | PTE.present | (worst.write ? PTE.write : 0);
		return this.slot(entry, shared, history, this.staleness(entry, page, mm, shared, history));
	}

	/** Index of the address space whose addresses the device uses. */
	private mmOf(device: Device, shared: Int32Array): number {
		const address = shared[device.at + this.offset(device.struct, 'mm')];
		return Math.max(
			0,
			(this.table as Table).mms.findIndex((mm) => mm.address === address),
		);
	}

	private leftInTlb(device: Device, page: number, shared: Int32Array): { pfn: number; write: boolean }[] {
		const { count } = this.table as Table;
		const words = Math.floor(count / TLB_BITS) + 1;
		const tlb = device.at + this.offset(device.struct, 'tlb') + page * words;
		const writes = device.at + this.offset(device.struct, 'tlb_write') + page * words;
		const found: { pfn: number; write: boolean }[] = [];
		for (let pfn = 0; pfn < count; pfn++) {
			const word = Math.floor(pfn / TLB_BITS);
			const bit = 1 << (pfn % TLB_BITS);
			if (((shared[tlb + word] as number) & bit) === 0) continue;
			found.push({ pfn, write: ((shared[writes + word] as number) & bit) !== 0 });
		}
		return found;
	}

	private slot(pte: number, shared: Int32Array, history: FrameHistory, stale: string | null): PageSlot {
		const empty: PageSlot = { page: null, generation: 0, write: false, freed: false, stale: null, pages: 1 };
		if ((pte & PTE.swap) !== 0) return { ...empty, page: 'swap' };
		if ((pte & PTE.migration) !== 0) return { ...empty, page: 'migrating' };
		if ((pte & PTE.exclusive) !== 0) return { ...empty, page: `p${pte >> PTE.shift}, a device's alone` };
		if ((pte & PTE.present) === 0) return empty;
		const pfn = pte >> PTE.shift;
		const freed = this.isFree(pfn, shared);
		return {
			page: `p${pfn}`,
			generation: history.generation[pfn] ?? 0,
			write: (pte & PTE.write) !== 0,
			freed,
			stale,
			pages: 1,
		};
	}

	/** Why a device's entry is wrong; null where it is right, or about to be set right by an invalidation that goes on. */
	private staleness(
		pte: number,
		page: number,
		space: number,
		shared: Int32Array,
		history: FrameHistory,
	): string | null {
		const table = this.table as Table;
		const mm = table.mms[space] as Mm;
		if ((pte & PTE.present) === 0) return null;
		const pfn = pte >> PTE.shift;
		const freed = history.freed[pfn];
		if (this.isFree(pfn, shared))
			return freed === undefined ? `p${pfn} is free` : `p${pfn} was freed in step ${freed + 1}`;
		const frame = table.frames + pfn * table.frameCells;
		const mirrored = shared[frame + table.user] === 1 && shared[frame + table.pins] === 0;
		if (!mirrored || (shared[mm.invalidating + page] as number) > 0) return null;
		const cpu = shared[mm.pgd + page] as number;
		const when = history.changed[space]?.[page];
		const since = when === undefined ? '' : ` since step ${when + 1}`;
		if ((cpu & PTE.present) === 0) return `the CPU has nothing there${since}`;
		if (cpu >> PTE.shift !== pfn) return `the CPU has p${cpu >> PTE.shift} there${since}`;
		if ((cpu & PTE.write) === 0 && (pte & PTE.write) !== 0) return `the CPU may only read p${pfn}${since}`;
		return null;
	}

	private jobs(shared: Int32Array, history: FrameHistory): State['jobs'] {
		const { jobs, frames, frameCells } = this.table as Table;
		if (jobs === undefined) return [];
		const found: { name: string; state: string; stale: string | null }[] = [];
		for (let n = 0; n < jobs.count; n++) {
			const at = jobs.at + n * jobs.cells;
			const field = (name: string): number => at + this.offset(jobs.struct, name);
			if (shared[field('used')] === 0 && shared[field('running')] === 0) continue;
			const running = shared[field('running')] === 1;
			const on: number[] = [];
			for (let page = 0; page < this.system.pages; page++) {
				const address = shared[field('pages') + page] as number;
				if (address !== 0) on.push(Math.floor((address - GLOBAL_BASE - frames) / frameCells));
			}
			const freed = running ? on.find((pfn) => this.isFree(pfn, shared)) : undefined;
			const step = freed === undefined ? undefined : history.freed[freed];
			found.push({
				name: `job ${n}`,
				state: running ? `runs on ${on.length === 0 ? 'nothing' : on.map((pfn) => `p${pfn}`).join(', ')}` : 'has ended',
				stale: freed === undefined ? null : `p${freed} was freed${step === undefined ? '' : ` in step ${step + 1}`}`,
			});
		}
		return found;
	}

	private references(shared: Int32Array): number[] {
		const { frames, frameCells, refcount, count } = this.table as Table;
		return Array.from({ length: count }, (_, pfn) => shared[frames + pfn * frameCells + refcount] as number);
	}

	private isFree(pfn: number, shared: Int32Array): boolean {
		const { frames, frameCells, refcount } = this.table as Table;
		return shared[frames + pfn * frameCells + refcount] === 0;
	}

	private offset(struct: StructType, field: string): number {
		return this.system.layouts.offset(struct, field) ?? 0;
	}
}

function tableOf(system: System): Table | undefined {
	const { layouts } = system;
	const kernel = (name: string): Global | undefined => system.globals.find((g) => g.kernel && g.name === name);
	const mm = kernel('init_mm');
	const frames = kernel('__frames');
	if (mm?.type.kind !== 'struct' || frames?.type.kind !== 'array' || frames.type.of.kind !== 'struct') return undefined;
	const frame = frames.type.of;
	const frameCells = layouts.cells(frame);
	const at = (g: Global): number => g.address - GLOBAL_BASE;
	const jobs = kernel('jobs');
	const job = jobs?.type.kind === 'array' && jobs.type.of.kind === 'struct' ? jobs.type.of : undefined;
	return {
		mms: mmsOf(system, mm.type, mm.address),
		frames: at(frames),
		frameCells,
		refcount: layouts.offset(frame, 'refcount') ?? 0,
		user: layouts.offset(frame, 'user') ?? 0,
		pins: layouts.offset(frame, 'pins') ?? 0,
		count: frames.cells / frameCells,
		devices: devicesOf(system),
		jobs: jobs &&
			job && { at: at(jobs), cells: layouts.cells(job), count: jobs.cells / layouts.cells(job), struct: job },
	};
}

/** As many as the library gives a page table (`__boot` of mm.mmn). */
const MOST_MMS = 2;

function mmsOf(system: System, type: StructType, init: number): Mm[] {
	const others = Array.from({ length: MOST_MMS }, (_, n) => system.symbol(`mm_struct ${n}`));
	return [init, ...others.filter((address) => address !== 0 && address !== init)].map((address) => ({
		name: system.nameOf(address, system.initialShared),
		address,
		pgd: address - GLOBAL_BASE + (system.layouts.offset(type, 'pgd') ?? 0),
		invalidating: address - GLOBAL_BASE + (system.layouts.offset(type, 'invalidating') ?? 0),
	}));
}

/** The devices that the sketch uses: its own, and the nameless one where something is mapped in it. */
function devicesOf(system: System): Device[] {
	const used = system.functions.some(
		(f) => f.kernel && /^(set_device_pte|clear_device|flush_device|__dev_\w+)$/.test(f.name),
	);
	const found: Device[] = [];
	for (let n = 0; system.symbol(`device ${n}`) !== 0; n++) {
		const address = system.symbol(`device ${n}`);
		const global = system.globals.find((g) => address >= g.address && address < g.address + g.cells);
		const struct = structAt(system, global, address);
		if (global === undefined || struct === undefined || (global.name === '__device' && !used)) continue;
		found.push({ name: system.nameOf(address, system.initialShared), at: address - GLOBAL_BASE, struct });
	}
	// a sketch with devices of its own does not touch the nameless one
	return found.length > 1 && !usesNameless(system) ? found.filter((d) => d.name !== '__device') : found;
}

const usesNameless = (system: System): boolean => system.functions.some((f) => f.kernel && /^dev_\w+$/.test(f.name));

function structAt(system: System, global: Global | undefined, address: number): StructType | undefined {
	let type = global?.type;
	let offset = global === undefined ? 0 : address - global.address;
	while (type !== undefined) {
		if (type.kind === 'array') {
			offset %= system.layouts.cells(type.of);
			type = type.of;
		} else if (type.kind === 'struct') {
			if (type.name === 'device') return type;
			const struct: StructType = type;
			const field = struct.fields.findLast((f) => (system.layouts.offset(struct, f.name) ?? 0) <= offset);
			offset -= field === undefined ? 0 : (system.layouts.offset(struct, field.name) ?? 0);
			type = field?.type;
		} else return undefined;
	}
	return undefined;
}

/** Says of the slots of huge entries how many pages they are one with. */
function joined(entries: readonly number[], slots: readonly PageSlot[]): PageSlot[] {
	return slots.map((slot, n) => {
		let start = n;
		while (start > 0 && ((entries[start] as number) & PTE.cont) !== 0) start--;
		let end = start + 1;
		while (end < entries.length && ((entries[end] as number) & PTE.cont) !== 0) end++;
		return { ...slot, pages: end - start };
	});
}

/** `page 1`, `pages 1, 2`. */
const pageWords = (pages: readonly number[]): string => `page${pages.length === 1 ? '' : 's'} ${pages.join(', ')}`;
