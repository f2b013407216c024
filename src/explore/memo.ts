/** Steps that are known from the last search of the same scenario: after an edit, only what it changed is run again. */

import type { Wait } from '../kernel/context.js';
import type { FunctionCode } from '../machine/ir.js';
import { sameCode, signatureOf } from '../machine/same-code.js';
import type { NamedStep, Names } from '../machine/step.js';
import type { System } from '../machine/system.js';
import type { Kept, Trail } from '../machine/trail.js';
import { InternTable } from './intern.js';

/** What a thread can do. Vectors are numbers of the memo's tables. */
export type Step = Omit<NamedStep, 'trail'>;

/**
 * A step that is kept lies in an array of numbers: many thousands of objects are what a garbage collector takes longest over.
 * Its trail; the version of the code until which it is known to hold; what the thread waits for, from 1 on; is it a
 * timeout; how many successors there are, and these.
 */
const TRAIL = 0;
const VERSION = 1;
const WAIT = 2;
const TIMEOUT = 3;
const COUNT = 4;
const TARGETS = 5;

/** Steps that one memo holds at most, and all together: searches that need more are long ones anyway. */
const MOST_STEPS = 200_000;
const MOST_OF_ALL = 600_000;

export class StepMemo {
	/** `keeps` false: every step is worked out. */
	constructor(private readonly keeps = true) {}

	/** Steps that had to be worked out since `begin`. */
	worked = 0;
	#system: System | undefined;
	#signature = '';
	/** Cells that threads write, as far as the steps here know. */
	#written: ReadonlySet<number> = new Set();
	/** A search has met all of them, and no others. */
	#complete = false;
	#functions: readonly FunctionCode[] = [];
	/** By function, the version in which it came to be as it is. */
	#changed: number[] = [];
	#version = 0;
	/** Vectors, each once: by thread, then the shared ones. */
	#tables: readonly InternTable[] = [];
	/** Where steps lie, by thread, local vector and shared vector. */
	#steps: Map<number, number>[][] = [];
	#size = 0;
	#data = new Int32Array(1024);
	#end = 0;
	/** Of `#data`, what nothing leads to any more. */
	#lost = 0;
	#trails: Kept[] = [];
	#waits: Wait[] = [];
	#waitNumbers = new Map<Wait, number>();
	/** Steps that were asked for since `begin`. */
	#used = 0;
	/** Most steps are of no use any more. */
	#stale = false;

	get size(): number {
		return this.#size;
	}

	/**
	 * The next steps are those of `system`, in a search that takes these cells to be the ones that are written. Returns the
	 * tables of their vectors: by thread, then shared.
	 */
	begin(system: System): readonly InternTable[] {
		this.worked = 0;
		this.#used = 0;
		const { all } = system.written;
		const sameCells = sameSet(all, this.#written);
		if (this.#system === system && sameCells) return this.#tables;
		const signature = this.#system === system ? this.#signature : signatureOf(system);
		this.#version++;
		if (signature !== this.#signature || !isSubset(this.#written, all) || this.#stale) {
			this.#signature = signature;
			this.#stale = false;
			this.#changed = system.functions.map(() => this.#version);
			this.#tables = [...system.threads.map(() => new InternTable()), new InternTable()];
			this.#steps = system.threads.map(() => []);
			this.#size = this.#end = this.#lost = 0;
			this.#trails = [];
			this.#waits = [];
			this.#waitNumbers.clear();
		} else if (this.#functions !== system.functions)
			system.functions.forEach((code, n) => {
				if (!sameCode(this.#functions[n] as FunctionCode, code)) this.#changed[n] = this.#version;
			});
		if (!sameCells) {
			this.#written = new Set(all);
			this.#complete = false;
		}
		this.#functions = system.functions;
		this.#system = system;
		return this.#tables;
	}

	/** The search of `system` has come to its end. */
	done(system: System): void {
		if (this.#system !== system || !sameSet(system.written.all, this.#written)) return;
		this.#complete = true;
		this.#stale = this.#size > 3 * this.#used + 1000 || this.#lost > this.#end >> 1;
	}

	/** Nobody looks at the graph of `system` any more. */
	end(system: System): void {
		if (this.#system === system) this.#system = undefined;
	}

	/** Cells that threads of `system` will write, unless an edit has changed that. */
	expected(system: System): ReadonlySet<number> | undefined {
		const known = this.#complete && this.#size < MOST_STEPS && signatureOf(system) === this.#signature;
		return known ? this.#written : undefined;
	}

	/**
	 * What a thread of `system` can do, where vectors are numbers in `tables`, which `begin` gave for it. Where another
	 * system has begun meanwhile, nothing is known.
	 */
	step(system: System, tables: readonly InternTable[], thread: number, local: number, shared: number): Step {
		const mine = this.#system === system && this.#tables === tables;
		const row = mine ? this.#steps[thread]?.[local] : undefined;
		this.#used++;
		const known = row?.get(shared);
		if (known !== undefined && this.#holds(known, thread)) return this.#at(known);
		this.worked++;
		const names = namesOf(tables, thread);
		const common = tables[system.threads.length] as InternTable;
		const step = system.remembered(thread, (tables[thread] as InternTable).get(local), common.get(shared), names);
		// reports name places in the text; and what a step does depends on which cells are known to be written
		const lasts = step.reports === undefined && system.written.all.size === this.#written.size;
		if (this.keeps && mine && lasts && step.trail !== undefined && this.#size < MOST_STEPS)
			this.#put(thread, local, shared, step, step.trail);
		return step;
	}

	#put(thread: number, local: number, shared: number, step: Step, trail: Trail): void {
		const rows = this.#steps[thread] as Map<number, number>[];
		while (rows.length <= local) rows.push(new Map());
		const row = rows[local] as Map<number, number>;
		const before = row.get(shared);
		const at = this.#place(before, step.targets.length);
		if (before === undefined) this.#size++;
		if (at !== before) row.set(shared, at);
		if (trail.kept?.by !== this.#trails) {
			trail.kept = { trail, by: this.#trails, number: this.#trails.length, version: 0, latest: 0, retraced: false };
			this.#trails.push(trail.kept);
		}
		const data = this.#data;
		data[at + TRAIL] = trail.kept.number;
		data[at + VERSION] = this.#version;
		data[at + WAIT] = step.wait === undefined ? 0 : this.#numberOf(step.wait);
		data[at + TIMEOUT] = step.timeout ? 1 : 0;
		data[at + COUNT] = step.targets.length;
		for (let n = 0; n < step.targets.length; n++) data[at + TARGETS + n] = step.targets[n] as number;
	}

	/** Room for a step with so many `targets`: where it has been `before`, if they fit in there. */
	#place(before: number | undefined, targets: number): number {
		if (before !== undefined) {
			const room = this.#data[before + COUNT] as number;
			if (targets <= room) {
				this.#lost += room - targets;
				return before;
			}
			this.#lost += TARGETS + room;
		}
		const at = this.#end;
		this.#end += TARGETS + targets;
		if (this.#end > this.#data.length) {
			const data = new Int32Array(2 * this.#end);
			data.set(this.#data);
			this.#data = data;
		}
		return at;
	}

	#numberOf(wait: Wait): number {
		let number = this.#waitNumbers.get(wait);
		if (number === undefined) {
			number = this.#waits.push(wait);
			this.#waitNumbers.set(wait, number);
		}
		return number;
	}

	#at(known: number): Step {
		const data = this.#data;
		const targets: number[] = [];
		const end = known + TARGETS + (data[known + COUNT] as number);
		for (let n = known + TARGETS; n < end; n++) targets.push(data[n] as number);
		const wait = data[known + WAIT] as number;
		return {
			targets,
			timeout: data[known + TIMEOUT] === 1,
			wait: wait === 0 ? undefined : this.#waits[wait - 1],
			reports: undefined,
		};
	}

	/** Is all code on which a step depends as it was when it was taken? */
	#holds(known: number, thread: number): boolean {
		const version = this.#data[known + VERSION] as number;
		if (version === this.#version) return true;
		const kept = this.#trails[this.#data[known + TRAIL] as number] as Kept;
		const { trail } = kept;
		if (kept.version !== this.#version) {
			let latest = 0;
			for (const index of trail.functions) latest = Math.max(latest, this.#changed[index] as number);
			if (!(this.#system as System).written.fits(trail)) latest = this.#version;
			kept.version = this.#version;
			kept.latest = latest;
			kept.retraced = false;
		}
		if (kept.latest > version) return false;
		this.#data[known + VERSION] = this.#version;
		if (!kept.retraced) trail.retrace(this.#system as System, thread);
		kept.retraced = true;
		return true;
	}
}

/** By tables, for each thread. */
const namesIn = new WeakMap<readonly InternTable[], readonly Names[]>();

function namesOf(tables: readonly InternTable[], thread: number): Names {
	let all = namesIn.get(tables);
	if (all === undefined) {
		const common = tables[tables.length - 1] as InternTable;
		all = tables.slice(0, -1).map((table) => ({
			local: (vector) => table.intern(vector),
			shared: (vector) => common.intern(vector),
			changing: (vector) => common.internCopy(vector),
		}));
		namesIn.set(tables, all);
	}
	return all[thread] as Names;
}

const isSubset = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => {
	for (const value of a) if (!b.has(value)) return false;
	return true;
};
const sameSet = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => a.size === b.size && isSubset(a, b);

/** Memos of the scenarios that were searched last. */
const memos = new Map<string, StepMemo>();
const MOST_MEMOS = 64;

/** The memo of the scenario with these threads. */
export function memoFor(system: System): StepMemo {
	const name = [system.program.uri, system.scenario.name, ...system.threads.map((t) => t.name)].join(' ');
	const memo = memos.get(name) ?? new StepMemo();
	memos.delete(name);
	memos.set(name, memo);
	let all = 0;
	for (const { size } of memos.values()) all += size;
	for (const [oldest, { size }] of memos) {
		if ((memos.size <= MOST_MEMOS && all <= MOST_OF_ALL) || oldest === name) break;
		memos.delete(oldest);
		all -= size;
	}
	return memo;
}

/** For `System`: which cells its threads wrote when they were searched last. */
export const expectedCells = (system: System): ReadonlySet<number> | undefined => memoFor(system).expected(system);
