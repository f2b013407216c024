import type { Graph } from '../explore/graph.js';
import { search } from '../explore/search.js';
import { symmetryOf } from '../explore/symmetry.js';
import { spanOf } from '../language/text.js';
import { pathTo } from '../machine/layout.js';
import { GLOBAL_BASE } from '../machine/memory.js';
import type { Renumbering } from '../machine/sequences.js';
import type { Report } from '../machine/step.js';
import type { System } from '../machine/system.js';
import { Status } from '../machine/thread.js';
import type { Model } from './model.js';
import { placeText } from './place.js';
import { type Rule, rulesOf, type Situation } from './rules.js';

/**
 * A scenario as guarded commands: where each thread can stand, and what it can do there, by the cells that decide it.
 * Exact for every state that can be reached, since it is read off all pairs of a thread's half of a state and shared memory.
 */
export interface Automaton {
	readonly system: System;
	/** How many cells of shared memory are globals: the first. */
	readonly globals: number;
	/** Cells of globals that change, by their index in the shared vector. */
	readonly cells: ReadonlyMap<number, string>;
	/** Values of sequence counters that never change, but count when the others are renumbered. */
	readonly fixedSequences: readonly number[];
	/** Shared memory behind the globals that occurs: the vectors of objects, by key. */
	readonly objects: ReadonlyMap<string, Int32Array>;
	readonly places: ReadonlyMap<string, Place>;
	readonly initial: { readonly at: readonly At[]; readonly shared: Int32Array };
	/** By thread: what it can do at each place. */
	readonly commands: readonly ReadonlyMap<string, Command>[];
	/** When `finally` finds something in a state in which nobody runs. */
	readonly ends: readonly Rule<readonly Report[]>[];
}

/** Where a thread stands, in words: all of its half of a state but the values of sequence counters. */
export interface Place {
	readonly name: string;
	/** Without what tells it from others at the same statement. */
	readonly statement: string;
	/** File, line and text. */
	readonly text: string;
	/** Variables that have a value there. */
	readonly variables: string;
	readonly running: boolean;
	readonly idle: boolean;
	readonly interruptsOff: boolean;
}

/** A place, and the values of sequence counters that the thread has in its hands there. */
export interface At {
	readonly place: string;
	readonly values: readonly number[];
}

export interface Command {
	readonly at: At;
	readonly rules: readonly Rule<readonly Way[]>[];
}

/** One way that a step can go. */
export interface Way {
	/** Undefined where the run ends. */
	readonly to: At | undefined;
	/** New values of cells of globals. */
	readonly changes: ReadonlyMap<number, number>;
	/** Key of all objects, where they change. */
	readonly objects: string | undefined;
	readonly reports: readonly Report[];
	/** A timer or a signal ends a wait. */
	readonly timeout: boolean;
}

/** Pairs that a model's threads are tried with where the search did not come to its end. */
const MOST_PAIRS = 200_000;

/**
 * The automaton of a scenario that was searched. Where the search stopped, one that does not tell alike threads apart may
 * come to its end, or trying each thread with all that any of them may leave in shared memory; undefined where neither does.
 */
export function automatonOf({ graph, counts, limits, system }: Model): Automaton | undefined {
	if (counts.complete) return new Reader(system, pairsOf(graph)).read();
	const steps = search(system, { ...limits, maxMemoryMB: 2048 }, () => false, { symmetric: true });
	let step = steps.next();
	while (!step.done) step = steps.next();
	const { complete, broken, graph: smaller } = step.value;
	const pairs = complete && !broken ? pairsOf(smaller) : system.sequences === undefined ? closure(system) : undefined;
	return pairs && new Reader(system, pairs).read();
}

/** What a thread can be asked to do: its half of a state, and shared memory. */
interface Pair {
	readonly local: Int32Array;
	readonly shared: Int32Array;
}
/** By thread; of alike ones, all are with the first. */
interface Pairs {
	readonly pairs: readonly (readonly Pair[])[];
	readonly alike: readonly number[];
}

/** The pairs of the states of a graph, each once, in the order of the search. */
function pairsOf(graph: Graph): Pairs {
	const { system, alike, count } = graph;
	const seen = system.threads.map(() => new Set<number>());
	const pairs = system.threads.map((): Pair[] => []);
	alike.forEach((first, t) => {
		for (let s = 0; s < count; s++) {
			const key = graph.localIndex(s, t) * 2 ** 26 + graph.sharedIndex(s);
			if (seen[first]?.has(key)) continue;
			seen[first]?.add(key);
			pairs[first]?.push({ local: graph.local(s, t), shared: graph.sharedOf(s) });
		}
	});
	return { pairs, alike };
}

/** Every thread tried with whatever any of them may leave in shared memory: more pairs than states have, and far fewer than states. */
function closure(system: System): Pairs | undefined {
	const shared = new Map<string, Int32Array>([[system.initialShared.join(), system.initialShared]]);
	const locals = system.initialLocals.map((l) => new Map([[l.join(), l]]));
	const pairs = system.threads.map((): Pair[] => []);
	const done = system.threads.map(() => new Map<string, number>());
	let count = 0;
	for (let more = true; more; ) {
		more = false;
		for (let t = 0; t < system.threads.length; t++) {
			for (const [key, local] of locals[t] as Map<string, Int32Array>) {
				const tried = done[t]?.get(key) ?? 0;
				if (tried === shared.size) continue;
				more = true;
				const all = [...shared.values()];
				done[t]?.set(key, all.length);
				for (const memory of all.slice(tried)) {
					if (++count > MOST_PAIRS) return undefined;
					pairs[t]?.push({ local, shared: memory });
					if (local[0] === Status.ended) continue;
					for (const move of system.step(t, local, memory).moves) {
						if (move.fatal) continue;
						locals[t]?.set(move.local.join(), move.local);
						shared.set(move.shared.join(), move.shared);
					}
				}
			}
		}
		// a cell that was taken for constant is written after all
		if (system.written.grew) return undefined;
	}
	return { pairs, alike: system.threads.map((_, t) => t) };
}

class Reader {
	private readonly places = new Map<string, Place>();
	private readonly names = new Map<string, number>();
	private readonly objects = new Map<string, Int32Array>();
	private readonly globals: number;
	/** Threads with the same code share the names of their places. */
	private readonly sharing: readonly number[];

	constructor(
		private readonly system: System,
		private readonly from: Pairs,
	) {
		this.globals = system.image.globalCells;
		this.sharing = symmetryOf(system) ?? from.alike;
	}

	read(): Automaton {
		const { system } = this;
		const initial = system.initialLocals.map((local, t) => this.at(t, local));
		this.objectsOf(system.initialShared);
		const varying = new Set<number>();
		const own = this.from.pairs.map((pairs, t) => this.commandsOf(pairs, t, varying));
		const commands = this.from.alike.map((first) => own[first] as Map<string, Command>);
		const all = [...varying].sort((a, b) => a - b);
		return {
			system,
			globals: this.globals,
			cells: this.cellNames(all),
			fixedSequences: this.fixed(varying),
			objects: this.objects,
			places: new Map([...this.places.values()].map((p) => [p.name, p])),
			initial: { at: initial, shared: system.initialShared },
			commands,
			ends: this.ends(),
		};
	}

	private commandsOf(pairs: readonly Pair[], t: number, varying: Set<number>): Map<string, Command> {
		const found = new Map<string, { at: At; reads: Set<number>; situations: Situation<readonly Way[]>[] }>();
		for (const { local, shared } of pairs) {
			if (local[0] === Status.ended) continue;
			const at = this.at(t, local);
			const key = `${at.place} ${at.values.join()}`;
			let command = found.get(key);
			if (command === undefined) {
				command = { at, reads: new Set(), situations: [] };
				found.set(key, command);
			}
			const { moves, seen } = this.system.interpreter.observed(t, local, shared);
			for (const cell of seen.reads) command.reads.add(cell);
			const ways = moves.map((move): Way => {
				const changes = new Map<number, number>();
				if (!move.fatal)
					for (let n = 0; n < this.globals; n++)
						if (move.shared[n] !== shared[n]) {
							changes.set(n, move.shared[n] as number);
							varying.add(n);
						}
				const objects = move.fatal ? undefined : this.objectsOf(move.shared);
				return {
					to: move.fatal ? undefined : this.at(t, move.local),
					changes,
					objects: objects === this.objectsOf(shared) ? undefined : objects,
					reports: move.reports,
					timeout: move.timeout,
				};
			});
			command.situations.push({ cells: shared, objects: this.objectsOf(shared), what: ways });
		}
		return new Map(
			[...found].map(([key, { at, reads, situations }]) => {
				// what changes most says what the others do, too: x = 1 where x was 1
				situations.sort((a, b) => sizeOf(b) - sizeOf(a));
				const rules = rulesOf(situations, this.globals, reads, sameWays);
				return [key, { at, rules: rules.filter((r) => r.what.length > 0) }];
			}),
		);
	}

	/** The objects of a shared vector as a key. */
	private objectsOf(shared: Int32Array): string {
		if (shared.length === this.globals) return '';
		const vector = shared.subarray(this.globals);
		const key = vector.join();
		if (!this.objects.has(key)) this.objects.set(key, vector);
		return key;
	}

	private at(t: number, local: Int32Array): At {
		const { sequences } = this.system;
		const values = sequences?.inLocal(local) ?? [];
		// what the counters say goes beside the place
		const zero: Renumbering = new Map(values.map((v) => [v, 0]));
		const base = values.some((v) => v !== 0) ? (sequences?.rewriteLocal(local, zero) ?? local) : local;
		return { place: this.place(t, base).name, values };
	}

	private place(t: number, local: Int32Array): Place {
		const { system } = this;
		const first = this.sharing[t] as number;
		const named = local.slice();
		if ((local[7] as number) > 0) named[8 + 2 * (local[6] as number)] = -1 - first;
		const key = named.join();
		let place = this.places.get(key);
		if (place !== undefined) return place;
		const state = system.task(t, local);
		const statement =
			local[0] === Status.ended
				? 'ended'
				: local[0] === Status.idle
					? `${system.threads[t]?.name} rests`
					: this.statement(t, local);
		const count = (this.names.get(statement) ?? 0) + 1;
		this.names.set(statement, count);
		const code = state.frames[state.frames.length - 1]?.code;
		const live = code?.live[state.frame.pc];
		const variables = (code?.registerNames ?? [])
			.flatMap((name, r) => {
				const value = state.frame.registers[r] as number;
				// pointers are the same wherever they are alive, mostly
				return name === undefined || live?.[r] === 0 || Math.abs(value) >= GLOBAL_BASE ? [] : [`${name} = ${value}`];
			})
			.join(', ');
		place = {
			name: count === 1 ? statement : `${statement} (${count})`,
			statement,
			text: local[0] === Status.ended ? '' : placeText(system.position(t, local).node),
			variables,
			running: local[0] === Status.running,
			idle: local[0] === Status.idle,
			interruptsOff: local[3] !== 0,
		};
		this.places.set(key, place);
		return place;
	}

	private statement(t: number, local: Int32Array): string {
		const { node, frames } = this.system.position(t, local);
		const name = frames[frames.length - 1]?.code.name ?? '';
		return `${name}:${spanOf(node).line}`;
	}

	private cellNames(cells: readonly number[]): Map<number, string> {
		const names = new Map<number, string>();
		const used = new Set<string>();
		for (const cell of cells) {
			const address = cell + GLOBAL_BASE;
			const global = this.system.globals.find((g) => address >= g.address && address < g.address + g.cells);
			const path = global === undefined ? '' : pathTo(this.system.layouts, global.type, address - global.address, true);
			const plain = `${global?.name ?? 'cell'}${path}`;
			const name = used.has(plain) ? `${plain} at ${address}` : plain;
			used.add(name);
			names.set(cell, name);
		}
		return names;
	}

	private fixed(varying: ReadonlySet<number>): number[] {
		const { sequences, initialShared } = this.system;
		if (sequences === undefined) return [];
		const own = Int32Array.from({ length: this.globals }, (_, n) => n);
		return sequences.inShared(own).flatMap((n) => (varying.has(n) ? [] : [initialShared[n] as number]));
	}

	/** What `finally` finds, over all that shared memory can be when nobody runs. */
	private ends(): Rule<readonly Report[]>[] {
		const { system } = this;
		if (!system.hasFinally) return [];
		const seen = new Map<string, Int32Array>();
		for (const pairs of this.from.pairs)
			for (const { local, shared } of pairs) if (local[0] !== Status.running) seen.set(shared.join(), shared);
		const situations = [...seen.values()].map((shared) => ({
			cells: shared,
			objects: this.objectsOf(shared),
			what: system.runFinally(shared),
		}));
		return rulesOf(situations, this.globals, new Set(), ({ what: a }, { what: b }) => said(a) === said(b)).filter(
			(r) => r.what.length > 0,
		);
	}
}

const sizeOf = ({ what }: Situation<readonly Way[]>): number =>
	what.reduce((sum, { changes, objects }) => sum + changes.size + (objects === undefined ? 0 : 1), 0);

const said = (reports: readonly Report[]): string => reports.map((r) => `${r.code} ${r.message}`).join('\n');

/** Does the second situation go on as the first does? */
function sameWays(
	{ what: ways }: Situation<readonly Way[]>,
	{ what: others, cells, objects }: Situation<readonly Way[]>,
): boolean {
	return (
		ways.length === others.length &&
		ways.every((way, n) => {
			const other = others[n] as Way;
			if (way.to?.place !== other.to?.place || way.to?.values.join() !== other.to?.values.join()) return false;
			if (way.timeout !== other.timeout || said(way.reports) !== said(other.reports)) return false;
			if ((way.objects ?? objects) !== (other.objects ?? objects)) return false;
			for (const cell of new Set([...way.changes.keys(), ...other.changes.keys()])) {
				const before = cells[cell];
				if ((way.changes.get(cell) ?? before) !== (other.changes.get(cell) ?? before)) return false;
			}
			return true;
		})
	);
}
