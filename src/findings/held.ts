/** Which locks are held where, over all runs of a search: what an editor shows beside the code. */
import type { Graph } from '../explore/graph.js';
import { HeldMode } from '../kernel/context.js';
import type { FunctionCode } from '../machine/ir.js';
import { isDynamic } from '../machine/memory.js';
import { registersIn, Status, type ThreadState } from '../machine/thread.js';
import type { HeldAt, Span } from './result.js';
import { userSpan } from './run.js';

/** Distinct moments of a thread that are looked at between two yields. */
const SLICE = 2000;
/** States that are looked through for one in which an object of the heap lives. */
const MOST_LOOKED_AT = 20_000;

interface Line {
	readonly span: Span;
	/** Held at every moment so far. */
	always: Set<number>;
	readonly ever: Set<number>;
}

/**
 * The locks at each line of the user's that some thread comes to, as of the moments at which it is about to take a
 * visible step there. Inside of a call of the kernel, what the kernel itself takes does not count. Yields between slices.
 */
export function* heldIn(graph: Graph): Generator<void, HeldAt[]> {
	const { system } = graph;
	const lines = new Map<string, Line>();
	const seen = new Set<string>();
	let looked = 0;
	for (let t = 0; t < graph.threads; t++) {
		for (const local of graph.localsOf(t)) {
			if (++looked % SLICE === 0) yield;
			if (local[0] === Status.ended) continue;
			// Most moments differ only in values: where it stands and what it holds is all that counts here.
			const moment = momentOf(local, t, system.functions);
			if (seen.has(moment)) continue;
			seen.add(moment);
			const task = system.task(t, local);
			const place = system.position(t, local);
			if (!place.frames.some(({ code }) => !code.kernel)) continue;
			const span = userSpan(place);
			if (span.uri.startsWith('mmn-kernel:')) continue;
			add(lines, span, task, place.frames.at(-1)?.code.kernel === true, system.ownsVariable);
		}
	}
	const names = new Names(graph);
	return [...lines.values()].map(({ span, always, ever }) => ({
		uri: span.uri,
		line: span.line,
		always: names.of(always),
		sometimes: names.of([...ever].filter((address) => !always.has(address))),
	}));
}

/** The locks of a packed local vector, and where each of its calls stands. */
function momentOf(local: Int32Array, thread: number, functions: readonly FunctionCode[]): string {
	const end = 8 + 2 * (local[6] as number);
	let moment = `${thread} ${local.subarray(8, end).join()}`;
	for (const { code, pc } of registersIn(local, functions)) moment += ` ${code.index}:${pc}`;
	return moment;
}

function add(
	lines: Map<string, Line>,
	span: Span,
	task: ThreadState,
	insideKernel: boolean,
	isKernel: (address: number) => boolean,
): void {
	const held = task.held.filter(({ mode }) => mode !== HeldMode.token).map(({ resource }) => resource);
	const key = `${span.uri}:${span.line}`;
	let line = lines.get(key);
	if (!line) {
		line = { span, always: new Set(held), ever: new Set() };
		lines.set(key, line);
	}
	line.always = new Set([...line.always].filter((address) => held.includes(address)));
	for (const address of held) if (!insideKernel || !isKernel(address)) line.ever.add(address);
}

class Names {
	readonly #known = new Map<number, string>();

	constructor(private readonly graph: Graph) {}

	of(addresses: Iterable<number>): string[] {
		return [...new Set([...addresses].map((address) => this.#name(address)))].sort();
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
		if (!known) {
			lines.set(entry.line, entry);
			continue;
		}
		const always = known.always.filter((name) => entry.always.includes(name));
		const ever = new Set([...known.always, ...known.sometimes, ...entry.always, ...entry.sometimes]);
		lines.set(entry.line, { ...known, always, sometimes: [...ever].filter((name) => !always.includes(name)).sort() });
	}
	return lines;
}

/** The same for files that are told apart. */
export function mergeHeldFiles(entries: readonly HeldAt[]): HeldAt[] {
	const uris = new Set(entries.map(({ uri }) => uri));
	return [...uris].flatMap((uri) => [...mergeHeld(entries.filter((entry) => entry.uri === uri)).values()]);
}
