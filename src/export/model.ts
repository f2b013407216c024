import type { Graph } from '../explore/graph.js';
import { search } from '../explore/search.js';
import { primitives } from '../kernel/primitives.js';
import { isConfigItem, isFinallyItem, type Scenario } from '../language/generated/ast.js';
import type { Problem } from '../language/problem.js';
import type { Program } from '../language/program.js';
import { deathKey } from '../machine/context.js';
import type { FunctionCode } from '../machine/ir.js';
import { DYNAMIC, GLOBAL_BASE, MAX_CELLS } from '../machine/memory.js';
import { System } from '../machine/system.js';
import { Status } from '../machine/thread.js';

/** Limits of the search that measures a scenario before it is exported. */
export interface ExportLimits {
	readonly maxStates: number;
	readonly maxSeconds: number;
}

/** What our own search came to: the figures that another checker has to reproduce. */
export interface Counts {
	readonly complete: boolean;
	readonly states: number;
	readonly transitions: number;
	/** States in which nothing can move although some thread has not ended. */
	readonly deadlocks: number;
	/** Transitions that end the run at a finding, or after which `finally` fails. */
	readonly failures: number;
}

/** Cells and registers that hold values of sequence counters. */
export interface SequencePlaces {
	/** Indices of cells of the globals. */
	readonly globals: readonly number[];
	/** Offsets, by layout. */
	readonly layouts: ReadonlyMap<number, readonly number[]>;
	/** A digit for each register, by function. */
	readonly registers: ReadonlyMap<number, string>;
}

/** A scenario as exporters see it. */
export interface Model {
	readonly system: System;
	/** What was searched. */
	readonly graph: Graph;
	readonly limits: ExportLimits;
	readonly counts: Counts;
	readonly everyAccess: boolean;
	readonly functions: readonly FunctionCode[];
	readonly globalCells: number;
	readonly noErrors: boolean;
	readonly preemptRt: boolean;
	readonly unfairRwsem: boolean;
	/** Where values of sequence counters are, which are renumbered; undefined where the scenario has none. */
	readonly sequences: SequencePlaces | undefined;
	/** Index of the function that runs when every thread has ended; -1 where there is none. */
	readonly finally: number;
	/** Most ways that a step of each thread can go. */
	readonly choices: readonly number[];
	readonly sizes: { readonly held: number; readonly stack: number; readonly depth: number; readonly objects: number };
	/** (layout, offset) of the cells of objects that some thread writes. */
	readonly writtenOfObjects: ReadonlyMap<number, readonly number[]>;
	/** Layouts of locals that die while others may look at them. */
	readonly mortal: readonly number[];
	isWritten(address: number): boolean;
	primitive(index: number): string;
	/** A constant of the model for an address of the globals: `G_fault_lock + 1`. */
	globalName(address: number): string | undefined;
	readonly globalNames: ReadonlyMap<number, string>;
}

/**
 * Searches a scenario, which shows what its threads write and how much room they need, and makes it a model.
 * Where the search stops at a limit, the model gets room to spare and says so itself when it is not enough.
 */
export function modelOf(
	program: Program,
	scenario: Scenario,
	limits: ExportLimits,
	everyAccess: boolean,
): Model | { readonly problems: readonly Problem[] } {
	const system = new System(program, scenario, program.uri, everyAccess);
	if (system.problems.length > 0) return { problems: system.problems };
	const steps = search(system, { ...limits, maxMemoryMB: 2048 }, () => false);
	let step = steps.next();
	while (!step.done) step = steps.next();
	const { graph, complete } = step.value;

	let deadlocks = 0;
	let failures = 0;
	const choices = system.threads.map(() => 1);
	let [held, stack, depth, objects] = [0, 0, 0, 0];
	const measured = new Map<Int32Array, number>();
	const { globalCells } = system.image;
	const finals = new Map<number, boolean>();
	/** `finally` fails in the state. */
	const endsBadly = (s: number): boolean => {
		if (!system.hasFinally || system.threads.some((_, t) => graph.status(s, t) === Status.running)) return false;
		const shared = graph.sharedIndex(s);
		let bad = finals.get(shared);
		if (bad === undefined) {
			bad = system.runFinally(graph.sharedOf(s)).some((r) => r.fatal);
			finals.set(shared, bad);
		}
		return bad;
	};
	for (let s = 0; s < graph.count; s++) {
		let room = graph.sharedOf(s).length - globalCells;
		for (let t = 0; t < graph.threads; t++) {
			const local = graph.local(s, t);
			let own = measured.get(local);
			if (own === undefined) {
				const parts = partsOf(local, system.functions);
				held = Math.max(held, parts.held.length / 2);
				depth = Math.max(depth, local[7] as number);
				stack = Math.max(stack, parts.frames.length);
				own = parts.objects.reduce((sum, o) => sum + o.length, 0);
				measured.set(local, own);
			}
			room += own;
		}
		objects = Math.max(objects, room);
		if (s >= graph.expanded) continue;
		const { from, to } = graph.edges(s);
		for (let e = from; e < to; e++) {
			const t = graph.edgeThread(e);
			choices[t] = Math.max(choices[t] as number, graph.edgeChoice(e) + 1);
			if (graph.target(e) < 0 || endsBadly(graph.target(e))) failures++;
		}
		if (from === to && !complete) continue;
		if (from === to && system.threads.some((_, t) => graph.status(s, t) === Status.running)) deadlocks++;
	}
	// inside a step a thread may need more room than it does between two
	const room = complete ? 1 : 2;
	const names = globalNames(system);
	const config = new Set(scenario.items.filter(isConfigItem).flatMap((c) => c.words.map((w) => w.name)));
	return {
		system,
		graph,
		limits,
		counts: { complete, states: graph.count, transitions: graph.transitions, deadlocks, failures },
		everyAccess,
		functions: system.functions,
		globalCells,
		noErrors: config.has('no_errors'),
		preemptRt: config.has('preempt_rt'),
		unfairRwsem: config.has('unfair_rwsem'),
		sequences: sequencePlaces(system, globalCells),
		finally: system.functions.findIndex((f) => isFinallyItem(f.node)),
		choices: choices.map((n) => (complete ? n : Math.max(n, 8))),
		sizes: { held: Math.max(1, room * held), stack: room * stack, depth: 48, objects: room * objects },
		writtenOfObjects: writtenOfObjects(system),
		mortal: mortal(system),
		isWritten: (address) => system.written.has(address),
		primitive: (index) => primitives[index]?.name ?? '?',
		globalNames: names,
		globalName(address) {
			if (address < GLOBAL_BASE || address >= GLOBAL_BASE + globalCells) return undefined;
			const global = system.globals.find((g) => address >= g.address && address < g.address + g.cells);
			const name = global && names.get(global.address);
			if (name === undefined || global === undefined) return undefined;
			return address === global.address ? name : `(${name} + ${address - global.address})`;
		},
	};
}

/** Asks the system for its sequence values in vectors whose cells hold their own index. */
function sequencePlaces({ sequences, layouts, functions }: System, globalCells: number): SequencePlaces | undefined {
	if (sequences === undefined) return undefined;
	const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
	const globals = count(globalCells);
	const ofLayouts = new Map<number, readonly number[]>();
	for (let layout = 0; layouts.nameOf(layout) !== '?'; layout++) {
		const type = layouts.typeOf(layout);
		const cells = type === undefined ? 0 : Math.min(MAX_CELLS, layouts.cells(type));
		const vector = new Int32Array([...globals.map(() => -1), 0, layout, 0, 0, cells, ...count(cells)]);
		const found = sequences.inShared(vector).filter((v) => v >= 0);
		if (found.length > 0) ofLayouts.set(layout, found);
	}
	const registers = new Map<number, string>();
	for (const code of functions) {
		// behind the code nothing is known to be dead
		const frame = [code.index, code.code.length + 1, -1, ...count(code.registers)];
		const found = sequences.inLocal(new Int32Array([0, 0, 0, 0, 0, 0, 0, 1, ...frame]));
		if (found.length > 0)
			registers.set(
				code.index,
				count(code.registers)
					.map((r) => (found.includes(r) ? '1' : '0'))
					.join(''),
			);
	}
	return { globals: sequences.inShared(new Int32Array(globals)), layouts: ofLayouts, registers };
}

/** The vector of a thread (thread.ts): what it holds, its frames, and its own locals in memory as the shared vector has objects. */
export function partsOf(
	local: Int32Array,
	functions: readonly FunctionCode[],
): { readonly held: number[]; readonly frames: number[]; readonly objects: number[][] } {
	const start = 8 + 2 * (local[6] as number);
	let end = start;
	for (let n = local[7] as number; n > 0; n--) end += 3 + (functions[local[end] as number]?.registers ?? 0);
	const objects: number[][] = [];
	for (let i = end; i < local.length; ) {
		const size = local[i + 2] as number;
		objects.push([local[i] as number, local[i + 1] as number, 0, 0, size, ...local.subarray(i + 3, i + 3 + size)]);
		i += 3 + size;
	}
	return { held: [...local.subarray(8, start)], frames: [...local.subarray(start, end)], objects };
}

function mortal(system: System): number[] {
	const layouts: number[] = [];
	for (let layout = 0; system.layouts.nameOf(layout) !== '?'; layout++)
		if (system.written.has(deathKey(layout))) layouts.push(layout);
	return layouts;
}

function writtenOfObjects(system: System): Map<number, number[]> {
	const written = new Map<number, number[]>();
	for (let layout = 0; system.layouts.nameOf(layout) !== '?'; layout++) {
		const cells: number[] = [];
		for (let n = 0; n < MAX_CELLS; n++) if (system.written.has(DYNAMIC + layout * MAX_CELLS + n)) cells.push(n);
		if (cells.length > 0) written.set(layout, cells);
	}
	return written;
}

/** A macro for each global, by address; two statics of one name get a number. */
function globalNames(system: System): Map<number, string> {
	const names = new Map<number, string>();
	const used = new Set<string>();
	for (const g of system.globals) {
		const plain = `G_${g.name.replace(/\W/g, '_')}`;
		let name = plain;
		for (let n = 2; used.has(name); n++) name = `${plain}_${n}`;
		used.add(name);
		names.set(g.address, name);
	}
	return names;
}
