import type { Graph } from '../../explore/graph.js';
import { ROUNDS, type Turns } from '../../explore/turns.js';
import { contentsOf } from '../../language/contents.js';
import { isNameRef } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import type { StructType } from '../../language/types.js';
import { GLOBAL_BASE } from '../../machine/memory.js';
import type { System } from '../../machine/system.js';
import { PTE } from '../explorer/space.js';
import { type Evidence, type Explanation, lineOf, threadName } from '../finding.js';
import { type Place, userFunction, userSpan } from '../run.js';

/** A reference to a page, or a pin, that is left at the end of a run when nobody has a pointer to the page any more. */
export interface LeftReference {
	/** The counter of the page frame: its `gets`, or its `pins`. */
	readonly address: number;
	readonly pin: boolean;
	readonly state: number;
}

/** A page is handed on as its number, too: then nothing can be told from pointers. */
const BY_NUMBER = /^(page_to_(pfn|phys)|folio_pfn|pfn_to_page|dma_map_\w+|hmm_range_fault\w*|migrate_\w+|sg_\w+)$/;
const TAKES = /^(try_)?(get_page|get_page_unless_zero|folio_get|folio_try_get|alloc_page|(get|pin)_user_pages\w*)$/;

/** Each kind of reference that is left behind, in the shallowest state in which all threads have ended. */
export function* findLeftReferences(graph: Graph): Turns<LeftReference[]> {
	const { system } = graph;
	if (!takesReferences(system.program)) return [];
	const frames = framesOf(system);
	if (frames === undefined) return [];
	const running = yield* graph.runningOf();
	const found = new Map<boolean, LeftReference>();
	const seen = new Set<number>();
	const index = graph.reader(graph.threads);
	for (let state = 0; state < graph.expanded && found.size < 2; state++) {
		if (state % ROUNDS === ROUNDS - 1) yield;
		if (running[state] !== 0 || seen.has(index(state)) || !isOver(graph, state)) continue;
		seen.add(index(state));
		for (const { address, pin } of leftIn(system, graph.sharedOf(state), frames))
			if (!found.has(pin)) found.set(pin, { address, pin, state });
	}
	return [...found.values()];
}

function takesReferences({ files }: Program): boolean {
	let takes = false;
	for (const { root, kernel } of files) {
		if (kernel) continue;
		for (const node of contentsOf(root)) {
			if (!isNameRef(node)) continue;
			const name = node.target.$refText;
			if (BY_NUMBER.test(name)) return false;
			takes ||= TAKES.test(name);
		}
	}
	return takes;
}

/** Nobody comes later, either: no worker, timer or interrupt. */
export function isOver(graph: Graph, state: number): boolean {
	const { from, to } = graph.edges(state);
	return from === to;
}

interface Frames {
	readonly address: number;
	readonly cells: number;
	readonly each: number;
	readonly gets: number;
	readonly pins: number;
	readonly pfn: number;
}

function framesOf(system: System): Frames | undefined {
	const global = system.globals.find((g) => g.kernel && g.name === '__frames');
	const type = global?.type.kind === 'array' ? global.type.of : undefined;
	if (global === undefined || type?.kind !== 'struct') return undefined;
	const at = (name: string): number => system.layouts.offset(type as StructType, name) ?? 0;
	return {
		address: global.address,
		cells: global.cells,
		each: system.layouts.cells(type),
		gets: at('gets'),
		pins: at('pins'),
		pfn: at('pfn'),
	};
}

/** The counters of frames that somebody has a reference to, and nobody a pointer; nor is the frame mapped by a device. */
function* leftIn(system: System, shared: Int32Array, frames: Frames): Generator<{ address: number; pin: boolean }> {
	const objects = system.objectsIn(shared).filter((o) => !o.freed);
	for (let page = frames.address; page < frames.address + frames.cells; page += frames.each) {
		const value = (offset: number): number => system.cell(page + offset, shared) ?? 0;
		if (value(frames.gets) === 0 && value(frames.pins) === 0) continue;
		const pointed = (cells: Int32Array, from: number): boolean =>
			cells.some((cell, n) => cell >= page && cell < page + frames.each && !isOfFrames(frames, from + n));
		if (system.globals.some((g) => pointed(cellsOf(g, shared), g.address)) || objects.some((o) => pointed(o.cells, 0)))
			continue;
		if (isMapped(system, shared, value(frames.pfn))) continue;
		if (value(frames.pins) > 0) yield { address: page + frames.pins, pin: true };
		else yield { address: page + frames.gets, pin: false };
	}
}

const cellsOf = ({ address, cells }: { address: number; cells: number }, shared: Int32Array): Int32Array =>
	shared.subarray(address - GLOBAL_BASE, address - GLOBAL_BASE + cells);

const isOfFrames = ({ address, cells }: Frames, at: number): boolean => at >= address && at < address + cells;

/** Does the page table of some device lead to the page? Whoever unmaps it may know it from there. */
function isMapped(system: System, shared: Int32Array, pfn: number): boolean {
	const definition = system.program.structs.get('device');
	const type = definition && system.program.semantics.structType(definition);
	const table = type && system.layouts.offset(type, 'pte');
	if (table === undefined) return false;
	const leads = (device: number): boolean =>
		Array.from({ length: system.pages }, (_, page) => system.cell(device + table + page, shared) ?? 0).some(
			(pte) => (pte & PTE.present) !== 0 && pte >> PTE.shift === pfn,
		);
	for (let n = 0; ; n++) {
		const device = system.symbol(`device ${n}`);
		if (device === 0) return false;
		if (leads(device)) return true;
	}
}

/** Who took the reference, of those that are left in the run's last state. */
export function explainLeftReference({ graph, run }: Evidence, left: LeftReference): Explanation {
	const { system } = graph;
	const value = (state: number): number => system.cell(left.address, graph.sharedOf(state)) ?? 0;
	const open: (Place & { readonly thread: number })[] = [];
	run.schedule.forEach(({ state, thread }, step) => {
		const by = value(run.schedule[step + 1]?.state ?? run.finalState) - value(state);
		const place = { ...system.position(thread, graph.local(state, thread)), thread };
		for (let n = 0; n < by; n++) open.push(place);
		for (let n = by; n < 0; n++) {
			const own = open.findLastIndex((o) => o.thread === thread);
			open.splice(own >= 0 ? own : open.length - 1, 1);
		}
	});
	const what = left.pin ? 'pin' : 'reference';
	const gives = left.pin ? 'unpin_user_page()' : 'put_page()';
	const taken = open[0];
	const span =
		taken === undefined ? { uri: system.program.uri, line: 1, column: 1, endLine: 1, endColumn: 1 } : userSpan(taken);
	const name = taken === undefined ? 'somebody' : threadName(graph, taken.thread);
	const inside = taken && userFunction(taken)?.name;
	const message = `${name} takes a ${what} of a page${inside ? ` in ${inside}()` : ''} (${lineOf(graph, span)}) that nobody gives back: at the end it is still there, and nobody has a pointer to the page any more`;
	return {
		message,
		cure: `Call ${gives} on every way out, or keep the page where whoever unmaps it finds it`,
		span,
		related: [],
		closing: `All have ended, and the ${what} is left: the page is never free again.`,
		threads: [name],
	};
}
