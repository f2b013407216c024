/** Which locks are held where, over all runs of a search: what an editor shows beside the code. */
import type { Graph } from '../explore/graph.js';
import { HeldMode } from '../kernel/context.js';
import { isFunctionDecl } from '../language/generated/ast.js';
import { spanOf } from '../language/text.js';
import type { FunctionCode } from '../machine/ir.js';
import { isDynamic } from '../machine/memory.js';
import type { System } from '../machine/system.js';
import { registersIn, Status } from '../machine/thread.js';
import type { HeldAt, HeldSet, Span } from './result.js';
import { spanOfPlace } from './run.js';

/** Distinct moments of a thread that are looked at between two yields. */
const SLICE = 2000;
/** States that are looked through for one in which an object of the heap lives. */
const MOST_LOOKED_AT = 20_000;

/** Sets of locks, put together. */
class Sets {
	always: ReadonlySet<number> | undefined;
	readonly ever = new Set<number>();

	add(held: readonly number[], counted: readonly number[] = held): void {
		const { always } = this;
		this.always = new Set(always === undefined ? held : held.filter((address) => always.has(address)));
		for (const address of counted) this.ever.add(address);
	}
}

interface Line {
	readonly span: Span;
	readonly at: Sets;
	readonly comes: Sets;
	readonly goes: Sets;
}

/** Where the calls of the sketch's functions stand, the innermost last, and what is held. */
interface Moment {
	readonly places: readonly { readonly code: FunctionCode; readonly depth: number; readonly span: Span }[];
	readonly held: readonly number[];
	/** Without what a call of the kernel that is under way has taken itself. */
	readonly own: readonly number[];
}

/**
 * The locks at each line of the user's that some thread comes to, as of the moments at which it is about to take a
 * visible step there, and as of those at which it comes to the line and leaves it. Inside of a call of the kernel, what the
 * kernel itself takes does not count. Yields between slices.
 *
 * @param clones globals that stand for another of the same make, by name: a lock in them is called as in that one
 */
export function* heldIn(graph: Graph, clones: ReadonlyMap<string, string>): Generator<void, HeldAt[]> {
	const { system } = graph;
	const same = asOriginals(system, clones);
	const lines = new Map<string, Line>();
	const lineOf = (span: Span): Line => {
		const key = `${span.uri}:${span.line}`;
		const line = lines.get(key) ?? { span, at: new Sets(), comes: new Sets(), goes: new Sets() };
		lines.set(key, line);
		return line;
	};
	// Most moments differ only in values: where it stands and what it holds is all that counts here.
	const moments: Moment[] = [];
	const numbers = new Map<string, number>();
	const byLocal: number[][] = [];
	let looked = 0;
	for (let t = 0; t < graph.threads; t++) {
		const known: number[] = [];
		byLocal.push(known);
		for (const local of graph.localsOf(t)) {
			if (++looked % SLICE === 0) yield;
			const key = momentOf(local, t, system.functions);
			const number = numbers.get(key) ?? moments.length;
			known.push(number);
			if (number < moments.length) continue;
			numbers.set(key, number);
			const moment = momentIn(system, t, local, same);
			moments.push(moment);
			const place = moment.places.at(-1);
			if (place) lineOf(place.span).at.add(moment.held, moment.own);
		}
		const first = moments[known[0] ?? -1];
		for (const { span } of first?.places ?? []) lineOf(span).comes.add(first?.held ?? []);
	}
	const done = new Set<number>();
	for (const { thread, from, to } of graph.moves()) {
		if (++looked % SLICE === 0) yield;
		const [a, b] = [byLocal[thread]?.[from] ?? 0, byLocal[thread]?.[to] ?? 0];
		const key = a * moments.length + b;
		if (a === b || done.has(key)) continue;
		done.add(key);
		const [before, after] = [moments[a] as Moment, moments[b] as Moment];
		for (const { span } of apart(before, after)) lineOf(span).goes.add(after.held);
		for (const place of apart(after, before)) {
			lineOf(place.span).comes.add(after.held);
			const brace = before.places.some((p) => p.depth === place.depth && p.code === place.code)
				? undefined
				: braceOf(place);
			if (brace === undefined) continue;
			lineOf(brace).at.add(after.held);
			lineOf(brace).goes.add(after.held);
		}
	}
	const names = new Names(graph);
	const setOf = ({ always = new Set(), ever }: Sets): HeldSet => {
		const kernels = names.of([...always, ...ever].filter((address) => system.ownsVariable(address)));
		return {
			always: ownFirst(names.of(always), kernels),
			sometimes: ownFirst(names.of([...ever].filter((address) => !always.has(address))), kernels),
			kernels,
		};
	};
	return [...lines.values()].map(({ span, at, comes, goes }) => ({
		uri: span.uri,
		line: span.line,
		...setOf(at),
		...(comes.always && { comes: setOf(comes) }),
		...(goes.always && { goes: setOf(goes) }),
	}));
}

/** The places of one moment that are no longer, or not yet, those of the other: other lines, and calls that are over. */
function apart({ places }: Moment, other: Moment): Moment['places'] {
	return places.filter(({ code, depth, span }) => {
		const same = other.places.find((p) => p.depth === depth && p.code === code);
		return same === undefined || same.span.line !== span.line;
	});
}

/** Where the body of a function opens that a call has begun; undefined where its first statement stands beside that. */
function braceOf({ code, span }: Moment['places'][number]): Span | undefined {
	const body = isFunctionDecl(code.node) ? code.node.body : undefined;
	const { uri, line, column } = body ? spanOf(body) : span;
	return line === span.line ? undefined : { uri, line, column, endLine: line, endColumn: column + 1 };
}

/** The locks of a packed local vector, and where each of its calls stands. */
function momentOf(local: Int32Array, thread: number, functions: readonly FunctionCode[]): string {
	const end = 8 + 2 * (local[6] as number);
	let moment = `${local[0] === Status.ended ? 'ended ' : ''}${thread} ${local.subarray(8, end).join()}`;
	for (const { code, pc } of registersIn(local, functions)) moment += ` ${code.index}:${pc}`;
	return moment;
}

function momentIn(system: System, thread: number, local: Int32Array, same: (address: number) => number): Moment {
	const task = system.task(thread, local);
	const all = task.held.filter(({ mode }) => mode !== HeldMode.token);
	const held = all.map(({ resource }) => same(resource));
	if (local[0] === Status.ended) return { places: [], held, own: held };
	const { frames } = system.position(thread, local);
	const places = frames.flatMap(({ code, node }, depth) =>
		code.kernel ? [] : [{ code, depth, span: spanOfPlace({ node, frames }) }],
	);
	// what was held when the kernel called the driver is not the doing of what the driver calls
	const given = Math.max(0, ...task.frames.map((f) => f.heldAtEntry));
	const entered = new Set(task.held.slice(0, given).map(({ resource }) => same(resource)));
	const inside = frames.at(-1)?.code.kernel === true;
	return { places, held, own: held.filter((a) => !inside || entered.has(a) || !system.ownsVariable(a)) };
}

/** The driver's own first: who calls it may hold many. */
function ownFirst(names: readonly string[], kernels: readonly string[]): string[] {
	const ofKernel = new Set(kernels);
	return [...names].sort((a, b) => Number(ofKernel.has(a)) - Number(ofKernel.has(b)) || (a < b ? -1 : 1));
}

/** The address in the original of what lies at an address in a clone of it; the address itself elsewhere. */
function asOriginals({ globals }: System, clones: ReadonlyMap<string, string>): (address: number) => number {
	const shifts = globals.flatMap(({ name, address, cells }) => {
		const original = globals.find((g) => g.name === clones.get(name));
		return original === undefined ? [] : [{ from: address, to: address + cells, by: original.address - address }];
	});
	return (address) => address + (shifts.find(({ from, to }) => address >= from && address < to)?.by ?? 0);
}

class Names {
	readonly #known = new Map<number, string>();

	constructor(private readonly graph: Graph) {}

	of(addresses: Iterable<number>): string[] {
		return [...new Set([...addresses].map((address) => this.#name(address)))];
	}

	#name(address: number): string {
		let name = this.#known.get(address);
		if (name === undefined) {
			name = this.#find(address);
			this.#known.set(address, name);
		}
		return name;
	}

	/** An object that is not there from the start has a name in the states in which it is held. */
	#find(address: number): string {
		const { graph } = this;
		const { system } = graph;
		if (!isDynamic(address)) return system.nameOf(address, system.initialShared);
		for (let state = 0; state < Math.min(graph.count, MOST_LOOKED_AT); state++) {
			for (let t = 0; t < graph.threads; t++) {
				const isHere = system.task(t, graph.local(state, t)).held.some(({ resource }) => resource === address);
				if (isHere) return system.nameOf(address, graph.sharedOf(state), (thread) => graph.local(state, thread));
			}
		}
		return 'a lock of an allocated object';
	}
}

/** What several scenarios have seen in one file, by line. */
export function mergeHeld(entries: readonly HeldAt[]): Map<number, HeldAt> {
	const lines = new Map<number, HeldAt>();
	for (const entry of entries) {
		const known = lines.get(entry.line);
		lines.set(entry.line, known ? { ...known, ...bothOf(known, entry), ...ends(known, entry) } : entry);
	}
	return lines;
}

function ends(a: HeldAt, b: HeldAt): Pick<HeldAt, 'comes' | 'goes'> {
	const comes = bothOf(a.comes, b.comes);
	const goes = bothOf(a.goes, b.goes);
	return { ...(comes && { comes }), ...(goes && { goes }) };
}

function bothOf(a: HeldSet, b: HeldSet): HeldSet;
function bothOf(a: HeldSet | undefined, b: HeldSet | undefined): HeldSet | undefined;
function bothOf(a: HeldSet | undefined, b: HeldSet | undefined): HeldSet | undefined {
	if (a === undefined || b === undefined) return a ?? b;
	const always = a.always.filter((name) => b.always.includes(name));
	const ever = new Set([...a.always, ...a.sometimes, ...b.always, ...b.sometimes]);
	const kernels = [...new Set([...a.kernels, ...b.kernels])];
	return {
		always,
		sometimes: ownFirst(
			[...ever].filter((name) => !always.includes(name)),
			kernels,
		),
		kernels,
	};
}

/** The same for files that are told apart. */
export function mergeHeldFiles(entries: readonly HeldAt[]): HeldAt[] {
	const uris = new Set(entries.map(({ uri }) => uri));
	return [...uris].flatMap((uri) => [...mergeHeld(entries.filter((entry) => entry.uri === uri)).values()]);
}
